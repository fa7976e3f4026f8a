"""The guard of price rules: every way the social gradient breaks, refused or named."""

import math
import warnings
from collections.abc import Callable
from typing import Any, final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from .._status import Status
from .._types import Mechanism, Response, Scalar
from ..mechanism import Price
from ..population import JointAction
from .direction import pooled
from .gain import check_gain
from .guard import AbstractGuard, Diagnosis, Move, Setup
from .observation import joint_action, social_cost

# A projected step this much shorter than the wanted one is a step that was not made.
STANDSTILL = 1e-3
# Actions that move this much less than prices do not react to them.
UNMOVED = 1e-6
# A direction that keeps this share of its size from step to step leads nowhere in particular.
STEADY = 0.99
# An objective that lost this share of what it had gained got worse.
WORSE = 1e-2
# Observed actions this far from where agents settle, relative, are no equilibrium.
LAG = 0.1


class Seen(eqx.Module):
    """What the guard carries from step to step: the last exchange, and extremes of all.

    Actions are means over those that share a price.
    """

    price: Float[Array, "*shape"]
    actions: Float[Array, "*shape"]
    cost: Scalar
    uncertainty: Scalar
    first_cost: Scalar
    best_cost: Scalar
    first_norm: Scalar
    norm: Scalar
    norm_before: Scalar
    moved: Scalar
    reacted: Scalar
    monotonicity: Scalar
    tracking: Scalar
    cut: Bool[Array, ""]
    held: Bool[Array, ""]
    num_cut: Int[Array, ""]
    num_steps: Int[Array, ""]
    agent_steps: Int[Array, ""]


@final
class PriceGuard(AbstractGuard):
    """Refuses what a price rule cannot work with, and names what went wrong while it ran.

    Before: a mechanism that is no `Price`, fewer prices than action coordinates, an objective
    that reads the price, gains that are not scalar. After: a safe set that holds the price, a game
    that is not monotone where it was visited (by secants of observed prices and actions), agents
    that do not track, prices that drift, an objective that rose.

    Reference: the failure modes are this library's; the theorem is arXiv 2604.11346, theorem 1.
    """

    rule: str = eqx.field(static=True)
    turn: Callable[..., tuple[Any, Any]]
    tolerance: float = eqx.field(static=True, default=1e-3)
    minimize_only: bool = eqx.field(static=True, default=False)
    trust_optimizer: bool = eqx.field(static=True, default=False)
    any_optimizer: bool = eqx.field(static=True, default=False)

    def refuse(self, setup: Setup) -> None:
        """Nothing, or a `ValueError` saying what was expected, what came, and what to do."""
        mechanism = setup.mechanism
        if not isinstance(mechanism, Price):
            raise ValueError(
                f"expected a Price for {self.rule}, got {type(mechanism).__name__}; try "
                "Price(...), or Hypergradient() for other mechanisms"
            )
        if self.minimize_only and setup.sign > 0:
            raise ValueError(
                f"expected minimize= for {self.rule} in this form, got maximize=; give the "
                "negative as a cost to minimize"
            )
        actions = eqx.filter_eval_shape(_first_actions, setup)
        if not self._fits(mechanism.value, actions):
            raise ValueError(
                f"expected one price per action coordinate {actions.shape} for {self.rule}, got "
                f"{mechanism.value.shape}: with fewer prices it stops at wrong points; try "
                "Hypergradient() or ZerothOrder(), or SharedForm() where the game allows it"
            )
        value = eqx.filter_eval_shape(lambda x: social_cost(setup.objective, x), actions)
        if getattr(value, "shape", None) != ():
            raise ValueError(
                f"expected an objective that returns a scalar, got {value}; sum or average it"
            )
        if self.any_optimizer:
            return
        if self.trust_optimizer:
            warnings.warn(
                f"the optimizer's gains are not checked: {self.rule} need not descend unless they "
                "are one number for all prices",
                stacklevel=3,
            )
            return
        check_gain(setup.optimizer, mechanism, self.rule)

    def init(self, mechanism: Mechanism) -> Seen:
        """Nothing seen yet."""
        price = mechanism.value
        nan, no = jnp.full((), jnp.nan, price.dtype), jnp.zeros((), bool)
        none = jnp.zeros((), jnp.int32)
        numbers = {name: nan for name in _NUMBERS} | {"monotonicity": nan + jnp.inf}
        return Seen(
            price=price,
            actions=jnp.zeros_like(price),
            cut=no,
            held=no,
            num_cut=none,
            num_steps=none,
            agent_steps=none,
            **numbers,
        )

    def observe(self, memory: Seen, move: Move) -> Seen:
        """The memory with one more step in it."""
        exchange, price = move.exchange, move.mechanism.value
        response = exchange.response
        actions = pooled(joint_action(response), price.shape)
        cost = -move.sign * exchange.value
        norm = jnp.linalg.norm(exchange.gradient.value.reshape(-1))
        wanted, made = move.wanted.value - price, move.made.value - price
        length = jnp.linalg.norm(wanted.reshape(-1))
        cut = jnp.linalg.norm((made - wanted).reshape(-1)) > 1e-6 * length
        held = cut & (jnp.linalg.norm(made.reshape(-1)) <= STANDSTILL * length)
        first = memory.num_steps == 0
        uncertainty = _evidence(response, "uncertainty", cost)
        return Seen(
            price=price,
            actions=actions,
            cost=cost,
            uncertainty=uncertainty,
            first_cost=jnp.where(first, cost, memory.first_cost),
            best_cost=jnp.fmin(cost, memory.best_cost),
            first_norm=jnp.where(first, norm, memory.first_norm),
            norm=norm,
            norm_before=memory.norm,
            moved=jnp.linalg.norm((price - memory.price).reshape(-1)),
            reacted=jnp.linalg.norm((actions - memory.actions).reshape(-1)),
            monotonicity=jnp.fmin(
                memory.monotonicity,
                jnp.fmin(
                    _secant(memory, price, actions, uncertainty),
                    _evidence(response, "monotonicity", cost),
                ),
            ),
            tracking=_evidence(response, "tracking", cost),
            cut=cut,
            held=held,
            num_cut=memory.num_cut + cut.astype(jnp.int32),
            num_steps=memory.num_steps + 1,
            agent_steps=memory.agent_steps + _agent_steps(response),
        )

    def verdict(
        self, memory: Seen, mechanism: Mechanism, response: Response
    ) -> tuple[Status, Diagnosis | None]:
        """The first thing that went wrong, in the order of what explains most."""
        steps = int(memory.num_steps)
        if steps == 0:
            return Status.DONE, None
        diagnosis = Diagnosis(
            gradient_norm=float(memory.norm),
            projection_activity=int(memory.num_cut) / steps,
            monotonicity=_finite(memory.monotonicity),
            tracking=float(memory.tracking),
            lag=_lag(memory, mechanism, response),
            agent_steps=int(memory.agent_steps),
        )
        return self._status(memory, diagnosis), diagnosis

    def _fits(self, price: Any, actions: Any) -> bool:
        if actions.shape == price.shape:
            return True
        try:
            direction, _ = eqx.filter_eval_shape(self.turn, price, actions, actions)
        except (TypeError, ValueError):
            return False
        return direction.shape == price.shape

    def _status(self, memory: Seen, diagnosis: Diagnosis) -> Status:
        arrived = diagnosis.gradient_norm <= self.tolerance * float(memory.first_norm)
        cost = float(memory.cost)
        slack = 1e-9 * (1 + abs(cost))
        if bool(memory.cut) and not arrived:
            best = float(memory.best_cost)
            if cost > best + WORSE * (float(memory.first_cost) - best) + slack:
                return Status.PROJECTION_TRAP
            if bool(memory.held):
                return Status.SAFE_SET_ACTIVE
        if diagnosis.monotonicity < 0:
            return Status.NOT_MONOTONE
        if not arrived and cost > float(memory.first_cost) + slack:
            return Status.NOT_DESCENDING
        if diagnosis.lag > LAG:
            return Status.NOT_TRACKING
        # Agents who are still learning move because they learn: only settled ones are blurred.
        settled = math.isnan(diagnosis.tracking)
        blur = np.nan_to_num(float(memory.uncertainty), posinf=0.0) if settled else 0.0
        unmoved = float(memory.reacted) <= max(UNMOVED * float(memory.moved), 2 * blur)
        steady = float(memory.norm) > STEADY * float(memory.norm_before)
        if not arrived and steady and unmoved and not bool(memory.cut):
            return Status.PRICE_DRIFT
        return Status.DONE


