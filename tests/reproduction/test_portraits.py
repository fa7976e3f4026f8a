"""Exploitabilities of iterates are those that the library finds at the same policies."""

from dataclasses import replace

import jax
import pytest

from incentax.certificate import certify
from incentax.flow import exploitability
from incentax.precision import in_float64
from incentax.problems import problems
from incentax.reproduction.amid import contest, plans, portraits

SIZES = dict(num_values=8, num_bids=8, width=8, horizon=2, temperature=1e-2, learning_rate=10.0)


@pytest.fixture
def small(monkeypatch):
    row = replace(problems["a1"].with_options(**SIZES), name="small")
    for module in (contest, plans, portraits):
        monkeypatch.setattr(module, "problems", {"small": row})
    return row.setting


def test_iterates_are_as_exploitable_as_the_library_says(small):
    rows = portraits.iterate_rows("small", 0, 2, length=2000)
    mechanism, population = contest.trained("small", 0, 2).mechanism, small.population()
    game, mechanism, solver = in_float64((population.game, mechanism, population.solver))
    scores = solver.init(game, mechanism)
    for row in rows[:3]:
        scores = solver.step(scores, mechanism, game)
        found = float(exploitability(game, solver.policy(scores), mechanism))
        assert row["exploitability"] == pytest.approx(found, rel=1e-9) and found > 0
    # At the end the iterates are at the equilibrium, whose certificate says the same.
    certificate, _ = certify(population, small.objective(), mechanism, key=jax.random.key(0))
    assert rows[-1]["step"] == 2000 and certificate.exploitability > 0
    assert rows[-1]["exploitability"] == pytest.approx(certificate.exploitability, rel=1e-2)
