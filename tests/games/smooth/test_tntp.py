"""TNTP files: what is written comes back; what is malformed is one sentence."""

import numpy as np
import pytest

from incentax.games.smooth import assign, read_tntp

from .roads import grid, tntp

NET, TRIPS = tntp(*grid(2, 3, 20, seed=4))


def read(folder, net=NET, trips=TRIPS):
    (folder / "net.tntp").write_text(net)
    (folder / "trips.tntp").write_text(trips)
    return read_tntp(folder / "net.tntp", folder / "trips.tntp")


def test_a_network_survives_the_way_through_files(tmp_path):
    network, demand = grid(2, 3, 20, seed=4)
    found, trips = read(tmp_path)
    np.testing.assert_array_equal(found.tail, network.tail)
    np.testing.assert_array_equal(found.head, network.head)
    flow = np.linspace(1, 1e4, network.num_links)
    np.testing.assert_allclose(found.latency(flow), network.latency(flow), rtol=1e-12)
    assert trips == demand
    np.testing.assert_allclose(assign(found, trips).flow, assign(network, demand).flow, atol=1e-6)


def test_several_trips_a_line_zero_and_intrazonal_ones(tmp_path):
    text = "<NUMBER OF ZONES> 6\n<END OF METADATA>\nOrigin 1\n 1 : 5.0; 2 : 3.0;  3 : 0.0; 4:1;\n"
    _, demand = read(tmp_path, trips=text)
    assert demand == {(0, 1): 3.0, (0, 3): 1.0}


def link(number: int, column: int, text: str) -> str:
    """The network file with one field of one link replaced."""
    lines = NET.splitlines()
    first = next(k for k, line in enumerate(lines) if line.startswith("\t"))
    fields = lines[first + number].split("\t")
    fields[column] = text
    lines[first + number] = "\t".join(fields)
    return "\n".join(lines)


MALFORMED = {
    "no zones": (dict(net=NET.replace("<NUMBER OF ZONES>", "<X>")), "<NUMBER OF ZONES> in net"),
    "no nodes": (dict(net=NET.replace("<NUMBER OF NODES>", "<X>")), "<NUMBER OF NODES> in net"),
    "no links": (dict(net=NET.replace("<NUMBER OF LINKS>", "<X>")), "<NUMBER OF LINKS> in net"),
    "no first": (dict(net=NET.replace("<FIRST THRU NODE>", "<X>")), "<FIRST THRU NODE> in net"),
    "no end": (dict(net=NET.replace("<END OF METADATA>", "")), "<END OF METADATA> in net"),
    "count of links": (dict(net=NET.replace("LINKS> 14", "LINKS> 15")), "expected 15 links"),
    "fraction of nodes": (dict(net=NET.replace("NODES> 6", "NODES> 6.5")), "whole number"),
    "more nodes than ends": (
        dict(net=NET.replace("<NUMBER OF NODES> 6", "<NUMBER OF NODES> 99999999999")),
        "expected at most",
    ),
    "more zones than nodes": (dict(net=NET.replace("ZONES> 6", "ZONES> 9")), "no more zones"),
    "word for capacity": (dict(net=link(2, 3, "wide")), "a number in net.tntp line 10, got 'wide'"),
    "negative capacity": (
        dict(net=link(0, 3, "-4")),
        "capacity > 0 on every link, got -4 on link 1",
    ),
    "zero capacity": (dict(net=link(1, 3, "0")), "capacity > 0 on every link, got 0 on link 2"),
    "infinite time": (dict(net=link(0, 5, "inf")), "a number in net"),
    "unknown node": (dict(net=link(0, 2, "77")), "a node in 1..6 on every link, got 77"),
    "self-loop": (
        dict(net=link(2, 2, "1")),
        "different nodes in net.tntp, got link 3 from node 1 to itself",
    ),
    "half a node": (dict(net=link(0, 2, "1.5")), "whole node numbers"),
    "short row": (dict(net=NET.rsplit("\t", 8)[0] + "\n"), "columns"),
    "empty": (dict(net=""), "<END OF METADATA>"),
    "trips without zones": (
        dict(trips=TRIPS.replace("<NUMBER OF ZONES>", "<X>")),
        "ZONES> in trips",
    ),
    "trips without end": (dict(trips=TRIPS.replace("<END OF METADATA>", "")), "METADATA> in trips"),
    "trips of another": (dict(trips=TRIPS.replace("ZONES> 6", "ZONES> 7")), "expected 6 zones"),
    "no origin": (dict(trips=TRIPS.replace("Origin", "Source")), "expected `Origin N`"),
    "zone out of range": (dict(trips=TRIPS.replace("Origin 1", "Origin 9")), "a zone in 1..6"),
    "word for trips": (
        dict(trips="<NUMBER OF ZONES> 6\n<END OF METADATA>\nOrigin 1\n2 : many;\n"),
        "a number in trips.tntp line 4, got 'many'",
    ),
    "no colon": (
        dict(trips="<NUMBER OF ZONES> 6\n<END OF METADATA>\nOrigin 1\n2 5.0;\n"),
        "`destination : trips;`",
    ),
    "negative trips": (
        dict(trips="<NUMBER OF ZONES> 6\n<END OF METADATA>\nOrigin 1\n2 : -5;\n"),
        "trips >= 0",
    ),
    "no trips": (dict(trips="<NUMBER OF ZONES> 6\n<END OF METADATA>\n"), "expected trips in"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_files_are_one_sentence(name, tmp_path):
    files, sentence = MALFORMED[name]
    with pytest.raises(ValueError) as error:
        read(tmp_path, **files)
    assert sentence in str(error.value)
    assert str(error.value).startswith("expected ")
    assert "\n" not in str(error.value)


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(ValueError, match="check the path"):
        read_tntp(tmp_path / "nowhere", tmp_path / "nowhere")
