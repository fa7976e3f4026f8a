"""`incentax reproduce simulated-users`: learners, baselines, ablations and fidelity."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..compare import make_recommender
from ..evaluate import score, sweep
from ..fidelity import run as fidelity
from ..metrics import interval
from ..registration import make_world
from ..retrieval import RETRIEVALS
from ..world import World
from .page import Curves, plot, write_page, write_tables
from .pieces import Pieces

DOMAINS = ("movies", "books")
BASELINES = ("random", "popular", "mean-vote", "als", "linucb", "oracle")
LEARNERS = ("ppo", "a2c", "trpo", "dqn")
PARTS = ("baselines", *LEARNERS, "ablations", "fidelity")
_STEPS, _QUICK_STEPS = 60_000, {"ppo": 15_000, "a2c": 15_000, "trpo": 15_000, "dqn": 6000}
_ABLATIONS = {
    "retrieval": tuple(RETRIEVALS),
    "perturbation": ("none", "gaussian", "greedy"),
    "shaping": ("identity", "exp_decay_time", "random_watch", "same_item_terminate"),
    "reading": ("sample", "expected", "argmax", "suber"),
}


def reproduce(
    out: Path | str,
    *,
    only: Sequence[str] = (),
    quick: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> Path:
    """The page of four learners, the baselines, ablations and fidelity on both worlds.

    Tables are beside it as CSV, pictures as SVG. An interrupted run goes on where it stopped.

    **Arguments:**

    - `out`: a folder, made if missing.
    - `only`: parts to make, all of them by default; parts made before stay on the page.
    - `quick`: one seed, short training and a third of the people instead of five seeds.
    - `say`: told what is being done.

    **Raises:** `ValueError` for an unknown part, or a folder begun with other options.

    Reference: arXiv 2406.01631, sections 5 and 6.
    """
    unknown = sorted(set(only) - set(PARTS))
    if unknown:
        raise ValueError(f"expected parts among {', '.join(PARTS)}, got {unknown[0]!r}; try ppo")
    folder = Path(out)
    pieces = Pieces(folder, {"quick": quick}, say)
    # Comparisons need the baselines, whatever else was asked for; what is done stays.
    wanted = {"baselines", *(only or PARTS)}
    wanted |= {part for part in PARTS if pieces.has(_names(part, quick))}
    tables: dict[str, dict[str, list[dict[str, Any]]]] = {}
    rewards: dict[str, dict[str, np.ndarray]] = {}
    for domain in DOMAINS:
        world = make_world(domain)
        runs = {
            who: _runs(pieces, world, who, quick)
            for who in (*BASELINES, *LEARNERS)
            if who in BASELINES or who in wanted
        }
        rewards[domain] = {
            who: np.array([run["reward"] for run in table]) for who, table in runs.items()
        }
        tables[domain] = {"recommenders": [_row(who, table) for who, table in runs.items()]}
        if "ablations" in wanted:
            tables[domain]["ablations"] = _ablations(pieces, domain, quick)
        if "fidelity" in wanted:
            tables[domain]["fidelity"] = _fidelity(pieces, world, quick)
        for name, rows in tables[domain].items():
            _write_csv(folder / f"{domain}-{name}.csv", rows)
        curves: Curves = {who: table[-1]["curve"] for who, table in runs.items() if who in LEARNERS}
        plot(folder / f"{domain}.svg", domain, tables[domain]["recommenders"], curves)
    write_tables(folder, tables, rewards)
    return write_page(folder, quick, tables, rewards)


def _names(part: str, quick: bool) -> list[str]:
    """Names of all pieces of a part."""
    seeds = range(1 if quick else 5)
    if part == "ablations":
        ends = [f"{axis}-{name}" for axis, names in _ABLATIONS.items() for name in names]
    elif part == "fidelity":
        ends = [f"fidelity-{name}" for name in RETRIEVALS]
    else:
        whose = BASELINES if part == "baselines" else (part,)
        ends = [f"{who}-{seed}" for who in whose for seed in seeds]
    return [f"{domain}-{end}" for domain in DOMAINS for end in ends]


def _runs(pieces: Pieces, world: World, who: str, quick: bool) -> list[dict[str, Any]]:
    """One record per seed: rewards of all people, measures, and a learner's curve."""
    users = np.arange(0, len(world.people), 3 if quick else 1)
    domain = world.catalogue.domain.name

    def make(seed: int) -> dict[str, Any]:
        extra: dict[str, Any] = {}
        if who in LEARNERS:
            from ..learning import train

            steps = _QUICK_STEPS[who] if quick else _STEPS
            chosen = train(world, who, num_steps=steps, seed=seed)
            extra = {"steps": steps, "seconds": chosen.seconds, "curve": asdict(chosen.curve)}
        else:
            chosen = make_recommender(who, world, seed)
        result = score(sweep(chosen, world, users=users, seed=seed), world)
        return {"reward": result.reward.round(6).tolist(), "figures": result.figures()} | extra

    return [
        pieces.once(f"{domain}-{who}-{seed}", lambda seed=seed: make(seed))
        for seed in range(1 if quick else 5)
    ]


def _row(who: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    mean, low, high = interval(np.array([run["reward"] for run in runs]))
    figures = {
        name: float(np.mean([run["figures"][name] for run in runs])) for name in runs[0]["figures"]
    }
    return {"recommender": who} | figures | {"mean_reward": mean, "low": low, "high": high}


def _ablations(pieces: Pieces, domain: str, quick: bool) -> list[dict[str, Any]]:
    """Mean reward of three recommenders when one choice of the world is changed."""
    users = np.arange(0, 600, 6 if quick else 2)

    def make(axis: str, name: str) -> dict[str, Any]:
        world = make_world(domain, **{axis: name}, allow_repeats=axis == "shaping")
        row: dict[str, Any] = {"axis": axis, "value": name}
        for who in ("random", "mean-vote", "linucb"):
            result = score(sweep(make_recommender(who, world), world, users=users), world)
            row[who] = result.mean_reward
        return row

    return [
        pieces.once(f"{domain}-{axis}-{name}", lambda axis=axis, name=name: make(axis, name))
        for axis, names in _ABLATIONS.items()
        for name in names
    ]


def _fidelity(pieces: Pieces, world: World, quick: bool) -> list[dict[str, Any]]:
    """The headline figures of the five tests, one row per way to remember."""

    def make(name: str) -> dict[str, Any]:
        report = fidelity(
            world.rater, world.catalogue, world.people, retrieval=RETRIEVALS[name], quick=quick
        )
        return {"retrieval": name} | report.rows()[0]

    return [
        pieces.once(f"{world.catalogue.domain.name}-fidelity-{name}", lambda name=name: make(name))
        for name in RETRIEVALS
    ]


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            {k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()} for row in rows
        )
