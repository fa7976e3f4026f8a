"""Traffic assignment against closed forms, its own duals, and a convex program."""

import numpy as np
import pytest
from scipy.optimize import linprog

from incentax.games.smooth import Network, assign, braess, pigou

from .roads import grid


def test_pigou():
    network, demand = pigou()
    equilibrium, optimum = assign(network, demand), assign(network.marginal(), demand)
    np.testing.assert_allclose(equilibrium.flow, [1, 0], atol=1e-8)
    np.testing.assert_allclose(optimum.flow, [0.5, 0.5], atol=1e-8)
    assert network.total_time(equilibrium.flow) == pytest.approx(1, abs=1e-12)
    assert network.total_time(optimum.flow) == pytest.approx(0.75, abs=1e-12)


def test_braess_and_its_degenerate_bridge():
    network, demand = braess()
    equilibrium, optimum = assign(network, demand), assign(network.marginal(), demand)
    np.testing.assert_allclose(equilibrium.flow, [1, 0, 0, 1, 1], atol=1e-8)
    np.testing.assert_allclose(optimum.flow, [0.5, 0.5, 0.5, 0.5, 0], atol=1e-8)
    np.testing.assert_allclose(network.marginal_toll(optimum.flow), [0.5, 0, 0, 0.5, 0], atol=1e-8)
    tolled = assign(network, demand, toll=network.marginal_toll(optimum.flow))
    np.testing.assert_allclose(tolled.flow, optimum.flow, atol=1e-8)


def test_a_grid_of_528_pairs_to_machine_like_gaps():
    network, demand = grid()
    assert (network.num_nodes, network.num_links, len(demand)) == (24, 76, 528)
    equilibrium = assign(network, demand, tolerance=1e-11)
    optimum = assign(network.marginal(), demand, tolerance=1e-11)
    assert max(equilibrium.relative_gap, optimum.relative_gap) <= 1e-11
    assert network.beckmann(equilibrium.flow) < network.beckmann(optimum.flow)
    assert network.total_time(optimum.flow) < network.total_time(equilibrium.flow)
    tolled = assign(network, demand, toll=network.marginal_toll(optimum.flow), tolerance=1e-11)
    ratio = network.total_time(tolled.flow) / network.total_time(optimum.flow)
    assert ratio == pytest.approx(1, abs=1e-9)
    np.testing.assert_allclose(tolled.flow, optimum.flow, atol=1e-3)
    # Nobody can do better: all-or-nothing at these costs, by linear programming per pair.
    cost, incidence = network.latency(equilibrium.flow), network.incidence()
    spent, least = equilibrium.flow @ cost, 0.0
    for (origin, destination), volume in list(demand.items())[:40]:
        balance = np.zeros(network.num_nodes)
        balance[origin], balance[destination] = 1, -1
        program = linprog(cost, A_eq=incidence, b_eq=balance, bounds=(0, None))
        used = [
            sum(cost[link] for link in path)
            for path, flow in equilibrium.paths[origin, destination].items()
            if flow > 1e-6 * volume
        ]
        np.testing.assert_allclose(used, program.fun, rtol=1e-6)
        least += volume * program.fun
    assert least < spent


def test_flow_is_conserved_and_nonnegative():
    network, demand = grid(3, 4, 60, seed=2)
    flow = assign(network, demand).flow
    assert flow.min() >= 0
    balance = np.zeros(network.num_nodes)
    for (origin, destination), volume in demand.items():
        balance[origin] += volume
        balance[destination] -= volume
    np.testing.assert_allclose(network.incidence() @ flow, balance, rtol=1e-10, atol=1e-8)


def test_tolls_that_are_potential_differences_change_nothing():
    network, demand = grid(3, 4, 60, seed=1)
    potential = np.random.default_rng(0).uniform(-50, 50, network.num_nodes)
    toll = potential[network.tail] - potential[network.head]
    plain, tolled = assign(network, demand), assign(network, demand, toll=toll)
    np.testing.assert_allclose(plain.flow, tolled.flow, atol=0.05)


def test_a_warm_start_ends_where_a_cold_one_does():
    network, demand = grid(3, 4, 60, seed=1)
    toll = 0.3 * network.constant
    start = assign(network, demand)
    cold = assign(network, demand, toll=toll, tolerance=1e-12)
    warm = assign(network, demand, toll=toll, start=start, tolerance=1e-12)
    np.testing.assert_allclose(cold.flow, warm.flow, atol=1e-2)
    assert warm.num_sweeps < cold.num_sweeps


def test_zones_carry_no_through_traffic():
    tail, head = np.array([0, 1, 0, 3]), np.array([1, 2, 3, 2])
    network = Network(4, tail, head, np.array([1.0, 1, 5, 5]), np.zeros(4), np.ones(4))
    assert assign(network, {(0, 2): 1.0}).flow.tolist() == [1, 1, 0, 0]
    closed = Network(4, tail, head, network.constant, network.factor, network.power, 3)
    assert assign(closed, {(0, 2): 1.0}).flow.tolist() == [0, 0, 1, 1]


BAD = {
    "disconnected": (lambda n, d: assign(n, {(1, 0): 1.0}), "no .*|got none from 2 to 1"),
    "negative demand": (lambda n, d: assign(n, {(0, 1): -1.0}), "demand >= 0 from 1 to 2"),
    "no demand": (lambda n, d: assign(n, {(0, 0): 1.0}), "some demand"),
    "unknown zone": (lambda n, d: assign(n, {(0, 7): 1.0}), "nodes 1..2"),
    "toll shape": (lambda n, d: assign(n, d, toll=np.zeros(3)), "each of 2 links"),
    "toll NaN": (lambda n, d: assign(n, d, toll=np.array([0, np.nan])), "finite toll"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_assigned_is_refused(name):
    action, sentence = BAD[name]
    with pytest.raises(ValueError, match=sentence) as error:
        action(*pigou())
    assert "\n" not in str(error.value)


def test_a_round_trip_that_pays_is_refused():
    there_and_back = np.array([0, 1]), np.array([1, 0])
    network = Network(2, *there_and_back, np.ones(2), np.zeros(2), np.ones(2))
    with pytest.raises(ValueError, match="round trip"):
        assign(network, {(0, 1): 1.0}, toll=np.array([-3.0, 0.0]))


@pytest.mark.parametrize("field", ["capacity", "free_flow_time", "coefficient", "power"])
def test_links_that_make_no_sense_are_refused(field):
    numbers = {
        "capacity": np.ones(2),
        "free_flow_time": np.ones(2),
        "coefficient": np.ones(2),
        "power": np.ones(2),
    }
    numbers[field] = np.array([1.0, -1.0])
    with pytest.raises(ValueError, match="on link 2"):
        Network.bpr(2, np.array([0, 0]), np.array([1, 1]), **numbers)


def test_constant_links_of_power_zero():
    network = Network.bpr(
        2,
        np.array([0, 0]),
        np.array([1, 1]),
        capacity=np.ones(2),
        free_flow_time=np.array([1.0, 2.0]),
        coefficient=np.array([0.5, 0.0]),
        power=np.array([0.0, 4.0]),
    )
    np.testing.assert_allclose(network.latency(np.array([3.0, 3.0])), [1.5, 2.0])
    assert assign(network, {(0, 1): 2.0}).flow.tolist() == [2, 0]
