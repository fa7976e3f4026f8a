"""The hypergradient: differentiate the objective through the population's response."""

from typing import Any, ClassVar, final

import equinox as eqx
import jax
import jax.numpy as jnp
import optax

from .._types import Key, Mechanism, Objective
from ..population import AbstractPopulation, Access
from .base import AbstractRule, Exchange, clipped_adam
from .guard import Unguarded


@final
class Hypergradient(AbstractRule):
    """The derivative of the objective through the equilibrium, by the population's adjoint.

    Reference: arXiv 2510.21442, AMID.
    """

    needs: ClassVar[Access] = Access.MODEL

    @property
    def guard(self) -> Unguarded:
        """Nothing is refused, nothing watched."""
        return Unguarded()

    def towards(self, sign: int) -> "Hypergradient":
        """Itself: a gradient serves both."""
        return self

    def optimizer(self, num_steps: int) -> optax.GradientTransformation:
        """Clipped Adam with cosine decay from 1e-3."""
        return clipped_adam(num_steps)

    def exchange(
        self,
        population: AbstractPopulation,
        objective: Objective,
        mechanism: Mechanism,
        state: Any,
        *,
        key: Key,
    ) -> Exchange:
        """One response and one pull-back through it."""

        def score(inputs):
            mechanism, probe = inputs
            response, following = population.listening(probe).respond(mechanism, state, key=key)
            return objective(mechanism, response), (response, following)

        numbers = jax.tree.leaves(eqx.filter(mechanism, eqx.is_inexact_array))
        silent = jnp.zeros((), jnp.result_type(*numbers))
        (value, (response, following)), (gradient, residual) = eqx.filter_value_and_grad(
            score, has_aux=True
        )((mechanism, silent))
        return Exchange(value, gradient, response, following, residual)
