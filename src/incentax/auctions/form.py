"""The forms of mechanism that a design may take, and how each is designed."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import final

import jax.numpy as jnp
from jaxtyping import Array, Float

from .._types import Key
from ..methods import decaying_adam, layerwise_adam
from ..schedule import Schedule
from ..setting import Recipe
from .economy import Economy
from .formats import SoftReserve
from .mechanism import OFFERED, PAID, RESERVE, AbstractAuction, NeuralAuction, StaticAuction


def equal_parts(horizon: int) -> Float[Array, " H"]:
    """Logits of shares of the rest that make equal parts; the last one, all, is nearly all.

    >>> import jax
    >>> [round(float(jax.nn.sigmoid(x)), 3) for x in equal_parts(3)]
    [0.333, 0.5, 0.952]
    """
    share = 1 / jnp.maximum(horizon - jnp.arange(horizon, dtype=float), 1.05)
    return jnp.log(share / (1 - share))


class AbstractForm(ABC):
    """The form of mechanism that is designed; a frozen record whose numbers users may set."""

    @abstractmethod
    def start(self, economy: Economy, key: Key) -> AbstractAuction:
        """Where a design for this economy starts."""

    @property
    @abstractmethod
    def recipe(self) -> Recipe:
        """How mechanisms of this form are designed unless the setting says otherwise."""


@final
@dataclass(frozen=True)
class Network(AbstractForm):
    """A neural auction with `width` hidden units.

    Before it learns, it offers about the share `offered` of the supply over all rounds, charges
    about the share `paid` of a winning bid, and holds goods back from bids below about `reserve`;
    see `NeuralAuction`. Zero is for no reserve, as published: such a network holds goods back only
    by offering fewer, and its payment rule must find the price that clears them.
    """

    width: int = 256
    offered: float | None = OFFERED
    paid: float = PAID
    reserve: float = RESERVE

    def start(self, economy: Economy, key: Key) -> NeuralAuction:
        """Random weights."""
        return NeuralAuction(
            economy.horizon,
            economy.num_bids,
            width=self.width,
            offered=self.offered,
            paid=self.paid,
            reserve=self.reserve or None,
            key=key,
        )

    @property
    def recipe(self) -> Recipe:
        """Long at 0.01, then down to 0.0014; back to the best when the sawtooth throws it off."""
        return Recipe(
            num_steps=600,
            learning_rate=8e-3,
            method=layerwise_adam,
            schedule=Schedule(1e-2, 1.4e-3, 20, share=0.3, hold=0.4, settle=10),
            clip=0.1,
            audit_every=10,
            patience=2,
            climb=True,
        )


@final
@dataclass(frozen=True)
class TunedFirstPrice(AbstractForm):
    """First price whose supply and reserve in each round are designed: the fair baseline."""

    def start(self, economy: Economy, key: Key) -> SoftReserve:
        """Supply split equally, reserves low."""
        reserve = jnp.full((economy.horizon,), -2.0)
        # Abstract variables are fields to a type checker and properties here.
        return SoftReserve(  # pyright: ignore[reportCallIssue]
            share=equal_parts(economy.horizon), reserve=reserve
        )

    @property
    def recipe(self) -> Recipe:
        """That of tables."""
        return Table().recipe


@final
@dataclass(frozen=True)
class Table(AbstractForm):
    """A static auction: a number for every round and bid, whatever the bids."""

    def start(self, economy: Economy, key: Key) -> StaticAuction:
        """Winners pay half their bid, and supply is split equally over the rounds."""
        shading = jnp.zeros((economy.horizon, economy.num_bids), float)
        # Abstract variables are fields to a type checker and properties here.
        return StaticAuction(  # pyright: ignore[reportCallIssue]
            shading=shading, supply=equal_parts(economy.horizon)
        )

    @property
    def recipe(self) -> Recipe:
        """That of networks, with larger steps and more: a table's entries share nothing."""
        return replace(Network().recipe, num_steps=1200, learning_rate=3e-2, method=decaying_adam)


FORMS: Mapping[str, Callable[[], AbstractForm]] = {
    "network": Network,
    "table": Table,
    "first-price": TunedFirstPrice,
}


def form_name(form: AbstractForm) -> str | None:
    """The name under which `FORMS` lists this kind of form; None for one of a user's own."""
    return next((name for name, made in FORMS.items() if made is type(form)), None)
