"""Folders of a reproduction: damage is a sentence, staleness is mended, makers are told."""

import functools
from dataclasses import replace
from typing import NamedTuple

import polars as pl
import pytest
from matplotlib.figure import Figure

from incentax import __version__
from incentax.cli import reproduce as command
from incentax.cli.main import run
from incentax.reproduction import files, frame
from incentax.reproduction.frame import Cell, Paper, Part, gather, reproduce
from incentax.reproduction.page import Claim


class Budget(NamedTuple):
    name: str
    pace: float


class Contest:
    """Ours takes as long as it is told; a rival has that time; nobody else asks for the clock."""

    def __init__(self):
        self.seconds = 1.0

    def ours(self):
        return [{"name": "ours", "seconds": self.seconds}]

    def cells(self, budget):
        ours = Cell("settings-x-ours-0", self.ours)
        yield ours
        yield Cell(
            "settings-x-rival-0",
            lambda table: [{"name": "rival", "seconds": table["seconds"][0]}],
            (ours,),
        )


def part(cells):
    return Part("A part", (), cells, lambda table: Figure(), lambda table: [Claim("s", "m", True)])


def paper(contest=None):
    return Paper(
        "amid",
        "A paper",
        "",
        {
            "contest": part((contest or Contest()).cells),
            "alone": part(lambda budget: iter([Cell("alone", lambda: [{"a": 1}])])),
            "long": part(
                lambda budget: iter([Cell("long", lambda: [{"a": 2}])] if budget.pace > 1 else [])
            ),
        },
        Budget("full", 2.0),
        Budget("quick", 1.0),
    )


@pytest.fixture
def small(monkeypatch):
    """The command line with a paper that takes no time."""

    def rebuild(folder, **options):
        return reproduce(paper(), folder, **options)

    monkeypatch.setattr(command, "PAPERS", {"amid": lambda: rebuild})


def made(folder, *only, **more):
    said = []
    reproduce(paper(**more), folder, only=only, quick=True, say=said.append)
    return said


