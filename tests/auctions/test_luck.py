"""First-order luck: derivatives against differences, means of zero, and what is left without it."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from incentax import Mix, efficiency, revenue
from incentax.auctions import (
    Economy,
    FirstPrice,
    NeuralAuction,
    paired_interval,
    sensitivities,
    simulate,
    without_luck,
)
from incentax.flow import population_flow

HORIZON, SIZE = 3, 6


class Response(eqx.Module):
    flow: object
    rounds: object


def setting(**more):
    """A small economy in which everything that can be drawn is drawn, and a policy that mixes."""
    options = {"decay": 0.9, "growth": 1.3, "spread": 0.3, "departure": 0.7, "reentry": 0.4}
    economy = Economy(horizon=HORIZON, num_values=SIZE, num_bids=SIZE, **options | more)
    policy = np.random.default_rng(0).dirichlet(np.ones(SIZE), size=(HORIZON, SIZE + 1))
    return economy.game(), policy


def mechanism(kind):
    if kind == "first price":
        return FirstPrice.equal_split(0.8, HORIZON)
    return NeuralAuction(HORIZON, SIZE, width=8, key=jax.random.key(2))


def value(game, policy, published, objective):
    flow = population_flow(game, jnp.asarray(policy), published)
    return float(objective(published, Response(flow.agents, flow.rounds)))


@pytest.mark.parametrize("kind", ["first price", "network"])
@pytest.mark.parametrize("objective", [revenue, efficiency], ids=["revenue", "efficiency"])
def test_derivatives_against_differences(kind, objective):
    game, policy = setting(reentry=0.0)
    published = mechanism(kind)
    found = sensitivities(game, published, policy, objective)
    step, rng = 1e-6, np.random.default_rng(1)
    for _ in range(3):
        way = rng.normal(size=SIZE)
        ends = [
            value(
                replace(game, initial_values=game.initial_values + sign * step * way),
                policy,
                published,
                objective,
            )
            for sign in (1, -1)
        ]
        assert found.state[0, :-1] @ way == pytest.approx((ends[0] - ends[1]) / 2 / step, rel=1e-5)
        # Nobody is out of the market in round 0: bids of that state would carry no mass.
        t = int(rng.integers(HORIZON))
        turn = np.zeros_like(policy)
        turn[t, :-1] = rng.normal(size=(SIZE, SIZE))
        ends = [value(game, policy + s * step * turn, published, objective) for s in (1, -1)]
        mass = np.asarray(population_flow(game, jnp.asarray(policy), published).agents)[t, :-1]
        moved = (turn[t, :-1] * mass.sum(axis=1, keepdims=True) * found.choice[t]).sum()
        assert moved == pytest.approx((ends[0] - ends[1]) / 2 / step, rel=1e-5)


# Which of the tied win matters to efficiency at once: that luck is left in.
@pytest.mark.parametrize(
    ("objective", "left"), [(revenue, 0.2), (Mix(0.3), 0.4)], ids=["revenue", "mix"]
)
@pytest.mark.parametrize("num_agents", [20, 20_000])
@pytest.mark.parametrize(("kind", "reentry"), [("first price", 0.4), ("network", 0.0)])
def test_luck_has_mean_zero_and_explains_most_of_the_scatter(
    kind, reentry, num_agents, objective, left
):
    game, policy = setting(reentry=reentry)
    published = mechanism(kind)
    worth = sensitivities(game, published, policy, objective)
    counts = {"num_agents": num_agents, "num_trials": 1000, "seed": 5}
    trials = simulate(game, published, policy, worth=worth, **counts)
    luck, score = trials.luck, trials.score(objective)
    assert abs(luck.mean()) < 4.5 * luck.std() / np.sqrt(luck.size)
    plain, adjusted = paired_interval(score), without_luck(score, luck)
    assert abs(plain[0] - adjusted[0]) < 3 * (plain[2] - plain[1]) / 2
    if num_agents == 20_000:
        assert np.std(score - luck) < left * np.std(score)
        assert adjusted[2] - adjusted[1] < left * (plain[2] - plain[1])
    # Recording luck draws nothing: the auctions are the same.
    np.testing.assert_array_equal(simulate(game, published, policy, **counts).sold, trials.sold)


def test_intervals_without_luck_cover_the_mean():
    rng, inside = np.random.default_rng(3), 0
    for _ in range(400):
        luck = rng.normal(size=12)
        _, low, high = without_luck(2.0 + 3 * luck + rng.normal(size=12), luck)
        inside += low <= 2.0 <= high
    assert 0.92 <= inside / 400 <= 0.98


def test_luck_that_never_varies_changes_nothing():
    score = np.array([1.0, 2.0, 4.0])
    assert without_luck(score, np.zeros(3))[0] == pytest.approx(score.mean())


def test_two_trials_have_no_interval():
    with pytest.raises(ValueError, match="expected at least 3 trials, got 2"):
        without_luck(np.zeros(2), np.zeros(2))
