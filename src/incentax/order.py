"""An order: what to design and how, in words and numbers, and the objects they stand for."""

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import jax
import optax

from ._types import Key, Mechanism
from .adjoint import AbstractAdjoint, Backprop, Checkpointed
from .auctions import KnownEconomy, Network, PriorFree
from .auctions.form import form_name
from .methods import clipped_sgd, plain_adam
from .population import AbstractPopulation, Access, EquilibriumPopulation, ObservedCrowd
from .problems import Problem
from .rule import (
    AbstractRule,
    Anneal,
    Externality,
    Hypergradient,
    Setup,
    SocialGradient,
    TangentForm,
    ZerothOrder,
    check_access,
)
from .run_directory import RunDirectory
from .schedule import Schedule
from .setting import AbstractSetting, Recipe


def _social_gradient(setting: AbstractSetting) -> AbstractRule:
    constraints = setting.recipe().constraints
    if constraints is None:
        return SocialGradient()
    return SocialGradient(TangentForm.of(constraints()))


def _externality(setting: AbstractSetting) -> AbstractRule:
    marginal_cost = setting.recipe().marginal_cost
    if marginal_cost is None:
        raise ValueError(
            "expected a problem whose agents' marginal costs are known for externality, got one "
            "without; try social-gradient"
        )
    return Externality(marginal_cost)


RULES: Mapping[str, Callable[[AbstractSetting], AbstractRule]] = {
    "hypergradient": lambda setting: Hypergradient(),
    "social-gradient": _social_gradient,
    "social-gradient-learning": _social_gradient,
    "social-gradient-agents": _social_gradient,
    "externality": _externality,
    "zeroth-order": lambda setting: ZerothOrder(),
    "zeroth-order-sgd": lambda setting: ZerothOrder(),
    "anneal": lambda setting: Anneal(),
}

# How a recipe changes with the rule; the others keep it.
_TUNED: Mapping[str, Callable[[Recipe], Recipe]] = {
    "zeroth-order-sgd": lambda recipe: dataclasses.replace(recipe, method=clipped_sgd),
    "anneal": lambda recipe: dataclasses.replace(
        recipe, method=lambda rate, clip, num_steps: Anneal().optimizer(num_steps)
    ),
}


def _watched(population: AbstractPopulation, recipe: Recipe, num_agents: int | None):
    if not isinstance(population, EquilibriumPopulation):
        raise ValueError(
            "expected the agents of a mean-field game to watch while they learn, got "
            f"{type(population).__name__}; try --rule social-gradient"
        )
    return ObservedCrowd(population.game, population.solver, recipe.steps_per_price, num_agents)


# Whom the planner watches under a rule, where it is not the problem's own population: agents who
# learn between prices, by their flow or counted one by one.
_WATCHED: Mapping[str, Callable[[AbstractPopulation, Recipe], AbstractPopulation]] = {
    "social-gradient-learning": lambda population, recipe: _watched(population, recipe, None),
    "social-gradient-agents": lambda population, recipe: _watched(
        population, recipe, recipe.num_agents
    ),
}

# Rules that need one scalar gain for all prices.
PLAIN = ("social-gradient", *_WATCHED, "externality")

# None keeps the adjoint that the problem's population comes with.
ADJOINTS: Mapping[str, Callable[[], AbstractAdjoint] | None] = {
    "implicit": None,
    "checkpointed": Checkpointed,
    "backprop": Backprop,
}


# η and T of the published solves.
_RATE, _SOLVER_STEPS = 10.0, 400


def _published(setting: AbstractSetting) -> Recipe:
    """T = 400 steps of rate 10 from zero at the problem's own temperature, under plain Adam."""
    solver = getattr(setting.population(), "solver", None)
    temperature = getattr(solver, "temperature", None)
    if temperature is None:
        raise ValueError(
            "expected a population with a solver's temperature for the paper's recipe, got "
            f"{type(setting.population()).__name__}; leave --recipe out"
        )
    sharp = Schedule(temperature, temperature, _SOLVER_STEPS, share=_RATE * temperature)
    return dataclasses.replace(
        setting.recipe(),
        num_steps=1000,
        schedule=sharp,
        method=plain_adam,
        learning_rate=1e-3,
        patience=0,
        climb=False,
    )


def _published_start(setting: AbstractSetting, key: Key) -> Mechanism:
    """The network as published, which offers half of what remains; other forms start as ever."""
    match setting:
        case KnownEconomy(form=Network(width=width)) | PriorFree(width=width):
            return Network(width, offered=None, reserve=0.0).start(setting.economy, key)
        case _:
            return setting.mechanism(key)


def _published_numbers(setting: AbstractSetting) -> dict[str, float | None]:
    solves = {"learning_rate": _RATE, "solver_steps": _SOLVER_STEPS, "bold_steps": 0, "enough": 0.0}
    match setting:
        case KnownEconomy(form=Network()) | PriorFree():
            return solves | {"offered": None, "paid": Network().paid, "reserve": 0.0}
        case _:
            return solves


