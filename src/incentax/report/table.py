"""Results, problems and comparisons as tables of a terminal.

Words carry the meaning and colours only repeat it: a pipe, a log or a colour-blind reader loses
nothing. Texts from users enter as `rich.text.Text`, never as markup.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

from rich import box
from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from .comparison import Comparison
from .summary import (
    Result,
    compared,
    direction,
    duration,
    finite,
    gap_words,
    mean_of,
    number,
    oracle_rows,
    outcome,
    percent,
    slow_words,
    standings,
    unseen,
    verdict,
    words,
)

Rows = list[tuple[str, ...]]
_OUTCOMES = {
    "holds": ("holds", "green"),
    "fails": ("FAILS", "bold red"),
    "not known": ("not known", "yellow"),
    "no bound": ("-", "dim"),
}
_VERDICTS = {True: "green", False: "bold red", None: "yellow"}


@runtime_checkable
class Listed(Protocol):
    """What the list of problems says of one."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def summary(self) -> str: ...  # noqa: D102
    @property
    def source(self) -> str: ...  # noqa: D102


def standing_rows(result: Result) -> Rows:
    """(mechanism, value, the design against it) of the design, its baselines and its cap.

    >>> result = {"sense": "maximize", "value": 3.0, "baselines": {"none": 2.0}, "cap": None}
    >>> standing_rows(result)
    [('this design', '3.000', ''), ('none', '2.000', '+50.0 %')]
    """
    return [
        (
            row.name,
            number(row.value),
            "" if row.change is None else ("+" if row.change > 0 else "") + percent(row.change),
        )
        for row in standings(result)
    ]


def certificate_rows(result: Result) -> Rows:
    """(check, outcome, value, bound, meaning) of each check; the outcome is a word."""
    return [
        (
            words(check["name"]),
            _OUTCOMES[outcome(check)][0],
            number(check.get("value")),
            number(check.get("bound")),
            check.get("meaning") or "",
        )
        for check in result.get("certificate") or []
    ]


def fact_rows(result: Result) -> Rows:
    """(name, text) of how the result was made; what is unknown is left out."""
    rows = [
        ("rule", result.get("rule")),
        ("adjoint", result.get("adjoint")),
        ("steps", _known(result.get("steps"), number)),
        ("time", _known(result.get("seconds"), duration)),
        ("compilation", _known(result.get("compile_seconds"), duration)),
        ("seed", _known(result.get("seed"), str)),
        ("exploitability", _known(result.get("exploitability"), number)),
    ]
    return [(name, text) for name, text in rows if text is not None]


def problem_rows(problems: Iterable[Listed]) -> Rows:
    """(name, summary, source) of each problem, in the order given."""
    return [(problem.name, problem.summary, problem.source) for problem in problems]


def comparison_rows(comparisons: Sequence[Comparison]) -> Rows:
    """(run, problem, rule and adjoint, value, gap to cap, exploitability, time, verdict)."""
    return [
        (
            row.name,
            row.problem,
            " ".join(part for part in (row.rule, row.adjoint) if part) or "-",
            f"{number(row.value)}{' *' if row.best else ''}",
            percent(row.gap),
            number(row.exploitability),
            duration(row.seconds),
            row.verdict,
        )
        for row in comparisons
    ]


def result_panel(result: Result, title: str | None = None) -> Panel:
    """The answer of one run: value, baselines and cap, certificate, status; `result` as in JSON.

    `title`: what was designed; the problem's name without it.
    """
    over = f", {mean}" if (mean := mean_of(result)) else ""
    headline = Text.assemble(
        f"{words(result['objective'])} ({direction(result['sense'])}){over}  ",
        (number(compared(result).get("value")), "bold"),
    )
    if phrase := gap_words(result):
        headline.append(f"  {phrase}")
    ladder = _table(("mechanism", words(result["objective"]), "design against it"), right=(1, 2))
    for row in standing_rows(result):
        ladder.add_row(*map(Text, row), style="bold" if row[0] == "this design" else "")
    parts: list[Table | Text] = [headline, Text(), ladder]
    if slow := slow_words(result):
        parts.append(Text(slow, style="dim"))
    if result.get("certificate"):
        checks = _table(("check", "outcome", "value", "bound", "meaning"), right=(2, 3))
        for row, check in zip(certificate_rows(result), result["certificate"], strict=True):
            came = Text(row[1], style=_OUTCOMES[outcome(check)][1])
            checks.add_row(Text(row[0]), came, *map(Text, row[2:]))
        parts += [Text(), checks]
    if held_out := result.get("held_out"):
        parts += [Text(), _held_out_table(held_out)]
    facts = "  ".join(f"{name} {text}" for name, text in fact_rows(result))
    judged = verdict(result)
    style = _VERDICTS[judged.holds]
    parts += [
        Text(),
        Text(facts, style="dim"),
        Text(f"{judged.word}: {judged.reason}", style=style),
    ]
    if result.get("status"):
        parts.append(Text(result["status"]))
    heading = Text(title or result["problem"], style="bold")
    return Panel(Group(*parts), title=heading, title_align="left", padding=(1, 2))


