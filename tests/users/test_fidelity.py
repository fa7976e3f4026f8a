"""The fidelity suite on raters whose figures are known."""

import numpy as np
import pytest

from incentax.users.backends import LanguageUsers, ReplayModel
from incentax.users.bundled import bundled_catalogue, bundled_people
from incentax.users.fidelity import (
    against_log,
    anchoring,
    beyond,
    calibration,
    held_out,
    prompt_sensitivity,
    ranking_agreement,
    retest,
    run,
)
from incentax.users.fidelity.further import correlation, kendall, ranks
from incentax.users.fidelity.page import fidelity_page
from incentax.users.fidelity.personas import Wording, extremes, fans
from incentax.users.fidelity.raters import BlindRater, floors
from incentax.users.fidelity.sensitivity import ways
from incentax.users.fidelity.suite import GATES
from incentax.users.fidelity.trials import label_test, wilson
from incentax.users.loaders import Dataset
from incentax.users.query import ask
from incentax.users.ratings import Ratings
from incentax.users.registration import make_world
from incentax.users.scales import SCALES


@pytest.fixture(scope="module", params=["movies", "books"])
def report(request):
    world = make_world(request.param)
    return run(world.rater, world.catalogue, world.people)


def test_rule_based_people_pass_the_gates_and_beat_every_floor(report):
    assert all(figures.reaches(GATES) for figures in report.figures), report.rows()
    assert report.beats_floors


def test_floors_are_the_published_ones(report):
    found = {figures.rater: figures for figures in report.floors}
    uniform, shaped = found["uniform"], found["reference"]
    if report.domain == "movies":
        expected = (0.30, 0.50, 0.20, 0.20, 0.40, 0.50, 0.270)
        assert shaped.genre_in.rate + shaped.genre_out.rate == pytest.approx(2 * 0.328, abs=2e-3)
        assert shaped.high.rate == pytest.approx(0.160, abs=1e-3)
        assert shaped.low.rate == pytest.approx(0.060, abs=1e-3)
        both = shaped.collection_positive.rate + shaped.collection_negative.rate
        assert both == pytest.approx(2 * 0.402, abs=2e-3)
    else:
        expected = (0.20, 0.60, 0.20, 0.60, 0.40, 0.60, 0.321)
        assert uniform.low_strict.rate == pytest.approx(0.20)
    names = ("genre_in", "genre_out", "high", "low", "collection_positive", "collection_negative")
    for name, value in zip(names, expected, strict=False):
        assert getattr(uniform, name).rate == pytest.approx(value, abs=1e-9), name
    assert uniform.similarity.distance == pytest.approx(expected[-1], abs=1e-3)
    assert shaped.similarity.distance == pytest.approx(0.0, abs=1e-9)


def test_a_constant_rater_fails(report):
    constant = next(f for f in report.floors if f.rater == "constant")
    figures = constant.headline
    assert figures["genre"] <= 0.5 and figures["collection"] <= 0.5
    assert min(figures["high"], figures["low"]) == 0.0 and figures["distance"] >= 0.7


def test_trial_counts_are_the_published_ones(report):
    figures = report.figures[0]
    assert figures.genre_in.num + figures.genre_out.num == 1280
    assert figures.high.num == figures.low.num == 636
    total = figures.collection_positive.num + figures.collection_negative.num
    assert total == 4400


def test_r25_two_runs_are_equal_and_share_no_history():
    world = make_world("books")
    first, second = (
        run(world.rater, world.catalogue, world.people, quick=True, seed=4).to_json()
        for _ in range(2)
    )
    assert first == second
    other = run(world.rater, world.catalogue, world.people, quick=True, seed=5).to_json()
    assert other != first


def test_distributions_and_draws_agree(report):
    for figures in report.figures:
        for rate in (figures.genre_in, figures.collection_positive):
            low, high = wilson(rate.rate, rate.num)
            assert low - 0.02 <= rate.hard <= high + 0.02


@pytest.mark.parametrize("wording", list(Wording))
def test_personas_state_ratings_on_the_active_scale_or_not_at_all(wording, movies):
    for scale in (SCALES["zero_nine"], SCALES["one_ten_words"]):
        crowd = [*fans(movies, "horror", scale, wording)]
        crowd += [*extremes(movies.domain, scale, wording, high=True)]
        for user in crowd:
            stated = scale.labels[-1] in user.description.replace(".", "").split()
            assert stated == (wording == Wording.NUMERIC)


def test_blind_raters_are_blind(movies):
    rater = BlindRater("x", (0.1,) * 10)
    inside, outside = label_test(rater, movies, SCALES["zero_nine"], Wording.NUMERIC)
    assert inside.rate == pytest.approx(0.3) and outside.rate == pytest.approx(0.5)
    assert set(floors(movies.domain.reference)) == {"uniform", "reference", "constant", "item mean"}


def test_the_page_is_complete(report):
    world = make_world(report.domain)

    more = beyond(world.rater, world.people, world.catalogue, size=20)
    page = fidelity_page(report, more)
    assert {row["measure"] for row in more.rows()} >= {"variance: item", "test-retest: icc"}
    # A random rater is personal by chance alone, and certain of nothing.
    assert more.variance_floor.noise > 0.99 and abs(more.retest_floor.icc) < 0.2
    assert more.retest.icc > 0.4 and not more.sensitivity and not more.anchoring
    assert page.count("<table>") == 3 and "paraphrased" in page and "http" not in page


