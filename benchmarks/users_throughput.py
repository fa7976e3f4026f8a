"""Share of a server's own batch throughput that 64 environments keep.

`python -m benchmarks.users_throughput` builds a small random transformer, serves it on loopback
from a process of its own, measures how many ratings a second that server gives to a client that
does nothing but send requests, and then how many go through 64 environments stepped together.
With `--paced 40` the server answers at the pace of a model of 8 B parameters on one accelerator,
leaving the processor free as an accelerator does.
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def serve_paced(pipe, batch: int, per_second: float) -> None:
    from incentax.users.backends.loopback import LoopbackServer

    table = {str(k): 0.1 for k in range(10)}

    def scorer(bodies):
        # An accelerator works while the processor is free: waiting is what it looks like from here.
        time.sleep(len(bodies) / per_second)
        return [table] * len(bodies)

    with LoopbackServer(scorer, batch_size=batch) as server:
        pipe.send(server.url)
        pipe.recv()


def serve(folder: str, pipe, batch: int) -> None:
    import torch

    from incentax.users.backends import HuggingFaceModel
    from incentax.users.backends.loopback import LoopbackServer
    from incentax.users.prompts import Message, Prompt
    from incentax.users.scales import SCALES

    torch.set_num_threads(1)
    model = HuggingFaceModel(folder)
    spelt = [model.spelling(k) for k in range(258)]

    def scorer(bodies):
        texts = []
        for body in bodies:
            *turns, last = (Message(m["role"], m["content"]) for m in body["messages"])
            texts.append(model.text(Prompt(tuple(turns), last.content, SCALES["zero_nine"])))
        rows, _ = model.token_probabilities(texts)
        return [dict(zip(spelt, row.tolist(), strict=True)) for row in rows]

    with LoopbackServer(scorer, batch_size=batch) as server:
        pipe.send(server.url)
        pipe.recv()


def main() -> None:
    from incentax.users import RecommenderVectorEnv, ask, make_world
    from incentax.users.backends import Cache, HttpModel, LanguageUsers
    from incentax.users.prompts import find_template, render
    from tests.users.tiny import build

    parser = argparse.ArgumentParser()
    parser.add_argument("--envs", type=int, default=64)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument(
        "--paced", type=float, default=0.0, help="an accelerator of so many ratings/s instead"
    )
    given = parser.parse_args()
    num = given.envs * given.steps
    with tempfile.TemporaryDirectory() as folder:
        spawn = multiprocessing.get_context("spawn")
        here, there = spawn.Pipe()
        if given.paced:
            worker = spawn.Process(target=serve_paced, args=(there, given.envs, given.paced))
        else:
            build(Path(folder) / "m", width=given.width, layers=given.layers)
            worker = spawn.Process(target=serve, args=(f"{folder}/m", there, given.envs))
        worker.start()
        model = HttpModel(here.recv(), "tiny", concurrency=given.envs, top=300)
        # A cache on disk, as a run that pays for its answers has one.
        cache = Cache(Path(folder) / "answers.db")
        rater = LanguageUsers(model, "movies-compact", cache=cache, min_mass=0.0)
        world = make_world("movies", rater=rater, retrieval="none")
        rng = np.random.default_rng(0)
        template = find_template("movies-compact")
        bare = ask(
            world.people,
            world.catalogue,
            rng.integers(600, size=num + given.envs),
            rng.integers(750, size=num + given.envs),
        )
        prompts = [render(query, template) for query in bare]
        model.score(prompts[: given.envs], lambda k, a: None)  # opens the connections
        start = time.perf_counter()
        model.score(prompts[given.envs :], lambda k, a: None)
        own = num / (time.perf_counter() - start)
        envs = RecommenderVectorEnv(world, given.envs)
        envs.reset(seed=0)
        # Items the bare client did not ask about, so that nothing is known beforehand.
        actions = rng.integers(750, 1500, size=(given.steps, given.envs))
        start = time.perf_counter()
        for action in actions:
            envs.step(action)
        kept = rater.usage.calls / (time.perf_counter() - start)
        here.send("stop")
        rater.close()
        worker.join()
    print(" ".join(["python -m benchmarks.users_throughput", *sys.argv[1:]]))
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end")
    print(f"server with full batches, bare client  {own:8.1f} ratings/s")
    print(f"through {given.envs} environments                {kept:8.1f} ratings/s")
    print(f"kept                                   {kept / own:8.1%}   target >= 90 %")


if __name__ == "__main__":
    main()
