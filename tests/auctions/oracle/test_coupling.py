import numpy as np
import pytest

from incentax.auctions.oracle import Market, coupled_pairs, is_monotone

from .markets import a1, a1_redrawn, a2, a7, a8


def unordered_market() -> Market:
    kernel = np.eye(3)[::-1]
    return Market(np.arange(3.0), np.full(3, 1 / 3), kernel=kernel, horizon=3, supply=1.0)


@pytest.mark.parametrize("setting", [a1, a1_redrawn, a2, a7, a8])
def test_the_papers_kernels_are_monotone(setting):
    assert is_monotone(setting())


def test_refuses_a_kernel_that_reverses_the_order():
    assert not is_monotone(unordered_market())
    with pytest.raises(ValueError, match="first_best"):
        coupled_pairs(unordered_market())


@pytest.mark.parametrize("setting", [a1_redrawn, a2, a7])
def test_each_member_of_a_pair_moves_by_her_own_row(setting):
    market = setting()
    pairs = coupled_pairs(market)
    assert pairs.kernel is not None and market.kernel is not None
    assert np.all(pairs.upper >= pairs.lower)
    types = pairs.start.size
    for member in (pairs.lower, pairs.upper):
        indicator = (member[:, None] == np.arange(market.num_values)).astype(float)
        moved = pairs.kernel[:types] @ indicator
        assert np.abs(moved - market.kernel[member[:types]]).max() <= 1e-10


def test_types_of_no_mass_are_skipped():
    law = np.array([0.5, 0.0, 0.3, 0.0, 0.2])
    pairs = coupled_pairs(Market(np.arange(5.0), law, horizon=1, supply=1.0))
    assert pairs.lower.tolist() == [0, 2, 4]
    assert pairs.upper.tolist() == [2, 4, 4]
