"""Auction mechanisms on their own: published sizes, monotone payments, textbook offers."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import incentax as ix
from incentax.auctions import (
    BatchedAuction,
    EqualShares,
    FirstPrice,
    NeuralAuction,
    PostedPrice,
    ReservePrice,
    StaticAuction,
    UniformPrice,
)
from incentax.auctions.mechanism import PER_TICK
from incentax.order import RECIPES
from incentax.problems import problems

BIDS = jnp.array([0.1, 0.2, 0.3, 0.2])
REMAINING = jnp.asarray(0.6)


def test_the_published_network_has_its_published_size():
    network = NeuralAuction(4, 100, key=jax.random.key(0))
    count = sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(network, eqx.is_array)))
    assert 1.7e5 <= count <= 2.3e5


def test_the_network_is_its_formula():
    network = NeuralAuction(3, 4, width=6, key=jax.random.key(1))

    def layer(linear, x):
        return np.asarray(linear.weight) @ x + np.asarray(linear.bias)

    def relu(x):
        return np.maximum(x, 0)

    x = np.concatenate([[0, 1, 0], BIDS, [0.6]])
    one = relu(layer(network.first, x))
    two = relu(layer(network.second, one) + layer(network.skip, x))
    three = two + relu(layer(network.third, two))
    # Odds at which a tenth of the supply is left after three rounds.
    odds = (1 - 0.1 ** (1 / 3)) / 0.1 ** (1 / 3)
    share = 1 / (1 + np.exp(-layer(network.supply_head, three)) / odds)
    steps = 1 / (1 + np.exp(-layer(network.payment_head, three))) / 4
    offer = network(1, BIDS, REMAINING)
    np.testing.assert_allclose(offer.supply, 0.6 * share[0], rtol=1e-12)
    np.testing.assert_allclose(offer.payment, np.concatenate([[0], np.cumsum(steps)]), rtol=1e-12)


def test_the_paper_s_recipe_starts_at_the_published_network():
    for name in ("a1", "a3", "a8"):
        setting = problems[name].setting
        network = RECIPES["paper"].start(setting, jax.random.key(1))
        # With heads of zero: half of what remains, half of every bid.
        heads = (network.supply_head.weight, network.payment_head.weight)
        still = eqx.tree_at(
            lambda m: (m.supply_head.weight, m.payment_head.weight),
            network,
            tuple(jnp.zeros_like(head) for head in heads),
        )
        bids = jnp.full(network.num_bids, 0.01)
        offer = still(0, bids, jnp.asarray(0.8))
        # Biases are drawn within 1 / 16 of zero.
        assert 0.48 < float(offer.supply) / 0.8 < 0.52
        assert 0.48 < float(offer.payment[-1]) / (1 - 1 / network.num_bids) < 0.52


def test_the_network_sees_round_bids_and_supply():
    network = NeuralAuction(3, 4, width=6, key=jax.random.key(1))
    base = network(0, BIDS, REMAINING).payment
    for other in (
        network(1, BIDS, REMAINING),
        network(0, BIDS[::-1], REMAINING),
        network(0, BIDS, REMAINING / 2),
    ):
        assert not np.allclose(other.payment, base)


def test_the_table_does_not_look_at_bids():
    table = StaticAuction(jnp.zeros((2, 4)), jnp.array([0.0, 100.0]))
    offer = table(0, BIDS, REMAINING)
    np.testing.assert_allclose(offer.payment, [0, 0.125, 0.25, 0.375])
    assert float(offer.supply) == 0.3
    assert float(table(1, BIDS[::-1], REMAINING).supply) == pytest.approx(0.6)


def supply_and_payment(mechanism, t=0):
    offer = mechanism(t, BIDS, REMAINING)
    return float(offer.supply), np.asarray(offer.payment).tolist()


GRID = [0.0, 0.25, 0.5, 0.75]
OFFERS = {
    "first price": (FirstPrice(jnp.array([0.3, 0.9])), 0, 0.3, GRID),
    "first price, too little left": (FirstPrice(jnp.array([0.3, 0.9])), 1, 0.6, GRID),
    "equal shares, first of three": (EqualShares(3), 0, 0.2, GRID),
    "equal shares, last of three": (EqualShares(3), 2, 0.6, GRID),
    "reserve on the grid": (ReservePrice(jnp.array([0.5])), 0, 0.5, GRID),
    "reserve, too little left": (ReservePrice(jnp.array([0.0])), 0, 0.6, GRID),
    "reserve above all bids": (ReservePrice(jnp.array([0.9])), 0, 0.0, GRID),
    "posted price": (PostedPrice(jnp.array([0.5])), 0, 0.5, [0, 0.25, 0.5, 0.5]),
    "posted price, too little left": (PostedPrice(jnp.array([0.1])), 0, 0.6, [0, 0.1, 0.1, 0.1]),
    "uniform price": (UniformPrice(jnp.array([0.4])), 0, 0.4, [0, 0.25, 0.5, 0.5]),
    "uniform price, nothing sold": (UniformPrice(jnp.array([0.0])), 0, 0.0, GRID),
}


@pytest.mark.parametrize("name", OFFERS)
def test_textbook_offers(name):
    mechanism, t, supply, payment = OFFERS[name]
    found_supply, found_payment = supply_and_payment(mechanism, t)
    assert found_supply == pytest.approx(supply, abs=1e-12)
    np.testing.assert_allclose(found_payment, payment, atol=1e-12)


@pytest.mark.parametrize("sizes", [dict(horizon=0), dict(num_bids=1), dict(width=0)])
def test_impossible_networks(sizes):
    settings = dict(horizon=4, num_bids=10, width=8) | sizes
    with pytest.raises(ValueError, match="expected horizon >= 1, num_bids >= 2 and width >= 1"):
        NeuralAuction(**settings, key=jax.random.key(0))


@pytest.mark.parametrize("price", [20, 27, 33])
def test_bids_below_a_posted_price_never_win(price):
    """Where everybody can pay, nobody bids below the price, and rounding must not make it win."""
    law = jnp.concatenate([jnp.zeros(34), jnp.full(6, 1 / 6)])
    game = BatchedAuction(initial_values=law, supply=2.0, horizon=3, num_bids=53)
    mechanism = PostedPrice(jnp.full(3, price / 53))
    solver = ix.MirrorDescent(temperature=1e-3, learning_rate=50.0, num_steps=300)
    equilibrium = ix.solve(game, mechanism, solver=solver)
    assert float(jnp.max(equilibrium.rounds.win_probability[:, :price])) < 1e-12
    assert float(equilibrium.exploitability) < 5e-3
    assert float(ix.revenue(mechanism, equilibrium)) == pytest.approx(price / 53, abs=1e-3)


def test_a_fresh_network_has_the_numbers_of_plain_layers():
    key = jax.random.key(3)
    network = ix.auctions.NeuralAuction(3, 8, width=5, key=key)
    layers = (
        network.first,
        network.second,
        network.skip,
        network.third,
        network.supply_head,
        network.payment_head,
    )
    for layer, own_key in zip(layers, jax.random.split(key, 6), strict=True):
        outputs, inputs = layer.weight.shape
        plain = eqx.nn.Linear(inputs, outputs, key=own_key)
        assert eqx.tree_equal(layer, plain)


@pytest.mark.parametrize("horizon", [1, 4, 100])
@pytest.mark.parametrize("offered, paid", [(0.9, 0.5), (0.2, 0.95), (0.5, 0.1), (1e-17, 0.5)])
def test_a_fresh_network_offers_and_charges_about_what_it_should(horizon, offered, paid):
    network = NeuralAuction(horizon, 20, offered=offered, paid=paid, key=jax.random.key(2))
    bids, remaining = jnp.full(20, 1 / 20), jnp.asarray(1.0)
    for t in range(horizon):
        offer = network(t, bids, remaining)
        remaining = remaining - offer.supply
    assert 1 - remaining == pytest.approx(offered, rel=0.15)
    assert offer.payment[-1] / 0.95 == pytest.approx(paid, rel=0.15)


@pytest.mark.parametrize("reserve", [0.2, 0.5, 0.8])
def test_a_fresh_network_holds_goods_back_from_low_bids(reserve):
    plain, network = (
        NeuralAuction(3, 20, offered=1 - 1e-6, reserve=some, key=jax.random.key(2))
        for some in (None, reserve)
    )
    without = eqx.tree_at(lambda m: (m.reserve_head, m.ticks), network, (None, None))
    assert eqx.tree_equal(without, plain)
    remaining = jnp.asarray(1.0)
    for bid in range(20):
        bids = jnp.zeros(20).at[bid].set(0.7)
        offer, freely = network(0, bids, remaining), plain(0, bids, remaining)
        # Who wins pays the reserve, or all that is bid, or what the rest of the network asks.
        least, most = (
            np.maximum(freely.payment, np.minimum(np.arange(20) / 20, reserve + side))
            for side in (-0.06, 0.06)
        )
        assert np.all(offer.payment >= least - 1e-12)
        assert np.all(offer.payment <= most + 1e-12)
        assert float(freely.supply) > 0.7
        # A logistic in ticks, whose middle is the reserve.
        share = float(offer.supply) / 0.7
        if 1e-6 < share < 1 - 1e-6:
            middle = bid / 20 - np.log(share / (1 - share)) / (PER_TICK * 20)
            assert middle == pytest.approx(reserve, abs=0.06)
        else:
            assert (share > 0.5) == (bid / 20 > reserve)
    # It holds back, it never adds: what is left and offered still bounds the sale.
    scarce = network(0, jnp.zeros(20).at[19].set(0.7), jnp.asarray(1e-3))
    assert float(scarce.supply) <= 1e-3


def test_a_reserve_answers_the_gradient():
    network = NeuralAuction(3, 20, reserve=0.6, key=jax.random.key(2))
    bids = jnp.full(20, 1 / 20)

    def sold_and_paid(shift):
        moved = eqx.tree_at(
            lambda m: m.reserve_head.bias, network, network.reserve_head.bias + shift
        )
        offer = moved(0, bids, jnp.asarray(5.0))
        return jnp.stack([offer.supply, offer.payment[-1]])

    slopes = (sold_and_paid(1e-6) - sold_and_paid(-1e-6)) / 2e-6
    np.testing.assert_allclose(jax.jacobian(sold_and_paid)(jnp.asarray(0.0)), slopes, rtol=1e-6)
    assert float(slopes[0]) < -0.1 and float(slopes[1]) > 0.1


@pytest.mark.parametrize("price", [0.305, 0.5, 0.705])
def test_a_reserve_is_a_posted_price(price):
    """Among uniform values it sells to all above it: nobody goes unserved for bidding near it."""
    network = NeuralAuction(1, 100, offered=0.9999, paid=0.05, reserve=price, key=jax.random.key(2))
    exact = eqx.tree_at(
        lambda m: (m.supply_head.weight, m.reserve_head.weight, m.reserve_head.bias),
        network,
        (
            jnp.zeros_like(network.supply_head.weight),
            jnp.zeros_like(network.reserve_head.weight),
            jnp.array([np.log(price / (1 - price))]),
        ),
    )
    game = ix.auctions.Economy(horizon=1, supply=1.0).game()
    solver = ix.MirrorDescent(temperature=1e-4, learning_rate=1000.0, num_steps=2000)
    equilibrium = ix.solve(game, exact, solver=solver, throw=False)
    assert float(ix.revenue(exact, equilibrium)) == pytest.approx(price * (1 - price), abs=4e-3)


@pytest.mark.parametrize("name", ["offered", "paid", "reserve"])
@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, float("nan")])
def test_shares_of_a_fresh_network_lie_between_zero_and_one(name, share):
    with pytest.raises(ValueError, match=f"expected {name} between 0 and 1"):
        NeuralAuction(3, 4, **{name: share}, key=jax.random.key(0))


def test_neighbours_ask_a_tick_more_and_a_tick_less():
    network = NeuralAuction(2, 20, reserve=0.5, paid=0.05, key=jax.random.key(2))
    bids = jnp.zeros(20).at[15].set(0.4)
    higher, lower = network.neighbours()
    own, more, less = (
        float(each(0, bids, jnp.ones(())).payment[-1]) for each in (network, higher, lower)
    )
    assert more - own == pytest.approx(0.05) and own - less == pytest.approx(0.05)
    (twice, again) = higher.neighbours()
    assert int(twice.ticks) == 2 and eqx.tree_equal(again, network)
    assert NeuralAuction(2, 20, key=jax.random.key(2)).neighbours() == ()


@pytest.mark.parametrize("ticks", [-40, 40])
def test_a_reserve_stays_between_nothing_and_one(ticks):
    network = NeuralAuction(2, 20, reserve=0.5, key=jax.random.key(2))
    far = eqx.tree_at(lambda own: own.ticks, network, jnp.asarray(ticks, jnp.int32))
    offer = far(0, jnp.full(20, 0.05), jnp.ones(()))
    assert 0 <= float(offer.supply) <= 1
    assert float(offer.payment.min()) >= 0
    assert jnp.all(offer.payment <= jnp.arange(20) / 20 + 1e-12)
