"""The environments: checkers, determinism, and the regressions of the published system."""

import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode

import incentax.users  # noqa: F401  (registers the ids)
from incentax.users.choice import Independent, MultinomialLogit
from incentax.users.dynamics import Dynamics
from incentax.users.ending import Leave, NeverEnds
from incentax.users.envs import RecommenderEnv
from incentax.users.log import to_csv
from incentax.users.memory import MemoryScope
from incentax.users.observe import Features, SuberRaw
from incentax.users.perturbation import Gaussian
from incentax.users.query import AbstractFormula, Reactions
from incentax.users.reading import Expected
from incentax.users.registration import PRESETS, make_world
from incentax.users.rule import RuleUsers
from incentax.users.shaping import ExponentialDecay, RandomWatch
from incentax.users.vector import RecommenderVectorEnv
from incentax.users.world import Reward, World

IDS = sorted(PRESETS)


def _world(small_movies, few_people, **changes):
    rater = changes.pop("rater", RuleUsers.fitted(small_movies, few_people, pairs=2000))
    return World(small_movies, few_people, rater, **changes)


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
    world = _world(small_movies, few_people, max_steps=3, ending=NeverEnds())
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


def test_r17_observations_keep_fractional_ratings(small_movies, few_people):
    world = _world(small_movies, few_people, reading=Expected(), perturbation=Gaussian())
    env = RecommenderEnv(world, observation=Features(item_ratings=True))
    env.reset(seed=0)
    observation, _, _, _, info = env.step(4)
    assert observation["item_ratings"][4] == np.float32(info["rating"])
    assert observation["history_ratings"][0] == np.float32(info["rating"])
    assert info["rating"] != round(info["rating"])
    assert observation["seen"].sum() == 1 and observation["seen"][4] == 1


def test_perturbed_is_remembered_raw_is_reported_and_reward_is_shaped(small_movies, few_people):
    world = _world(
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


@pytest.mark.parametrize("scope", list(MemoryScope))
def test_r18_who_forgets_at_a_reset(scope, small_movies, few_people):
    env = RecommenderEnv(_world(small_movies, few_people, memory=scope, ending=NeverEnds()))
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
    env = RecommenderEnv(_world(small_movies, few_people))
    env.reset(seed=0, options={"user": 3})
    env.step(10)
    env.reset(options={"user": 3, "keep_memory": True})
    assert [event.item for event in env.session.memory.interactions(0)] == [10]


def test_r19_terminated_is_the_person_and_truncated_is_the_limit(small_movies, few_people):
    cut = RecommenderEnv(_world(small_movies, few_people, max_steps=2, ending=NeverEnds()))
    cut.reset(seed=0)
    assert [cut.step(k)[2:4] for k in range(2)] == [(False, False), (False, True)]
    gone = RecommenderEnv(_world(small_movies, few_people, ending=Leave(probability=1.0)))
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
    env = RecommenderEnv(_world(small_movies, few_people, rater=rater), render_mode=mode)
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
        RecommenderEnv(_world(small_movies, few_people), render_mode="sixel")


def test_r21_two_environments_have_the_same_people():
    a, b = (gymnasium.make("incentax/Movies-v0").unwrapped for _ in range(2))
    assert [u.id for u in a.world.people] == [u.id for u in b.world.people]
    assert a.reset(seed=4)[1] == b.reset(seed=4)[1]


def test_r24_logs_name_action_index_and_item_id(small_movies, few_people):
    env = RecommenderEnv(_world(small_movies, few_people, ending=NeverEnds()), render_mode="csv")
    env.reset(seed=0)
    for action in (5, 9):
        env.step(action)
    lines = to_csv(env.history).splitlines()
    head = lines[0].split(",")
    for line, action in zip(lines[1:], (5, 9), strict=True):
        row = dict(zip(head, line.split(","), strict=False))
        assert row["action"] == str(action) and row["item_id"] == small_movies[action].id


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
    env = RecommenderEnv(_world(small_movies, few_people, rater=Voiding(7), ending=NeverEnds()))
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
    world = _world(
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
    world = _world(
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
        _world(small_movies, few_people, shaping=ExponentialDecay())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _world(small_movies, few_people, shaping=ExponentialDecay(), allow_repeats=True)


def test_candidates_are_distinct_and_decoded(small_movies, few_people):
    world = _world(small_movies, few_people, candidates=12, ending=NeverEnds())
    env = RecommenderEnv(world)
    observation, _ = env.reset(seed=0)
    assert env.action_space.n == 12
    for _ in range(20):
        offered = observation["candidates"]
        assert len(set(offered.tolist())) == 12
        observation, _, _, _, info = env.step(5)
        assert info["action"] == offered[5]


def test_incentives_move_people_and_cost(small_movies, few_people):
    world = _world(
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
    env = RecommenderEnv(_world(small_movies, few_people, reward=mix, ending=NeverEnds()))
    env.reset(seed=0)
    assert env.step(0)[1] == 3.0


def test_the_published_raw_observation(small_movies, few_people):
    world = _world(small_movies, few_people, ending=NeverEnds())
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
        world = _world(
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


def test_bad_settings_say_what_to_try(small_movies, few_people):
    with pytest.raises(ValueError, match="choice model for a slate"):
        _world(small_movies, few_people, slate=3)
    with pytest.raises(ValueError, match="slate of 1 to 120"):
        _world(small_movies, few_people, slate=121, choice=Independent())
    with pytest.raises(ValueError, match="fields of a World"):
        make_world("movies", temperature=3)
    with pytest.raises(ValueError, match="retrieval among none, last_3"):
        make_world("movies", retrieval="last3")
    with pytest.raises(ValueError, match="domains movies, books"):
        make_world("songs")
    env = RecommenderEnv(_world(small_movies, few_people))
    with pytest.raises(ValueError, match="user id or an index"):
        env.reset(options={"user": 10_000})
    env.reset(seed=0)
    with pytest.raises(ValueError, match="in 0..119"):
        env.step(120)
