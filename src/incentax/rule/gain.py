"""Whether an optimizer moves along the direction it is given, by trying it out."""

import warnings

import equinox as eqx
import jax
import numpy as np
import optax
from jax.flatten_util import ravel_pytree

from .._types import Mechanism

# Norms of the probing directions: clipping, adaptive scaling and decay show at different sizes.
_NORMS = (1.0, 1e3, 1e-3, 1.0, 30.0)
_TOLERANCE = 1e-3


def check_gain(optimizer: optax.GradientTransformation, mechanism: Mechanism, name: str) -> None:
    """Nothing, if every update is a nonnegative number times the direction, turned downhill.

    The optimizer is given a sequence of random directions and the same sequence reflected in a
    random plane. One that treats all coordinates alike answers with reflected updates; one with a
    single scalar gain answers with multiples of the direction itself. One number has no
    coordinates to treat differently.

    Warns about momentum, which treats coordinates alike but carries old directions along.

    **Raises:** `ValueError` for anything else: coordinatewise gains can turn descent into ascent.

    Reference: design note on planner gains; arXiv 2604.11346 uses a scalar gain.
    """
    numbers = eqx.filter(mechanism, eqx.is_inexact_array)
    flat, unravel = ravel_pytree(numbers)
    random = np.random.default_rng(0)
    mirror = _unit(random, flat.size)
    parameters = random.standard_normal(flat.size)
    directions = [norm * _unit(random, flat.size) for norm in _NORMS]
    reflected = [d - 2 * mirror * (mirror @ d) for d in directions]

    def updates(sequence: list[np.ndarray]) -> list[np.ndarray]:
        with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
            params = unravel(_like(parameters, flat))
            state = optimizer.init(params)
            found = []
            for direction in sequence:
                update, state = optimizer.update(unravel(_like(direction, flat)), state, params)
                found.append(np.asarray(ravel_pytree(update)[0], np.float64))
        return found

    plain = updates(directions)
    parallel = all(map(_descends_along, plain, directions))
    if parallel:
        return
    if plain[0] @ directions[0] > 0:
        raise ValueError(
            f"expected an optimizer that descends for {name}, got one that moves uphill; give a "
            "positive learning rate"
        )
    turned = [u - 2 * mirror * (mirror @ u) for u in plain]
    alike = all(map(_close, turned, updates(reflected)))
    if alike and flat.size > 1:
        warnings.warn(
            f"expected a plain step for {name}, got an optimizer with memory (momentum?): it can "
            "destabilise games whose Jacobian is not symmetric; try optax.sgd without momentum",
            stacklevel=4,
        )
        return
    raise ValueError(
        f"expected one scalar gain for all prices for {name}, got an optimizer that scales "
        "coordinates differently, which can turn its descent into ascent; try optax.sgd(...), "
        "alone or after optax.clip_by_global_norm(...)"
    )


def _descends_along(update: np.ndarray, direction: np.ndarray) -> bool:
    gain = (update @ direction) / (direction @ direction)
    return bool(gain <= 0) and _close(update, gain * direction)


def _close(one: np.ndarray, other: np.ndarray) -> bool:
    scale = max(np.linalg.norm(one), np.linalg.norm(other))
    return bool(np.linalg.norm(one - other) <= _TOLERANCE * scale)


def _unit(random: np.random.Generator, size: int) -> np.ndarray:
    normal = random.standard_normal(size)
    return normal / np.linalg.norm(normal)


def _like(numbers: np.ndarray, flat: jax.Array) -> jax.Array:
    return jax.numpy.asarray(numbers, flat.dtype)
