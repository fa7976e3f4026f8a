"""What the paper says, what was measured, and whether the two agree, claim by claim."""

import numpy as np
import polars as pl

from ..page import Claim
from .theory import fitted_slope

# Exact predictions of the case studies, and how far a fitted slope may lie from them.
SLOPES = {
    "posted price at the kink": -0.5,
    "reserve at the kink": -0.5,
    "mean-field bids": -1.0,
    "first price": -1.0,
    "exploitability": -0.5,
}
SLOPE_TOLERANCE = 0.1


def theorem1_claims(frame: pl.DataFrame) -> list[Claim]:
    """Lipschitz games: exploitability and objective error fall at least like 1 / sqrt(N)."""
    numbers = frame["agents"].to_numpy().astype(float)
    claims = []
    predicted = {"exploitability": -2.0, "smooth": -1.0, "kinked": -0.5}
    for column, slope in predicted.items():
        fit = fitted_slope(numbers, frame[column].to_numpy())
        claims.append(
            Claim(
                f"{column}: at least as fast as N^-1/2",
                f"slope {fit.slope:.3f} [{fit.low:.3f}, {fit.high:.3f}], predicted {slope:g}",
                abs(fit.slope - slope) <= SLOPE_TOLERANCE and fit.slope <= -0.5 + SLOPE_TOLERANCE,
            )
        )
    for column in ("smooth", "kinked"):
        wrong = (frame[f"{column}_sampled"] - frame[column]) / frame[f"{column}_error"]
        worst = float(np.abs(wrong.to_numpy()).max())
        claims.append(
            Claim(
                f"{column}: closed form against sampled games",
                f"largest deviation {worst:.1f} standard errors",
                worst < 4,
            )
        )
    return claims


def theorem2_claims(frame: pl.DataFrame) -> list[Claim]:
    """Auctions: 1 / sqrt(N) is attained at kinks and by exploitability, 1 / N elsewhere."""
    claims = []
    for case, slope in SLOPES.items():
        rows = frame.filter(pl.col("case") == case).sort("agents")
        fit = fitted_slope(rows["agents"].to_numpy().astype(float), rows["gap"].to_numpy())
        claims.append(
            Claim(
                f"{case}: at least as fast as N^-1/2",
                f"slope {fit.slope:.3f} [{fit.low:.3f}, {fit.high:.3f}], predicted {slope:g}",
                abs(fit.slope - slope) <= SLOPE_TOLERANCE,
            )
        )
    return claims


def finite_claims(frame: pl.DataFrame) -> list[Claim]:
    """Learned auctions are worth among N bidders what the mean field says."""
    claims = []
    for (problem, mechanism), rows in frame.group_by(["problem", "mechanism"], maintain_order=True):
        gaps = "; ".join(
            f"N={row['agents']}: {row['difference']:+.2e} "
            f"[{row['difference_low']:+.2e}, {row['difference_high']:+.2e}]"
            for row in rows.iter_rows(named=True)
        )
        ordered = rows.sort("agents")["difference"].abs().to_list()
        claims.append(
            Claim(
                f"{problem}, {mechanism}: N-player value close to mean field from N = 100 on",
                gaps,
                ordered[-1] < ordered[0] and ordered[0] < 0.05,
            )
        )
    return claims


def entropy_claims(frame: pl.DataFrame) -> list[Claim]:
    """A low temperature costs little: exploitability falls with it."""
    claims = []
    for (mirror,), rows in frame.group_by(["mirror"], maintain_order=True):
        ordered = rows.sort("temperature")
        gains = ordered["exploitability"].to_list()
        told = ", ".join(
            f"{t:g}: {g:.1e} (revenue {r:.4f}, residual {e:.0e})"
            for t, g, r, e in ordered.select(
                "temperature", "exploitability", "revenue", "residual"
            ).iter_rows()
        )
        claims.append(
            Claim(
                f"{mirror}: exploitability vanishes with the temperature",
                told,
                gains[0] < gains[-1],
            )
        )
    return claims


def settings_claims(frame: pl.DataFrame) -> list[Claim]:
    """Designs end above first price and every zeroth-order rival, and under proved caps."""
    claims = []
    runs = frame.unique(["problem", "rival", "seed"], keep="first", maintain_order=True)
    for (problem,), rows in runs.group_by(["problem"], maintain_order=True):
        sign = 1 if rows["sense"][0] == "maximize" else -1
        ours = rows.filter(pl.col("rival") == "hypergradient").sort("seed")
        value, base = ours["value"].to_numpy(), ours["baseline"].to_numpy()
        spread = f" sd {value.std(ddof=1):.4f}" if value.size > 1 else ""
        claims.append(
            Claim(
                f"{problem}: design beats its baseline",
                f"{value.mean():.4f}{spread} against {base.mean():.4f}",
                bool(np.all(sign * (value - base) > 0)),
            )
        )
        cap = ours["cap"][0]
        if cap is not None:
            over = float((sign * (value - cap)).max())
            claims.append(
                Claim(
                    f"{problem}: a proved cap (not in the paper)",
                    f"cap {cap:.4f}, largest excess {over:+.4f}",
                    over <= 1e-2,
                )
            )
        for (rival,), others in rows.group_by(["rival"], maintain_order=True):
            if rival == "hypergradient":
                continue
            theirs = others.sort("seed")["value"].to_numpy()
            won = int(np.sum(sign * (value - theirs) > 0))
            claims.append(
                Claim(
                    f"{problem}: design beats {rival} (as many exchanges, at least)",
                    f"{value.mean():.4f} against {theirs.mean():.4f}, {won} of {value.size} seeds",
                    won == value.size,
                )
            )
    return claims


def cost_claims(frame: pl.DataFrame) -> list[Claim]:
    """Checkpoints need far less memory than plain backpropagation."""
    claims = []
    for (horizon,), rows in frame.group_by(["horizon"], maintain_order=True):
        told = "; ".join(
            f"{row['adjoint']}: "
            + ("-" if row["seconds"] is None else f"{row['seconds']:.3f} s")
            + f", {(row['temporary_bytes'] or 0) / 2**20:.0f} MiB"
            for row in rows.iter_rows(named=True)
        )
        sizes = dict(rows.select("adjoint", "temporary_bytes").iter_rows())
        known = sizes.get("backprop") and sizes.get("checkpointed")
        agrees = sizes["checkpointed"] < sizes["backprop"] if known else None
        claims.append(
            Claim(f"H = {horizon}: checkpoints save memory ({rows['device'][0]})", told, agrees)
        )
    return claims
