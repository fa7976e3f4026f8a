"""How designs step: an optimizer from a rate, a clip of the gradient, and the number of steps."""

import jax
import optax
from jaxtyping import Array, PyTree

# Inputs of a layer from which on its rate falls: see `layerwise_adam`.
NARROW = 32


def decaying_adam(rate: float, clip: float, num_steps: int) -> optax.GradientTransformation:
    """Adam whose rate falls to zero like a cosine; gradients are clipped to norm `clip`."""
    schedule = optax.cosine_decay_schedule(rate, num_steps)
    return optax.chain(optax.clip_by_global_norm(clip), optax.adam(schedule))


def layerwise_adam(rate: float, clip: float, num_steps: int) -> optax.GradientTransformation:
    """`decaying_adam` for networks: matrices [out, in] of more than 32 inputs step less.

    Adam moves every weight by about the rate, so that a unit moves by rate x inputs. Dividing a
    wide layer's steps by its inputs moves units of all layers alike. Undivided, a rate at which
    the heads learn drives the hidden layers so far in a few steps that sigmoids saturate and no
    gradient returns.

    >>> import jax.numpy as jnp
    >>> network = {"bias": jnp.zeros(64), "weight": jnp.zeros((64, 64))}
    >>> method = layerwise_adam(0.1, 1.0, 100)
    >>> gradient = jax.tree.map(jnp.ones_like, network)
    >>> with jax.numpy_dtype_promotion("standard"):
    ...     step, _ = method.update(gradient, method.init(network))
    >>> [round(float(step[name].min()), 3) for name in step]
    [-0.1, -0.05]

    Reference: Yang et al. 2022, arXiv 2203.03466 (rates of Adam by width).
    """
    schedule = optax.cosine_decay_schedule(rate, num_steps)
    return optax.chain(
        optax.clip_by_global_norm(clip),
        optax.scale_by_adam(),
        optax.stateless(lambda updates, _: _by_inputs(updates)),
        optax.scale_by_learning_rate(schedule),
    )


def plain_adam(rate: float, clip: float, num_steps: int) -> optax.GradientTransformation:
    """Adam at a constant rate, as published; nothing is clipped."""
    return optax.adam(rate)


def clipped_sgd(rate: float, clip: float, num_steps: int) -> optax.GradientTransformation:
    """Plain steps along gradients clipped to norm `clip`, at a rate that falls like a cosine."""
    schedule = optax.cosine_decay_schedule(rate, num_steps)
    return optax.chain(optax.clip_by_global_norm(clip), optax.sgd(schedule))


def _by_inputs(updates: PyTree[Array]) -> PyTree[Array]:
    return jax.tree.map(
        lambda step: step * min(1.0, NARROW / step.shape[1]) if step.ndim == 2 else step, updates
    )
