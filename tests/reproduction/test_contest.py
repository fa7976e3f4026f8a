"""Rivals have the time that the default recipe took, and are judged like it."""

import itertools
import math
from dataclasses import replace

import jax
import jax.numpy as jnp
import polars as pl
import pytest

from incentax.auctions import ReservePrice
from incentax.certificate import certify
from incentax.problems import problems
from incentax.reproduction.amid import contest, fair, first_price, plans, tuning
from incentax.reproduction.amid.claims import contest_claims
from incentax.reproduction.amid.rivals import (
    OURS,
    RADIUS,
    RIVALS,
    best_radius,
    best_rate,
    rate_beyond,
)
from incentax.reproduction.amid.tuning import tuning_claims, tuning_rows
from incentax.reproduction.amid.verdict import verdicts

SIZES = dict(num_values=8, num_bids=8, width=8, horizon=2, temperature=1e-2, learning_rate=10.0)


@pytest.fixture
def small(monkeypatch):
    row = problems["a1"].with_options(**SIZES)
    for module in (contest, plans, fair):
        monkeypatch.setattr(module, "problems", {"small": replace(row, name="small")})


def test_rivals_have_the_same_time_and_the_same_judge(small):
    ours = pl.DataFrame(contest.played("small", OURS, 0, num_steps=40))
    assert ours["steps"][0] == 40 and ours["step"][-1] == 39
    assert 0 < ours["value"][0] <= ours["cap"][0] + 0.125
    again = contest.played("small", OURS, 0, num_steps=40)
    assert again[0]["value"] == ours["value"][0]
    long = ours.with_columns(seconds_in_all=pl.lit(0.5))
    theirs = pl.DataFrame(contest.played("small", "anneal", 0, long, num_steps=40))
    # A step that has begun is finished.
    assert theirs["seconds_in_all"][0] < 2 and theirs["steps"][0] > 10
    assert theirs["baseline"][0] == ours["baseline"][0]
    assert theirs["rate"][0] == RIVALS["anneal"].rate
    (row,) = verdicts(pl.concat([ours, theirs], how="diagonal_relaxed"))
    assert row["difference"] == ours["value"][0] - theirs["value"][0]
    assert row["low"] is None and row["above cap?"] is not None


def test_first_price_is_searched_and_designed_as_well(small):
    setting = contest.problems["small"].setting
    ours = pl.DataFrame(contest.played("small", OURS, 0, num_steps=40))
    (row,) = fair.fair_rows("small", 40, ours, ours)
    assert row["baseline"] == ours["baseline"][0] < row["tuned"] <= row["cap"] + 0.125
    assert row["seeds"] == 2 and row["design"] == row["least_design"] == ours["value"][0]
    assert fair.has_first_price("small")
    # No reserves on the grid are better, in either round.
    bids = setting.economy.num_bids
    for ticks in itertools.product(range(bids), repeat=2):
        mechanism = ReservePrice(reserve=jnp.array(ticks) / bids)
        found, _ = certify(
            setting.population(), setting.objective(), mechanism, key=jax.random.key(0)
        )
        if found.exploitability <= setting.exploitability_bound:
            assert found.value <= row["tuned"] + 1e-9


def test_what_has_not_settled_is_no_baseline(small, monkeypatch):
    ours = pl.DataFrame({"value": [0.2], "baseline": [0.1]})
    lost = first_price.Found("gradient", 9.0, 1.0)
    monkeypatch.setattr(first_price, "designed", lambda setting, num_steps: lost)
    monkeypatch.setattr(
        first_price, "searched", lambda setting: first_price.Found("search", 0.3, 0.0, (0.5,))
    )
    (row,) = fair.fair_rows("small", 40, ours)
    assert row["tuned"] == 0.3 and row["tuned_by"] == "search"
    (claim,) = fair.fair_claims(pl.DataFrame([row]))
    assert claim.agrees is False and "reserves 0.50" in claim.measured
    monkeypatch.setattr(first_price, "searched", lambda setting: lost)
    table = pl.DataFrame(fair.fair_rows("small", 40, ours))
    (claim,) = fair.fair_claims(table)
    assert claim.agrees is None and "none settled" in claim.measured
    assert fair.fair(table).axes


