"""Synthetic run directories: shaped like a design's, at any size, without solving anything."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from safetensors.numpy import save_file

CONFIG: dict[str, Any] = {
    "format": 1,
    "problem": "a1",
    "title": "A1: four rounds, uniform values",
    "summary": "Bidders with constant uniform values meet four rounds of a batched auction; "
    "winners leave. The planner designs supply and payments of every round for revenue.",
    "source": "arXiv 2510.21442, setting A1",
    "kind": "auction",
    "rule": "Hypergradient",
    "adjoint": "Implicit",
    "objective": "revenue",
    "sense": "maximize",
    "steps": 300,
    "seconds": 13.2,
    "seed": 0,
    "settings": {"horizon": 4, "alpha_max": 0.8, "temperature": 1e-3, "learning_rate": 1e-3},
    "citations": ["corecco2025amid", "perolat2021mirror", "myerson1981optimal"],
    "values": None,
}
RESULT: dict[str, Any] = {
    "problem": "a1",
    "rule": "Hypergradient",
    "adjoint": "Implicit",
    "objective": "revenue",
    "sense": "maximize",
    "value": 0.24796,
    "baselines": {
        "first_price": 0.15712,
        "first_price_best_supply": 0.1812,
        "posted_price": 0.2349,
    },
    "cap": 0.25,
    "exploitability": 1.1e-5,
    "residual": 3.2e-9,
    "steps": 300,
    "seconds": 13.2,
    "compile_seconds": 6.1,
    "seed": 0,
    "status": "Converged: the value moved less than 1e-4 over the last 50 steps.",
    "versions": {"incentax": "0.1.0", "jax": "0.10.0", "python": "3.11.7"},
    "certificate": [
        {
            "name": "exploitability",
            "value": 1.1e-5,
            "bound": 1e-3,
            "holds": True,
            "meaning": "what one bidder could still gain by bidding otherwise, unregularised",
        },
        {
            "name": "residual",
            "value": 3.2e-9,
            "bound": None,
            "holds": None,
            "meaning": "how far the solver is from its fixed point",
        },
        {
            "name": "adjoint_residual",
            "value": 1.9e-3,
            "bound": 1e-2,
            "holds": True,
            "meaning": "relative residual of the linear system behind the gradient",
        },
        {
            "name": "gap_to_cap",
            "value": 0.0082,
            "bound": 0.02,
            "holds": True,
            "meaning": "the distance to the proven maximum, as a fraction of it",
        },
    ],
    "held_out": None,
}
HELD_OUT: dict[str, Any] = {
    "rows": [
        {"mechanism": "this design", "revenue": 0.2461, "low": 0.2438, "high": 0.2483},
        {"mechanism": "myerson_price", "revenue": 0.2440, "low": 0.2419, "high": 0.2462},
        {"mechanism": "first_price", "revenue": 0.1568, "low": 0.1551, "high": 0.1586},
    ],
    "count": 25_000,
    "confidence": 0.95,
}
VALUES: dict[str, Any] = {
    "file": "bidders.csv",
    "column": "value",
    "scale": 181.2,
    "count": 50_000,
    "clipped": 50,
    "clipped_share": 0.001,
}


def history(steps: int, start: float = 0.157, end: float = 0.248) -> dict[str, np.ndarray]:
    """Columns of a design of `steps` steps whose objective rises from `start` to `end`."""
    step = np.arange(steps, dtype=np.float64)
    t = step / max(steps - 1, 1)
    wiggle = 0.02 * abs(end - start) * np.sin(23 * t) * (1 - t)
    audited = np.full(steps, np.nan)
    audited[:: max(steps // 6, 1)] = (end + (start - end) * np.exp(-7 * t))[:: max(steps // 6, 1)]
    return {
        "step": step,
        "value": end + (start - end) * np.exp(-6 * t) + wiggle,
        "exploitability": 1e-5 + 2e-2 * np.exp(-9 * t) * (1 + 0.2 * np.sin(40 * t)),
        "residual": 1e-9 * 10 ** (2 * np.cos(9 * t)),
        "adjoint_residual": 2e-3 * (1 + 0.5 * np.sin(31 * t)),
        "gradient_norm": 0.3 * np.exp(-3 * t) * (1.1 + np.cos(17 * t) / 3),
        "temperature": 2e-2 * (0.2 ** np.minimum(1.4 * t, 1)),
        "seconds": 0.04 * (step + 1),
        "audited_value": audited,
    }


def auction_response(states: int = 12, actions: int = 10, rounds: int = 3) -> dict[str, np.ndarray]:
    """Both stages: an equal split of first price, then a floor near 1/2."""
    values, bids = np.arange(states) / states, np.arange(actions) / actions
    arrays = {"values": values, "bids": bids}
    split = np.full(rounds, 0.8 / rounds)
    early = 0.5 * np.array([0.46, 0.3, 0.17, 0.07] + [0.0] * rounds)[:rounds]
    floor = np.minimum(0.48 + 0.02 * np.arange(rounds), 0.6)
    for stage, offered in (("before", split), ("after", early)):
        mass, left = np.full(states, 1 / states), 0.8
        stacks: dict[str, list[Any]] = {}
        for h in range(rounds):
            margin = 0.2 + 0.8 * (values - 0.3) if stage == "before" else floor[h]
            target = (
                np.minimum(0.62 * values, 0.45)
                if stage == "before"
                else np.where(values > 0.5, margin + 0.5 * (values - 0.5), 0.6 * values)
            )
            # Bidders who cannot win have no reason to bid one thing rather than another.
            width = np.where(values > 0.45, 0.02, 0.15)[:, None] + 0.3 / actions
            weight = np.exp(-(((bids - target[:, None]) / width) ** 2)) * (bids <= values[:, None])
            active = mass[:, None] * weight / weight.sum(-1, keepdims=True)
            placed = active.sum(0)
            above = placed[::-1].cumsum()[::-1] - placed
            room = np.clip(offered[h] - above, 0, None)
            win = np.clip(np.divide(room, placed, out=np.ones(actions), where=placed > 1e-12), 0, 1)
            rule = bids if stage == "before" else np.minimum(bids, floor[h] + 0.1 * bids**3)
            flow = np.zeros((states + 1, actions))
            flow[:-1], flow[-1, 0] = active, 1 - mass.sum()
            row = {
                "flow": flow,
                "supply": offered[h],
                "sold": (placed * win).sum(),
                "remaining": left,
                "payment": rule,
                "win_probability": win,
            }
            for name, x in row.items():
                stacks.setdefault(name, []).append(x)
            mass = mass - active @ win
            left -= offered[h]
        arrays |= {f"{stage}/{name}": np.array(x, np.float32) for name, x in stacks.items()}
    return {name: np.ascontiguousarray(x, np.float32) for name, x in arrays.items()}


def game_response(states: int = 15, rounds: int = 8) -> dict[str, np.ndarray]:
    """A beach bar whose crowd flattens once the middle spots have a price."""
    place = np.arange(states)
    arrays: dict[str, np.ndarray] = {}
    for stage, width in (("before", 0.1), ("after", 0.22)):
        hump = np.exp(-(((place - states / 2) / (width * states)) ** 2))
        fade = np.linspace(0, 1, rounds)[:, None]
        crowd = (1 - fade) / states + fade * hump / hump.sum()
        arrays[f"{stage}/flow"] = crowd[..., None] * np.array([0.25, 0.5, 0.25])
    arrays["before/price"] = np.zeros(states)
    arrays["after/price"] = 0.5 * np.exp(-(((place - states / 2) / (0.15 * states)) ** 2))
    return {name: np.ascontiguousarray(x, np.float32) for name, x in arrays.items()}


def write_run(
    directory: Path,
    *,
    config: dict[str, Any] | None = None,
    result: dict[str, Any] | None = None,
    columns: dict[str, np.ndarray] | None = None,
    response: dict[str, np.ndarray] | None = None,
    without: tuple[str, ...] = (),
) -> Path:
    """`directory`, filled as a design of a small A1 would; `without` names files to leave out."""
    directory.mkdir(parents=True, exist_ok=True)
    if "config.json" not in without:
        (directory / "config.json").write_text(json.dumps(CONFIG | (config or {})))
    if "result.json" not in without:
        (directory / "result.json").write_text(json.dumps(RESULT | (result or {})))
    if "history.parquet" not in without:
        pl.DataFrame(columns or history(40)).write_parquet(directory / "history.parquet")
    if "response.safetensors" not in without:
        arrays = auction_response() if response is None else response
        save_file(arrays, directory / "response.safetensors")
    return directory


GAME = {
    "problem": "beach-bar",
    "title": "Beach bar",
    "summary": "Priced spots on a beach: agents like the bar and dislike the crowd.",
    "kind": "game",
    "objective": "congestion",
    "sense": "minimize",
}


def write_game(directory: Path, **changes: Any) -> Path:
    """`directory`, filled as a design of the beach bar would."""
    result = GAME | {
        "value": 0.0912,
        "baselines": {"no_price": 0.1471},
        "cap": None,
        "status": "Stopped after all its steps.",
    }
    arguments: dict[str, Any] = {
        "config": GAME,
        "result": result,
        "columns": history(40, 0.147, 0.091),
        "response": game_response(),
    }
    return write_run(directory, **(arguments | changes))
