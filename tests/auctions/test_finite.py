"""The N-bidder auction by counts: exact sums, published constants, and a bidder-by-bidder twin."""

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from incentax import Mix, efficiency, revenue
from incentax.auctions import (
    Economy,
    FirstPrice,
    PostedPrice,
    ReservePrice,
    deviation_gain_among,
    simulate,
)
from incentax.auctions.deviation import opponents_odds
from incentax.auctions.hall import AuctionHall
from incentax.flow import population_flow

SUPPLY = 0.8


def bidding(bids, num_bids, horizon=1):
    """The policy of always making these bids, by value index."""
    policy = np.zeros((horizon, len(bids) + 1, num_bids))
    policy[:, np.arange(len(bids)), bids] = 1
    policy[:, -1, 0] = 1
    return policy


def one_round(size=10):
    """Uniform values on a coarse grid, and everybody bids min(v, 1 - supply)."""
    game = Economy(horizon=1, num_values=size, num_bids=size).game()
    clearing = round((1 - SUPPLY) * size)
    return game, bidding(np.minimum(np.arange(size), clearing), size)


def sold_on_average(num_agents, demand, supply):
    """E min(K, B) / N with B binomial."""
    buyers = np.arange(num_agents + 1)
    goods = int(supply * num_agents + 1e-9)
    odds = scipy.stats.binom.pmf(buyers, num_agents, demand)
    return float(odds @ np.minimum(buyers, goods)) / num_agents


def close(samples, expected, errors=4.5):
    spread = samples.std(ddof=1) / np.sqrt(samples.size)
    assert abs(samples.mean() - expected) <= errors * spread + 1e-12


@pytest.mark.parametrize(
    ("num_agents", "price", "supply", "bias"),
    [(10, 0.5, 0.8, -5.9e-4), (100, 0.2, 0.8, -0.003178), (1000, 0.5, 0.5, -0.003153)],
)
def test_posted_prices_lose_what_the_binomial_says(num_agents, price, supply, bias):
    game = Economy(horizon=1, num_values=10, num_bids=10, supply=supply).game()
    bids = np.where(np.arange(10) >= round(10 * price), round(10 * price), 0)
    mechanism = PostedPrice(jnp.array([price]))
    trials = simulate(game, mechanism, bidding(bids, 10), num_agents=num_agents, num_trials=20_000)
    exact = price * sold_on_average(num_agents, 1 - price, supply)
    assert exact - price * min(supply, 1 - price) == pytest.approx(bias, rel=1e-2)
    close(trials.revenue, exact)


def test_the_loss_at_a_kink_has_slope_minus_one_half_and_the_predicted_constant():
    numbers = np.array([100, 1000, 10_000])
    losses = np.array([0.16 - 0.2 * sold_on_average(n, 0.8, 0.8) for n in numbers])
    slope = np.polyfit(np.log(numbers), np.log(losses), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.01)
    assert losses * np.sqrt(numbers) == pytest.approx(0.031915, rel=0.01)


def test_mean_field_bids_lose_a_tick_sum_of_binomials():
    game, policy = one_round(20)
    mechanism = FirstPrice.equal_split(SUPPLY, 1)
    trials = simulate(game, mechanism, policy, num_agents=100, num_trials=20_000)
    # Pay-as-bid revenue is the sum over ticks of the goods that go to bids at or above them.
    exact = sum(0.05 * sold_on_average(100, 1 - j / 20, SUPPLY) for j in range(1, 5))
    close(trials.revenue, exact)
    assert np.all(trials.sold <= 0.8 + 1e-12)


