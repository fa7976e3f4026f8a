"""What single designs, deviators and open questions say, claim by claim."""

import numpy as np
import polars as pl

from ..page import Claim, reason
from .theory import fitted_slope

# A bidder whose value is further below the equilibrium's than this share of it has not learned.
LEARNED = 0.02


def bidding_claims(frame: pl.DataFrame) -> list[Claim]:
    """Designed payments do not fall with the bid and never exceed it; supply is held back."""
    claims = []
    after = frame.filter(pl.col("stage") == "after").sort("problem", "seed", "round", "grid")
    for (problem,), rows in after.group_by(["problem"], maintain_order=True):
        falls = rows.select(
            pl.col("payment").diff().over("seed", "round").min().alias("least")
        ).item()
        over = float((rows["payment"] - rows["grid"]).cast(pl.Float64).to_numpy().max())
        rising, below = falls >= -1e-9, over <= 1e-9
        offered = rows.filter(pl.col("grid") == 0).group_by("seed").agg(pl.col("supply").sum())
        claims.append(
            Claim(
                f"{problem}: payments rise with the bid and stay below it",
                f"least rise {falls:.1e}, largest excess {over:.1e}; supply offered "
                f"{offered['supply'].mean():.3f} in all",
                rising and below,
                reason(
                    rising and below,
                    "a bid somewhere is charged more than it says"
                    if rising
                    else "a higher bid somewhere pays less",
                ),
            )
        )
    return claims


def iterates_claims(frame: pl.DataFrame) -> list[Claim]:
    """Exploitability of the iterates falls towards zero at designed mechanisms."""
    claims = []
    for (problem,), rows in frame.group_by(["problem"], maintain_order=True):
        first = rows.filter(pl.col("step") == rows["step"].min())["exploitability"].to_numpy()
        last = rows.filter(pl.col("step") == rows["step"].max())["exploitability"].to_numpy()
        fallen, small = last < 0.1 * first, last.mean() < 1e-2
        agrees = bool(np.all(fallen) and small)
        claims.append(
            Claim(
                f"{problem}: exploitability of the iterates falls towards 0",
                f"{first.mean():.1e} at the first, {last.mean():.1e} at the last of "
                f"{rows['step'].max()}, seeds: {last.size}",
                agrees,
                reason(
                    agrees,
                    f"it fell to a tenth in {int(fallen.sum())} of {last.size} seeds, and the "
                    f"last mean is {'below' if small else 'not below'} 0.01",
                ),
            )
        )
    return claims


def beach_claims(frame: pl.DataFrame) -> list[Claim]:
    """Prices flatten the crowd, more so under a higher cap, at exploitability below 0.02."""
    claims, spreads = [], {}
    for (problem,), rows in frame.group_by(["problem"], maintain_order=True):
        stages = {stage: rows.filter(pl.col("stage") == stage) for stage in ("free", "priced")}
        most = {stage: float(of["crowd"].to_numpy().max()) for stage, of in stages.items()}
        spreads[problem] = float(stages["priced"]["crowd"].to_numpy().std())
        free = float(stages["free"]["crowd"].to_numpy().std())
        worst = float(rows["worst_exploitability"].to_numpy().max())
        claims += [
            Claim(
                f"{problem}: the designed crowd is flatter",
                f"largest crowd {most['free']:.3f} free, {most['priced']:.3f} priced; standard "
                f"deviation {free:.4f} and {spreads[problem]:.4f}",
                spreads[problem] < free,
                reason(spreads[problem] < free, "prices have not spread the crowd"),
            ),
            Claim(
                f"{problem}: exploitability stays below 0.02 in training",
                f"at most {worst:.4f}",
                worst < 0.02,
                reason(worst < 0.02, "agents have not settled at some step of the design"),
            ),
        ]
    if {"beach-bar", "beach-bar-high"} <= set(spreads):
        low, high = spreads["beach-bar"], spreads["beach-bar-high"]
        claims.append(
            Claim(
                "a higher cap on prices flattens further",
                f"standard deviation {low:.4f} under the lower cap, {high:.4f} under the higher",
                high < low,
                reason(high < low, "what the higher cap allows was not found, or not needed"),
            )
        )
    return claims


