"""From command-line words to worlds and back ends."""

import json
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from ..backends import (
    Budget,
    Cache,
    ChatRoute,
    CompletionsRoute,
    Desk,
    HttpModel,
    HuggingFaceModel,
    LanguageUsers,
    Prices,
    ReplayModel,
    Surrogate,
    TabularUsers,
)
from ..bundled import bundled_catalogue, bundled_people
from ..dynamics import Dynamics
from ..ending import GeometricEnd, Leave, NeverEnds
from ..prompts import PromptStyle
from ..query import AbstractRater
from ..registration import NAMED, by_name, make_world
from ..rule import RuleUsers
from ..world import World

LANGUAGE = ("hf", "http", "replay")
BACKENDS = ("rule", "tabular", "surrogate", *LANGUAGE)


@dataclass(frozen=True)
class Choices:
    """What a command was told about the world and who answers; written beside every result."""

    domain: str = "movies"
    backend: str = "rule"
    model: str = ""
    base_url: str = "http://localhost:8000/v1"
    route: str = "chat"
    prefill: bool = True
    template: str = ""
    shots: int = 0
    person: str = "third"
    without: tuple[str, ...] = ()
    cache: str = ""
    trace: str = ""
    concurrency: int = 64
    key_variable: str = "OPENAI_API_KEY"
    max_calls: float = float("inf")
    max_cost: float = float("inf")
    price_prompt: float = 0.0
    price_completion: float = 0.0
    settings: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """The choices as JSON; no credential is among them."""
        table = {k: v for k, v in asdict(self).items() if v != float("inf")}
        return json.dumps(table, indent=1) + "\n"


def read_config(path: Path) -> dict[str, Any]:
    """The table of a TOML or JSON file of choices.

    **Raises:** `ValueError` for a missing or broken file, or an unknown name.
    """
    try:
        text = path.read_text("utf-8")
        table = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"expected a TOML or JSON file of choices at {path}, got {type(error).__name__}: "
            f"{error}; try one written beside a result"
        ) from error
    known = {f.name for f in fields(Choices)}
    unknown = sorted(set(table) - known)
    if unknown:
        raise ValueError(
            f"expected choices among {', '.join(sorted(known))}, got {unknown[0]!r} in "
            f"{path.name}; try settings.NAME for a field of the world"
        )
    table["without"] = tuple(table.get("without", ()))
    return table


def parse_settings(pairs: list[str]) -> dict[str, str]:
    """`key=value` words as a table.

    **Raises:** `ValueError` for a word without an equals sign.
    """
    table = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise ValueError(f"expected KEY=VALUE, got {pair!r}; try --set retrieval=last_3")
        table[key.strip()] = value.strip()
    return table


def build_world(choices: Choices, rater: AbstractRater | None = None) -> World:
    """The world of some choices, with the rater they name unless one is given."""
    settings = {k: _value(k, v) for k, v in choices.settings.items() if k != "observation"}
    return make_world(choices.domain, rater=rater or build_rater(choices), **settings)


@contextmanager
def open_world(choices: Choices) -> Iterator[World]:
    """The world of some choices, whose rater is closed at the end whatever happens."""
    rater = build_rater(choices)
    try:
        yield build_world(choices, rater)
    finally:
        rater.close()


def _value(key: str, text: str) -> Any:
    if key in NAMED:
        return by_name(key, text)
    if key == "dynamics":
        menu: dict[str, Any] = {"off": Dynamics(), "full": Dynamics.full()}
    elif key == "ending":
        menu = {"geometric": GeometricEnd(), "leave": Leave(), "never": NeverEnds()}
        kind, _, chance = text.partition(":")
        if chance and kind in ("geometric", "leave"):
            number = float(chance)
            return GeometricEnd(number) if kind == "geometric" else Leave(number)
    elif key == "memory":
        menu = {name: name for name in ("episode", "user", "population")}
    else:
        return _plain(key, text)
    if text not in menu:
        raise ValueError(
            f"expected {key} among {', '.join(menu)}, got {text!r}; try {next(iter(menu))}"
        )
    return menu[text]


def _plain(key: str, text: str) -> Any:
    types = {f.name: f.type for f in fields(World)}
    found = types.get(key, str)
    kind = found.__name__ if isinstance(found, type) else str(found)
    try:
        if kind == "bool":
            return {"true": True, "yes": True, "false": False, "no": False}[text.lower()]
        if kind.startswith("tuple"):
            return tuple(float(part) for part in text.split(","))
        if kind.startswith("int"):
            return int(text)
        if kind == "float":
            return float(text)
    except (ValueError, KeyError):
        raise ValueError(f"expected {key} as {kind}, got {text!r}; try its default") from None
    return text


def build_rater(choices: Choices) -> AbstractRater:
    """Whoever answers, as chosen.

    **Raises:** `ValueError` for an unknown back end; `ModelError` for a model that is not there.
    """
    catalogue, people = bundled_catalogue(choices.domain), bundled_people(choices.domain)
    kind = choices.backend
    if kind == "rule":
        return RuleUsers.bundled(catalogue)
    if kind == "tabular":
        return TabularUsers.of(RuleUsers.bundled(catalogue), people, catalogue)
    if kind == "surrogate":
        if not choices.model or not Path(choices.model).is_file():
            raise ValueError(
                f"expected a surrogate file, got {choices.model!r}; try --model FILE.npz"
            )
        return Surrogate.load(choices.model)
    if kind in LANGUAGE:
        desk = open_desk(choices)
        template = choices.template or f"{choices.domain}-standard"
        return LanguageUsers(
            desk.model, template, build_style(choices), desk.cache, budget=desk.budget
        )
    raise ValueError(f"expected a back end among {', '.join(BACKENDS)}, got {kind!r}; try rule")


def open_desk(choices: Choices) -> Desk:
    """The language model that was chosen, with its cache and budget.

    **Raises:** `ValueError` for a back end without one; `ModelError` for one that is not there.
    """
    budget = Budget(
        calls=choices.max_calls,
        cost=choices.max_cost,
        prices=Prices(choices.price_prompt, choices.price_completion),
    )
    if choices.backend == "replay":
        return Desk(*ReplayModel.of(choices.trace), budget)
    if choices.backend == "hf":
        return Desk(HuggingFaceModel(choices.model), Cache(choices.cache or None), budget)
    if choices.backend != "http":
        raise ValueError(
            f"expected a language model among {', '.join(LANGUAGE)}, got {choices.backend!r}; "
            "try http"
        )
    model = HttpModel(
        choices.base_url,
        choices.model,
        route=ChatRoute(choices.prefill) if choices.route == "chat" else CompletionsRoute(),
        key_variable=choices.key_variable,
        concurrency=choices.concurrency,
    )
    try:
        model.probe()
        return Desk(model, Cache(choices.cache or None), budget)
    except BaseException:
        model.close()
        raise


def build_style(choices: Choices) -> PromptStyle:
    """How the model is asked."""
    return PromptStyle(
        shots=choices.shots,
        person=choices.person,  # type: ignore[arg-type]
        without=frozenset(choices.without),
        prefill=choices.prefill,
    )
