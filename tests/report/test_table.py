import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from incentax.report.comparison import comparison, names
from incentax.report.table import (
    certificate_rows,
    comparison_rows,
    comparison_table,
    fact_rows,
    problem_rows,
    problem_table,
    result_panel,
    standing_rows,
)

from .synthetic import GAME, HELD_OUT, RESULT, write_game, write_run


def plain(renderable, width=110):
    """What a pipe sees: no colour, no style."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(renderable)
    return console.file.getvalue()


def test_standing_rows():
    assert standing_rows(RESULT) == [
        ("proven cap", "0.2500", "-0.82 %"),
        ("this design", "0.2480", ""),
        ("posted price", "0.2349", "+5.6 %"),
        ("first price best supply", "0.1812", "+36.8 %"),
        ("first price", "0.1571", "+57.8 %"),
    ]


def test_certificate_rows_say_it_in_words():
    checks = [
        {"name": "gap_to_cap", "value": 0.0082, "bound": 0.02, "holds": True, "meaning": "m"},
        {"name": "residual", "value": 1.0, "bound": 1e-6, "holds": False, "meaning": None},
        {"name": "finite_n", "value": None, "bound": 0.1, "holds": None, "meaning": ""},
        {"name": "gradient_error", "value": 0.5, "bound": None, "holds": None, "meaning": ""},
    ]
    assert certificate_rows({"certificate": checks}) == [
        ("gap to cap", "holds", "0.0082", "0.02", "m"),
        ("residual", "FAILS", "1.000", "1e-6", ""),
        ("finite n", "not known", "-", "0.1000", ""),
        ("gradient error", "-", "0.5000", "-", ""),
    ]


def test_fact_rows_leave_out_what_is_unknown():
    assert fact_rows({"rule": "ZerothOrder", "adjoint": None, "steps": 1200, "seed": 0}) == [
        ("rule", "ZerothOrder"),
        ("steps", "1,200"),
        ("seed", "0"),
    ]


@pytest.mark.parametrize("change", [{}, {"held_out": HELD_OUT}, {"value": None, "certificate": []}])
def test_the_panel_survives_without_colour(change):
    text = plain(result_panel(RESULT | change, "A1 [bold]not markup[/bold]"))
    assert "A1 [bold]not markup[/bold]" in text
    assert "revenue (maximised)" in text
    assert "Converged: the value moved less" in text
    assert ("certified: 3 of 3 checks hold" in text) == ("value" not in change)
    assert ("25,000 held-out values" in text) == ("held_out" in change)
    assert "agents settled" not in text


def test_held_out_games_say_how_many_settled():
    games = HELD_OUT | {"count": 100, "settled": 97}
    assert "agents settled in 97 of them" in plain(result_panel(RESULT | {"held_out": games}))


def test_the_panel_of_a_minimised_objective(tmp_path):
    text = plain(result_panel(GAME | {"value": 0.09, "baselines": {"no_price": 0.15}}))
    assert "congestion (minimised)" in text and "-40.0 %" in text


def test_problems_are_listed_in_order():
    problems = [SimpleNamespace(name=n, summary=f"{n} [i]x[/i]", source="s") for n in ("b", "a")]
    assert problem_rows(problems) == [("b", "b [i]x[/i]", "s"), ("a", "a [i]x[/i]", "s")]
    assert "a [i]x[/i]" in plain(problem_table(problems))


def test_comparison_marks_the_best_of_its_kind(tmp_path):
    directories = [
        write_run(tmp_path / "low", result={"value": 0.2, "rule": "ZerothOrder", "adjoint": None}),
        write_run(tmp_path / "high"),
        write_game(tmp_path / "bar"),
        write_run(tmp_path / "broken_off", without=("result.json",)),
    ]
    rows = comparison_rows(comparison(directories))
    assert [row[:4] for row in rows] == [
        ("low", "a1", "ZerothOrder", "0.2000"),
        ("high", "a1", "Hypergradient Implicit", "0.2480 *"),
        ("bar", "beach-bar", "Hypergradient Implicit", "0.0912"),
        ("broken_off", "a1", "Hypergradient Implicit", "-"),
    ]
    assert [row[-1] for row in rows] == ["certified"] * 3 + ["unfinished"]
    for width in (80, 120):
        text = plain(comparison_table(comparison(directories)), width)
        assert "0.2480" in text and "* best value" in text


@pytest.mark.parametrize(
    ("directories", "expected"),
    [
        (["runs/a1"], ["a1"]),
        (["runs/a1/", "runs/a2"], ["a1", "a2"]),
        (["x/a1", "y/a1"], ["x/a1", "y/a1"]),
        (["runs/a1", "runs/a1"], ["a1", "a1"]),
    ],
)
def test_names_are_as_short_as_they_can_be(directories, expected):
    assert names(directories) == expected
