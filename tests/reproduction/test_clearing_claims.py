"""What is said of clearing prices follows the numbers, in ticks and by the rate of the grid."""

import polars as pl
import pytest

from incentax.reproduction.amid.clearing_claims import clearing_claims


def sales(gaps, prices=(0.2, 0.3), sold=(0.4, 0.4)):
    """First price on grids of bids, its revenue below what clears by these gaps, by grid."""
    return pl.DataFrame(
        [
            {"problem": "p", "num_bids": bids, "round": t, "price": price, "sold": share}
            | {"price_low": 0.2 + 0.1 * t, "price_high": 0.21 + 0.1 * t, "given": 0.0}
            | {"revenue": 0.2 - gap, "revenue_low": 0.2, "revenue_high": 0.21}
            | {"exploitability": 1e-4}
            for bids, gap in gaps.items()
            for t, (price, share) in enumerate(zip(prices, sold, strict=True))
        ]
    )


@pytest.mark.parametrize(
    ("prices", "sold", "agrees", "told"),
    [
        ((0.2, 0.31), (0.4, 0.4), True, "0.00 in round 0, 0.00 in round 1"),
        ((0.195, 0.315), (0.4, 0.4), True, "0.50 in round 0, 0.50 in round 1"),
        ((0.2, 0.285), (0.4, 0.4), False, "0.00 in round 0, 1.50 in round 1"),
        ((0.225, 0.3), (0.4, 0.4), False, "1.50 in round 0, 0.00 in round 1"),
        # Where nothing is sold there is no price.
        ((0.2, float("nan")), (0.4, 0.0), True, "ticks: 0.00 in round 0"),
        ((0.1, 0.1), (1e-12, 1e-12), None, "ticks: -"),
    ],
)
def test_single_prices_are_judged_where_something_is_sold(prices, sold, agrees, told):
    claim = clearing_claims(sales({100: 0.0}, prices, sold))[1]
    assert claim.agrees is agrees and claim.measured.endswith(told)
    assert bool(claim.why) is (agrees is not True)


GRIDS = (50, 100, 200, 400)


@pytest.mark.parametrize(
    ("gaps", "agrees", "told"),
    [
        ([1 / bids for bids in GRIDS], True, "1.00 [1.00, 1.00]"),
        ([bids**-1.5 for bids in GRIDS], True, "1.50"),
        ([bids**-0.5 for bids in GRIDS], False, "0.50"),
        # So far from a law that the interval has both.
        ([0.02, 0.008, 0.007, 0.003], None, "0.84 [0.18, 1.50]"),
        # Inside what clears: nothing is left to fall.
        ([0.02, 0.01, 0.005, 0.0], True, "no gap is left with 400 bids"),
        ([0.02, 0.0, 0.005, 0.003], None, "3 of 4 grids have a gap"),
        ([0.0] * 4, True, "no gap is left"),
    ],
)
def test_gaps_are_judged_by_the_rate_of_the_grid(gaps, agrees, told):
    claim = clearing_claims(sales(dict(zip(GRIDS, gaps, strict=True))))[-1]
    assert claim.agrees is agrees and told in claim.measured
    assert bool(claim.why) is (agrees is not True)
