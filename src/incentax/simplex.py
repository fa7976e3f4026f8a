"""Mirror maps of the probability simplex: the only place that turns scores into policies."""

from abc import abstractmethod
from typing import final

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .layout import states_last

Scores = Float[Array, "*batch A"]
Probabilities = Float[Array, "*batch A"]
Values = Float[Array, "*batch"]


class AbstractMirror(eqx.Module):
    """A strongly convex function h of a policy, and its conjugate (AMID, appendix D.6).

    A mirror decides how scores become probabilities, and which regulariser the agents' payoffs
    carry: an agent at temperature t receives, beside its reward, `t * bonus(policy)`.
    """

    @abstractmethod
    def policy(self, scores: Scores) -> Probabilities:
        """The policy that maximises `<policy, scores> + bonus(policy)`; rows sum to one."""

    @abstractmethod
    def bonus(self, policy: Probabilities) -> Values:
        """-h of each row: zero or more for entropy, zero or less for the Euclidean mirror."""

    @abstractmethod
    def play(self, scores: Scores) -> tuple[Probabilities, Values]:
        """`policy(scores)` and its bonus, for the price of one."""

    @abstractmethod
    def conjugate(self, scores: Scores) -> Values:
        """The maximum of `<policy, scores> + bonus(policy)` over the simplex."""


@final
class Entropy(AbstractMirror):
    """Shannon entropy: the policy is a softmax, of full support.

    >>> import jax.numpy as jnp
    >>> Entropy().policy(jnp.array([0.0, 0.0])).tolist()
    [0.5, 0.5]
    """

    def policy(self, scores: Scores) -> Probabilities:
        """Softmax along the last axis."""
        turned, axis = _turned(scores)
        return _back(jax.nn.softmax(turned, axis=axis), axis)

    def bonus(self, policy: Probabilities) -> Values:
        """Entropy of each row in nats; 0 log 0 counts as 0, with a finite derivative."""
        turned, axis = _turned(policy)
        positive = turned > 0
        logarithm = jnp.log(jnp.where(positive, turned, 1))
        return -jnp.sum(jnp.where(positive, turned * logarithm, 0), axis=axis)

    def play(self, scores: Scores) -> tuple[Probabilities, Values]:
        """Softmax and its entropy."""
        return _softmax_and_entropy(scores)

    def conjugate(self, scores: Scores) -> Values:
        """Log-sum-exp along the last axis."""
        turned, axis = _turned(scores)
        return jax.nn.logsumexp(turned, axis=axis)


# The derivative of the entropy along d is -<logarithm of the policy, d>, and that logarithm is the
# scores less a constant: one softmax serves both derivatives, finite where it underflows.
@jax.custom_jvp
def _softmax_and_entropy(scores: Scores) -> tuple[Probabilities, Values]:
    policy = Entropy().policy(scores)
    return policy, Entropy().bonus(policy)


@_softmax_and_entropy.defjvp
def _softmax_and_entropy_jvp(primals, tangents):
    turned, axis = _turned(primals[0])
    tangent, _ = _turned(tangents[0])
    lower = turned - jnp.max(turned, axis=axis, keepdims=True)
    weights = jnp.exp(lower)
    total = jnp.sum(weights, axis=axis, keepdims=True)
    policy = weights / total
    logarithm = jnp.where(weights > 0, lower - jnp.log(total), 0)
    mean = jnp.sum(policy * tangent, axis=axis, keepdims=True)
    change = policy * (tangent - mean)
    entropy = -jnp.sum(policy * logarithm, axis=axis)
    entropy_change = -jnp.sum(logarithm * change, axis=axis)
    return (_back(policy, axis), entropy), (_back(change, axis), entropy_change)


# With its axis of actions: few of them are quick to sum over where states are last.
def _turned(scores: Scores) -> tuple[Array, int]:
    if scores.ndim == 1:
        return scores, -1
    turned = states_last(scores, num_actions=scores.shape[-1])
    return turned, -1 if turned is scores else -2


def _back(turned: Array, axis: int) -> Array:
    return turned if axis == -1 else turned.swapaxes(-1, -2)


@final
class Euclidean(AbstractMirror):
    """Half the squared norm: the policy is the projection on the simplex, often sparse.

    >>> import jax.numpy as jnp
    >>> Euclidean().policy(jnp.array([1.0, 0.5, -3.0])).tolist()
    [0.75, 0.25, 0.0]
    """

    def policy(self, scores: Scores) -> Probabilities:
        """Euclidean projection of each row on the simplex (sparsemax, Martins & Astudillo 2016)."""
        num_actions = scores.shape[-1]
        descending = -jnp.sort(-scores, axis=-1)
        ranks = jnp.arange(1, num_actions + 1, dtype=scores.dtype).reshape(
            (1,) * (scores.ndim - 1) + (num_actions,)
        )
        excess = jnp.cumsum(descending, axis=-1) - 1
        supported = descending * ranks > excess
        support = jnp.sum(supported, axis=-1, keepdims=True)
        threshold = jnp.take_along_axis(excess, support - 1, axis=-1) / support.astype(scores.dtype)
        return jnp.maximum(scores - threshold, 0)

    def bonus(self, policy: Probabilities) -> Values:
        """Minus half the squared norm of each row."""
        return -jnp.sum(policy**2, axis=-1) / 2

    def play(self, scores: Scores) -> tuple[Probabilities, Values]:
        """The projection and its bonus."""
        policy = self.policy(scores)
        return policy, self.bonus(policy)

    def conjugate(self, scores: Scores) -> Values:
        """The attained maximum; its derivative is the policy (Danskin)."""
        return _attained(self, scores)


# Differentiated through the projection, the maximum would not have its own derivative where two
# scores tie for the last place in the support.
@jax.custom_jvp
def _attained(mirror: Euclidean, scores: Scores) -> Values:
    policy = mirror.policy(scores)
    return jnp.sum(policy * scores, axis=-1) + mirror.bonus(policy)


@_attained.defjvp
def _attained_jvp(primals, tangents):
    mirror, scores = primals
    value = _attained(mirror, scores)
    return value, jnp.sum(mirror.policy(scores) * tangents[1], axis=-1)
