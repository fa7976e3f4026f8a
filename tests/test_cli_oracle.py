"""`incentax oracle` prints what holds, null for what does not, and one line for a wrong name."""

import json

import pytest

from incentax.cli.main import run

KEYS = {
    "first_best",
    "first_price",
    "first_price_prices",
    "myerson_cap",
    "dynamic_cap",
    "memoryless_cap",
    "posted_price",
    "posted_prices",
    "constant_price",
}


def oracle(capsys, *arguments):
    assert run(["oracle", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_constant_values(capsys):
    found = oracle(capsys, "a1")
    assert set(found) >= KEYS
    assert found["first_best"] == pytest.approx(0.476)
    assert found["first_price"] == pytest.approx(0.16)
    assert found["first_price_prices"] == pytest.approx([0.2] * 4)
    for key in ("myerson_cap", "dynamic_cap", "posted_price", "constant_price", "cap"):
        assert found[key] == pytest.approx(0.25)
    assert min(found["posted_prices"]) == pytest.approx(0.5)
    assert found["memoryless_cap"] is None


def test_winners_who_stay_have_a_cap_for_memoryless_mechanisms(capsys):
    found = oracle(capsys, "a7", "--fast", "--set", "num_values=20")
    assert found["posted_price"] is None and found["posted_prices"] is None
    assert found["myerson_cap"] is None
    assert found["cap"] == pytest.approx(found["memoryless_cap"])
    assert found["constant_price"] <= found["memoryless_cap"] <= found["first_best"]


def test_what_is_not_proved_is_null(capsys):
    found = oracle(capsys, "a5", "--fast", "--set", "reentry=0.3")
    assert found["cap"] is None and found["first_price"] is None and found["dynamic_cap"] is None


@pytest.mark.parametrize(
    ("name", "why"), [("a3", "drawn anew for every game"), ("beach-bar", "this is none")]
)
def test_where_no_oracle_applies_all_are_null_and_a_sentence_says_why(name, why, capsys):
    found = oracle(capsys, name)
    assert found["problem"] == name and set(found) >= KEYS
    assert all(found[key] is None for key in KEYS) and found["cap"] is None
    assert run(["oracle", name]) == 0
    said = capsys.readouterr()
    assert "no oracle applies, since" in said.out and why in said.out and "try a1" in said.out
    assert "searching" not in said.err


def test_a_bound_that_is_known_without_an_oracle_is_the_cap(capsys):
    found = oracle(capsys, "cournot")
    assert all(found[key] is None for key in KEYS) and found["cap"] < 0


def test_a_wrong_name_is_refused_in_one_line(capsys):
    assert run(["oracle", "a33", "--json"]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1 and "got 'a33'" in said.err
