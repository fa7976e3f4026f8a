"""The word lists the generator draws from."""

import tomllib
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np


@lru_cache(maxsize=1)
def vocabulary() -> dict[str, Any]:
    """The parsed word lists, every `a|b|c` split into a tuple."""
    file = resources.files("incentax.users").joinpath("data", "vocabulary.toml")
    return _split(tomllib.loads(file.read_text("utf-8")))


def _split(value) -> Any:
    if isinstance(value, dict):
        return {key: _split(entry) for key, entry in value.items()}
    return tuple(value.split("|")) if isinstance(value, str) else value


def pick(rng: np.random.Generator, options):
    """One of the options, uniformly."""
    return options[int(rng.integers(len(options)))]


def sentence(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]
