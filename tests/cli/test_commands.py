"""The contracts of the commands: what they print, what they write, how they end."""

import json
import re
import sys
from pathlib import Path

import jax
import numpy as np
import polars as pl
import pytest

import incentax as ix
from incentax.cli.main import run as run_command
from incentax.run_directory import RunDirectory

KEYS = {
    "problem",
    "rule",
    "adjoint",
    "objective",
    "sense",
    "value",
    "baselines",
    "cap",
    "exploitability",
    "residual",
    "steps",
    "seconds",
    "compile_seconds",
    "seed",
    "status",
    "versions",
}
SIZES = dict(horizon=2, num_values=10, num_bids=10, width=8, solver_steps=100)
SMALL = [word for name, size in SIZES.items() for word in ("--set", f"{name}={size}")]
FILES = {
    "config.json",
    "result.json",
    "history.parquet",
    "mechanism.eqx",
    "response.safetensors",
    "report.html",
    "checkpoint/state.eqx",
}


def files(path):
    return {str(p.relative_to(path)) for p in path.rglob("*") if p.is_file()}


def test_list(incentax):
    shown = incentax("list")
    assert shown.code == 0 and shown.err == ""
    for name in ix.problems:
        assert name in shown.out
    rows = json.loads(incentax("list", "--json").out)
    assert [row["name"] for row in rows] == list(ix.problems)
    assert all({"name", "summary", "source", "options"} <= set(row) for row in rows)
    assert rows[0]["options"]["horizon"] == 4


def test_version_and_help(incentax):
    assert incentax("--version").out.strip() == ix.__version__
    shown = incentax("design", "--help")
    assert shown.code == 0
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown.out)
    for option in ("--rule", "--adjoint", "--steps", "--seconds", "--seed", "--values", "--column"):
        assert option in plain
    for option in ("--set", "--out", "--resume", "--json"):
        assert option in plain


def test_solve(incentax):
    done = incentax("solve", "a1", *SMALL, "--json")
    assert done.code == 0 and done.err == ""
    report = json.loads(done.out)
    assert (report["problem"], report["objective"], report["sense"]) == (
        "a1",
        "revenue",
        "maximize",
    )
    assert set(report["equilibria"]) == {"first_price", "starting mechanism"}
    setting = ix.problems["a1"].with_options(**SIZES).setting
    population, mechanism = setting.population(), setting.baselines()["first_price"]
    # What is told is certified, and certificates make all steps.
    expected = ix.solve(
        population.game,
        mechanism,
        solver=population.solver.thorough(),
        adjoint=population.adjoint,
        throw=False,
    )
    found = report["equilibria"]["first_price"]
    assert found["value"] == pytest.approx(float(ix.revenue(None, expected)), rel=1e-9)
    assert found["exploitability"] == pytest.approx(float(expected.exploitability), abs=1e-9)
    assert files(Path.cwd()) == set(), "solving writes nothing"
    table = incentax("solve", "left-right")
    assert table.code == 0 and "no design" in table.out and "congestion" in table.out


@pytest.mark.parametrize(
    "rule, adjoint",
    [
        ("hypergradient", "implicit"),
        ("hypergradient", "checkpointed"),
        ("hypergradient", "backprop"),
        ("zeroth-order", "implicit"),
    ],
)
def test_design_under_every_rule_and_adjoint(incentax, rule, adjoint):
    words = ("design", "a1", *SMALL, "--steps", 2, "--rule", rule, "--adjoint", adjoint)
    done = incentax(*words, "--out", "run", "--json")
    assert done.code == 0 and done.err == ""
    record = json.loads(done.out)
    assert KEYS <= set(record)
    assert record["rule"] == rule
    assert record["adjoint"] == (adjoint if rule == "hypergradient" else None)
    assert record["steps"] == 2 and record["seed"] == 0 and record["sense"] == "maximize"
    assert 0 < record["value"] <= record["cap"]
    assert set(record["baselines"]) == {"first_price"}
    assert record["exploitability"] >= -1e-6
    assert set(record["versions"]) >= {"incentax", "python", "jax", "numpy"}
    run = Path("run")
    assert files(run) >= FILES
    assert any(name.startswith("figures/") and name.endswith(".svg") for name in files(run))
    assert json.loads((run / "result.json").read_text()) == record
    assert not [name for name in files(run) if name.rsplit("/", 1)[-1].startswith(".")]


