"""Killed at any moment, or interrupted by Ctrl-C: a design goes on as if nothing had happened."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

KILLED = Path(__file__).parent / "killed.py"
DESIGN = ("design", "left-right", "--steps", "5", "--json", "--out", "run")
# Where a process dies, in this order: each goes on from what the one before it left.
MOMENTS = (
    ("step", 1),  # before anything but the order was written
    ("state.eqx", 2),  # the second checkpoint is written, but not in its place
    ("history.parquet", 1),  # between a checkpoint and its history
    ("result.json", 1),  # all is there but the file that says so
)


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    # Single precision, as users have it; the suite's own flags only make compiling cheaper.
    return os.environ | {"JAX_ENABLE_X64": "0"}


def command(folder, environment, *words):
    return subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory, environment):
    folder = tmp_path_factory.mktemp("whole")
    done = command(folder, environment, "-m", "incentax", *DESIGN)
    assert done.returncode == 0, done.stderr
    return folder / "run", json.loads(done.stdout)


def test_killed_again_and_again_it_ends_the_same_bit_for_bit(tmp_path, environment, uninterrupted):
    whole, expected = uninterrupted
    for number, (moment, count) in enumerate(MOMENTS):
        resume = ("--resume",) if number else ()
        died = command(tmp_path, environment, KILLED, moment, count, *DESIGN, *resume)
        assert died.returncode == -signal.SIGKILL, (moment, died.stderr)
        assert not (tmp_path / "run" / "result.json").exists()
    done = command(tmp_path, environment, "-m", "incentax", *DESIGN, "--resume")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    for name in ("value", "baselines", "exploitability", "residual", "steps", "status"):
        assert found[name] == expected[name], name
    run = tmp_path / "run"
    assert (run / "mechanism.eqx").read_bytes() == (whole / "mechanism.eqx").read_bytes()
    response = "response.safetensors"
    assert (run / response).read_bytes() == (whole / response).read_bytes()
    left_over = [p.name for p in run.rglob(".*") if p.is_file()]
    assert len(left_over) <= len(MOMENTS), "only what a killed writer could not take away"


def test_ctrl_c_saves_and_exits_cleanly(tmp_path, environment):
    words = ("-m", "incentax", "design", "left-right", "--steps", "5000", "--out", "run")
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # A line every so many steps: the first one says that the design is well under way.
    assert any(line.startswith("step ") for line in process.stderr)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert "Traceback" not in err
    record = json.loads((tmp_path / "run" / "result.json").read_text())
    assert "interrupted" in record["status"] and 0 < record["steps"] < 5000
    assert "report:" in out and (tmp_path / "run" / "report.html").exists()

    again = command(tmp_path, environment, *words, "--resume", "--seconds", "0.001", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["steps"] == record["steps"] + 1


def test_the_module_and_the_command_are_the_same(environment, tmp_path):
    done = command(tmp_path, environment, "-m", "incentax", "list", "--json")
    assert done.returncode == 0 and done.stderr == ""
    assert json.loads(done.stdout)[0]["name"] == "a1"
    refused = command(tmp_path, environment, "-m", "incentax", "design", "a1", "--rule", "x")
    assert refused.returncode == 2 and len(refused.stderr.splitlines()) == 1
    assert "Traceback" not in refused.stderr


def test_a_reader_that_leaves_early(environment, tmp_path):
    line = f"{sys.executable} -m incentax list --json | head -c 1"
    done = subprocess.run(
        line, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("[", "")
