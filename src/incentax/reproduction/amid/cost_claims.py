"""What a gradient costs, beside the published figures, and what that says of the adjoints."""

import math
from typing import Any

import polars as pl

from ..page import Claim, reason

# Seconds and MiB of one gradient by horizon and adjoint, on one H100: arXiv 2510.21442, table 2,
# "naive backpropagation" and "AMID"; naive backpropagation ran out of memory at H = 50.
PUBLISHED = {
    (5, "backprop"): (0.19, 2760),
    (10, "backprop"): (0.25, 8746),
    (25, "backprop"): (0.71, 16960),
    (5, "checkpointed"): (0.09, 560),
    (10, "checkpointed"): (0.21, 586),
    (25, "checkpointed"): (0.67, 826),
    (50, "checkpointed"): (1.72, 1076),
}
_LOST = "a program did not fit into memory: there is nothing to compare"
# The share of agents who would still move above which a crowd is in no equilibrium.
SETTLED = 1e-3


def cost_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """The table of the page: ours on the device at hand, and as published on one H100."""
    rows = []
    for row in frame.iter_rows(named=True):
        seconds, mebibytes = PUBLISHED.get((row["horizon"], row["adjoint"]), (None, None))
        size = row["temporary_bytes"]
        rows.append(
            {
                "H": row["horizon"],
                "adjoint": row["adjoint"],
                "device": row["device"],
                "solver steps": row["steps_made"],
                "residual": row["residual"],
                "seconds": row["seconds"],
                "MiB": None if size is None else size / 2**20,
                "published seconds (H100)": seconds,
                "published MiB (H100)": mebibytes,
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def cost_claims(frame: pl.DataFrame) -> list[Claim]:
    """Checkpoints and implicit derivatives need a fraction of plain backpropagation."""
    claims = []
    for (horizon,), rows in frame.group_by(["horizon"], maintain_order=True):
        by = {str(row["adjoint"]): row for row in rows.iter_rows(named=True)}
        where = f"H = {horizon} ({rows['device'][0]})"
        plain, checkpointed = by["backprop"], by["checkpointed"]
        claims += [_memory(where, plain, checkpointed), _time(where, plain, checkpointed)]
        claims += [_implicit(where, n, by[n], checkpointed) for n in ("implicit", "settled")]
    return claims


def _memory(where: str, plain: dict[str, Any], checkpointed: dict[str, Any]) -> Claim:
    """Of T steps about sqrt(T) states are kept, and as many steps between two of them."""
    steps, whole = plain["solver_steps"], plain["temporary_bytes"]
    kept = checkpointed["temporary_bytes"]
    share, told, agrees = "2 / sqrt(T)", f"{_mebibytes(kept)} against {_mebibytes(whole)}", None
    if steps and whole and kept:
        most = 2 / math.sqrt(steps)
        share, told = f"{share} = {most:.0%}", f"{told}, {kept / whole:.1%}"
        agrees = kept <= most * whole
    return Claim(
        f"{where}: checkpoints need at most {share} of backpropagation's bytes",
        told,
        agrees,
        reason(agrees, "what a step needs by itself comes on top of what is kept", _LOST),
    )


def _time(where: str, plain: dict[str, Any], checkpointed: dict[str, Any]) -> Claim:
    ours, theirs = checkpointed["seconds"], plain["seconds"]
    agrees = ours <= theirs if ours and theirs else None
    return Claim(
        f"{where}: checkpoints are no slower than backpropagation",
        f"{_seconds(ours)} against {_seconds(theirs)}",
        agrees,
        reason(agrees, "states that were not kept are computed again", _LOST),
    )


def _implicit(where: str, name: str, row: dict[str, Any], checkpointed: dict[str, Any]) -> Claim:
    """Where agents would still move there is no equilibrium to differentiate: that stays open.

    Settling takes as many steps as it takes: seconds are compared by step.
    """
    solve = "after the published steps" if name == "implicit" else "once agents have settled"
    size, most = row["temporary_bytes"], checkpointed["temporary_bytes"]
    pace, slowest = _pace(row), _pace(checkpointed)
    told = f"{_mebibytes(size)} against {_mebibytes(most)}; {_milliseconds(pace)} a step against "
    told += _milliseconds(slowest)
    residual, agrees, unknown = row["residual"], None, _LOST
    if residual is not None:
        told += f"; {residual:.1e} of agents would still move"
        if residual > SETTLED:
            unknown = "agents have not settled: there is no equilibrium to differentiate"
        elif size and most and pace and slowest:
            agrees = size <= most and pace <= slowest
    return Claim(
        f"{where}: the implicit derivative {solve} needs no more bytes, nor seconds for each step "
        "of the solve, than checkpoints",
        told,
        agrees,
        reason(agrees, "its linear solve is part of the bytes and of the seconds", unknown),
    )


def _pace(row: dict[str, Any]) -> float | None:
    """Seconds of a gradient for each step of its solve."""
    seconds, steps = row["seconds"], row["steps_made"]
    return seconds / steps if seconds and steps else None


def _milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{1e3 * seconds:.2f} ms"


def _seconds(number: float | None) -> str:
    return "-" if number is None else f"{number:.3f} s"


def _mebibytes(size: int | None) -> str:
    return "-" if size is None else f"{size / 2**20:.1f} MiB"
