"""Tables, surrogates and whole populations."""

import numpy as np
import pytest

from incentax.users.array import population_response
from incentax.users.backends import (
    AbstractRatingModel,
    Answer,
    Ensemble,
    LanguageUsers,
    Surrogate,
    TabularUsers,
    distil,
    fit_surrogate,
)
from incentax.users.backends.fit import _gradient, _initial
from incentax.users.backends.surrogate import Features, cut_points, latent_opinion
from incentax.users.fidelity.raters import BlindRater, ItemMeanRater
from incentax.users.query import Reactions, ask
from incentax.users.ratings import Ratings, item_normalised_shares, shares
from incentax.users.registration import make_world
from incentax.users.rule import RuleUsers
from incentax.users.testing import check_rater
from incentax.users.world import World


@pytest.fixture(scope="module")
def world():
    return make_world("movies")


class Digits(AbstractRatingModel):
    """A model whose probabilities are a function of the prompt."""

    identity = "digits"

    def score(self, prompts, arrived):
        from .stub import truth

        answers = []
        for k, prompt in enumerate(prompts):
            shares = truth(prompt.messages[-1].content)
            answers.append(Answer(tuple(shares[str(j)] for j in range(10))))
            arrived(k, answers[-1])
        return answers


MAKERS = {
    "rule": lambda w: w.rater,
    "table": lambda w: TabularUsers.of(w.rater, w.people, w.catalogue),
    "surrogate": lambda w: distil(w.rater, [_pairs(w, 500, 0)], num_epochs=2),
    "ensemble": lambda w: Ensemble(
        tuple(distil(w.rater, [_pairs(w, 500, k)], num_epochs=2) for k in range(2))
    ),
    "language": lambda w: LanguageUsers(Digits(), "movies-compact"),
    "never valid": lambda w: LanguageUsers(Digits(), "movies-compact", min_mass=0.99),
    "blind": lambda w: BlindRater("uniform", (0.1,) * 10),
    "item mean": lambda w: ItemMeanRater(),
}


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_every_back_end_keeps_the_contract(name, small_movies, few_people):
    rule = RuleUsers.fitted(small_movies, few_people, pairs=2000)
    small = World(small_movies, few_people, rule)
    check_rater(MAKERS[name](small), small)


def test_the_contract_can_be_broken(small_movies, few_people):
    rule = RuleUsers.fitted(small_movies, few_people, pairs=2000)
    small = World(small_movies, few_people, rule)

    class Moody(BlindRater):
        def react(self, queries):
            return Reactions.exact(np.random.default_rng().dirichlet(np.ones(10), len(queries)))

    with pytest.raises(AssertionError, match="equal answers to equal questions"):
        check_rater(Moody("moody", (0.1,) * 10), small)
    with pytest.raises(AssertionError, match="expected probabilities of shape"):
        check_rater(BlindRater("short", (0.2,) * 5), small)


def _pairs(world, n, seed):
    rng = np.random.default_rng(seed)
    users = rng.integers(len(world.people), size=n)
    return ask(world.people, world.catalogue, users, rng.integers(len(world.catalogue), size=n))


def test_a_table_answers_as_what_it_was_made_of(small_movies, few_people):
    rule = RuleUsers.fitted(small_movies, few_people, pairs=2000)
    table = TabularUsers.of(rule, few_people, small_movies)
    asked = ask(few_people, small_movies, np.arange(40), np.arange(40))
    np.testing.assert_allclose(
        table.react(asked).probability, rule.react(asked).probability, atol=2e-3
    )


def test_an_unknown_cell_is_refused_or_delegated(small_movies, few_people):
    rule = RuleUsers.fitted(small_movies, few_people, pairs=2000)
    p = np.full((40, 120, 10), np.nan)
    p[0, 0] = 0.1
    asked = ask(few_people, small_movies, [0, 1], [0, 1])
    with pytest.raises(ValueError, match="expected a known cell"):
        TabularUsers(p).react(asked)
    both = TabularUsers(p, fallback=rule).react(asked).probability
    np.testing.assert_allclose(both[0], 0.1)
    np.testing.assert_allclose(both[1], rule.react(asked).probability[1])


def test_history_tilts_a_table_the_right_way(small_movies):
    p = np.full((1, 120, 10), 0.1)
    from incentax.users.people import People
    from incentax.users.records import User

    people = People([User("u", "U", "F", 30, "")])
    values = np.arange(1.0, 11.0)

    def mean(rating):
        asked = ask(people, small_movies, 0, 5, history_item=[[5]], history_rating=[[rating]])
        return float((TabularUsers(p).react(asked).probability @ values)[0])

    assert mean(1.0) < 5.0 < 6.0 < mean(10.0)


