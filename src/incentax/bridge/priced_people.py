"""Simulated people facing prices, as a population of which only choices can be seen."""

from typing import Any, ClassVar, final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._status import Status
from .._types import Key, Scalar
from ..mechanism import Price, check_price
from ..population import AbstractPopulation, Access, JointAction
from ..population.observed import observed, unknown
from ..users.crowd import Crowd
from .host import Host


@final
class PricedPeople(AbstractPopulation):
    """People who read prices on a menu and choose; the response is the share [J] of each option.

    Between two looks they live `num_days` at the same prices, each day reading what people did the
    day before. Nothing but counts of choices crosses the bridge: whoever decides, a formula or a
    language model, stays on the other side.

    **Arguments:**

    - `crowd`: the people, `incentax.users.Crowd`.
    - `num_days`: days between two looks, over which choices are averaged.
    - `judge_days`: days when a certificate asks how people end up.
    - `host`: `living(crowd)`, to share with whoever wants to know what went wrong.

    >>> from incentax.users import RuleChooser, find_scene
    >>> scene = find_scene("departure")
    >>> people = PricedPeople(Crowd(RuleChooser.of(scene, scene.people(50))), num_days=2)
    >>> price, key = Price(jnp.zeros(5)), jax.random.key(0)
    >>> response, _ = people.respond(price, people.init(price, key=key), key=key)
    >>> round(float(response.actions.sum()), 6)
    1.0
    """

    offers: ClassVar[Access] = Access.RESPONSE

    crowd: Crowd = eqx.field(static=True)
    num_days: int = eqx.field(static=True)
    judge_days: int = eqx.field(static=True)
    host: Host = eqx.field(static=True)

    def __init__(
        self, crowd: Crowd, num_days: int = 5, *, judge_days: int = 50, host: Host | None = None
    ):
        self.crowd = crowd
        self.num_days = num_days
        self.judge_days = judge_days
        self.host = living(crowd) if host is None else host

    def __check_init__(self):
        if self.num_days < 1 or self.judge_days < 1:
            raise ValueError(
                f"expected num_days >= 1 and judge_days >= 1, got {self.num_days} and "
                f"{self.judge_days}; try 5 and 50"
            )

    def init(self, mechanism: Price, *, key: Key) -> Float[Array, " J"]:
        """The day before the first: as many people at each option."""
        num = self.crowd.chooser.scene.num_options
        check_price(mechanism, (num,))
        return jnp.full(num, 1 / num, mechanism.value.dtype)

    def respond(self, mechanism: Price, state: Float[Array, " J"], *, key: Key) -> Any:
        """Mean shares over the days, and the last day's."""
        # Whoever differentiates is told before the host is asked.
        price = observed(mechanism.value)
        shape = jax.ShapeDtypeStruct(price.shape, price.dtype)
        seed = jax.random.bits(key, (), jnp.uint32)
        days = np.int32(self.num_days)
        mean, last = self.host.call((shape, shape), price, state, seed, days)
        nan = unknown(mean)
        response = JointAction(
            actions=observed(mean),
            residual=nan,
            # Counts of finitely many people: no secant is trusted.
            uncertainty=jnp.full_like(nan, jnp.inf),
            tracking=nan,
            monotonicity=nan,
            num_steps=jnp.asarray(self.num_days),
            status=jnp.asarray(Status.DONE, jnp.int32),
        )
        return response, last

    def at_rest(self) -> "PricedPeople":
        """The same people given `judge_days`, over which chance averages out."""
        days = max(self.judge_days, self.num_days)
        return PricedPeople(self.crowd, days, judge_days=days, host=self.host)

    def relaxed(self, temperature: Scalar, share: float, num_steps: int) -> "PricedPeople":
        """Refused: nobody sets the temperature of people."""
        raise ValueError(
            "expected schedule=None for PricedPeople, got a schedule; people have no temperature"
        )

    def listening(self, probe: Scalar) -> "PricedPeople":
        """Itself: there is no adjoint."""
        return self


def living(crowd: Crowd) -> Host:
    """The days of a crowd, for compiled programs to call: shares in, shares out."""

    def live(price, share, seed, num_days):
        days = crowd.live(price, share, seed=int(seed), num_days=int(num_days))
        return days.mean.astype(price.dtype), days.last.astype(price.dtype)

    return Host(live)
