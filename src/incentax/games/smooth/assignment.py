"""Traffic assignment: the equilibrium of a network, by gradient projection on path flows."""

import heapq
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from .network import Demand, Links, Network, check_demand

Path = tuple[int, ...]
Pair = tuple[int, int]
# Sweeps over known paths for each search for new ones.
INNER = 4


@dataclass(frozen=True, eq=False)
class Assignment:
    """Link flows of an equilibrium, the paths that carry them, and how close it is.

    - `flow` [E]. `paths`: for each origin and destination, path (a tuple of links) -> flow.
    - `relative_gap`: (cost of all trips - cost on shortest paths) / cost of all trips; >= 0.
    - `num_sweeps`: sweeps over all pairs.
    """

    flow: Links
    paths: dict[Pair, dict[Path, float]]
    relative_gap: float
    num_sweeps: int


def assign(
    network: Network,
    demand: Demand,
    *,
    toll: Links | None = None,
    start: Assignment | None = None,
    tolerance: float = 1e-10,
    max_searches: int = 500,
) -> Assignment:
    """The user equilibrium under tolls, in units of time: nobody has a cheaper path.

    Each sweep moves, for every pair, flow from dearer paths to the cheapest by a Newton step on
    the difference, links updated at once (Gauss-Seidel). Cost of a sweep: pairs x used paths x
    links on them. The system optimum is `assign(network.marginal(), demand)`.

    **Arguments:**

    - `network`, `demand`: `{(origin, destination): volume}`, nodes from zero.

    **Other arguments:**

    - `toll`: may be negative, as long as no directed cycle's sum is; only differences matter.
    - `start`: an earlier assignment of the same demand.
    - `tolerance`: relative gap to reach. `max_searches`: searches for new paths, at most.

    **Raises:** `ValueError` for a pair that no path connects, or tolls with a negative cycle.

    Reference: Jayakrishnan et al. 1994; Florian, Constantin & Florian 2009.
    """
    demand = check_demand(network, demand)
    state = _State(network, demand, toll, start)
    gap = np.inf
    sweeps = searches = 0
    while searches < max_searches:
        gap = state.search()
        searches += 1
        if gap <= tolerance:
            break
        for _ in range(INNER):
            state.sweep()
        sweeps += INNER
    return Assignment(np.array(state.flow), state.paths, gap, sweeps)


