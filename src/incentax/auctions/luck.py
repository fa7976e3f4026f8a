"""First-order luck: what chance draws are worth, to first order, so that it can be taken off.

A value among N bidders scatters by 1 / sqrt(N), and differs from the mean-field value by as little
as 1 / N. To first order the scatter is a sum of surprises (values drawn, bids chosen, moves made)
whose means are known to be zero: control variates. One surprise is left in, as revenue does not
feel it: the values of those who win a tie, in an objective that counts winners' values.
"""

from dataclasses import dataclass
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy  # its parts load when first used
from jaxtyping import Float, Int

from .._types import Objective
from ..precision import in_float64
from .game import BatchedAuction
from .hall import AuctionHall, Crowd
from .mechanism import AbstractAuction


@dataclass(frozen=True, eq=False)
class Sensitivities:
    """Mean-field derivatives of an objective while everybody keeps to a policy.

    - `state`: `[H, S + 1]`, by mass added to a value, or out of the market, before each round.
    - `choice`: `[H, S, A]`, by mass added to a value and bid in each round.
    """

    state: Float[np.ndarray, "H T"]
    choice: Float[np.ndarray, "H S A"]


class _Seen(NamedTuple):
    # What objectives read of a response.
    flow: jax.Array
    rounds: object


def sensitivities(
    game: BatchedAuction,
    mechanism: AbstractAuction,
    policy: Float[np.ndarray, "H S A"],
    objective: Objective,
) -> Sensitivities:
    """The derivatives, by automatic differentiation in float64; one-sided at kinks."""
    with jax.enable_x64(True):
        wide, published, kept = in_float64((game, mechanism, jnp.asarray(policy)))
        state, choice = _derivatives(wide, published, kept, objective)
    return Sensitivities(np.asarray(state), np.asarray(choice)[:, :-1])


@eqx.filter_jit
def _derivatives(game, mechanism, policy, objective):
    def value(extra):
        def play_round(carry, inputs):
            distribution, public = carry
            t, choice, more_state, more_choice = inputs
            flow = (distribution + more_state)[:, None] * choice + more_choice
            round = game.play(t, flow, public, mechanism)
            return game.advance(t, flow, round), (flow, round)

        times = jnp.arange(game.horizon)
        start = game.initial(mechanism)
        _, seen = jax.lax.scan(play_round, start, (times, policy, *extra))
        return objective(mechanism, _Seen(*seen))

    return jax.grad(value)((jnp.zeros(policy.shape[:2], policy.dtype), jnp.zeros_like(policy)))


def luck_of_values(hall: AuctionHall, worth: Sensitivities, crowd: Crowd) -> Float[np.ndarray, "M"]:
    """What the values drawn before round 0 are worth, per bidder, beyond their mean."""
    surprise = crowd.active / hall.num_agents - hall.law
    return surprise @ worth.state[0, :-1]


def luck_of_bids(
    hall: AuctionHall, worth: Sensitivities, t: int, choices: Int[np.ndarray, "M S A"]
) -> Float[np.ndarray, "M"]:
    """What the bids chosen in round `t` are worth, per bidder, beyond their mean."""
    mean = np.einsum("sa,sa->s", hall.policy[t], worth.choice[t])
    made = np.einsum("msa,sa->m", choices, worth.choice[t])
    return (made - choices.sum(axis=2) @ mean) / hall.num_agents


def luck_of_moves(
    hall: AuctionHall,
    worth: Sensitivities,
    t: int,
    choices: Int[np.ndarray, "M S A"],
    before: Crowd,
    after: Crowd,
) -> Float[np.ndarray, "M"]:
    """What ties, departures, returns and new values after round `t` are worth beyond their mean."""
    bids = choices.sum(axis=1)
    above = np.cumsum(bids[:, ::-1], axis=1)[:, ::-1] - bids
    offered = before.goods - after.goods
    share = np.clip(offered[:, None] - above, 0, bids) / np.maximum(bids, 1)
    departing = hall.departure * np.einsum("msa,ma->ms", choices, share)
    staying = before.active - departing
    out = before.out + departing.sum(axis=1)
    if hall.kernel is not None:
        staying = staying @ hall.kernel
    active = staying + (hall.reentry * out)[:, None] * hall.law
    waiting = (1 - hall.reentry) * out
    value = (after.active - active) @ worth.state[t + 1, :-1]
    return (value + (after.out - waiting) * worth.state[t + 1, -1]) / hall.num_agents


def without_luck(
    score: Float[np.ndarray, "M"], luck: Float[np.ndarray, "M"], confidence: float = 0.95
) -> tuple[float, float, float]:
    """Mean of `score` with `luck` regressed out, and its Student-t interval: (mean, low, high).

    `luck` has mean zero by construction, so the intercept estimates the mean of `score`; that the
    slope is fitted costs a bias of order 1 / M. One slope for all luck: a rare surprise alone would
    look constant in a sample.

    **Raises:** `ValueError` for fewer than three trials.

    >>> luck = np.array([1.0, -2.0, 0.5, 3.0])
    >>> tuple(round(x, 6) for x in without_luck(5 + 2 * luck, luck))
    (5.0, 5.0, 5.0)

    Reference: control variates by regression (Glasserman 2003, section 4.1).
    """
    trials = luck.size
    if trials < 3:
        raise ValueError(f"expected at least 3 trials, got {trials}; try 100")
    centred = luck - luck.mean()
    spread = float(centred @ centred)
    slope = float(centred @ score) / spread if spread > 0 else 0.0
    mean = float(np.mean(score) - slope * luck.mean())
    rest = score - mean - slope * luck
    lever = 1 / trials + (luck.mean() ** 2 / spread if spread > 0 else 0.0)
    error = float(np.sqrt(rest @ rest / (trials - 2) * lever))
    half = float(scipy.special.stdtrit(trials - 2, (1 + confidence) / 2)) * error
    return mean, mean - half, mean + half
