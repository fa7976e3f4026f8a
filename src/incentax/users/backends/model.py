"""A language model, as far as a rating needs one: a prompt in, probabilities of labels out."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..._errors import InvalidReaction, ModelError
from ..prompts import Prompt
from ..query import Capabilities
from ..scales import Scale


@dataclass(frozen=True)
class Answer:
    """What came back for one prompt.

    `masses[K]` are the probabilities of the scale's labels, before normalisation, or `None` where
    the model showed no probabilities and only `text` counts. `cut` is the probability of tokens the
    server did not show: labels may hide in it.
    """

    masses: tuple[float, ...] | None
    text: str = ""
    cut: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    retries: int = 0


class AbstractModel(ABC):
    """A language model. `identity` says everything about it that determines its answers."""

    @property
    @abstractmethod
    def identity(self) -> str:
        """Name, revision, precision and decoding; never a credential."""

    @property
    @abstractmethod
    def capabilities(self) -> Capabilities:
        """What it can do."""

    @abstractmethod
    def score(
        self, prompts: Sequence[Prompt], arrived: Callable[[int, Answer], None]
    ) -> list[Answer]:
        """Answers to the prompts, in order; `arrived(k, answer)` is called as each one comes in.

        **Raises:** `ModelError` when it cannot answer; what arrived before has been handed over.
        """

    @abstractmethod
    def generate(self, prompt: Prompt, max_tokens: int = 512) -> str:
        """Free text continuing a prompt, for explanations.

        **Raises:** `ModelError` where the model only rates.
        """

    @abstractmethod
    def close(self) -> None:
        """Release what the model holds."""


class AbstractRatingModel(AbstractModel):
    """A model that only rates, and holds nothing."""

    @property
    def capabilities(self) -> Capabilities:
        """Probabilities, any number of prompts at once."""
        return Capabilities()

    def generate(self, prompt: Prompt, max_tokens: int = 512) -> str:
        """Refused."""
        raise ModelError(
            f"expected a model that writes, got {type(self).__name__}, which only rates",
            hint="leave explanations out",
        )

    def close(self) -> None:
        """Nothing is held."""


def distribution(
    answer: Answer, scale: Scale, min_mass: float = 0.5
) -> tuple[tuple[float, ...], float, bool]:
    """Probabilities over the scale, the mass outside it, and whether they come from one label only.

    **Raises:** `InvalidReaction` if less than `min_mass` of the probability is on the labels, or if
    the text is not exactly one label. Nothing else is ever turned into a rating.

    >>> from incentax.users.scales import SCALES
    >>> distribution(Answer((0.1, 0.2, 0.3, 0.1, 0.1)), SCALES["one_five"])[1]
    0.2
    """
    if answer.masses is None:
        level = scale.values.index(scale.value(answer.text))
        return tuple(float(k == level) for k in range(scale.num_levels)), 0.0, True
    total = sum(answer.masses)
    if not total >= min_mass:
        raise InvalidReaction(
            f"expected at least {min_mass:g} of the probability on the labels {scale.labels[0]} to "
            f"{scale.labels[-1]}, found {total:.3g}",
            raw_text=answer.text,
        )
    return tuple(m / total for m in answer.masses), round(max(0.0, 1.0 - total), 12), False
