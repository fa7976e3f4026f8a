"""Road networks with congestion, and the classical examples."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

Links = Float[np.ndarray, " E"]


@dataclass(frozen=True, eq=False)
class Network:
    """Directed links whose latency grows with flow: constant + factor x^power.

    - `tail`, `head` [E]: nodes, numbered from zero; parallel links are allowed.
    - `constant` (>= 0), `factor` (>= 0) and `power` (> 0) [E], in units of time and flow.
    - `first_through`: nodes numbered below it carry no through traffic (zone centroids).

    **Raises:** `ValueError` for links that make no sense, naming the first.
    """

    num_nodes: int
    tail: Int[np.ndarray, " E"]
    head: Int[np.ndarray, " E"]
    constant: Links
    factor: Links
    power: Links
    first_through: int = 0

    def __post_init__(self):
        nodes = f"in 1..{self.num_nodes}"
        for end in (self.tail, self.head):
            _demand_of_links("a node", nodes, end + 1, (end >= 0) & (end < self.num_nodes))
        _demand_of_links("a time at zero flow", ">= 0", self.constant, self.constant >= 0)
        _demand_of_links("a congestion factor", ">= 0", self.factor, self.factor >= 0)
        _demand_of_links("a power", "> 0", self.power, self.power > 0)

    @classmethod
    def bpr(
        cls,
        num_nodes: int,
        tail: Int[np.ndarray, " E"],
        head: Int[np.ndarray, " E"],
        *,
        capacity: Links,
        free_flow_time: Links,
        coefficient: Links,
        power: Links,
        first_through: int = 0,
    ) -> "Network":
        """Links with latency t0 (1 + B (x / C)^power) (Bureau of Public Roads).

        `capacity` C > 0, `free_flow_time` t0 >= 0, `coefficient` B >= 0, `power` >= 0; a link of
        power 0 has the constant latency t0 (1 + B).
        """
        _demand_of_links("a capacity", "> 0", capacity, capacity > 0)
        _demand_of_links("a free-flow time", ">= 0", free_flow_time, free_flow_time >= 0)
        _demand_of_links("a coefficient B", ">= 0", coefficient, coefficient >= 0)
        _demand_of_links("a power", ">= 0", power, power >= 0)
        flat = power == 0
        exponent = np.where(flat, 1.0, power)
        factor = np.where(flat, 0.0, free_flow_time * coefficient / capacity**exponent)
        constant = free_flow_time * np.where(flat, 1 + coefficient, 1.0)
        return cls(num_nodes, tail, head, constant, factor, exponent, first_through)

    @property
    def num_links(self) -> int:
        """E."""
        return self.tail.size

    def latency(self, flow: Links) -> Links:
        """Each link's travel time at these link flows."""
        return self.constant + self.factor * flow**self.power

    def beckmann(self, flow: Links) -> float:
        """The sum of the integrals of the latencies, least at the equilibrium without tolls."""
        area = self.factor / (self.power + 1) * flow ** (self.power + 1)
        return float(np.sum(self.constant * flow + area))

    def total_time(self, flow: Links) -> float:
        """The sum over links of flow times latency."""
        return float(flow @ self.latency(flow))

    def marginal_toll(self, flow: Links) -> Links:
        """X l'(x): what one more driver costs all the others."""
        return self.power * self.factor * flow**self.power

    def marginal(self) -> "Network":
        """The network whose latency is the marginal social cost l + x l'.

        Its equilibrium is the system optimum of this one.
        """
        return replace(self, factor=self.factor * (1 + self.power))

    def incidence(self) -> Float[np.ndarray, "N E"]:
        """+1 where a link leaves a node, -1 where it enters: changes x of flow keep A x = 0."""
        matrix = np.zeros((self.num_nodes, self.num_links))
        np.add.at(matrix, (self.tail, np.arange(self.num_links)), 1.0)
        np.add.at(matrix, (self.head, np.arange(self.num_links)), -1.0)
        return matrix


Demand = Mapping[tuple[int, int], float]


def check_demand(network: Network, demand: Demand) -> dict[tuple[int, int], float]:
    """The demand without zero and intrazonal entries.

    **Raises:** `ValueError` for a negative volume, an unknown zone, or no demand at all.
    """
    kept = {}
    for (origin, destination), volume in demand.items():
        pair = f"from {origin + 1} to {destination + 1}"
        if not (0 <= origin < network.num_nodes and 0 <= destination < network.num_nodes):
            raise ValueError(
                f"expected demand between nodes 1..{network.num_nodes}, got a pair {pair}; check "
                "that network and trips belong together"
            )
        if not 0 <= volume < float("inf"):
            raise ValueError(f"expected demand >= 0 {pair}, got {volume}; correct it")
        if volume > 0 and origin != destination:
            kept[origin, destination] = float(volume)
    if not kept:
        raise ValueError("expected some demand between different zones, got none; give a pair")
    return kept


def pigou() -> tuple[Network, dict[tuple[int, int], float]]:
    """Pigou's network and its demand: a link of latency x beside one of latency 1.

    Equilibrium cost 1, optimum 3/4 with half of the traffic on each, toll difference 1/2.
    """
    return _network(2, [(0, 1, 0.0, 1.0), (0, 1, 1.0, 0.0)]), {(0, 1): 1.0}


def braess() -> tuple[Network, dict[tuple[int, int], float]]:
    """Braess's network s, a, b, t with its free bridge from a to b, and its demand.

    Links s-a: x, s-b: 1, a-t: 1, b-t: x, a-b: 0. Equilibrium cost 2, optimum 3/2.
    """
    links = [(0, 1, 0.0, 1.0), (0, 2, 1.0, 0.0), (1, 3, 1.0, 0.0), (2, 3, 0.0, 1.0)]
    return _network(4, [*links, (1, 2, 0.0, 0.0)]), {(0, 3): 1.0}


def _network(num_nodes: int, links: list[tuple[int, int, float, float]]) -> Network:
    tail, head, constant, slope = (np.array(column) for column in zip(*links, strict=True))
    return Network(num_nodes, tail, head, constant, slope, np.ones(len(links)))


def _demand_of_links(what: str, wanted: str, values: np.ndarray, holds: np.ndarray) -> None:
    holds = holds & np.isfinite(values)
    if not holds.all():
        link = int(np.argmin(holds))
        raise ValueError(
            f"expected {what} {wanted} on every link, got {values[link]:g} on link {link + 1}; "
            "correct that link"
        )
