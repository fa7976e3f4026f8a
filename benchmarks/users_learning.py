"""Learners against the floors on both worlds: `python -m benchmarks.users_learning`.

Five seeds each; the interval is of the paired difference in mean reward per recommendation, over
seeds and people. The oracle, who knows the people, bounds what can be learnt.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from incentax.users import make_world
from incentax.users.compare import make_recommender
from incentax.users.evaluate import score, sweep
from incentax.users.learning import train
from incentax.users.metrics import interval

FLOORS = ("random", "popular", "mean-vote", "als", "linucb", "oracle")


def rewards(recommender, world, num_seeds: int) -> np.ndarray:
    made = [
        make_recommender(recommender, world, seed)
        if isinstance(recommender, str)
        else recommender[seed]
        for seed in range(num_seeds)
    ]
    return np.stack(
        [score(sweep(who, world, seed=seed), world).reward for seed, who in enumerate(made)]
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--algorithms", default="ppo")
    parser.add_argument("--steps", type=int, default=40_000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    steps, seeds = (8000, 2) if given.quick else (given.steps, given.seeds)
    rows = []
    for domain in ("movies", "books"):
        world = make_world(domain)
        table = {name: rewards(name, world, seeds) for name in FLOORS}
        for algorithm in given.algorithms.split(","):
            start = time.perf_counter()
            runs = [train(world, algorithm, num_steps=steps, seed=seed) for seed in range(seeds)]
            seconds = (time.perf_counter() - start) / seeds
            table[algorithm] = rewards(runs, world, seeds)
            for floor in ("random", "popular"):
                mean, low, high = interval(table[algorithm] - table[floor])
                verdict = "beats" if low > 0 else "does not beat"
                print(
                    f"{domain}: {algorithm} {verdict} {floor} by {mean:.3f} [{low:.3f}, {high:.3f}]"
                    f" ({seeds} seeds, {steps} steps, {seconds:.0f} s each)",
                    flush=True,
                )
            mean, low, high = interval(table["oracle"] - table[algorithm])
            print(f"{domain}: oracle is above {algorithm} by {mean:.3f} [{low:.3f}, {high:.3f}]")
        for name, values in table.items():
            mean, low, high = interval(values)
            rows.append(
                {"domain": domain, "recommender": name, "mean": mean, "low": low, "high": high}
            )
            print(f"  {domain:7s} {name:10s} {mean:.3f} [{low:.3f}, {high:.3f}]")
    if given.out:
        given.out.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
