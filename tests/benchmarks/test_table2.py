"""A kept row of table 2 is taken for what it is: one made otherwise is refused."""

import subprocess

import pytest

from benchmarks.table2 import apart, kept, shown
from incentax.reproduction import AMID
from incentax.reproduction.amid.cost import cost_setting, made_with
from incentax.reproduction.frame import gather

ROW = {"horizon": 2, "adjoint": "implicit", "solver_steps": 30} | made_with(cost_setting(2))
AS_PUBLISHED = {"solver_steps": AMID.full.cost_steps} | made_with(cost_setting(5))
CASES = {
    "other steps": ({"solver_steps": 400}, "expected solver_steps 30, got one made with 400"),
    "another device": ({"device": "abacus"}, "expected device .* got one made with 'abacus'"),
    "another jax": ({"jax": "0.0.1"}, "expected jax .* got one made with '0.0.1'"),
    "another incentax": ({"incentax": "0.0.0"}, "expected incentax .* got one made with '0.0.0'"),
    "other settings": ({"settings": "{}"}, "expected settings .* got one made with '{}'"),
}


def test_a_row_made_alike_is_kept(tmp_path):
    assert kept(tmp_path, 2, "implicit", 30, lambda: ROW) == ROW
    assert kept(tmp_path, 2, "implicit", 30, lambda: pytest.fail("made again")) == ROW


def test_the_reproduction_takes_the_row_for_its_own(tmp_path):
    kept(tmp_path, 5, "implicit", AMID.full.cost_steps, lambda: ROW | AS_PUBLISHED)
    [cell] = [
        cell for cell in AMID.parts["cost"].cells(AMID.full) if cell.name == "cost-5-implicit"
    ]
    assert gather(tmp_path, [cell], pytest.fail).height == 1


@pytest.mark.parametrize("name", CASES)
def test_a_row_made_otherwise_is_refused(name, tmp_path):
    changes, sentence = CASES[name]
    with pytest.raises(SystemExit, match=sentence + ".*; name another --folder, or delete it"):
        kept(tmp_path, 2, "implicit", 30, lambda: ROW | changes)


def test_a_row_that_does_not_say_is_refused(tmp_path):
    silent = {name: value for name, value in ROW.items() if name != "settings"}
    with pytest.raises(SystemExit, match="expected settings .* got one that does not say"):
        kept(tmp_path, 2, "implicit", 30, lambda: silent)


def ended(monkeypatch, code):
    end = subprocess.CompletedProcess([], code, stdout="", stderr="ValueError: no")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: end)


def test_a_row_whose_process_is_killed_says_so(monkeypatch):
    ended(monkeypatch, -9)
    row = apart(2, "backprop", 30, 1)
    assert row["error"] == "killed: out of memory" and row["seconds"] is None
    assert shown(row)["resident (MiB)"] == "-"


def test_a_process_that_fails_otherwise_makes_no_row(monkeypatch):
    ended(monkeypatch, 1)
    with pytest.raises(SystemExit, match="ValueError: no"):
        apart(2, "backprop", 30, 1)
