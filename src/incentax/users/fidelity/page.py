"""The fidelity report as a self-contained page."""

import html
from dataclasses import asdict
from typing import Any

from .against import AgainstLog
from .beyond import Beyond
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


def _cell(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _interval(rate: Rate) -> str:
    return f"{rate.rate:.3f} [{rate.low:.3f}, {rate.high:.3f}]"


def agreement_rows(real: AgainstLog) -> list[dict[str, Any]]:
    """Calibration and ranking of recommenders, with the random rater's beside them."""
    own, floor = real.ranking, real.ranking_floor
    rows = [
        ("calibration error", real.calibration.error, real.calibration_floor.error),
        (
            "ranked probability score",
            real.calibration.ranked_score,
            real.calibration_floor.ranked_score,
        ),
        ("ranking of recommenders: tau", own.tau, floor.tau),
        ("low", own.low, floor.low),
        ("high", own.high, floor.high),
        ("first place agrees", float(own.top_agrees), float(floor.top_agrees)),
    ]
    return [{"measure": n, "value": v, "random rater": f} for n, v, f in rows]


def fidelity_page(report: FidelityReport, more: Beyond, real: AgainstLog | None = None) -> str:
    """Headline figures, intervals and the split of variance."""
    head = list(report.rows()[0])
    rows = [[_cell(value) for value in row.values()] for row in report.rows()]
    names = ("genre_in", "genre_out", "high", "low", "collection_positive", "collection_negative")
    detail = [
        [f"{f.rater}, {f.wording}", *(_interval(getattr(f, name)) for name in names)]
        for f in (*report.figures, *report.floors)
    ]
    tables = [("Beyond the published tests", more.rows())]
    if more.sensitivity:
        tables.append(("Ways of asking", [asdict(row) for row in more.sensitivity]))
    if more.anchoring:
        anchored = [{"measure": k, "value": v} for k, v in more.anchoring.items()]
        tables.append(("How much follows the mean vote", anchored))
    if real is not None:
        title = f"Errors on {real.num_ratings} held-out ratings"
        tables.append((title, [asdict(row) for row in real.held_out]))
        tables.append(("Against the log", agreement_rows(real)))
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Fidelity</title>"
        f"<style>{_STYLE}</style><h1>Fidelity on {html.escape(report.domain)}</h1>"
        f"<p class=note>Scale {html.escape(report.scale)}. A figure counts only if the lower end "
        "of its interval exceeds every rater that knows nothing of the person: "
        f"{'it does' if report.beats_floors else 'it does not'}.</p>"
        + _table("Headline figures", head, rows)
        + _table("Success rates with 95 % intervals", ["rater", *names], detail)
        + "".join(
            _table(title, list(rows[0]), [[_cell(v) for v in r.values()] for r in rows])
            for title, rows in tables
        )
        + "</html>\n"
    )
