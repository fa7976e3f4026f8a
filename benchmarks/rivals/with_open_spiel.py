"""OpenSpiel's side, run as a script in an environment that has it: JSON in, JSON out."""

import json
import re
import sys
import time
from statistics import median

import pyspiel
from open_spiel.python import policy
from open_spiel.python.mfg import value
from open_spiel.python.mfg.algorithms import mirror_descent, nash_conv


def seconds(function, runs):
    function()
    found = []
    for _ in range(runs):
        began = time.perf_counter()
        function()
        found.append(time.perf_counter() - began)
    return median(found)


def table(game, found):
    """A policy's probabilities as [round][place][action], from a walk through the game."""
    size, horizon = game.get_parameters()["size"], game.get_parameters()["horizon"]
    rows = [[None] * size for _ in range(horizon)]
    ahead, seen = list(game.new_initial_states()), set()
    while ahead:
        state = ahead.pop()
        name = state.observation_string(pyspiel.PlayerId.DEFAULT_PLAYER_ID)
        key = (name, int(state.current_player()))
        if state.is_terminal() or key in seen:
            continue
        seen.add(key)
        if state.current_player() == pyspiel.PlayerId.MEAN_FIELD:
            # Where others are changes rewards, not where moves lead.
            others = state.distribution_support()
            state.update_distribution([1 / len(others)] * len(others))
            ahead.append(state)
            continue
        if state.current_player() == pyspiel.PlayerId.CHANCE:
            ahead += [state.child(action) for action, _ in state.chance_outcomes()]
            continue
        place, now = (int(number) for number in re.findall(r"-?\d+", name)[:2])
        probability = found.action_probabilities(state)
        rows[now][place] = [probability[action] for action in sorted(probability)]
        ahead += [state.child(action) for action in state.legal_actions()]
    return rows


class Settled(mirror_descent.MirrorDescent):
    """OpenSpiel's mirror descent whose policy does not change while a step evaluates it.

    Its own policy reads the sums of values that the step adds to as it goes: from the second step
    on a step's values are those of a policy that is half the old and half the new one.
    """

    def get_projected_policy(self):
        """The policy of a copy of the sums."""
        sums = value.TabularValueFunction(self._game)
        sums._values = self._cumulative_state_value._values.copy()
        players = list(range(self._game.num_players()))
        return mirror_descent.ProjectedPolicy(self._game, players, sums)


def stepped(algorithm, runs):
    """Seconds of each of as many steps as there are runs."""
    found = []
    for _ in range(runs):
        began = time.perf_counter()
        algorithm.iteration()
        found.append(time.perf_counter() - began)
    return found


def main():
    order = json.load(sys.stdin)
    game = pyspiel.load_game(
        "mfg_crowd_modelling", {"size": order["size"], "horizon": order["horizon"]}
    )
    uniform = policy.UniformRandomPolicy(game)
    timed = mirror_descent.MirrorDescent(game, lr=order["step_size"])
    timed.iteration()
    record = {
        "first policy": table(game, timed.get_policy()),
        "steps": stepped(timed, order["runs"]),
        "timed policy": table(game, timed.get_policy()),
        "exploitability": seconds(
            lambda: nash_conv.NashConv(game, uniform).nash_conv(), order["runs"]
        ),
        "before": nash_conv.NashConv(game, uniform).nash_conv(),
    }
    settled = Settled(game, lr=order["step_size"])
    for _ in range(order["runs"] + 1):
        settled.iteration()
    record |= {
        "after": nash_conv.NashConv(game, settled.get_policy()).nash_conv(),
        "policy": table(game, settled.get_policy()),
    }
    print(json.dumps(record))


if __name__ == "__main__":
    main()
