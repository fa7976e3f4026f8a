"""The commands as a user meets them: exit codes, one line for a mistake, nothing overwritten."""

import json

import pytest
from typer.testing import CliRunner

from incentax.users.backends.loopback import LoopbackServer
from incentax.users.cli import app, run

from .stub import scorer


def _call(*words, code=0):
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == code, (done.output, done.stderr, done.exception)
    return done


def _mistake(*words):
    done = _call(*words, code=2)
    line = done.stderr.strip()
    assert "\n" not in line and line.startswith("expected ") and "got " in line and "try" in line
    assert "Traceback" not in done.output
    return line


def test_personas_reports_and_writes(tmp_path):
    out = tmp_path / "p.jsonl.gz"
    table = json.loads(_call("personas", "--num", "60", "--out", str(out), "--json").stdout)
    assert table["num"] == 60 and out.exists()
    before = out.read_bytes()
    assert "expected a new file" in _mistake("personas", "--num", "60", "--out", str(out))
    assert out.read_bytes() == before


def test_run_keeps_a_session_that_replays(tmp_path):
    out = tmp_path / "run"
    words = ("run", "--user", "mu0003", "--steps", "8", "--set", "ending=never", "--out", str(out))
    said = _call(*words).stdout
    assert "rated" in said and (out / "session.html").read_text().count("<article>") == 8
    assert "every bit equal" in _call("replay", str(out)).stdout
    assert "expected a new or empty folder" in _mistake(*words)
    (out / "session.csv").write_text("changed")
    assert _call("replay", str(out), code=1).stderr.startswith("the session differs")


def test_run_prints_one_json_object():
    table = json.loads(_call("run", "--steps", "3", "--json", "--recommender", "random").stdout)
    assert len(table["items"]) == table["steps"] == len(table["ratings"])


def test_run_over_http_records_and_replays_without_the_server(tmp_path):
    out, cache = tmp_path / "run", tmp_path / "answers.db"
    with LoopbackServer(scorer) as server:
        words = ("--backend", "http", "--model", "tiny", "--base-url", server.url)
        words += ("--template", "movies-compact", "--cache", str(cache), "--steps", "6")
        _call("run", *words, "--out", str(out))
        asked = sum(server.served.values())
        _call("run", *words)
        assert sum(server.served.values()) == asked > 0, "the second run is answered by the cache"
        line = _mistake("run", *words[:2], "--model", "huge", *words[4:])
        assert "expected a model of the server" in line and "tiny" in line
    assert "every bit equal" in _call("replay", str(out)).stdout
    assert json.loads((out / "usage.json").read_text())["calls"] == asked
    line = _mistake("run", *words)
    assert "expected a server at" in line


def test_train_evaluate_and_resume(tmp_path):
    pytest.importorskip("sb3_contrib")
    out = str(tmp_path / "ppo")
    words = ("train", "--algorithm", "ppo", "--steps", "2048", "--out", out)
    table = json.loads(_call(*words, "--json").stdout)
    assert table["steps"] == 2048
    assert "expected a new folder" in _mistake(*words)
    _call("train", "--algorithm", "ppo", "--steps", "4096", "--out", out, "--resume")
    done = _call("evaluate", "random", out, "--users", "30", "--seeds", "1", "--json", "--k", "5")
    rows = {row["recommender"]: row for row in json.loads(done.stdout)["rows"]}
    assert rows[out]["mean_reward"] > rows["random"]["mean_reward"]


def test_fidelity_writes_a_page(tmp_path):
    out = tmp_path / "f"
    table = json.loads(_call("fidelity", "--quick", "--out", str(out), "--json").stdout)
    assert table["reaches_gates"] == [True, True] and table["beats_floors"]
    assert (out / "fidelity.html").read_text().startswith("<!doctype html>")


