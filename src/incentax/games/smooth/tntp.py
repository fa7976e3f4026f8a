"""Reading TNTP files: the usual text format of road networks and their trip tables."""

import re
from pathlib import Path

import numpy as np

from .network import Demand, Network, check_demand

_COLUMNS = ("init node", "term node", "capacity", "length", "free flow time", "b", "power")


def read_tntp(net: Path, trips: Path) -> tuple[Network, Demand]:
    """The network of a TNTP network file and the demand of a TNTP trips file.

    Latencies are t0 (1 + B (x / C)^power). Nodes are numbered from zero here and from one in the
    files; zero and intrazonal demand is left out.

    **Raises:** `ValueError`, one sentence with the file and line, for anything malformed.

    Reference: the format of the Transportation Networks for Research collection.
    """
    network, num_zones = read_network(net)
    return network, check_demand(network, read_trips(trips, num_zones))


def read_network(file: Path) -> tuple[Network, int]:
    """The network of a TNTP network file, and its number of zones."""
    meta, body = _sections(file)
    num_zones = _count(file, meta, "NUMBER OF ZONES")
    num_nodes = _count(file, meta, "NUMBER OF NODES")
    num_links = _count(file, meta, "NUMBER OF LINKS")
    first = _count(file, meta, "FIRST THRU NODE")
    if num_zones > num_nodes:
        raise ValueError(
            f"expected no more zones than nodes in {file.name}, got {num_zones} and {num_nodes}; "
            "correct the metadata"
        )
    # Before anything of this size is made: a slip of the pen could ask for all memory.
    if num_nodes > 2 * num_links:
        raise ValueError(
            f"expected at most {2 * num_links} nodes in {file.name}, the ends of {num_links} "
            f"links, got {num_nodes}; correct the metadata"
        )
    rows = [_link(file, number, line) for number, line in body if not line.startswith("~")]
    if len(rows) != num_links:
        raise ValueError(
            f"expected {num_links} links in {file.name}, got {len(rows)}; correct <NUMBER OF "
            "LINKS> or the table"
        )
    table = np.array(rows)
    ends = table[:, :2]
    if not np.all(ends == np.round(ends)):
        raise ValueError(f"expected whole node numbers in {file.name}, got others; correct them")
    tail, head = (ends.astype(int) - 1).T
    if np.any(tail == head):
        loop = int(np.argmax(tail == head))
        raise ValueError(
            f"expected links between different nodes in {file.name}, got link {loop + 1} from node "
            f"{tail[loop] + 1} to itself; leave it out and correct <NUMBER OF LINKS>"
        )
    try:
        network = Network.bpr(
            num_nodes,
            tail,
            head,
            capacity=table[:, 2],
            free_flow_time=table[:, 4],
            coefficient=table[:, 5],
            power=table[:, 6],
            first_through=first - 1,
        )
    except ValueError as error:
        raise ValueError(f"{error} in {file.name}") from None
    return network, num_zones


def read_trips(file: Path, num_zones: int) -> dict[tuple[int, int], float]:
    """The demand of a TNTP trips file for a network of `num_zones` zones."""
    meta, body = _sections(file)
    found = _count(file, meta, "NUMBER OF ZONES")
    if found != num_zones:
        raise ValueError(
            f"expected {num_zones} zones in {file.name}, as in the network, got {found}; give "
            "files that belong together"
        )
    demand: dict[tuple[int, int], float] = {}
    origin = None
    for number, line in body:
        if line.lower().startswith("origin"):
            origin = _zone(file, number, line[len("origin") :], num_zones)
            continue
        if origin is None:
            raise ValueError(
                f"expected `Origin N` before the first trips in {file.name}, got {_short(line)} "
                f"in line {number}; add it"
            )
        for entry in filter(None, map(str.strip, line.split(";"))):
            destination, colon, volume = entry.partition(":")
            if not colon:
                raise ValueError(
                    f"expected `destination : trips;` in {file.name} line {number}, got "
                    f"{_short(entry)}; correct it"
                )
            pair = (origin, _zone(file, number, destination, num_zones))
            trips = _number(file, number, volume)
            if trips < 0:
                raise ValueError(
                    f"expected trips >= 0 in {file.name} line {number}, got {trips:g}; correct it"
                )
            demand[pair] = demand.get(pair, 0.0) + trips
    if not demand:
        raise ValueError(f"expected trips in {file.name}, got none; add `Origin` sections")
    return demand


def _sections(file: Path) -> tuple[dict[str, str], list[tuple[int, str]]]:
    """Metadata by name, and the numbered lines after it without blanks."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no text"
        raise ValueError(
            f"expected a TNTP text file at {file}, got none that can be read ({reason}); check "
            "the path"
        ) from None
    meta: dict[str, str] = {}
    for number, line in enumerate(lines):
        tag = re.match(r"\s*<([^>]*)>(.*)", line)
        if tag is None:
            continue
        name = tag[1].strip().upper()
        if name == "END OF METADATA":
            rest = enumerate(lines[number + 1 :], number + 2)
            body = [(n, text.strip()) for n, text in rest if text.strip()]
            return meta, body
        meta[name] = tag[2].strip()
    raise ValueError(
        f"expected <END OF METADATA> in {file.name}, got none; is it a TNTP file? add the line"
    )


def _count(file: Path, meta: dict[str, str], name: str) -> int:
    if name not in meta:
        raise ValueError(f"expected <{name}> in {file.name}, got none; add it to the metadata")
    text = meta[name]
    if not re.fullmatch(r"\d+", text) or int(text) < 1:
        raise ValueError(
            f"expected a whole number >= 1 for <{name}> in {file.name}, got {_short(text)}; "
            "correct it"
        )
    return int(text)


def _link(file: Path, number: int, line: str) -> list[float]:
    fields = line.rstrip(";").split()
    if len(fields) < len(_COLUMNS):
        raise ValueError(
            f"expected {', '.join(_COLUMNS)} in {file.name} line {number}, got {len(fields)} "
            "columns; complete the link"
        )
    return [_number(file, number, field) for field in fields[: len(_COLUMNS)]]


def _zone(file: Path, number: int, text: str, num_zones: int) -> int:
    text = text.strip()
    if not re.fullmatch(r"\d+", text) or not 1 <= int(text) <= num_zones:
        raise ValueError(
            f"expected a zone in 1..{num_zones} in {file.name} line {number}, got "
            f"{_short(text)}; correct it"
        )
    return int(text) - 1


def _number(file: Path, number: int, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise ValueError(
            f"expected a number in {file.name} line {number}, got {_short(text)}; correct it"
        )
    return value


def _short(text: str) -> str:
    text = text.strip()
    return repr(text if len(text) <= 30 else text[:27] + "...")
