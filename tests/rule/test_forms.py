"""Forms of price: fewer than the actions, and incentives that are not paid per unit."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np
import optax
import pytest

import incentax as ix
from incentax.games.smooth import LinearQuadratic, shared_defect
from incentax.rule.direction import pooled

N = 4
# Symmetric agents: the direction of a uniform tax is an eigenvector of the Jacobian.
SYMMETRIC = 0.5 * jnp.ones((N, N)) + jnp.eye(N)
UPPER = jnp.eye(N) + jnp.triu(jnp.ones((N, N)), 1)
TARGET = jnp.array([1.0, 0.2, -0.4, 0.5])


def instance(jacobian):
    return LinearQuadratic(jacobian, jnp.array([0.3, -0.1, 0.2, 0.0]), jnp.eye(N), TARGET)


def best_uniform(jacobian):
    """x = -J^-1 (c + 1 t), |x - target|^2 / 2: the best t in closed form."""
    inverse = np.linalg.inv(np.asarray(jacobian))
    pulled = inverse @ np.ones(N)
    still = -inverse @ np.array([0.3, -0.1, 0.2, 0.0])
    return float(pulled @ (still - np.asarray(TARGET)) / (pulled @ pulled))


def taxed(jacobian, price, rule):
    game = instance(jacobian)
    return ix.design(
        ix.NashPopulation(game.game(), ix.SemismoothNewton(2)),
        price,
        minimize=game.objective,
        rule=rule,
        optimizer=optax.sgd(0.5),
        num_steps=300,
        audit_every=0,
    )


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_a_declared_uniform_tax_reaches_its_optimum_where_the_game_is_symmetric(shape):
    result = taxed(SYMMETRIC, ix.Price(jnp.zeros(shape)), ix.SocialGradient(ix.SharedForm()))
    assert float(result.mechanism.value.reshape(())) == pytest.approx(
        best_uniform(SYMMETRIC), abs=1e-8
    )
    assert result.status is ix.Status.DONE
    assert result.diagnosis.monotonicity > 0


def test_where_it_is_not_the_declared_tax_stops_at_the_wrong_point_and_the_defect_says_why():
    """The naive rest point: the mean of g is zero, -(1'x~) / (1'J^-1 1)."""
    result = taxed(UPPER, ix.Price(jnp.zeros(())), ix.SocialGradient(ix.SharedForm()))
    inverse = np.linalg.inv(np.asarray(UPPER))
    still = -inverse @ np.array([0.3, -0.1, 0.2, 0.0])
    naive = np.ones(N) @ (still - np.asarray(TARGET)) / (np.ones(N) @ inverse @ np.ones(N))
    found = float(result.mechanism.value)
    assert found == pytest.approx(naive, abs=1e-8)
    assert abs(found - best_uniform(UPPER)) > 0.05
    visited = jnp.asarray(result.response.actions)[None]
    assert float(shared_defect(instance(UPPER).game(), visited, ())) > 0.1
    assert float(shared_defect(instance(SYMMETRIC).game(), visited, ())) < 1e-12
    # A price for each action shares nothing.
    assert float(shared_defect(instance(UPPER).game(), visited, (N, 1))) < 1e-12


@pytest.mark.parametrize("form", [ix.PlainForm(), ix.SharedForm()])
def test_prices_that_fit_no_action_are_refused(form):
    with pytest.raises(ValueError, match="expected a Price that broadcasts"):
        taxed(SYMMETRIC, ix.Price(jnp.zeros(3)), ix.SocialGradient(form))


def test_pooling_is_the_transpose_of_broadcasting_but_for_its_size():
    vector = jnp.arange(6.0).reshape(3, 2)
    for shape in ((), (2,), (1, 2), (3, 1), (3, 2)):
        mean = pooled(vector, shape)
        weight = jnp.arange(1.0, 1 + mean.size).reshape(shape)
        share = vector.size / mean.size
        spread = jnp.broadcast_to(weight, vector.shape)
        assert float(jnp.sum(spread * vector)) == pytest.approx(
            share * float(jnp.sum(weight * mean))
        )


LEVER = jnp.array([[2.0, 1.0], [-0.5, 1.5]])


class Nudged(ix.AbstractPopulation):
    """Agents with F(x) = x who feel the incentive B p, and are always at equilibrium."""

    offers: ClassVar[ix.Access] = ix.Access.RESPONSE

    def init(self, mechanism, *, key):
        return ()

    def respond(self, mechanism, state, *, key):
        return ix.JointAction.seen(-LEVER @ mechanism.value), state

    def at_rest(self):
        return self

    def relaxed(self, temperature, share, num_steps):
        raise ValueError("no temperature")

    def listening(self, probe):
        return self


def nudged(leverage, num_steps=80):
    target = jnp.array([0.5, -1.0])
    return ix.design(
        Nudged(),
        ix.Price(jnp.zeros(2)),
        minimize=lambda mechanism, response: jnp.sum((response.actions - target) ** 2) / 2,
        rule=ix.SocialGradient(ix.LeverForm(leverage)),
        optimizer=optax.sgd(0.3),
        num_steps=num_steps,
        audit_every=0,
    ), -np.linalg.solve(np.asarray(LEVER), np.asarray(target))


def test_a_lever_that_is_known_is_undone():
    result, best = nudged(lambda actions, price: LEVER)
    np.testing.assert_allclose(result.mechanism.value, best, atol=1e-9)
    assert result.status is ix.Status.DONE


def test_a_lever_that_hardly_moves_somebody_ends_with_a_caution():
    flat = jnp.array([[1.0, 1.0], [1.0, 1.0 + 1e-15]])
    result, _ = nudged(lambda actions, price: flat, 1)
    assert result.status is ix.Status.ADJOINT_RESIDUAL
