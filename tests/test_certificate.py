"""Cliffs: bids that nobody makes while exactly the supply is bid for above them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incentax.certificate import no_zero_dominance


@pytest.mark.parametrize(
    ("bids", "supply", "margin", "bid"),
    [
        ([0.2, 0.0, 0.8], 0.8, 0.0, 1),  # the textbook cliff
        ([0.2, 0.05, 0.75], 0.8, 0.05, 1),  # the supply ends within a bid that is made
        ([0.2, 0.0, 0.8], 0.7, 0.1, 1),  # nobody at the bid, but supply ends above it
        ([0.0, 0.5, 0.5], 1.0, 0.0, 0),  # everybody served, and free goods for a bid of zero
    ],
)
def test_margins_by_hand(bids, supply, margin, bid):
    found = no_zero_dominance(np.array([bids]), np.array([supply]))
    assert found.margin == pytest.approx(margin, abs=1e-12) and found.bid == bid
    assert found.holds is (margin > 0)


@given(st.integers(0, 10**6))
def test_full_support_has_no_cliff(seed):
    rng = np.random.default_rng(seed)
    bids = rng.dirichlet(np.ones(6), size=3)
    found = no_zero_dominance(bids, rng.random(3))
    assert found.holds and found.margin >= bids.min()
    assert 0 <= found.round < 3 and 0 <= found.bid < 6
