"""Certificates: their precision, what holds of them, what they catch, and cliffs in bids."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import incentax as ix
from incentax.certificate import no_zero_dominance
from incentax.games import LeftRight
from incentax.workflow import certificate_rows

from .cases import CASES

SOLVER = ix.MirrorDescent(0.5, learning_rate=0.4, num_steps=60)
CROWD = ix.Congestion(5.0, first_round=1)
START = ix.Price(jnp.array([1.0, 2.0]))
POPULATION = ix.EquilibriumPopulation(LeftRight(), SOLVER)


@pytest.mark.parametrize(
    ("bids", "supply", "margin", "bid"),
    [
        ([0.2, 0.0, 0.8], 0.8, 0.0, 1),  # the textbook cliff
        ([0.2, 0.05, 0.75], 0.8, 0.05, 1),  # the supply ends within a bid that is made
        ([0.2, 0.0, 0.8], 0.7, 0.1, 1),  # nobody at the bid, but supply ends above it
        ([0.0, 0.5, 0.5], 1.0, 0.0, 0),  # everybody served, and free goods for a bid of zero
    ],
)
def test_margins_by_hand(bids, supply, margin, bid):
    found = no_zero_dominance(np.array([bids]), np.array([supply]))
    assert found.margin == pytest.approx(margin, abs=1e-12) and found.bid == bid
    assert found.holds is (margin > 0)


@given(st.integers(0, 10**6))
def test_full_support_has_no_cliff(seed):
    rng = np.random.default_rng(seed)
    bids = rng.dirichlet(np.ones(6), size=3)
    found = no_zero_dominance(bids, rng.random(3))
    assert found.holds and found.margin >= bids.min()
    assert 0 <= found.round < 3 and 0 <= found.bid < 6


def test_nothing_holds_at_an_equilibrium_that_is_not_finite():
    numbers = dict.fromkeys(("slope", "difference", "cap", "adjoint_residual"), float("nan"))
    numbers |= {"value": 0.2, "exploitability": 0.0, "regularised_exploitability": 0.0}
    for status, holds in ((ix.Status.DONE, True), (ix.Status.NONFINITE_EQUILIBRIUM, False)):
        certificate = ix.Certificate(**numbers, residual=0.0, status=status)
        judged = [row["holds"] for row in certificate_rows(certificate, 1e-3) if row["bound"]]
        assert judged == [holds, holds]


def test_a_certificate_is_in_double_precision_whatever_the_mechanism():
    single = jax.tree.map(lambda leaf: leaf.astype(jnp.float32), START)
    certificate, response = ix.certify(POPULATION, CROWD, single, key=jax.random.key(0))
    double, _ = ix.certify(POPULATION, CROWD, START, key=jax.random.key(0))
    assert response.flow.dtype == np.float64
    assert certificate.value == pytest.approx(double.value, rel=1e-14)


def test_a_certificate_makes_all_steps_however_quickly_solves_end():
    quick = ix.MirrorDescent(0.1, 0.2, num_steps=4000, enough=1e-3, bold_steps=50)
    careful = dataclasses.replace(quick, enough=0.0, bold_steps=0)
    hasty = ix.solve(LeftRight(), START, solver=quick, adjoint=ix.Implicit())
    assert int(hasty.num_steps) < 4000 and float(hasty.residual) > 1e-8
    certificate, response = ix.certify(
        ix.EquilibriumPopulation(LeftRight(), quick), CROWD, START, key=jax.random.key(0)
    )
    expected = ix.solve(LeftRight(), START, solver=careful)
    assert int(response.num_steps) == 4000 and certificate.residual < 1e-12
    assert certificate.value == pytest.approx(float(CROWD(START, expected)), abs=1e-12)


def test_a_certificate_catches_a_wrong_adjoint():
    """Three unrolled steps of the fixed point are not its derivative: the check says so.

    Unless agents settle in the problem's own game: the check is made there.
    """
    case = CASES["left-right"]()
    short = dataclasses.replace(case.solver, num_steps=3)
    rough, settled = (
        ix.EquilibriumPopulation(case.game, solver, ix.Implicit())
        for solver in (short, case.solver)
    )
    errors = []
    for own in (rough, settled):
        certificate, _ = ix.certify(
            own, case.objective, case.mechanism, trained=rough, key=jax.random.key(1)
        )
        errors.append(certificate.gradient_error)
    assert errors[0] > 1e-3 and errors[1] < 1e-6


def test_agents_who_cycle_settle_in_calmer_steps():
    """Exact replies, and half of the way to them, go back and forth between the sides."""
    hasty = ix.MirrorDescent(0.1, learning_rate=10.0, num_steps=50)
    cycling = ix.solve(LeftRight(), START, solver=hasty)
    assert ix.Status.of(cycling.status) is ix.Status.NOT_CONVERGED
    certificate, response = ix.certify(
        ix.EquilibriumPopulation(LeftRight(), hasty), CROWD, START, key=jax.random.key(0)
    )
    assert certificate.status is ix.Status.DONE and certificate.residual < 1e-9
    assert int(response.num_steps) == 16 * 50
    settled = ix.solve(LeftRight(), START, solver=ix.MirrorDescent(0.1, 0.5, num_steps=4000))
    assert certificate.value == pytest.approx(float(CROWD(START, settled)), abs=1e-9)


def test_without_a_regulariser_no_calmer_steps_are_tried():
    hasty = ix.MirrorDescent(0.0, learning_rate=0.3, num_steps=3)
    population = ix.EquilibriumPopulation(LeftRight(), hasty, ix.Checkpointed())
    certificate, response = ix.certify(population, CROWD, START, key=jax.random.key(0))
    assert certificate.status is ix.Status.NOT_CONVERGED and int(response.num_steps) == 3
