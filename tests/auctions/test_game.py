"""The rules of a batched auction, for any mechanism, values, supply and behaviour."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import incentax as ix
from incentax.auctions import (
    BatchedAuction,
    Constant,
    ConstantRiskAversion,
    Drifting,
    EqualShares,
    FirstPrice,
    Impatient,
    NeuralAuction,
    PostedPrice,
    ReservePrice,
    RiskNeutral,
    StaticAuction,
    UniformPrice,
    allocate,
    gaussian_kernel,
)
from incentax.auctions.oracle import first_best
from incentax.auctions.oracle.after_win import Leave, Regenerate, Stay
from incentax.auctions.oracle.market import Market

HORIZON, VALUES, BIDS = 3, 6, 5
GRID = np.arange(BIDS) / BIDS


def network(seed, scale):
    made = NeuralAuction(HORIZON, BIDS, width=8, key=jax.random.key(seed))
    return jax.tree.map(lambda leaf: scale * leaf if eqx.is_array(leaf) else leaf, made)


def table_of(kind):
    return lambda *numbers: kind(*map(jnp.asarray, numbers))


numbers = st.floats(-4, 4)
per_round = st.tuples(hnp.arrays(np.float64, HORIZON, elements=st.floats(0, 1)))
# What makes a mechanism, and what is drawn for it: the compiler that a maker may call draws random
# names, which strategies may not.
MECHANISMS = {
    "static": (
        table_of(StaticAuction),
        st.tuples(
            hnp.arrays(np.float64, (HORIZON, BIDS), elements=numbers),
            hnp.arrays(np.float64, HORIZON, elements=numbers),
        ),
    ),
    "neural": (network, st.tuples(st.integers(0, 2**31 - 1), st.floats(0, 20))),
    "first price": (table_of(FirstPrice), per_round),
    "uniform price": (table_of(UniformPrice), per_round),
    "reserve price": (table_of(ReservePrice), per_round),
    "posted price": (table_of(PostedPrice), per_round),
    "equal shares": (lambda: EqualShares(HORIZON), st.just(())),
}
laws = hnp.arrays(np.float64, VALUES, elements=st.floats(0.001, 1)).map(lambda w: w / w.sum())
scores = hnp.arrays(np.float64, (HORIZON, VALUES + 1, BIDS), elements=st.floats(-30, 30))
supplies = st.floats(0, 1.5)
shares = st.sampled_from([0.0, 0.3, 1.0])
KERNEL = gaussian_kernel(jnp.arange(VALUES) / VALUES, growth=1.2, spread=0.2)


def auction(law, supply, departure, reentry, moving):
    return BatchedAuction(
        initial_values=jnp.asarray(law),
        supply=jnp.asarray(supply),
        horizon=HORIZON,
        num_bids=BIDS,
        # Constant values as a kernel, so that both kinds share one compiled program.
        valuation=Drifting(KERNEL if moving else jnp.eye(VALUES)),
        departure=jnp.asarray(departure),
        reentry=jnp.asarray(reentry),
    )


# No bid above one's value: then what winners pay is at most what they get.
PRUDENT = jnp.asarray(
    np.concatenate([GRID[None] <= np.arange(VALUES)[:, None] / VALUES, np.full((1, BIDS), True)])
)


@eqx.filter_jit
def played(game, mechanism, scores):
    policy = jax.nn.softmax(jnp.where(PRUDENT[None], scores, -jnp.inf))
    flow = ix.population_flow(game, policy, mechanism)
    gain = ix.exploitability(game, policy, mechanism)
    own = ix.action_values(game, flow.rounds, policy).initial_values
    surplus = jnp.sum(game.initial_values * own[:-1])
    return flow, gain, surplus, ix.revenue(mechanism, flow_as_response(flow)), welfare(flow)


class Played(eqx.Module):
    flow: jax.Array
    rounds: ix.auctions.AuctionRound


def flow_as_response(flow):
    return Played(flow.agents, flow.rounds)


def welfare(flow):
    return ix.efficiency(None, flow_as_response(flow))


@pytest.mark.parametrize("kind", MECHANISMS)
@given(
    data=st.data(),
    law=laws,
    supply=supplies,
    departure=shares,
    reentry=shares,
    moving=st.booleans(),
    table=scores,
)
def test_invariants(kind, data, law, supply, departure, reentry, moving, table):
    make, drawn = MECHANISMS[kind]
    mechanism = make(*data.draw(drawn))
    game = auction(law, supply, departure, reentry, moving)
    flow, gain, surplus, collected, value = played(game, mechanism, jnp.asarray(table))
    rounds = flow.rounds

    assert jnp.all(flow.agents >= -1e-15)
    np.testing.assert_allclose(flow.agents.sum(axis=(1, 2)), 1, atol=1e-12)
    np.testing.assert_allclose(rounds.bids, flow.agents[:, :-1].sum(axis=1), atol=1e-14)
    assert jnp.all((rounds.win_probability >= 0) & (rounds.win_probability <= 1))
    assert jnp.all(jnp.diff(rounds.win_probability, axis=1) >= -1e-12)
    demand = rounds.bids.sum(axis=1)
    np.testing.assert_allclose(rounds.sold, jnp.minimum(rounds.supply, demand), atol=1e-12)
    assert float(rounds.supply.sum()) <= supply + 1e-12
    left = supply - np.concatenate([[0.0], np.cumsum(rounds.supply)[:-1]])
    np.testing.assert_allclose(rounds.remaining, left, atol=1e-12)
    # What is left is a difference, so it may miss zero by rounding.
    assert jnp.all((rounds.supply >= -1e-14) & (rounds.supply <= rounds.remaining + 1e-14))

    assert jnp.all(rounds.payment >= -1e-15)
    # The published static form is a share of each bid, and each share is free.
    assert kind == "static" or jnp.all(jnp.diff(rounds.payment, axis=1) >= -1e-15)
    assert jnp.all(rounds.payment <= GRID[None] + 1e-12)

    assert float(collected) <= float(value) + 1e-12
    # What bidders expect, looking back from the last round, is what they get, looking forward.
    assert float(surplus) == pytest.approx(float(value - collected), abs=1e-12)
    assert float(gain) >= -1e-12


@given(
    data=st.data(),
    law=laws,
    supply=st.floats(0.01, 1.5),
    after=st.sampled_from([(1.0, 0.0), (1.0, 0.3), (0.0, 0.0)]),
    moving=st.booleans(),
    table=scores,
)
def test_nobody_beats_the_first_best(data, law, supply, after, moving, table):
    make, drawn = MECHANISMS["static"]
    mechanism = make(*data.draw(drawn))
    departure, reentry = after
    game = auction(law, supply, departure, reentry, moving)
    *_, collected, value = played(game, mechanism, jnp.asarray(table))
    market = Market(
        np.arange(VALUES) / VALUES,
        law,
        kernel=np.asarray(KERNEL) if moving else None,
        horizon=HORIZON,
        supply=supply,
        after_win=Stay() if departure == 0 else Regenerate(reentry) if reentry else Leave(),
    )
    best = first_best(market).value
    assert float(collected) <= float(value) + 1e-12 <= best + 1e-9


def slow_allocation(bids, supply):
    """Serve the bids from the highest down, one at a time."""
    odds, left = np.zeros(len(bids)), supply
    for bid in reversed(range(len(bids))):
        if bids[bid] > 0:
            served = min(left, bids[bid])
            odds[bid] = served / bids[bid]
            left -= served
        else:
            odds[bid] = 1.0 if left > 0 else 0.0
    return odds


# Whole numbers of 64ths: sums are exact, so a threshold between two bids is where it seems.
sixty_fourths = st.integers(0, 16).map(lambda count: count / 64)


@given(hnp.arrays(np.float64, 7, elements=sixty_fourths), st.integers(0, 128))
def test_allocation_against_a_queue(bids, supply):
    found = allocate(jnp.asarray(bids), jnp.asarray(supply / 64))
    np.testing.assert_allclose(found, slow_allocation(bids, supply / 64), atol=1e-12)


def test_bids_too_rare_to_count_have_no_derivative():
    rare = jnp.array([0.5, 1e-305, 0.5])
    odds = allocate(rare, jnp.asarray(0.5))
    slope = jax.grad(lambda bids: allocate(bids, jnp.asarray(0.6)).sum())(rare)
    assert jnp.all(jnp.isfinite(odds)) and jnp.all(jnp.isfinite(slope))


def test_one_round_by_hand():
    """Two values, everybody bids the value: the high one wins surely, half of the low ones."""
    game = BatchedAuction(jnp.array([0.5, 0.5]), 0.75, horizon=2, num_bids=2, reentry=0.2)
    truthful = jnp.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    policy = jnp.stack([truthful, truthful])
    mechanism = FirstPrice(jnp.array([0.75, 0.0]))
    flow = ix.population_flow(game, policy, mechanism)
    np.testing.assert_allclose(flow.rounds.win_probability[0], [0.5, 1.0])
    np.testing.assert_allclose(flow.rounds.revenue, [0.25, 0.0])
    # 3/4 won and left; a fifth of them is back, at a value drawn afresh.
    np.testing.assert_allclose(flow.agents[1].sum(axis=1), [0.25 + 0.075, 0.075, 0.6])
    values = ix.action_values(game, flow.rounds, policy).action_values
    np.testing.assert_allclose(values[0, 1], [0.25 * 0 + 0.5 * 0.5, 0.0], atol=1e-15)


@pytest.mark.parametrize(
    "utility, expected",
    [
        (RiskNeutral(), 0.3),
        (Impatient(1.0), 0.3 / 3),
        (ConstantRiskAversion(1.0), 1 - np.exp(-0.3)),
        (ConstantRiskAversion(-1.0), np.exp(0.3) - 1),
        (ConstantRiskAversion(1e-9), 0.3),
    ],
)
def test_utilities(utility, expected):
    found = utility(2, jnp.array([0.8]), jnp.array([0.5]))
    assert float(found[0]) == pytest.approx(expected, rel=1e-8)


def test_no_aversion_is_risk_neutrality():
    with pytest.raises(ValueError, match=r"expected aversion != 0, got 0; try RiskNeutral\(\)"):
        ConstantRiskAversion(0.0)


IMPOSSIBLE = {
    "horizon >= 1, got 0": dict(horizon=0),
    "num_bids >= 2, got 1": dict(num_bids=1),
    "a finite supply >= 0, got -0.1": dict(supply=-0.1),
    "a finite supply >= 0, got nan": dict(supply=float("nan")),
    "departure between 0 and 1, got 1.5": dict(departure=1.5),
    "reentry between 0 and 1, got -1": dict(reentry=-1),
}


@pytest.mark.parametrize("message", IMPOSSIBLE)
def test_impossible_auctions(message):
    settings = dict(initial_values=jnp.array([0.5, 0.5]), supply=0.8, horizon=4, num_bids=10)
    with pytest.raises(ValueError, match=f"expected {message}; try"):
        BatchedAuction(**(settings | IMPOSSIBLE[message]))


def test_values_move_by_their_kernel():
    rows = np.asarray(KERNEL)
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-14)
    value, target = 3 / VALUES, np.arange(VALUES) / VALUES
    weights = np.exp(-((1.2 * value - target) ** 2) / (2 * 0.2**2))
    np.testing.assert_allclose(rows[3], weights / weights.sum(), rtol=1e-12)
    mass = jnp.asarray(np.random.default_rng(0).dirichlet(np.ones(VALUES)))
    function = jnp.linspace(-1, 1, VALUES)
    law = Drifting(KERNEL)
    pushed = jnp.sum(law.push(0, mass, mass) * function)
    pulled = jnp.sum(mass * law.pull(0, function, mass))
    assert float(pushed) == pytest.approx(float(pulled), abs=1e-15)


def test_constant_values_are_the_identity_kernel():
    mass = jnp.asarray(np.random.default_rng(1).dirichlet(np.ones(VALUES)))
    constant, identity = Constant(), Drifting(jnp.eye(VALUES))
    np.testing.assert_array_equal(constant.push(0, mass, mass), identity.push(0, mass, mass))
    np.testing.assert_array_equal(constant.pull(0, mass, mass), identity.pull(0, mass, mass))


def test_a_kernel_far_off_the_grid_has_no_nan():
    kernel = gaussian_kernel(jnp.arange(10) / 10, growth=50.0, spread=1e-3)
    np.testing.assert_allclose(kernel.sum(axis=1), 1, atol=1e-14)
    assert float(kernel[9, 9]) == pytest.approx(1)
