"""The fidelity report as a self-contained page."""

import html

from .further import VarianceSplit
from .suite import FidelityReport
from .trials import Rate

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .7rem;border-bottom:1px solid #ddd;text-align:right}
th:first-child,td:first-child{text-align:left}
caption{text-align:left;font-weight:600;padding:.3rem 0}
.note{color:#666}
"""


def _table(caption: str, head: list[str], rows: list[list[str]]) -> str:
    cells = "".join(f"<th>{html.escape(name)}</th>" for name in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><caption>{html.escape(caption)}</caption><tr>{cells}</tr>{body}</table>"


def _interval(rate: Rate) -> str:
    return f"{rate.rate:.3f} [{rate.low:.3f}, {rate.high:.3f}]"


def fidelity_page(report: FidelityReport, split: VarianceSplit) -> str:
    """Headline figures, intervals and the split of variance."""
    head = list(report.rows()[0])
    rows = [
        [f"{v:.3f}" if isinstance(v, float) else str(v) for v in r.values()] for r in report.rows()
    ]
    names = ("genre_in", "genre_out", "high", "low", "collection_positive", "collection_negative")
    detail = [
        [f"{f.rater}, {f.wording}", *(_interval(getattr(f, name)) for name in names)]
        for f in (*report.figures, *report.floors)
    ]
    shares = [[name, f"{value:.3f}"] for name, value in vars(split).items()]
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Fidelity</title>"
        f"<style>{_STYLE}</style><h1>Fidelity on {html.escape(report.domain)}</h1>"
        f"<p class=note>Scale {html.escape(report.scale)}. A figure counts only if the lower end "
        "of its interval exceeds every rater that knows nothing of the person: "
        f"{'it does' if report.beats_floors else 'it does not'}.</p>"
        + _table("Headline figures", head, rows)
        + _table("Success rates with 95 % intervals", ["rater", *names], detail)
        + _table("Shares of the variance of ratings", ["source", "share"], shares)
        + "</html>\n"
    )
