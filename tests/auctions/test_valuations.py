"""Files of valuations: read, put on the grid, halved, and judged beside first price."""

import re

import jax
import numpy as np
import polars as pl
import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import incentax as ix
from incentax.auctions import EmpiricalRevenue, FirstPrice, on_grid, read_valuations
from incentax.auctions.held_out import (
    bootstrap_interval,
    paired_interval,
    signed_rank_interval,
)
from incentax.auctions.oracle import myerson

SAMPLE = np.random.default_rng(0).lognormal(0, 0.7, size=400)


@given(
    hnp.arrays(np.float64, st.integers(1, 50), elements=st.floats(0, 1e6)),
    st.integers(2, 200),
    st.floats(1e-3, 1e6),
)
def test_cells_are_the_grid_values_at_or_below(valuations, size, scale):
    sample = on_grid(valuations, size, scale)
    assert np.all((0 <= sample.cells) & (sample.cells < size))
    assert sample.num_clipped == np.sum(valuations >= scale)
    exact = np.minimum(valuations / scale * size, size - 1)
    inside = exact < size - 1
    assert np.all(sample.cells[inside] <= exact[inside] * (1 + 1e-9))
    assert np.all(sample.cells[inside] > exact[inside] - 1)
    assert sample.law.sum() == pytest.approx(1)


def test_grid_values_stay_in_their_own_cell():
    grid = np.arange(100) / 100
    for scale in (1.0, 0.3, 7.7):
        np.testing.assert_array_equal(on_grid(grid * scale, 100, scale).cells, np.arange(100))


def test_the_default_scale_clips_one_in_a_thousand():
    sample = on_grid(SAMPLE, 100)
    assert sample.scale == pytest.approx(np.quantile(SAMPLE, 0.999))
    assert sample.num_clipped == 1


@pytest.mark.parametrize("scale", [0.0, -1.0, float("inf"), float("nan")])
def test_impossible_scales(scale):
    with pytest.raises(ValueError, match="expected a finite scale > 0, got .*; try --scale"):
        on_grid(SAMPLE, 100, scale)


def test_a_sample_of_zeros_has_no_scale():
    with pytest.raises(ValueError, match="expected a finite scale > 0, got 0"):
        on_grid(np.zeros(30), 100)


def test_halves_share_nothing_and_lose_nothing():
    sample = on_grid(np.arange(101.0), 1000, 200.0)
    design, judged = sample.halves(3)
    together = np.sort(np.concatenate([design.cells, judged.cells]))
    np.testing.assert_array_equal(together, np.sort(sample.cells))
    assert abs(design.cells.size - judged.cells.size) <= 1
    again, _ = sample.halves(3)
    np.testing.assert_array_equal(again.cells, design.cells)
    other, _ = sample.halves(4)
    assert not np.array_equal(other.cells, design.cells)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("kind", [pl.Float64, pl.Int64, pl.Float32])
def test_files_are_read_as_they_are(tmp_path, ending, kind):
    path = tmp_path / f"bids.{ending}"
    table = pl.DataFrame({"id": range(30), "bid": pl.Series(range(30)).cast(kind)})
    table.write_csv(path) if ending == "csv" else table.write_parquet(path)
    np.testing.assert_array_equal(read_valuations(path, "bid"), np.arange(30.0))


def test_numbers_with_blanks_around_them_are_numbers(tmp_path):
    path = tmp_path / "bids.csv"
    path.write_text("bid\n" + "\n".join(f'" {k}.5 "' for k in range(20)) + "\n")
    np.testing.assert_array_equal(read_valuations(path, "bid"), np.arange(20) + 0.5)


def column(*entries):
    return "value\n" + "\n".join([*map(str, range(25)), *entries]) + "\n"


