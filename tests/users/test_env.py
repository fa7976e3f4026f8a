"""The environments: checkers, determinism, episodes and what they show."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode

import incentax.users  # noqa: F401  (registers the ids)
from incentax.users.choice import Independent
from incentax.users.ending import Leave, NeverEnds
from incentax.users.envs import RecommenderEnv
from incentax.users.log import to_csv
from incentax.users.memory import MemoryScope
from incentax.users.query import AbstractFormula, Reactions
from incentax.users.registration import PRESETS, make_world
from incentax.users.vector import RecommenderVectorEnv

from .small import small_world

IDS = sorted(PRESETS)


@pytest.mark.parametrize("name", IDS)
def test_gymnasium_checker(name):
    check_env(gymnasium.make(name).unwrapped)


@pytest.mark.parametrize("name", IDS)
def test_stable_baselines_checker(name):
    checker = pytest.importorskip("stable_baselines3.common.env_checker")
    checker.check_env(gymnasium.make(name).unwrapped)


def _bits(env, seed, actions):
    out = [env.reset(seed=seed)[0]]
    for action in actions:
        observation, reward, terminated, truncated, info = env.step(action)
        out.append((observation, reward, terminated, truncated, info["raw_rating"]))
        if terminated or truncated:
            out.append(env.reset()[0])
    return out


def _assert_equal(a, b):
    if isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a:
            _assert_equal(a[key], b[key])
    elif isinstance(a, tuple | list):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            _assert_equal(x, y)
    else:
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", IDS)
def test_r22_same_seed_same_bits(name):
    env = gymnasium.make(name).unwrapped
    env.action_space.seed(1)
    actions = [env.action_space.sample() for _ in range(60)]
    first = _bits(env, 5, actions)
    _assert_equal(first, _bits(gymnasium.make(name).unwrapped, 5, actions))
    assert str(first) != str(_bits(gymnasium.make(name).unwrapped, 6, actions))


@pytest.mark.parametrize("num_envs", [1, 3])
@pytest.mark.parametrize("name", ["incentax/MoviesSuber-v0", "incentax/MoviesSlate-v0"])
def test_r22_one_person_alone_and_among_others_is_the_same_person(name, num_envs):
    envs = gymnasium.make_vec(name, num_envs=num_envs, autoreset_mode=AutoresetMode.SAME_STEP)
    alone = [gymnasium.make(name).unwrapped for _ in range(num_envs)]
    envs.action_space.seed(0)
    batch, _ = envs.reset(seed=11)
    single = [env.reset(seed=11 + k)[0] for k, env in enumerate(alone)]
    for _ in range(70):
        for k, seen in enumerate(single):
            for key, value in seen.items():
                np.testing.assert_array_equal(batch[key][k], value)
        actions = envs.action_space.sample()
        batch, reward, terminated, truncated, _ = envs.step(actions)
        for k, env in enumerate(alone):
            single[k], r, end, cut, _ = env.step(actions[k])
            assert (r, end, cut) == (reward[k], terminated[k], truncated[k])
            if end or cut:
                single[k] = env.reset()[0]


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_autoreset_modes(mode, small_movies, few_people):
    world = small_world(small_movies, few_people, max_steps=3, ending=NeverEnds())
    envs = RecommenderVectorEnv(world, 4, autoreset_mode=mode)
    envs.reset(seed=0)
    for step in range(1, 4):
        observation, reward, terminated, truncated, info = envs.step(np.full(4, step))
    assert truncated.all() and not terminated.any()
    if mode == AutoresetMode.SAME_STEP:
        assert observation["time"].max() == 0 and info["_final_obs"].all()
        assert (info["final_obs"]["time"] == 3).all()
    elif mode == AutoresetMode.NEXT_STEP:
        observation, reward, terminated, truncated, info = envs.step(np.full(4, 5))
        assert observation["time"].max() == 0 and not truncated.any() and not reward.any()
    else:
        with pytest.raises(ValueError, match="to be reset"):
            envs.step(np.zeros(4, int))
        done = np.array([True, True, False, True])
        observation, _ = envs.reset(options={"reset_mask": done})
        assert observation["time"][:, 0].tolist() == [0, 0, 3, 0]


@pytest.mark.parametrize("scope", list(MemoryScope))
def test_r18_who_forgets_at_a_reset(scope, small_movies, few_people):
    env = RecommenderEnv(small_world(small_movies, few_people, memory=scope, ending=NeverEnds()))
    env.reset(seed=0, options={"user": 3})
    env.step(10)
    env.reset(options={"user": 4})
    assert env.session.memory.interactions(0) == []
    env.step(11)
    env.reset(options={"user": 3})
    kept = [event.item for event in env.session.memory.interactions(0)]
    assert kept == ([10] if scope == MemoryScope.USER else [])
    assert env.action_masks()[10] == (scope != MemoryScope.USER)


def test_keep_memory_overrides_the_scope(small_movies, few_people):
    env = RecommenderEnv(small_world(small_movies, few_people))
    env.reset(seed=0, options={"user": 3})
    env.step(10)
    env.reset(options={"user": 3, "keep_memory": True})
    assert [event.item for event in env.session.memory.interactions(0)] == [10]


def test_r19_terminated_is_the_person_and_truncated_is_the_limit(small_movies, few_people):
    cut = RecommenderEnv(small_world(small_movies, few_people, max_steps=2, ending=NeverEnds()))
    cut.reset(seed=0)
    assert [cut.step(k)[2:4] for k in range(2)] == [(False, False), (False, True)]
    gone = RecommenderEnv(small_world(small_movies, few_people, ending=Leave(probability=1.0)))
    gone.reset(seed=0)
    _, _, terminated, truncated, info = gone.step(0)
    assert (terminated, truncated, info["left"]) == (True, False, True)
    assert info["return_gap"] >= 1


class Counting(AbstractFormula):
    """Counts how often it is asked."""

    identity = "counting"

    def __init__(self):
        self.asked = 0

    def react(self, queries):
        self.asked += len(queries)
        return Reactions.exact(np.full((len(queries), queries.scale.num_levels), 0.1))


@pytest.mark.parametrize("mode", [None, "human", "ansi", "csv", "html"])
def test_r20_nothing_is_asked_before_the_first_step(mode, small_movies, few_people, capsys):
    rater = Counting()
    env = RecommenderEnv(small_world(small_movies, few_people, rater=rater), render_mode=mode)
    env.reset(seed=0)
    env.render()
    assert rater.asked == 0 and env.render_mode == mode
    env.step(0)
    assert rater.asked == 1
    shown = env.render()
    if mode == "human":
        assert small_movies[0].title in capsys.readouterr().out
    elif mode:
        assert small_movies[0].title.split("'")[0] in shown
    assert rater.asked == 1


def test_unknown_render_mode_is_refused(small_movies, few_people):
    with pytest.raises(ValueError, match="render mode"):
        RecommenderEnv(small_world(small_movies, few_people), render_mode="sixel")


def test_r21_two_environments_have_the_same_people():
    a, b = (gymnasium.make("incentax/Movies-v0").unwrapped for _ in range(2))
    assert [u.id for u in a.world.people] == [u.id for u in b.world.people]
    assert a.reset(seed=4)[1] == b.reset(seed=4)[1]


def test_r24_logs_name_action_index_and_item_id(small_movies, few_people):
    env = RecommenderEnv(
        small_world(small_movies, few_people, ending=NeverEnds()), render_mode="csv"
    )
    env.reset(seed=0)
    for action in (5, 9):
        env.step(action)
    lines = to_csv(env.history).splitlines()
    head = lines[0].split(",")
    for line, action in zip(lines[1:], (5, 9), strict=True):
        row = dict(zip(head, line.split(","), strict=False))
        assert row["action"] == str(action) and row["item_id"] == small_movies[action].id


def test_bad_settings_say_what_to_try(small_movies, few_people):
    with pytest.raises(ValueError, match="choice model for a slate"):
        small_world(small_movies, few_people, slate=3)
    with pytest.raises(ValueError, match="slate of 1 to 120"):
        small_world(small_movies, few_people, slate=121, choice=Independent())
    with pytest.raises(ValueError, match="fields of a World"):
        make_world("movies", temperature=3)
    with pytest.raises(ValueError, match="retrieval among none, last_3"):
        make_world("movies", retrieval="last3")
    with pytest.raises(ValueError, match="domains movies, books"):
        make_world("songs")
    env = RecommenderEnv(small_world(small_movies, few_people))
    with pytest.raises(ValueError, match="user id or an index"):
        env.reset(options={"user": 10_000})
    env.reset(seed=0)
    with pytest.raises(ValueError, match="in 0..119"):
        env.step(120)
