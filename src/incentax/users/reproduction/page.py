"""The page of the reproduction: claims judged by intervals, tables, pictures."""

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..metrics import interval

Curves = Mapping[str, Mapping[str, list[float]]]
_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .6rem;border-bottom:1px solid #ddd;text-align:right}
th:first-child,td:first-child{text-align:left} img{max-width:100%}
.yes{color:#00805c} .no{color:#b00020;font-weight:600}
"""
_SHOWN = {
    "recommender": "recommender",
    "mean_reward": "mean reward",
    "low": "low",
    "high": "high",
    "map_hits_at_k": "MAP@10 of hits",
    "mrr_at_k": "MRR@10",
    "personalisation_at_k": "personalisation",
    "coverage": "coverage",
    "liked_share": "liked share",
}


def claims(rewards: Mapping[str, NDArray[np.float64]]) -> list[tuple[str, str, bool]]:
    """Sentences, numbers and verdicts on paired differences `[seeds, people]` in mean reward.

    A learner beats a floor, and the oracle bounds it, where the 95 % interval excludes zero.
    """
    rows = []
    for learner in ("ppo", "a2c", "trpo", "dqn"):
        if learner not in rewards:
            continue
        pairs = [(learner, floor) for floor in ("random", "popular")] + [("oracle", learner)]
        for above, below in pairs:
            mean, low, high = interval(rewards[above] - rewards[below])
            said = f"{mean:.3f} [{low:.3f}, {high:.3f}]"
            rows.append((f"{above} is above {below}", said, low > 0))
    return rows


def write_page(
    folder: Path,
    quick: bool,
    tables: Mapping[str, Mapping[str, list[dict[str, Any]]]],
    rewards: Mapping[str, Mapping[str, NDArray[np.float64]]],
) -> Path:
    """`index.html` in the folder, every number read from what is beside it."""
    e = html.escape
    num = len(next(iter(next(iter(rewards.values())).values())))
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><title>Simulated users, reproduced"
        f"</title><style>{_STYLE}</style><h1>Simulated users, reproduced"
        f"{' (quick)' if quick else ''}</h1><p>Rule-based people of the bundled worlds, {num} "
        "seed(s), ten recommendations to each person. Intervals are 95 % bootstrap over people "
        "and seeds; differences are paired. Setting after arXiv 2406.01631.</p>"
    ]
    for domain, found in tables.items():
        parts.append(f"<h2>{e(domain)}</h2>")
        judged = claims(rewards[domain])
        if judged:
            rows = "".join(
                f"<tr><td>{e(what)}</td><td>{e(said)}</td>"
                f"<td class={'yes' if holds else 'no'}>{'yes' if holds else 'no'}</td></tr>"
                for what, said, holds in judged
            )
            head = "<tr><th>claim</th><th>difference in mean reward</th><th>holds</th></tr>"
            parts.append(f"<table>{head}{rows}</table>")
        if (folder / f"{domain}.svg").is_file():
            parts.append(f"<img src={domain}.svg alt='{e(domain)}: rewards and learning curves'>")
        for name, table in found.items():
            shown = _SHOWN if name == "recommenders" else {key: key for key in table[0]}
            parts.append(f"<h3>{e(name)}</h3>{_table(table, shown)}")
            parts.append(f"<p>data: <code>{domain}-{name}.csv</code></p>")
    page = folder / "index.html"
    page.write_text("\n".join(parts) + "\n</html>\n", "utf-8")
    return page


def write_tables(
    folder: Path,
    tables: Mapping[str, Mapping[str, list[dict[str, Any]]]],
    rewards: Mapping[str, Mapping[str, NDArray[np.float64]]],
) -> None:
    """Claims and recommenders of each domain as Markdown, for other pages to include."""
    for domain, found in tables.items():
        lines = ["| claim | difference in mean reward | holds |", "|---|---|---|"]
        lines += [
            f"| {what} | {said} | {'yes' if holds else 'no'} |"
            for what, said, holds in claims(rewards[domain])
        ]
        lines += ["", "| " + " | ".join(_SHOWN.values()) + " |", "|---" * len(_SHOWN) + "|"]
        lines += [
            "| " + " | ".join(_cell(row[name]) for name in _SHOWN) + " |"
            for row in found["recommenders"]
        ]
        (folder / f"{domain}.md").write_text("\n".join(lines) + "\n", "utf-8")


def _table(rows: list[dict[str, Any]], shown: Mapping[str, str]) -> str:
    head = "".join(f"<th>{html.escape(title.replace('_', ' '))}</th>" for title in shown.values())
    body = "".join(
        "<tr>" + "".join(f"<td>{_cell(row[name])}</td>" for name in shown) + "</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _cell(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else html.escape(str(value))


def plot(path: Path, domain: str, rows: list[dict[str, Any]], curves: Curves) -> None:
    """Rewards with intervals, and learning curves of the last seed, as one SVG.

    Nothing where matplotlib is not installed: tables are complete without the picture.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        return
    ordered = sorted(rows, key=lambda row: row["mean_reward"])
    place = np.arange(len(ordered))
    mean = np.array([row["mean_reward"] for row in ordered])
    error = np.array([[r["mean_reward"] - r["low"], r["high"] - r["mean_reward"]] for r in ordered])
    # Equal data make equal files.
    with matplotlib.rc_context({"svg.hashsalt": "incentax"}):
        figure = Figure(figsize=(10, 4), layout="constrained")
        left, right = figure.subplots(1, 2)
        left.barh(place, mean, xerr=np.maximum(error.T, 0.0), color="#9db7d5", ecolor="#444")
        left.set_yticks(place, [row["recommender"] for row in ordered])
        left.set_xlabel("mean rating of ten recommendations (higher is better)")
        left.set_title(domain)
        for name, curve in curves.items():
            per_step = np.array(curve["mean_return"]) / np.maximum(curve["mean_length"], 1.0)
            right.plot(curve["steps"], per_step, label=name.upper())
        right.set_xlabel("recommendations made in training")
        right.set_ylabel("mean reward per step")
        if curves:
            right.legend(frameon=False)
        figure.savefig(path, metadata={"Date": None})