class NamedRecipe(NamedTuple):
    """How a setting is designed under this name, and the mechanism that the design starts from.

    `numbers` are those it has instead of a setting's own, where that has them; None for no number.
    """

    recipe: Callable[[AbstractSetting], Recipe]
    start: Callable[[AbstractSetting, Key], Mechanism]
    numbers: Callable[[AbstractSetting], Mapping[str, float | None]]


RECIPES: Mapping[str, NamedRecipe] = {
    "default": NamedRecipe(
        lambda setting: setting.recipe(),
        lambda setting, key: setting.mechanism(key),
        lambda setting: {},
    ),
    "paper": NamedRecipe(_published, _published_start, _published_numbers),
}

# What agents solve with: when a design is judged, always as the setting has it.
_SOLVES = ("learning_rate", "solver_steps", "bold_steps", "enough")


@dataclasses.dataclass(frozen=True)
class Order:
    """What to design and how: with the same order, a resumed run ends bit for bit the same."""

    problem: Problem
    rule: str
    adjoint: str
    num_steps: int
    seed: int
    values: dict[str, Any] | None = None
    recipe: str = "default"

    @property
    def adjoint_used(self) -> str | None:
        """The adjoint's name, or None under a rule that differentiates nothing."""
        return (
            self.adjoint if RULES[self.rule](self.problem.setting).needs >= Access.MODEL else None
        )

    def config(self) -> dict[str, Any]:
        """The order as JSON, for `config.json`."""
        setting = self.problem.setting
        return {
            "problem": self.problem.name,
            "title": self.problem.title,
            "summary": self.problem.summary,
            "source": self.problem.source,
            "kind": setting.kind,
            "rule": self.rule,
            "adjoint": self.adjoint_used,
            "recipe": self.recipe,
            "form": form_name(setting.form) if isinstance(setting, KnownEconomy) else None,
            "objective": setting.objective_name,
            "sense": setting.sense,
            "steps": self.num_steps,
            "seed": self.seed,
            "citations": list(self.problem.citations),
            "values": self.values,
        } | self._numbers()

    def _numbers(self) -> dict[str, Any]:
        """The setting's numbers as the design has them and, where it has others, its judge's."""
        setting = self.problem.setting
        own, instead = setting.options(), RECIPES[self.recipe].numbers(setting)
        used = {name: instead.get(name, number) for name, number in own.items()}
        found: dict[str, Any] = {
            "settings": {name: number for name, number in used.items() if number is not None}
        }
        if instead:
            recipe = self.recipe_used
            if recipe.method is plain_adam and self.rule not in PLAIN:
                found["optimizer"] = {"name": "adam", "learning_rate": recipe.learning_rate}
            found["judged_with"] = {name: own[name] for name in _SOLVES if name in own}
        return found

    @property
    def recipe_used(self) -> Recipe:
        """The recipe by name, as the rule changes it."""
        recipe = RECIPES[self.recipe].recipe(self.problem.setting)
        return _TUNED.get(self.rule, lambda recipe: recipe)(recipe)

    def ingredients(
        self, mechanism_key: Key
    ) -> tuple[AbstractPopulation, Mechanism, AbstractRule, optax.GradientTransformation]:
        """Population, starting mechanism, rule and optimizer."""
        setting, recipe = self.problem.setting, self.recipe_used
        population = setting.population()
        if self.rule in _WATCHED:
            population = _WATCHED[self.rule](population, recipe)
        unrolled = ADJOINTS[self.adjoint]
        if unrolled is not None:
            if population.offers < Access.MODEL:
                raise ValueError(
                    f"expected --adjoint implicit for {self.problem.name}, got {self.adjoint}, but "
                    f"of its population {population.offers.sentence}; leave it out"
                )
            population = dataclasses.replace(population, adjoint=unrolled())
        plain = self.rule in PLAIN
        optimizer = recipe.plain_optimizer() if plain else recipe.optimizer(self.num_steps)
        mechanism = RECIPES[self.recipe].start(setting, mechanism_key)
        return population, mechanism, RULES[self.rule](setting), optimizer

    def check(self) -> None:
        """Nothing if all that the order names can be made and goes together; else `ValueError`."""
        setting = self.problem.setting
        key = jax.random.key(self.seed)
        population, mechanism, rule, optimizer = self.ingredients(key)
        check_access(rule, population)
        sign = 1 if setting.sense == "maximize" else -1
        setting.baselines()
        setting.cap()
        setup = Setup(population, setting.objective(), mechanism, optimizer, sign, key)
        rule.guard.refuse(setup)

    def check_resumes(self, run: RunDirectory) -> None:
        """Nothing if `run` was begun with this order; a `ValueError` naming what differs if not."""
        wanted, found = json.loads(json.dumps(self.config())), run.config
        for name, now, then in _differences(wanted, found, wanted):
            raise ValueError(
                f"expected the options that {run.path} was begun with, got {name} {now!r} instead "
                f"of {then!r}; leave it as it was, or choose another --out"
            )


def _differences(
    now: Mapping[str, Any], then: Mapping[str, Any], names: Iterable[str]
) -> Iterator[tuple[str, Any, Any]]:
    # Of nested records only the entries that differ: a whole one says little.
    for name in names:
        one, other = now.get(name), then.get(name)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from _differences(one, other, {**one, **other})
        elif one != other:
            yield name, one, other
