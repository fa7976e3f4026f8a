"""When a bar is reached, by a clock that stands still while mechanisms are looked at."""

import math

import jax
import pytest

import incentax as ix
from benchmarks import time_to_value
from benchmarks.time_to_value import Clock, Race, Seen, contenders, race, summary
from incentax.judgement import TRUST, judged


def test_a_bar_is_reached_by_the_first_mechanism_worth_it():
    seen = [Seen(1.0, 0.2), Seen(2.0, 0.4), Seen(3.0, 0.3), Seen(4.0, 0.5)]
    found = Race(seen, 0.5, 4.5, 9, 10)
    assert [found.seconds_to(bar) for bar in (0.1, 0.3, 0.5)] == [1.0, 2.0, 4.0]
    assert math.isnan(found.seconds_to(0.6)) and math.isnan(found.seconds_to(math.nan))
    assert found.lowest_after(0.3) == 0.3 and math.isnan(found.lowest_after(0.6))


def test_medians_count_those_that_never_get_there():
    def rows(recipe, *seconds):
        told = {"recipe": recipe, "steps": 4, "of planned": 10 if recipe == "a" else 4}
        return [
            told | {"s to 0.24": s, "final value": s / 100, "bars held": int(s > 2)}
            for s in seconds
        ]

    never = math.nan
    told = summary(rows("ours", 1.0, 2.0, 3.0) + rows("a", 4.0, never, 8.0) + rows("b", never, 1.0))
    ours, a, b = ([row[name] for name in ("median", "slowest", "times ours")] for row in told)
    assert ours == [2.0, 3.0, 1.0] and a == [8.0, "-", 4.0] and b == ["-", "-", "-"]
    assert [row["got there"] for row in told] == ["3 of 3", "2 of 3", "1 of 2"]
    assert [row["ended there"] for row in told] == ["1 of 3", "2 of 3", "0 of 2"]
    assert [row["steps, median"] for row in told] == ["4 of 4", "cut at 4 of 10", "4 of 4"]
    assert told[0]["lowest final"] == 0.01 and {row["bar"] for row in told} == {"s to 0.24"}


def test_the_published_recipe_runs_at_every_rate_from_either_start():
    names = [row.name for row in contenders(ix.problems["a1"].setting, (0.1, 0.2))]
    paper = [name for name in names if name.startswith("paper")]
    assert len(paper) == 4 and sum(name.endswith("our start") for name in paper) == 2


def test_the_clock_stands_still_beside_the_design():
    clock = Clock()
    assert clock.at(2.0) == 2.0
    clock.beside(0.5)
    clock.beside(0.25)
    assert clock.at(3.0) == 2.25


@pytest.fixture
def tiny(monkeypatch):
    problem = ix.problems["a1"].with_options(
        num_values=6, num_bids=6, horizon=2, solver_steps=60, width=8
    )
    monkeypatch.setattr(ix, "problems", {"a1": problem})
    return problem


def test_looking_changes_neither_the_design_nor_its_clock(tiny, monkeypatch):
    """A recipe that is looked at all the time ends as one that never is, in no more time."""
    default = contenders(tiny.setting)[0]._replace(num_steps=3, audit_every=0)
    looked = race("a1", default, 0, math.inf)
    assert [seen.seconds for seen in looked.seen] == sorted(seen.seconds for seen in looked.seen)
    assert looked.num_steps == 3

    counted = []

    def slower(*arguments, **options):
        counted.append(1)
        for _ in range(20):
            judged(*arguments, **options)
        return judged(*arguments, **options)

    monkeypatch.setattr(time_to_value, "judged", slower)
    slowly = race("a1", default, 0, math.inf)
    assert slowly.final == looked.final and len(counted) == 2 + 3
    monkeypatch.setattr(time_to_value, "EACH_UNTIL", 0)
    unseen = race("a1", default, 0, math.inf)
    assert unseen.final == looked.final and not unseen.seen


def test_a_value_counts_only_where_agents_have_settled(tiny):
    setting = tiny.setting
    mechanism = setting.mechanism(jax.random.key(0))
    judge = (setting.population(), setting.objective(), mechanism)
    trust = TRUST * setting.exploitability_bound
    value = judged(*judge, trust=trust, key=jax.random.key(1))
    assert 0 < float(value) < setting.cap()
    assert math.isnan(judged(*judge, trust=1e-12, key=jax.random.key(1)))
