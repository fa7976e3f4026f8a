"""When a bar is reached, with the time of judging and without it."""

import math

import pytest

import incentax as ix
from benchmarks.time_to_value import Race, judgement_seconds, judgements


def history(audit_every, values, step=1.0, judging=0.25):
    """Steps of one second; judged ones take a quarter more."""
    seconds, records = 0.0, []
    for k, value in enumerate(values):
        judged = (k + 1) % audit_every == 0
        seconds += step + judging * judged
        audited = value if judged else math.nan
        records.append(ix.StepRecord(k, *[0.0] * 6, audited, seconds))
    return records


@pytest.mark.parametrize("audit_every", [1, 2, 3])
def test_judging_is_measured_and_taken_off(audit_every):
    made = history(audit_every, [0.1 * (k + 1) for k in range(9)])
    judging = judgement_seconds(made, [1.0, 1.0], audit_every)
    assert judging == pytest.approx(0.25)
    found = judgements(made, judging, audit_every)
    race = Race(found, 0.9, made[-1].seconds, 9, judging)
    reached = race.reached(0.45)
    first = audit_every * math.ceil(5 / audit_every)
    assert reached.value == pytest.approx(0.1 * first)
    assert reached.steps_alone == pytest.approx(first)
    assert reached.seconds == pytest.approx(first + 0.25 * first / audit_every)


def test_judgements_that_are_not_trusted_reach_nothing():
    made = history(1, [0.9, math.nan, 0.3])
    race = Race(judgements(made, 0.0, 1)[1:], 0.3, 3.0, 3, 0.0)
    assert race.reached(0.3).value == 0.3
    assert math.isnan(race.reached(0.5).seconds) and math.isnan(race.reached(math.nan).seconds)
