"""A recommender with four parameters, designed from its score in environments of every kind."""

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import incentax as ix
from incentax.bridge.env_population import EnvPopulation, mean_reward
from incentax.users import RecommenderVectorEnv, make_world
from incentax.users.recommenders import WeightedItems


class Bandit(gymnasium.Env):
    """Not a recommender of ours: reward 1 - (action - 3)² / 9, episodes of two steps."""

    observation_space = gymnasium.spaces.Box(0.0, 1.0, (1,))
    action_space = gymnasium.spaces.Discrete(7)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.left = 2
        return np.zeros(1, np.float32), {}

    def step(self, action):
        self.left -= 1
        reward = 1.0 - (int(action) - 3) ** 2 / 9.0
        return np.zeros(1, np.float32), reward, self.left == 0, False, {}


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
@pytest.mark.parametrize("action, score", [(3, 1.0), (0, 0.0), (5, 5 / 9)])
def test_the_score_is_the_mean_reward_of_any_environment(mode, action, score):
    people = EnvPopulation(
        lambda: SyncVectorEnv([Bandit] * 3, autoreset_mode=mode),
        lambda parameters, seen: np.full(3, int(parameters)),
        num_steps=7,
    )
    key = jax.random.key(0)
    response, state = people.respond(jnp.asarray(action), (), key=key)
    assert float(response.value) == pytest.approx(score, abs=1e-6) and state == ()


def test_zeroth_order_designs_a_recommender_that_beats_its_start_and_the_mean_vote():
    world = make_world("books")
    people = EnvPopulation(lambda: RecommenderVectorEnv(world, 32), WeightedItems.of(world), 5)

    def value(weights):
        keys = jax.random.split(jax.random.key(9), 5)
        return np.mean([float(people.respond(weights, (), key=k)[0].value) for k in keys])

    start = jnp.zeros(4)
    result = ix.design(
        people,
        start,
        maximize=mean_reward,
        rule=ix.ZerothOrder(radius=0.3),
        optimizer=optax.adam(0.2),
        num_steps=40,
        audit_every=10,
    )
    designed, voted = value(result.mechanism), value(jnp.array([1.0, 0.0, 0.0, 0.0]))
    assert value(start) + 0.5 < designed
    # What people like is worth more than what most people like.
    assert designed > voted - 0.02
    assert result.mechanism[0] > 0 and result.mechanism[2] > result.mechanism[3]


def test_equal_keys_meet_equal_people_and_more_is_not_offered():
    world = make_world("books")
    people = EnvPopulation(lambda: RecommenderVectorEnv(world, 4), WeightedItems.of(world), 3)
    key, weights = jax.random.key(1), jnp.ones(4)
    one, other = (float(people.respond(weights, (), key=key)[0].value) for _ in range(2))
    assert one == other != float(people.respond(weights, (), key=jax.random.key(2))[0].value)
    with pytest.raises(ValueError, match="only the objective can be observed"):
        ix.design(people, weights, maximize=mean_reward, rule=ix.SocialGradient())
    with pytest.raises(ValueError, match="expected num_steps >= 1"):
        EnvPopulation(lambda: RecommenderVectorEnv(world, 4), WeightedItems.of(world), 0)
    with pytest.raises(ValueError, match="no temperature"):
        people.relaxed(jnp.ones(()), 1.0, 1)
