"""A menu: what the options of a scene cost today and how full they were, in words."""

from dataclasses import dataclass
from string import Template

import numpy as np
from numpy.typing import ArrayLike

from .scales import Scale
from .scene import Scene

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Menu:
    """Prices in whole cents and last time's people in whole per cent: what the words can say.

    >>> from incentax.users.scene import find_scene
    >>> menu = Menu.of(find_scene("departure"), [0.504, 0, 0, 0, -1], [0.2] * 5)
    >>> print(menu.lines()[0])
    A: leave at 7:00; the toll is 0.50 euros; last time 20 of 100 people did
    """

    scene: Scene
    cents: tuple[int, ...]
    percent: tuple[int, ...]

    @classmethod
    def of(cls, scene: Scene, price: ArrayLike, share: ArrayLike) -> "Menu":
        """The menu at prices `[J]` in the scene's currency, after shares `[J]` of people.

        **Raises:** `ValueError` for other shapes or numbers that are not finite.
        """
        table = np.array([price, share], np.float64)
        if table.shape != (2, scene.num_options) or not np.isfinite(table).all():
            raise ValueError(
                f"expected a finite price and share for each of {scene.num_options} options, got "
                f"an array of shape {table.shape}; try zeros"
            )
        cents, percent = np.rint(100.0 * table).astype(int).tolist()
        return cls(scene, tuple(cents), tuple(percent))

    @property
    def price(self) -> np.ndarray:
        """The prices that are on the menu, `float64[J]`."""
        return np.array(self.cents) / 100.0

    @property
    def share(self) -> np.ndarray:
        """The shares that are on the menu, `float64[J]`."""
        return np.array(self.percent) / 100.0

    @property
    def scale(self) -> Scale:
        """The letters that stand for the options."""
        letters = tuple(_LETTERS[: self.scene.num_options])
        return Scale(f"menu_{len(letters)}", letters, tuple(float(k) for k in range(len(letters))))

    def lines(self, order: tuple[int, ...] | None = None) -> tuple[str, ...]:
        """One line per option, lettered in the order shown."""
        scene = self.scene
        shown = range(scene.num_options) if order is None else order
        return tuple(
            Template(scene.line).substitute(
                letter=letter,
                option=scene.option[j],
                price=self._price(j),
                share=str(self.percent[j]),
            )
            for letter, j in zip(_LETTERS, shown, strict=False)
        )

    def _price(self, j: int) -> str:
        cents = self.cents[j]
        form = self.scene.costs if cents > 0 else self.scene.pays if cents < 0 else self.scene.free
        return Template(form).safe_substitute(amount=f"{abs(cents) / 100:.2f}")
