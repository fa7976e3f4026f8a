"""Loaders on well-formed and on broken files."""

import re

import numpy as np
import pytest

from incentax.users.loaders import (
    load_book_crossing,
    load_dataset,
    load_goodbooks,
    load_movielens,
)
from incentax.users.registration import make_world
from incentax.users.rule import RuleUsers

MOVIES = """movieId,title,genres
1,Toy Boats (1995),Adventure|Animation|Children
2,"Heat, The (2013)",Action|Comedy|Crime
3,Amélie Again,(no genres listed)
4,Space Lull (1999),Sci-Fi
"""
RATINGS = "userId,movieId,rating,timestamp\n"


def _latest(folder, ratings, movies=MOVIES, encoding="utf-8"):
    folder.mkdir(exist_ok=True)
    (folder / "movies.csv").write_text(movies, encoding)
    (folder / "ratings.csv").write_text(RATINGS + ratings, encoding)
    return folder


def test_movielens_latest(tmp_path):
    folder = _latest(tmp_path, "7,1,4.5,10\n7,2,0.5,11\n9,3,3.0,12\n9,4,5.0,13\n")
    data = load_movielens(folder)
    assert data.ratings.rating.tolist() == [9.0, 1.0, 6.0, 10.0]
    assert data.user_ids == ("7", "9")
    toy, heat, again, space = data.catalogue
    assert (toy.title, toy.year, toy.labels) == (
        "Toy Boats",
        1995,
        ("adventure", "animation", "family"),
    )
    assert (heat.title, heat.year) == ("Heat, The", 2013)
    assert again.labels == () and again.year == 0 and space.labels == ("science fiction",)
    assert "research use" in data.notice and data.skipped == {}
    np.testing.assert_allclose(data.reference.sum(), 1.0)


def test_movielens_100k_and_1m(tmp_path):
    old = tmp_path / "100k"
    old.mkdir()
    flags = "|".join("1" if k in (5, 16) else "0" for k in range(19))
    (old / "u.item").write_text(f"1|Café Noir (1960)|01-Jan-1960||url|{flags}\n", "latin-1")
    (old / "u.data").write_text("5\t1\t4\t881250949\n6\t1\t2\t881250950\n", "latin-1")
    (old / "u.user").write_text("5|24|M|technician|85711\n6|53|F|other|94043\n", "latin-1")
    data = load_movielens(old)
    assert data.catalogue[0].title == "Café Noir" and data.ratings.rating.tolist() == [8.0, 4.0]
    assert data.catalogue[0].labels == ("comedy", "thriller") or len(data.catalogue[0].labels) == 2
    assert (data.ages, data.genders) == ((24, 53), ("M", "F"))
    new = tmp_path / "1m"
    new.mkdir()
    (new / "movies.dat").write_text("1::Déjà: A Tale (2001)::Drama|War\n", "latin-1")
    (new / "ratings.dat").write_text("1::1::5::978300760\n", "latin-1")
    (new / "users.dat").write_text("1::F::1::10::48067\n", "latin-1")
    data = load_movielens(new)
    assert data.catalogue[0].title == "Déjà: A Tale" and data.genders == ("F",)


def test_goodbooks_with_and_without_tags(tmp_path):
    (tmp_path / "books.csv").write_text(
        "book_id,goodreads_book_id,title,authors,original_publication_year\n"
        '1,100,"Salt, a History","A. Writer, B. Other",2001.0\n2,200,Plain,C. Third,\n'
    )
    (tmp_path / "ratings.csv").write_text("user_id,book_id,rating\n1,1,5\n1,2,3\n2,1,4\n")
    data = load_goodbooks(tmp_path)
    assert data.catalogue[0].authors == ("A. Writer", "B. Other") and data.catalogue[0].year == 2001
    (tmp_path / "tags.csv").write_text("tag_id,tag_name\n1,history\n2,to-read\n")
    (tmp_path / "book_tags.csv").write_text("goodreads_book_id,tag_id,count\n100,1,9\n100,2,99\n")
    assert load_goodbooks(tmp_path).catalogue[0].labels == ("history",)