def test_values_of_agents_who_have_not_settled_are_told_apart():
    values = {OURS: [1.0, 1.1, 1.2, 1.3], "anneal": [0.9, 0.9, 0.9, 5.0]}
    gains = {OURS: [0.0, 0.0, 0.02, 0.0], "anneal": [0.0, 0.01, 0.0, 5.0]}
    rows = [
        {"problem": "p", "rival": rival, "seed": seed, "value": value, "exploitability": gain}
        for rival in values
        for seed, (value, gain) in enumerate(zip(values[rival], gains[rival], strict=True))
    ]
    same = dict(sense="maximize", cap=2.0, tolerance=0.0, baseline=0.5, seconds_in_all=1.0)
    (row,) = verdicts(pl.DataFrame([one | same | {"exploitability_bound": 0.01} for one in rows]))
    assert row["seeds"] == 4 and row["low"] < 0 < row["high"]
    # Seeds 0 and 1: a gain at the bound is within it.
    # In seed 2 the difference is more than agents could gain, in seed 3 it is less.
    assert row["both certified"] == 2 and row["clear"] == 3
    middle = (row["low, both certified"] + row["high, both certified"]) / 2
    assert middle == pytest.approx(0.15) and row["low, both certified"] < 0.1


def contest_of(gains, share=1.0):
    """Rows of a contest that the default recipe wins by these differences, rivals having a share
    of its time.
    """
    same = dict(problem="p", sense="maximize", cap=2.0, tolerance=0.0, baseline=0.5)
    same |= {"exploitability": 0.0, "exploitability_bound": 0.01}
    same |= {"constant_price": None, "no_zero_dominance": math.nan}
    return pl.DataFrame(
        [
            same | {"rival": rival, "seed": seed, "value": 1.0 - lost, "seconds_in_all": seconds}
            for seed, gain in enumerate(gains)
            for rival, lost, seconds in ((OURS, 0.0, 10.0), ("anneal", gain, 10.0 * share))
        ]
    )


@pytest.mark.parametrize(
    ("gains", "mean_tells", "agrees"),
    [
        ([0.02 + 0.001 * k for k in range(10)], True, True),
        # Nine clear wins, and a rival that collapsed: ranks tell, the mean does not.
        ([0.02 + 0.001 * k for k in range(9)] + [0.9], False, True),
        # Nine clear wins, and a collapse of ours.
        ([0.02 + 0.001 * k for k in range(9)] + [-0.9], False, False),
        # A collapse does not win a contest that is otherwise even.
        ([0.02, -0.02, 0.01, -0.01, 0.03, -0.03, 0.005, -0.005, 0.001, 0.9], False, False),
        ([-0.02 - 0.001 * k for k in range(10)], False, False),
        # Too few for ranks: the mean's interval decides.
        ([0.02, 0.021, 0.022], True, True),
        ([0.02], None, None),
    ],
)
def test_a_contest_is_won_by_ranks_where_there_are_enough(gains, mean_tells, agrees):
    table = contest_of(gains)
    (row,) = verdicts(table)
    assert (None if row["low"] is None else row["low"] > 0) is mean_tells
    assert (row["low, by ranks"] is None) is (len(gains) < 6)
    assert contest_claims(table)[-1].agrees is agrees


def test_nobody_wins_against_a_rival_who_had_less_time():
    clear = [0.02 + 0.001 * k for k in range(10)]
    assert [contest_claims(contest_of(clear, share))[-1].agrees for share in (1, 0.9)] == [
        True,
        None,
    ]


def test_known_values_are_claims():
    table = contest_of([0.02] * 6).with_columns(problem=pl.lit("a1"), value=pl.lit(0.2449))
    told = {c.stated: c.agrees for c in contest_claims(table)}
    assert told["a1: at least 0.245"] is False
    priced = table.with_columns(constant_price=pl.lit(0.24), tolerance=pl.lit(0.004))
    for tolerance, agrees in ((0.004, False), (0.006, True)):
        claims = contest_claims(priced.with_columns(tolerance=pl.lit(tolerance)))
        assert [c.agrees for c in claims if "constant price" in c.stated] == [agrees]


def test_rivals_have_the_rate_that_was_best_on_the_problem(small, monkeypatch):
    grid = (1e-2, 1e-1)
    monkeypatch.setattr(tuning, "RIVALS", {"anneal": RIVALS["anneal"]._replace(rates=grid)})
    monkeypatch.setattr(tuning, "_MOST_FURTHER", 1)
    ours = pl.DataFrame({"seconds_in_all": [0.3]})
    rates = pl.DataFrame(tuning.tuned("small", "anneal", ours, seeds=1, num_steps=40))
    assert (rates["seconds_in_all"] < 2).all()
    assert set(grid) <= set(rates["rate"]) and set(rates["seed"]) == {100}
    assert len(set(rates["rate"])) == rates.height == len(grid) + 1
    rates = rates.filter(pl.col("rate").is_in(grid))
    worst = rates.with_columns(value=pl.when(pl.col("rate") == 1e-1).then(0.2).otherwise(0.1))
    assert best_rate(worst) == 1e-1
    lost = worst.with_columns(value=pl.when(pl.col("rate") == 1e-1).then(math.nan).otherwise(0.1))
    assert best_rate(lost) != 1e-1
    assert best_rate(worst.with_columns(sense=pl.lit("minimize"))) != 1e-1
    (row, *_) = contest.played("small", "anneal", 0, ours, worst, num_steps=40)
    assert row["rate"] == 1e-1
    (told,) = tuning_rows(worst).iter_rows(named=True)
    assert told["best"] == 1e-1 and told["at an edge?"] is True and told["0.01"] == 0.1


