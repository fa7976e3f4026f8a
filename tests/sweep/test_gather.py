"""Results are gathered as they come, failures tried again and told, nothing done twice."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

import incentax as ix
from incentax.order import Order
from incentax.sweep import Cell, Here, SweepFolder, gather

HERE = Path(__file__).parent
CELLS = tuple(Cell((), seed) for seed in range(3))
RESULT = {"value": 1.0, "exploitability": 0.0, "seconds": 0.0, "steps": 1, "status": "done"}


def orders():
    problem = ix.problems["left-right"]
    return {cell: Order(problem, "hypergradient", "implicit", 1, cell.seed) for cell in CELLS}


def finish(order, path):
    path.mkdir(parents=True, exist_ok=True)
    (path / "config.json").write_text(json.dumps({"format": 1} | order.config()))
    (path / "result.json").write_text(json.dumps(RESULT | {"value": float(order.seed)}))


class Work:
    """Fails on the seeds it is told to, so many times; remembers what it did."""

    def __init__(self, failures):
        self.failures, self.done = dict(failures), []

    def __call__(self, order, path):
        self.done.append(order.seed)
        if self.failures.get(order.seed, 0):
            self.failures[order.seed] -= 1
            raise RuntimeError("out of luck")
        finish(order, path)


@pytest.fixture
def folder(tmp_path):
    return SweepFolder(tmp_path / "sweep", "left-right")


def test_a_failed_task_is_tried_again_at_once(folder):
    work, said = Work({1: 1}), []
    rows, failures = gather(orders(), folder, Here(), work, say=said.append)
    assert not failures and work.done == [0, 1, 1, 2]
    assert [row["value"] for row in rows] == [0.0, 1.0, 2.0]
    assert "seed=1: RuntimeError: out of luck; trying again" in said


def test_a_task_is_tried_as_often_as_asked(folder):
    work, said = Work({1: 9}), []
    gather(orders(), folder, Here(), work, retries=2, say=said.append)
    assert work.done == [0, 1, 1, 1, 2]
    told = [line.rpartition("; ")[2] for line in said if line.startswith("seed=1")]
    assert told == ["trying again", "trying again", "giving up"]


def test_a_task_that_fails_for_good_is_reported_and_keeps_nobody_waiting(folder):
    rows, failures = gather(orders(), folder, Here(), Work({1: 9}))
    assert failures == {"seed=1": "RuntimeError: out of luck"}
    table = pl.read_parquet(folder.path / "sweep.parquet")
    assert table["value"].to_list() == [0.0, None, 2.0]
    assert table["status"].to_list() == ["done", "RuntimeError: out of luck", "done"]
    assert table.rows(named=True) == rows


def test_a_design_that_ended_badly_is_a_failure_now_and_later(folder):
    """It is not tried again, since it would end so again; its row is kept, and it is told."""
    bad, said = "met a NaN", []

    def work(order, path):
        finish(order, path)
        if order.seed == 1:
            record = RESULT | {"value": None, "status": bad, "failed": True}
            (path / "result.json").write_text(json.dumps(record))

    for _ in range(2):
        rows, failures = gather(orders(), folder, Here(), work, say=said.append)
        assert failures == {"seed=1": bad}
        assert [row["status"] for row in rows] == ["done", bad, "done"]
    assert said.count(f"seed=1: {bad}, 2 of 3") == 1 and "seed=1: done, 2 of 3" not in said


def test_the_table_grows_as_results_come(folder):
    sizes = []

    def look(line):
        table = folder.path / "sweep.parquet"
        sizes.append(pl.read_parquet(table).height if table.exists() else 0)

    gather(orders(), folder, Here(), Work({}), say=look)
    assert sizes == [1, 2, 3]


def test_finished_cells_are_not_run_again(folder):
    gather(orders(), folder, Here(), Work({2: 9}), retries=0)
    work = Work({})
    rows, failures = gather(orders(), folder, Here(), work)
    assert work.done == [2] and len(rows) == 3 and not failures


def test_a_cell_begun_under_another_order_is_refused(folder):
    gather(orders(), folder, Here(), Work({}))
    changed = {cell: Order(o.problem, o.rule, o.adjoint, 2, o.seed) for cell, o in orders().items()}
    with pytest.raises(ValueError, match="got steps 2 instead of 1"):
        gather(changed, folder, Here(), Work({}))


def test_foreign_folders_are_refused(tmp_path, folder):
    with pytest.raises(ValueError, match="got one of left-right"):
        SweepFolder(folder.path, "a1")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match="holds something"):
        SweepFolder(tmp_path, "a1")


def command(*words):
    return [sys.executable, "-m", "incentax", "design", "left-right", "--steps", "2", *words]


@pytest.mark.parametrize("where", [(), ("--ray", "local")], ids=["here", "on a cluster"])
def test_a_killed_driver_loses_no_finished_cell(where, tmp_path):
    if where:
        pytest.importorskip("ray")
    grid = tmp_path / "grid.toml"
    grid.write_text("seed = [0, 1, 2]\n")
    words = command("--sweep", str(grid), "--out", str(tmp_path / "out"), "--json", *where)
    environment = os.environ | {"JAX_ENABLE_X64": "0", "XDG_CACHE_HOME": str(tmp_path)}
    environment |= {"RAY_worker_niceness": "0"}
    first = tmp_path / "out" / "cells" / "seed=0" / "result.json"
    driver = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL)
    while driver.poll() is None and not first.exists():
        time.sleep(0.01)
    driver.send_signal(signal.SIGKILL)
    assert driver.wait() == -signal.SIGKILL
    written = first.stat().st_mtime_ns
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [cell["seed"] for cell in found["cells"]] == [0, 1, 2] and found["failed"] == 0
    assert {cell["status"] for cell in found["cells"]} == {"done"}
    assert first.stat().st_mtime_ns == written


def test_ctrl_c_ends_the_sweep_not_only_its_cell(tmp_path):
    grid = tmp_path / "grid.toml"
    grid.write_text("seed = [0, 1]\n")
    words = command("--sweep", str(grid), "--out", str(tmp_path / "out"), "--steps", "100000")
    environment = os.environ | {"JAX_ENABLE_X64": "0", "XDG_CACHE_HOME": str(tmp_path)}
    cells = tmp_path / "out" / "cells"
    driver = subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True)
    while driver.poll() is None and not (cells / "seed=0" / "checkpoint" / "state.eqx").exists():
        time.sleep(0.01)
    driver.send_signal(signal.SIGINT)
    _, said = driver.communicate()
    assert driver.returncode == 130, said
    assert "the same command goes on" in " ".join(said.split()) and "Traceback" not in said
    assert not (cells / "seed=1").exists()
    assert json.loads((cells / "seed=0" / "result.json").read_text())["resumable"]


def test_what_comes_from_elsewhere_begins_with_its_config(folder, monkeypatch):
    order = []
    monkeypatch.setattr(
        sys.modules["incentax.sweep.folder"], "_replace", lambda file, _: order.append(file.name)
    )
    names = ("checkpoint/state.eqx", "config.json", "result.json", "response.safetensors")
    folder.receive(CELLS[0], dict.fromkeys(names, b"{}"))
    assert len(order) == 4 and order[0] == "config.json" and order[-1] == "result.json"


@pytest.mark.parametrize("where", [(), ("--ray", "local")], ids=["here", "on a cluster"])
def test_a_sweep_with_a_failed_design_exits_with_one(where, tmp_path):
    if where:
        pytest.importorskip("ray")
    grid = tmp_path / "grid.toml"
    grid.write_text("sharpness = [50.0, 1e39]\n")
    words = command("--sweep", str(grid), "--out", str(tmp_path / "out"), "--json", *where)
    # In single precision, as users have it, the second cell meets infinities. Ray's workers would
    # give way to all other processes: here these are tests.
    environment = os.environ | {"JAX_ENABLE_X64": "0", "RAY_worker_niceness": "0"}
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    found = json.loads(done.stdout)
    assert done.returncode == 1 and found["failed"] == 1
    assert found["cells"][0]["status"] == "done" and "NaN" in found["cells"][1]["status"]


def test_a_local_cluster_retries_what_raised_and_what_died(tmp_path):
    pytest.importorskip("ray")
    words = [sys.executable, "-W", "error", str(HERE / "on_ray.py"), str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found["values"] == [0.0, 1.0, 2.0] and found["failures"] == {}
    again = [line for line in found["said"] if line.endswith("trying again")]
    assert len(again) == 2 and any("out of luck" in line for line in again)