class _State:
    """Path flows and link costs in plain lists, which are faster here than small arrays."""

    def __init__(self, network, demand, toll, start):
        self.network, self.demand = network, demand
        extra = np.zeros(network.num_links) if toll is None else np.asarray(toll, np.float64)
        self.constant = (network.constant + _nonnegative(network, extra)).tolist()
        self.factor = network.factor.tolist()
        self.power = network.power.tolist()
        # A power below one has no finite slope at zero flow: that of a small flow stands in.
        least = np.where(network.power < 1, 1e-6, 0.0) ** (network.power - 1.0)
        self.slope_at_zero = (network.factor * network.power * least).tolist()
        self.tail, self.head = network.tail.tolist(), network.head.tolist()
        self.leaving: list[list[int]] = [[] for _ in range(network.num_nodes)]
        for link, node in enumerate(self.tail):
            self.leaving[node].append(link)
        self.by_origin: dict[int, list[int]] = {}
        for origin, destination in demand:
            self.by_origin.setdefault(origin, []).append(destination)
        self.paths: dict[Pair, dict[Path, float]] = {pair: {} for pair in demand}
        if start is not None and start.paths.keys() == self.paths.keys():
            self.paths = {pair: dict(paths) for pair, paths in start.paths.items()}
        self.refresh()

    def refresh(self) -> None:
        """Sum link flows from path flows anew, so that rounding does not build up."""
        flow = [0.0] * len(self.constant)
        for paths in self.paths.values():
            for path, volume in paths.items():
                for link in path:
                    flow[link] += volume
        self.flow = flow
        self.price()

    def price(self) -> None:
        """Cost and slope of every link at its flow."""
        flow, power = np.maximum(self.flow, 0), self.network.power
        grown = self.network.factor * flow**power
        at_zero = np.array(self.slope_at_zero)
        self.flow = flow.tolist()
        self.cost = (np.array(self.constant) + grown).tolist()
        self.slope = np.where(
            flow > 0, power * grown / np.where(flow > 0, flow, 1), at_zero
        ).tolist()

    def search(self) -> float:
        """Add each pair's shortest path where it is new; the relative gap at these flows."""
        self.refresh()
        spent = sum(f * c for f, c in zip(self.flow, self.cost, strict=True))
        least, loaded = 0.0, True
        for origin, destinations in self.by_origin.items():
            distance, through = self.shortest(origin)
            for destination in destinations:
                pair = (origin, destination)
                if distance[destination] == np.inf:
                    raise ValueError(
                        f"expected a path for every pair with demand, got none from "
                        f"{origin + 1} to {destination + 1}; connect it or drop its demand"
                    )
                least += self.demand[pair] * distance[destination]
                path = self.trace(origin, destination, through)
                known = self.paths[pair]
                if not known:
                    loaded = False
                    known[path] = self.demand[pair]
                    for link in path:
                        self.flow[link] += known[path]
                else:
                    known.setdefault(path, 0.0)
            if not loaded:
                self.price()
        if not loaded:
            return np.inf
        return max(0.0, (spent - least) / spent) if spent > 0 else 0.0

    def sweep(self) -> None:
        """Let every pair shift flow to its cheapest known path."""
        cost, slope, flow = self.cost, self.slope, self.flow
        constant, factor, power = self.constant, self.factor, self.power
        for paths in self.paths.values():
            if len(paths) < 2:
                continue
            prices = {path: sum([cost[link] for link in path]) for path in paths}
            best = min(prices, key=prices.__getitem__)
            chosen = set(best)
            for path in list(paths):
                if path == best:
                    continue
                volume = paths[path]
                if volume <= 0:
                    del paths[path]
                    continue
                own = set(path)
                left, joined = own - chosen, chosen - own
                excess = sum([cost[k] for k in left]) - sum([cost[k] for k in joined])
                if excess == 0:
                    continue
                curve = sum([slope[k] for k in left]) + sum([slope[k] for k in joined])
                step = excess / curve if curve > 0 else np.copysign(np.inf, excess)
                step = min(volume, max(step, -paths[best]))
                paths[path] = volume - step
                paths[best] += step
                # Written out, since this loop is where the time goes.
                for links, change in ((left, -step), (joined, step)):
                    for link in links:
                        moved = flow[link] + change
                        moved = moved if moved > 0 else 0.0
                        grown = factor[link] * moved ** power[link]
                        flow[link], cost[link] = moved, constant[link] + grown
                        slope[link] = (
                            power[link] * grown / moved if moved > 0 else self.slope_at_zero[link]
                        )

    def shortest(self, origin: int) -> tuple[list[float], list[int]]:
        """Distances from a node, and the link by which each node is reached (Dijkstra)."""
        cost, head, first = self.cost, self.head, self.network.first_through
        distance = [np.inf] * self.network.num_nodes
        through = [-1] * self.network.num_nodes
        distance[origin] = 0.0
        queue = [(0.0, origin)]
        while queue:
            far, node = heapq.heappop(queue)
            if far > distance[node] or (node < first and node != origin):
                continue
            for link in self.leaving[node]:
                reach = far + cost[link]
                if reach < distance[head[link]]:
                    distance[head[link]], through[head[link]] = reach, link
                    heapq.heappush(queue, (reach, head[link]))
        return distance, through

    def trace(self, origin: int, destination: int, through: list[int]) -> Path:
        """The links of the shortest path, in order."""
        links, node = [], destination
        while node != origin:
            links.append(through[node])
            node = self.tail[through[node]]
        return tuple(reversed(links))


def _nonnegative(network: Network, toll: Links) -> Float[np.ndarray, " E"]:
    """Tolls shifted by node potentials so that no link's cost at zero flow is negative.

    A shift changes every path of a pair by the same amount, hence no equilibrium.
    """
    if toll.shape != (network.num_links,) or not np.all(np.isfinite(toll)):
        raise ValueError(
            f"expected a finite toll for each of {network.num_links} links, got shape "
            f"{toll.shape} or a NaN; give one per link"
        )
    base = network.constant + toll
    if np.all(base >= 0):
        return toll
    potential = np.zeros(network.num_nodes)
    for _ in range(network.num_nodes + 1):
        reached = potential[network.tail] + base
        following = potential.copy()
        np.minimum.at(following, network.head, reached)
        if np.allclose(following, potential, rtol=0, atol=1e-14 * (1 + np.abs(base).max())):
            shifted = base + potential[network.tail] - potential[network.head]
            return np.maximum(shifted, 0) - network.constant
        potential = following
    raise ValueError(
        "expected tolls under which no round trip is paid for, got a cycle of negative cost; "
        "raise the tolls on it"
    )
