"""First-price equilibria by mirror descent beside clearing prices by linear program."""

from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import numpy as np

from ...auctions import KnownEconomy
from ...auctions.oracle import first_price_present
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
    bids; `revenue`, `revenue_low` and `revenue_high` are those of all rounds together. `given` is
    what bidders who cannot stay away get for nothing in the first rounds.
    """
    setting: Any = problems[name].setting
    setting = replace(setting, economy=replace(setting.economy, num_bids=num_bids))
    found = _equilibrium(setting, solver_steps)
    sold, paid = np.asarray(found.rounds.sold), np.asarray(found.rounds.revenue)
    sale = first_price_present(setting.economy.market())
    low, high = sale.price_range
    revenue_low, revenue_high = sale.revenue_range
    return [
        {
            "problem": name,
            "num_bids": num_bids,
            "round": t,
            "price": float(paid[t] / sold[t]),
            "price_low": float(low[t]),
            "price_high": float(high[t]),
            "sold": float(sold[t]),
            "given": float(sale.given.sum()),
            "revenue": float(paid.sum()),
            "revenue_low": float(revenue_low),
            "revenue_high": float(revenue_high),
            "exploitability": float(found.exploitability),
            "residual": float(found.residual),
        }
        for t in range(sold.size)
    ]


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
