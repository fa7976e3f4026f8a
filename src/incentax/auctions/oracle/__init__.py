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
from .caps import Cap as Cap
from .caps import dynamic_cap as dynamic_cap
from .caps import first_best as first_best
from .caps import has_dynamic_cap as has_dynamic_cap
from .caps import has_memoryless_cap as has_memoryless_cap
from .caps import is_first_best_cap as is_first_best_cap
from .caps import memoryless_cap as memoryless_cap
from .clearing import Clearing as Clearing
from .clearing import ClearingInterval as ClearingInterval
from .clearing import dual_value as dual_value
from .clearing import efficient_welfare as efficient_welfare
from .clearing import first_price as first_price
from .clearing import first_price_interval as first_price_interval
from .clearing import repriced as repriced
from .closed_form import StaticFirstPrice as StaticFirstPrice
from .closed_form import clearing_price as clearing_price
from .closed_form import reserve_slope as reserve_slope
from .closed_form import static_first_price as static_first_price
from .closed_form import static_revenue as static_revenue
from .closed_form import supply_slope as supply_slope
from .coupling import CoupledPairs as CoupledPairs
from .coupling import coupled_pairs as coupled_pairs
from .coupling import is_monotone as is_monotone
from .first_price_baselines import first_price_best_reserve as first_price_best_reserve
from .first_price_baselines import (
    first_price_best_round_reserves as first_price_best_round_reserves,
)
from .first_price_baselines import first_price_best_supply as first_price_best_supply
from .first_price_baselines import first_price_equal_split as first_price_equal_split
from .indifference import indifference_prices as indifference_prices
from .market import Market as Market
from .mixture_cap import mixture_cap as mixture_cap
from .myerson import OptimalPrice as OptimalPrice
from .myerson import RevenueCurve as RevenueCurve
from .myerson import concave_hull as concave_hull
from .myerson import has_myerson_cap as has_myerson_cap
from .myerson import myerson as myerson
from .myerson import myerson_cap as myerson_cap
from .myerson import optimal_price as optimal_price
from .myerson import revenue_curve as revenue_curve
from .pay_as_bid import AbstractRisk as AbstractRisk
from .pay_as_bid import ConstantAbsoluteAversion as ConstantAbsoluteAversion
from .pay_as_bid import ConstantRelativeAversion as ConstantRelativeAversion
from .pay_as_bid import RiskNeutral as RiskNeutral
from .pay_as_bid import pay_as_bid as pay_as_bid
from .pay_as_bid import pay_as_bid_revenue as pay_as_bid_revenue
from .posted import PostedPath as PostedPath
from .posted import constant_price as constant_price
from .posted import posted_path as posted_path
from .posted import posted_sales as posted_sales
from .posted_search import CrossEntropy as CrossEntropy
from .posted_search import best_posted_path as best_posted_path
from .present import PresentSale as PresentSale
from .present import first_price_present as first_price_present
from .revenue_cap import revenue_cap as revenue_cap
from .revenue_cap import revenue_caps as revenue_caps
from .sequential import one_unit_bids as one_unit_bids
from .sequential import two_batch_bids as two_batch_bids
from .sequential import two_batch_revenue as two_batch_revenue
from .staying import best_staying_path as best_staying_path
from .summary import OracleSummary as OracleSummary
from .summary import summarise as summarise
from .weighted_cap import has_weighted_cap as has_weighted_cap
from .weighted_cap import weighted_cap as weighted_cap
