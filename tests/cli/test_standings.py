"""Every listed auction is recorded and shown with its value, first price and a cap.

The auctions are made small, and nothing is differentiated: that is not what is asked here.
"""

import functools
import math

import pytest
from rich.console import Console

import incentax as ix
from incentax.auctions import PriorFree
from incentax.auctions.yardsticks import FAST_ROUNDS
from incentax.order import Order
from incentax.report.html import write_report
from incentax.report.summary import compared, gap_words, standings
from incentax.report.table import result_panel
from incentax.run_directory import RunDirectory
from incentax.workflow import perform

AUCTIONS = [name for name, row in ix.problems.items() if row.setting.kind == "auction"]
SMALL = dict(num_values=10, num_bids=10, width=4, solver_steps=60, games=2, held_out_games=4)


class Quiet:
    """Looks on and says nothing."""

    def begin(self, stage):
        pass

    def step(self, progress):
        pass


@pytest.fixture(scope="module")
def performed(tmp_path_factory):
    """A function from a name to the record and folder of one step of it, each made once."""
    return functools.cache(lambda name: one_step(name, tmp_path_factory.mktemp(name) / "run"))


def one_step(name, folder):
    """The record and folder of one step of a small problem; its rounds stay few or many."""
    options = ix.problems[name].setting.options()
    rounds = FAST_ROUNDS + 1 if options["horizon"] > FAST_ROUNDS else 2
    small = {key: size for key, size in (SMALL | {"horizon": rounds}).items() if key in options}
    order = Order(ix.problems[name].with_options(**small), "zeroth-order", "implicit", 1, 0)
    run = RunDirectory.create(folder, order.config())
    clock = {"seconds": None, "elapsed": float, "compiling": float}
    record, _ = perform(order, run, Quiet(), versions={}, **clock)
    return record, folder


def text(record):
    """The answer as a wide terminal shows it."""
    console = Console(width=200, color_system=None)
    with console.capture() as shown:
        console.print(result_panel(record))
    return shown.get()


def test_the_published_auctions_are_all_listed():
    assert set(AUCTIONS) >= {f"a{k}" for k in range(1, 11)}


@pytest.mark.parametrize("name", AUCTIONS)
def test_every_auction_has_first_price_and_a_cap(name):
    setting = ix.problems[name].setting
    assert "first_price" in setting.baselines()
    # Where games are drawn anew the cap is a mean over those that are held out.
    assert isinstance(setting, PriorFree) or math.isfinite(setting.cap())


# One whose games are drawn anew, one of many rounds, one of a mixed objective.
@pytest.mark.parametrize("name", ["a3", "a8", "a9"])
def test_value_first_price_and_a_cap(name, performed):
    record, _ = performed(name)
    found = compared(record)
    numbers = (found["value"], found["baselines"]["first_price"], found["cap"])
    assert all(number is not None and math.isfinite(number) for number in numbers)
    # Bidders who have not settled may still pay a tick too much.
    assert 0 < found["value"] < found["cap"] + 0.1 and gap_words(record)
    kinds = {row.name: row.kind for row in standings(record)}
    rows = {"this design": "design", "first price": "baseline", "proven cap": "cap"}
    assert kinds | rows == kinds
    assert all(row in text(record) for row in rows)


def test_over_many_rounds_what_is_quick_is_shown_and_the_rest_is_named(performed):
    record, folder = performed("a8")
    oracles = record["oracles"]
    assert oracles["constant_price"] <= oracles["dynamic_cap"] == record["cap"]
    assert record["cap"] <= oracles["first_best"]
    assert oracles["first_price"] is None and oracles["posted_price"] is None
    assert record["slow_oracles"] == ["first_price", "posted_price"]
    page = write_report(folder).read_text()
    for shown in (page, text(record)):
        assert "best constant price" in shown
        assert "first price at clearing prices, best posted prices" in shown
        assert "incentax oracle a8" in shown


def test_games_drawn_anew_are_compared_on_the_same_games(performed):
    record, folder = performed("a3")
    held_out = record["held_out"]
    designed, first_price, _, caps = (row["revenue"] for row in held_out["rows"])
    assert (held_out["value"], held_out["cap"]) == (designed, caps)
    assert held_out["baselines"] == {"first_price": first_price}
    page = write_report(folder).read_text()
    for shown in (page, text(record)):
        assert "mean of 4 held-out games" in shown and "below the proven cap" in shown
        assert "held-out values" not in shown