_NUMBERS = (
    "cost uncertainty first_cost best_cost first_norm norm norm_before moved reacted tracking"
).split()


def _first_actions(setup: Setup) -> Any:
    state = setup.population.init(setup.mechanism, key=setup.key)
    response, _ = setup.population.respond(setup.mechanism, state, key=setup.key)
    return joint_action(response)


def _secant(memory: Seen, price, actions, uncertainty) -> Scalar:
    """-<dp, dx> / |dx|^2 of the last two exchanges; NaN where their uncertainty could explain it.

    At exact equilibria it is at least mu; below zero the game is not monotone in between.
    """
    shift = (actions - memory.actions).reshape(-1)
    paid = (price - memory.price).reshape(-1)
    distance = jnp.linalg.norm(shift)
    product = jnp.sum(shift * paid)
    rounding = jnp.finfo(actions.dtype).eps ** 0.5 * (1 + jnp.max(jnp.abs(actions)))
    blur = (uncertainty + memory.uncertainty + rounding) * shift.size**0.5
    told = (memory.num_steps > 0) & (jnp.abs(product) > 2 * blur * jnp.linalg.norm(paid))
    return jnp.where(told, -product / jnp.where(told, distance, 1) ** 2, jnp.nan)


def _evidence(response: Response, name: str, like: Scalar) -> Scalar:
    if isinstance(response, JointAction):
        return getattr(response, name).astype(like.dtype)
    return jnp.full((), jnp.nan, like.dtype)


def _agent_steps(response: Response) -> Any:
    return response.num_steps.astype(jnp.int32) if isinstance(response, JointAction) else 0


def _lag(memory: Seen, mechanism: Mechanism, response: Response) -> float:
    """How far the last observed actions were from the certified ones, at the same price."""
    price = np.asarray(mechanism.value)
    near = np.linalg.norm(price - np.asarray(memory.price)) <= 2 * float(memory.moved) + 1e-12
    if not near:
        return math.nan
    settled = np.asarray(pooled(jnp.asarray(joint_action(response)), price.shape))
    distance = np.max(np.abs(settled - np.asarray(memory.actions)))
    return float(distance / (1 + np.max(np.abs(settled))))


def _finite(number: Any) -> float:
    return float(number) if math.isfinite(float(number)) else math.nan
