"""What a mechanism is worth on the way, and whether that counts: the agents must have settled.

A certificate is the proof, in double precision; a judgement is quick, and trusts a little less.
"""

import math

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from ._status import Status
from ._types import Key, Mechanism, Objective, Response, Scalar
from .population import AbstractPopulation

# Judgements, in single precision, are held to this share of the certificate's exploitability bound.
TRUST = 0.9

# The share of agents who would still act differently above which a judgement is not trusted. Where
# all gains are small, a third may be on their way for next to nothing, and the value will not last.
MOVING = 5e-2


@eqx.filter_jit
def judged(
    population: AbstractPopulation,
    objective: Objective,
    mechanism: Mechanism,
    *,
    trust: float,
    key: Key,
) -> Scalar:
    """A mechanism's value at the population's own temperature, from a cold start; NaN if no value.

    It has one where the solver has converged, and where no agent could gain more than `trust`
    (unregularised) and at most the share `MOVING` of agents would still act differently.

    **Arguments:**

    - `population`, `objective`, `mechanism`: the problem.
    - `trust`: largest exploitability, in units of reward; infinite asks that the solver converges.
    - `key`: for populations that draw.

    >>> import incentax as ix, jax
    >>> solver = ix.MirrorDescent(0.1, 1.0, num_steps=500)
    >>> crowd = ix.EquilibriumPopulation(ix.games.LeftRight(), solver)
    >>> prices = ix.Price(jnp.array([1.0, 2.0]))
    >>> score, key = ix.Congestion(first_round=1), jax.random.key(0)
    >>> print(f"{judged(crowd, score, prices, trust=0.1, key=key):.2f}")
    0.65
    """
    population = population.at_rest()
    cold = population.init(mechanism, key=key)
    response, _ = population.respond(mechanism, cold, key=key)
    status = worst(response, "status", Status.DONE)
    gain = worst(response, "exploitability")
    # Agents with nothing to gain have settled, also where a few still move.
    nearly = (trust < math.inf) & ~(worst(response, "residual") > MOVING)
    settled = (status == Status.DONE) | ((status == Status.NOT_CONVERGED) & nearly)
    return jnp.where(settled & ~(gain > trust), objective(mechanism, response), jnp.nan)


def worst(response: Response, name: str, unknown: float | int = math.nan) -> Array:
    """The largest of a response's numbers of this name, `unknown` if it has none."""
    return jnp.max(jnp.asarray(getattr(response, name, unknown)))
