import pytest

from incentax.report.citation import BIBTEX, citation
from incentax.report.summary import gap, gap_words, number, percent, standings, verdict


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0.24796, "0.2480"),
        (1.0, "1.000"),
        (1, "1"),
        (-0.05, "-0.05"),
        (123.456, "123.5"),
        (99999.0, "99,999"),
        (3e20, "3.000e+20"),
        (-4e-7, "-4e-7"),
        (float("inf"), "inf"),
    ],
)
def test_numbers_are_short(x, text):
    assert number(x) == text


@pytest.mark.parametrize(
    ("fraction", "text"), [(0.0, "0.0 %"), (0.5, "50.0 %"), (0.00012, "0.012 %"), (25, "2,500 %")]
)
def test_percentages_are_finer_where_small(fraction, text):
    assert percent(fraction) == text


@pytest.mark.parametrize(
    ("result", "order", "better"),
    [
        (
            {"sense": "maximize", "value": 2.0, "baselines": {"a": 1.0, "b": 3.0}, "cap": 4.0},
            ["proven cap", "b", "this design", "a"],
            [False, False, None, True],
        ),
        (
            {"sense": "minimize", "value": 2.0, "baselines": {"a": 1.0, "b": 3.0}, "cap": None},
            ["a", "this design", "b"],
            [False, None, True],
        ),
        (
            {"sense": "maximize", "value": None, "baselines": {"a": 1.0, "b": None}, "cap": None},
            ["a"],
            [None],
        ),
        (
            {"sense": "maximize", "value": 2.0, "baselines": {"a": 2.0}, "cap": 2.0},
            ["proven cap", "this design", "a"],
            [True, None, True],
        ),
        (
            {"sense": "minimize", "value": -2.0, "baselines": {"a": -1.0}, "cap": float("nan")},
            ["this design", "a"],
            [None, True],
        ),
    ],
)
def test_standings_are_sorted_best_first(result, order, better):
    rows = standings(result)
    assert [row.name for row in rows] == order
    assert [row.better for row in rows] == better


@pytest.mark.parametrize(
    ("value", "cap", "sense", "expected", "phrase"),
    [
        (0.248, 0.25, "maximize", 0.008, "0.80 % below"),
        (0.30, 0.25, "maximize", -0.2, "check the cap"),
        (1.1, 1.0, "minimize", 0.1, "10.0 % above"),
        (-1.1, -1.0, "maximize", 0.1, "10.0 % below"),
        (1.0, None, "maximize", None, ""),
        (float("nan"), 1.0, "maximize", None, ""),
    ],
)
def test_gap_is_positive_while_the_cap_holds(value, cap, sense, expected, phrase):
    result = {"value": value, "cap": cap, "sense": sense}
    assert gap(result) == (None if expected is None else pytest.approx(expected))
    assert phrase in gap_words(result)


@pytest.mark.parametrize(
    ("outcomes", "holds", "reason"),
    [
        ([True, True], True, "2 of 2 checks hold"),
        ([True], True, "1 of 1 check holds"),
        ([True, "no bound"], True, "1 of 1 check holds"),
        (["no bound"], None, "no check was made"),
        ([True, False], False, "1 of 2 checks fails: c1"),
        ([False, False], False, "2 of 2 checks fail: c0, c1"),
        ([None, True], None, "not known for c0"),
        ([None, False], False, "c1"),
        ([], None, "no check was made"),
    ],
)
def test_verdict_needs_every_check(outcomes, holds, reason):
    checks = [
        {"name": f"c{i}", "bound": None, "holds": None}
        if came == "no bound"
        else {"name": f"c{i}", "bound": 1.0, "holds": came}
        for i, came in enumerate(outcomes)
    ]
    found = verdict({"certificate": checks})
    assert found.holds is holds
    assert reason in found.reason


def test_a_run_without_result_is_unfinished():
    assert verdict(None).word == "unfinished"


def test_citations_come_in_order_and_once():
    text = citation("myerson1981optimal", "corecco2025amid", "myerson1981optimal")
    assert text.count("@") == 2
    assert text.index("Myerson") < text.index("Corecco")
    assert citation().count("\n@") + 1 == len(BIBTEX)


@pytest.mark.parametrize("key", list(BIBTEX))
def test_every_entry_is_well_formed(key):
    text = BIBTEX[key]
    assert text.startswith("@") and f"{{{key}," in text.splitlines()[0]
    assert text.count("{") == text.count("}")
    assert all(field in text for field in ("title", "author", "year"))


def test_an_unknown_citation_names_the_nearest():
    with pytest.raises(
        ValueError, match=r"expected .*, got 'myerson1981'; try 'myerson1981optimal'"
    ):
        citation("myerson1981")
