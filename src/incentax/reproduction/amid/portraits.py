"""What designs look like: payments and bids, the way to equilibrium, the crowd on the beach."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from ...certificate import certify
from ...flow import deviation_gain, population_flow
from ...precision import in_float64
from ...problems import problems
from ..frame import Rows
from .contest import trained


def bidding_rows(name: str, seed: int, num_steps: int | None) -> Rows:
    """Payments by bid and mean bids by value, at first price and at the design, by round."""
    setting: Any = problems[name].setting
    result = trained(name, seed, num_steps)
    before = setting.baselines()["first_price"]
    _, response = certify(
        setting.population(), setting.objective(), before, key=jax.random.key(seed)
    )
    rows = []
    for stage, found in (("before", response), ("after", result.response)):
        policy, bids = np.asarray(found.policy)[:, :-1], np.asarray(found.rounds.bids)
        payment = np.asarray(found.rounds.payment)
        grid = np.arange(policy.shape[2]) / policy.shape[2]
        for t in range(policy.shape[0]):
            for k, number in enumerate(grid):
                rows.append(
                    {
                        "problem": name,
                        "seed": seed,
                        "stage": stage,
                        "round": t,
                        "grid": float(number),
                        "payment": float(payment[t, k]),
                        "bidders": float(bids[t, k]),
                        "mean_bid": float(policy[t, k] @ grid) if k < policy.shape[1] else None,
                        "supply": float(found.rounds.supply[t]),
                    }
                )
    return rows


def iterate_rows(name: str, seed: int, num_steps: int | None, *, length: int = 1000) -> Rows:
    """Exploitability of mirror descent's iterates at a designed mechanism, from a cold start."""
    setting: Any = problems[name].setting
    mechanism, population = trained(name, seed, num_steps).mechanism, setting.population()
    with jax.enable_x64(True):
        game, mechanism, solver = in_float64((population.game, mechanism, population.solver))
        gains = np.asarray(_gains(game, mechanism, solver, length))
    kept = np.unique(np.geomspace(1, length, 60).astype(int)) - 1
    return [
        {"problem": name, "seed": seed, "step": int(k) + 1, "exploitability": float(gains[k])}
        for k in kept
    ]


def beach_rows(name: str, seed: int, num_steps: int | None) -> Rows:
    """The crowd by round and spot with free and with priced spots, and the prices."""
    setting: Any = problems[name].setting
    result = trained(name, seed, num_steps)
    free = next(iter(setting.baselines().values()))
    _, response = certify(setting.population(), setting.objective(), free, key=jax.random.key(seed))
    worst = max(record.exploitability for record in result.history)
    rows = []
    stages = (("free", response, free), ("priced", result.response, result.mechanism))
    for stage, found, mechanism in stages:
        crowd, price = np.asarray(found.flow).sum(axis=2), np.asarray(mechanism.value)
        for t, s in np.ndindex(crowd.shape):
            rows.append(
                {
                    "problem": name,
                    "stage": stage,
                    "round": t,
                    "spot": s,
                    "crowd": float(crowd[t, s]),
                    "price": float(price[s]),
                    "worst_exploitability": worst,
                }
            )
    return rows


@eqx.filter_jit
def _gains(game, mechanism, solver, length: int):
    def advance(z, _):
        following = solver.step(z, mechanism, game)
        policy = solver.policy(following)
        rounds = population_flow(game, policy, mechanism).rounds
        return following, deviation_gain(game, policy, rounds, mechanism)

    _, gains = jax.lax.scan(advance, solver.init(game, mechanism), jnp.arange(length))
    return gains
