"""Optimizers of designs: wide layers go slower, and so networks stay alive."""

import jax
import jax.numpy as jnp
import optax
import pytest

import incentax as ix
from incentax.methods import NARROW, decaying_adam, layerwise_adam


def first_step(method, numbers):
    optimizer = method(0.1, 1e9, 100)
    gradient = jax.tree.map(jnp.ones_like, numbers)
    with jax.numpy_dtype_promotion("standard"):
        return optimizer.update(gradient, optimizer.init(numbers), numbers)[0]


@pytest.mark.parametrize("inputs", [1, NARROW, NARROW + 1, 16 * NARROW])
def test_units_of_wide_layers_move_alike(inputs):
    layer = {"weight": jnp.zeros((3, inputs)), "bias": jnp.zeros(3)}
    plain, step = (first_step(method, layer) for method in (decaying_adam, layerwise_adam))
    moved = -jnp.sum(step["weight"], axis=1)
    assert moved == pytest.approx(0.1 * min(inputs, NARROW), rel=1e-6)
    assert jnp.allclose(step["bias"], plain["bias"], rtol=1e-12)
    assert jnp.allclose(plain["weight"], -0.1, rtol=1e-6)


def test_it_is_adam_where_all_is_narrow():
    numbers = {"a": jnp.arange(4.0), "b": jnp.ones((2, 5))}
    plain, step = (first_step(method, numbers) for method in (decaying_adam, layerwise_adam))
    assert optax.tree.norm(optax.tree.sub(plain, step)) < 1e-12


def test_a_network_is_alive_after_its_first_large_steps():
    """Under one rate for all layers the same design's gradient falls below 1e-6 in 26 steps."""
    setting = ix.problems["a2"].with_options(num_values=30, num_bids=30).setting
    start, key = jax.random.split(jax.random.key(0))
    recipe = setting.recipe()
    result = ix.design(
        setting.population(),
        setting.mechanism(start),
        maximize=setting.objective(),
        optimizer=recipe.optimizer(recipe.num_steps),
        num_steps=26,
        schedule=recipe.schedule,
        key=key,
        audit_every=0,
        throw=False,
    )
    assert min(record.gradient_norm for record in result.history) > 1e-2
    assert result.value > 0.55
