"""A learning bidder is measured in the exact auction, beside exact values of known bidders."""

import jax.numpy as jnp
import numpy as np
import pytest

pytest.importorskip("stable_baselines3")

from incentax.auctions import Economy, PostedPrice  # noqa: E402
from incentax.auctions.hall import AuctionHall  # noqa: E402
from incentax.bridge.bidder_vec_env import BidderVecEnv  # noqa: E402
from incentax.reproduction.amid.deviator import Effort, learned_deviation  # noqa: E402


def auction():
    """A price of .4 and everybody bids at random: the best reply is to bid only from .4 on."""
    game = Economy(horizon=2, num_values=5, num_bids=5, supply=2.0).game()
    policy = np.full((2, 6, 5), 0.2)
    return game, PostedPrice(jnp.full(2, 0.4)), policy


def test_played_out_values_agree_with_exact_odds_and_bound_what_is_learned():
    game, mechanism, policy = auction()
    effort = Effort(env_steps=8000, episodes=4000, odds=50)
    found = learned_deviation(game, mechanism, policy, num_agents=20, effort=effort)
    rows = {row["bidder"]: row for row in found}
    for name in ("equilibrium", "best response"):
        row = rows[name]
        error = np.hypot(row["error"], row["exact_error"])
        assert abs(row["value"] - row["exact"]) < 4.5 * error
    # Values .6 and .8 buy at .4: (.2 + .4) / 5.
    assert rows["best response"]["exact"] == pytest.approx(0.12, abs=1e-6)
    assert rows["equilibrium"]["exact"] < 0.1
    # Compared on the same draws: closer than the errors of the two values allow, and no less true.
    even, best = rows["equilibrium"], rows["best response"]
    assert even["below_best"] == pytest.approx(best["value"] - even["value"])
    assert even["below_best_error"] < 0.95 * np.hypot(even["error"], best["error"])
    assert abs(even["below_best"] - (best["exact"] - even["exact"])) < 4.5 * np.hypot(
        even["below_best_error"], even["exact_error"]
    )
    assert best["below_best"] == even["below_equilibrium"] == 0
    ppo = rows["ppo"]
    assert ppo["below_equilibrium"] == pytest.approx(even["value"] - ppo["value"])
    assert rows["equilibrium"]["exact"] < ppo["value"] <= 0.12 + 4.5 * ppo["error"]


def test_auctions_begin_anew_after_the_last_round():
    game, mechanism, policy = auction()
    env = BidderVecEnv(AuctionHall.open(game, mechanism, policy, 10), 3, seed=0)
    seen = env.reset()
    assert seen.shape == (3, 4) and np.all(seen[:, 0] == 0) and np.all(seen[:, 2] == 1)
    seen, _, over, _ = env.step(np.zeros(3, int))
    assert not over.any() and np.all(seen[:, 0] == 0.5)
    seen, _, over, infos = env.step(np.zeros(3, int))
    assert over.all() and np.all(seen[:, 0] == 0)
    assert all(info["terminal_observation"][0] == 1 for info in infos)
    assert env.env_is_wrapped(object) == [False] * 3
    with pytest.raises(NotImplementedError, match="share their rules"):
        env.set_attr("seed", 1)
