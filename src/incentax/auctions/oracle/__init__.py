"""Closed forms and independent computations for batched auctions: what learning is checked with.

Plain NumPy and SciPy in float64, no JAX: nothing here shares code with what it certifies.
"""

from .after_win import AbstractAfterWin as AbstractAfterWin
from .after_win import Leave as Leave
from .after_win import Regenerate as Regenerate
from .after_win import Stay as Stay
from .best_response import BestResponse as BestResponse
from .best_response import SalesFlow as SalesFlow
from .best_response import best_response as best_response
from .best_response import sales_flow as sales_flow
from .market import Market as Market
