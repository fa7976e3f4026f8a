"""What a report needs to draw of an auction's equilibrium, as plain arrays."""

import numpy as np

from ..equilibrium import Equilibrium
from .game import AuctionRound


def auction_snapshot(response: Equilibrium) -> dict[str, np.ndarray]:
    """Arrays by name: `flow` [H S+1 A] and, by round, supply, sold, remaining, payment, odds.

    `values` [S] and `bids` [A] are the grids; the last state of `flow` is out of the market.
    """
    rounds: AuctionRound = response.rounds
    flow = np.asarray(response.flow, np.float64)
    num_values, num_bids = flow.shape[1] - 1, flow.shape[2]
    return {
        "values": np.arange(num_values) / num_values,
        "bids": np.arange(num_bids) / num_bids,
        "flow": flow,
        "supply": np.asarray(rounds.supply, np.float64),
        "sold": np.asarray(rounds.sold, np.float64),
        "remaining": np.asarray(rounds.remaining, np.float64),
        "payment": np.asarray(rounds.payment, np.float64),
        "win_probability": np.asarray(rounds.win_probability, np.float64),
    }
