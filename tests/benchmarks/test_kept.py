"""What a figure was made with: known of every problem, and different where it is."""

import dataclasses

import pytest

import incentax as ix
from benchmarks.kept import design_facts, difference


@pytest.mark.parametrize("name", ix.problems)
def test_every_problem_says_what_its_design_depends_on(name):
    facts = design_facts(ix.problems[name])
    assert difference(facts, design_facts(ix.problems[name])) == ""
    assert facts["recipe"]["num_steps"] == ix.problems[name].setting.recipe().num_steps


def test_differences_are_named_with_their_place():
    a1 = ix.problems["a1"]
    facts = design_facts(a1)
    longer = design_facts(a1.with_options(horizon=5))
    assert difference(facts, longer) == "expected settings.horizon 5, got one made with 4"
    recipe = dataclasses.replace(a1.setting.recipe(), learning_rate=7.0)
    plan = dataclasses.replace(a1, setting=dataclasses.replace(a1.setting, plan=lambda: recipe))
    assert difference(facts, design_facts(plan)).startswith("expected recipe.learning_rate 7.0")
    assert difference({}, facts) == "expected problem 'a1', got one that does not say"
