"""Whatever a user does wrong: one line with expected, got and remedy, code 2, nothing written."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from incentax.cli.main import run as run_command

GOOD = "value\n" + "\n".join(str(1 + k % 17) for k in range(60)) + "\n"
FILES = {
    "good.csv": GOOD,
    "empty.csv": "",
    "header.csv": "value\n",
    "text.csv": GOOD + "a lot\n",
    "nan.csv": GOOD + "NaN\n",
    "inf.csv": GOOD + "inf\n",
    "negative.csv": GOOD + "-1\n",
    "gap.csv": "id,value\n" + "".join(f"{k},{k}\n" for k in range(30)) + "31,\n",
    "zeros.csv": "value\n" + "0\n" * 30,
    "few.csv": "value\n1\n2\n",
    "broken.parquet": "PAR1",
    "sheet.xlsx": "PK",
    "seeds.toml": "seed = [0, 1]\n",
    "grid.toml": "horizn = [2, 4]\n",
    "noise.csv": "\x00\xff\xfe\x80" * 50,
}
A1 = ("design", "a1", "--steps", "1", "--set", "num_values=6", "--set", "num_bids=6")


def values(file, column="value"):
    return (*A1, "--values", file, "--column", column)


# words: what the line must say, beside expected and got
CASES = {
    "no such command": (("desing", "a1"), "did you mean 'design'"),
    "no such option": (("design", "a1", "--stesp", "3"), "did you mean '?--steps"),
    "option without value": (("design", "a1", "--steps"), "--steps"),
    "option of the wrong kind": (("design", "a1", "--steps", "many"), "--steps"),
    "no problem": (("design",), "NAME"),
    "unknown problem": (("design", "a11"), "did you mean 'a1'"),
    "unknown problem, solve": (("solve", "beach_bar"), "did you mean 'beach-bar'"),
    "unknown rule": (("design", "a1", "--rule", "zeroth"), "did you mean 'zeroth-order'"),
    "unknown adjoint": (("design", "a1", "--adjoint", "back-prop"), "did you mean 'backprop'"),
    "unknown setting": (("design", "a1", "--set", "horizn=2"), "did you mean 'horizon'"),
    "grid that is not there": (("design", "a1", "--sweep", "no.toml"), "got no no.toml"),
    "grid of no such option": (("design", "a1", "--sweep", "grid.toml"), "did you mean 'horizon'"),
    "sweep against the clock": (
        ("design", "a1", "--sweep", "grid.toml", "--seconds", "3"),
        "without --seconds",
    ),
    "no cluster there": (
        ("design", "left-right", "--sweep", "seeds.toml", "--ray", "127.0.0.1:1"),
        "Ray cluster",
    ),
    "cluster without a sweep": (("design", "a1", "--ray", "local"), "--sweep FILE"),
    "setting without value": (("solve", "a1", "--set", "horizon"), "--set horizon=6"),
    "setting that is text": (("solve", "a1", "--set", "horizon=two"), "got 'two'"),
    "setting that is NaN": (("solve", "a1", "--set", "supply=nan"), "nan"),
    "half a round": (("solve", "a1", "--set", "horizon=2.5"), "whole number"),
    "horizon 0": (("design", "a1", "--set", "horizon=0"), "horizon >= 1, got 0"),
    "negative supply": (("design", "a1", "--set", "supply=-0.1"), "supply >= 0, got -0.1"),
    "one bid": (("design", "a1", "--set", "num_bids=1"), "num_bids"),
    "no hidden units": (("design", "a1", "--set", "width=0"), "width"),
    "no steps of the solver": (("design", "a1", "--set", "solver_steps=0"), "num_steps|solver"),
    "no temperature": (("design", "a1", "--set", "temperature=0"), "temperature"),
    "infinite temperature": (("design", "a1", "--set", "temperature=inf"), "temperature"),
    "overshooting": (("design", "a1", "--set", "learning_rate=1e9"), "learning_rate"),
    "beach of one spot": (("design", "beach-bar", "--set", "spots=1"), "num_spots >= 2"),
    "beach without cap": (("design", "beach-bar", "--set", "price_cap=0"), "cap > 0"),
    "no sharpness": (("design", "beach-bar", "--set", "sharpness=0"), "sharpness > 0"),
    "interval the wrong way": (("design", "a3", "--set", "supply_low=2"), "supply_low <= supply"),
    "no games": (("design", "a3", "--set", "games=0"), "games >= 1"),
    "no steps": (("design", "a1", "--steps", "0"), "--steps >= 1, got 0"),
    "no seconds": (("design", "a1", "--seconds", "0"), "--seconds > 0, got 0"),
    "NaN seconds": (("design", "a1", "--seconds", "nan"), "--seconds > 0, got nan"),
    "negative seed": (("design", "a1", "--seed", "-1"), "--seed"),
    "values missing": (values("nowhere.csv"), "no file at nowhere.csv"),
    "values in a folder": (values("."), "got the folder"),
    "values empty": (values("empty.csv"), "empty file"),
    "values without rows": (values("header.csv"), "no rows"),
    "values without the column": (values("good.csv", "values"), "did you mean 'value'"),
    "values with text": (values("text.csv"), "'a lot' in data row 61"),
    "values with NaN": (values("nan.csv"), "nan in data row 61"),
    "values with infinity": (values("inf.csv"), "inf in data row 61"),
    "values with a negative": (values("negative.csv"), "-1 in data row 61"),
    "values with a gap": (values("gap.csv"), "data row 31"),
    "values all zero": (values("zeros.csv"), "scale > 0"),
    "values too few": (values("few.csv"), "at least 20"),
    "values that are no Parquet": (values("broken.parquet"), "readable PARQUET"),
    "values of another kind": (values("sheet.xlsx"), "ending in .csv or .parquet"),
    "values that are noise": (values("noise.csv"), "value"),
    "values without --column": ((*A1, "--values", "good.csv"), "--column"),
    "--column without values": ((*A1, "--column", "value"), "--values"),
    "scale of zero": ((*values("good.csv"), "--scale", "0"), "scale > 0"),
    "values for a game": (
        ("design", "left-right", "--values", "good.csv", "--column", "value"),
        "try a1",
    ),
    "resume nothing": (("design", "a1", "--out", "nowhere", "--resume"), "no folder at nowhere"),
    "resume a foreign folder": (("design", "a1", "--out", "foreign", "--resume"), "config.json"),
    "resume a corrupt folder": (("design", "a1", "--out", "corrupt", "--resume"), "JSON"),
    "out holds something": (("design", "a1", "--out", "foreign"), "new or empty folder"),
    "out is a file": (("design", "a1", "--out", "good.csv"), "good.csv"),
    "out is below a file": (("design", "a1", "--out", "good.csv/run"), "good.csv"),
    "report on nothing": (("report", "nowhere"), "nowhere"),
    "report on a foreign folder": (("report", "foreign"), "config.json"),
    "report on a corrupt folder": (("report", "corrupt"), "config.json"),
    "compare nothing": (("compare",), "DIRECTORIES|DIR"),
    "compare with a foreign folder": (("compare", "foreign"), "config.json"),
}


@pytest.fixture
def folder(incentax):
    """The current folder, with files of every kind."""
    here = Path.cwd()
    for name, content in FILES.items():
        here.joinpath(name).write_text(content, encoding="latin-1")
    (here / "foreign").mkdir()
    (here / "foreign" / "thesis.txt").write_text("all of it")
    (here / "corrupt").mkdir()
    (here / "corrupt" / "config.json").write_text('{"format": 1, "problem"')
    return here


def snapshot(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def check_refusal(outcome, says):
    assert outcome.code == 2, outcome
    assert outcome.out == ""
    assert len(outcome.err.splitlines()) == 1, outcome.err
    assert re.match(r"incentax: expected .*got ", outcome.err), outcome.err
    assert re.search(says, outcome.err), outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("name", CASES)
def test_one_line_and_nothing_written(incentax, folder, name):
    words, says = CASES[name]
    before = snapshot(folder)
    check_refusal(incentax(*words), says)
    assert snapshot(folder) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_out_that_cannot_be_written(incentax, folder):
    (folder / "locked").mkdir(mode=0o500)
    check_refusal(incentax("design", "a1", "--out", "locked/run"), "can be written")


def test_out_on_a_full_or_forbidden_disk(incentax, folder, monkeypatch):
    """The same for everybody, root included: the system refuses."""

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refused)
    check_refusal(incentax("design", "a1", "--out", "locked"), "Permission denied.*another --out")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run directory as the design leaves it."""
    path = tmp_path_factory.mktemp("made") / "run"
    assert run_command(["design", "left-right", "--steps", "2", "--out", str(path)]) == 0
    return path


