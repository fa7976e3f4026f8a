"""Share of a server's own batch throughput that 64 environments keep.

`python benchmarks/users_throughput.py` builds a small random transformer, serves it on loopback
from a process of its own, measures how many ratings a second that server gives to a client that
only sends requests, and then how many environments steps a second go through the whole library.
"""

import argparse
import multiprocessing
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


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
        while pipe.recv() != "stop":
            pipe.send((server.scored, server.seconds))


def main() -> None:
    from incentax.users import RecommenderVectorEnv, make_world
    from incentax.users.backends import HttpModel, LanguageUsers
    from tests.users.tiny import build

    parser = argparse.ArgumentParser()
    parser.add_argument("--envs", type=int, default=64)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=4)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder) / "m", width=given.width, layers=given.layers)
        spawn = multiprocessing.get_context("spawn")
        here, there = spawn.Pipe()
        worker = spawn.Process(target=serve, args=(f"{folder}/m", there, given.envs))
        worker.start()
        url = here.recv()
        model = HttpModel(url, "tiny", concurrency=given.envs, top=300)
        rater = LanguageUsers(model, "movies-compact", min_mass=0.0)
        envs = RecommenderVectorEnv(make_world("movies", rater=rater), given.envs)
        envs.reset(seed=0)
        actions = np.random.default_rng(0).integers(1500, size=(given.steps + 1, given.envs))
        envs.step(actions[0])  # opens the connections
        here.send("count")
        scored, seconds = here.recv()
        start = time.perf_counter()
        for action in actions[1:]:
            envs.step(action)
        wall = time.perf_counter() - start
        here.send("count")
        after = here.recv()
        here.send("stop")
        model.close()
        worker.join()
    asked, busy = after[0] - scored, after[1] - seconds
    own, kept = asked / busy, asked / wall
    print(f"server's own batch throughput  {own:8.1f} ratings/s ({asked} in {busy:.2f} s of work)")
    print(f"through {given.envs} environments        {kept:8.1f} ratings/s")
    print(f"kept                           {kept / own:8.1%}   target >= 90 %")


if __name__ == "__main__":
    main()
