"""`incentax design routing --net --trips`, in this process."""

import json

import jax
import pytest

from incentax.cli.main import run

from ..games.smooth.roads import grid, tntp


@pytest.fixture(autouse=True)
def usual_settings(monkeypatch, tmp_path):
    """A user's settings: single precision, ordinary promotion, a cache of this test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with jax.enable_x64(False), jax.numpy_dtype_promotion("standard"):
        with jax.numpy_rank_promotion("allow"):
            yield
    jax.config.update("jax_compilation_cache_dir", None)


@pytest.fixture
def files(tmp_path):
    net, trips = tntp(*grid(2, 3, 20, seed=4, load=20.0))
    (tmp_path / "net.tntp").write_text(net)
    (tmp_path / "trips.tntp").write_text(trips)
    return tmp_path


def arguments(files, *more):
    return [
        "design",
        "routing",
        "--net",
        str(files / "net.tntp"),
        "--trips",
        str(files / "trips.tntp"),
        "--out",
        str(files / "run"),
        *more,
    ]


def test_a_network_of_the_user_s_own_is_designed(files, capsys):
    code = run(arguments(files, "--json", "--steps", "20"))
    record = json.loads(capsys.readouterr().out)
    assert code == 0
    assert record["rule"] == "externality"
    assert record["value"] < (1 - 1e-5) * record["baselines"]["no_tolls"]
    assert record["value"] == pytest.approx(record["cap"], rel=1e-6)
    assert (files / "run" / "report.html").exists()


BROKEN = {
    "negative capacity": (lambda net, trips: (net.replace("\t1\t2\t", "\t1\t2\t-", 1), trips)),
    "no metadata": (lambda net, trips: (net.replace("<END OF METADATA>", ""), trips)),
    "words": (lambda net, trips: (net, trips.replace(";", "x;", 1))),
    "unreachable": (
        lambda net, trips: (
            net.replace("LINKS> 14", "LINKS> 12").replace(
                "\n".join(line for line in net.splitlines() if line.split("\t")[1:3] == ["1", "2"]),
                "",
            ),
            trips,
        )
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_one_line_and_exit_2(name, files, capsys):
    net, trips = BROKEN[name]((files / "net.tntp").read_text(), (files / "trips.tntp").read_text())
    (files / "net.tntp").write_text(net)
    (files / "trips.tntp").write_text(trips)
    assert run(arguments(files)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("incentax: expected ")
    assert captured.err.count("\n") == 1
    assert not (files / "run").exists()


@pytest.mark.parametrize(
    "command",
    [
        ["design", "routing", "--net", "nowhere.tntp"],
        ["design", "cournot", "--net", "a", "--trips", "b"],
        ["design", "routing", "--net", "nowhere.tntp", "--trips", "nowhere.tntp"],
        ["design", "a1", "--rule", "social-gradiant"],
    ],
)
def test_other_mistakes_are_one_line_and_exit_2(command, capsys):
    assert run(command) == 2
    error = capsys.readouterr().err
    assert error.startswith("incentax: expected ")
    assert error.count("\n") == 1