def test_kendall_ranks_and_correlation_by_hand():
    assert kendall(np.arange(5), np.arange(5)) == 1.0
    assert kendall(np.arange(5), -np.arange(5)) == -1.0
    assert kendall(np.array([1, 2, 2]), np.array([1, 2, 3])) == pytest.approx(2 / np.sqrt(6))
    np.testing.assert_allclose(ranks(np.array([2.0, 2.0, 1.0])), [1.5, 1.5, 0.0])
    assert np.isnan(correlation(np.ones(3), np.arange(3)))


def test_ranking_agreement_sees_a_true_ranking_through_noise():
    rng = np.random.default_rng(0)
    quality = np.arange(6)[:, None] * 1.0
    same = ranking_agreement(
        quality + rng.standard_normal((6, 200)), quality + rng.standard_normal((6, 300))
    )
    assert same.tau == 1.0 and same.low >= 0.6 and same.top_agrees
    none = ranking_agreement(rng.standard_normal((6, 50)), quality + rng.standard_normal((6, 50)))
    assert none.low < 0.6


def test_calibration_of_a_truthful_and_an_overconfident_rater():
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(5), 20_000)
    level = (np.cumsum(p, 1) <= rng.random((20_000, 1))).sum(1)
    truthful = calibration(p, np.minimum(level, 4))
    sharp = p**3 / (p**3).sum(1, keepdims=True)
    boastful = calibration(sharp, np.minimum(level, 4))
    assert truthful.error < 0.01 < 0.05 < boastful.error
    assert truthful.ranked_score < boastful.ranked_score


def test_retest_of_certain_and_random_answers():
    values = np.arange(1.0, 6.0)
    certain = np.eye(5)[np.random.default_rng(0).integers(5, size=4000)]
    assert retest(certain, values).exact == 1.0 and retest(certain, values).icc == 1.0
    random = retest(np.full((4000, 5), 0.2), values)
    assert abs(random.icc) < 0.05 and random.exact == pytest.approx(0.2, abs=0.03)
    assert random.entropy == pytest.approx(np.log(5))


def test_anchoring_is_found_where_it_was_put():
    rng = np.random.default_rng(0)
    vote, match = rng.standard_normal(500), rng.standard_normal(500)
    free = match + rng.standard_normal(500)
    found = anchoring(free + 2 * vote + 1, free, vote, match)
    assert found["with vote"] > 0.8 and abs(found["without vote"]) < 0.15
    assert found["mean shift"] == pytest.approx(1.0, abs=0.3)


def _log(world):
    """What 200 of the world's people said of 60 items each."""
    rng = np.random.default_rng(0)
    users, items = np.repeat(np.arange(200), 60), rng.integers(1500, size=12_000)
    p = world.rater.react(ask(world.people, world.catalogue, users, items)).probability
    level = (np.cumsum(p, 1) <= rng.random((len(p), 1))).sum(1)
    return Ratings(users, items, np.minimum(level, 9) + 1.0)


def test_held_out_errors_put_the_true_people_before_the_item_mean():
    world = make_world("movies")
    train, test = _log(world).split(0.25)
    rows = {
        row.name: row for row in held_out(world.rater, world.people, world.catalogue, train, test)
    }
    assert rows["rule"].rmse < rows["biases"].rmse < rows["item mean"].rmse + 0.1
    assert rows["rule"].spearman_per_user > rows["item mean"].spearman_per_user
    assert rows["rule"].nll < np.log(10)


def test_against_a_log_the_true_people_rank_recommenders_as_it_does_and_noise_does_not():
    world = make_world("movies")
    log = _log(world)
    ids = tuple(user.id for user in world.people)
    data = Dataset("own", world.catalogue, log, ids, "ours")
    train, test = log.split(0.25)
    found = against_log(world.rater, data, train, test, world.people)
    assert found.usable and not found.ranking_floor.tau >= 0.6
    # Equal odds for everything are calibrated, and worth nothing.
    assert found.calibration.error < 0.01 > found.calibration_floor.error
    assert found.calibration.ranked_score < found.calibration_floor.ranked_score
    own, floor = found.held_out[0], found.held_out[-1]
    assert (own.name, floor.name) == ("rule", "blind") and own.rmse < floor.rmse
    assert found.num_ratings == len(test) and found.to_json()["usable"]
    with pytest.raises(ValueError, match="expected two or more people with 4 held-out"):
        against_log(world.rater, data, train, test.rows(np.arange(3)), world.people)


def test_prompt_sensitivity_asks_in_every_way_and_shares_the_cache():
    class Echo(ReplayModel):
        def score(self, prompts, arrived):
            from incentax.users.backends import Answer

            answers = []
            for k, prompt in enumerate(prompts):
                weights = [1 + (len(prompt.messages[-1].content) * (j + 1)) % 7 for j in range(10)]
                answers.append(Answer(tuple(w / sum(weights) for w in weights)))
                arrived(k, answers[-1])
            return answers

    rater = LanguageUsers(Echo("echo"), "movies-standard")
    people, shelf = bundled_people("movies"), bundled_catalogue("movies")
    rows = prompt_sensitivity(ways(rater), people, shelf, num=20)
    assert len(rows) == 10 and rows[0].distance == 0.0 and rows[0].correlation == pytest.approx(1.0)
    assert any(row.distance > 0 for row in rows[1:])
    assert len(rater.cache) == 200
