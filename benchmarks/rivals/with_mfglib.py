"""MFGLib's side, run as a script in an environment that has it: JSON in, JSON out."""

import json
import sys
import time
from statistics import median

import torch
from mfglib.alg import OnlineMirrorDescent
from mfglib.env import Environment
from mfglib.scoring import exploitability_score


def environment(case):
    return getattr(Environment, case["game"])(**case["options"])


def uniform(env):
    num_actions = 1
    for size in env.A:
        num_actions *= size
    return torch.full((env.T + 1, *env.S, *env.A), 1 / num_actions)


def seconds(function, runs):
    function()
    found = []
    for _ in range(runs):
        began = time.perf_counter()
        function()
        found.append(time.perf_counter() - began)
    return median(found)


def stepped(algorithm, state, runs):
    """Seconds of each step of a chain after the first, and the state it ends in."""
    found = []
    for _ in range(runs + 1):
        began = time.perf_counter()
        state = algorithm.step_next_state(state, None, None)
        found.append(time.perf_counter() - began)
    return found[1:], state


def measure(case, step_size, runs):
    """Times in single precision, MFGLib's own; values in double; policies of both, to compare."""
    torch.set_default_dtype(torch.float32)
    algorithm, env = OnlineMirrorDescent(alpha=step_size), environment(case)
    start = algorithm.init_state(env, uniform(env))
    steps, state = stepped(algorithm, start, runs)
    times = {
        "steps": steps,
        "exploitability": seconds(lambda: exploitability_score(env, start.pi), runs),
        "timed policy": state.pi.flatten().tolist(),
    }
    torch.set_default_dtype(torch.float64)
    env = environment(case)
    state = algorithm.init_state(env, uniform(env))
    before = float(exploitability_score(env, state.pi))
    for _ in range(case["updates"]):
        state = algorithm.step_next_state(state, None, None)
    return times | {
        "before": before,
        "after": float(exploitability_score(env, state.pi)),
        "policy": state.pi.flatten().tolist(),
        "path": attraction(env),
    }


def attraction(env):
    """Where the attraction of crowd_motion is in each round, which MFGLib draws itself."""
    rewards = getattr(env.reward_fn, "c1s", None)
    if rewards is None:
        return None
    return [divmod(int(table[..., 0].argmax()), env.S[1]) for table in rewards]


def main():
    order = json.load(sys.stdin)
    print(json.dumps(measure(order["case"], order["step_size"], order["runs"])))


if __name__ == "__main__":
    main()
