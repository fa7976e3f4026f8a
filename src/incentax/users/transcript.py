"""What a few people of a crowd read and what they chose, for somebody to read."""

from collections.abc import Sequence

import numpy as np

from .crowd import AbstractChooser
from .menu import Menu
from .prompts import render_menu


def transcript(chooser: AbstractChooser, menu: Menu, who: Sequence[int] = (0, 1, 2)) -> str:
    """The messages to the people `who`, and the probability with which each chooses what.

    A language model reads exactly these messages; rule-based people answer by their formula.
    """
    probability = chooser.probabilities(menu)
    parts = []
    for k in who:
        prompt = render_menu(chooser.people[k], menu)
        read = "\n\n".join(f"[{m.role}]\n{m.content}" for m in prompt.messages)
        odds = (
            ", ".join(
                f"{letter} {share:.2f}"
                for letter, share in zip(menu.scale.labels, probability[k], strict=True)
            )
            if np.isfinite(probability[k]).all()
            else "no valid answer"
        )
        parts.append(f"{read}\n\n[assistant]\n{prompt.prefix} ({odds})\n")
    return "\n---\n\n".join(parts)