def test_surrogate_gradients_match_finite_differences(small_movies, few_people):
    rng = np.random.default_rng(0)
    features = Features(few_people, small_movies)
    user, item = rng.integers(40, size=30), rng.integers(120, size=30)
    level, past = rng.integers(10, size=30), rng.standard_normal(30)
    p = _initial(features, 10, level, 3, rng)
    p = {k: v + 0.1 * rng.standard_normal(v.shape) for k, v in p.items()}

    def loss(q):
        from incentax.users.rule import ordered_logit

        z = latent_opinion(q, features, user, item, past)
        chance = ordered_logit(z, cut_points(q["cuts"]), 1.0)[np.arange(30), level]
        return -np.log(chance).mean()

    found = _gradient(p, features, user, item, past, level)
    for name, value in p.items():
        direction = rng.standard_normal(value.shape)
        step = 1e-6
        up, down = ({**p, name: value + s * step * direction} for s in (1, -1))
        slope = (loss(up) - loss(down)) / (2 * step)
        assert (found[name] * direction).sum() == pytest.approx(slope, rel=1e-4, abs=1e-7), name


def test_a_surrogate_distilled_from_rule_based_people_is_close_to_them(world, tmp_path):
    fitted = distil(world.rater, [_pairs(world, 20_000, k) for k in range(2)])
    assert fitted.report is not None
    assert fitted.report.rmse < 0.65 * fitted.report.baseline_rmse
    asked, values = _pairs(world, 3000, 9), world.rating_scale.array
    truth = world.rater.react(asked).probability @ values
    guess = fitted.react(asked).probability @ values
    assert np.corrcoef(truth, guess)[0, 1] > 0.9
    fitted.save(tmp_path / "s.npz")
    again = Surrogate.load(tmp_path / "s.npz")
    assert again.identity == fitted.identity
    np.testing.assert_array_equal(again.react(asked).probability, fitted.react(asked).probability)
    with pytest.raises(ValueError, match="expected a new file"):
        fitted.save(tmp_path / "s.npz")


def test_an_ensemble_knows_where_it_is_ignorant(small_movies, few_people):
    rng = np.random.default_rng(0)
    n = 600
    ratings = Ratings(
        rng.integers(20, size=n), rng.integers(120, size=n), rng.integers(1, 11, size=n) * 1.0
    )
    members = tuple(
        fit_surrogate(ratings, few_people, small_movies, seed=k, num_epochs=4) for k in range(3)
    )
    ensemble = Ensemble(members)
    asked = ask(few_people, small_movies, np.arange(20), np.arange(20))
    assert ensemble.spread(asked).min() > 0
    np.testing.assert_allclose(ensemble.react(asked).probability.sum(1), 1.0)
    with pytest.raises(ValueError, match="at least 20 ratings"):
        fit_surrogate(ratings.rows(np.arange(5)), few_people, small_movies)


def test_a_hundred_thousand_people_respond_in_one_call(world):
    users = np.random.default_rng(0).integers(600, size=100_000)
    kinds = (world.people.age[users] >= 40).astype(int)

    def policy(who, rng):
        return rng.integers(1500, size=(len(who), 1))

    response = population_response(world, policy, users, np.random.default_rng(1), kinds=kinds)
    np.testing.assert_allclose(response.rating.sum(1), 1.0)
    assert response.count.sum() == 100_000 and response.chosen[:, 0].tolist() == [1.0, 1.0]
    reference = np.asarray(world.catalogue.domain.reference)
    overall = response.count @ response.rating / 100_000
    assert 0.5 * np.abs(overall - reference / reference.sum()).sum() < 0.02


def test_slates_leave_some_with_nothing(world):
    slates = World(
        world.catalogue, world.people, world.rater, slate=3, choice=_mnl(), no_choice=0.5
    )

    def policy(who, rng):
        return rng.integers(1500, size=(len(who), 1)) + np.array([[0, 0, 0]])

    response = population_response(slates, policy, np.arange(600), np.random.default_rng(0))
    assert response.chosen.shape == (1, 4)
    assert response.chosen.sum() == pytest.approx(1.0) and response.chosen[0, 3] > 0.05


def _mnl():
    from incentax.users.choice import MultinomialLogit

    return MultinomialLogit(1.0)


def test_rating_splits_and_shares():
    ratings = Ratings(
        np.repeat([0, 1], 5),
        np.tile(np.arange(5), 2),
        np.array([1.0, 2, 3, 4, 5, 5, 5, 5, 5, 5]),
        np.tile([5.0, 4, 3, 2, 1], 2),
    )
    train, test = ratings.split(0.2)
    assert test.item.tolist() == [0, 0], "the latest rating of each user is held out"
    assert len(train) == 8
    kept, cold = ratings.cold(ratings.user, 0.5)
    assert not set(kept.user) & set(cold.user) and len(kept) + len(cold) == 10
    np.testing.assert_allclose(shares(np.array([1.0, 1.2, 4.9]), np.arange(1.0, 6.0))[0], 2 / 3)
    np.testing.assert_allclose(
        item_normalised_shares(ratings, np.arange(1.0, 6.0)), [0.1, 0.1, 0.1, 0.1, 0.6]
    )
