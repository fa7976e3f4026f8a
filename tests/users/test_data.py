"""Bundled data, its generator and the people who answer by formula."""

from importlib import resources

import numpy as np
import pytest

from incentax.users.bundled import bundled_catalogue, bundled_people
from incentax.users.generate import diversity, generate_catalogue, generate_people
from incentax.users.generate.report import contradictions
from incentax.users.generate.vocabulary import vocabulary
from incentax.users.people import Taste
from incentax.users.query import ask
from incentax.users.records import User
from incentax.users.registration import make_world
from incentax.users.rule import RuleUsers, fit_cuts, fitted_cuts, ordered_logit
from incentax.users.similarity import related

DOMAINS = ["movies", "books"]


@pytest.mark.parametrize("domain", DOMAINS)
def test_bundled_catalogues_have_what_the_tests_need(domain):
    shelf = bundled_catalogue(domain)
    assert len(shelf) >= 1500 and len({item.title for item in shelf}) == len(shelf)
    sizes = np.bincount(shelf.series_index[shelf.series_index >= 0])
    least, longest = (22, 9) if domain == "movies" else (20, 4)
    assert len(sizes) >= least and sizes.min() >= 3 and sizes.max() <= longest
    for label in shelf.domain.tested:
        has = shelf.label_matrix[:, shelf.labels.index(label)]
        assert 20 <= has.sum() <= len(shelf) - 20
    assert all(10 <= len(item.text.split()) <= 250 for item in shelf)
    assert shelf.embedding.shape[1] <= 128


@pytest.mark.parametrize("domain", DOMAINS)
def test_bundled_personas_pass_their_gates(domain):
    people, shelf = bundled_people(domain), bundled_catalogue(domain)
    report = diversity(people, shelf)
    assert report.passes, report
    assert report.num == 600 and report.distinct_names >= 500 and report.shortest >= 30
    assert report.age_chi2 < 12.6
    Taste(people, shelf)  # R12: every like and dislike is a label of the catalogue


def test_the_bundle_is_small_and_without_pickle():
    folder = resources.files("incentax.users").joinpath("data")
    files = [file for file in folder.iterdir() if file.is_file()]
    sizes = {file.name: len(file.read_bytes()) for file in files}
    assert sum(sizes.values()) < 1_500_000 and max(sizes.values()) < 400_000
    assert {name.rsplit(".", 1)[-1] for name in sizes} <= {"gz", "npz", "json", "toml"}
    for name in ("movies.npz", "books.npz"):
        with np.load(str(folder.joinpath(name)), allow_pickle=False) as archive:
            assert archive["embedding"].dtype == np.float16


def test_generation_is_deterministic_and_seeded():
    a, b, c = (generate_catalogue("movies", 300, seed) for seed in (1, 1, 2))
    assert list(a) == list(b) != list(c)
    people = [generate_people(a, 50, seed) for seed in (1, 1, 2)]
    assert people[0].hashes == people[1].hashes != people[2].hashes


def test_the_bundle_is_what_the_generator_writes():
    from incentax.users.generate.bundle import SEED

    shelf = generate_catalogue("books", 1500, SEED)
    assert list(shelf) == list(bundled_catalogue("books"))
    assert generate_people(shelf, 600, SEED).hashes == bundled_people("books").hashes


def test_likes_follow_the_published_probabilities():
    people = generate_people(bundled_catalogue("movies"), 3000, 7)
    assert all(len(user.liked) == 4 for user in people)
    counts = np.bincount([len(user.disliked) for user in people], minlength=5) / 3000
    np.testing.assert_allclose(counts, np.array([22, 89, 156, 159, 173]) / 600, atol=0.03)
    assert 36 < people.age.mean() < 42 and people.age.min() == 4 and people.age.max() <= 74


def test_generator_options():
    shelf = bundled_catalogue("movies")
    grown = generate_people(shelf, 200, 3, min_age=18, third_gender=0.5, genres=False)
    assert grown.age.min() >= 18 and not any(user.liked + user.disliked for user in grown)
    assert 60 <= sum(user.gender == "X" for user in grown) <= 140
    assert sum(len(contradictions(user)) for user in grown) == 0
    with pytest.raises(ValueError, match="at least one person"):
        generate_people(shelf, 0)
    with pytest.raises(ValueError, match="at least 300 items"):
        generate_catalogue("movies", 10)