BAD_FILES = {
    "missing": (None, "value", "expected a CSV or Parquet file, got no file at"),
    "empty": ("", "value", "expected rows of valuations, got the empty file"),
    "header only": ("value\n", "value", "expected valuations in .*, got no rows"),
    "no such column": (column(), "valeu", "expected a column 'valeu' .*did you mean 'value'"),
    "text": (column("many"), "value", "expected numbers in 'value', got 'many' in data row 26"),
    "NaN": (column("NaN"), "value", "expected finite valuations in 'value', got nan in data row"),
    "infinite": (column("inf"), "value", "expected finite valuations .*, got inf in data row 26"),
    "negative": (column("-3"), "value", "expected non-negative valuations .*, got -3 in data row"),
    "gap": ("id,value\n1,2\n2,\n", "value", "expected a number in every row .*first in data row 2"),
    "too few": ("value\n1\n2\n", "value", "expected at least 20 valuations, got 2"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files(tmp_path, name):
    content, wanted, message = BAD_FILES[name]
    path = tmp_path / "bids.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ValueError, match=message) as caught:
        read_valuations(path, wanted)
    assert re.search("expected .*got .*;", str(caught.value))


def test_bad_parquet_wrong_ending_and_folder(tmp_path):
    broken = tmp_path / "bids.parquet"
    broken.write_bytes(b"PAR1 not really")
    with pytest.raises(ValueError, match="expected a readable PARQUET file, got bids.parquet"):
        read_valuations(broken, "value")
    with pytest.raises(ValueError, match="expected a file ending in .csv or .parquet, got a.xlsx"):
        (tmp_path / "a.xlsx").write_text("x")
        read_valuations(tmp_path / "a.xlsx", "value")
    with pytest.raises(ValueError, match="expected a CSV or Parquet file, got the folder"):
        read_valuations(tmp_path, "value")


class TestIntervals:
    def test_student(self):
        draws = np.array([1.0, 2.0, 4.0, 5.0])
        mean, low, high = paired_interval(draws)
        half = 3.182446305 * draws.std(ddof=1) / 2
        assert (mean, low, high) == pytest.approx((3.0, 3.0 - half, 3.0 + half), rel=1e-7)

    @pytest.mark.parametrize("number", [6, 10, 13])
    def test_ranks_hold_what_the_test_does_not_reject(self, number):
        """The interval has 0 in it exactly where Wilcoxon's exact test does not reject 0."""
        rng, inside = np.random.default_rng(number), []
        for _ in range(200):
            draws = rng.normal(0.7, 1.0, number)
            low, high = signed_rank_interval(draws)
            kept = scipy.stats.wilcoxon(draws, method="exact").pvalue > 0.05
            inside.append(low <= 0 <= high)
            assert inside[-1] == kept
        assert 10 < sum(inside) < 190

    def test_five_are_too_few_for_ranks(self):
        assert signed_rank_interval(np.arange(5.0)) is None
        assert signed_rank_interval(np.arange(6.0)) == (0.0, 5.0)

    def test_bootstrap_percentiles(self):
        assert bootstrap_interval(np.arange(1001.0)) == pytest.approx((25.0, 975.0))


@pytest.fixture(scope="module")
def empirical():
    published = ix.problems["a1"].setting.with_options(
        horizon=2, num_values=20, num_bids=20, width=8, temperature=3e-3, learning_rate=60.0
    )
    return EmpiricalRevenue(published, on_grid(SAMPLE, 20), seed=1, resamples=10)


@pytest.fixture(scope="module")
def held_out(empirical):
    return empirical.held_out(empirical.baselines()["first_price"], jax.random.key(0))


class TestEmpiricalRevenue:
    def test_it_designs_on_one_half(self, empirical):
        design, judged = empirical.valuations.halves(1)
        np.testing.assert_allclose(empirical.population().game.initial_values, design.law)
        assert not np.allclose(design.law, judged.law)

    def test_its_cap_is_myerson_of_the_half_designed_on(self, empirical):
        design, _ = empirical.valuations.halves(1)
        best = myerson(np.arange(20) / 20, design.law, supply=0.8)
        assert empirical.cap() == pytest.approx(best.revenue, abs=1e-12)

    def test_rows_and_intervals(self, held_out):
        assert held_out.count == 200 and held_out.confidence == 0.95
        (designed, *ours), (_, *theirs), (posted, *price) = held_out.rows
        assert designed == "designed" and posted.startswith("Myerson price of the data (")
        # The mechanism judged here is first price itself.
        assert ours == pytest.approx(theirs, abs=1e-9)
        for value, low, high in (ours, price):
            assert low <= high and low - 0.02 <= value <= high + 0.02

    def test_the_myerson_row_is_the_posted_price_on_the_other_half(self, empirical, held_out):
        design, judged = empirical.valuations.halves(1)
        best = myerson(np.arange(20) / 20, design.law, supply=0.8)
        expected = sum(
            share * price * min(judged.law[np.arange(20) / 20 >= price - 1e-9].sum(), 0.8)
            for price, share in zip(best.prices, best.probabilities, strict=True)
        )
        assert held_out.rows[2][1] == pytest.approx(expected, abs=1e-12)
        printed = re.search(r"\((.*)\)", held_out.rows[2][0]).group(1)
        prices = [float(word) for word in printed.split(" or ")]
        scaled = [price * empirical.valuations.scale for price in best.prices]
        assert prices == pytest.approx(scaled, rel=1e-3)

    def test_first_price_pays_what_solving_says(self, empirical, held_out):
        _, judged = empirical.valuations.halves(1)
        game = empirical.published.economy.game(judged.law)
        solver = empirical.population().solver
        response = ix.solve(game, FirstPrice.equal_split(0.8, 2), solver=solver, throw=False)
        expected = float(ix.revenue(None, response))
        assert held_out.rows[1][1] == pytest.approx(expected, abs=1e-9)
