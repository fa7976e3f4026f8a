"""How fast simulated people answer: `python -m benchmarks.users_speed`.

Prints one line per figure, with the target it is held against.
"""

import os
import platform
import tempfile
import time
from pathlib import Path

import numpy as np

from incentax.users import Catalogue, RecommenderEnv, RecommenderVectorEnv, make_world
from incentax.users.backends import LanguageUsers, ReplayModel, distil
from incentax.users.backends.model import AbstractRatingModel, Answer
from incentax.users.catalogue import load_catalogue
from incentax.users.memory import Memory
from incentax.users.query import ask
from incentax.users.records import Movie
from incentax.users.retrieval import RETRIEVALS


def steps_per_second(world, num_envs: int, num_steps: int) -> float:
    envs = RecommenderVectorEnv(world, num_envs)
    envs.reset(seed=0)
    rng = np.random.default_rng(0)
    actions = rng.integers(len(world.catalogue), size=(num_steps + 30, num_envs, world.slate))
    actions = actions[..., 0] if world.slate == 1 else actions
    for action in actions[:30]:
        envs.step(action)
    start = time.perf_counter()
    for action in actions[30:]:
        envs.step(action)
    return num_steps * num_envs / (time.perf_counter() - start)


def show(name: str, value: float, target: str) -> None:
    print(f"{name:58s} {value:12,.2f}   target {target}", flush=True)


class Fixed(AbstractRatingModel):
    """Answers at once, to fill a recording."""

    identity = "fixed"

    def score(self, prompts, arrived):
        """The same answer for everything."""
        answer = Answer((0.1,) * 10)
        for k in range(len(prompts)):
            arrived(k, answer)
        return [answer] * len(prompts)


def replayed(num_envs: int = 256, num_steps: int = 60) -> float:
    rater = LanguageUsers(Fixed(), "movies-compact")
    world = make_world("movies", rater=rater)
    rng = np.random.default_rng(0)
    actions = rng.integers(1500, size=(num_steps, num_envs))

    def play(who) -> float:
        envs = RecommenderVectorEnv(make_world("movies", rater=who), num_envs)
        envs.reset(seed=0)
        start = time.perf_counter()
        for action in actions:
            envs.step(action)
        return num_steps * num_envs / (time.perf_counter() - start)

    play(world.rater)
    replay = LanguageUsers(ReplayModel("fixed"), "movies-compact", cache=rater.cache)
    return play(replay)


def retrieval(remembered: int) -> dict[str, float]:
    catalogue = make_world("movies").catalogue
    memory = Memory(1)
    for k in range(remembered):
        memory.consume([0], item=[k], rating=[5.0], raw=[5.0], step=[k])
    past, item, now = memory.remembered(np.array([0])), np.array([900]), memory.clock + 1
    times = {}
    for name, how in RETRIEVALS.items():
        how.select(past, item, catalogue, now)
        start = time.perf_counter()
        for _ in range(200):
            how.select(past, item, catalogue, now)
        times[name] = (time.perf_counter() - start) / 200 * 1e3
    return times


def loading() -> float:
    rng = np.random.default_rng(0)
    text = " ".join(["word"] * 48)
    items = [Movie(f"m{k}", f"Film {k}", text, 2000, ("drama",)) for k in range(9617)]
    vectors = rng.standard_normal((9617, 768)).astype(np.float16)
    with tempfile.TemporaryDirectory() as folder:
        Catalogue(items, "movies", embedding=vectors).save(Path(folder) / "large")
        start = time.perf_counter()
        load_catalogue(Path(folder) / "large", "movies")
        return time.perf_counter() - start


def main() -> None:
    print("python -m benchmarks.users_speed")
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at first, "
        f"one process, Python {platform.python_version()}, NumPy {np.__version__}\n"
    )
    for domain in ("movies", "books"):
        for num_envs in (64, 256, 1024):
            speed = steps_per_second(make_world(domain), num_envs, 200)
            show(f"rule-based {domain}, {num_envs} people, steps/s", speed, ">= 50,000")
    slate = make_world("movies", slate=5, choice="mnl")
    show(
        "rule-based movies, slates of 5, 256 people, steps/s", steps_per_second(slate, 256, 60), "-"
    )
    world = make_world("movies")
    rng = np.random.default_rng(0)
    asked = [
        ask(
            world.people,
            world.catalogue,
            rng.integers(600, size=20_000),
            rng.integers(1500, size=20_000),
        )
    ]
    surrogate = distil(world.rater, asked)
    speed = steps_per_second(make_world("movies", rater=surrogate), 256, 200)
    show("surrogate, 256 people, steps/s", speed, ">= 10,000")
    show("replayed language model, 256 people, steps/s", replayed(), ">= 20,000")
    env = RecommenderEnv(world)
    env.reset(seed=0)
    start = time.perf_counter()
    for k in range(500):
        if any(env.step(k)[2:4]):
            env.reset()
    show("one person, ms per step", (time.perf_counter() - start) / 500 * 1e3, "<= 1")
    for count, target in ((40, "<= 0.1"), (400, "<= 0.2")):
        for name, milliseconds in retrieval(count).items():
            show(f"retrieval {name} at {count} remembered, ms", milliseconds, target)
    show("loading 9,617 items with 768-d vectors, s", loading(), "< 0.3")


if __name__ == "__main__":
    main()
