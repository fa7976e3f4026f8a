"""Theorem 1 on random games that are not symmetric: the cost falls, at least as fast as proven."""

import functools
from collections.abc import Iterator
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
from jaxtyping import Array, Float
from matplotlib.figure import Figure

from ..._types import Key
from ...games.smooth import LinearQuadratic
from ...mechanism import Price
from ...population import NashPopulation, SemismoothNewton
from ...report.plot_style import PALETTE, WIDE, canvas
from ...rule import SocialGradient
from ...smooth_game import SmoothGame
from ..frame import Cell, Rows
from ..page import Claim, reason
from .budget import Budget

AGENTS, SKEW = 4, 3.0
# Runge-Kutta steps of the flow, and their length in units of time.
FLOW_STEPS, TICK = 24, 0.25


class Fall(NamedTuple):
    """One game's flow, at each of T times: cost, and how fast it falls.

    - `cost` [T]: above the optimum's, which is zero. `slope` [T]: its derivative in time.
    - `bound` [T]: -(mu / L^2) |g|^2 with mu and L of this point, the proven bound on the slope.
    - `envelope` [T]: the proven bound on the cost itself.
    - `skew`: size of the Jacobian's antisymmetric part over that of its symmetric one.
    - `residual`: the largest distance from an equilibrium on the way.
    """

    cost: Float[Array, " T"]
    slope: Float[Array, " T"]
    bound: Float[Array, " T"]
    envelope: Float[Array, " T"]
    skew: Float[Array, ""]
    residual: Float[Array, ""]


@eqx.filter_jit
def fall(key: Key) -> Fall:
    """The flow p' = g(x*(p)) of a random game with quartic costs, from a random price."""
    game_key, price_key = jax.random.split(key)
    instance = LinearQuadratic.random(game_key, AGENTS, skew=SKEW)
    linear = instance.game().private_cost
    game = SmoothGame(lambda i, x: linear(i, x) + x[i, 0] ** 4 / 12, AGENTS)
    population = NashPopulation(game, SemismoothNewton(12))
    convexity = jnp.linalg.eigvalsh(instance.weight)[0]

    def observe(price: Float[Array, "n 1"], state: Any):
        exchange = SocialGradient().exchange(
            population, instance.objective, Price(price), state, key=key
        )
        return -exchange.gradient.value, exchange

    def move(carry, _):
        price, state = carry
        one, here = observe(price, state)
        two, _ = observe(price + TICK / 2 * one, here.state)
        three, _ = observe(price + TICK / 2 * two, here.state)
        four, _ = observe(price + TICK * three, here.state)
        jacobian = game.jacobian(here.response.actions)
        least = jnp.linalg.eigvalsh((jacobian + jacobian.T) / 2)[0]
        rate = least / jnp.linalg.norm(jacobian, 2) ** 2
        flat = one.reshape(-1)
        slope = -flat @ jnp.linalg.solve(jacobian, flat)
        following = price + TICK / 6 * (one + 2 * two + 2 * three + four)
        turning = jnp.linalg.norm(jacobian - jacobian.T) / jnp.linalg.norm(jacobian + jacobian.T)
        seen = (here.value, slope, -rate * flat @ flat, rate, turning, here.response.residual)
        return (following, here.state), seen

    price = jax.random.normal(price_key, game.shape)
    begin = (price, population.init(Price(price), key=key))
    _, seen = jax.lax.scan(move, begin, length=FLOW_STEPS)
    cost, slope, bound, rate, turning, residual = seen
    # The rate belongs to the whole interval that follows: the lesser of its two ends, less a
    # little for what lies between them.
    slowest = 0.95 * jnp.minimum(rate[:-1], rate[1:])
    spent = jnp.concatenate([jnp.zeros(1), jnp.cumsum(slowest) * TICK])
    envelope = cost[0] * jnp.exp(-2 * convexity * spent)
    return Fall(cost, slope, bound, envelope, turning[0], jnp.max(residual))


def cells(budget: Budget) -> Iterator[Cell]:
    """As many random games as the budget has."""
    yield Cell("descent", functools.partial(_descend, budget.games))


def _descend(games: int) -> Rows:
    with jax.enable_x64(True):
        keys = jax.random.split(jax.random.key(0), games)
        seen: Any = jax.device_get(jax.lax.map(fall, keys))
    times = TICK * np.arange(FLOW_STEPS)
    return [
        {
            "game": game,
            "time": times[k],
            "cost": seen.cost[game, k],
            "slope": seen.slope[game, k],
            "bound": seen.bound[game, k],
            "envelope": seen.envelope[game, k],
            "skew": seen.skew[game],
            "residual": seen.residual[game],
        }
        for game in range(games)
        for k in range(FLOW_STEPS)
    ]


def draw(table: pl.DataFrame) -> Figure:
    """Left: costs along the flow, relative to the first. Right: slopes against their bound."""
    figure = canvas(WIDE, 3.2)
    left, right = figure.subplots(1, 2)
    for _, run in table.filter(pl.col("game") < 40).group_by(["game"], maintain_order=True):
        relative = run["cost"] / run["cost"][0]
        left.semilogy(run["time"], relative.clip(1e-16), color=PALETTE["after"], lw=0.6, alpha=0.6)
    left.set(xlabel="time", ylabel="social cost, relative", title="forty of the flows")
    first = table.filter(pl.col("time") < TICK)
    right.loglog(-first["bound"], -first["slope"], ".", ms=3, color=PALETTE["after"])
    ends = [float((-first["bound"]).min()), float((-first["bound"]).max())]  # pyright: ignore[reportArgumentType]
    right.loglog(ends, ends, ":", color=PALETTE["muted"], label="as slow as proven")
    right.set(xlabel="proven rate of descent", ylabel="measured", title="each game at its start")
    right.legend()
    return figure


def claims(table: pl.DataFrame) -> list[Claim]:
    """Descent at every time of every flow, at least as fast as proven; games are not symmetric."""
    games = table["game"].n_unique()
    rises = table.select(pl.col("cost").diff().over("game").max()).item()
    spare = float((table["slope"] / table["bound"]).min())  # pyright: ignore[reportArgumentType]
    skew = float(np.median(table["skew"].to_numpy()))
    above = table.select((pl.col("cost") / pl.col("envelope")).max()).item()
    return [
        Claim(
            f"the cost never rises along exact equilibria ({games} random monotone games)",
            f"largest rise between two times {rises:.1e}; "
            f"equilibria to {table['residual'].max():.0e}",
            rises <= 1e-12,
            reason(rises <= 1e-12, "a rise is more than rounding"),
        ),
        Claim(
            "its slope is at least (mu / L^2) |g|^2 everywhere on the way",
            f"least ratio of the slope to the bound {spare:.3f}",
            spare >= 1 - 1e-6,
            reason(spare >= 1 - 1e-6, "somewhere the cost falls more slowly than is proved"),
        ),
        Claim(
            "and it stays under the exponential that follows for strongly convex costs",
            f"largest ratio of the cost to the envelope {above:.3f}",
            above <= 1 + 1e-9,
            reason(above <= 1 + 1e-9, "somewhere the cost is above the envelope"),
        ),
        Claim(
            "no symmetry is needed: Jacobians turn as much as they pull",
            f"median of |J - J'| / |J + J'| {skew:.2f}",
            skew > 0.5,
            reason(skew > 0.5, "these games are nearly symmetric, and show nothing of others"),
        ),
    ]
