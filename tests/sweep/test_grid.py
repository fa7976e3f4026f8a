"""Grids: what files mean, and what is refused."""

import pytest

from incentax.sweep import Cell, read_grid


def test_toml_lists_are_combined(tmp_path):
    file = tmp_path / "grid.toml"
    file.write_text("supply = [0.5, 0.8]\nhorizon = 4\nseed = [0, 1]\n")
    cells = read_grid(file)
    assert [cell.name for cell in cells] == [
        "horizon=4,supply=0.5,seed=0",
        "horizon=4,supply=0.5,seed=1",
        "horizon=4,supply=0.8,seed=0",
        "horizon=4,supply=0.8,seed=1",
    ]


def test_csv_rows_are_cells_each_once(tmp_path):
    file = tmp_path / "grid.csv"
    file.write_text("supply,horizon\n0.5,4\n0.8,6\n0.5,4\n")
    assert read_grid(file, seed=3) == (
        Cell((("horizon", 4.0), ("supply", 0.5)), 3),
        Cell((("horizon", 6.0), ("supply", 0.8)), 3),
    )


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("grid.txt", "", "a .toml or .csv file"),
        ("grid.toml", None, "no .*grid.toml"),
        ("grid.toml", "", "at least one cell"),
        ("grid.toml", "seed = []", "at least one cell"),
        ("grid.toml", "supply = ", "a readable grid"),
        ("grid.toml", 'supply = ["much"]', "expected numbers"),
        ("grid.toml", "supply = [true]", "expected numbers"),
        ("grid.toml", "seed = [0.5]", "a whole seed"),
        ("grid.csv", "", "a readable grid"),
        ("grid.csv", "supply\nmuch\n", "expected numbers"),
    ],
)
def test_files_that_are_no_grid_are_refused(tmp_path, name, text, words):
    file = tmp_path / name
    if text is not None:
        file.write_text(text)
    with pytest.raises(ValueError, match=words):
        read_grid(file)
