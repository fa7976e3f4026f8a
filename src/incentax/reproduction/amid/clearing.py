"""First-price equilibria by mirror descent beside clearing prices by linear program."""

from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import numpy as np

from ...auctions import KnownEconomy
from ...auctions.oracle import ClearingInterval, Market, first_price_interval
from ...equilibrium import MirrorDescent, solve
from ...precision import in_float64
from ...problems import problems

PROBLEMS = ("a1", "a2", "a7", "a10")
OWN_BIDS = 100
GRIDS = (50, OWN_BIDS, 200, 400)

# Part of the temperature per tick of bids: refining the grid sharpens the solver alike.
_TICKS = 0.1


def clearing_rows(name: str, num_bids: int, *, solver_steps: int = 600) -> list[dict[str, Any]]:
    """One row a round: mean price paid at the equilibrium on a grid of bids, and its LP interval.

    `price_low` and `price_high` are clearing prices by linear program, which knows no grid of
    bids; `revenue`, `revenue_low` and `revenue_high` are those of all rounds together.
    """
    setting: Any = problems[name].setting
    setting = replace(setting, economy=replace(setting.economy, num_bids=num_bids))
    found = _equilibrium(setting, solver_steps)
    sold, paid = np.asarray(found.rounds.sold), np.asarray(found.rounds.revenue)
    given_away, interval = market_of_bidders(setting.economy.market())
    active = 1 - given_away.sum()
    low, high = (
        np.concatenate([np.zeros(given_away.size), end.prices])
        for end in (interval.lowest, interval.highest)
    )
    return [
        {
            "problem": name,
            "num_bids": num_bids,
            "round": t,
            "price": float(paid[t] / sold[t]),
            "price_low": float(low[t]),
            "price_high": float(high[t]),
            "sold": float(sold[t]),
            "revenue": float(paid.sum()),
            "revenue_low": float(active * interval.lowest.revenue),
            "revenue_high": float(active * interval.highest.revenue),
            "exploitability": float(found.exploitability),
            "residual": float(found.residual),
        }
        for t in range(sold.size)
    ]


def market_of_bidders(market: Market) -> tuple[np.ndarray, ClearingInterval]:
    """Goods given away in the first rounds, and the clearing interval of the rounds after them.

    Active bidders cannot abstain: where the price is zero and goods would be left over, all bid
    nothing, and the whole supply of the round goes to bidders drawn by lot, who then leave. The
    linear program lets bidders stay away, so it starts after such rounds, with those who are left.
    """
    interval = first_price_interval(market)
    supply, given, law = market.supply / market.horizon, [], market.initial
    leaves = market.after_win.exit_probability == 1 and market.after_win.return_probability == 0
    while (
        leaves
        and len(given) < market.horizon - 1
        and interval.highest.prices[0] == 0
        and interval.highest.sales[0] < interval.highest.round_supply[0] - 1e-9
    ):
        given.append(supply)
        law = market.advance(law)
        rest = Market(
            market.values,
            law / law.sum(),
            kernel=market.kernel,
            horizon=market.horizon - len(given),
            supply=supply * (market.horizon - len(given)) / (1 - sum(given)),
            after_win=market.after_win,
        )
        interval = first_price_interval(rest)
    return np.array(given), interval


def _equilibrium(setting: KnownEconomy, solver_steps: int):
    temperature = _TICKS / setting.economy.num_bids
    solver = MirrorDescent(
        temperature=temperature, learning_rate=0.1 / temperature, num_steps=solver_steps
    )
    with jax.enable_x64(True):
        game, mechanism = in_float64((setting.economy.game(), setting.baselines()["first_price"]))
        return jax.device_get(_solved(game, mechanism, solver))


@eqx.filter_jit
def _solved(game, mechanism, solver):
    return solve(game, mechanism, solver=solver, throw=False)
