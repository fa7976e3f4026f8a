"""Choices made by a language model that sees the whole slate."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..choice import AbstractChoice, drawn
from ..prompts import render_slate
from .language import LanguageUsers
from .model import distribution


@dataclass(frozen=True, eq=False)
class LanguageChoice(AbstractChoice):
    """One lettered item or none, the letters' probabilities averaged over orders of the slate.

    The given order and its reverse cancel a preference for early letters. The answers share model
    and cache with the people who rate.

    **Raises:** `InvalidReaction` from `choose` where the model answers with no letter.
    """

    users: LanguageUsers
    num_orders: int = 2

    def choose(self, slate):
        """At most one per slate."""
        return drawn(self.probabilities(slate), slate.draws)

    def probabilities(self, slate) -> NDArray[np.float64]:
        """Choice probabilities `[n, L + 1]`, the last column being nothing."""
        n, length = slate.utility.shape
        rng = np.random.default_rng(0)
        orders = [np.arange(length), np.arange(length)[::-1]][: self.num_orders]
        while len(orders) < self.num_orders:
            orders.append(rng.permutation(length))
        prompts = [
            render_slate(
                [slate.queries[int(row * length + j)] for j in order],
                self.users.template,
                self.users.style,
            )
            for row in range(n)
            for order in orders
        ]
        answers = self.users.answer(prompts)
        table = np.zeros((n, length + 1))
        for k, (prompt, answer) in enumerate(zip(prompts, answers, strict=True)):
            row, order = divmod(k, len(orders))
            share, _, _ = distribution(answer, prompt.scale, self.users.min_mass)
            table[row, orders[order]] += share[:-1]
            table[row, -1] += share[-1]
        return table / len(orders)