def test_r13_book_crossing_zeros_are_not_ratings(tmp_path):
    (tmp_path / "BX-Books.csv").write_text(
        '"ISBN";"Book-Title";"Book-Author";"Year-Of-Publication";"Publisher"\n'
        '"01";"A \\"Quoted\\" Title; Still";"Zoë";"1999";"P"\n"02";"B";"Y";"DK";"Q"\n',
        "latin-1",
    )
    (tmp_path / "BX-Book-Ratings.csv").write_text(
        '"User-ID";"ISBN";"Book-Rating"\n"1";"01";"0"\n"1";"02";"10"\n"2";"01";"7"\n"3";"99";"5"\n',
        "latin-1",
    )
    data = load_book_crossing(tmp_path)
    assert sorted(data.ratings.rating.tolist()) == [4.0, 5.0]
    assert data.skipped == {"implicit feedback": 1, "unknown item": 1}
    assert data.catalogue[data.catalogue.index("01")].title == 'A "Quoted" Title; Still'


def test_spoilt_rows_are_counted_and_nothing_else_is_lost(tmp_path):
    rows = (
        "1,1,4.0,1\n"
        "1,1,5.0,2\n"  # duplicate: the later one counts
        "1,2,abc,3\n"  # not a number
        "1,2,nan,3\n"
        "1,2,7.5,3\n"  # off the scale
        "1,999,3.0,3\n"  # unknown item
        "1,2\n"  # too short
        "\n"
        "2,2,3.0,4\n"
    )
    data = load_movielens(_latest(tmp_path, rows, MOVIES + "5,Too short\n"))
    assert data.ratings.rating.tolist() == [10.0, 6.0]
    assert data.skipped["duplicate rating"] == 1 and data.skipped["not a number"] == 2
    assert data.skipped["rating off the scale"] == 1 and data.skipped["unknown item"] == 1
    assert data.skipped["too few columns"] == 2


