"""`incentax users toll`: from a scene to a run directory, with formulas and with a server."""

import json
import math
import re

import jax
import polars as pl
import pytest

pytest.importorskip("gymnasium")

from incentax.cli.main import run  # noqa: E402
from incentax.users.backends.loopback import Faults, LoopbackServer  # noqa: E402
from incentax.users.backends.patience import Patience  # noqa: E402

QUICK = ["users", "toll", "departure", "--people", "300", "--days", "2", "--steps", "12"]
PRICED = re.compile(r"^([A-Z]): .*?(is|back|costs|pays) (\d+\.\d\d) euros", re.M)


@pytest.fixture(autouse=True)
def usual_settings(monkeypatch, tmp_path_factory):
    """A user's settings: single precision and ordinary promotion."""
    with jax.enable_x64(False), jax.numpy_dtype_promotion("standard"):
        with jax.numpy_rank_promotion("allow"):
            yield
    jax.config.update("jax_compilation_cache_dir", None)


def thrifty(bodies):
    """Everybody would leave at the third time, and shuns prices."""
    tables = []
    for body in bodies:
        lines = re.findall(r"^([A-Z]): (.*)$", body["messages"][1]["content"], re.M)
        weight = {}
        for letter, words in lines:
            found = re.search(r"(is|back) (\d+\.\d\d) euros", words)
            price = 0.0 if found is None else float(found[2]) * (1 if found[1] == "is" else -1)
            weight[letter] = math.exp(("8:00" in words) - price)
        total = sum(weight.values())
        tables.append({letter: w / total for letter, w in weight.items()})
    return tables


def test_a_toll_is_designed_and_kept_with_what_people_read(tmp_path, capsys):
    assert run([*QUICK, "--out", str(tmp_path / "toll")]) == 0
    said = capsys.readouterr()
    assert "Departure times under a congestion toll" in said.out and "at 8:00" in said.out
    assert "step 12/12" in said.err
    folder = tmp_path / "toll"
    assert (folder / "report.html").read_text("utf-8").count("Departure times")
    rows = pl.read_csv(folder / "options.csv")
    assert rows["price"].to_list()[2] == max(rows["price"]) > 0.3
    assert rows["after"].to_list()[2] < rows["before"].to_list()[2]
    read = (folder / "people.txt").read_text("utf-8")
    assert read.count("[system]") == 3 and read.count("<data ") >= 6
    assert run([*QUICK, "--out", str(folder), "--resume", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["problem"] == "toll-departure" and record["rule"] == "social-gradient"
    assert record["value"] < record["baselines"]["no_price"] and record["cap"] == 1.0
    assert [row["option"] for row in record["options"]] == rows["option"].to_list()


def test_zeroth_order_needs_only_the_score(tmp_path, capsys):
    words = [*QUICK, "--rule", "zeroth-order", "--json", "--out", str(tmp_path / "run")]
    assert run(words) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["rule"] == "zeroth-order"


def test_a_language_model_plays_the_people_and_a_cache_pays_once(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-ours")
    cache = str(tmp_path / "answers.db")
    words = ["users", "toll", "departure", "--people", "6", "--days", "1", "--steps", "3"]
    records, scored = [], []
    with LoopbackServer(thrifty, key="sk-secret-of-ours") as server:
        for name in ("one", "two"):
            out = ["--out", str(tmp_path / name), "--cache", cache, "--json"]
            model = ["--backend", "http", "--model", "tiny", "--base-url", server.url]
            assert run([*words, *model, *out]) == 0
            records.append(json.loads(capsys.readouterr().out))
            scored.append(server.scored)
    # Three looks, two certificates, three people's words: each asked once, two orders each.
    assert 0 < scored[0] <= 6 * 2 * 6 and scored[1] == scored[0]
    assert records[0]["options"] == records[1]["options"]
    for path in (tmp_path / "one").rglob("*"):
        assert path.is_dir() or b"sk-secret" not in path.read_bytes()


MISTAKES = {
    "scene": ["users", "toll", "nowhere"],
    "rule": [*QUICK, "--rule", "hypergradient"],
    "backend": [*QUICK, "--backend", "rules"],
    "server": [*QUICK, "--backend", "http", "--model", "x", "--base-url", "http://127.0.0.1:9/v1"],
    "people": ["users", "toll", "--people", "0"],
    "option": ["users", "toll", "--peple", "3"],
    "surrogate": [*QUICK, "--backend", "surrogate"],
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_line_and_exit_2(case, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(MISTAKES[case]) == 2
    said = capsys.readouterr()
    assert said.out == "" and len(said.err.strip().splitlines()) == 1, said.err
    assert not list(tmp_path.iterdir())


def test_a_server_that_dies_on_the_way_is_one_line_and_the_run_goes_on(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(Patience, "wait", lambda *_: 0.0)
    words = ["users", "toll", "departure", "--people", "4", "--days", "1", "--steps", "3"]
    words += ["--cache", str(tmp_path / "answers.db"), "--backend", "http", "--model", "tiny"]

    def dying(bodies):
        # Eight answers a look: this is in the middle of the second.
        if server.scored >= 8:
            server.faults = Faults(error=1.0)
        return thrifty(bodies)

    with LoopbackServer(dying, batch_size=4) as server:
        words += ["--base-url", server.url, "--out"]
        assert run([*words, str(tmp_path / "run")]) == 2
        said = capsys.readouterr().err.strip().splitlines()
        assert "resume later" in said[-1] and "Traceback" not in str(said)
        server.scorer, server.faults = thrifty, Faults()
        paid = sum(server.served.values())
        assert paid >= 8
        assert run([*words, str(tmp_path / "run"), "--resume"]) == 0
        assert set(server.served.values()) == {1} and len(server.served) > paid
        asked = server.scored
        assert run([*words, str(tmp_path / "again")]) == 0
        assert server.scored == asked
    kept = [(tmp_path / name / "options.csv").read_text() for name in ("run", "again")]
    assert kept[0] == kept[1]


def test_people_who_answer_with_no_letter_are_one_line(tmp_path, capsys):
    words = ["users", "toll", "departure", "--people", "3", "--days", "1", "--steps", "1"]
    with LoopbackServer(lambda bodies: [{"no": 1.0} for _ in bodies]) as server:
        words += ["--backend", "http", "--model", "tiny", "--base-url", server.url]
        assert run([*words, "--out", str(tmp_path / "run")]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert "expected at least one valid choice" in said[-1] and "Traceback" not in str(said)
