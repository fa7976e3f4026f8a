"""The published experiments with the embedded people: tables, plots, ablations."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .compare import compare, make_recommender
from .evaluate import score, sweep
from .fidelity import run as fidelity
from .metrics import interval
from .registration import make_world
from .retrieval import RETRIEVALS
from .world import World

BASELINES = ("random", "popular", "mean-vote", "als", "linucb", "oracle")
_ABLATIONS = {
    "perturbation": ("none", "gaussian", "greedy"),
    "shaping": ("identity", "exp_decay_time", "random_watch", "same_item_terminate"),
    "reading": ("sample", "expected", "argmax", "suber"),
}


def reproduce(
    out: Path | str, quick: bool = False, *, say: Callable[[str], None] = lambda text: None
) -> dict[str, Any]:
    """Figures of four learners, the baselines, ablations and fidelity on both worlds.

    They are also written to `out` as JSON, CSV and SVG.

    **Arguments:**

    - `out`: a folder, made if missing.
    - `quick`: one seed and short training instead of five seeds.
    - `say`: told what is being done.

    Reference: arXiv 2406.01631, sections 5 and 6.
    """
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    results: dict[str, Any] = {"quick": quick}
    for domain in ("movies", "books"):
        world = make_world(domain)
        say(f"{domain}: learners and baselines")
        rows, curves = learners(world, quick, say)
        say(f"{domain}: ablations")
        results[domain] = {"rows": rows, "ablations": ablations(domain, quick)}
        say(f"{domain}: fidelity")
        results[domain]["fidelity"] = [
            {"retrieval": name}
            | fidelity(
                world.rater, world.catalogue, world.people, retrieval=retrieval, quick=quick
            ).rows()[0]
            for name, retrieval in RETRIEVALS.items()
        ]
        for name in ("rows", "ablations", "fidelity"):
            _write_csv(folder / f"{domain}_{name}.csv", results[domain][name])
        _plot(folder / f"{domain}.svg", domain, rows, curves)
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    return results


def learners(
    world: World, quick: bool, say: Callable[[str], None] = lambda text: None
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows of the four learners and the baselines, and the learners' curves by name."""
    from .learning import ALGORITHMS, train

    num_seeds = 1 if quick else 5
    users = np.arange(0, len(world.people), 3 if quick else 1)
    rows = compare(world, BASELINES, users=users, num_seeds=num_seeds)
    curves = {}
    for name in ALGORITHMS:
        steps = (6000 if name == "dqn" else 15_000) if quick else 60_000
        runs = []
        for seed in range(num_seeds):
            trained = train(world, name, num_steps=steps, seed=seed)
            say(f"  {name}, seed {seed}: {trained.seconds:.0f} s")
            runs.append(score(sweep(trained, world, users=users, seed=seed), world))
            curves[name] = trained.curve
        mean, low, high = interval(np.stack([r.reward for r in runs]))
        figures = {k: float(np.mean([r.figures()[k] for r in runs])) for k in runs[0].figures()}
        rows.append(
            {"recommender": name} | figures | {"mean_reward": mean, "low": low, "high": high}
        )
    return rows, curves


def ablations(domain: str, quick: bool) -> list[dict[str, Any]]:
    """Mean reward of three recommenders when one choice of the world is changed."""
    rows = []
    users = np.arange(0, 600, 6 if quick else 2)
    for axis, names in ({"retrieval": tuple(RETRIEVALS)} | _ABLATIONS).items():
        for name in names:
            world = make_world(domain, **{axis: name}, allow_repeats=axis == "shaping")
            row: dict[str, Any] = {"axis": axis, "value": name}
            for who in ("random", "mean-vote", "linucb"):
                result = score(sweep(make_recommender(who, world), world, users=users), world)
                row[who] = result.mean_reward
            rows.append(row)
    return rows


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _plot(path: Path, domain: str, rows: list[dict[str, Any]], curves: dict[str, Any]) -> None:
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        return  # tables are complete without the picture
    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    ordered = sorted(rows, key=lambda row: row["mean_reward"])
    place = np.arange(len(ordered))
    mean = np.array([row["mean_reward"] for row in ordered])
    error = np.array([[r["mean_reward"] - r["low"], r["high"] - r["mean_reward"]] for r in ordered])
    left.barh(place, mean, xerr=np.maximum(error.T, 0.0), color="#9db7d5", ecolor="#444")
    left.set_yticks(place, [row["recommender"] for row in ordered])
    left.set_xlabel("mean rating of ten recommendations (higher is better)")
    left.set_title(domain)
    for name, curve in curves.items():
        per_step = np.array(curve.mean_return) / np.maximum(curve.mean_length, 1.0)
        right.plot(curve.steps, per_step, label=name.upper())
    right.set_xlabel("recommendations made in training")
    right.set_ylabel("mean reward per step")
    right.legend(frameon=False)
    figure.savefig(path)