def test_estimate_asks_nobody():
    table = json.loads(_call("estimate", "--steps", "1000", "--price-prompt", "2", "--json").stdout)
    assert 900 <= table["calls"] <= 1000 and 300 < table["tokens_per_call"] < 900
    assert table["cost"] == pytest.approx(2 * table["prompt_tokens"] / 1e6)
    slates = json.loads(
        _call("estimate", "--set", "slate=4", "--set", "choice=mnl", "--json").stdout
    )
    assert slates["calls"] > 3 * 10_000


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--domain", "songs"),
        ("run", "--backend", "psychic"),
        ("run", "--backend", "hf", "--model", "no-such-folder"),
        ("run", "--backend", "surrogate"),
        ("run", "--backend", "replay", "--trace", "none.gz"),
        ("run", "--set", "retrieval"),
        ("run", "--set", "colour=blue"),
        ("run", "--set", "max_steps=many"),
        ("run", "--set", "dynamics=wild"),
        ("run", "--user", "nobody"),
        ("run", "--recommender", "psychic"),
        ("run", "--config", "none.toml"),
        ("evaluate", "psychic"),
        ("evaluate", "random", "--users", "1000000000"),
        ("evaluate", "random", "--users", "2", "--k", "1501"),
        ("train", "--algorithm", "sarsa", "--out", "unused"),
        ("replay", "none"),
        ("estimate", "--template", "none"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _mistake(*words)


@pytest.mark.parametrize(
    "words, said",
    [
        (("trian",), "expected a command of"),
        (("train", "--bogus", "3"), "expected an option of"),
        (("run", "--steps", "many"), "expected a valid --steps"),
        (("replay",), "expected FOLDER after"),
        (("run", "--domain", "songs"), "expected one of the domains"),
    ],
)
def test_words_that_are_not_understood_are_one_line_and_exit_2(words, said, capsys):
    assert run(list(words)) == 2
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1 and err.startswith(said)


def test_a_cache_of_another_version_and_a_full_folder(tmp_path):
    import sqlite3

    from incentax.users.backends import Cache

    path = tmp_path / "a.db"
    Cache(path).close()
    db = sqlite3.connect(path)
    db.execute("update about set value = '0'")
    db.commit()
    db.close()
    with LoopbackServer(scorer) as server:
        words = ("run", "--backend", "http", "--model", "tiny", "--base-url", server.url)
        assert "cache of version 1" in _mistake(*words, "--cache", str(path))
        assert "expected a folder" in _mistake(*words, "--cache", str(tmp_path / "x" / "a.db"))


def test_a_config_file_and_what_it_may_not_say(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text('domain = "books"\n[settings]\nending = "never"\n')
    table = json.loads(_call("run", "--config", str(path), "--steps", "2", "--json").stdout)
    assert table["user"].startswith("bu") and table["steps"] == 2
    path.write_text('api_key = "sk"\n')
    assert "expected choices among" in _mistake("run", "--config", str(path))


def test_fidelity_against_a_folder_of_ratings(tmp_path):
    folder = tmp_path / "log"
    folder.mkdir()
    genres = ("Drama", "Comedy", "Horror", "Action")
    titles = "".join(f"{k},Film {k} (2000),{genres[k % 4]}\n" for k in range(40))
    (folder / "movies.csv").write_text(f"movieId,title,genres\n{titles}")
    rows = "".join(
        f"{u},{k},{1 + (k % 4 == u % 4) * 2 + k % 3},{k}\n" for u in range(12) for k in range(40)
    )
    (folder / "ratings.csv").write_text(f"userId,movieId,rating,timestamp\n{rows}")
    words = ["fidelity", "--quick", "--ratings", str(folder)]
    out = tmp_path / "out"
    table = json.loads(_call(*words, "--json", "--out", str(out)).stdout)
    real = table["against_log"]
    assert [row["name"] for row in real["held_out"]][0] == "rule"
    assert real["held_out"][-1]["name"] == "blind" and -1 <= real["ranking"]["tau"] <= 1
    assert {"variance", "retest", "calibration"} <= set(table) | set(real)
    page = (out / "fidelity.html").read_text("utf-8")
    assert "Against the log" in page and "random rater" in page
    assert "knows the bundled world only" in _mistake(*words, "--backend", "tabular")
    assert "try --domain movies" in _mistake(*words, "--domain", "books")


def test_personas_are_fitted_to_a_folder_of_ratings(tmp_path):
    (tmp_path / "movies.csv").write_text("movieId,title,genres\n1,A (2000),Drama\n2,B,Comedy\n")
    rows = "".join(f"{u},{1 + u % 2},4.5,{u}\n{u},{2 - u % 2},1.0,{u}\n" for u in range(1, 9))
    (tmp_path / "ratings.csv").write_text(f"userId,movieId,rating,timestamp\n{rows}1,9,3,1\n")
    done = _call("personas", "--ratings", str(tmp_path), "--json")
    assert json.loads(done.stdout)["num"] == 8
    assert "research use" in done.stderr and "1 unknown item" in done.stderr
    (tmp_path / "ratings.csv").write_text("userId,rating\n1,4\n")
    assert "expected the column 'movieId'" in _mistake("personas", "--ratings", str(tmp_path))
    assert "expected a data set format" in _mistake(
        "personas", "--ratings", str(tmp_path), "--format", "netflix"
    )
