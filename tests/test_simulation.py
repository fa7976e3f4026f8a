"""`incentax simulate` on a small run: the record, the file beside it, and refusals."""

import io
import json
import re

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest
from rich.console import Console

from incentax import simulation
from incentax.auctions import AbstractAuction, FirstPrice, finite, simulate
from incentax.cli.main import run as main
from incentax.order import RECIPES, Order
from incentax.problems import problems
from incentax.report.table import simulation_table
from incentax.run_directory import RunDirectory
from incentax.simulation import simulate_mechanism, simulate_run


def small(name, **more):
    options = {"num_values": 6, "num_bids": 6, "horizon": 2, "solver_steps": 60}
    return problems[name].with_options(**options | more)


def test_the_record_of_one_economy():
    mechanism = FirstPrice.equal_split(0.8, 2)
    record = simulate_mechanism(small("a1"), mechanism, num_agents=10_000, num_trials=20, seed=0)
    assert record["low"] <= record["value"] <= record["high"]
    assert record["value"] - record["mean_field"] == pytest.approx(record["difference"])
    assert abs(record["difference"]) < 0.01
    assert record["settled"] == record["games"] == 1
    assert record["exploitability_low"] <= record["exploitability"] <= record["exploitability_high"]


def test_a_prior_free_mechanism_meets_several_games():
    problem = small("a3", width=8)
    record = simulate_mechanism(
        problem, FirstPrice.equal_split(0.8, 2), num_agents=2000, num_trials=6, seed=0
    )
    assert record["games"] == 6 and record["trials"] == 6
    # Games differ in supply and values by far more than their crowds from the mean field.
    assert record["high"] - record["low"] > record["difference_high"] - record["difference_low"]


def test_agents_on_their_way_are_said_to_be():
    problem = small("a3", width=8, solver_steps=1, temperature=1e-4, learning_rate=100.0)
    record = simulate_mechanism(
        problem, FirstPrice.equal_split(0.8, 2), num_agents=50, num_trials=4, seed=0
    )
    assert record["settled"] < record["games"] == 4
    console = Console(record=True, width=100, file=io.StringIO())
    console.print(simulation_table(record))
    shown = console.export_text()
    assert f"settled in {record['settled']} of 4 games" in shown
    assert "best response gains, first game" in shown


def shown(record):
    console = Console(record=True, width=200, file=io.StringIO())
    console.print(simulation_table(record))
    return " ".join(console.export_text().split())


@pytest.mark.parametrize(
    ("name", "numbers", "words"),
    [
        ("a1", (2, 10), ["expected sales, got none in any auction among 2"]),
        ("a1", (1, 10), ["expected sales, got none", "expected opponents for a best response"]),
        ("a1", (50, 3), ["expected at least 4 auctions of a game .* got 3; try --trials 4"]),
        ("a3", (50, 6), ["expected at least 4 auctions of a game .* got 1; try --trials 80"]),
        ("a1", (50, 4), []),
    ],
)
def test_numbers_that_say_little_are_said_to(name, numbers, words):
    num_agents, num_trials = numbers
    problem = small(name, width=8) if name == "a3" else small(name)
    mechanism = FirstPrice.equal_split(0.8, 2)
    record = simulate_mechanism(
        problem, mechanism, num_agents=num_agents, num_trials=num_trials, seed=0
    )
    assert len(record["warnings"]) == len(words)
    for sentence, word in zip(record["warnings"], words, strict=True):
        assert re.match(word, sentence) and sentence in shown(record)
    unknown = num_agents < 2 or any("at least 4" in word for word in words)
    assert (record["exploitability"] is None) is unknown
    assert (record["sold"] == 0) is (num_agents <= 2)


class Traced(AbstractAuction):
    """First price that notes each time it is traced."""

    sells: FirstPrice
    notes: list = eqx.field(static=True)
    num_bids: None = eqx.field(static=True, default=None)

    @property
    def horizon(self):
        return self.sells.horizon

    def __call__(self, t, bids, remaining):
        self.notes[0] += 1
        return self.sells(t, bids, remaining)


class Count(list):
    """A counter that is one and the same to whoever compares programs."""

    __hash__ = object.__hash__


def test_the_time_of_a_trial_leaves_compilation_out(monkeypatch):
    timed = []

    def watched(game, mechanism, policy, **numbers):
        before = mechanism.notes[0]
        trials = simulate(game, mechanism, policy, **numbers)
        timed.append(mechanism.notes[0] - before)
        return trials

    monkeypatch.setattr(simulation, "simulate", watched)
    # Two batches of trials, of different sizes.
    monkeypatch.setattr(finite, "_BATCH_COUNTS", 36 * 5)
    mechanism = Traced(FirstPrice.equal_split(0.8, 2), Count([0]))
    record = simulate_mechanism(small("a1"), mechanism, num_agents=50, num_trials=8, seed=0)
    assert mechanism.notes[0] > 0 and timed == [0]
    assert 0 < record["seconds_per_trial"] * 8 < record["seconds"]


def test_only_auctions_are_simulated():
    with pytest.raises(ValueError, match="expected an auction"):
        simulate_mechanism(problems["left-right"], (), num_agents=10, num_trials=2, seed=0)


def kept_run(path, problem, recipe="default", without=()):
    order = Order(problem, "hypergradient", "implicit", 1, 0, recipe=recipe)
    config = order.config()
    for name in without:
        del config["settings"][name]
    run = RunDirectory.create(path, config)
    run.save_outcome({}, [], {}, RECIPES[recipe].start(problem.setting, jax.random.key(3)))
    return run