def rates_of(rates, values, sense="maximize", rival="anneal"):
    columns = {"problem": "p", "rival": rival, "rate": rates, "value": values, "sense": sense}
    return pl.DataFrame(columns | {"radius": RADIUS})


@pytest.mark.parametrize(
    ("values", "sense", "further"),
    [
        ((1.0, 3.0, 2.0), "maximize", None),
        ((3.0, 1.0, 2.0), "maximize", 0.01 / 10**0.5),
        ((1.0, 2.0, 3.0), "maximize", 10**0.5),
        ((1.0, 2.0, 3.0), "minimize", 0.01 / 10**0.5),
        ((1.0, math.nan, math.nan), "maximize", 0.01 / 10**0.5),
    ],
)
def test_rates_go_on_where_the_best_is_at_an_edge(values, sense, further):
    table = rates_of((0.01, 0.1, 1.0), values, sense)
    assert rate_beyond(table) == (None if further is None else pytest.approx(further))
    (claim,) = tuning_claims(table)
    assert claim.agrees is (further is None)


@pytest.fixture
def landscape(monkeypatch):
    """Plays of rivals whose value is a function of rate and radius; the times they were given."""
    times = []

    def put(value):
        def played(problem, method, seed, ours, *, num_steps, rate, radius, most_runs):
            times.append(ours["seconds_in_all"][0])
            row = dict(problem=problem, rival=method, seed=seed, rate=rate, radius=radius)
            row |= dict(value=value(rate, radius), exploitability=0.0, sense="maximize")
            return [row | dict(seconds_in_all=1.0)]

        monkeypatch.setattr(tuning, "played", played)
        return times

    return put


OURS_IN_TIME = pl.DataFrame({"seconds_in_all": [1.5]})


def test_tuning_goes_on_beyond_the_grid_a_few_times(landscape):
    times = landscape(lambda rate, radius: rate)
    rates = sorted({row["rate"] for row in tuning.tuned("p", "0-sgd", OURS_IN_TIME, seeds=2)})
    assert rates[:-3] == list(RIVALS["0-sgd"].rates)
    assert rates[-1] == pytest.approx(10**0.5)
    assert set(times) == {1.5}


def test_radii_are_tried_at_the_best_rate(landscape):
    landscape(lambda rate, radius: -abs(rate - 0.03) + radius)
    table = pl.DataFrame(tuning.tuned("p", "0-sgd", OURS_IN_TIME, seeds=1))
    assert best_rate(table) == 0.03 and best_radius(table) == 0.03
    others = table.filter(pl.col("radius") != RADIUS)
    assert set(others["rate"]) == {0.03} and set(others["radius"]) == {1e-3, 0.03}
    # Rates are compared at one radius: another's gain is not the rate's.
    lucky = table.with_columns(
        value=pl.when(pl.col("radius") == 0.03).then(-9.0).otherwise(pl.col("value"))
    )
    assert best_rate(lucky) == 0.03 and best_radius(lucky) == RADIUS
    (told,) = tuning_rows(table).iter_rows(named=True)
    assert told["best radius"] == 0.03 and told["radius 0.03"] == pytest.approx(0.03)


def test_a_tuned_rival_plays_at_its_best_radius(small):
    tried = pl.DataFrame(
        {
            "rate": [0.01, 0.01, 0.03],
            "radius": [RADIUS, 0.03, RADIUS],
            "value": [0.2, 0.3, 0.1],
            "sense": ["maximize"] * 3,
        }
    )
    ours = pl.DataFrame({"seconds_in_all": [0.3]})
    (row, *_) = contest.played("small", "0-sgd", 0, ours, tried, num_steps=40)
    assert (row["rate"], row["radius"]) == (0.01, 0.03)


def test_the_figure_of_rates_fills_the_best():
    table = pl.concat([rates_of((0.01, 0.1, 1.0), (1.0, 3.0, 2.0), rival=r) for r in ("a", "b")])
    axes, *_ = tuning.tuning(table).axes
    assert [list(line.get_xdata()) for line in axes.lines] == [[0.01, 0.1, 1.0], [0.1]] * 2


def test_a_rival_alone_is_refused():
    with pytest.raises(ValueError, match="expected the default recipe's rows"):
        contest.played("a1", "anneal", 0)
