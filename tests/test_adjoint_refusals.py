"""What an adjoint cannot do it says, with what to use instead; it never answers with zeros."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import incentax as ix
from incentax.adjoint import Backprop, Checkpointed, Implicit
from incentax.games import LeftRight
from incentax.krylov import Gmres

from .cases import CASES, left_right, numbers_of, relative, score_of


def halve(z, mechanism, consts):
    return z / 2 + mechanism


class BrokenReply(ix.AbstractOperator):
    """An operator whose derivative is not a number."""

    def aggregate(self, z, mechanism, consts):
        return z

    def respond(self, aggregate, mechanism, consts):
        return jnp.sqrt(aggregate - aggregate) + mechanism

    def apart(self, z, aggregate, mechanism, consts):
        return None


def test_implicit_refuses_temperature_zero():
    solver = ix.MirrorDescent(temperature=0.0, learning_rate=0.1, num_steps=5)
    with pytest.raises(ValueError, match=r"expected .*got .*Checkpointed\(\)"):
        ix.solve(LeftRight(), left_right().mechanism, solver=solver, adjoint=Implicit())


@pytest.mark.parametrize("adjoint", [Backprop(), Checkpointed()])
def test_unrolled_adjoints_accept_temperature_zero(adjoint):
    solver = ix.MirrorDescent(temperature=0.0, learning_rate=0.1, num_steps=5)
    score = score_of(left_right()._replace(solver=solver), adjoint)
    numbers, _ = numbers_of(left_right().mechanism)
    assert np.all(np.asarray(jax.grad(score)(numbers).value) != 0)


def test_segments_must_be_positive():
    with pytest.raises(ValueError, match="expected segments >= 1 or None, got 0"):
        Checkpointed(0)


def test_an_unsolved_system_raises_without_a_probe():
    case = CASES["auction"]()
    score = score_of(case, Implicit(Gmres(1e-12, vectors=1), tolerance=1e-6))
    with pytest.raises(RuntimeError, match=r"not solved to tolerance.*Checkpointed\(\)"):
        jax.block_until_ready(eqx.filter_jit(jax.grad(score))(numbers_of(case.mechanism)[0]))


def test_an_unsolved_system_is_reported_with_a_probe():
    case = CASES["auction"]()
    numbers, _ = numbers_of(case.mechanism)

    def residual_and_gradient(solver):
        def score(numbers, probe):
            return score_of(case, Implicit(solver, 1e-6).listening(probe))(numbers)

        gradient, residual = jax.jit(jax.grad(score, (0, 1)))(numbers, jnp.zeros(()))
        return float(residual), gradient

    failed, inexact = residual_and_gradient(Gmres(1e-12, vectors=1))
    solved, exact = residual_and_gradient(Gmres(1e-12))
    assert solved < 1e-10 < 1e-3 < failed
    assert relative(inexact, exact) > 1e-6
    # The best approximation in the small space is not zero: no failed solve looks stationary.
    assert max(float(jnp.max(jnp.abs(x))) for x in jax.tree.leaves(inexact)) > 0


def test_a_system_of_nan_never_looks_solved():
    operator = BrokenReply()
    adjoint = Implicit()

    def last(mechanism, probe):
        kind = adjoint if probe is None else adjoint.listening(probe)
        return kind.iterate(halve, operator, jnp.ones(2), mechanism, (), num_steps=3)[0].sum()

    with pytest.raises(RuntimeError, match="not solved to tolerance"):
        jax.block_until_ready(eqx.filter_jit(jax.grad(last))(jnp.ones(2), None))
    gradient, residual = jax.grad(last, (0, 1))(jnp.ones(2), jnp.zeros(()))
    assert jnp.all(jnp.isnan(gradient)) and jnp.isnan(residual)


def test_backprop_and_checkpointed_have_no_system_to_report():
    for adjoint in (Backprop(), Checkpointed()):
        assert adjoint.listening(jnp.zeros(())) is adjoint
        assert not adjoint.forgets_start
    assert Implicit().forgets_start
