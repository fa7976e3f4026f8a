"""Temperatures to design at: how they fall, and which cannot be."""

import jaxtyping
import pytest

import incentax as ix


def test_a_held_schedule_stays_and_then_falls_to_the_same_end():
    held = ix.Schedule(0.1, 0.001, hold=0.4)
    temperatures = [held.temperature(step, 11) for step in range(11)]
    assert temperatures[:5] == [0.1] * 5
    assert temperatures[4:] == pytest.approx([0.1 * 0.01 ** (k / 6) for k in range(7)])
    assert ix.Schedule(0.1, 0.001, hold=0.4).scaled(10).hold == 0.4


@pytest.mark.parametrize("share, careful", [(1, 0.25), (0.2, 0.05), (0.05, 0.02), (0.01, 0.01)])
def test_careful_steps_are_short_and_still_get_there(share, careful):
    schedule = ix.Schedule(0.1, 0.01, 7, share=share, hold=0.5, settle=3)
    slow = schedule.careful()
    assert slow.share == pytest.approx(careful)
    # Of the way from a cold start, so much is left.
    assert (1 - careful) ** slow.solver_steps < 1e-4
    assert [slow.temperature(k, 5) for k in range(5)] == [
        schedule.temperature(k, 5) for k in range(5)
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        dict(start=0.1, stop=0.2),
        dict(stop=0.0),
        dict(share=1.5),
        dict(hold=1.0),
        dict(hold=-0.1),
        dict(settle=-1),
        dict(settle=1.5),
        dict(solver_steps=0),
        dict(solver_steps=2.5),
        dict(solver_steps=float("nan")),
    ],
)
def test_impossible_schedules(wrong, monkeypatch):
    # As users have it: without run-time checks of types, which would be first to object.
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    with pytest.raises(ValueError, match="expected .*, got .*; try"):
        ix.Schedule(**wrong)
