"""Derivatives of noted calls are those of the calls, however games and mechanisms are batched."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest
from jax.flatten_util import ravel_pytree

import incentax as ix
from incentax.deferral import AbstractDeferrable

SETTING = ix.problems["a1"].with_options(num_values=5, num_bids=5, width=4, horizon=3).setting
GAME = SETTING.population().game
SOLVER = ix.MirrorDescent(0.1, 2.0, num_steps=23)
KEYS = jax.random.split(jax.random.key(3), 2)


def network(key, reserve=None):
    mechanism = ix.auctions.NeuralAuction(3, 5, width=4, reserve=reserve, key=key)
    # Double precision, and starts that differ by more than their biases.
    return jax.tree.map(lambda x: 2 * x.astype(float) if eqx.is_array(x) else x, mechanism)


def revenue(mechanism, supply, adjoint):
    game = replace(GAME, supply=supply)
    return ix.revenue(mechanism, ix.solve(game, mechanism, solver=SOLVER, adjoint=adjoint))


SUPPLIES = jnp.array([0.3, 0.5, 0.9])
BATCHES = {
    "one game": lambda m, adjoint: revenue(m, SUPPLIES[0], adjoint),
    "one network, many games": lambda m, adjoint: jnp.sum(
        jax.vmap(lambda supply: revenue(m, supply, adjoint))(SUPPLIES)
    ),
    "many networks": lambda m, adjoint: jnp.sum(
        eqx.filter_vmap(lambda scale: revenue(scaled(m, scale), SUPPLIES[1], adjoint))(
            jnp.array([1.0, -0.5])
        )
    ),
    "networks and games": lambda m, adjoint: jnp.sum(
        jax.vmap(lambda scale: jax.vmap(lambda s: revenue(scaled(m, scale), s, adjoint))(SUPPLIES))(
            jnp.array([1.0, -0.5])
        )
    ),
}


def scaled(mechanism, scale):
    return jax.tree.map(lambda x: scale * x if eqx.is_inexact_array(x) else x, mechanism)


@pytest.mark.parametrize("reserve", [None, 0.3])
@pytest.mark.parametrize("batch", BATCHES)
def test_noted_calls_have_the_derivative_of_the_calls(batch, reserve):
    mechanism = network(KEYS[0], reserve)
    assert isinstance(mechanism, AbstractDeferrable)
    found, expected = (
        ravel_pytree(eqx.filter(eqx.filter_grad(BATCHES[batch])(mechanism, adjoint), eqx.is_array))[
            0
        ]
        for adjoint in (ix.Checkpointed(), ix.Backprop())
    )
    assert jnp.linalg.norm(expected) > 1e-4
    assert jnp.linalg.norm(found - expected) < 1e-10 * jnp.linalg.norm(expected)
