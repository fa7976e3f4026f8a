"""People played by a language model who choose from a menu in words."""

from typing import final

import numpy as np
from numpy.typing import NDArray

from ..._errors import InvalidReaction
from ..crowd import AbstractChooser
from ..menu import Menu
from ..people import People
from ..prompts import Prompt, render_menu, stricter_menu
from ..scene import Scene
from .asking import Desk
from .model import distribution


@final
class LanguageChooser(AbstractChooser):
    """The letters' probabilities, averaged over the menu's order and its reverse.

    An answer that is no letter is asked again with a stricter reminder, `max_attempts` times in
    all; a person whose answer is still none does not count that day. It never becomes a choice.

    **Arguments:**

    - `desk`: the model, its cache and its budget.
    - `num_orders`: 2 cancels a preference for early letters, 1 costs half as much.
    """

    def __init__(
        self,
        desk: Desk,
        scene: Scene,
        people: People,
        *,
        num_orders: int = 2,
        min_mass: float = 0.5,
        max_attempts: int = 3,
    ):
        self.desk, self.scene, self.people = desk, scene, people
        forward = tuple(range(scene.num_options))
        self._orders = (forward, forward[::-1])[:num_orders]
        self._min_mass, self._max_attempts = min_mass, max_attempts

    def probabilities(self, menu: Menu) -> NDArray[np.float64]:
        """Choice probabilities `[n, J]`, NaN for people without a valid answer."""
        num, width = len(self.people), menu.scene.num_options
        asked = [(k, order) for k in range(num) for order in self._orders]
        prompts = [render_menu(self.people[k], menu, order) for k, order in asked]
        shares = self._shares(prompts, menu)
        table = np.zeros((num, width))
        for (k, order), share in zip(asked, shares, strict=True):
            table[k, list(order)] += np.full(width, np.nan) if share is None else share
        return table / len(self._orders)

    def _shares(self, prompts: list[Prompt], menu: Menu) -> list[tuple[float, ...] | None]:
        """Probabilities of the letters for each prompt, None where no answer was valid."""
        found: list[tuple[float, ...] | None] = [None] * len(prompts)
        open_ = list(range(len(prompts)))
        for attempt in range(self._max_attempts):
            again = [
                stricter_menu(prompts[k], menu, attempt) if attempt else prompts[k] for k in open_
            ]
            left = []
            for k, answer in zip(open_, self.desk.answer(again), strict=True):
                try:
                    found[k] = distribution(answer, menu.scale, self._min_mass)[0]
                except InvalidReaction:
                    left.append(k)
            open_ = left
            if not open_:
                break
        return found

    def close(self) -> None:
        """Close model and cache."""
        self.desk.close()
