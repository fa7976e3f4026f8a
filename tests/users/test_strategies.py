"""Perturbation, shaping, choice, ending, dynamics and reading against their formulas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incentax.users.choice import (
    Cascade,
    GreedyChoice,
    Independent,
    MultinomialLogit,
    Single,
    Slate,
)
from incentax.users.dynamics import Dynamics, Feelings
from incentax.users.ending import GeometricEnd, Leave, effective_horizon, return_gap
from incentax.users.perturbation import Gaussian, Greedy, NoPerturbation
from incentax.users.reading import Argmax, Decoding, Expected, Sample
from incentax.users.scales import SCALES
from incentax.users.shaping import (
    ExponentialDecay,
    LabelSatiation,
    RandomWatch,
    SameItemTerminates,
    Unshaped,
    decay,
)
from incentax.users.streams import Draws, Stream, episode_key, normal, uniform

TEN = SCALES["zero_nine"]
MANY = 40_000


def _draws(n=MANY, seed=0):
    return Draws(episode_key(np.full(n, seed), np.arange(n)), np.zeros(n))


def test_streams_are_uniform_normal_and_independent():
    key = episode_key(np.arange(MANY), 0)
    a, b = (uniform(key, 3, s)[:, 0] for s in (Stream.RATING, Stream.SHAPING))
    assert abs(a.mean() - 0.5) < 0.01 and abs(a.var() - 1 / 12) < 0.002
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.02
    assert abs(np.corrcoef(a[1:], a[:-1])[0, 1]) < 0.02
    g = normal(key, 3, Stream.RATING)[:, 0]
    assert abs(g.mean()) < 0.02 and abs(g.std() - 1) < 0.02


def test_a_draw_depends_on_its_own_row_only():
    key = episode_key(np.arange(5), np.arange(5))
    together = uniform(key, np.arange(5), Stream.CHOICE, 3)
    for k in range(5):
        np.testing.assert_array_equal(uniform(key[k : k + 1], k, Stream.CHOICE, 3)[0], together[k])


def test_gaussian_changes_an_inner_rating_as_often_as_stated():
    moved = Gaussian(0.5).perturb(np.full((MANY, 1), 5.0), TEN, _draws(), True)[:, 0] - 5.0
    assert np.mean(moved != 0) == pytest.approx(0.3173, abs=0.01)
    assert np.mean(moved == 1) == pytest.approx(0.1573, abs=0.01)
    assert np.mean(np.abs(moved) == 2) == pytest.approx(0.0027, abs=0.002)
    real = Gaussian(0.5).perturb(np.full((MANY, 1), 5.0), TEN, _draws(), False)
    assert np.mean(real == np.rint(real)) < 0.01


def test_greedy_moves_one_step_with_its_probabilities():
    moved = Greedy().perturb(np.full((MANY, 1), 5.0), TEN, _draws(), True) - 5.0
    shares = [np.mean(moved == k) for k in (-1, 0, 1)]
    np.testing.assert_allclose(shares, [0.1, 0.8, 0.1], atol=0.01)


@pytest.mark.parametrize("perturbation", [NoPerturbation(), Gaussian(2.0), Greedy((0.5, 0, 0.5))])
def test_perturbation_stays_on_the_scale(perturbation):
    for end in (TEN.low, TEN.high):
        moved = perturbation.perturb(np.full((500, 1), end), TEN, _draws(500), True)
        assert moved.min() >= TEN.low and moved.max() <= TEN.high


def test_r8_decay_matches_its_formula_to_1e_9():
    count = np.array([2, 2, 2, 2, 2, 3, 7])
    gap = np.array([1, 2, 4, 10, 20, 5, 3])
    np.testing.assert_allclose(decay(count, gap), 0.1 ** (count / gap), rtol=1e-9)
    with pytest.raises(ValueError, match="at least one tick"):
        decay(np.array([2]), np.array([0]))
    assert decay(np.array([1]), np.array([0]))[0] == 1.0


def _shape(shaping, rating, count, gap, boredom=0.0, u=0.5):
    def column(x):
        return np.array([x], float)

    shaped = shaping.shape(
        column(rating), np.array([count]), np.array([gap]), column(boredom), TEN, column(u)
    )
    return float(shaped.reward[0]), bool(shaped.unwatched[0]), bool(shaped.ends[0])


def test_shapings_by_hand():
    assert _shape(Unshaped(), 7, 2, 1) == (7.0, False, False)
    assert _shape(ExponentialDecay(), 9, 1, 0) == (9.0, False, False)
    assert _shape(ExponentialDecay(), 10, 2, 10)[0] == np.floor(10 * 0.1 ** (2 / 10))
    assert _shape(ExponentialDecay(), 10, 2, 1)[0] == TEN.low
    free = ExponentialDecay(floor=False, allow_below_min=True)
    assert _shape(free, 10, 2, 1)[0] == pytest.approx(0.1)
    assert _shape(RandomWatch(), 8, 2, 2, u=0.05) == (8.0, False, False)
    assert _shape(RandomWatch(), 8, 2, 2, u=0.5) == (0.0, True, False)
    assert _shape(SameItemTerminates(), 8, 2, 5) == (0.0, False, True)
    assert _shape(LabelSatiation(), 8, 1, 0, boredom=2.0)[0] == pytest.approx(8 * np.exp(-0.3))


def _chosen(choice, utility, nothing=0.0, vote=None, n=MANY):
    utility = np.broadcast_to(np.asarray(utility, float), (n, len(utility)))
    vote = np.zeros_like(utility) if vote is None else np.broadcast_to(vote, utility.shape)
    return choice.choose(Slate(utility, np.full(n, nothing), vote, _draws(n)))


def test_r6_independent_uses_its_probability():
    taken = _chosen(Independent(0.3), [0.9, -0.9])
    np.testing.assert_allclose(taken.mean(0), [0.3, 0.3], atol=0.01)


def test_multinomial_logit_frequencies():
    utility, beta = np.array([0.5, -0.2, 0.1]), 2.0
    weight = np.exp(beta * np.append(utility, 0.0))
    taken = _chosen(MultinomialLogit(beta), utility)
    np.testing.assert_allclose(taken.mean(0), (weight / weight.sum())[:3], atol=0.01)
    assert taken.sum(1).max() == 1


def test_greedy_breaks_ties_by_vote_then_position():
    assert _chosen(GreedyChoice(), [0.5, 0.5, 0.1], vote=[1.0, 2.0, 9.0], n=1)[0].tolist() == [
        False,
        True,
        False,
    ]
    assert _chosen(GreedyChoice(), [0.5, 0.5], n=1)[0].tolist() == [True, False]
    assert _chosen(GreedyChoice(0.9), [0.5, 0.1]).any(1).mean() == pytest.approx(0.9, abs=0.01)


def test_cascade_frequencies():
    beta, leave = 2.0, 0.25
    accept = 1 / (1 + np.exp(-beta * np.array([0.2, -0.3])))
    taken = _chosen(Cascade(beta, leave), [0.2, -0.3]).mean(0)
    second = (1 - accept[0]) * (1 - leave) * accept[1]
    np.testing.assert_allclose(taken, [accept[0], second], atol=0.01)


def test_single_takes_the_first_whatever_it_is():
    assert _chosen(Single(), [-1.0], n=3).all()


def test_leave_reduces_to_the_constant_hazard():
    bored, happy = np.array([0.0, 3.0]), np.array([0.5, -1.0])
    np.testing.assert_allclose(Leave(0.025, 0.0, 0.0).hazard(bored, happy), 0.025)
    np.testing.assert_allclose(
        Leave().hazard(bored, happy), [0.025, 1 - 0.975 * np.exp(-(0.15 + 0.05))]
    )
    assert GeometricEnd().hazard(bored, happy).tolist() == [0.025, 0.025]
    assert effective_horizon(0.025, 0.975) == pytest.approx(20.25, abs=0.005)


def test_the_satisfied_return_sooner():
    u = np.random.default_rng(0).random(MANY)
    happy, sad = (return_gap(np.full(MANY, s), u).mean() for s in (1.0, -1.0))
    rate = 1 / (1 + np.exp(-2.0))
    assert happy == pytest.approx(1 + (1 - rate) / rate, abs=0.02) and sad > happy + 4


def test_dynamics_follow_their_equations(small_movies):
    feel = Feelings(1, small_movies, Dynamics.full())
    row, item = np.array([0]), np.array([3])
    width = small_movies.embedding.shape[1]
    start = small_movies.embedding[7:8]
    feel.begin(row, np.array([0.4]), start)
    for _ in range(2):
        feel.react(row, item, np.array([0.9]), np.array([0.5]), np.zeros((1, 1 + width)))
    share = small_movies.label_share[3]
    np.testing.assert_allclose(feel.boredom[0], 0.9 * share + share, rtol=1e-6)
    assert feel.mood[0] == pytest.approx(0.9 * 0.08 + 0.08)
    assert feel.trust[0] == pytest.approx(0.4 + 2 * 0.05 * 0.4)
    assert np.linalg.norm(feel.taste[0]) == pytest.approx(1.0, abs=1e-5)
    toward = small_movies.embedding[3]
    assert feel.taste[0] @ toward > start[0] @ toward


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_states_stay_in_their_ranges(scores):
    from incentax.users.bundled import bundled_catalogue

    feel = Feelings(1, bundled_catalogue("movies"), Dynamics(mood=True, boredom=True, trust=True))
    row = np.array([0])
    feel.begin(row, np.array([0.5]), None)
    noise = np.full((1, 1), 3.0)
    for k, score in enumerate(scores):
        feel.react(row, np.array([k]), np.array([score]), np.array([0.5]), noise)
        assert -1 <= feel.mood[0] <= 1 and 0 <= feel.trust[0] <= 1
        assert 0 <= feel.boredom.min() and feel.boredom.sum() <= 10.0 + 1e-9


P = np.array([[0.1, 0.2, 0.3, 0.25, 0.15]])
V = np.arange(1.0, 6.0)


def test_sampling_follows_the_distribution():
    u = np.random.default_rng(0).random(MANY)
    read = Sample().read(np.repeat(P, MANY, 0), V, u)
    np.testing.assert_allclose([np.mean(read == v) for v in V], P[0], atol=0.01)
    assert Expected().read(P, V, u[:1])[0] == pytest.approx(float(P[0] @ V))
    assert Argmax().read(P, V, u[:1])[0] == 3.0


def test_decoding_by_hand():
    np.testing.assert_allclose(Decoding(top_k=2).apply(P), [[0, 0, 0.3 / 0.55, 0.25 / 0.55, 0]])
    np.testing.assert_allclose(Decoding(top_p=0.5).apply(P), [[0, 0, 0.3 / 0.55, 0.25 / 0.55, 0]])
    cold = Decoding(temperature=0.5).apply(P)
    np.testing.assert_allclose(cold, P**2 / (P**2).sum())
    assert Decoding().apply(P) is P
