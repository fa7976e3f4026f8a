"""What becomes of an answer: in memory, in the observation, in the reward."""

import warnings

import numpy as np
import pytest

from incentax.users.choice import Independent, MultinomialLogit
from incentax.users.dynamics import Dynamics
from incentax.users.ending import NeverEnds
from incentax.users.envs import RecommenderEnv
from incentax.users.observe import Features, SuberRaw
from incentax.users.perturbation import Gaussian
from incentax.users.query import AbstractFormula, Reactions
from incentax.users.reading import Expected
from incentax.users.registration import make_world
from incentax.users.rule import RuleUsers
from incentax.users.shaping import ExponentialDecay, RandomWatch
from incentax.users.world import Reward

from .small import small_world


def test_r17_observations_keep_fractional_ratings(small_movies, few_people):
    world = small_world(small_movies, few_people, reading=Expected(), perturbation=Gaussian())
    env = RecommenderEnv(world, observation=Features(item_ratings=True))
    env.reset(seed=0)
    observation, _, _, _, info = env.step(4)
    assert observation["item_ratings"][4] == np.float32(info["rating"])
    assert observation["history_ratings"][0] == np.float32(info["rating"])
    assert info["rating"] != round(info["rating"])
    assert observation["seen"].sum() == 1 and observation["seen"][4] == 1


def test_perturbed_is_remembered_raw_is_reported_and_reward_is_shaped(small_movies, few_people):
    world = small_world(
        small_movies,
        few_people,
        reading=Expected(),
        perturbation=Gaussian(),
        shaping=ExponentialDecay(floor=False, allow_below_min=True),
        allow_repeats=True,
        ending=NeverEnds(),
    )
    env = RecommenderEnv(world)
    env.reset(seed=3)
    env.step(4)
    _, reward, _, _, info = env.step(4)
    event = env.session.memory.interactions(0)[-1]
    assert event.rating == np.float32(info["rating"]) != np.float32(info["raw_rating"])
    assert event.raw_rating == np.float32(info["raw_rating"])
    assert reward == pytest.approx(info["rating"] * 0.1**2) == pytest.approx(event.reward)


class Voiding(AbstractFormula):
    """Gives no valid answer about one item."""

    identity = "voiding"

    def __init__(self, item):
        self.item = item

    def react(self, queries):
        n, k = len(queries), queries.scale.num_levels
        valid = queries.item != self.item
        p = np.where(valid[:, None], np.eye(k)[-1], np.nan)
        no = np.zeros(n, bool)
        return Reactions(p, valid, np.zeros(n), no, no, np.zeros(n, np.int64))


def test_r1_an_invalid_reply_is_a_void_step_and_never_a_number(small_movies, few_people):
    env = RecommenderEnv(
        small_world(small_movies, few_people, rater=Voiding(7), ending=NeverEnds())
    )
    before, _ = env.reset(seed=0)
    observation, reward, terminated, truncated, info = env.step(7)
    assert np.isnan(reward) and not info["valid"] and np.isnan(info["rating"])
    assert not terminated and not truncated
    assert env.session.memory.interactions(0) == []
    assert observation["time"] == before["time"] and observation["history_valid"].sum() == 0
    assert not env.action_masks()[7] and env.action_masks()[6]
    assert env.step(6)[1] == 10.0
    for _ in range(4):
        assert not env.step(7)[3]
    assert env.step(7)[3], "more than five void steps cut the episode"


@pytest.mark.parametrize("choice", [MultinomialLogit(), Independent(0.4)])
def test_r5_the_choice_reaches_memory_and_reward(choice, small_movies, few_people):
    world = small_world(
        small_movies, few_people, slate=3, choice=choice, ending=NeverEnds(), no_choice=0.4
    )
    env = RecommenderEnv(world)
    env.reset(seed=0)
    nothing = 0
    for step in range(30):
        shown = [3 * step, 3 * step + 1, 3 * step + 2]
        _, reward, _, _, info = env.step(np.array(shown))
        events = env.session.memory.interactions(0)[-3:]
        taken = [event for event in events if event.watch_count]
        assert sorted(event.item for event in events) == shown
        if not taken:
            nothing += 1
            assert reward == 0.0 and np.isnan(info["rating"]) and info["chosen"] == -1
            continue
        assert reward == pytest.approx(np.mean([event.rating for event in taken]))
        assert info["action"] in [event.item for event in taken]
        assert all(event.raw_rating == 0 for event in events if not event.watch_count)
    assert nothing > 0


