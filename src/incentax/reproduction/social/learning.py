"""Cost and price under exact and learning agents, several time scales, with and without noise."""

import functools
from collections.abc import Iterator
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
from matplotlib.figure import Figure

from ...population import (
    AbstractLearner,
    AbstractPopulation,
    Asynchronous,
    BestReply,
    ExtragradientPlay,
    FictitiousPlay,
    GradientPlay,
    LearningPopulation,
    Mixture,
    MomentumPlay,
    NashPopulation,
    Noisy,
    OptimisticPlay,
    SequentialReply,
)
from ...report.plot_style import PALETTE, SERIES, WIDE, canvas
from ...rule import SocialGradient
from ...smooth_game import AbstractSmoothGame
from ..frame import Cell, Rows
from ..page import Claim, reason
from .budget import Budget
from .linearised import sequential_radius, stationary_square
from .trial import follow, stage, thinned

# One planner step for every learner and time scale, and prices for as long; the linear game's
# Jacobian is worse conditioned than the others', and the contest's efforts react little to prices.
STEP = 0.15
NUM_STEPS = {"linear-quadratic": 900, "tullock": 900}
USUAL_STEPS = 300
# Pace and noise of the agents in the noisy runs, and the planner's steps there.
PACE, SPREAD = 0.15, 0.05
GAINS = (0.02, 0.05, 0.1, 0.2)
NOISY_STEPS = 3000
# Weights k^-0.6 fall, a constant planner step does not: the theorem does not promise tracking.
OUTSIDE = ("fictitious play",)
REACHED = 1e-6
IN_TURN = "sequential reply"


def learner(name: str, game: AbstractSmoothGame) -> AbstractLearner:
    """The learner by name, at a pace that tracks in all our games."""
    alternating = jnp.arange(game.num_agents) % 2
    return {
        "gradient": lambda: GradientPlay(0.15),
        "extragradient": lambda: ExtragradientPlay(0.1),
        "optimistic": lambda: OptimisticPlay(0.08),
        "momentum": lambda: MomentumPlay(0.05, 0.5),
        "smoothed reply": lambda: BestReply(0.3),
        "sequential reply": SequentialReply,
        "fictitious play": FictitiousPlay,
        "asynchronous": lambda: Asynchronous(GradientPlay(0.1), 0.7, 2),
        "mixture": lambda: Mixture((GradientPlay(0.15), BestReply(0.3)), alternating),
    }[name]()


def cells(stages: tuple[str, ...], budget: Budget) -> Iterator[Cell]:
    """Exact responses, every learner at every time scale, and noise, game by game."""
    for name in stages:
        yield Cell(f"{name}-exact", functools.partial(_exact, name))
        for who in budget.learners:
            slug = who.replace(" ", "-")
            yield Cell(f"{name}-{slug}", functools.partial(_learned, name, who, budget.ratios))
        yield Cell(f"{name}-noise", functools.partial(_noisy, name, budget.draws))


def _exact(name: str) -> Rows:
    with jax.enable_x64(True):
        found = stage(name)
        population = NashPopulation(found.game())
        return _told(name, "exact", 0, found, population)


def _learned(name: str, who: str, ratios: tuple[int, ...]) -> Rows:
    rows = []
    with jax.enable_x64(True):
        found = stage(name)
        for ratio in ratios:
            game = found.game()
            population = LearningPopulation(game, learner(who, game), ratio)
            told = _told(name, who, ratio, found, population)
            # Only agents who move in turn can be slower than a planner who waits for one step.
            if who == IN_TURN:
                radius = sequential_radius(found, STEP, ratio)
                told = [row | {"radius": radius} for row in told]
            rows += told
    return rows


