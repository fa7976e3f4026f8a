"""What a bidder makes of winning: utilities of value, payment and round."""

from abc import abstractmethod
from typing import final

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._types import Scalar, Time


class AbstractUtility(eqx.Module):
    """Utility of winning in round t at value v and paying p; losing has utility zero."""

    @abstractmethod
    def __call__(
        self, t: Time, value: Float[Array, "*shape"], payment: Float[Array, "*shape"]
    ) -> Float[Array, "*shape"]:
        """Utility, in the units of value; increasing in value, decreasing in payment."""


@final
class RiskNeutral(AbstractUtility):
    """Value minus payment."""

    def __call__(self, t, value, payment):
        """V - p."""
        return value - payment


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


@final
class Impatient(AbstractUtility):
    """(v - p) / (1 + impatience * t): the same surplus is worth less later."""

    impatience: float | Scalar = 1.0

    def __call__(self, t, value, payment):
        """The discounted surplus."""
        delay = jnp.asarray(t, value.dtype) * jnp.asarray(self.impatience, value.dtype)
        return (value - payment) / (1 + delay)