@pytest.fixture(scope="module")
def left_right(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "plain"
    assert run_command(["design", "left-right", "--steps", "4", "--out", str(path)]) == 0
    return path


def test_the_value_is_that_of_the_mechanism_on_disk(left_right):
    run = RunDirectory.open(left_right)
    setting = ix.problems["left-right"].setting
    mechanism = run.load_mechanism(setting.mechanism(jax.random.key(0)))
    population = setting.population()
    response = ix.solve(population.game, mechanism, solver=population.solver)
    value = float(setting.objective()(mechanism, response))
    assert run.result["value"] == pytest.approx(value, rel=1e-9)
    assert run.result["value"] < run.result["baselines"]["no_design"]


def test_the_certificate_holds(left_right):
    rows = {row["name"]: row for row in RunDirectory.open(left_right).result["certificate"]}
    assert rows["gradient_error"]["holds"] and rows["residual"]["holds"]
    assert rows["gradient_error"]["value"] < 1e-5
    assert all(row["meaning"] for row in rows.values())


def test_history_has_a_row_a_step(left_right):
    table = pl.read_parquet(left_right / "history.parquet")
    assert table["step"].to_list() == [0, 1, 2, 3]
    assert np.all(np.isfinite(table["value"].to_numpy()))


def test_report_is_self_contained_and_can_be_drawn_again(incentax, left_right):
    page = left_right / "report.html"
    text = page.read_text(encoding="utf-8")
    page.unlink()
    done = incentax("report", left_right)
    assert done.code == 0 and str(page) in done.out.replace("\n", "")
    assert page.read_text(encoding="utf-8") == text
    assert not re.search(r'(src|href)\s*=\s*"(https?:)?//', text)
    assert "@" in text and "seed" in text


def test_compare(incentax, left_right):
    other = Path.cwd() / "other"
    words = ("design", "left-right", "--steps", 2, "--rule", "zeroth-order", "--out", other)
    assert incentax(*words).code == 0
    shown = incentax("compare", left_right, other)
    assert shown.code == 0 and "zeroth-order" in shown.out.replace("zeroth order", "zeroth-order")
    rows = json.loads(incentax("compare", left_right, other, "--json").out)
    assert len(rows) == 2


def test_json_is_alone_on_standard_output_and_words_go_to_standard_error(incentax):
    quiet = incentax("design", "left-right", "--steps", 1, "--json")
    assert quiet.err == ""
    assert isinstance(json.loads(quiet.out), dict)
    loud = incentax("design", "left-right", "--steps", 1)
    assert "compiling" in loud.err and "step 1/1" in loud.err
    assert "report:" in loud.out


def test_runs_get_fresh_folders(incentax):
    for expected in ("runs/left-right", "runs/left-right-2"):
        assert incentax("design", "left-right", "--steps", 1, "--json").code == 0
        assert (Path(expected) / "result.json").exists()


def test_seconds_stop_a_design_that_can_go_on(incentax):
    words = ("design", "left-right", "--steps", 3, "--out", "run", "--json")
    done = incentax(*words, "--seconds", 1e-9)
    record = json.loads(done.out)
    assert done.code == 0 and record["steps"] == 1 and "time limit" in record["status"]
    again = json.loads(incentax(*words, "--resume").out)
    assert again["steps"] == 3 and again["status"] == "done"
    # A run that is finished has nothing left to do, and does nothing to its mechanism.
    mechanism = Path("run/mechanism.eqx").read_bytes()
    finished = json.loads(incentax(*words, "--resume").out)
    assert finished["value"] == again["value"]
    assert Path("run/mechanism.eqx").read_bytes() == mechanism


def test_settings_change_the_problem(incentax):
    words = ("design", "left-right", "--steps", 1, "--set", "temperature=0.5", "--json")
    record = json.loads(incentax(*words).out)
    other = json.loads(incentax("design", "left-right", "--steps", 1, "--json").out)
    assert record["baselines"] != other["baselines"]


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """What a design for the bidders in a file was asked and came to, and the file's numbers."""
    folder = tmp_path_factory.mktemp("values")
    sample = np.random.default_rng(1).uniform(0, 50, size=300)
    pl.DataFrame({"id": np.arange(300), "bid": sample}).write_parquet(folder / "bids.parquet")
    words = ["design", "a1", *SMALL, "--steps", "2", "--out", str(folder / "run")]
    words += ["--values", str(folder / "bids.parquet"), "--column", "bid", "--scale", "45"]
    assert run_command(words) == 0
    config = json.loads((folder / "run" / "config.json").read_text())
    return config, json.loads((folder / "run" / "result.json").read_text()), sample


class TestValues:
    """Designing for the bidders in a file."""

    def test_it_says_what_it_read_and_clipped(self, record):
        config, _, sample = record
        facts = config["values"]
        assert (facts["file"], facts["column"], facts["count"]) == ("bids.parquet", "bid", 300)
        assert facts["scale"] == 45 and facts["clipped"] == int(np.sum(sample >= 45))

    def test_it_judges_on_the_other_half(self, record):
        _, result, _ = record
        held_out = result["held_out"]
        assert held_out["count"] == 150 and held_out["confidence"] == 0.95
        names = [row["mechanism"] for row in held_out["rows"]]
        assert names[:2] == ["designed", "first price, equal split"]
        assert names[2].startswith("Myerson price of the data")
        for row in held_out["rows"]:
            assert 0 < row["low"] <= row["high"] < 1

    def test_the_value_stays_below_the_cap_of_its_half(self, record):
        _, result, _ = record
        assert 0 < result["value"] <= result["cap"] + 1e-9

    def test_on_screen(self, incentax):
        lines = "\n".join(str(k % 7) for k in range(40))
        Path("bids.csv").write_text(f"bid\n{lines}\n")
        words = ("design", "a1", *SMALL, "--steps", 1, "--values", "bids.csv", "--column", "bid")
        done = incentax(*words)
        assert done.code == 0
        assert "40 valuations from bids.csv" in done.err and "half are held out" in done.err


def test_ctrl_c_where_nothing_can_be_saved(incentax, monkeypatch):
    """Between reading the order and the first step: a word and its own code, no traceback."""

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("incentax.cli.design.perform", interrupted)
    done = incentax("design", "left-right", "--steps", 1)
    assert (done.code, done.out, done.err) == (130, "", "incentax: interrupted\n")


def test_ctrl_c_after_the_last_step_says_what_is_kept(incentax, monkeypatch):
    """No result, but every step, and how to get the one from the other."""

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    words = ("design", "left-right", "--steps", 3, "--out", "run")
    for room in ("design", "workflow"):
        with monkeypatch.context() as patch:
            patch.setattr(sys.modules[f"incentax.{room}"], "certify", interrupted)
            done = incentax(*words, *(("--resume",) if room == "workflow" else ()))
        assert (done.code, done.out) == (130, "")
        kept = f"every step is kept in {Path('run', 'checkpoint')}, but not yet the result"
        assert kept in done.err and "--out run --resume" in done.err
        assert not Path("run", "result.json").exists()
    done = incentax(*words, "--resume", "--json")
    assert done.code == 0 and json.loads(done.out)["steps"] == 3
    whole = incentax(*words[:-1], "whole", "--json")
    assert json.loads(done.out)["value"] == json.loads(whole.out)["value"]