def problem_table(problems: Iterable[Listed]) -> Table:
    """The list of problems."""
    table = _table(("name", "what is designed", "source"))
    for name, summary, source in problem_rows(problems):
        table.add_row(Text(name, style="bold"), Text(summary), Text(source, style="dim"))
    return table


def oracle_table(record: Result, title: str) -> Table:
    """What is provably possible in one auction; `record` as `incentax oracle --json` prints it."""
    table = _table(("oracle", "revenue", "prices by round"), right=(1,))
    for name, value, prices in oracle_rows(record):
        table.add_row(Text(name), value, Text(prices))
    table.title = Text(title, style="bold")
    table.title_justify = "left"
    table.caption = (
        f"proven cap on {record['objective']}: {number(record['cap'])}\n"
        "clearing prices are those of bidders who may stay away"
    )
    table.caption_justify = "left"
    return table


def simulation_table(record: Result) -> Table:
    """A mechanism among finitely many bidders; `record` as `incentax simulate --json` prints it."""
    table = _table(("", words(record["objective"]), "95 % interval"), right=(1, 2))
    several = record["games"] > 1
    for name, key in (
        (f"among {record['agents']:,} bidders", "value"),
        ("minus mean field", "difference"),
        ("best response gains" + (", first game" if several else ""), "exploitability"),
    ):
        low = "low" if key == "value" else f"{key}_low"
        high = "high" if key == "value" else f"{key}_high"
        interval = f"{number(record[low])} to {number(record[high])}"
        table.add_row(Text(name), number(record[key]), interval)
    table.add_row(Text("mean field"), number(record["mean_field"]), "")
    table.caption = (
        f"{record['trials']:,} auctions, {duration(record['seconds_per_trial'])} each, "
        f"{duration(record['seconds'])} in all"
    )
    if record["settled"] < record["games"]:
        table.caption += (
            f"\nmean-field bidders settled in {record['settled']} of {record['games']} games: "
            "elsewhere the policy is no equilibrium"
        )
    table.caption = "\n".join([table.caption, *record["warnings"]])
    table.caption_justify = "left"
    return table


def comparison_table(comparisons: Sequence[Comparison]) -> Table:
    """Several runs side by side; a star marks the best value of each problem and objective."""
    heads = ("run", "problem", "method", "value", "gap to\ncap", "exploit-\nability", "time")
    table = _table((*heads, "checks"), right=(3, 4, 5, 6))
    for row, comparison in zip(comparison_rows(comparisons), comparisons, strict=True):
        table.add_row(*map(Text, row), style="bold" if comparison.best else "")
    if any(row.best for row in comparisons):
        table.caption = "* best value of its problem and objective"
        table.caption_justify = "left"
    return table


def _held_out_table(record: Result) -> Table:
    count = record.get("count")
    title = f"on {'' if count is None else number(count) + ' '}held-out {unseen(record)}"
    level = record.get("confidence")
    interval = f"{100 * level:g} % interval" if finite(level) else "interval"
    table = _table((title, "revenue", interval), right=(1, 2))
    for row in record["rows"]:
        low, high = number(row.get("low")), number(row.get("high"))
        table.add_row(
            Text(words(row["mechanism"])), number(row["revenue"]), Text(f"{low} to {high}")
        )
    if record.get("settled") is not None:
        table.caption = f"agents settled in {number(record['settled'])} of them"
        table.caption_justify = "left"
    return table


def _table(heads: Sequence[str], right: Sequence[int] = ()) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, collapse_padding=True)
    for position, head in enumerate(heads):
        table.add_column(
            Text(head),
            justify="right" if position in right else "left",
            # A narrow terminal breaks long names; it never hides them, nor breaks numbers.
            overflow="fold",
            no_wrap=position in right,
        )
    return table


def _known(value, show):
    return None if value is None else show(value)
