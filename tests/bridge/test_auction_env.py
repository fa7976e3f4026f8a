"""The parallel environment obeys PettingZoo's contract and agrees with the auction by counts."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

pytest.importorskip("pettingzoo")

from pettingzoo.test import parallel_api_test, parallel_seed_test  # noqa: E402

from incentax.auctions import Economy, FirstPrice, simulate  # noqa: E402
from incentax.bridge.auction_env import AuctionEnv  # noqa: E402

ECONOMY = Economy(
    horizon=2, num_values=5, num_bids=5, growth=1.2, spread=0.2, departure=0.5, reentry=0.3
)


@pytest.mark.filterwarnings("ignore")
def test_the_contract():
    env = AuctionEnv(ECONOMY.game(), FirstPrice.equal_split(0.8, 2), num_bidders=4)
    parallel_api_test(env, num_cycles=20)


def opened(num_bidders=2):
    return AuctionEnv(ECONOMY.game(), FirstPrice.equal_split(0.8, 2), num_bidders=num_bidders)


def drawn(env, seed=None):
    """Values of eight auctions."""
    seeds = [seed] + [None] * 7
    return [env.reset(seed=s)[0]["bidder_0"][1] for s in seeds]


def test_a_seed_makes_it_reproducible():
    parallel_seed_test(opened)
    assert drawn(opened(), 3) == drawn(opened(), 3) != drawn(opened(), 4)


def test_without_a_seed_no_two_play_the_same():
    values = [drawn(opened()) for _ in range(3)]
    assert values[0] != values[1] or values[1] != values[2]


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        ({"bidder_0": 0}, "expected a bid of each of 2 bidders, got none of bidder_1; "),
        ({}, "got none of bidder_0, bidder_1; "),
    ],
)
def test_bidders_without_a_bid_are_named(actions, words):
    env = opened()
    env.reset(seed=0)
    with pytest.raises(ValueError, match=words):
        env.step(actions)


def test_a_round_outside_an_auction_is_refused():
    env, bids = opened(), {"bidder_0": 0, "bidder_1": 0}
    with pytest.raises(ValueError, match="expected reset.. before the first round"):
        env.step(bids)
    env.reset(seed=0)
    for _ in range(ECONOMY.horizon):
        env.step(bids)
    with pytest.raises(ValueError, match="expected reset.. after the last round"):
        env.step(bids)


# Where more is offered than there are bidders, what is left over is gone: the last round has none.
UNSOLD = replace(ECONOMY, horizon=3, supply=1.6, departure=1.0)


@pytest.mark.parametrize(("economy", "supply"), [(ECONOMY, [0.3, 0.4]), (UNSOLD, [0.7, 0.9, 0.4])])
def test_it_is_the_auction_by_counts(economy, supply):
    rng = np.random.default_rng(0)
    policy = rng.dirichlet(np.ones(5), size=(economy.horizon, 6))
    mechanism = FirstPrice(jnp.array(supply))
    env = AuctionEnv(economy.game(), mechanism, num_bidders=6)
    paid = []
    for k in range(1500):
        seen, _ = env.reset(seed=k)
        total = 0.0
        for t in range(economy.horizon):
            states = {a: int(round(float(o[1]) * 5)) for a, o in seen.items()}
            bids = {a: int(rng.choice(5, p=policy[t, s])) for a, s in states.items()}
            values = states
            seen, rewards, _, _, infos = env.step(bids)
            for agent, info in infos.items():
                if info["won"]:
                    # Pay as bid: what is not utility is money.
                    assert rewards[agent] == pytest.approx((values[agent] - bids[agent]) / 5)
                    total += bids[agent] / 5
        paid.append(total / 6)
    twin = simulate(economy.game(), mechanism, policy, num_agents=6, num_trials=20_000).revenue
    error = np.hypot(np.std(paid) / np.sqrt(len(paid)), twin.std() / np.sqrt(twin.size))
    assert abs(np.mean(paid) - twin.mean()) < 4.5 * error


def test_ties_are_broken_by_lot():
    # One good among three who bid the same: who wins is drawn, with equal odds.
    env = AuctionEnv(ECONOMY.game(), FirstPrice(jnp.array([0.34, 0.0])), num_bidders=3)
    wins = dict.fromkeys(env.possible_agents, 0)
    for seed in range(300):
        env.reset(seed=seed)
        _, _, _, _, infos = env.step(dict.fromkeys(env.possible_agents, 2))
        (winner,) = [agent for agent, info in infos.items() if info["won"]]
        wins[winner] += 1
    low, high = scipy.stats.binom.interval(1 - 1e-5, 300, 1 / 3)
    assert all(low <= count <= high for count in wins.values()), wins


@pytest.mark.parametrize("bid", [-1, 5, 2.5])
def test_bids_off_the_grid_are_refused(bid):
    env = AuctionEnv(ECONOMY.game(), FirstPrice.equal_split(0.8, 2), num_bidders=2)
    env.reset(seed=0)
    with pytest.raises(ValueError, match="expected bids from 0 to 4, got"):
        env.step({"bidder_0": 0, "bidder_1": bid})
