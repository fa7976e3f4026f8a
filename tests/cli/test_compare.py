"""`incentax compare`: one problem under several rules, with and without its agents' model."""

import json
from pathlib import Path

import pytest

TOLLS = ("beach-tolls", "--steps", "4", "--seed", "0")
SMALL = {"spots": 5, "horizon": 3, "solver_steps": 60, "num_agents": 300}
SET = [word for name, size in SMALL.items() for word in ("--set", f"{name}={size}")]
RULES = ("social-gradient", "social-gradient-agents", "hypergradient")
WITH = [word for rule in RULES for word in ("--rule", rule)]


def test_tolls_are_designed_under_each_rule_and_compared_in_one_command(incentax):
    shown = incentax("compare", *TOLLS, *WITH, *SET)
    assert shown.code == 0 and "* best value" in shown.out
    for rule in RULES:
        assert f"{rule}: runs/beach-tolls-compared/{rule}" in shown.err
    folder = Path("runs/beach-tolls-compared")
    results = {rule: json.loads((folder / rule / "result.json").read_text()) for rule in RULES}
    for rule, result in results.items():
        assert result["rule"] == rule and result["steps"] == 4
        assert (folder / rule / "report.html").exists()
        assert result["value"] < result["baselines"]["no_price"]
    assert len({result["value"] for result in results.values()}) == 3
    assert results["social-gradient-agents"]["exploitability"] is None

    again = incentax("compare", *TOLLS, *WITH, *SET, "--json")
    rows = json.loads(again.out)
    assert [row["rule"] for row in rows] == list(RULES) and again.err == ""
    assert {row["value"] for row in rows} == {result["value"] for result in results.values()}
    assert sum(row["best"] for row in rows) == 1

    other = incentax("compare", *TOLLS, *WITH, *SET, "--seed", "1")
    assert other.code == 2 and "choose another --out" in other.err


MISTAKES = {
    "a problem alone": (("beach-tolls",), "--rule zeroth-order"),
    "options without a rule": (("beach-tolls", "--steps", "3"), "expected --rule with --steps"),
    "two words with a rule": (("beach-tolls", "a1", "--rule", "anneal"), "expected one problem"),
    "no such problem": (("beach-tols", "--rule", "hypergradient"), "did you mean 'beach-tolls'"),
    "no such rule": (("beach-tolls", "--rule", "social"), "expected a rule among"),
    "a rule twice": ((*TOLLS, *2 * ("--rule", "hypergradient")), "expected rules that differ"),
    "no steps": (("beach-tolls", "--rule", "hypergradient", "--steps", "0"), "--steps"),
    "no such number": ((*TOLLS, *WITH, "--set", "spot=5"), "did you mean 'spots'"),
    "no agents": ((*TOLLS, *WITH, *SET, "--set", "num_agents=0"), "num_agents >= 1"),
    "no learners there": (
        ("cournot", "--rule", "social-gradient", "--rule", "social-gradient-learning"),
        "try --rule social-gradient",
    ),
    "no prices there": (("left-right", "--rule", "social-gradient"), "expected"),
    "no trips": (("routing", "--rule", "social-gradient", "--net", "x.tntp"), "--trips"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_line_and_exit_2_and_nothing_is_written(case, incentax):
    words, said = MISTAKES[case]
    shown = incentax("compare", *words)
    assert shown.code == 2 and said in shown.err, shown.err
    assert shown.out == "" and len(shown.err.strip().splitlines()) == 1
    assert not list(Path.cwd().iterdir())
