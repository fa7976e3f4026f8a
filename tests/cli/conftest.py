"""The command line in this process: exit code, standard output and standard error."""

from typing import NamedTuple

import pytest

from incentax.cli.main import run as run_command


class Outcome(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session", autouse=True)
def compiled_programs(tmp_path_factory):
    """One cache for all commands of the session, in and out of this process."""
    shared = tmp_path_factory.getbasetemp().parent / "compiled"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(shared))
        yield


@pytest.fixture
def incentax(capsys, monkeypatch, tmp_path):
    """A function that runs a command in an empty folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "100")

    def call(*words):
        capsys.readouterr()
        code = run_command([str(word) for word in words])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call
