"""Metrics against cases worked by hand, and the evaluation sweep."""

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from incentax.users import metrics
from incentax.users.compare import compare, make_recommender
from incentax.users.ending import GeometricEnd
from incentax.users.evaluate import episodes, score, sweep, threshold
from incentax.users.observe import Features
from incentax.users.recommenders import (
    MeanVote,
    MyopicGreedy,
    Popular,
    Uniform,
    collect,
    fit_als,
    fit_item_neighbours,
    fit_linear_bandit,
)
from incentax.users.registration import make_world
from incentax.users.vector import RecommenderVectorEnv

HIT = np.array([[True, False, True], [False, False, False], [False, True, False]])


def test_average_precision_by_hand():
    found = metrics.average_precision(HIT, np.array([4, 2, 0]))
    np.testing.assert_allclose(found, [(1 + 2 / 3) / 3, 0.0, 0.0])
    found = metrics.average_precision_of_hits(HIT)
    np.testing.assert_allclose(found, [(1 + 2 / 3) / 2, 0.0, 0.5])


def test_reciprocal_rank_and_gain_by_hand():
    np.testing.assert_allclose(metrics.reciprocal_rank(HIT), [1.0, 0.0, 0.5])
    gain = np.array([[3.0, 2.0, 0.0]])
    ideal = 7 / 1 + 3 / np.log2(3)
    np.testing.assert_allclose(metrics.discounted_gain(gain), [1.0])
    swapped = np.array([[2.0, 3.0, 0.0]])
    np.testing.assert_allclose(metrics.discounted_gain(swapped), [(3 + 7 / np.log2(3)) / ideal])
    better = np.array([[3.0, 3.0, 3.0]])
    assert metrics.discounted_gain(gain, better)[0] < 1.0


def test_personalisation_equals_the_mean_of_all_pairs():
    rng = np.random.default_rng(0)
    items = np.stack([rng.choice(30, 5, replace=False) for _ in range(12)])
    table = np.zeros((12, 30))
    np.put_along_axis(table, items, 1.0, 1)
    cosine = table @ table.T / 5
    expected = 1 - cosine[np.triu_indices(12, 1)].mean()
    assert metrics.personalisation(items) == pytest.approx(expected)


def test_spread_measures_by_hand():
    items = np.array([[0, 1], [0, 2]])
    assert metrics.coverage(items, 4) == 0.75
    assert metrics.gini(np.array([[0, 1, 2, 3]]), 4) == pytest.approx(0.0)
    count = np.array([2.0, 1.0, 1.0])
    assert metrics.novelty(items, count) == pytest.approx((1 + 2 + 1 + 2) / 4)
    vectors = np.eye(3, dtype=np.float32)
    assert metrics.diversity(items, vectors) == pytest.approx(1.0)
    assert metrics.diversity(np.array([[0, 0]]), vectors) == pytest.approx(0.0)
    labels = np.array([[1, 0], [0, 1], [0, 0]])
    wanted = np.array([[1, 0], [0, 1]])
    assert metrics.label_share(items, wanted, labels) == pytest.approx(1 / 4)


def test_intervals_cover_as_often_as_they_say():
    rng = np.random.default_rng(0)
    inside = 0
    for trial in range(200):
        mean, low, high = metrics.interval(
            rng.standard_normal((1, 60)), num_resamples=300, seed=trial
        )
        inside += low <= 0 <= high
    assert 0.88 <= inside / 200 <= 0.99
    assert metrics.probability_of_improvement(np.array([2.0, 3]), np.array([1.0, 2])) == 0.875


@pytest.mark.parametrize("batch", [7, 600])
def test_r23_a_sweep_has_exactly_u_times_k_rows(batch):
    world = make_world("movies", ending=GeometricEnd(0.9), max_steps=2)
    users = np.arange(0, 600, 20)
    result = sweep(Popular(), world, k=12, users=users, batch=batch)
    assert result.num_rows == 30 * 12 and result.valid.all()
    assert result.user.tolist() == users.tolist()
    assert all(len(set(row)) == 12 for row in result.item.tolist()), "nothing is shown twice"
    again = sweep(Popular(), world, k=12, users=users, batch=13)
    np.testing.assert_array_equal(result.raw, again.raw)


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_r23_stepping_past_the_last_user_is_no_error_in_any_mode(mode):
    envs = RecommenderVectorEnv(
        make_world("books", max_steps=3), 5, autoreset_mode=mode, observation=Features()
    )
    envs.reset(seed=0, options={"user": np.arange(595, 600)})
    for _ in range(12):
        _, _, terminated, truncated, _ = envs.step(np.arange(5))
        done = terminated | truncated
        if mode == AutoresetMode.DISABLED and done.any():
            envs.reset(options={"reset_mask": done})


def test_recommenders_are_ordered_as_they_should_be():
    world = make_world("movies")
    log = collect(world, 20)
    size = (600, 1500)
    users = np.arange(0, 600, 4)
    means = {
        who.name: score(sweep(who, world, users=users), world).mean_reward
        for who in (
            Uniform(),
            Popular(),
            MeanVote(),
            fit_als(log, *size),
            fit_item_neighbours(log, *size),
            fit_linear_bandit(world),
            MyopicGreedy(world.rater),
        )
    }
    floor = means["random"]
    assert all(value > floor + 0.5 for name, value in means.items() if name != "random")
    assert means["oracle"] == max(means.values())
    assert means["LinUCB"] > means["mean vote"] > means["popular"]


def test_als_recovers_a_low_rank_table():
    rng = np.random.default_rng(0)
    left, right = rng.standard_normal((60, 3)), rng.standard_normal((40, 3))
    truth = left @ right.T
    user, item = np.nonzero(rng.random((60, 40)) < 0.6)
    from incentax.users.ratings import Ratings

    model = fit_als(Ratings(user, item, truth[user, item]), 60, 40, rank=3, penalty=0.1)
    error = model.predict_all(np.arange(60)) - truth
    assert np.sqrt((error**2).mean()) < 0.25 * truth.std()


def test_whole_episodes_have_the_length_of_their_hazard():
    world = make_world("movies", ending=GeometricEnd(0.1))
    played = episodes(Uniform(), world)
    assert played.length.mean() == pytest.approx(10.0, abs=1.2)
    assert (played.total >= played.length * 1.0).all() and played.left.all()


def test_the_same_luck_for_everybody_and_named_recommenders():
    world = make_world("books")
    rows = compare(world, ["random", Popular()], users=np.arange(60), num_seeds=2)
    assert [row["recommender"] for row in rows] == ["random", "popular"]
    assert all(row["low"] <= row["mean_reward"] <= row["high"] for row in rows)
    with pytest.raises(ValueError, match="expected a recommender among random"):
        make_recommender("psychic", world)
    assert threshold(world) == 4.0 and threshold(make_world("movies")) == 8.0
