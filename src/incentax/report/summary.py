"""What a result says, in words and rows; terminal tables and the page print these only."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard

Result = Mapping[str, Any]  # the record of result.json


@dataclass(frozen=True)
class Standing:
    """One mechanism beside the designed one.

    `change`: how far the design's value lies from this one, as a fraction of this one; `None` where
    that has no meaning. `better`: whether that is in the direction the planner wanted.
    """

    name: str
    value: float
    kind: Literal["design", "baseline", "cap"]
    change: float | None
    better: bool | None


@dataclass(frozen=True)
class Verdict:
    """Whether the checks of a run hold: `holds` is `None` where that is not known."""

    holds: bool | None
    word: str
    reason: str


def number(x: float | None) -> str:
    """`x` with four significant digits; below a tenth without trailing zeros.

    >>> [number(x) for x in (0.248, 0.001, 1.2e-5, 50_000, 0, None, float("nan"))]
    ['0.2480', '0.001', '1.2e-5', '50,000', '0', '-', 'not a number']
    """
    if x is None:
        return "-"
    if math.isnan(x):
        return "not a number"
    if math.isinf(x) or x == 0:
        return f"{x:.0f}"
    if isinstance(x, int) or abs(x) >= 1e4:
        return f"{x:,.0f}" if abs(x) < 1e15 else f"{x:.3e}"
    if abs(x) < 1e-3:
        mantissa, exponent = f"{x:.3e}".split("e")
        return f"{float(mantissa):g}e{int(exponent)}"
    return f"{x:.4g}" if abs(x) < 0.1 else f"{x:#.4g}".rstrip(".")


def percent(fraction: float | None) -> str:
    """`fraction` in per cent, finer where it is small.

    >>> percent(0.578), percent(0.0082), percent(-0.00012), percent(None)
    ('57.8 %', '0.82 %', '-0.012 %', '-')
    """
    if fraction is None:
        return "-"
    size = abs(100 * fraction)
    digits = 1 if size >= 1 or size == 0 else min(2 - math.floor(math.log10(size)) - 1, 4)
    return f"{100 * fraction:,.{0 if size >= 1000 else digits}f} %"


def duration(seconds: float | None) -> str:
    """`seconds` as a person says them.

    >>> duration(12.8), duration(754), duration(None)
    ('12.8 s', '12 min 34 s', '-')
    """
    if seconds is None or not math.isfinite(seconds):
        return "-"
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def words(name: str) -> str:
    """An identifier as a reader says it.

    >>> words("first_price")
    'first price'
    """
    return name.replace("_", " ").strip()


def label(text: str) -> str:
    """`text`, cut to what fits beside a line in a figure."""
    return text if len(text) <= 32 else text[:31] + "…"


def direction(sense: str) -> str:
    """The participle of `maximize` or `minimize`, for labels."""
    return {"maximize": "maximised", "minimize": "minimised"}[sense]


def finite(x: Any) -> TypeGuard[float]:
    """Whether `x` is a number that can be drawn and compared."""
    return x is not None and math.isfinite(x)


def compared(result: Result) -> Result:
    """`result` with the value, baselines and cap that can be compared with each other.

    Where games are drawn anew, those of a design, of its baselines and of its caps are different
    games: what can be compared is how all of them fare on the same held-out games.

    >>> games = {"value": 3.0, "baselines": {"none": 2.0}, "cap": 4.0}
    >>> compared({"value": 9.0, "baselines": {"none": 1.0}, "cap": None, "held_out": games})["cap"]
    4.0
    """
    held_out = result.get("held_out") or {}
    if not held_out.get("baselines"):
        return result
    return {**result, **{key: held_out.get(key) for key in ("value", "baselines", "cap")}}


def unseen(held_out: Mapping[str, Any] | None) -> str:
    """What was held out, in a word: `games` or `values`."""
    return "games" if (held_out or {}).get("settled") is not None else "values"


def mean_of(result: Result) -> str:
    """What `compared` takes its numbers from, as a phrase; empty where they are the result's own.

    >>> mean_of({"held_out": {"baselines": {"none": 2.0}, "count": 100, "settled": 97}})
    'mean of 100 held-out games'
    """
    held_out = result.get("held_out") or {}
    count = "" if held_out.get("count") is None else f"{number(held_out['count'])} "
    return f"mean of {count}held-out {unseen(held_out)}" if held_out.get("baselines") else ""


def gap(result: Result) -> float | None:
    """How far the value stays short of the proven cap, as a fraction of the cap.

    Positive while the cap holds, whichever way the planner pushes; `None` without a cap.

    >>> round(gap({"value": 0.248, "cap": 0.25, "sense": "maximize"}), 3)
    0.008
    """
    result = compared(result)
    value, cap = result.get("value"), result.get("cap")
    if not (finite(value) and finite(cap)) or not cap:
        return None
    short = cap - value if result["sense"] == "maximize" else value - cap
    return short / abs(cap)


def gap_words(result: Result) -> str:
    """The gap to the cap as a phrase; empty without a cap."""
    short = gap(result)
    if short is None:
        return ""
    side = {"maximize": ("below", "above"), "minimize": ("above", "below")}[result["sense"]]
    cap = number(compared(result)["cap"])
    phrase = f"{percent(abs(short))} {side[short < 0]} the proven cap {cap}"
    # Rounding may carry a value a hair over its cap; more than that means one of the two is wrong.
    return phrase + (", which cannot be: check the cap" if short < -1e-3 else "")


def standings(result: Result) -> list[Standing]:
    """The designed mechanism, baselines and cap, best first; what is unknown is left out."""
    result = compared(result)
    value, sign = result.get("value"), 1 if result["sense"] == "maximize" else -1
    rows: list[Standing] = []
    for name, other in (result.get("baselines") or {}).items():
        if finite(other):
            rows.append(_against(words(name), other, "baseline", value, sign))
    for name, other, kind in oracle_standings(result):
        rows.append(_against(name, other, kind, value, sign))
    if finite(result.get("cap")):
        rows.append(_against("proven cap", result["cap"], "cap", value, sign))
    if value is not None and finite(value):
        rows.append(Standing("this design", value, "design", None, None))
    # On equal values the cap leads and a baseline follows.
    order = {"cap": 0, "design": 1, "baseline": 2}
    return sorted(rows, key=lambda row: (-sign * row.value, order[row.kind]))


def oracle_standings(
    result: Result,
) -> list[tuple[str, float, Literal["baseline", "cap"]]]:
    """(name, value, kind) of the oracle numbers that bear on the objective and say something new.

    Oracles speak of revenue. A cap is left out where it is the tightest one, shown as such.

    >>> oracles = {"constant_price": 0.41, "first_best": 0.57, "myerson_cap": None}
    >>> oracle_standings({"objective": "revenue", "oracles": oracles, "cap": 0.44})
    [('best constant price', 0.41, 'baseline'), ('first best', 0.57, 'cap')]
    """
    oracles = result.get("oracles") or {}
    if result.get("objective") != "revenue":
        return []
    rows: list[tuple[str, float, Literal["baseline", "cap"]]] = []
    for key, (name, kind) in _ORACLES.items():
        other = oracles.get(key)
        if finite(other) and not (kind == "cap" and other == result.get("cap")):
            rows.append((name, other, kind))
    return rows


_ORACLES: dict[str, tuple[str, Literal["baseline", "cap"]]] = {
    "first_price": ("first price at clearing prices", "baseline"),
    "first_price_present": ("first price, nobody staying away", "baseline"),
    "constant_price": ("best constant price", "baseline"),
    "posted_price": ("best posted prices", "baseline"),
    "myerson_cap": ("Myerson's cap", "cap"),
    "weighted_cap": ("cap for weighted rounds", "cap"),
    "memoryless_cap": ("cap without memory", "cap"),
    "dynamic_cap": ("cap by dynamic virtual values", "cap"),
    "first_best": ("first best", "cap"),
}


def slow_words(result: Result) -> str:
    """A sentence on the oracle numbers that take too long to find beside a design; or nothing.

    >>> slow = {"problem": "a8", "objective": "revenue", "slow_oracles": ["posted_price"]}
    >>> print(slow_words(slow))
    Not computed here, as that takes longer: best posted prices.
    `incentax oracle a8`, with the same --set if any, computes it.
    """
    names = [_ORACLES[key][0] for key in result.get("slow_oracles") or [] if key in _ORACLES]
    if not names or result.get("objective") != "revenue":
        return ""
    return (
        f"Not computed here, as that takes longer: {', '.join(names)}.\n"
        f"`incentax oracle {result['problem']}`, with the same --set if any, computes "
        f"{'it' if len(names) == 1 else 'them'}."
    )


def oracle_rows(record: Result) -> list[tuple[str, str, str]]:
    """(name, value, prices) of an oracle record, all rows, `-` where one does not apply."""
    rows = []
    for key, (name, _) in _ORACLES.items():
        prices = record.get(f"{key}_prices" if key.startswith("first_price") else key + "s") or ()
        rows.append((name, number(record.get(key)), " ".join(f"{p:.3f}" for p in prices)))
    return rows


def _against(
    name: str, other: float, kind: Literal["baseline", "cap"], value: float | None, sign: int
) -> Standing:
    if value is None or not finite(value) or other == 0:
        return Standing(name, other, kind, None, None)
    return Standing(name, other, kind, (value - other) / abs(other), sign * (value - other) >= 0)


def outcome(check: Mapping[str, Any]) -> Literal["holds", "fails", "not known", "no bound"]:
    """What came of one row of a certificate, in a word.

    A row without a bound is there to be read beside the others: it can neither hold nor fail.
    """
    if check.get("holds") is None:
        return "no bound" if check.get("bound") is None else "not known"
    return "holds" if check["holds"] else "fails"


def verdict(result: Result | None) -> Verdict:
    """Whether the certificate of `result` holds, with the reason."""
    if result is None:
        return Verdict(None, "unfinished", "the run ended before its result was written")
    rows = [(words(row["name"]), outcome(row)) for row in result.get("certificate") or []]
    checks = [(name, came) for name, came in rows if came != "no bound"]
    if not checks:
        return Verdict(None, "not certified", "no check was made")
    failed = [name for name, came in checks if came == "fails"]
    unknown = [name for name, came in checks if came == "not known"]
    total = f"{len(checks)} check{'s' if len(checks) > 1 else ''}"
    if failed:
        verb = "fails" if len(failed) == 1 else "fail"
        reason = f"{len(failed)} of {total} {verb}: {', '.join(failed)}"
        return Verdict(False, "not certified", reason)
    if unknown:
        return Verdict(None, "partly certified", f"not known for {', '.join(unknown)}")
    verb = "holds" if len(checks) == 1 else "hold"
    return Verdict(True, "certified", f"{len(checks)} of {total} {verb}")
