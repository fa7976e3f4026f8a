"""The reproduction: pieces made once, claims judged by intervals, one page."""

import json

import numpy as np
import pytest

from incentax.users.reproduction import make
from incentax.users.reproduction.page import claims
from incentax.users.reproduction.pieces import Pieces


def test_a_piece_is_made_once_and_an_interrupted_one_again(tmp_path):
    made, said = [], []

    def work(fails=False):
        made.append(1)
        if fails:
            raise KeyboardInterrupt
        return {"value": 1.5}

    folder = tmp_path / "run"
    pieces = Pieces(folder, {"quick": True}, said.append)
    with pytest.raises(KeyboardInterrupt):
        pieces.once("a", lambda: work(fails=True))
    assert not pieces.has(["a"])
    again = Pieces(folder, {"quick": True}, said.append)
    assert again.once("a", work) == again.once("a", work) == {"value": 1.5}
    assert len(made) == 2 and said == ["a", "a"] and again.has(["a"]) and not again.has(["a", "b"])
    with pytest.raises(ValueError, match="was begun with"):
        Pieces(folder, {"quick": False}, said.append)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("keep")
    with pytest.raises(ValueError, match="in use"):
        Pieces(tmp_path / "mine", {"quick": True}, said.append)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_a_claim_holds_where_the_interval_of_the_paired_difference_excludes_zero():
    rng = np.random.default_rng(0)
    luck = rng.standard_normal((5, 400))
    rewards = {
        "random": luck,
        "popular": luck + 0.05,
        "ppo": luck + 0.05 + 0.01 * rng.standard_normal((5, 400)),
        "oracle": luck + 0.2,
    }
    judged = {what: holds for what, _, holds in claims(rewards)}
    # Equal in the mean but for noise: not above, however many people.
    rewards["ppo"] -= (rewards["ppo"] - rewards["popular"]).mean()
    judged |= {what: holds for what, _, holds in claims(rewards)}
    assert judged == {
        "ppo is above random": True,
        "ppo is above popular": False,
        "oracle is above ppo": True,
    }


def test_the_page_shows_what_is_done_and_is_the_same_when_resumed(tmp_path, monkeypatch):
    monkeypatch.setattr(make, "DOMAINS", ("books",))
    monkeypatch.setattr(make, "BASELINES", ("random", "popular", "oracle"))
    monkeypatch.setattr(make, "LEARNERS", ())
    said = []
    page = make.reproduce(tmp_path / "out", only=["baselines"], quick=True, say=said.append)
    text = page.read_text("utf-8")
    assert said == ["books-random-0", "books-popular-0", "books-oracle-0"]
    table = (tmp_path / "out" / "books-recommenders.csv").read_text("utf-8")
    assert [line.split(",")[0] for line in table.splitlines()[1:]] == [
        "random",
        "popular",
        "oracle",
    ]
    mean = json.loads((tmp_path / "out/pieces/books-oracle-0.json").read_text("utf-8"))["reward"]
    assert f"<td>{np.mean(mean):.3f}</td>" in text and "http" not in text
    make.reproduce(tmp_path / "out", only=["baselines"], quick=True, say=said.append)
    assert len(said) == 3 and page.read_text("utf-8") == text
    with pytest.raises(ValueError, match="expected parts among baselines, ppo"):
        make.reproduce(tmp_path / "out", only=["pppo"], quick=True)
