"""One self-contained page from one run directory."""

import os
import re
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from .citation import BIBTEX, citation
from .plot_style import themed
from .plots import FIGURES, draw
from .run import Run, read_run
from .summary import (
    Standing,
    compared,
    direction,
    duration,
    finite,
    gap_words,
    mean_of,
    number,
    outcome,
    percent,
    slow_words,
    standings,
    unseen,
    verdict,
    words,
)


def write_report(directory: Path | str) -> Path:
    """The path of `report.html`, written beside `figures/*.svg` into the run `directory`.

    Each file is complete or not there: it is written aside and then moved into place. Figures that
    an earlier report drew and this run no longer has are removed.

    **Raises:** `ValueError` with one sentence for a directory that is missing, foreign, corrupt or
    cannot be written to; nothing is written then.
    """
    run = read_run(directory)
    figures = draw(run)
    page = render(run, figures)
    try:
        folder = run.directory / "figures"
        folder.mkdir(exist_ok=True)
        for name in FIGURES:
            if name in figures:
                _replace(folder / f"{name}.svg", figures[name])
            else:
                (folder / f"{name}.svg").unlink(missing_ok=True)
        return _replace(run.directory / "report.html", page)
    except OSError as error:
        raise ValueError(
            f"expected a run directory that can be written to, got {str(run.directory)!r} "
            f"({error.strerror or error}); try a copy of it"
        ) from None


def render(run: Run, figures: Mapping[str, str]) -> str:
    """The page as text; `figures` maps names of `FIGURES` to SVG text.

    The same run and figures give the same text: there is no date on the page.
    """
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "number": html_number,
        "words": words,
        "percent": percent,
        "outcome": outcome,
    }
    source = files("incentax.report").joinpath("templates", "report.html.j2")
    template = environment.from_string(source.read_text(encoding="utf-8"))
    result = run.result or {}
    drawn = [(name, FIGURES[name], Markup(themed(svg))) for name, svg in figures.items()]
    return template.render(
        config=run.config,
        result=result,
        title=run.config["title"] or run.config["problem"],
        direction=direction(run.config["sense"]),
        value=_value(run),
        gap=gap_words(result) if result else "",
        verdict=verdict(run.result),
        ladder=_ladder(run),
        slow=slow_words(result) if result else "",
        facts=_facts(run),
        status=_status(run),
        figures=drawn,
        checks=result.get("certificate") or [],
        held_out=result.get("held_out"),
        unseen=unseen(result.get("held_out")),
        data=run.config["values"],
        tables=[
            ("Settings", [("seed", _seed(run)), *_shown(run.config["settings"])]),
            ("Versions", _shown(result.get("versions"))),
        ],
        citations=_citations(run),
    )


def html_number(x: float | None) -> Markup:
    """`x` as `number` writes it, with a real minus sign and power of ten.

    >>> html_number(-1.2e-5)
    Markup('−1.2&thinsp;×&thinsp;10<sup>−5</sup>')
    """
    text = str(escape(number(x))).replace("-", "−") if x is not None else "–"
    power = re.fullmatch(r"(.*\d)e\+?(−?)0*(\d+)", text)
    if power is None:
        return Markup(text)
    return Markup("{}&thinsp;×&thinsp;10<sup>{}{}</sup>").format(*power.groups())


def _value(run: Run) -> tuple[float | None, str]:
    """The value that the page leads with, and what it is."""
    if run.result is not None:
        return compared(run.result)["value"], mean_of(run.result)
    values = run.history.get("value")
    known = [] if values is None else [float(x) for x in values if finite(x)]
    if known:
        return known[-1], "last value seen during the design; not solved anew"
    return None, "no value was recorded"


def _ladder(run: Run) -> list[tuple[Standing, float, float]]:
    """Each standing with the start and the length of its bar, in per cent of the track."""
    rows = standings(run.result) if run.result else []
    low = min([0.0, *(row.value for row in rows)])
    high = max([0.0, *(row.value for row in rows)])
    span = (high - low) or 1.0
    return [
        (
            row,
            round(100 * (min(row.value, 0.0) - low) / span, 2),
            round(100 * abs(row.value) / span, 2),
        )
        for row in rows
    ]


def _facts(run: Run) -> list[tuple[str, Any]]:
    """What one asks next, as (name, text); what is unknown is left out."""
    # A run without a result still says what it was asked to do.
    result, known = run.result or {}, run.result or run.config
    rows = [
        ("rule", known["rule"], str),
        ("adjoint", known["adjoint"], str),
        ("steps", _steps(run), str),
        ("time", result.get("seconds"), duration),
        ("compilation", result.get("compile_seconds"), duration),
        ("seed", known["seed"], str),
        ("exploitability", result.get("exploitability"), html_number),
    ]
    return [(name, show(value)) for name, value, show in rows if value is not None]


def _steps(run: Run) -> str | None:
    done, asked = run.steps_done, run.config["steps"]
    if done is None or asked is None or done >= asked:
        return None if done is None else number(done)
    return f"{number(done)} of {number(asked)}"


def _seed(run: Run) -> str:
    seed = (run.result or run.config)["seed"]
    return "not recorded" if seed is None else str(seed)


def _status(run: Run) -> str:
    if run.result is None:
        return "Interrupted: no result was written. Resume the run to finish it."
    return run.result["status"] or "No status was recorded."


def _shown(table: Mapping[str, Any] | None) -> list[tuple[str, Any]]:
    rows = (table or {}).items()
    return [(words(str(key)), "–" if value is None else value) for key, value in rows]


def _citations(run: Run) -> str:
    keys = run.config["citations"] or []
    entries = citation(*known) if (known := [key for key in keys if key in BIBTEX]) else ""
    missing = "".join(f"\n\n% no entry for {key}" for key in keys if key not in BIBTEX)
    return (entries + missing).strip()


def _replace(path: Path, text: str) -> Path:
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        # mkstemp makes files private; a report is meant to be read as its run is.
        mode = path.parent.stat().st_mode & 0o666
        os.chmod(aside, mode)
        os.replace(aside, path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise
    return path
