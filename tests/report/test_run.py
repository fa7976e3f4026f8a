import json

import numpy as np
import polars as pl
import pytest
from safetensors.numpy import save_file

from incentax.report.comparison import comparison
from incentax.report.html import write_report
from incentax.report.run import read_run

from .synthetic import CONFIG, RESULT, auction_response, game_response, write_game, write_run


def _config(change):
    return lambda d: (d / "config.json").write_text(json.dumps(CONFIG | change))


def _result(change):
    return lambda d: (d / "result.json").write_text(json.dumps(RESULT | change))


def _bytes(name, content):
    return lambda d: (d / name).write_bytes(content)


def _truncate(name):
    return lambda d: (d / name).write_bytes((d / name).read_bytes()[:-40])


def _history(columns):
    return lambda d: pl.DataFrame(columns).write_parquet(d / "history.parquet")


def _response(change):
    return lambda d: save_file(auction_response() | change, d / "response.safetensors")


DAMAGE = {
    "no config": (lambda d: (d / "config.json").unlink(), "without config.json"),
    "config not JSON": (_bytes("config.json", b"{"), "a JSON file"),
    "config binary": (_bytes("config.json", b"\xff\x00\x9c"), "a JSON file"),
    "config a list": (_bytes("config.json", b"[]"), "a JSON object"),
    "config too deep": (_bytes("config.json", b"[" * 100_000), "config.json"),
    "config of the future": (_config({"format": 2}), "format 1, got format 2"),
    "config foreign": (_bytes("config.json", b'{"name": "x"}'), "format 1, got format None"),
    "no problem": (_config({"problem": None}), "'problem'"),
    "wrong sense": (_config({"sense": "max"}), "'maximize' or 'minimize', got 'max'"),
    "settings a text": (_config({"settings": "x"}), "'settings'"),
    "citations a text": (_config({"citations": "x"}), "'citations'"),
    "steps true": (_config({"steps": True}), "'steps'"),
    "result empty": (_bytes("result.json", b""), "a JSON file"),
    "result of another problem": (_result({"problem": "a2"}), "'a1', got one of 'a2'"),
    "value a text": (_result({"value": "x" * 1000}), "'value'"),
    "baseline a text": (_result({"baselines": {"a": "b"}}), "'baselines'"),
    "certificate a text": (_result({"certificate": ["x"]}), "'certificate'"),
    "check without name": (_result({"certificate": [{}]}), "'name'"),
    "held out without rows": (_result({"held_out": {}}), "'rows'"),
    "held out revenue": (_result({"held_out": {"rows": [{"mechanism": "a"}]}}), "'revenue'"),
    "history not Parquet": (_bytes("history.parquet", b"step,value"), "a Parquet file"),
    "history cut": (_truncate("history.parquet"), "a Parquet file"),
    "history of words": (_history({"step": ["a"]}), "columns of numbers"),
    "history without step": (_history({"value": [1.0]}), "'step'"),
    "response not arrays": (_bytes("response.safetensors", b"x" * 100), "a safetensors file"),
    "response cut": (_truncate("response.safetensors"), "a safetensors file"),
    "response empty": (_bytes("response.safetensors", b""), "a safetensors file"),
    "response of another grid": (
        _response({"before/payment": np.zeros((3, 7), np.float32)}),
        "'before/payment' of shape (3, 10) in",
    ),
    "response flat": (_response({"after/flow": np.zeros(4, np.float32)}), "'after/flow'"),
    "response without the way out": (
        _response({"before/flow": np.zeros((3, 12, 10), np.float32)}),
        "of shape (3, 13, 10) in",
    ),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_damage_is_one_sentence(tmp_path, case):
    damage, expected = DAMAGE[case]
    directory = write_run(tmp_path / "run")
    damage(directory)
    before = sorted(path.name for path in directory.iterdir())
    with pytest.raises(ValueError) as caught:
        write_report(directory)
    message = str(caught.value)
    assert "expected" in message and ", got " in message and "; try " in message
    assert expected in message
    assert "\n" not in message and len(message) < 600
    assert sorted(path.name for path in directory.iterdir()) == before


@pytest.mark.parametrize("name", ["missing", "a file"])
def test_what_is_no_directory(tmp_path, name):
    (tmp_path / "a file").write_text("x")
    with pytest.raises(ValueError, match=r"expected a run directory, got .*; try "):
        write_report(tmp_path / name)


def test_game_arrays_must_fit_their_flow(tmp_path):
    for change in ({"after/flow": np.zeros((8, 15, 2))}, {"after/price": np.zeros((4, 4))}):
        arrays = {name: np.float32(x) for name, x in (game_response() | change).items()}
        with pytest.raises(ValueError, match=r"expected 'after/.*' .*, got \("):
            read_run(write_game(tmp_path / "run", response=arrays))


def test_control_characters_do_not_reach_a_terminal(tmp_path):
    run = read_run(write_run(tmp_path / "run", config={"title": "a\x1b[31mb\x00\ud800"}))
    assert run.config["title"] == "a[31mb"


def test_a_response_with_a_hole_is_not_drawn(tmp_path):
    arrays = auction_response()
    arrays["after/flow"][0, 0, 0] = np.nan
    run = read_run(write_run(tmp_path / "run", response=arrays))
    assert run.stages("flow") == ["before"]


def test_comparing_nothing(tmp_path):
    with pytest.raises(ValueError, match="expected at least one run directory, got none; try"):
        comparison([])