def test_random_watch_skips_are_not_ratings(small_movies, few_people):
    world = small_world(
        small_movies,
        few_people,
        shaping=RandomWatch(base=0.0),
        allow_repeats=True,
        ending=NeverEnds(),
    )
    env = RecommenderEnv(world)
    env.reset(seed=0)
    env.step(4)
    _, reward, _, _, info = env.step(4)
    assert reward == 0.0 and info["valid"] and info["chosen"] == -1
    assert [e.watch_count for e in env.session.memory.interactions(0)] == [1, 0]


def test_r26_a_mask_that_makes_shaping_inert_warns(small_movies, few_people):
    with pytest.warns(UserWarning, match="allow_repeats"):
        small_world(small_movies, few_people, shaping=ExponentialDecay())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small_world(small_movies, few_people, shaping=ExponentialDecay(), allow_repeats=True)


def test_candidates_are_distinct_and_decoded(small_movies, few_people):
    world = small_world(small_movies, few_people, candidates=12, ending=NeverEnds())
    env = RecommenderEnv(world)
    observation, _ = env.reset(seed=0)
    assert env.action_space.n == 12
    for _ in range(20):
        offered = observation["candidates"]
        assert len(set(offered.tolist())) == 12
        observation, _, _, _, info = env.step(5)
        assert info["action"] == offered[5]


def test_incentives_move_people_and_cost(small_movies, few_people):
    world = small_world(
        small_movies,
        few_people,
        incentives=(0.0, 3.0),
        reading=Expected(),
        ending=NeverEnds(),
        reward=Reward(cost=0.5),
    )
    plain, paid = RecommenderEnv(world), RecommenderEnv(world)
    plain.reset(seed=0)
    paid.reset(seed=0)
    _, _, _, _, low = plain.step(np.array([4, 0]))
    _, reward, _, _, high = paid.step(np.array([4, 1]))
    assert high["expected"] > low["expected"] and high["incentive_cost"] == 3.0
    assert reward == pytest.approx(high["rating"] - 1.5)


def test_reward_mix(small_movies, few_people):
    mix = Reward(rating=0.0, consumed=2.0, watched=0.0, stayed=1.0)
    env = RecommenderEnv(small_world(small_movies, few_people, reward=mix, ending=NeverEnds()))
    env.reset(seed=0)
    assert env.step(0)[1] == 3.0


def test_the_published_raw_observation(small_movies, few_people):
    world = small_world(small_movies, few_people, ending=NeverEnds())
    env = RecommenderEnv(world, observation=SuberRaw())
    env.reset(seed=0)
    observation, *_ = env.step(3)
    assert observation in env.observation_space
    assert [int(item) for item, _ in observation["items_interact"]] == [3]


def test_dynamics_tire_people_and_make_them_leave(small_movies, few_people):
    label = int(small_movies.label_matrix.sum(0).argmax())
    same = np.flatnonzero(small_movies.label_matrix[:, label])[:12]
    rater = RuleUsers.fitted(small_movies, few_people, pairs=2000)
    lasting = {}
    for dynamics in (Dynamics(), Dynamics(boredom=True)):
        world = small_world(
            small_movies,
            few_people,
            rater=rater,
            dynamics=dynamics,
            reading=Expected(),
            ending=NeverEnds(),
            retrieval=make_world("movies", retrieval="none").retrieval,
        )
        env = RecommenderEnv(world)
        env.reset(seed=0)
        lasting[dynamics.boredom] = sum(env.step(int(k))[1] for k in same)
    assert lasting[True] < lasting[False] - 0.5