ONE = "1|A (1960)|x||url" + "|0" * 19 + "\n"
REFUSED = {
    "a film twice": (
        {"movies.csv": MOVIES + "1,Toy Boats Again (1996),Drama\n", "ratings.csv": RATINGS},
        "movielens",
        "expected every movieId once in movies.csv, got '1' on lines 2 and 6; try deleting",
    ),
    "a film twice, 100k": ({"u.item": ONE + ONE, "u.data": ""}, "movielens", "u.item, got '1' on"),
    "a person twice, 1m": (
        {
            "movies.dat": "1::A (2001)::War\n",
            "ratings.dat": "1::1::5::9\n",
            "users.dat": "1::F::1\n2::M::1\n1::M::9\n",
        },
        "movielens",
        "expected every id once in users.dat, got '1' on lines 1 and 3",
    ),
    "a book twice": (
        {
            "books.csv": "book_id,goodreads_book_id,title,authors,original_publication_year\n"
            "1,100,A,B,2001\n1,100,A,B,2001\n"
        },
        "goodbooks",
        "every book_id once in books.csv, got '1' on lines 2 and 3",
    ),
    "a book twice, Book-Crossing": (
        {
            "BX-Books.csv": "ISBN;Book-Title;Book-Author;Year-Of-Publication;Publisher\n"
            "01;A;B;1999;P\n01;C;D;1998;Q\n"
        },
        "book-crossing",
        "every ISBN once in BX-Books.csv, got '01' on lines 2 and 3",
    ),
    # The rows after it would vanish inside its title.
    "a quote left open": (
        {"movies.csv": MOVIES + '5,"Open,Drama\n6,Lost (2000),War\n', "ratings.csv": RATINGS},
        "movielens",
        "expected rows with closed quotes in movies.csv, got .* in the row .* on line 6; try",
    ),
    "a quote closed by a later row": (
        {"movies.csv": 'movieId,title,genres\n5,"Open,Drama\n6,"Lost, The",War\n'},
        "movielens",
        "expected rows with closed quotes in movies.csv, got .* begins on line 2",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_id_twice_or_an_open_quote_is_refused_with_its_lines(tmp_path, case):
    files, name, says = REFUSED[case]
    for file, text in files.items():
        (tmp_path / file).write_text(text)
    with pytest.raises(ValueError) as caught:
        load_dataset(name, tmp_path)
    assert re.search(says, str(caught.value)) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "hostile", ["__import__('os').system('x')", "['a'", "=cmd()", "\0", "1e999"]
)
def test_r10_hostile_cells_are_inert(tmp_path, hostile):
    rows = f"1,1,{hostile},1\n1,1,4.0,2\n"
    movies = MOVIES.replace("Toy Boats (1995)", f'"{hostile}"')
    data = load_movielens(_latest(tmp_path, rows, movies))
    assert data.ratings.rating.tolist() == [8.0]
    assert data.catalogue[0].title == hostile.replace("\0", "\ufffd")


def test_broken_folders_are_one_sentence(tmp_path):
    with pytest.raises(ValueError, match="expected ratings.csv, u.data or ratings.dat"):
        load_movielens(tmp_path)
    with pytest.raises(ValueError, match="expected a data set format among movielens"):
        load_dataset("netflix", tmp_path)
    with pytest.raises(ValueError, match="expected an encoding Python knows, got 'klingon'"):
        load_dataset("movielens", tmp_path, encoding="klingon")
    with pytest.raises(ValueError, match="expected a folder"):
        load_dataset("movielens", tmp_path / "none")
    _latest(tmp_path / "a", "1,1,4.0,1\n", MOVIES.replace("title", "name"))
    with pytest.raises(ValueError, match="expected the column 'title' in movies.csv, got movieId"):
        load_movielens(tmp_path / "a")
    (tmp_path / "a" / "movies.csv").write_text("")
    with pytest.raises(ValueError, match="empty file"):
        load_movielens(tmp_path / "a")
    _latest(tmp_path / "b", "1,1,4.0,1\n", encoding="latin-1")
    with pytest.raises(ValueError, match="expected utf-8 text in movies.csv, got byte 0xe9; try"):
        load_movielens(tmp_path / "b")
    assert load_dataset("movielens", tmp_path / "b", encoding="latin-1").catalogue
    _latest(tmp_path / "c", "1,77,4.0,1\n")
    with pytest.raises(ValueError, match="expected ratings of known items"):
        load_movielens(tmp_path / "c")


def test_a_million_rows(tmp_path):
    rng = np.random.default_rng(0)
    n = 1_000_000
    users, items = rng.integers(1, 5001, n), rng.integers(1, 2001, n)
    halves = rng.integers(1, 11, n)
    movies = "movieId,title,genres\n" + "".join(
        f"{k},Film {k} (2000),Drama\n" for k in range(1, 2001)
    )
    lines = "\n".join(
        f"{u},{i},{h / 2},{t}"
        for t, (u, i, h) in enumerate(
            zip(users.tolist(), items.tolist(), halves.tolist(), strict=True)
        )
    )
    folder = _latest(tmp_path, lines + "\n", movies)
    data = load_movielens(folder)
    assert len(data.ratings) + data.skipped["duplicate rating"] == n
    assert len(data.ratings) == len(np.unique(users * 10_000 + items))


def test_people_fitted_to_histories_say_what_their_ratings_say(tmp_path):
    world = make_world("movies")
    rng = np.random.default_rng(0)
    genre = rng.integers(2, size=60)
    movies = "movieId,title,genres\n" + "".join(
        f"{k},Film {k} (2000),{'Horror' if g else 'Comedy'}\n" for k, g in enumerate(genre)
    )
    rows = "".join(
        f"{user},{k},{4.5 if g == user % 2 else 1.5},{k}\n"
        for user in range(1, 21)
        for k, g in enumerate(genre)
    )
    data = load_movielens(_latest(tmp_path, rows, movies))
    people = data.people()
    assert people[0].liked == ("horror",) and people[0].disliked == ("comedy",)
    assert people[1].liked == ("comedy",) and "enjoys comedy" in people[1].description
    assert not any(name in people[0].name for name in ("Ada", "Jon"))
    rater = RuleUsers.fitted(data.catalogue, people, pairs=2000)
    from incentax.users.query import ask

    p = rater.react(ask(people, data.catalogue, 0, np.arange(60))).probability
    expected = p @ world.rating_scale.array
    assert expected[genre == 1].mean() > expected[genre == 0].mean() + 2