# The network has a reserve: not under the paper's recipe, nor where a setting says so.
RUNS = {
    "published": (small("a1", width=8, reserve=0.0), "default", ()),
    "with a reserve": (small("a8", width=8), "default", ()),
    "the paper's": (small("a8", width=8), "paper", ()),
    "of a version without": (small("a1", width=8), "default", ("bold_steps",)),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_is_read_with_the_heads_it_was_made_with(name, tmp_path):
    problem, recipe, without = RUNS[name]
    run = kept_run(tmp_path / "run", problem, recipe, without)
    record = simulate_run(run, num_agents=50, num_trials=4, seed=0)
    assert record["low"] <= record["value"] <= record["high"]


def test_a_run_of_the_papers_recipe_says_what_that_uses(tmp_path):
    problem = small("a8", width=8, reserve=0.4)
    run = kept_run(tmp_path / "run", problem, "paper")
    settings = run.config["settings"]
    wanted = {"learning_rate": 10.0, "solver_steps": 400, "bold_steps": 0, "enough": 0.0}
    assert {name: settings[name] for name in wanted} == wanted
    assert settings["reserve"] == 0.0 and "offered" not in settings
    assert settings["temperature"] == 1e-3 and settings["width"] == 8
    assert run.config["optimizer"] == {"name": "adam", "learning_rate": 1e-3}
    # It is what the design solves with, and the network it starts from.
    order = Order(problem, "hypergradient", "checkpointed", 1, 0, recipe="paper")
    schedule = order.recipe_used.schedule
    solver = (
        problem.setting.population()
        .relaxed(jnp.array(1e-3), schedule.share, schedule.solver_steps)
        .solver
    )
    assert (solver.learning_rate, solver.num_steps) == (pytest.approx(10.0), 400)
    assert (solver.enough, solver.bold_steps) == (0.0, 0)
    *_, mechanism, _, _ = order.ingredients(jax.random.key(0))
    assert mechanism.reserve_head is None
    # Bidders are judged with the problem's own solver, in `simulate` as well.
    own = problem.setting.options()
    assert run.config["judged_with"] == {name: own[name] for name in wanted}
    assert simulation._problem_of(run).setting.bidding == problem.setting.bidding


def test_other_runs_say_what_their_setting_has(tmp_path):
    problem = small("a1", width=8)
    config = kept_run(tmp_path / "run", problem).config
    assert config["settings"] == problem.setting.options() and "judged_with" not in config
    beach = Order(problems["beach-bar"], "hypergradient", "implicit", 1, 0, recipe="paper")
    named = beach.config()["settings"]
    assert (named["solver_steps"], named["learning_rate"]) == (400, 10.0)
    assert set(named) == set(problems["beach-bar"].setting.options())


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"recipe": "papper"}, "expected a run by one of the recipes .*, got 'papper'"),
        ({"recipe": ["paper"]}, "expected a run by one of the recipes .*, got \\['paper'\\]"),
        ({"settings": [1, 2]}, "expected settings by name and a form among .*, got \\[1, 2\\]"),
        ({"judged_with": 3}, "expected settings by name and a form among .*, got 3"),
        ({"form": "nosuch"}, "expected settings by name and a form among .* 'nosuch'"),
        ({"settings": {"supply": "lots"}}, "expected a finite number for supply, got 'lots'"),
        ({"settings": {"suply": 0.8}}, "got 'suply'; did you mean 'supply'"),
    ],
)
def test_a_run_whose_config_was_changed_is_refused(changed, words, tmp_path):
    problem = small("a1", width=8)
    config = Order(problem, "hypergradient", "implicit", 1, 0).config() | changed
    run = RunDirectory.create(tmp_path / "run", config)
    with pytest.raises(ValueError, match=words):
        simulate_run(run, num_agents=50, num_trials=4, seed=0)


@pytest.mark.parametrize("number", [0, 10**9, 10**22])
def test_crowds_that_cannot_be_drawn_are_refused(number, tmp_path):
    run = kept_run(tmp_path / "run", small("a1", width=8))
    with pytest.raises(ValueError, match="expected"):
        simulate_run(run, num_agents=number, num_trials=4, seed=0)


def test_the_command_reads_a_run_and_leaves_its_record_there(tmp_path, capsys):
    kept_run(tmp_path / "run", small("a1", width=8))
    command = ["simulate", str(tmp_path / "run"), "--agents", "50", "--trials", "10"]
    assert main([*command, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    kept = json.loads((tmp_path / "run" / "simulation-50.json").read_text())
    assert printed == kept and printed["agents"] == 50 and printed["trials"] == 10
    assert main(command) == 0
    assert "among 50 bidders" in capsys.readouterr().out


def test_a_run_that_is_no_auction_is_refused_in_one_line(tmp_path, capsys):
    kept_run(tmp_path / "run", problems["left-right"])
    assert main(["simulate", str(tmp_path / "run"), "--json"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("incentax: expected a run of a listed auction") and said.count("\n") == 1


@pytest.mark.parametrize(("num_agents", "num_trials"), [(0, 10), (10, 1)])
def test_a_crowd_that_cannot_be_judged_is_refused(num_agents, num_trials):
    with pytest.raises(ValueError, match="at least 1 agent and 2 trials"):
        simulate_mechanism(problems["a1"], (), num_agents=num_agents, num_trials=num_trials, seed=0)