def contents(folder):
    return {p: p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def whole(folder):
    file = folder / "whole.parquet"
    pl.DataFrame({"a": range(1000)}).write_parquet(file)
    content = file.read_bytes()
    file.unlink()
    return content


DAMAGE = {
    "empty": lambda content: b"",
    "garbage": lambda content: b"garbage\n",
    "half copied": lambda content: content[: len(content) // 2],
    "without its beginning": lambda content: content[len(content) // 2 :],
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", ["cells/alone", "contest"])
def test_a_damaged_table_is_one_sentence_that_names_it(name, damage, small, tmp_path, capfd):
    made(tmp_path, "alone", "contest")
    file = tmp_path / f"{name}.parquet"
    file.write_bytes(DAMAGE[damage](whole(tmp_path)))
    before = contents(tmp_path)
    # The part is asked for, or it is another one that the page shows.
    assert run(["reproduce", "amid", "--quick", "--only", "alone", "--out", str(tmp_path)]) == 2
    said = capfd.readouterr().err.strip().splitlines()[-1]
    assert said.startswith(f"incentax: expected a whole Parquet file at {file}, got a damaged one;")
    assert contents(tmp_path) == before


def test_damage_is_heard_of_before_the_work(tmp_path):
    made(tmp_path, "contest")
    (tmp_path / "contest.parquet").write_bytes(b"")
    with pytest.raises(ValueError, match="make it again with --only contest"):
        made(tmp_path, "alone")
    assert not (tmp_path / "cells" / "alone.parquet").exists()


def test_metadata_that_says_nothing_is_damage(tmp_path):
    file = tmp_path / "x.parquet"
    for told in ("{", "[]", '{"makers": 3}', '{"makers": [[1, 2, 3]]}'):
        pl.DataFrame({"a": [1]}).write_parquet(file, metadata={"incentax": told})
        with pytest.raises(ValueError, match="expected a whole Parquet file"):
            files.read(file, "delete it")


def test_a_damaged_part_is_mended_by_asking_for_it(tmp_path):
    made(tmp_path, "alone", "contest")
    (tmp_path / "contest.parquet").write_bytes(b"")
    made(tmp_path, "contest")
    made(tmp_path, "alone")


def test_damaged_cells_of_parts_not_asked_for_are_not_read(tmp_path):
    made(tmp_path, "alone", "contest")
    (tmp_path / "cells" / "settings-x-ours-0.parquet").write_bytes(b"")
    assert made(tmp_path, "alone") == []


@pytest.mark.parametrize(
    "content", [b"{", b"", b"[]", b"{}", b'{"paper": "amid"}', b"3", b"\xff\xfe", b"[" * 100_000]
)
def test_a_budget_that_cannot_be_read_is_one_sentence(content, small, tmp_path, capsys):
    made(tmp_path, "alone")
    file = tmp_path / "budget.json"
    file.write_bytes(content)
    before = contents(tmp_path)
    assert run(["reproduce", "amid", "--quick", "--only", "alone", "--out", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("incentax: expected a JSON object with paper and budget in")
    assert str(file) in said and said.count("\n") == 1 and "try another --out" in said
    assert contents(tmp_path) == before


@pytest.mark.parametrize("kept", ["cells", "parts"])
def test_tables_without_a_budget_are_taken_for_neither(kept, tmp_path):
    made(tmp_path, "alone")
    (tmp_path / "budget.json").unlink()
    gone = [*tmp_path.glob("cells/*.parquet")] if kept == "parts" else [tmp_path / "alone.parquet"]
    for file in gone:
        file.unlink()
    before = contents(tmp_path)
    for quick in (True, False):
        with pytest.raises(ValueError, match="expected .*budget.json beside the tables"):
            reproduce(paper(), tmp_path, only=["alone"], quick=quick, say=print)
    assert contents(tmp_path) == before
    # As the sentence says.
    (tmp_path / "budget.json").write_text('{"paper": "amid", "budget": "quick"}')
    made(tmp_path, "alone")


def test_another_paper_or_budget_is_refused(tmp_path):
    made(tmp_path, "alone")
    other = replace(paper(), name="social-gradient")
    with pytest.raises(ValueError, match="of the social-gradient paper, got one of the amid paper"):
        reproduce(other, tmp_path, only=["alone"], quick=True, say=print)
    with pytest.raises(ValueError, match="of the full budget, got one of the quick budget"):
        reproduce(paper(), tmp_path, only=["alone"], say=print)


def test_a_part_that_the_budget_leaves_out_is_no_page(small, tmp_path, capsys):
    folder = tmp_path / "new"
    assert run(["reproduce", "amid", "--quick", "--only", "long", "--out", str(folder)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "expected a part with experiments in the quick budget, got only long" in said
    assert not folder.exists()
    assert made(folder, "long", "alone") == [
        "alone 1/1: alone",
        "long: nothing in the quick budget",
    ]


def test_a_rival_is_made_again_when_what_it_had_the_time_of_is(tmp_path):
    contest = Contest()
    made(tmp_path, contest=contest)
    assert made(tmp_path, contest=contest) == ["long: nothing in the quick budget"]
    contest.seconds = 2.0
    (tmp_path / "cells" / "settings-x-ours-0.parquet").unlink()
    assert made(tmp_path, "contest", contest=contest) == [
        "contest 1/2: settings-x-ours-0",
        "contest 2/2: settings-x-rival-0, again: settings-x-ours-0 changed",
    ]
    assert pl.read_parquet(tmp_path / "contest.parquet")["seconds"].to_list() == [2.0, 2.0]
    assert made(tmp_path, "contest", contest=contest) == []


def test_one_that_is_remade_alike_changes_nothing(tmp_path):
    made(tmp_path, "contest")
    (tmp_path / "cells" / "settings-x-ours-0.parquet").unlink()
    assert made(tmp_path, "contest") == ["contest 1/2: settings-x-ours-0"]


def test_cells_that_do_not_say_are_made_again(tmp_path):
    made(tmp_path, "contest")
    file = tmp_path / "cells" / "settings-x-rival-0.parquet"
    pl.read_parquet(file).write_parquet(file)
    [said] = made(tmp_path, "contest")
    assert said.startswith("contest 2/2: settings-x-rival-0, again: asked for ")
    assert said.endswith("kept is what its file does not say")
    assert made(tmp_path, "contest") == []


def test_a_cell_is_made_again_when_it_is_asked_for_something_else(tmp_path):
    def rows(first, *, seconds):
        return [{"first": first, "seconds": seconds}]

    def asked(*args, **kwargs):
        said = []
        cells = [Cell("x", functools.partial(rows, *args, **kwargs))]
        [row] = gather(tmp_path, cells, said.append).to_dicts()
        return row["first"], row["seconds"], said

    assert asked(1, seconds=20.0) == (1, 20.0, ["1/1: x"])
    assert asked(1, seconds=20.0) == (1, 20.0, [])
    first, seconds, [said] = asked(1, seconds=40.0)
    assert (first, seconds) == (1, 40.0)
    assert "x, again: asked for " in said and "rows(1, seconds=40.0), kept is " in said
    assert said.endswith("rows(1, seconds=20.0)")
    assert asked(2, seconds=40.0)[0] == 2


def test_the_page_says_what_made_its_cells(tmp_path, monkeypatch):
    made(tmp_path)
    page = tmp_path / "index.html"
    here = str(files.this_maker())
    assert f"incentax {__version__} on " in here
    assert f"<p>All cells were made by {here}.</p>" in page.read_text()
    monkeypatch.setattr(files, "__version__", "9.9")
    (tmp_path / "cells" / "settings-x-rival-0.parquet").unlink()
    made(tmp_path, "contest")
    device = here.split(" on ")[1]
    assert (
        f"Mixed: cells were made by {here} (in contest, alone); by incentax 9.9 on {device} "
        "(in contest)."
    ) in page.read_text()


def test_who_made_a_table_without_metadata_is_unknown(tmp_path):
    made(tmp_path, "alone", "contest")
    file = tmp_path / "alone.parquet"
    pl.read_parquet(file).write_parquet(file)
    made(tmp_path, "contest")
    assert (
        f"Mixed: cells were made by {files.this_maker()} (in contest); by an unknown version on an "
        "unknown device (in alone)."
    ) in (tmp_path / "index.html").read_text()


def test_cells_may_be_gathered_without_a_page(tmp_path):
    cells = list(Contest().cells(None))
    assert gather(tmp_path, cells[1:], print)["name"].to_list() == ["rival"]
    assert files.read(tmp_path / "cells" / "settings-x-ours-0.parquet", "").makers == (
        files.this_maker(),
    )
    assert frame.nothing(pl.DataFrame({"a": [1]})).columns == []
