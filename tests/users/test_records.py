"""Records, scales, catalogue and people."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incentax._errors import InvalidReaction
from incentax.users.catalogue import Catalogue, load_catalogue
from incentax.users.people import People, Taste, load_people
from incentax.users.records import Book, Movie, User, content_hash
from incentax.users.scales import SCALES, Scale

EVERY = sorted(SCALES)


@pytest.mark.parametrize("name", EVERY)
def test_labels_and_values_round_trip(name):
    scale = SCALES[name]
    for level, label in enumerate(scale.labels):
        assert scale.value(label) == scale.values[level]
        assert scale.label(scale.values[level]) == label
        assert label in scale.variants(level) and " " + label in scale.variants(level)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("reply", ["85", "", "I'd say 7", "7/10", "-1", "eleven", "7 or 8", "0.5"])
def test_r2_a_reply_outside_the_scale_is_invalid(name, reply):
    with pytest.raises(InvalidReaction):
        SCALES[name].value(reply)


@given(st.text(max_size=12))
def test_r1_no_text_becomes_a_rating_unless_it_is_a_label(text):
    scale = SCALES["one_ten"]
    said = text.strip().rstrip(".").strip().lower()
    if said in scale.labels:
        assert scale.value(text) == float(said)
    else:
        with pytest.raises(InvalidReaction):
            scale.value(text)


def test_a_scale_refuses_unequal_lengths_and_disorder():
    with pytest.raises(ValueError, match="one distinct label per value"):
        Scale("bad", ("a", "b"), (1.0,))
    with pytest.raises(ValueError, match="increasing order"):
        Scale("bad", ("a", "b"), (2.0, 1.0))


def test_records_are_frozen_and_hash_by_content():
    user = User("u", "Ada", "F", 30, "Text.")
    with pytest.raises(dataclasses.FrozenInstanceError):
        user.age = 31  # type: ignore[misc]
    assert content_hash(user) == content_hash(User("u", "Ada", "F", 30, "Text."))
    assert content_hash(user) != content_hash(dataclasses.replace(user, age=31))


def test_r9_iterating_a_catalogue_yields_items():
    shelf = Catalogue([Movie("a", "A"), Movie("b", "B")], "movies")
    assert [item.title for item in shelf] == ["A", "B"]
    assert [shelf.index(item.id) for item in shelf] == [0, 1]
    with pytest.raises(ValueError, match="twice"):
        Catalogue([Movie("a", "A"), Movie("a", "B")], "movies")
    with pytest.raises(ValueError, match="item id"):
        shelf.index("c")


@pytest.mark.parametrize("domain", ["movies", "books"])
def test_catalogue_and_people_survive_a_round_trip(tmp_path, domain):
    from incentax.users.bundled import bundled_catalogue, bundled_people

    shelf, people = bundled_catalogue(domain), bundled_people(domain)
    shelf.save(tmp_path / "shelf")
    people.save(tmp_path / "people.gz")
    again = load_catalogue(tmp_path / "shelf", domain)
    assert list(again) == list(shelf)
    np.testing.assert_array_equal(again.embedding, shelf.embedding)
    assert load_people(tmp_path / "people.gz").hashes == people.hashes
    with pytest.raises(FileExistsError):
        people.save(tmp_path / "people.gz")


def test_loading_the_wrong_domain_says_so(tmp_path):
    Catalogue([Book("b", "B", authors=("Ada",))], "books").save(tmp_path / "x")
    with pytest.raises(ValueError, match="fields of a movie"):
        load_catalogue(tmp_path / "x", "movies")
    with pytest.raises(ValueError, match="no such file"):
        load_catalogue(tmp_path / "y", "movies")


def test_r12_likes_must_be_labels_of_the_catalogue():
    shelf = Catalogue([Movie("a", "A", labels=("drama",))], "movies")
    with pytest.raises(ValueError, match="labels of this catalogue"):
        Taste(People([User("u", "U", "F", 30, "", liked=("opera",))]), shelf)
    with pytest.raises(ValueError, match="disjoint"):
        User("u", "U", "F", 30, "", liked=("drama",), disliked=("drama",))


def test_nouns_and_pronouns_follow_age_and_gender():
    told = [
        (User("u", "U", g, a, "").noun, User("u", "U", g, a, "").pronoun)
        for g in "FMX"
        for a in (10, 30)
    ]
    assert told == [
        ("girl", "she"),
        ("woman", "she"),
        ("boy", "he"),
        ("man", "he"),
        ("young person", "they"),
        ("person", "they"),
    ]
