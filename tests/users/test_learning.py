"""Learners: masks, void steps, determinism, resume, and that they learn."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sb3_contrib")

from incentax.users.ending import GeometricEnd, NeverEnds  # noqa: E402
from incentax.users.evaluate import score, sweep  # noqa: E402
from incentax.users.learning import ALGORITHMS, PeopleVecEnv, load, train  # noqa: E402
from incentax.users.learning.buffers import VoidAwareRolloutBuffer  # noqa: E402
from incentax.users.learning.train import optimizer_state  # noqa: E402
from incentax.users.metrics import interval  # noqa: E402
from incentax.users.recommenders import MyopicGreedy, Popular, Uniform  # noqa: E402
from incentax.users.rule import RuleUsers  # noqa: E402
from incentax.users.world import World  # noqa: E402

torch.set_num_threads(1)
SMALL = {"ppo": {"n_steps": 8}, "a2c": {}, "trpo": {"n_steps": 8}, "dqn": {"learning_starts": 100}}


@pytest.fixture(scope="module")
def world(small_movies, few_people):
    rater = RuleUsers.fitted(small_movies, few_people, pairs=5000)
    return World(small_movies, few_people, rater)


def test_adapter_tells_leaving_from_being_cut(world):
    for ending, limit, cut in ((GeometricEnd(1.0), 0, False), (NeverEnds(), 1, True)):
        envs = PeopleVecEnv(replace(world, ending=ending, max_steps=limit), 3)
        envs.reset()
        _, _, done, infos = envs.step(np.arange(3))
        assert done.all()
        for k, info in enumerate(infos):
            assert info["TimeLimit.truncated"] is cut
            assert info["terminal_observation"]["time"][0] == 1
            assert info["terminal_observation"]["history_items"][0] == k
        assert envs.env_method("action_masks")[0].all()


@pytest.mark.parametrize("algorithm", list(ALGORITHMS))
def test_r26_masked_items_are_never_shown_in_training_or_after(algorithm, world):
    shown = []
    rater = world.rater

    class Watching(RuleUsers):
        def react(self, queries):
            shown.append((queries.item.copy(), queries.watch_count.copy()))
            return super().react(queries)

    watched = Watching(rater.cuts, rater.mean, rater.spread, rater.weights)
    busy = replace(world, rater=watched, ending=GeometricEnd(0.01))
    trained = train(busy, algorithm, num_steps=1500, num_envs=8, **SMALL[algorithm])
    assert sum(len(item) for item, _ in shown) >= 1500
    repeats = sum(int(count.sum()) for _, count in shown)
    assert repeats == 0, "an item consumed before was recommended again"
    result = sweep(trained, busy, k=100, users=np.arange(5))
    assert all(len(set(row)) == 100 for row in result.item.tolist())


def test_masked_items_have_probability_zero(world):
    trained = train(world, "ppo", num_steps=512, num_envs=8, n_steps=8)
    envs = PeopleVecEnv(replace(world, ending=NeverEnds()), 4)
    observation = envs.reset()
    for _ in range(5):
        observation, *_ = envs.step(np.argmax(observation["action_mask"], 1))
    policy = trained.model.policy
    tensors, _ = policy.obs_to_tensor(observation)
    p = policy.get_distribution(tensors).distribution.probs.detach().numpy()
    assert (observation["action_mask"] == 0).sum() == 20
    assert p[observation["action_mask"] == 0].max() == 0.0
    np.testing.assert_allclose(p.sum(1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("algorithm", ["ppo", "dqn"])
def test_r27_every_policy_parameter_has_an_effect(algorithm, world):
    trained = train(world, algorithm, num_steps=600, num_envs=8, **SMALL[algorithm])
    envs = PeopleVecEnv(world, 8)
    observation = envs.reset()
    for _ in range(3):
        observation, *_ = envs.step(np.argmax(observation["action_mask"], 1))
    policy = trained.model.policy
    tensors, _ = policy.obs_to_tensor(observation)
    if algorithm == "dqn":
        net, outputs = policy.q_net.q_net, lambda: policy.q_net(tensors)
    else:
        net = policy.action_net
        outputs = lambda: policy.get_distribution(tensors).distribution.probs  # noqa: E731
    before = outputs().detach().clone()
    for name, parameter in net.named_parameters():
        with torch.no_grad():
            kept = parameter.clone()
            parameter += 0.5
            changed = (outputs() - before).abs().max()
            parameter.copy_(kept)
        assert changed > 1e-6, name


@pytest.mark.parametrize("algorithm", ["ppo", "dqn"])
def test_training_twice_gives_the_same_bits(algorithm, world):
    weights = [
        train(
            world, algorithm, num_steps=600, num_envs=8, seed=3, **SMALL[algorithm]
        ).model.policy.state_dict()
        for _ in range(2)
    ]
    for a, b in zip(*(w.values() for w in weights), strict=True):
        assert torch.equal(a, b)


def test_checkpoints_resume_and_refuse_to_be_overwritten(world, tmp_path):
    folder = tmp_path / "run"
    first = train(world, "ppo", num_steps=512, num_envs=8, folder=folder, n_steps=8)
    with pytest.raises(ValueError, match="expected a new folder"):
        train(world, "ppo", num_steps=512, num_envs=8, folder=folder)
    again = load(folder, world)
    users = np.arange(10)
    np.testing.assert_array_equal(
        sweep(first, world, users=users).item, sweep(again, world, users=users).item
    )
    more = train(
        world,
        "ppo",
        num_steps=1024,
        num_envs=8,
        folder=folder,
        resume=True,
        n_steps=8,
        tensorboard=True,
    )
    assert more.model.num_timesteps >= 1024 and len(more.curve.steps) >= len(first.curve.steps)
    assert list(folder.glob("events.out.tfevents*"))
    with pytest.raises(ValueError, match="expected a run of dqn"):
        train(world, "dqn", num_steps=2000, folder=folder, resume=True)
    assert not [p for p in folder.iterdir() if p.suffix in (".pkl", ".zip", ".pt")]


@pytest.mark.parametrize("algorithm", list(ALGORITHMS))
def test_resuming_restores_the_optimizer(algorithm, world, tmp_path):
    order = dict(num_steps=400, num_envs=8, folder=tmp_path / "run", **SMALL[algorithm])
    first = train(world, algorithm, **order)
    # No steps are left to make: what is there came from the folder.
    again = train(world, algorithm, resume=True, **order)
    kept, found = optimizer_state(first.model), optimizer_state(again.model)
    assert kept and kept.keys() == found.keys()
    assert any(value.abs().max() > 0 for name, value in kept.items() if "step" not in name)
    for name, value in kept.items():
        assert torch.equal(value, found[name]), name
    on = train(world, algorithm, resume=True, **order | {"num_steps": 800})
    counted = [name for name in kept if name.endswith(".step")]
    moved = optimizer_state(on.model)
    assert counted and all(moved[name] > kept[name] for name in counted)
    (tmp_path / "run" / "optimizer.safetensors").write_bytes(b"")
    with pytest.raises(ValueError, match="expected the optimizer's state .*; train anew"):
        train(world, algorithm, resume=True, **order)
    (tmp_path / "run" / "optimizer.safetensors").unlink()
    with pytest.raises(ValueError, match="expected the optimizer's state .*; train anew"):
        train(world, algorithm, resume=True, **order)


def test_bad_training_requests_are_one_sentence(world, tmp_path, small_movies, few_people):
    with pytest.raises(ValueError, match="expected an algorithm among ppo"):
        train(world, "sarsa")
    from incentax.users.choice import MultinomialLogit

    with pytest.raises(ValueError, match="one item of the catalogue"):
        train(replace(world, slate=3, choice=MultinomialLogit()), "ppo")
    with pytest.raises(ValueError, match="expected a trained learner"):
        load(tmp_path, world)


def test_void_steps_teach_nothing(world):
    """A rollout with void steps gives the advantages of the rollout without them."""
    envs = PeopleVecEnv(world, 1)
    observation = {k: v[:1] for k, v in envs.reset().items()}
    rewards = [1.0, np.nan, 2.0, np.nan, 0.5]
    values = [0.3, 0.7, 0.7, 0.2, 0.2]

    def filled(kept):
        buffer = VoidAwareRolloutBuffer(
            len(kept), envs.observation_space, envs.action_space, gae_lambda=0.9, gamma=0.95
        )
        for place, k in enumerate(kept):
            buffer.add(
                observation,
                np.array([k]),
                np.array([rewards[k]], np.float32),
                np.array([place == 0]),
                torch.tensor([values[k]]),
                torch.tensor([0.0]),
            )
        buffer.compute_returns_and_advantage(torch.tensor([0.4]), np.array([False]))
        return buffer

    full, short = filled(range(5)), filled([0, 2, 4])
    np.testing.assert_allclose(full.advantages[[0, 2, 4]], short.advantages, rtol=1e-6)
    batch = next(full.get())
    assert sorted(batch.actions.flatten().tolist()) == [0, 2, 4]


@pytest.mark.parametrize("algorithm", ["ppo", "a2c", "dqn"])
def test_learners_beat_random_and_popular_on_a_small_world(algorithm, world):
    """The cheap version; benchmarks/users_learning.py has both worlds and five seeds."""
    steps = {"ppo": 8000, "a2c": 8000, "dqn": 3000}[algorithm]
    trained = train(world, algorithm, num_steps=steps, num_envs=32 if algorithm != "dqn" else 8)
    users = np.arange(len(world.people))
    rewards = {
        name: np.stack([score(sweep(w, world, k=5, seed=s), world).reward for s in range(2)])
        for name, w in (
            ("trained", trained),
            ("random", Uniform()),
            ("popular", Popular()),
            ("oracle", MyopicGreedy(world.rater)),
        )
    }
    assert rewards["trained"].shape == (2, len(users))
    for floor in ("random", "popular"):
        _, low, _ = interval(rewards["trained"] - rewards[floor])
        assert low > 0, floor
    assert rewards["oracle"].mean() >= rewards["trained"].mean() - 0.05
