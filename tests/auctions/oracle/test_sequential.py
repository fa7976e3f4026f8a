import numpy as np
import pytest

from incentax.auctions.oracle import one_unit_bids, two_batch_bids, two_batch_revenue


def test_one_unit_prices_are_a_martingale():
    num_bidders, num_items, trials = 6, 3, 400_000
    generator = np.random.default_rng(0)
    values = -np.sort(-generator.uniform(size=(trials, num_bidders)), axis=1)
    for sale in range(1, num_items + 1):
        prices = one_unit_bids(
            values[:, sale - 1], sale=sale, num_bidders=num_bidders, num_items=num_items
        )
        error = prices.std() / np.sqrt(trials)
        expected = (num_bidders - num_items) / (num_bidders + 1)
        assert abs(prices.mean() - expected) <= 3 * error


def test_second_batch_of_one_and_two_has_its_closed_form():
    values = np.linspace(0.05, 1, 20)
    late = two_batch_bids(values, num_bidders=4, batches=(1, 2))[1]
    assert late == pytest.approx((values**2 + values + 1 - np.exp(values)) / values, abs=1e-8)


@pytest.mark.parametrize(
    ("num_bidders", "batches"), [(4, (1, 2)), (6, (2, 1)), (9, (3, 4)), (20, (5, 10))]
)
def test_both_batches_together_earn_the_one_shot_revenue(num_bidders, batches):
    total = sum(batches)
    expected = total * (num_bidders - total) / (num_bidders + 1)
    revenue = two_batch_revenue(num_bidders=num_bidders, batches=batches)
    assert revenue == pytest.approx(expected, abs=1e-6)


def test_batches_of_one_are_one_unit_rounds():
    values = np.linspace(0, 1, 11)
    early, late = two_batch_bids(values, num_bidders=5, batches=(1, 1))
    for sale, bids in ((1, early), (2, late)):
        expected = one_unit_bids(values, sale=sale, num_bidders=5, num_items=2)
        assert bids == pytest.approx(expected, abs=1e-8)


def test_refuses_more_items_than_bidders():
    with pytest.raises(ValueError, match=r"expected .*, got .*; try .*"):
        two_batch_bids([0.5], num_bidders=3, batches=(1, 2))
    with pytest.raises(ValueError, match=r"expected .*, got .*; try .*"):
        one_unit_bids([0.5], sale=3, num_bidders=5, num_items=2)
