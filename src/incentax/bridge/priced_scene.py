"""A toll on people's choices in a scene, as a setting that every road of the core can design."""

from dataclasses import dataclass
from typing import ClassVar, Literal, final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._types import Key, Mechanism, Objective, Response, Scalar
from ..mechanism import Price
from ..problems import Problem
from ..setting import AbstractSetting, HeldOut, Recipe
from ..users.crowd import Crowd
from .host import Host
from .priced_people import PricedPeople, living


@final
class Crowding(eqx.Module):
    """How full their option is to people on average: the sum of x_j² / c_j.

    One where everybody has as much room as anybody, at x = c; more anywhere else.

    **Arguments:**

    - `capacity`: c [J], each option's share of all room; sums to one.
    """

    capacity: Float[Array, " J"]

    def __call__(self, mechanism: Mechanism, response: Response) -> Scalar:
        """The mean over people."""
        return jnp.sum(response.actions**2 / self.capacity.astype(response.actions.dtype))


@final
@dataclass(frozen=True)
class PricedScene(AbstractSetting):
    """A price for each option of a scene that spreads people over its capacities.

    Only choices are seen. With the whole crowd choosing, a price for everybody changes nothing, so
    tolls are designed with mean zero: what some pay, others are paid.
    """

    kind: ClassVar[Literal["auction", "game", "smooth", "routing"]] = "smooth"
    sense: ClassVar[Literal["maximize", "minimize"]] = "minimize"
    objective_name: ClassVar[str] = "crowding"

    crowd: Crowd
    host: Host
    num_days: int = 5
    judge_days: int = 50
    price_step: float = 0.25

    @property
    def exploitability_bound(self) -> float:
        """Not measured: nobody knows people's utilities."""
        return float("inf")

    def recipe(self) -> Recipe:
        """Forty plain steps by what people are seen to do; nothing is asked twice for an audit."""
        num_options = self.crowd.chooser.scene.num_options
        return Recipe(
            num_steps=40,
            learning_rate=5e-2,
            audit_every=0,
            price_step=self.price_step,
            rule="social-gradient",
            # Everybody chooses something.
            constraints=lambda: np.ones((1, num_options)),
        )

    def population(self) -> PricedPeople:
        """The people, behind the bridge."""
        return PricedPeople(self.crowd, self.num_days, judge_days=self.judge_days, host=self.host)

    def mechanism(self, key: Key) -> Price:
        """No price."""
        return Price(jnp.zeros(self.crowd.chooser.scene.num_options))

    def objective(self) -> Objective:
        """How full options are."""
        capacity = np.asarray(self.crowd.chooser.scene.capacity)
        return Crowding(jnp.asarray(capacity / capacity.sum()))

    def baselines(self) -> dict[str, Mechanism]:
        """Free options."""
        return {"no_price": Price(jnp.zeros(self.crowd.chooser.scene.num_options))}

    def cap(self) -> float:
        """One, by the inequality of Cauchy and Schwarz."""
        return 1.0

    def snapshot(self, mechanism: Mechanism, response: Response) -> dict[str, np.ndarray]:
        """Shares and prices, option by option."""
        return {
            "action": np.asarray(response.actions, np.float64),
            "price": np.asarray(mechanism.value, np.float64),
        }

    def held_out(self, mechanism: Mechanism, key: Key) -> HeldOut | None:
        """Nothing is held out."""
        return None


def toll_problem(
    crowd: Crowd, host: Host | None = None, *, num_days: int = 5, judge_days: int = 50
) -> Problem:
    """The problem of pricing a crowd's scene; `host` as for `PricedPeople`."""
    scene = crowd.chooser.scene
    host = living(crowd) if host is None else host
    return Problem(
        f"toll-{scene.id}",
        scene.title,
        scene.summary,
        "arXiv 2604.11346 on simulated people, an extension of ours",
        ("vasileiou2026social",),
        PricedScene(crowd, host, num_days, judge_days),
    )
