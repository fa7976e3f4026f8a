"""`--net` and `--trips`: a road network of the user's own."""

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

from ..games.smooth.settings import TolledNetwork
from ..problems import Problem


def with_network(
    problem: Problem, net: Path | None, trips: Path | None
) -> tuple[Problem, dict[str, Any] | None]:
    """The problem on the network of two TNTP files, and facts about them; as it is without.

    **Raises:** `ValueError` for one file without the other, another problem, or broken files.
    """
    if net is None and trips is None:
        return problem, None
    if not isinstance(problem.setting, TolledNetwork):
        raise ValueError(
            f"expected the problem routing for --net and --trips, got {problem.name}; try "
            "`incentax design routing`"
        )
    setting = TolledNetwork(net, trips)
    network, demand = setting.load()
    setting.population()  # pairs without a path are found before anything is written
    facts = {
        "net": None if net is None else net.name,
        "trips": None if trips is None else trips.name,
        "nodes": network.num_nodes,
        "links": network.num_links,
        "pairs": len(demand),
        "demand": sum(demand.values()),
        "digest": [hashlib.sha256(f.read_bytes()).hexdigest() for f in (net, trips) if f],
    }
    return dataclasses.replace(problem, setting=setting), facts


def introduce_network(facts: dict[str, Any]) -> str:
    """The network in a line."""
    return (
        f"{facts['net']}: {facts['nodes']} nodes, {facts['links']} links; {facts['trips']}: "
        f"{facts['demand']:.6g} trips between {facts['pairs']} pairs"
    )
