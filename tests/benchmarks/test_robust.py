"""Designs over seeds: what is not finite is found, what is made stays, what is stale is told."""

import dataclasses
import json

import jax
import jax.numpy as jnp
import pytest

import incentax as ix
from benchmarks.robust import collected, work
from incentax.setting import Recipe


def short():
    return Recipe(num_steps=2, schedule=ix.Schedule(0.1, 0.05, solver_steps=10))


def longer():
    return dataclasses.replace(short(), num_steps=3)


def problem(goal=ix.revenue, plan=short):
    small = ix.problems["a1"].with_options(num_values=5, num_bids=5, horizon=2, width=4)
    return dataclasses.replace(
        small, setting=dataclasses.replace(small.setting, goal=goal, plan=plan)
    )


def nothing(mechanism, response):
    return ix.revenue(mechanism, response) * jnp.nan


@pytest.fixture(autouse=True)
def usual_settings():
    with jax.enable_x64(False), jax.numpy_dtype_promotion("standard"):
        with jax.numpy_rank_promotion("allow"):
            yield


def test_each_seed_is_made_once_and_again_where_the_recipe_changed(tmp_path):
    said = []
    work(problem(), range(2), tmp_path, said.append)
    assert len(said) == 2 and all("DONE, 2 steps" in line for line in said)
    work(problem(), range(2), tmp_path, said.append)
    assert len(said) == 2
    row = collected(problem(), tmp_path)
    assert (row["seeds"], row["steps"], row["failed designs"]) == (2, 4, 0)
    with pytest.raises(SystemExit, match="expected recipe.num_steps 3, got one made with 2"):
        collected(problem(plan=longer), tmp_path)
    work(problem(plan=longer), range(1), tmp_path, said.append)
    assert "made again: expected recipe.num_steps 3" in said[2] and "3 steps" in said[3]
    assert list(tmp_path.glob(".*")) == []


def test_a_step_that_is_not_finite_is_found(tmp_path):
    work(problem(nothing), range(1), tmp_path, lambda line: None)
    found = json.loads((tmp_path / "a1-0.json").read_text())
    assert found["status"] == "NONFINITE_DESIGN"
    assert (found["non-finite steps"], found["first non-finite step"]) == (1, 0)
    assert collected(problem(nothing), tmp_path)["failed designs"] == 1


def test_without_designs_there_is_no_row(tmp_path):
    assert collected(problem(), tmp_path) is None
