"""Raters that know nothing of the person: the floors beside every figure."""

from dataclasses import dataclass

import numpy as np

from ..query import AbstractFormula, AbstractRater, Reactions


@dataclass(frozen=True)
class BlindRater(AbstractFormula):
    """The same distribution for everybody and everything."""

    name: str
    share: tuple[float, ...]

    @property
    def identity(self) -> str:
        """The name."""
        return f"blind/{self.name}"

    def react(self, queries):
        """Copies of `share`."""
        p = np.asarray(self.share) / np.sum(self.share)
        return Reactions.exact(np.broadcast_to(p, (len(queries), len(p))).copy())


@dataclass(frozen=True)
class ItemMeanRater(AbstractFormula):
    """Everybody rates as the mean vote says, with a spread of one level."""

    @property
    def identity(self) -> str:
        """Item mean."""
        return "blind/item mean"

    def react(self, queries):
        """A discretised normal around the mean vote."""
        values = queries.scale.array
        vote = queries.catalogue.vote[queries.item]
        weight = np.exp(-0.5 * (values - vote[:, None]) ** 2)
        return Reactions.exact(weight / weight.sum(1, keepdims=True))


def floors(reference: tuple[float, ...]) -> dict[str, AbstractRater]:
    """Uniform, reference-shaped, constant and item-mean raters, by name."""
    levels = len(reference)
    middle = tuple(float(k == levels // 2) for k in range(levels))
    return {
        "uniform": BlindRater("uniform", (1.0 / levels,) * levels),
        "reference": BlindRater("reference", tuple(reference)),
        "constant": BlindRater("constant", middle),
        "item mean": ItemMeanRater(),
    }
