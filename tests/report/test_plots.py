import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from matplotlib import rcParams

from incentax.report.plot_style import PALETTE, apart, styled, svg, themed
from incentax.report.plots import FIGURES, draw, drawable, overlaid
from incentax.report.run import read_run

from .synthetic import HELD_OUT, auction_response, game_response, history, write_game, write_run

AUCTION = [name for name, row in FIGURES.items() if row.kind in (None, "auction")]
GAME = [name for name, row in FIGURES.items() if row.kind in (None, "game")]


@pytest.fixture(scope="module")
def auction(tmp_path_factory):
    directory = tmp_path_factory.mktemp("runs") / "auction"
    return read_run(write_run(directory, result={"held_out": HELD_OUT}))


@pytest.fixture(scope="module")
def game(tmp_path_factory):
    return read_run(write_game(tmp_path_factory.mktemp("runs") / "game"))


@pytest.fixture(scope="module")
def drawn(auction, game):
    return draw(auction) | draw(game)


def alive(run):
    """The figures that have something to show, without the cost of writing them out."""
    with styled():
        return [name for name in drawable(run) if FIGURES[name].draw(run) is not None]


def text_of(figure):
    root = ElementTree.fromstring(figure)
    return " ".join("".join(node.itertext()) for node in root if node.tag != "style").split()


@pytest.mark.parametrize("name", FIGURES)
def test_every_row_draws(drawn, name):
    root = ElementTree.fromstring(drawn[name])
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    # Text stays text: it can be searched, read aloud and set in the reader's font.
    assert any(node.tag.endswith("text") for node in root.iter())


def test_kinds_do_not_mix(auction, game):
    assert alive(auction) == AUCTION
    assert alive(game) == [name for name in GAME if name != "held_out"]


def test_the_same_run_gives_the_same_bytes(auction, game, drawn):
    assert draw(auction) | draw(game) == drawn


def test_figures_share_no_identifier(drawn):
    ids = [
        node.get("id")
        for figure in drawn.values()
        for node in ElementTree.fromstring(figure).iter()
        if node.get("id")
    ]
    assert len(ids) == len(set(ids))


def test_drawing_leaves_matplotlib_as_it_was(auction):
    before = dict(rcParams)
    alive(auction)
    assert dict(rcParams) == before


@pytest.mark.parametrize(
    ("missing", "gone"),
    [
        (("after/",), []),
        (("before/",), []),
        (("before/", "after/"), ["mean_bids", "payment", "supply", "allocation", "population"]),
        (("values",), ["mean_bids", "allocation", "population"]),
        (("before/win_probability", "after/win_probability"), ["allocation"]),
        (("before/win_probability", "after/flow"), ["allocation"]),
        (("before/sold", "after/remaining"), []),
    ],
)
def test_what_is_missing_is_not_drawn(tmp_path, missing, gone):
    arrays = auction_response()
    kept = {name: x for name, x in arrays.items() if not name.startswith(missing)}
    run = read_run(write_run(tmp_path / "run", response=kept))
    left = alive(run)
    assert [name for name in AUCTION if name not in left and name != "held_out"] == gone


@pytest.mark.parametrize("rounds", [1, 2, 3, 5, 40])
def test_any_number_of_rounds(tmp_path, rounds):
    arrays = auction_response(states=6, actions=5, rounds=rounds)
    run = read_run(write_run(tmp_path / "run", response=arrays))
    assert {"mean_bids", "payment", "supply", "allocation", "population"} <= set(alive(run))
    with styled():
        figure = FIGURES["mean_bids"].draw(run)
        text = text_of(svg(figure, "mean_bids", ""))
    assert text.count("round") >= min(rounds, 4)
    assert ("40" in text) == (rounds == 40)


