"""What a bidder makes of winning: utilities of value, payment and round."""

from abc import abstractmethod
from typing import final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._types import Scalar, Time


class AbstractUtility(eqx.Module):
    """Utility of winning in round t at value v and paying p; losing has utility zero."""

    @abstractmethod
    def __call__(
        self, t: Time, value: Float[Array, "*shape"], payment: Float[Array, "*shape"]
    ) -> Float[Array, "*shape"]:
        """Utility, in the units of value; increasing in value, decreasing in payment."""

    @abstractmethod
    def round_weights(self, horizon: int) -> np.ndarray | None:
        """[H], the weights d where utility is d[t] x (v - p); None where it is no such product.

        It tells which bounds are proved for these bidders.
        """

    @property
    @abstractmethod
    def is_concave(self) -> bool:
        """Whether no bidder prefers a lottery over surpluses to its mean."""


@final
class RiskNeutral(AbstractUtility):
    """Value minus payment."""

    def __call__(self, t, value, payment):
        """V - p."""
        return value - payment

    def round_weights(self, horizon):
        """Ones."""
        return np.ones(horizon)

    @property
    def is_concave(self) -> bool:
        """Yes: it is linear."""
        return True


@final
class ConstantRiskAversion(AbstractUtility):
    """(1 - exp(-aversion * (v - p))) / aversion: risk-averse above zero, risk-seeking below.

    Reference: arXiv 2510.21442, settings with nonlinear utility; the exponential form is our
    reading of them.
    """

    aversion: float | Scalar

    def __check_init__(self):
        if isinstance(self.aversion, (int, float)) and self.aversion == 0:
            raise ValueError("expected aversion != 0, got 0; try RiskNeutral()")

    def __call__(self, t, value, payment):
        """The exponential utility of the surplus."""
        aversion = jnp.asarray(self.aversion, value.dtype)
        return -jnp.expm1(-aversion * (value - payment)) / aversion

    def round_weights(self, horizon):
        """None: the surplus does not enter linearly."""
        return None

    @property
    def is_concave(self) -> bool:
        """Whether aversion is above zero."""
        return bool(self.aversion > 0)


@final
class Impatient(AbstractUtility):
    """(v - p) / (1 + impatience * t): the same surplus is worth less later."""

    impatience: float | Scalar = 1.0

    def __call__(self, t, value, payment):
        """The discounted surplus."""
        delay = jnp.asarray(t, value.dtype) * jnp.asarray(self.impatience, value.dtype)
        return (value - payment) / (1 + delay)

    def round_weights(self, horizon):
        """1 / (1 + impatience * t)."""
        return 1 / (1 + float(self.impatience) * np.arange(horizon))

    @property
    def is_concave(self) -> bool:
        """Yes: in each round it is linear."""
        return True