def by_hand(rng, economy, mechanism_supply, policy, num_agents):
    """One auction, bidder by bidder: pay as bid, `mechanism_supply[t]` goods a round at most."""
    size, law = economy.num_values, economy.initial_values()
    kernel = np.array(economy._kernel(), np.float64) if economy.spread else np.eye(size)
    kernel /= kernel.sum(axis=1, keepdims=True)
    states = rng.choice(size, size=num_agents, p=law)
    inside = np.ones(num_agents, bool)
    goods, money, worth = int(economy.supply * num_agents + 1e-9), 0.0, 0.0
    for t in range(economy.horizon):
        bids = np.array([rng.choice(economy.num_bids, p=policy[t, s]) for s in states])
        order = np.lexsort((rng.random(num_agents), -np.where(inside, bids, -1)))
        for_sale = min(int(mechanism_supply[t] * num_agents + 1e-9), goods)
        winners = [k for k in order if inside[k]][:for_sale]
        goods -= len(winners)
        money += bids[winners].sum() / economy.num_bids
        worth += states[winners].sum() / size
        leaves = [k for k in winners if rng.random() < economy.departure]
        inside[leaves] = False
        returns = ~inside & (rng.random(num_agents) < economy.reentry)
        moved = np.array([rng.choice(size, p=kernel[s]) for s in states])
        states = np.where(returns, rng.choice(size, size=num_agents, p=law), moved)
        inside |= returns
    return money / num_agents, worth / num_agents


@pytest.mark.parametrize(
    "economy",
    [
        Economy(horizon=2, num_values=4, num_bids=3, decay=0.7, reentry=0.4),
        Economy(horizon=3, num_values=4, num_bids=3, growth=1.5, spread=0.3, departure=0.5),
    ],
    ids=["static, returning", "moving, leaving sometimes"],
)
def test_counts_agree_with_an_auction_bidder_by_bidder(economy):
    rng = np.random.default_rng(5)
    policy = rng.dirichlet(np.ones(3), size=(economy.horizon, 5))
    supply = np.full(economy.horizon, 0.3)
    twin = np.array([by_hand(rng, economy, supply, policy, 9) for _ in range(1500)])
    mechanism = FirstPrice(jnp.asarray(supply))
    trials = simulate(economy.game(), mechanism, policy, num_agents=9, num_trials=20_000)
    for ours, theirs in ((trials.revenue, twin[:, 0]), (trials.efficiency, twin[:, 1])):
        spread = np.hypot(ours.std() / np.sqrt(ours.size), theirs.std() / np.sqrt(theirs.size))
        assert abs(ours.mean() - theirs.mean()) < 4.5 * spread
        assert ours.std() == pytest.approx(theirs.std(), rel=0.1)


@given(
    st.integers(2, 40),
    st.floats(0, 1),
    st.floats(0, 1),
    st.sampled_from([0.0, 0.35, 0.8, 1.0]),
    st.integers(0, 10**6),
)
def test_bidders_and_goods_are_conserved(num_agents, departure, reentry, supply, seed):
    economy = Economy(
        horizon=3,
        num_values=4,
        num_bids=5,
        supply=supply,
        growth=1.2,
        spread=0.2,
        departure=departure,
        reentry=reentry,
    )
    rng = np.random.default_rng(seed)
    policy = rng.dirichlet(np.ones(5), size=(3, 5))
    hall = AuctionHall.open(
        economy.game(), ReservePrice(jnp.array([0.2, 0.4, 0.0])), policy, num_agents
    )
    crowd = hall.admit(rng, 3, num_agents)
    before = crowd.goods.copy()
    assert np.all(before == np.floor(supply * num_agents + 1e-6))
    total = 0
    for t in range(3):
        sold, paid, worth = hall.allocate(rng, t, hall.bid(rng, t, crowd), crowd)
        total = total + sold
        assert np.all(crowd.active >= 0) and np.all(crowd.goods >= 0)
        assert np.all(crowd.active.sum(axis=1) + crowd.out == num_agents)
        assert np.all(paid <= sold) and np.all(worth <= sold)
    assert np.all(total == before - crowd.goods)


