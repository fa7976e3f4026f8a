"""What makes a problem designable: population, starting mechanism, objective, baselines, recipe."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
import optax

from ._types import Key, Mechanism, Objective, Response
from ._words import nearest as nearest
from .methods import decaying_adam
from .population import AbstractPopulation
from .schedule import Schedule


@dataclass(frozen=True)
class Recipe:
    """How a problem is designed unless the user says otherwise.

    - `num_steps`, `audit_every`, `patience`, `climb`, `schedule`: as in `design`.
    - `learning_rate`: the optimizer's first rate.
    - `clip`: largest norm of a gradient.
    - `price_step`: step size of price rules, which need one scalar gain, in units of price per
      unit of social gradient.
    - `method`: makes the optimizer from rate, clip and number of steps.
    - `rule`: the rule's name.
    - `constraints`: makes the matrix A of A x = b for all that agents can do, for tangent prices.
    - `marginal_cost`: the agents' marginal costs as a function of their actions, where known.
    - `steps_per_price`, `num_agents`: how long agents learn between two prices, and how many are
      counted, under rules that watch a mean-field game's agents instead of its equilibrium.
    """

    num_steps: int = 300
    learning_rate: float = 1e-3
    clip: float = 1.0
    schedule: Schedule | None = None
    audit_every: int = 25
    patience: int = 0
    climb: bool = False
    price_step: float = 0.1

    method: Callable[[float, float, int], optax.GradientTransformation] = decaying_adam
    rule: str = "hypergradient"
    constraints: Callable[[], np.ndarray] | None = None
    marginal_cost: Callable[[Any], Any] | None = None
    steps_per_price: int = 20
    num_agents: int = 2000

    def optimizer(self, num_steps: int) -> optax.GradientTransformation:
        """The method at this rate and clip, for so many steps."""
        return self.method(self.learning_rate, self.clip, num_steps)

    def plain_optimizer(self) -> optax.GradientTransformation:
        """Plain steps of constant size, for price rules."""
        return optax.sgd(self.price_step)


@dataclass(frozen=True)
class HeldOut:
    """How mechanisms fare on bidders or games the design never saw.

    `rows` are (mechanism, revenue, low, high) with a `confidence` interval; `count` says on how
    many. On games, `settled` counts those at an equilibrium of the first mechanism,
    `exploitability` is the largest of all, and `cap` the mean of their proved bounds. Where games
    are drawn anew, `baselines` says what those of the setting come to on the same games: there,
    and only there, the first mechanism, baselines and cap can be compared.
    """

    rows: tuple[tuple[str, float, float, float], ...]
    count: int
    confidence: float
    settled: int | None = None
    exploitability: float = math.nan
    cap: float | None = None
    baselines: dict[str, float] = field(default_factory=dict)


class AbstractSetting(ABC):
    """A family of problems; subclasses are frozen dataclasses whose fields users may set."""

    kind: ClassVar[Literal["auction", "game", "smooth", "routing"]]
    sense: ClassVar[Literal["maximize", "minimize"]]
    objective_name: ClassVar[str]

    def options(self) -> dict[str, bool | int | float]:
        """Every number a user may set, by name, those of nested records included."""
        return _numbers(self)

    def with_options(self, **changes: Any) -> "AbstractSetting":
        """The same setting with some numbers changed.

        **Raises:** `ValueError` for an unknown name, with the nearest one, or an impossible value.
        """
        known = self.options()
        for name, number in changes.items():
            if name not in known:
                raise ValueError(
                    f"expected one of {', '.join(sorted(known))}, got {name!r}"
                    + nearest(name, known)
                )
            if not isinstance(number, (int, float)) or not math.isfinite(number):
                raise ValueError(
                    f"expected a finite number for {name}, got {number!r}; leave it out"
                )
            if isinstance(known[name], int) and number != int(number):
                raise ValueError(f"expected a whole number for {name}, got {number}; round it")
        typed = {name: type(known[name])(number) for name, number in changes.items()}
        return _changed(self, typed)

    @property
    @abstractmethod
    def exploitability_bound(self) -> float:
        """The unregularised exploitability, in units of reward, up to which one trusts a result."""

    @abstractmethod
    def recipe(self) -> Recipe:
        """The default recipe."""

    @abstractmethod
    def population(self) -> AbstractPopulation:
        """Who responds; at the problem's own temperature."""

    @abstractmethod
    def mechanism(self, key: Key) -> Mechanism:
        """Where the design starts."""

    @abstractmethod
    def objective(self) -> Objective:
        """What the planner wants more (`maximize`) or less (`minimize`) of."""

    @abstractmethod
    def baselines(self) -> dict[str, Mechanism]:
        """Mechanisms to compare with, by name."""

    @abstractmethod
    def cap(self) -> float | None:
        """A proved bound on the objective, or None."""

    @abstractmethod
    def snapshot(self, mechanism: Mechanism, response: Response) -> dict[str, np.ndarray]:
        """The arrays of one response that a report draws, by name."""

    @abstractmethod
    def held_out(self, mechanism: Mechanism, key: Key) -> HeldOut | None:
        """How the mechanism fares on what the design never saw; None where nothing was held out."""


class AbstractMeasured(ABC):
    """What a setting is as well if independent numbers to read its value beside are known."""

    @abstractmethod
    def oracles(self) -> dict[str, Any]:
        """These numbers by name; None where one is not known."""

    @abstractmethod
    def slow_oracles(self) -> tuple[str, ...]:
        """Names of those that are not known only because they take long to find."""


def check_temperature(temperature: float) -> None:
    """Nothing if the temperature of a setting is positive; a `ValueError` if not."""
    if not 0 < temperature < math.inf:
        raise ValueError(
            f"expected temperature > 0, got {temperature:g}: equilibria are differentiated, and at "
            "temperature 0 they are not smooth; try 0.001"
        )


def _numbers(record: Any) -> dict[str, bool | int | float]:
    found: dict[str, bool | int | float] = {}
    for entry in fields(record):
        value = getattr(record, entry.name)
        if _is_record(value):
            found |= _numbers(value)
        elif isinstance(value, (int, float)):
            found[entry.name] = value
    return found


def _is_record(value: Any) -> bool:
    return is_dataclass(value) and not isinstance(value, type)


def _changed(record: Any, changes: dict[str, float]) -> Any:
    updates = {}
    for entry in fields(record):
        value = getattr(record, entry.name)
        if _is_record(value):
            updates[entry.name] = _changed(value, changes)
        elif entry.name in changes:
            updates[entry.name] = changes[entry.name]
    return replace(record, **updates)
