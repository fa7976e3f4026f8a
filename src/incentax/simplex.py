"""Mirror maps of the probability simplex: the only place that turns scores into policies."""

from abc import abstractmethod
from typing import final

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

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
        return jax.nn.softmax(scores, axis=-1)

    def bonus(self, policy: Probabilities) -> Values:
        """Entropy of each row in nats; 0 log 0 counts as 0, with a finite derivative."""
        positive = policy > 0
        logarithm = jnp.log(jnp.where(positive, policy, 1))
        return -jnp.sum(jnp.where(positive, policy * logarithm, 0), axis=-1)

    def play(self, scores: Scores) -> tuple[Probabilities, Values]:
        """Softmax and its entropy."""
        return _softmax_and_entropy(scores)

    def conjugate(self, scores: Scores) -> Values:
        """Log-sum-exp along the last axis."""
        return jax.nn.logsumexp(scores, axis=-1)


# The derivative of the entropy along d is -<logarithm of the policy, d>, and that logarithm is the
# scores less a constant: one softmax serves both derivatives, finite where it underflows.
@jax.custom_jvp
def _softmax_and_entropy(scores: Scores) -> tuple[Probabilities, Values]:
    policy = Entropy().policy(scores)
    return policy, Entropy().bonus(policy)


@_softmax_and_entropy.defjvp
def _softmax_and_entropy_jvp(primals, tangents):
    lower = primals[0] - jnp.max(primals[0], axis=-1, keepdims=True)
    weights = jnp.exp(lower)
    total = jnp.sum(weights, axis=-1, keepdims=True)
    policy = weights / total
    logarithm = jnp.where(weights > 0, lower - jnp.log(total), 0)
    mean = jnp.sum(policy * tangents[0], axis=-1, keepdims=True)
    change = policy * (tangents[0] - mean)
    entropy = -jnp.sum(policy * logarithm, axis=-1)
    return (policy, entropy), (change, -jnp.sum(logarithm * change, axis=-1))


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