def test_a_crowd_comes_close_to_the_mean_field():
    economy = Economy(horizon=3, num_values=10, num_bids=10, decay=0.9, growth=1.5, spread=0.2)
    policy = np.random.default_rng(1).dirichlet(np.ones(10), size=(3, 11))
    mechanism = FirstPrice.equal_split(0.8, 3)
    flow = population_flow(economy.game(), jnp.asarray(policy), mechanism)
    trials = simulate(economy.game(), mechanism, policy, num_agents=10**6, num_trials=10)
    limit = float(revenue(mechanism, Response(flow)))
    assert trials.score(revenue).mean() == pytest.approx(limit, abs=5e-4)
    value = float(efficiency(mechanism, Response(flow)))
    assert trials.score(efficiency).mean() == pytest.approx(value, abs=5e-4)
    mixed = trials.score(Mix(0.25))
    assert mixed == pytest.approx(0.25 * trials.revenue + 0.75 * trials.efficiency)


class Response:
    """A response is anything with a flow and rounds."""

    def __init__(self, flow):
        self.flow, self.rounds = flow.agents, flow.rounds


def winning_odds(num_agents, above, at, goods):
    """E min(1, (K - Y)^+ / (C + 1)): Y rivals bid more, C the same; an exact trinomial sum."""
    rivals = num_agents - 1
    total = 0.0
    for over in range(rivals + 1):
        chance = scipy.stats.binom.pmf(over, rivals, above)
        same = np.arange(rivals - over + 1)
        split = scipy.stats.binom.pmf(same, rivals - over, min(1, at / max(1 - above, 1e-12)))
        total += chance * float(split @ np.clip((goods - over) / (same + 1), 0, 1))
    return total


def test_odds_and_best_response_agree_with_exact_sums():
    game, policy = one_round()
    num_agents, goods = 10, 8
    mechanism = FirstPrice.equal_split(SUPPLY, 1)
    hall = AuctionHall.open(game, mechanism, policy, num_agents)
    odds = opponents_odds(hall, np.random.default_rng(0), 20_000)
    made = policy[0, :-1].mean(axis=0)
    exact = np.array(
        [winning_odds(num_agents, made[a + 1 :].sum(), made[a], goods) for a in range(10)]
    )
    for a in range(10):
        close(odds.win[:, 0, a], exact[a])
    values, bids = np.arange(10) / 10, np.arange(10) / 10
    worth = exact * (values[:, None] - bids)
    own = (worth * policy[0, :-1]).sum(axis=1)
    gain = (worth.max(axis=1) - own).mean()
    found = deviation_gain_among(
        game, mechanism, policy, num_agents=num_agents, num_trials=20_000, seed=3
    )
    assert gain > 0.003
    assert found.low - 1e-4 <= gain <= found.high + 1e-4
    assert found.low <= found.gain <= found.high and found.optimistic == pytest.approx(
        gain, abs=3e-3
    )


def test_nobody_gains_where_bidding_is_free_and_goods_abound():
    game = Economy(horizon=2, num_values=5, num_bids=5, supply=2.0).game()
    mechanism = PostedPrice(jnp.zeros(2))
    found = deviation_gain_among(
        game, mechanism, bidding(np.zeros(5, int), 5, 2), num_agents=50, num_trials=20
    )
    assert found.gain == pytest.approx(0, abs=1e-12) and found.optimistic == pytest.approx(0)


def test_the_same_seed_is_the_same_auction():
    game, policy = one_round()
    mechanism = FirstPrice.equal_split(SUPPLY, 1)
    one, two = (
        simulate(game, mechanism, policy, num_agents=50, num_trials=3, seed=7) for _ in range(2)
    )
    other = simulate(game, mechanism, policy, num_agents=50, num_trials=3, seed=8)
    assert np.array_equal(one.revenue, two.revenue)
    assert not np.array_equal(one.revenue, other.revenue)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"num_agents": 0}, "num_agents from 1 to 999999999, got 0"),
        ({"num_trials": 0}, "num_trials >= 1"),
        ({"policy": np.zeros((1, 3, 3))}, "policy of shape"),
    ],
)
def test_impossible_numbers_are_refused(change, words):
    game, policy = one_round()
    arguments = {"policy": policy, "num_agents": 5, "num_trials": 1} | change
    with pytest.raises(ValueError, match=words):
        simulate(game, FirstPrice.equal_split(SUPPLY, 1), **arguments)