def ppo_claims(frame: pl.DataFrame) -> list[Claim]:
    """A bidder who learns does not beat the best response, which says something if she has learned.

    Both are played out on the same draws, and compared by episode.
    """
    groups = frame.group_by(["mechanism"], maintain_order=True)
    return [_learned(str(mechanism), rows) for (mechanism,), rows in groups]


def _learned(mechanism: str, frame: pl.DataFrame) -> Claim:
    rows = {row["bidder"]: row for row in frame.iter_rows(named=True)}
    ppo, best, even = rows["ppo"], rows["best response"], rows["equilibrium"]
    told = (
        f"PPO {ppo['value']:.5f} (standard error {ppo['error']:.5f}, {ppo['episodes']} episodes, "
        f"one seed), best response {best['value']:.5f}, equilibrium {even['value']:.5f}; with "
        f"exact odds {best['exact']:.5f} and {even['exact']:.5f}"
    )
    left = ppo["below_equilibrium"] / even["value"]
    told += (
        f". By episode PPO is {ppo['below_best']:+.5f} below the best response (standard error "
        f"{ppo['below_best_error']:.5f}) and {ppo['below_equilibrium']:+.5f}, {left:+.1%}, "
        f"below the equilibrium ({ppo['below_equilibrium_error']:.5f})"
    )
    agrees = -ppo["below_best"] <= ppo["below_best_error"]
    if agrees and left > LEARNED:
        agrees = None
    return Claim(
        f"{mechanism}: PPO ({ppo['env_steps']} steps, N = {ppo['agents']}) does not beat the best "
        f"response by more than a standard error, having come within {LEARNED:.0%} of the "
        "equilibrium",
        told,
        agrees,
        reason(
            agrees,
            f"above it by {-ppo['below_best'] / ppo['below_best_error']:.1f} standard errors: the "
            "best response is fitted to a sample, and does not see the goods left",
            f"it has not learned: more than {LEARNED:.0%} below the equilibrium, it beats nobody",
        ),
    )


def cold_claims(frame: pl.DataFrame) -> list[Claim]:
    """An open question: has the derivative a limit at temperature zero in monotone games."""
    claims = []
    for (horizon,), rows in frame.group_by(["horizon"], maintain_order=True):
        told = "; ".join(
            f"{row['temperature']:g}: norm {row['norm']:.3g}"
            + ("" if row["change"] is None else f", changed by {row['change']:.0%}")
            for row in rows.iter_rows(named=True)
        )
        worst = float(rows["residual"].to_numpy().max())
        claims.append(
            Claim(
                f"H = {horizon}: is there a derivative at temperature 0? (open in the paper)",
                f"{told}; largest residual {worst:.0e}",
                None,
                "nothing is proved, and derivatives at some temperatures show no limit",
            )
        )
    return claims


def pure_claims(frame: pl.DataFrame) -> list[Claim]:
    """An open question: what is left of pure equilibria with zero dominance, and at which rate."""
    numbers, last = frame["agents"].to_numpy().astype(float), frame.row(-1, named=True)
    title = "a pure equilibrium with zero dominance (open in the paper)"
    told = (
        f"{_rate(numbers, frame['exploitability'].to_numpy())}, a mean over values of "
        f"{last['exploitability']:.4f} at N = {last['agents']}; most, "
        f"{last['largest_gain']:.4f}, gains the value {last['eager']:g} by bidding "
        f"{last['eager_bid']:g}. In the mean field it is "
        f"{last['exploitability_mean_field']:.0e}, and the margin of no zero dominance "
        f"{last['margin']:.0e}"
    )
    single = "one example, of which the paper has no theorem"
    fall = f"{_rate(numbers, frame['gap'].to_numpy())}, {last['gap']:.1e} at N = {last['agents']}"
    return [
        Claim(f"exploitability among N of {title}", told, None, single),
        Claim(f"revenue among N of {title}: distance from the mean field", fall, None, single),
    ]


def _rate(numbers: np.ndarray, sizes: np.ndarray) -> str:
    fit = fitted_slope(numbers, sizes)
    return f"slope {fit.slope:.3f} [{fit.low:.3f}, {fit.high:.3f}]"
