"""The reproduction writes what it says, goes on where it was, and judges by the files alone."""

import polars as pl
import pytest

from incentax.cli.main import run
from incentax.reproduction import AMID, reproduce
from incentax.reproduction.amid.cells import FULL, QUICK
from incentax.reproduction.amid.claims import (
    cost_claims,
    entropy_claims,
    finite_claims,
    settings_claims,
    theorem2_claims,
)
from incentax.reproduction.amid.cost import gradient_cost
from incentax.reproduction.frame import chosen
from incentax.reproduction.page import svg


def test_rates_agree_and_every_number_has_a_file(tmp_path, capsys):
    folder = tmp_path / "amid"
    assert (
        run(
            ["reproduce", "amid", "--quick", "--only", "theorem1", "--only", "theorem2"]
            + ["--out", str(folder)]
        )
        == 0
    )
    capsys.readouterr()
    page = (folder / "index.html").read_text()
    assert "does not agree" not in page and page.count(">agrees<") == 10
    for name in ("theorem1", "theorem2"):
        assert (folder / f"{name}.svg").read_text().lstrip().startswith("<?xml")
        assert f"{name}.parquet" in page
    assert "settings.parquet" not in page


def test_a_cell_that_is_there_is_not_made_again(tmp_path):
    said = []
    reproduce(AMID, tmp_path, only=["theorem2"], quick=True, say=said.append)
    assert len(said) == 1
    file = tmp_path / "cells" / "theorem2.parquet"
    spoilt = pl.read_parquet(file).with_columns(pl.col("gap") * pl.col("agents"))
    spoilt.write_parquet(file)
    reproduce(AMID, tmp_path, only=["theorem2"], quick=True, say=said.append)
    assert len(said) == 1
    # The page is computed from the file: a spoilt file is a claim that fails.
    assert "does not agree" in (tmp_path / "index.html").read_text()


def test_budgets_do_not_mix(tmp_path):
    reproduce(AMID, tmp_path, only=["theorem2"], quick=True, say=print)
    with pytest.raises(ValueError, match="expected a folder of the full budget"):
        reproduce(AMID, tmp_path, only=["theorem2"], say=print)


def test_words_choose_parts():
    assert chosen(AMID, []) == list(AMID.parts)
    assert chosen(AMID, ["rates"]) == ["theorem1", "theorem2", "finite"]
    assert chosen(AMID, ["table2"]) == ["cost"]
    with pytest.raises(ValueError, match="expected --only among"):
        chosen(AMID, ["fig99"])


@pytest.mark.parametrize("budget", [FULL, QUICK], ids=["full", "quick"])
def test_cells_have_names_of_their_own(budget):
    names = [cell.name for part in AMID.parts.values() for cell in part.cells(budget)]
    assert len(names) == len(set(names))


SETTINGS = pl.DataFrame(
    [
        {
            "problem": "a1",
            "rival": rival,
            "seed": seed,
            "value": value,
            "baseline": 0.16,
            "cap": 0.25,
            "sense": "maximize",
            "step": step,
            "training_value": value,
        }
        for rival, value in (("hypergradient", 0.24), ("0-adam", 0.2), ("anneal", 0.245))
        for seed in (0, 1)
        for step in (0, 5)
    ]
)
FINITE = pl.DataFrame(
    [
        {
            "problem": "a1",
            "mechanism": "designed",
            "agents": agents,
            "difference": -gap,
            "difference_low": -2 * gap,
            "difference_high": 0.0,
        }
        for agents, gap in ((100, 7e-3), (1000, 7e-4), (10_000, 7e-5))
    ]
)
ENTROPY = pl.DataFrame(
    {
        "mirror": ["entropy"] * 2,
        "temperature": [1e-3, 1e-1],
        "exploitability": [1e-4, 1e-2],
        "revenue": [0.16, 0.15],
        "residual": [1e-8, 1e-9],
    }
)
COST = pl.DataFrame(
    {
        "horizon": [5, 5],
        "adjoint": ["backprop", "checkpointed"],
        "seconds": [1.0, None],
        "temporary_bytes": [2**24, 2**20],
        "device": ["cpu"] * 2,
    }
)


def test_claims_follow_the_numbers():
    told = {claim.stated: claim.agrees for claim in settings_claims(SETTINGS)}
    assert told["a1: design beats its baseline"] is True
    assert told["a1: a proved cap (not in the paper)"] is True
    assert told["a1: design beats 0-adam (as many exchanges, at least)"] is True
    assert told["a1: design beats anneal (as many exchanges, at least)"] is False
    above = settings_claims(SETTINGS.with_columns(cap=pl.lit(0.2)))
    assert {c.stated: c.agrees for c in above}["a1: a proved cap (not in the paper)"] is False
    assert [claim.agrees for claim in finite_claims(FINITE)] == [True]
    growing = FINITE.with_columns(difference=pl.col("difference") * pl.col("agents") ** 2)
    assert [claim.agrees for claim in finite_claims(growing)] == [False]
    assert [claim.agrees for claim in entropy_claims(ENTROPY)] == [True]
    assert [claim.agrees for claim in cost_claims(COST)] == [True]
    flat = pl.DataFrame(
        [
            {"agents": n, "case": case, "gap": 0.1}
            for n in (100, 1000, 10_000)
            for case in ("posted price at the kink", "reserve at the kink", "mean-field bids")
            + ("first price", "exploitability")
        ]
    ).with_columns(gap=pl.col("gap") * (1 + 1e-3 / pl.col("agents")))
    assert not any(claim.agrees for claim in theorem2_claims(flat))


@pytest.mark.parametrize(
    ("name", "table"),
    [("settings", SETTINGS), ("finite", FINITE), ("entropy", ENTROPY), ("cost", COST)],
)
def test_figures_draw(tmp_path, name, table):
    one, two = tmp_path / "one.svg", tmp_path / "two.svg"
    for path in (one, two):
        svg(AMID.parts[name].draw, table)(path)
    assert one.read_bytes() == two.read_bytes() and b"</svg>" in one.read_bytes()


def test_checkpoints_need_less_memory_than_backpropagation():
    from incentax.problems import problems

    small = problems["a1"].setting.with_options(num_values=8, num_bids=8, width=8, horizon=2)
    rows = {
        name: gradient_cost(2, name, solver_steps=64, repeats=1, setting=small)
        for name in ("backprop", "checkpointed")
    }
    assert all(row["seconds"] > 0 and row["error"] is None for row in rows.values())
    assert rows["checkpointed"]["temporary_bytes"] < rows["backprop"]["temporary_bytes"]