def _told(name: str, who: str, ratio: int, found: Any, population: AbstractPopulation) -> Rows:
    num_steps = NUM_STEPS.get(name, USUAL_STEPS)
    trace = jax.device_get(
        follow(
            found,
            population,
            SocialGradient(),
            jnp.asarray(STEP),
            jax.random.key(0),
            num_steps=num_steps,
        )
    )
    told: dict[str, Any] = {"game": name, "agents": who, "steps_per_price": ratio}
    return [
        told | {"step": int(k), "cost": float(trace.value[k]), "error": float(trace.error[k])}
        for k in thinned(num_steps)
    ]


def _noisy(name: str, draws: int) -> Rows:
    rows = []
    with jax.enable_x64(True):
        found = stage(name)
        crowd = LearningPopulation(found.game(), Noisy(GradientPlay(PACE), SPREAD), 1)
        keys = jax.random.split(jax.random.key(1), draws)

        @eqx.filter_jit
        def squares(gain):
            def one(key):
                return follow(
                    found, crowd, SocialGradient(), gain, key, num_steps=NOISY_STEPS
                ).square[NOISY_STEPS // 4 :]

            return jnp.mean(jax.lax.map(one, keys))

        for gain in GAINS:
            rows.append(
                {
                    "game": name,
                    "agents": "noisy gradient",
                    "steps_per_price": 1,
                    "gain": gain,
                    "square": float(squares(jnp.asarray(gain))),
                    "predicted": stationary_square(found, gain, pace=PACE, spread=SPREAD),
                }
            )
    return rows


def draw(table: pl.DataFrame) -> Figure:
    """Cost, price error, error by time scale, and the noisy ball: a row of panels a game."""
    games = table["game"].unique(maintain_order=True).to_list()
    figure = canvas(WIDE, 2.5 * len(games))
    for row, game in zip(figure.subplots(len(games), 4, squeeze=False), games, strict=True):
        rows = table.filter(pl.col("game") == game)
        _draw_runs(row[0], row[1], rows)
        _draw_ratios(row[2], rows)
        _draw_noise(row[3], rows.filter(pl.col("gain").is_not_null()))
        row[0].set_title(game)
    figure.get_axes()[1].legend(fontsize=6)
    return figure


def _draw_runs(left, right, rows: pl.DataFrame) -> None:
    shown = rows.filter(pl.col("step").is_not_null() & pl.col("steps_per_price").is_in([0, 10]))
    for ((who,), run), role in zip(
        shown.group_by(["agents"], maintain_order=True), 2 * SERIES, strict=False
    ):
        for axes, column in ((left, "cost"), (right, "error")):
            heights = np.maximum(np.abs(run[column].to_numpy()), 1e-16)
            axes.loglog(run["step"] + 1, heights, color=PALETTE[role], lw=1, label=who)
    left.set(xlabel="prices tried", ylabel="social cost above least")
    right.set(xlabel="prices tried", ylabel="error of the price")


def _draw_ratios(axes, rows: pl.DataFrame) -> None:
    for ((_,), run), role in zip(
        _last(rows).group_by(["agents"], maintain_order=True), SERIES[1:] + SERIES, strict=False
    ):
        ordered = run.sort("steps_per_price")
        heights = np.maximum(ordered["error"].to_numpy(), 1e-16)
        axes.loglog(ordered["steps_per_price"], heights, "o-", ms=3, lw=1, color=PALETTE[role])
    axes.axhline(REACHED, color=PALETTE["muted"], ls=":", lw=0.9)
    axes.set(xlabel="agents' steps a price", ylabel="final error")


def _draw_noise(axes, rows: pl.DataFrame) -> None:
    axes.loglog(rows["gain"], rows["square"], "o", ms=4, color=PALETTE["after"], label="measured")
    axes.loglog(rows["gain"], rows["predicted"], color=PALETTE["muted"], lw=1, label="predicted")
    axes.set(xlabel="planner's step, noisy agents", ylabel="mean square error")
    axes.legend(fontsize=6)


def _last(rows: pl.DataFrame) -> pl.DataFrame:
    """The last row of every run of learning agents."""
    learning = rows.filter(pl.col("step").is_not_null() & (pl.col("steps_per_price") > 0))
    return learning.filter(pl.col("step") == pl.col("step").max())


def claims(table: pl.DataFrame) -> list[Claim]:
    """The price goes to -F at the optimum, whoever learns; noise leaves a ball of its own size."""
    found = []
    for (game,), rows in table.group_by(["game"], maintain_order=True):
        exact = rows.filter(pl.col("agents") == "exact").sort("step")
        error = float(exact["error"][-1])
        rise = float(np.max(np.diff(exact["cost"].to_numpy())))
        reached, falls = error < REACHED, rise < 1e-12
        found.append(
            Claim(
                f"{game}: at exact equilibria prices go to -F at the optimum (theorem 1)",
                f"error {error:.1e} after {exact['step'][-1] + 1} prices",
                reached,
                reason(reached, f"the error is not below {REACHED:.0e} after these prices"),
            )
        )
        found.append(
            Claim(
                f"{game}: and the social cost never rises on the way",
                f"largest rise between prices {rise:.1e}",
                falls,
                reason(falls, "a rise is more than rounding"),
            )
        )
        found += _learning_claims(str(game), _last(rows))
        found += _noise_claims(str(game), rows.filter(pl.col("gain").is_not_null()))
    return found


def _learning_claims(game: str, last: pl.DataFrame) -> list[Claim]:
    ratios = sorted(last["steps_per_price"].unique().to_list())
    radius = pl.col("radius").fill_null(0.0) if "radius" in last.columns else pl.lit(0.0)
    inside = last.filter(~pl.col("agents").is_in(OUTSIDE) & (radius < 1))
    worst = inside.sort("error", descending=True).row(0, named=True)
    names, tracks = inside["agents"].n_unique(), bool(worst["error"] < REACHED)
    said = [
        Claim(
            f"{game}: so they do under every learner that tracks, at {ratios[0]} to {ratios[-1]} "
            "steps a price (theorem 2)",
            f"{names} learners, largest error {worst['error']:.1e} ({worst['agents']}, "
            f"{worst['steps_per_price']} steps a price)",
            tracks,
            reason(tracks, f"{worst['agents']} has not come within {REACHED:.0e}"),
        )
    ]
    for row in last.filter(radius >= 1).iter_rows(named=True):
        said.append(
            Claim(
                f"{game}: {row['agents']} at {row['steps_per_price']} steps a price is too slow "
                f"for this planner: linearised, errors grow by {row['radius']:.3f} a price",
                f"error {row['error']:.1e}",
                bool(row["error"] > REACHED),
                reason(row["error"] > REACHED, "the error has fallen all the same"),
            )
        )
    for (who,), rows in last.filter(pl.col("agents").is_in(OUTSIDE)).group_by(["agents"]):
        told = ", ".join(
            f"{ratio}: {error:.0e}"
            for ratio, error in rows.sort("steps_per_price")
            .select("steps_per_price", "error")
            .iter_rows()
        )
        said.append(
            Claim(
                f"{game}: {who} against a constant planner step, of which the theorem is silent",
                f"errors by steps a price {told}",
                None,
                "the theorem is of other learners",
            )
        )
    return said


def _noise_claims(game: str, rows: pl.DataFrame) -> list[Claim]:
    off = float((rows["square"] / rows["predicted"] - 1).abs().max())  # pyright: ignore[reportArgumentType]
    slope = np.polyfit(np.log(rows["gain"]), np.log(rows["square"]), 1)[0]
    straight, near = 0.8 < slope < 1.25, off < 0.15
    return [
        Claim(
            f"{game}: noise leaves a mean-square error in proportion to the planner's step",
            f"exponent {slope:.2f}; within {off:.0%} of the linearised prediction",
            bool(straight and near),
            reason(
                bool(straight and near),
                "the size is not the one predicted" if straight else "the exponent is not near 1",
            ),
        )
    ]