class TestARun:
    """What can be wrong with a run directory that was once good."""

    @pytest.fixture
    def run(self, made, tmp_path):
        return Path(shutil.copytree(made, tmp_path / "run"))

    def test_begun_with_other_options(self, incentax, run):
        for words, says in (
            (("--steps", "3"), "got steps 3 instead of 2"),
            (("--steps", "2", "--seed", "1"), "got seed 1 instead of 0"),
            (("--steps", "2", "--rule", "zeroth-order"), "got (rule|adjoint)"),
            (("--steps", "2", "--set", "sharpness=10"), "got sharpness 10.0 instead of"),
        ):
            before = snapshot(run)
            check_refusal(incentax("design", "left-right", "--out", run, "--resume", *words), says)
            assert snapshot(run) == before

    def test_of_another_problem(self, incentax, run):
        words = ("design", "a1", "--out", run, "--resume", "--steps", "2")
        check_refusal(incentax(*words), "got problem 'a1' instead of 'left-right'")

    def test_again_without_resume(self, incentax, run):
        before = snapshot(run)
        check_refusal(incentax("design", "left-right", "--out", run), "--resume")
        assert snapshot(run) == before

    def test_of_another_version(self, incentax, run):
        config = json.loads((run / "config.json").read_text()) | {"format": 99}
        (run / "config.json").write_text(json.dumps(config))
        words = ("design", "left-right", "--steps", "2", "--out", run, "--resume")
        check_refusal(incentax(*words), "format 1, got (format )?99")
        check_refusal(incentax("report", run), "format")

    @pytest.mark.parametrize("content", [b"", b"not a checkpoint", None])
    def test_with_a_damaged_checkpoint(self, incentax, run, content):
        file = run / "checkpoint" / "state.eqx"
        whole = file.read_bytes()
        file.write_bytes(whole[:-100] if content is None else content)
        before = snapshot(run)
        words = ("design", "left-right", "--steps", "2", "--out", run, "--resume")
        check_refusal(incentax(*words), "whole checkpoint")
        assert snapshot(run) == before

    @pytest.mark.parametrize(
        "file", ["result.json", "history.parquet", "response.safetensors", "config.json"]
    )
    def test_with_a_damaged_file(self, incentax, run, file):
        (run / file).write_bytes(b"\x00\x01 not what it was")
        check_refusal(incentax("report", run), re.escape(file))
        check_refusal(incentax("compare", run), re.escape(file))
