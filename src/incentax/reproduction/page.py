"""One page from the files of a reproduction: every number on it is read from them."""

from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path

import polars as pl

from .claims import Claim

Judge = Callable[[pl.DataFrame], list[Claim]]
_WORDS = {True: "agrees", False: "does not agree", None: "open"}
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1d2330; background: #fff; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .3rem .6rem;
  border-bottom: 1px solid #d5dae1; vertical-align: top; } img { max-width: 100%; }
.no { color: #b00020; font-weight: 600; } .yes { color: #00805c; } .open { color: #667080; }
@media (prefers-color-scheme: dark) { img { background: #fff; } }
"""


def render(folder: Path, budget: str, parts: Mapping[str, tuple[str, Judge]]) -> str:
    """The page as HTML, with the figures beside it; parts that were not made are not on it."""
    body = [f"<h1>AMID, reproduced ({escape(budget)} budget)</h1>"]
    body.append(
        "<p>Corecco, Yardim, Thoma, Shen, He: <em>Scalable Neural Incentive Design with "
        "Parameterized Mean-Field Approximation</em>, arXiv 2510.21442. Every number below is "
        "computed from the Parquet file named with it.</p>"
    )
    for name, (title, judge) in parts.items():
        body.append(f'<h2 id="{name}">{escape(title)}</h2>')
        if (folder / f"{name}.svg").exists():
            body.append(f'<img src="{name}.svg" alt="{escape(title)}">')
        body.append("<table><tr><th>paper</th><th>ours</th><th></th></tr>")
        for claim in judge(pl.read_parquet(folder / f"{name}.parquet")):
            kind = {True: "yes", False: "no", None: "open"}[claim.agrees]
            body.append(
                f"<tr><td>{escape(claim.paper)}</td><td>{escape(claim.ours)}</td>"
                f'<td class="{kind}">{_WORDS[claim.agrees]}</td></tr>'
            )
        body.append(f"</table><p>data: <code>{name}.parquet</code></p>")
    inner = "\n".join(body)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>AMID, reproduced</title><style>{_STYLE}</style></head>\n"
        f"<body>\n{inner}\n</body></html>\n"
    )
