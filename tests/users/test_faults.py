"""Servers that fail in every way: nothing lost, nothing counted twice, nothing made a number."""

import subprocess
import sys
import threading

import numpy as np
import pytest

from incentax._errors import InvalidReaction, ModelError
from incentax.users.backends import (
    Budget,
    BudgetExceeded,
    Cache,
    CacheMiss,
    HttpModel,
    LanguageChoice,
    LanguageUsers,
    ReplayModel,
    Usage,
    load_trace,
    save_trace,
)
from incentax.users.backends.loopback import Faults, LoopbackServer
from incentax.users.backends.patience import Patience
from incentax.users.choice import Slate
from incentax.users.prompts import find_template, render
from incentax.users.registration import make_world
from incentax.users.vector import RecommenderVectorEnv

from .many import queries
from .stub import question, scorer, truth

QUICK = Patience(first_wait=0.001, timeout=5.0)
TEMPLATE = "movies-compact"


def _truths(asked):
    template = find_template(TEMPLATE)
    rows = [truth(render(q, template).messages[-1].content) for q in asked]
    table = np.array([[row[str(k)] for k in range(10)] for row in rows])
    return table / table.sum(1, keepdims=True)


def test_ten_thousand_requests_through_a_server_that_fails_in_eight_ways():
    faults = Faults(
        busy=0.02,
        error=0.02,
        silent=0.0002,
        cut=0.02,
        truncated=0.02,
        prose=0.02,
        outside=0.02,
        slow=0.02,
        seed=38,  # two silences, both early: each costs the whole time-out
    )
    patient = Patience(first_wait=0.001, timeout=15.0)
    asked = queries(10_000)
    with LoopbackServer(scorer, faults=faults) as server:
        model = HttpModel(server.url, "tiny", patience=patient)
        rater = LanguageUsers(model, TEMPLATE)
        answers = rater.react(asked)
        model.close()
        assert len(server.faults_sent) == 8, "every kind of fault must have happened"
        assert set(server.served.values()) == {1}, "no rating was asked for twice"
        assert len(server.served) == answers.valid.sum(), "no rating was lost"
        words = server.faults_sent["prose"] + server.faults_sent["outside"]
        assert rater.usage.calls == len(server.served) + words, "every reply is counted once"
    assert answers.valid.mean() > 0.999
    assert np.isnan(answers.probability[~answers.valid]).all(), "an invalid reply is no number"
    kept = np.flatnonzero(answers.valid)
    np.testing.assert_allclose(answers.probability[kept], _truths(asked.rows(kept)), atol=1e-9)


def test_after_kill_9_no_answer_that_arrived_is_asked_for_again(tmp_path):
    reached = threading.Event()
    count = [0]

    def counting(bodies):
        count[0] += len(bodies)
        if count[0] > 400:
            reached.set()
        return scorer(bodies)

    path, total = tmp_path / "answers.db", 1500
    with LoopbackServer(counting, batch_size=4) as server:
        command = [sys.executable, "-m", "tests.users.killed", server.url, str(path), str(total)]
        with subprocess.Popen(command) as first:
            assert reached.wait(60)
            first.kill()
        with Cache(path) as cache:
            kept = len(cache)
        assert 0 < kept < total, "the run must have been killed in the middle"
        before = sum(server.served.values())
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "done"
        assert sum(server.served.values()) - before == total - kept
        assert before - kept <= 16 + 4, "at most what was in flight had not been written"
        third = sum(server.served.values())
        subprocess.run(command, capture_output=True, check=True)
        assert sum(server.served.values()) == third, "a finished run asks nothing"


def test_r1_prose_is_re_asked_twice_then_masked_or_raised():
    with LoopbackServer(lambda bodies: [{"As": 0.9, "7": 0.1} for _ in bodies]) as server:
        model = HttpModel(server.url, "tiny", patience=QUICK)
        masked = LanguageUsers(model, TEMPLATE).react(queries(3))
        assert not masked.valid.any() and np.isnan(masked.probability).all()
        assert sorted(server.served.values()) == [1] * 9, "asked three times, each differently"
        with pytest.raises(InvalidReaction, match="probability on the labels 0 to 9"):
            LanguageUsers(model, TEMPLATE, on_invalid="raise").react(queries(1))
        model.close()


@pytest.mark.parametrize("scale", ["zero_nine", "one_ten_words"])
@pytest.mark.parametrize("reply", ["85", "I would say 7", "", "-1"])
def test_r1_r2_without_probabilities_only_a_bare_label_counts(scale, reply):
    from dataclasses import replace

    from incentax.users.scales import SCALES

    with LoopbackServer(
        lambda bodies: [{reply: 1.0} for _ in bodies], show_probabilities=False
    ) as server:
        model = HttpModel(server.url, "tiny", patience=QUICK)
        answers = LanguageUsers(model, TEMPLATE).react(replace(queries(1), scale=SCALES[scale]))
        model.close()
    assert not answers.valid.any() and np.isnan(answers.probability).all()


def test_without_probabilities_a_bare_label_is_a_hard_answer():
    with LoopbackServer(
        lambda bodies: [{"8": 1.0} for _ in bodies], show_probabilities=False
    ) as server:
        model = HttpModel(server.url, "tiny", patience=QUICK)
        answers = LanguageUsers(model, TEMPLATE).react(queries(2))
        assert not model.capabilities.log_probabilities
        model.close()
    assert answers.hard.all() and answers.probability[0].argmax() == 8