@pytest.mark.parametrize(
    ("shape", "price"),
    [
        ((4, 6, 3), (6,)),
        ((4, 6, 3), (3,)),
        ((4, 6, 3), (4, 6)),
        ((4, 6, 3), (4, 6, 3)),
        ((1, 1, 3), (3,)),
        ((1, 1, 1), (1,)),
        (None, (5,)),
    ],
)
def test_prices_of_any_shape(tmp_path, shape, price):
    rng = np.random.default_rng(0)
    arrays = {"after/price": rng.random(price, dtype=np.float32)}
    if shape is not None:
        arrays["after/flow"] = np.full(shape, 1 / np.prod(shape[1:]), np.float32)
    figures = alive(read_run(write_game(tmp_path / "run", response=arrays)))
    assert "price" in figures
    assert ("crowding" in figures) == (shape is not None and shape[0] > 1)


@pytest.mark.parametrize(
    "columns",
    [
        {"step": [0.0], "value": [0.2]},
        {"step": [0.0, 1.0], "value": [None, None]},
        {"step": [0.0, 1.0], "value": [0.2, 0.2], "exploitability": [0.0, -1e-9]},
        {"step": [0.0, 1.0], "value": [0.2, float("nan")], "exploitability": [None, 1e-5]},
        {"step": [], "value": []},
        history(3) | {"audited_value": np.full(3, np.nan)},
    ],
)
def test_histories_with_gaps(tmp_path, columns):
    run = read_run(write_run(tmp_path / "run", columns=columns, response={}))
    finite = np.isfinite(np.array(columns["value"], float)).any()
    assert ("objective" in draw(run)) == finite  # drawn in full: ticks of odd scales fail only then


def test_a_flow_of_nobody(tmp_path):
    arrays = {name: 0 * x if "flow" in name else x for name, x in auction_response().items()}
    assert "population" in alive(read_run(write_run(tmp_path / "run", response=arrays)))
    arrays = {name: 0 * x for name, x in game_response().items()}
    assert "crowding" in draw(read_run(write_game(tmp_path / "game", response=arrays)))


def test_an_unknown_kind_still_has_its_history(tmp_path):
    run = read_run(write_run(tmp_path / "run", config={"kind": "smooth"}))
    assert drawable(run) == ["objective", "exploitability", "held_out", "annealing"]


def test_baselines_and_cap_are_labelled_with_their_values(drawn):
    text = " ".join(text_of(drawn["objective"]))
    assert "no price 0.1471" in text
    assert "congestion (minimised)" in text


def test_every_colour_follows_the_page(drawn):
    assert len(set(PALETTE.values())) == len(PALETTE)
    for figure in drawn.values():
        assert not any(f": {colour}" in themed(figure) for colour in PALETTE.values())


def test_runs_overlay(tmp_path):
    one = write_run(tmp_path / "one")
    two = write_run(tmp_path / "two_b", result={"value": 0.2}, columns=history(20, 0.15, 0.2))
    text = " ".join(text_of(overlaid([one, two])))
    assert "one 0.2480" in text and "two_b 0.2000" in text and "proven cap 0.2500" in text
    with pytest.raises(ValueError, match=r"expected runs of one problem .*, got .*; try"):
        overlaid([one, write_game(tmp_path / "bar")])
    with pytest.raises(ValueError, match=r"expected a run with a history, got .*; try"):
        overlaid([one, write_run(tmp_path / "three", without=("history.parquet",))])


@pytest.mark.parametrize("seed", range(5))
def test_labels_keep_their_distance_and_their_order(seed):
    heights = np.random.default_rng(seed).random(12)
    placed = apart(heights, 0.05)
    order = np.argsort(heights)
    assert np.diff(placed[order]).min() >= 0.05 - 1e-12
    assert placed.mean() == pytest.approx(heights.mean())
    assert apart(np.array([0.1, 0.9]), 0.05).tolist() == [0.1, 0.9]


def test_the_style_ends_with_its_context():
    before = rcParams["svg.fonttype"]
    with styled():
        assert rcParams["svg.fonttype"] == "none"
    assert rcParams["svg.fonttype"] == before
