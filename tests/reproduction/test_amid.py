"""The reproduction writes what it says, goes on where it was, and judges by the files alone."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import polars as pl
import pytest
from jax.flatten_util import ravel_pytree

import incentax as ix
from incentax.cli.main import run
from incentax.reproduction import AMID, files, reproduce
from incentax.reproduction.amid import rate_cells
from incentax.reproduction.amid.cells import FULL, QUICK
from incentax.reproduction.amid.claims import contest_claims, training_claims
from incentax.reproduction.amid.clearing_claims import clearing_claims
from incentax.reproduction.amid.cost import gradient_cost
from incentax.reproduction.amid.cost_claims import cost_claims, cost_rows
from incentax.reproduction.amid.entropy_claims import entropy_claims
from incentax.reproduction.amid.fair import fair_claims
from incentax.reproduction.amid.findings import (
    beach_claims,
    bidding_claims,
    cold_claims,
    iterates_claims,
    ppo_claims,
    pure_claims,
)
from incentax.reproduction.amid.rates import SLOPES
from incentax.reproduction.frame import chosen
from incentax.reproduction.page import svg

from .test_finite import finite_table


def test_rates_agree_and_every_number_has_a_file(tmp_path, capsys):
    folder = tmp_path / "amid"
    assert (
        run(
            ["reproduce", "amid", "--quick", "--only", "theorem1", "--only", "theorem2"]
            + ["--out", str(folder)]
        )
        == 0
    )
    capsys.readouterr()
    page = (folder / "index.html").read_text()
    assert "does not agree" not in page and page.count(">agrees<") == 17
    for name in ("theorem1", "theorem2"):
        assert (folder / f"{name}.svg").read_text().lstrip().startswith("<?xml")
        assert f"{name}.parquet" in page
    assert "settings.parquet" not in page


@pytest.fixture
def unheld(monkeypatch):
    """Theorem 2 by exact sums; of what is held, only that it takes no time."""
    row = {"held_exact": 0.1, "held": 0.1, "held_error": 1e-4}
    monkeypatch.setattr(rate_cells, "held", lambda *asked: dict.fromkeys(SLOPES, row))


@pytest.mark.usefixtures("unheld")
def test_a_cell_that_is_there_is_not_made_again(tmp_path):
    said = []
    reproduce(AMID, tmp_path, only=["theorem2"], quick=True, say=said.append)
    assert len(said) == 1
    file = tmp_path / "cells" / "theorem2.parquet"
    kept = files.read(file, "")
    spoilt = kept.table.with_columns(pl.col("gap") * pl.col("agents"))
    files.keep(file, spoilt, kept.makers, asked=kept.asked, after=kept.after)
    reproduce(AMID, tmp_path, only=["theorem2"], quick=True, say=said.append)
    assert len(said) == 1
    # The page is computed from the file: a spoilt file is a claim that fails.
    page = (tmp_path / "index.html").read_text()
    assert "does not agree" in page and "1.00 from the one predicted</td></tr>" in page


@pytest.mark.usefixtures("unheld")
def test_budgets_do_not_mix(tmp_path):
    reproduce(AMID, tmp_path, only=["theorem2"], quick=True, say=print)
    with pytest.raises(ValueError, match="expected a folder of the full budget"):
        reproduce(AMID, tmp_path, only=["theorem2"], say=print)


def test_words_choose_parts():
    assert chosen(AMID, []) == list(AMID.parts)
    assert chosen(AMID, ["rates"]) == ["theorem1", "theorem2", "finite"]
    assert chosen(AMID, ["table2"]) == ["cost"]
    figures = [chosen(AMID, [f"fig{k}"]) for k in range(1, 10)] + [
        chosen(AMID, ["table2"]),
        chosen(AMID, ["table4"]),
    ]
    assert all(len(parts) == 1 for parts in figures)
    assert len({parts[0] for parts in figures}) == len(figures)
    with pytest.raises(ValueError, match="expected --only among"):
        chosen(AMID, ["fig99"])


@pytest.mark.parametrize("budget", [FULL, QUICK], ids=["full", "quick"])
def test_cells_have_names_of_their_own(budget):
    for title, part in AMID.parts.items():
        names = [cell.name for cell in part.cells(budget)]
        assert len(names) == len(set(names))
        # With little time rivals keep the rates that are best on A1.
        assert names or (title, budget) == ("tuning", QUICK)
        # A cell that needs another comes after it.
        for k, cell in enumerate(part.cells(budget)):
            listed = [other.name for other in cell.after if other.name in names]
            assert set(listed) <= set(names[:k])


SETTINGS = pl.DataFrame(
    [
        {
            "problem": "a1",
            "rival": rival,
            "seed": seed,
            "value": value + 1e-3 * seed * (rival == "hypergradient"),
            "baseline": 0.16,
            "cap": 0.25,
            "tolerance": 0.004,
            "constant_price": None,
            "no_zero_dominance": float("nan"),
            "exploitability": 5e-4,
            "exploitability_bound": 1e-3,
            "sense": "maximize",
            "seconds_in_all": 5.0,
            "seconds": 1.0 * step,
            "step": step,
            "training_value": value,
        }
        for rival, value in (("hypergradient", 0.24), ("0-adam", 0.2), ("anneal", 0.245))
        for seed in (0, 1)
        for step in (0, 5)
    ]
)
ENTROPY = pl.DataFrame(
    {
        "mirror": ["entropy"] * 2,
        "temperature": [1e-3, 1e-1],
        "exploitability": [1e-4, 1e-2],
        "revenue": [0.16, 0.15],
        "residual": [1e-8, 1e-9],
    }
)
COST = pl.DataFrame(
    {
        "horizon": [5] * 4,
        "adjoint": ["backprop", "checkpointed", "implicit", "settled"],
        "solver_steps": [400] * 4,
        "seconds": [1.0, 0.6, 0.2, 0.05],
        "temporary_bytes": [2**24, 2**20, 2**19, 2**19],
        "residual": [0.2, 0.2, 0.2, 1e-4],
        "steps_made": [400, 400, 400, 50],
        "device": ["cpu"] * 4,
    }
)
BIDDING = pl.DataFrame(
    [
        {
            "problem": "a1",
            "seed": 0,
            "stage": stage,
            "round": t,
            "grid": k / 4,
            "payment": k / 8,
            "bidders": 0.25,
            "mean_bid": k / 10,
            "supply": 0.2,
        }
        for stage in ("before", "after")
        for t in (0, 1)
        for k in range(4)
    ]
)
ITERATES = pl.DataFrame(
    {
        "problem": ["a1"] * 4,
        "seed": [0, 0, 1, 1],
        "step": [1, 1000, 1, 1000],
        "exploitability": [0.1, 1e-3, 0.2, 2e-3],
    }
)
PPO = pl.DataFrame(
    [
        {
            "mechanism": "designed",
            "bidder": bidder,
            "agents": 1000,
            "env_steps": 10**6,
            "episodes": 100,
            "value": value,
            "error": 1e-3,
            "exact": exact,
            "below_best": 0.11 - value,
            "below_best_error": 1e-3,
            "below_equilibrium": 0.1 - value,
            "below_equilibrium_error": 1e-3,
        }
        for bidder, value, exact in (
            ("equilibrium", 0.1, 0.1),
            ("best response", 0.11, 0.11),
            ("ppo", 0.1105, None),
        )
    ]
)
BEACH = pl.DataFrame(
    [
        {
            "problem": "beach-bar",
            "stage": stage,
            "round": t,
            "spot": s,
            "crowd": 0.5 + (s - 0.5) * (0.8 if stage == "free" else 0.2),
            "price": 0.1 * s,
            "worst_exploitability": 0.01,
        }
        for stage in ("free", "priced")
        for t in (0, 1)
        for s in (0, 1)
    ]
)
COLD = pl.DataFrame(
    {
        "horizon": [2, 2],
        "temperature": [0.1, 0.01],
        "norm": [1.0, 1.1],
        "change": [None, 0.1],
        "residual": [1e-9, 1e-9],
    }
)
PURE = pl.DataFrame(
    {
        "agents": [10, 100, 1000],
        "exploitability": [0.1] * 3,
        "largest_gain": [0.2] * 3,
        "eager": [0.5] * 3,
        "eager_bid": [0.01] * 3,
        "gap": [0.03, 0.01, 0.003],
        "margin": [0.0] * 3,
        "exploitability_mean_field": [0.0] * 3,
    }
)
CLEARING = pl.DataFrame(
    [
        {
            "problem": "a1",
            "num_bids": num_bids,
            "round": t,
            "price": 0.19,
            "price_low": 0.19,
            "price_high": 0.2,
            "sold": 0.4,
            "given": 0.0,
            "revenue": 0.152,
            "revenue_low": 0.158,
            "revenue_high": 0.16,
            "exploitability": 1e-4,
        }
        for num_bids in (100, 200)
        for t in (0, 1)
    ]
)
FAIR = pl.DataFrame(
    [
        {
            "problem": name,
            "baseline": 0.1,
            "tuned": 0.2,
            "tuned_by": "search",
            "reserves": [0.25, 0.5],
            "design": 0.3,
            "least_design": least,
            "seeds": 2,
            "cap": cap,
        }
        for name, least, cap in (("a1", 0.25, 0.35), ("a2", 0.19, None))
    ]
)


def test_findings_follow_the_numbers():
    agrees = lambda found: [claim.agrees for claim in found]  # noqa: E731
    assert agrees(bidding_claims(BIDDING)) == [True]
    assert agrees(bidding_claims(BIDDING.with_columns(payment=-pl.col("payment")))) == [False]
    assert agrees(iterates_claims(ITERATES)) == [True]
    stuck = ITERATES.with_columns(exploitability=pl.lit(0.1))
    assert agrees(iterates_claims(stuck)) == [False]
    assert agrees(beach_claims(BEACH)) == [True, True]
    crowded = BEACH.with_columns(worst_exploitability=pl.lit(0.03))
    assert agrees(beach_claims(crowded)) == [True, False]
    assert agrees(ppo_claims(PPO)) == [True]
    above = PPO.with_columns(below_best=pl.col("below_best") - 0.01)
    assert agrees(ppo_claims(above)) == [False]
    both = pl.concat([above.with_columns(mechanism=pl.lit("first price")), PPO])
    assert agrees(ppo_claims(both)) == [False, True]
    # Whoever has not learned shows nothing.
    behind = PPO.with_columns(below_best=pl.lit(0.0131), below_equilibrium=pl.lit(0.0031))
    (told,) = ppo_claims(behind)
    assert told.agrees is None and "has not learned" in told.why
    nearly = behind.with_columns(below_equilibrium=pl.lit(0.0019))
    assert agrees(ppo_claims(nearly)) == [True]
    assert agrees(fair_claims(FAIR)) == [True, False]
    assert agrees(clearing_claims(CLEARING)) == [True, True, False, None]
    low = CLEARING.with_columns(revenue=pl.lit(0.14))
    assert agrees(clearing_claims(low)) == [False, True, False, None]
    nearer = pl.when(pl.col("num_bids") == 200).then(0.155).otherwise(0.152)
    assert agrees(clearing_claims(CLEARING.with_columns(revenue=nearer)))[:3] == [True] * 3
    own = CLEARING.filter(pl.col("num_bids") == 100)
    assert agrees(clearing_claims(own)) == [True, True]
    (gain, gap) = pure_claims(PURE)
    assert "slope -0.5" in gap.measured and gain.measured.startswith("slope 0.000")
    assert agrees(cold_claims(COLD)) == [None]


def test_claims_follow_the_numbers():
    assert [claim.agrees for claim in training_claims(SETTINGS)] == [True]
    assert [c.agrees for c in training_claims(SETTINGS.with_columns(baseline=0.242))] == [False]
    told = {claim.stated: claim.agrees for claim in contest_claims(SETTINGS)}
    capped = "a1: at most a proved cap, and a tick on all goods sold (not in the paper)"
    assert told[capped] is True
    assert told["a1: design beats 0-adam in the same time"] is True
    assert told["a1: design beats anneal in the same time"] is False
    above = contest_claims(SETTINGS.with_columns(cap=pl.lit(0.2)))
    assert {c.stated: c.agrees for c in above}[capped] is False
    # A tick on all goods sold is the grid's.
    for cap, agrees in ((0.238, True), (0.236, False)):
        near = contest_claims(SETTINGS.with_columns(cap=pl.lit(cap)))
        assert {c.stated: c.agrees for c in near}[capped] is agrees
    # Two seeds that disagree widely show nothing; one seed has no interval.
    wide = SETTINGS.with_columns(
        value=pl.col("value")
        + pl.when(pl.col("rival") == "0-adam").then(0.1 * pl.col("seed")).otherwise(0.0)
    )
    assert {c.stated: c.agrees for c in contest_claims(wide)}[
        "a1: design beats 0-adam in the same time"
    ] is False
    single = contest_claims(SETTINGS.filter(pl.col("seed") == 0))
    won = [c.agrees for c in single if "in the same time" in c.stated]
    assert won == [None, None]
    assert [claim.agrees for claim in entropy_claims(ENTROPY)] == [True]
    for gains, residual, agrees in (
        # Falls, but slower than the temperature; falls fast, from too high; not settled.
        ([1e-3, 1e-2], 1e-8, False),
        ([2e-3, 1.0], 1e-8, False),
        ([1e-4, 1e-2], 1e-3, None),
    ):
        other = ENTROPY.with_columns(exploitability=pl.Series(gains), residual=pl.lit(residual))
        assert [claim.agrees for claim in entropy_claims(other)] == [agrees]


def test_a_baseline_is_beaten_where_agents_have_settled():
    first = pl.when(pl.col("seed") == 0)
    poor = SETTINGS.with_columns(value=first.then(0.1).otherwise(pl.col("value")))
    assert [c.agrees for c in training_claims(poor)] == [False]
    (told,) = training_claims(poor.with_columns(exploitability=first.then(1.0).otherwise(0.0)))
    assert told.agrees is True and "seeds: 2, of them certified: 1" in told.measured
    assert training_claims(poor.with_columns(exploitability=1.0))[0].agrees is None


def test_margins_of_zero_dominance_are_claims():
    stated = "a1: no zero dominance at the designs, the condition of Theorem 2"
    for margins, agrees in (([3e-4, 2e-4], True), ([3e-4, 0.0], False), ([3e-4, 1e-16], False)):
        margin = pl.when(pl.col("seed") == 0).then(margins[0]).otherwise(margins[1])
        ours = pl.when(pl.col("rival") == "hypergradient").then(margin).otherwise(0.0)
        told = {c.stated: c for c in contest_claims(SETTINGS.with_columns(no_zero_dominance=ours))}
        assert told[stated].agrees is agrees
        assert f"smallest margin {min(margins):.1e}" in told[stated].measured
    assert stated not in {c.stated for c in contest_claims(SETTINGS)}


def test_costs_are_claims_with_numbers():
    judged = lambda table: [claim.agrees for claim in cost_claims(table)]  # noqa: E731
    # The implicit derivative of a crowd that has not settled is nobody's: open.
    assert judged(COST) == [True, True, None, True]

    def changed(adjoint, **numbers):
        of_one = pl.col("adjoint") == adjoint
        return COST.with_columns(
            **{
                name: pl.when(of_one).then(number).otherwise(pl.col(name))
                for name, number in numbers.items()
            }
        )

    # With 400 steps a tenth is 2 / sqrt(400).
    assert judged(changed("checkpointed", temporary_bytes=2**24 // 10))[0] is True
    assert judged(changed("checkpointed", temporary_bytes=2**24 // 9))[0] is False
    assert judged(changed("checkpointed", seconds=1.1))[1] is False
    # By step, fifty against four hundred.
    assert judged(changed("settled", seconds=0.08))[3] is False
    assert judged(changed("settled", seconds=0.07))[3] is True
    assert judged(changed("settled", temporary_bytes=2**21))[3] is False
    assert judged(changed("implicit", residual=1e-4))[2] is True
    # Out of memory: nothing to judge.
    assert judged(changed("backprop", seconds=None, temporary_bytes=None))[:2] == [None] * 2
    lost = dict(seconds=None, temporary_bytes=None, residual=None, steps_made=None)
    assert judged(changed("settled", **lost))[3] is None
    assert cost_rows(COST)["published seconds (H100)"].to_list() == [0.19, 0.09, None, None]
    assert cost_rows(COST)["published MiB (H100)"].to_list() == [2760, 560, None, None]


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("training", SETTINGS),
        ("finals", SETTINGS),
        ("finite", finite_table()),
        ("entropy", ENTROPY),
        ("cost", COST),
        ("bids", BIDDING),
        ("iterates", ITERATES),
        ("ppo", PPO),
        ("beach", BEACH),
        ("cold", COLD),
        ("pure", PURE),
        ("clearing", CLEARING),
        ("fair", FAIR),
    ],
)
def test_figures_draw(tmp_path, name, table):
    one, two = tmp_path / "one.svg", tmp_path / "two.svg"
    for path in (one, two):
        svg(AMID.parts[name].draw, table)(path)
    assert one.read_bytes() == two.read_bytes() and b"</svg>" in one.read_bytes()


def test_checkpoints_need_less_memory_than_backpropagation():
    from incentax.problems import problems

    small = problems["a1"].setting.with_options(num_values=8, num_bids=8, width=8, horizon=2)
    rows = {
        name: gradient_cost(2, name, solver_steps=64, repeats=1, setting=small)
        for name in ("backprop", "checkpointed")
    }
    assert all(row["seconds"] > 0 and row["error"] is None for row in rows.values())
    assert rows["checkpointed"]["temporary_bytes"] < rows["backprop"]["temporary_bytes"]


def test_the_settled_gradient_is_that_of_the_equilibrium():
    from incentax.problems import problems

    # With a reserve of .3 so coarse a game has two equilibria, and a gradient at each.
    sizes = dict(num_values=12, num_bids=12, width=8, horizon=2, reserve=0.25)
    small = problems["a1"].setting.with_options(**sizes)
    row = gradient_cost(2, "settled", solver_steps=400, repeats=1, setting=small)
    assert row["residual"] <= small.bidding.enough and 0 < row["steps_made"] < 400

    own = small.population()
    careful = replace(own.solver, learning_rate=20.0, num_steps=5000, enough=0.0, bold_steps=0)
    key, mechanism = jax.random.key(2), small.mechanism(jax.random.key(0))

    def gradient(population):
        state = population.init(mechanism, key=key)
        found = ix.Hypergradient().exchange(
            population, small.objective(), mechanism, state, key=key
        )
        return ravel_pytree(eqx.filter(found.gradient, eqx.is_array))[0]

    settled, reference = gradient(own), gradient(replace(own, solver=careful))
    assert jnp.linalg.norm(settled - reference) < 0.02 * jnp.linalg.norm(reference)