def test_r4_a_dead_server_is_an_error_after_bounded_attempts():
    with LoopbackServer(scorer) as server:
        url = server.url
    model = HttpModel(url, "tiny", patience=Patience(attempts=3, first_wait=0.001))
    rater = LanguageUsers(model, TEMPLATE)
    world = make_world("movies", rater=rater)
    envs = RecommenderVectorEnv(world, 4)
    envs.reset(seed=0)
    step = envs.session.step.copy()
    with pytest.raises(ModelError, match="failed 3 times in a row") as caught:
        envs.step(np.arange(4))
    assert caught.value.retryable
    np.testing.assert_array_equal(envs.session.step, step)
    with pytest.raises(ModelError, match="expected a server at"):
        model.probe()
    model.close()


def test_what_arrived_before_a_failure_is_kept(tmp_path):
    calls = [0]

    def failing(bodies):
        calls[0] += len(bodies)
        return scorer(bodies)

    with LoopbackServer(failing, faults=Faults(error=0.4, seed=3)) as server:
        patience = Patience(attempts=2, first_wait=0.001, max_failures=2)
        model = HttpModel(server.url, "tiny", patience=patience, concurrency=4)
        cache = Cache(tmp_path / "a.db")
        rater = LanguageUsers(model, TEMPLATE, cache=cache)
        for _ in range(60):
            try:
                answers = rater.react(queries(60))
                break
            except ModelError:
                continue
        model.close()
        assert answers.valid.all() and set(server.served.values()) == {1}
        assert rater.usage.calls == 60


def test_a_replay_asks_nothing_and_repeats_every_bit(tmp_path):
    def play(rater):
        envs = RecommenderVectorEnv(make_world("movies", rater=rater), 8)
        envs.reset(seed=0)
        return [envs.step(np.arange(8) + k)[1] for k in range(20)]

    with LoopbackServer(scorer) as server:
        model = HttpModel(server.url, "tiny", patience=QUICK)
        rater = LanguageUsers(model, TEMPLATE)
        live = play(rater)
        model.close()
        save_trace(rater.cache, tmp_path / "t.gz", model.identity)
        before = sum(server.served.values())
        replay, cache = ReplayModel.of(tmp_path / "t.gz")
        again = LanguageUsers(replay, TEMPLATE, cache=cache)
        np.testing.assert_array_equal(play(again), live)
        assert sum(server.served.values()) == before and again.usage.calls == 0
    with pytest.raises(CacheMiss, match="expected every question in the recording"):
        again.react(queries(3, start=100_000))
    with pytest.raises(ValueError, match="expected a new file"):
        save_trace(rater.cache, tmp_path / "t.gz", "x")
    (tmp_path / "cut.gz").write_bytes((tmp_path / "t.gz").read_bytes()[:200])
    with pytest.raises(ValueError, match="expected a recorded trace"):
        load_trace(tmp_path / "cut.gz")


def test_budgets_stop_before_the_call_too_many():
    with LoopbackServer(scorer) as server:
        model = HttpModel(server.url, "tiny", patience=QUICK)
        rater = LanguageUsers(model, TEMPLATE, budget=Budget(calls=10))
        rater.react(queries(8))
        with pytest.raises(BudgetExceeded, match="16 calls of 10 allowed"):
            rater.react(queries(8, start=8))
        assert sum(server.served.values()) == 8
        assert rater.react(queries(8)).cached.all(), "what is known stays free"
        model.close()


def test_equal_questions_of_one_step_are_asked_once():
    with LoopbackServer(scorer) as server:
        model = HttpModel(server.url, "tiny", patience=QUICK)
        rater = LanguageUsers(model, TEMPLATE)
        asked = queries(1).rows(np.zeros(50, int))
        answers = rater.react(asked)
        model.close()
        assert sum(server.served.values()) == 1
    assert answers.cached.sum() == 49 and rater.usage == Usage(
        calls=1,
        cached=49,
        prompt_tokens=rater.usage.prompt_tokens,
        completion_tokens=1,
        seconds=rater.usage.seconds,
    )


def test_a_model_that_prefers_early_letters_is_balanced_by_the_reversed_order():
    """The model always says A with .6 and the last letter, none, with .2."""

    def early(bodies):
        tables = []
        for body in bodies:
            if "Answer with one letter" in question(body):
                tables.append({"A": 0.6, "B": 0.1, "C": 0.1, "D": 0.2})
            else:
                tables += scorer([body])
        return tables

    with LoopbackServer(early) as server:
        model = HttpModel(server.url, "tiny", patience=QUICK)
        rater = LanguageUsers(model, TEMPLATE)
        choice = LanguageChoice(rater)
        world = make_world("movies", rater=rater, slate=3, choice=choice)
        envs = RecommenderVectorEnv(world, 40)
        envs.reset(seed=0)
        envs.step(np.arange(120).reshape(40, 3))
        asked = sum(server.served.values())
        taken = envs.session.num_seen.sum()
        assert 22 <= taken <= 40, "four in five choose something"
        slate = Slate(
            np.zeros((1, 3)), np.zeros(1), np.zeros((1, 3)), _draws(), queries(1).rows([0, 0, 0])
        )
        np.testing.assert_allclose(choice.probabilities(slate), [[0.35, 0.1, 0.35, 0.2]])
        assert asked == 40 * 3 + 40 * 2
        model.close()


def _draws():
    from incentax.users.streams import Draws, episode_key

    return Draws(episode_key(0, 0), np.zeros(1))
