"""Derivatives with respect to a mechanism's numbers, for all its calls at once.

Reverse mode through T steps of H rounds adds one outer product to every weight for each of T x H
calls, and so reads and writes all weights as often. Where a call is noted down instead (what was
asked, and the cotangent of the answer), the same sum is one product of matrices in the end.
"""

from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

Calls = PyTree[Array]


class AbstractDeferrable(eqx.Module):
    """A mechanism that agents only meet by calling it: once a round, with the round and arrays."""

    horizon: eqx.AbstractVar[int]

    @abstractmethod
    def blank_call(self) -> tuple[Any, tuple[Array, ...]]:
        """Zeros in the shape of an answer and of the arguments that it answers."""

    @abstractmethod
    def deferred(self, calls: Calls) -> Any:
        """A mechanism of the same answers, each `noted` in its round's row of `calls` [H ...]."""


def unrolled(step, z, mechanism: AbstractDeferrable, consts, num_steps: int):
    """The state after so many steps; the mechanism's derivative is that of all calls together.

    `step` may depend on arrays through its arguments only.
    """
    numbers, structure = eqx.partition(mechanism, eqx.is_array)
    frozen = eqx.combine(jax.lax.stop_gradient(numbers), structure)
    calls = _blank(mechanism, num_steps, _zero_of((z, mechanism, consts)))

    def advance(z, calls):
        return step(z, frozen.deferred(calls), consts), None

    return jax.lax.scan(advance, z, calls)[0]


@jax.custom_vjp
def noted(answer: PyTree[Array], arguments: PyTree[Array], call: PyTree[Array]) -> PyTree[Array]:
    """The answer. The cotangent of `call` is the answer's own and, beside it, the arguments."""
    return answer


def _noted_forward(answer, arguments, call):
    return answer, arguments


def _noted_backward(arguments, answer_bar):
    return answer_bar, jax.tree.map(jnp.zeros_like, arguments), (answer_bar, arguments)


noted.defvjp(_noted_forward, _noted_backward)


def _zero_of(tree: PyTree) -> Array:
    """Zero, and under `vmap` a batch of zeros wherever any array of the tree is a batch.

    Notes of one batch entry must not be added to those of another: they are no derivatives.
    """
    leaves = [leaf for leaf in jax.tree.leaves(tree) if eqx.is_inexact_array(leaf) and leaf.size]
    zero = jnp.zeros((), jnp.float32)
    for leaf in leaves:
        number = jax.lax.stop_gradient(leaf.reshape(-1)[0]).astype(jnp.float32)
        zero = zero + jnp.where(False, number, jnp.zeros_like(number))
    return zero


@eqx.filter_custom_vjp
def _blank(mechanism, num_steps, zero) -> Calls:
    calls = (num_steps, mechanism.horizon)
    return jax.tree.map(
        lambda leaf: jnp.zeros((*calls, *leaf.shape), leaf.dtype) + zero.astype(leaf.dtype),
        mechanism.blank_call(),
    )


@_blank.def_fwd
def _blank_forward(perturbed, mechanism, num_steps, zero):
    return _blank(mechanism, num_steps, zero), None


@_blank.def_bwd
def _blank_backward(_, calls, perturbed, mechanism, num_steps, zero):
    answers_bar, arguments = calls
    inputs, fixed = eqx.partition(mechanism, perturbed)

    def answers(inputs):
        called = eqx.combine(inputs, fixed)
        times = jnp.arange(mechanism.horizon)
        of_step = jax.vmap(lambda t, asked: called(t, *asked))
        return jax.vmap(of_step, in_axes=(None, 0))(times, arguments)

    _, pull = eqx.filter_vjp(answers, inputs)
    return pull(answers_bar)[0]