def test_r16_contradictions_are_found():
    found = contradictions(User("u", "Bo", "F", 12, "He is 30 years old; rates all 9.", "nurse"))
    assert len(found) == 4


def test_the_word_lists_are_long_enough():
    words = vocabulary()
    assert len(set(words["jobs"]["adult"])) >= 200
    assert sum(len(set(things)) for things in words["hobbies"].values()) >= 400
    assert len(set(words["children"]["hobbies"])) >= 33


def test_cuts_reproduce_the_reference():
    rng = np.random.default_rng(0)
    opinion, reference = rng.standard_normal(5000), np.array([0.1, 0.2, 0.4, 0.3])
    cuts = fit_cuts(opinion, reference, 0.4)
    np.testing.assert_allclose(ordered_logit(opinion, cuts, 0.4).mean(0), reference, atol=1e-9)


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_population_shows_the_reference_marginal(domain):
    world = make_world(domain)
    assert len(fitted_cuts(domain)) == world.rating_scale.num_levels - 1
    rng = np.random.default_rng(5)
    asked = ask(
        world.people,
        world.catalogue,
        rng.integers(600, size=30_000),
        rng.integers(1500, size=30_000),
    )
    share = world.rater.react(asked).probability.mean(0)
    reference = np.asarray(world.catalogue.domain.reference)
    assert 0.5 * np.abs(share - reference / reference.sum()).sum() < 0.02


def _opinions(world, **changes):
    asked = ask(world.people, world.catalogue, 3, np.arange(50), **changes)
    assert isinstance(world.rater, RuleUsers)
    return world.rater.opinion(asked)


def test_the_formula_term_by_term(movies):
    world = make_world("movies")
    w, user, item = world.rater.weights, 3, 17
    person, film = world.people[user], movies[item]
    liked = len(set(film.labels) & set(person.liked)) / len(film.labels)
    disliked = len(set(film.labels) & set(person.disliked)) / len(film.labels)
    taste = Taste(world.people, movies).vector[user] @ movies.embedding[item]
    z = (
        person.traits["bias"]
        + {"normal": 0.0, "harsh": -0.6, "generous": 0.6}[person.traits["style"]]
    )
    z += (
        w.quality * movies.quality[item] + w.liked * liked - w.disliked * disliked + w.taste * taste
    )
    assert _opinions(world)[item] == pytest.approx(z, abs=1e-6)
    past, rating = np.array([40, 41]), np.array([10.0, 2.0])
    s = related(movies, np.array([item]), past)
    h = (s * (rating - world.rater.mean)).sum() / (world.rater.spread * (0.5 + s.sum()))
    shown = _opinions(
        world, history_item=np.tile(past, (50, 1)), history_rating=np.tile(rating, (50, 1))
    )
    assert shown[item] == pytest.approx(z + w.history * h, abs=1e-6)


def test_a_loved_part_of_a_series_raises_the_next(movies):
    world = make_world("movies")
    parts = np.flatnonzero(movies.series_index == 0)
    asked = {
        rating: ask(
            world.people,
            movies,
            np.arange(100),
            int(parts[-1]),
            history_item=np.full((100, 1), parts[0]),
            history_rating=np.full((100, 1), rating),
        )
        for rating in (1.0, 4.0, 7.0, 10.0)
    }
    values = world.rating_scale.array
    means = [(world.rater.react(a).probability @ values).mean() for a in asked.values()]
    assert means == sorted(means) and means[-1] - means[0] > 2


def test_incentives_move_the_sensitive_most():
    world = make_world("movies")
    sensitivity = world.people.trait("incentive_sensitivity", 1.0)
    users = np.arange(200)
    plain, paid = (
        world.rater.opinion(ask(world.people, world.catalogue, users, 5, incentive=k))
        for k in (0.0, 1.0)
    )
    np.testing.assert_allclose(paid - plain, 0.5 * sensitivity[:200])


@pytest.mark.parametrize("domain", DOMAINS)
def test_where_the_variance_of_ratings_comes_from(domain):
    from incentax.users.fidelity import variance_split

    world = make_world(domain)
    split = variance_split(world.rater, world.people, world.catalogue, seed=1)
    assert 0.25 <= split.item <= 0.45 and 0.08 <= split.user <= 0.20
    assert split.interaction >= 0.20 and split.noise <= 0.30
