"""The bidder's environment obeys Gymnasium's contract and the auction's rules."""

import jax.numpy as jnp
import numpy as np
import pytest

pytest.importorskip("gymnasium")

from gymnasium.utils.env_checker import check_env  # noqa: E402

from incentax.auctions import Economy, FirstPrice, PostedPrice, deviation_gain_among  # noqa: E402
from incentax.auctions.hall import AuctionHall  # noqa: E402
from incentax.bridge.bidder_batch import BidderBatch  # noqa: E402
from incentax.bridge.bidder_env import BidderEnv  # noqa: E402


def environment(num_agents=10, price=None, horizon=2, **economy):
    game = Economy(horizon=horizon, num_values=10, num_bids=10, **economy).game()
    mechanism = FirstPrice.equal_split(0.8, horizon)
    if price is not None:
        mechanism = PostedPrice(jnp.full(horizon, price))
    policy = np.zeros((horizon, 11, 10))
    policy[:, np.arange(10), np.minimum(np.arange(10), 2)] = 1
    policy[:, 10, 0] = 1
    return BidderEnv(game, mechanism, policy, num_agents=num_agents), game, mechanism, policy


def returns(env, bid_of, episodes):
    total = np.zeros(episodes)
    for k in range(episodes):
        seen, _ = env.reset(seed=k)
        over = False
        while not over:
            seen, reward, over, _, _ = env.step(bid_of(seen))
            total[k] += reward
    return total


@pytest.mark.filterwarnings("ignore")
def test_the_contract():
    check_env(environment(growth=1.2, spread=0.2, reentry=0.3)[0], skip_render_check=True)


@pytest.mark.parametrize("bid", [np.int64(-1), np.int64(10)])
def test_bids_off_the_grid_are_refused(bid):
    env, *_ = environment()
    env.reset(seed=0)
    with pytest.raises(ValueError, match="expected a bid from 0 to 9, got"):
        env.step(bid)


def test_at_a_posted_price_she_earns_her_surplus():
    env, *_ = environment(price=0.2, horizon=1, supply=2.0)
    seen, _ = env.reset(seed=4)
    value = float(seen[1])
    _, reward, over, cut, info = env.step(np.int64(9))
    assert over and not cut and info["won"]
    assert reward == pytest.approx(value - 0.2, abs=1e-6)


def test_she_earns_what_the_best_response_predicts():
    env, game, mechanism, policy = environment(horizon=1)
    found = deviation_gain_among(game, mechanism, policy, num_agents=10, num_trials=1200)

    def by(plan):
        table = plan[0].argmax(axis=1)
        return lambda seen: np.int64(table[round(float(seen[1]) * 10)])

    gain = returns(env, by(found.policy), 1200) - returns(env, by(policy), 1200)
    error = np.hypot(gain.std() / np.sqrt(gain.size), (found.high - found.low) / 4)
    assert abs(gain.mean() - found.gain) < 4.5 * error


def test_bids_that_cannot_win_earn_nothing():
    env, *_ = environment(num_agents=50, horizon=1, supply=0.2)
    assert returns(env, lambda seen: np.int64(0), 20).sum() == 0


def test_ties_are_drawn_among_all_and_what_she_wins_is_gone_for_the_others():
    """Ten bid the same for five goods: she gets one half of the time, the other nine the rest."""
    game = Economy(horizon=1, num_values=10, num_bids=10, supply=0.5).game()
    policy = np.zeros((1, 11, 10))
    policy[:, :, 2] = 1
    hall = AuctionHall.open(game, FirstPrice.equal_split(0.5, 1), policy, 10)
    batch = BidderBatch(hall, 4000, np.random.default_rng(0))
    batch.reset()
    reward, won = batch.step(np.full(4000, 2))
    assert won.mean() == pytest.approx(0.5, abs=4.5 * 0.5 / np.sqrt(4000))
    assert np.all(reward[~won] == 0)
    assert np.all(batch.observation()[:, 3] == 0) and np.all(batch._others.out == 5 - won)
    above = BidderBatch(hall, 100, np.random.default_rng(0))
    above.reset()
    assert above.step(np.full(100, 3))[1].all()


def test_it_ends_after_the_last_round():
    env, *_ = environment(horizon=1)
    env.reset(seed=0)
    env.step(np.int64(0))
    with pytest.raises(ValueError, match="reset first"):
        env.step(np.int64(0))


def test_a_market_of_one_is_refused():
    with pytest.raises(ValueError, match="num_agents >= 2"):
        environment(num_agents=1)
