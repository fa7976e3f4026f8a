"""What linear theory says of a planner's constant steps around the optimum."""

from math import lcm
from typing import Any

import jax
import numpy as np
import scipy.linalg


def stationary_square(instance: Any, gain: float, *, pace: float, spread: float) -> float:
    """E |p - best|^2 of noisy gradient play and a constant planner step, linearised.

    The joint error z follows z <- M z + G noise, so that its covariance solves
    S = M S M' + G G': a discrete Lyapunov equation.
    """
    jacobian, curvature = _slopes(instance)
    size = jacobian.shape[0]
    eye = np.eye(size)
    play = np.hstack([eye - pace * jacobian, -pace * eye])
    move = np.vstack([play, gain * curvature @ play + np.hstack([0 * eye, eye])])
    noise = spread * np.vstack([eye, gain * curvature])
    covariance: Any = scipy.linalg.solve_discrete_lyapunov(move, noise @ noise.T)
    return float(np.trace(covariance[size:, size:]))


def sequential_radius(instance: Any, gain: float, steps_per_price: int) -> float:
    """How much one price's error grows where agents reply one at a time: below 1 it shrinks.

    Spectral radius of actions and prices over as many prices as bring round the first agent
    again, per price, linearised; agents have one action each.
    """
    jacobian, curvature = _slopes(instance)
    size = jacobian.shape[0]
    plan = np.eye(2 * size)
    plan[size:, :size] = gain * curvature
    whole, num_prices = np.eye(2 * size), lcm(steps_per_price, size) // steps_per_price
    for step in range(num_prices * steps_per_price):
        agent = step % size
        reply = np.eye(2 * size)
        reply[agent, :size] = -jacobian[agent] / jacobian[agent, agent]
        reply[agent, agent] = 0.0
        reply[agent, size + agent] = -1 / jacobian[agent, agent]
        whole = reply @ whole
        if (step + 1) % steps_per_price == 0:
            whole = plan @ whole
    return float(np.max(np.abs(np.linalg.eigvals(whole))) ** (1 / num_prices))


def _slopes(instance: Any) -> tuple[np.ndarray, np.ndarray]:
    """F's Jacobian and the social cost's second derivative at the optimum."""
    best = instance.optimum()
    size = best.size
    jacobian = np.asarray(instance.game().jacobian(best)).reshape(size, size)
    return jacobian, np.asarray(jax.hessian(instance.social_cost)(best)).reshape(size, size)
