"""OpenSpiel's side, run as a script in an environment that has it: JSON in, JSON out."""

import json
import sys
import time
from statistics import median

import pyspiel
from open_spiel.python import policy
from open_spiel.python.mfg.algorithms import mirror_descent, nash_conv


def seconds(function, runs):
    function()
    found = []
    for _ in range(runs):
        began = time.perf_counter()
        function()
        found.append(time.perf_counter() - began)
    return median(found)


def main():
    order = json.load(sys.stdin)
    game = pyspiel.load_game(
        "mfg_crowd_modelling", {"size": order["size"], "horizon": order["horizon"]}
    )
    uniform = policy.UniformRandomPolicy(game)
    algorithm = mirror_descent.MirrorDescent(game, lr=0.1)
    record = {
        "step": seconds(algorithm.iteration, order["runs"]),
        "exploitability": seconds(
            lambda: nash_conv.NashConv(game, uniform).nash_conv(), order["runs"]
        ),
        "before": nash_conv.NashConv(game, uniform).nash_conv(),
    }
    print(json.dumps(record))


if __name__ == "__main__":
    main()
