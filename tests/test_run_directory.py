"""Run directories: whole files or none, foreign and damaged ones refused in one sentence."""

import json
import math
import os

import jax
import jax.numpy as jnp
import numpy as np
import optax
import polars as pl
import pytest

import incentax as ix
from incentax.auctions import NeuralAuction
from incentax.design import StepRecord, initial_state
from incentax.games import LeftRight
from incentax.run_directory import RunDirectory

CONFIG = {"problem": "left-right", "steps": 3}
RECORD = StepRecord(0, 0.5, 1e-3, 1e-9, 1e-12, 0.1, 0.02, math.nan, 0.25)


@pytest.fixture
def run(tmp_path):
    return RunDirectory.create(tmp_path / "run", CONFIG)


@pytest.fixture(scope="module")
def state():
    population = ix.EquilibriumPopulation(LeftRight())
    mechanism = ix.Price(jnp.array([1.0, 2.0]))
    return initial_state(population, mechanism, optax.adam(1e-3), jax.random.key(0))


def files(path):
    return sorted(str(p.relative_to(path)) for p in path.rglob("*") if p.is_file())


def test_a_new_run_says_what_was_asked(run):
    assert files(run.path) == ["config.json"]
    assert RunDirectory.open(run.path).config | CONFIG == run.config
    assert not run.finished


def test_a_checkpoint_comes_back_bit_for_bit(run, state):
    run.save_checkpoint(state, [RECORD])
    found, history = run.load_checkpoint(state)
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(state), strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype
    assert repr(history) == repr([RECORD])
    assert RunDirectory.create(run.path.parent / "other", {}).load_checkpoint(state) is None


def test_a_write_that_is_cut_short_leaves_the_old_file(run, state, monkeypatch):
    run.save_checkpoint(state, [RECORD])
    before = (run.path / "checkpoint" / "state.eqx").read_bytes()

    def cut(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", cut)
    with pytest.raises(KeyboardInterrupt):
        run.save_checkpoint(state, [RECORD, RECORD])
    monkeypatch.undo()
    assert (run.path / "checkpoint" / "state.eqx").read_bytes() == before
    assert not [name for name in files(run.path) if "/." in f"/{name}"]


DAMAGE = {
    "one bit": lambda b: b[:-1] + bytes([b[-1] ^ 1]),
    "cut short": lambda b: b[: len(b) // 2],
    "empty": lambda b: b"",
    "other": lambda b: b"\x89PNG\r\n" * 40,
}


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_checkpoint_is_refused(run, state, how):
    run.save_checkpoint(state, [RECORD])
    file = run.path / "checkpoint" / "state.eqx"
    file.write_bytes(DAMAGE[how](file.read_bytes()))
    with pytest.raises(
        ValueError, match=r"expected a whole checkpoint in .*got .*damaged.*; start"
    ):
        run.load_checkpoint(state)


def test_a_checkpoint_of_another_problem_is_refused(run, state):
    run.save_checkpoint(state, [])
    other = ix.EquilibriumPopulation(LeftRight())
    larger = initial_state(other, ix.Price(jnp.zeros(3)), optax.adam(1e-3), jax.random.key(0))
    with pytest.raises(ValueError, match="expected a whole checkpoint .*of another problem"):
        run.load_checkpoint(larger)


def test_an_outcome_is_complete_before_it_says_so(run):
    mechanism = ix.Price(jnp.array([1.5, 2.5]))
    arrays = {"after/flow": np.ones((2, 3, 2)).transpose(0, 2, 1)}
    result = {"value": math.nan, "cap": math.inf, "problem": "left-right", "resumable": False}
    run.save_outcome(result, [RECORD], arrays, mechanism)
    assert run.finished
    # JSON has no NaN: what is not known is null.
    raw = (run.path / "result.json").read_text()
    assert json.loads(raw, parse_constant=pytest.fail)["value"] is None
    np.testing.assert_array_equal(run.arrays()["after/flow"], arrays["after/flow"])
    loaded = run.load_mechanism(ix.Price(jnp.zeros(2)))
    np.testing.assert_array_equal(loaded.value, mechanism.value)
    table = pl.read_parquet(run.path / "history.parquet")
    assert table.columns == list(StepRecord._fields) and table["step"].to_list() == [0]


def test_a_mechanism_for_another_grid_is_refused(run):
    network = NeuralAuction(2, 5, width=4, key=jax.random.key(0))
    run.save_outcome({}, [], {}, network)
    wider = NeuralAuction(2, 6, width=4, key=jax.random.key(0))
    with pytest.raises(ValueError, match="expected a mechanism for this grid in .*, got another"):
        run.load_mechanism(wider)
    again = run.load_mechanism(NeuralAuction(2, 5, width=4, key=jax.random.key(1)))
    np.testing.assert_array_equal(again.first.weight, network.first.weight)


def test_no_mechanism_yet(run):
    with pytest.raises(ValueError, match="expected a designed mechanism .* got none yet"):
        run.load_mechanism(ix.Price(jnp.zeros(2)))


@pytest.mark.parametrize("content", ["", "{", "[1, 2]", "null", '{"format": 99}', "\x00\xff"])
def test_foreign_directories_are_refused(tmp_path, content):
    (tmp_path / "config.json").write_text(content, encoding="latin-1")
    with pytest.raises(ValueError, match="expected .*, got .*; "):
        RunDirectory.open(tmp_path)


def test_a_folder_that_holds_anything_is_not_begun_in(tmp_path):
    (tmp_path / "thesis.txt").write_text("all of it")
    with pytest.raises(ValueError, match="expected a new or empty folder, got .*--resume"):
        RunDirectory.create(tmp_path, CONFIG)
    assert files(tmp_path) == ["thesis.txt"]


def test_a_file_in_the_way(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ValueError, match="expected a .*folder.*, got .*; try"):
            RunDirectory.create(path, CONFIG)
