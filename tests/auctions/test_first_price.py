"""First price against its closed forms, on the grid of bids and as the grid gets finer.

On a grid the equilibrium price is a whole number of ticks, so revenue as a function of supply or
reserve is piecewise linear and its derivative at a point is that of one piece. Closed forms are
therefore compared with differences many ticks wide.
"""

import dataclasses
import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import incentax as ix
from incentax.auctions import BatchedAuction, FirstPrice, PostedPrice, ReservePrice
from incentax.auctions.oracle import (
    clearing_price,
    reserve_slope,
    static_first_price,
    static_revenue,
    supply_slope,
)

SOLVER = ix.MirrorDescent(1e-3, learning_rate=200.0, num_steps=500)


def one_round(grid, decay=1.0, horizon=1):
    law = decay ** np.arange(grid)
    return BatchedAuction(jnp.asarray(law / law.sum()), 1.0, horizon, grid)


@eqx.filter_jit
def solved(game, mechanism):
    return ix.solve(game, mechanism, solver=SOLVER, throw=False)


def threshold_bid(rounds):
    """The lowest bid that wins anything worth mentioning, by round."""
    reached = np.cumsum(np.asarray(rounds.bids)[:, ::-1], axis=1)[:, ::-1]
    enough = reached >= np.asarray(rounds.supply)[:, None] - 1e-9
    return (rounds.bids.shape[1] - 1 - np.argmax(enough[:, ::-1], axis=1)) / rounds.bids.shape[1]


@pytest.mark.parametrize("supply", [0.2, 0.5, 0.63, 0.8])
@pytest.mark.parametrize("decay", [1.0, 0.97])
def test_one_round_clears_where_it_should(decay, supply):
    game = one_round(100, decay)
    found = solved(game, FirstPrice(jnp.array([supply])))
    tick = 0.01
    oracle = static_first_price(
        np.arange(100) / 100, np.asarray(game.initial_values), supply=supply
    )
    price = threshold_bid(found.rounds)[0]
    assert oracle.lowest_price - 1.001 * tick <= price <= oracle.highest_price + 1.001 * tick
    sold, collected = float(found.rounds.sold[0]), float(ix.revenue(None, found))
    assert sold == pytest.approx(supply, abs=1e-9)
    # The tolerance rule: one tick on everything sold, either side of the interval.
    assert oracle.lowest_revenue - tick * sold <= collected
    assert collected <= oracle.highest_revenue + tick * sold
    assert -1e-9 <= float(found.exploitability) <= 5e-3


def test_the_multiplicity_interval_of_the_uniform_round():
    """At supply .8 and tick .01 every revenue in [.152, .160] is an equilibrium."""
    found = solved(one_round(100), FirstPrice(jnp.array([0.8])))
    assert 0.152 - 0.002 <= float(ix.revenue(None, found)) <= 0.161


def test_revenue_converges_as_the_grid_gets_finer():
    """Low temperatures select the low end of the interval: one tick on all that is sold."""
    sharp = ix.MirrorDescent(3e-4, learning_rate=0.2 / 3e-4, num_steps=500)
    for grid in (25, 50, 100, 200):
        found = ix.solve(one_round(grid), FirstPrice(jnp.array([0.8])), solver=sharp)
        error = 0.16 - float(ix.revenue(None, found))
        assert error == pytest.approx(0.8 / grid, abs=1e-6)


@functools.cache
def revenues(kind):
    """Revenue of the uniform one-round sale as a function of its one number."""
    make = {
        "supply": lambda x: FirstPrice(x[None]),
        "reserve": lambda x: ReservePrice(x[None]),
        "price": lambda x: PostedPrice(x[None]),
    }[kind]
    game = dataclasses.replace(one_round(200), supply=0.8)

    @jax.jit
    def at(numbers):
        def one(x):
            return ix.revenue(None, ix.solve(game, make(x), solver=SOLVER, throw=False))

        return jax.lax.map(one, numbers)

    return at


WIDTH = 0.1


def wide_differences(kind, points):
    points = jnp.asarray(points)
    above, below = revenues(kind)(points + WIDTH), revenues(kind)(points - WIDTH)
    return np.asarray(above - below) / (2 * WIDTH)


def test_the_slope_in_supply():
    """Revenue Q (1 - Q) is quadratic, so a wide difference has no error of its own."""
    points = [0.2, 0.3, 0.5, 0.65]
    expected = [supply_slope(q) for q in points]
    np.testing.assert_allclose(expected, [1 - 2 * q for q in points], atol=1e-12)
    # Half a tick on each revenue at the most.
    np.testing.assert_allclose(wide_differences("supply", points), expected, atol=0.025)


@pytest.mark.parametrize("kind", ["reserve", "price"])
def test_the_slope_in_a_binding_reserve(kind):
    points = [0.35, 0.5, 0.7]
    expected = [reserve_slope(0.8, r) for r in points]
    np.testing.assert_allclose(expected, [1 - 2 * r for r in points], atol=1e-12)
    np.testing.assert_allclose(wide_differences(kind, points), expected, atol=0.025)


def test_a_reserve_below_the_clearing_price_changes_nothing():
    low, none = revenues("reserve")(jnp.array([0.05, 0.0]))
    assert float(low) == pytest.approx(float(none), abs=0.8 / 200)
    assert reserve_slope(0.8, 0.05) == 0.0


def test_the_best_reserve_reaches_the_cap():
    grid = jnp.linspace(0.3, 0.7, 9)
    found = np.asarray(revenues("reserve")(grid))
    assert np.argmax(found) == 4
    assert found[4] == pytest.approx(0.25, abs=0.005)
    assert static_revenue(0.8, reserve=0.5) == 0.25 and clearing_price(0.8) == pytest.approx(0.2)


def test_first_price_on_a1():
    """Four rounds, equal split: the same interval as one round, by any split."""
    game = one_round(100, horizon=4)
    game = dataclasses.replace(game, supply=0.8)
    found = solved(game, FirstPrice.equal_split(0.8, 4))
    assert 0.152 <= float(ix.revenue(None, found)) <= 0.161
    assert float(found.exploitability) <= 1e-3
    prices = threshold_bid(found.rounds)
    assert np.all((prices >= 0.18) & (prices <= 0.211)), prices


@pytest.mark.parametrize("split", [(0.5, 0.1, 0.1, 0.1), (0.1, 0.2, 0.2, 0.3)])
def test_only_the_total_matters(split):
    game = dataclasses.replace(one_round(100, horizon=4), supply=0.8)
    found = solved(game, FirstPrice(jnp.array(split)))
    assert float(ix.revenue(None, found)) == pytest.approx(0.156, abs=0.01 * 0.8)
