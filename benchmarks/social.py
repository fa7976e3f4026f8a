"""The social gradient at scale: 100 000 agents, and a network of 24 nodes and 528 pairs.

python -m benchmarks.social
"""

import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

import incentax as ix
from incentax.games.smooth import EnergyDemand, Network, RoutingPopulation, TravelTime, assign

from .machine import no_options, publish

REPEATS = 20


def crowd(num_agents: int = 100_000, steps: int = 20) -> dict[str, float]:
    """One planner step with `steps` gradient-play steps of every agent, compiled."""
    instance = EnergyDemand.spread(num_agents, target=1.2 * num_agents, weight=1 / num_agents)
    population = ix.LearningPopulation(instance.game(), ix.GradientPlay(0.3), steps)
    rule, optimizer = ix.SocialGradient(), optax.sgd(0.5)
    price, key = ix.Price(jnp.zeros((num_agents, 1))), jax.random.key(0)
    state, gains = population.init(price, key=key), optimizer.init(price)

    # The game is an argument: as a constant of the program it would cost several times as much.
    @eqx.filter_jit
    def step(population, price, state, gains):
        exchange = rule.exchange(population, instance.objective, price, state, key=key)
        updates, gains = optimizer.update(exchange.gradient, gains)
        return optax.apply_updates(price, updates), exchange.state, gains, exchange.value

    price, state, gains, value = jax.block_until_ready(step(population, price, state, gains))
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        price, state, gains, value = jax.block_until_ready(step(population, price, state, gains))
        times.append(time.perf_counter() - began)
    best = instance.optimal_price().value
    error = float(jnp.max(jnp.abs(price.value - best)))
    return {
        "case": f"{num_agents} agents, {steps} steps each",
        "milliseconds a planner step, median": 1e3 * float(np.median(times)),
        "error of the price after 21": error,
    }


def roads(rows: int, columns: int, pairs: int) -> dict[str, float]:
    """Both assignments, and tolls from zero to the system optimum, on a random grid."""
    network, demand = grid(rows, columns, pairs)
    began = time.perf_counter()
    equilibrium = assign(network, demand, tolerance=1e-8)
    assigned = time.perf_counter() - began
    optimum = network.total_time(assign(network.marginal(), demand, tolerance=1e-12).flow)
    objective = TravelTime.of(network)
    began = time.perf_counter()
    result = ix.design(
        RoutingPopulation(network, demand),
        ix.Price(jnp.zeros(network.num_links)),
        minimize=objective,
        rule=ix.Externality(objective.latency),
        optimizer=optax.sgd(0.2),
        num_steps=40,
        audit_every=0,
        throw=False,
    )
    return {
        "case": f"{rows * columns} nodes, {network.num_links} links, {pairs} pairs",
        "links x pairs": network.num_links * pairs,
        "seconds to gap 1e-8": assigned,
        "its gap": equilibrium.relative_gap,
        "seconds of 40 toll steps": time.perf_counter() - began,
        "gap to the system optimum": result.value / optimum - 1,
        "without tolls": network.total_time(equilibrium.flow) / optimum - 1,
    }


def growth(rows: list[dict[str, float]]) -> dict[str, float]:
    """Exponents k of seconds ~ (links x pairs)^k, by least squares on logarithms."""
    size = np.log([row["links x pairs"] for row in rows])
    return {
        f"exponent of {name}": float(np.polyfit(size, np.log([row[name] for row in rows]), 1)[0])
        for name in ("seconds to gap 1e-8", "seconds of 40 toll steps")
    } | {"sizes": len(rows)}


def grid(rows: int, columns: int, pairs: int) -> tuple[Network, dict[tuple[int, int], float]]:
    """A congested two-way grid with random capacities and demands."""
    random = np.random.default_rng(0)
    node = np.arange(rows * columns).reshape(rows, columns)
    right, below = (
        (node[:, :-1].ravel(), node[:, 1:].ravel()),
        (node[:-1].ravel(), node[1:].ravel()),
    )
    tail = np.concatenate([right[0], right[1], below[0], below[1]])
    head = np.concatenate([right[1], right[0], below[1], below[0]])
    size = tail.size
    network = Network.bpr(
        node.size,
        tail,
        head,
        capacity=random.uniform(5e3, 2.5e4, size),
        free_flow_time=random.uniform(2, 10, size),
        coefficient=np.full(size, 0.15),
        power=np.full(size, 4.0),
    )
    every = np.array([(i, j) for i in range(node.size) for j in range(node.size) if i != j])
    chosen = random.permutation(every)[:pairs]
    volume = random.gamma(1.0, 700.0 * 528 / pairs, pairs)
    return network, {(int(i), int(j)): float(v) for (i, j), v in zip(chosen, volume, strict=True)}


def main() -> None:
    """Print and keep the tables."""
    publish("social_crowd", "One planner step", [crowd(n) for n in (1_000, 10_000, 100_000)])
    cases = [(4, 6, 132), (4, 6, 264), (4, 6, 528), (5, 7, 528), (6, 8, 528), (6, 8, 1056)]
    rows = [roads(*case) for case in cases]
    publish("social_roads", "Tolls on a grid", rows)
    publish("social_roads_growth", "Growth of the cost with links x pairs", [growth(rows)])


if __name__ == "__main__":
    no_options(__doc__)
    main()
