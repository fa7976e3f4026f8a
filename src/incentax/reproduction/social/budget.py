"""How much the experiments of the social gradient do, in full and in a hurry."""

from typing import NamedTuple


class Budget(NamedTuple):
    """How much of everything: `full` fits a quarter of an hour on two cores, `quick` minutes.

    - `learners`: by name, beside agents at equilibrium. `ratios`: agents' steps for each price.
    - `games`: random games. `draws`: independent runs under noise. `starts`: of phase portraits.
    """

    name: str
    learners: tuple[str, ...]
    ratios: tuple[int, ...]
    stages: tuple[str, ...]
    games: int
    draws: int
    starts: int


FULL = Budget(
    name="full",
    learners=(
        "gradient",
        "extragradient",
        "optimistic",
        "momentum",
        "smoothed reply",
        "sequential reply",
        "fictitious play",
        "asynchronous",
        "mixture",
    ),
    ratios=(1, 10, 100, 1000),
    stages=("linear-quadratic", "cournot", "energy", "tullock", "oscillators"),
    games=1000,
    draws=32,
    starts=8,
)
QUICK = Budget(
    name="quick",
    learners=("gradient", "optimistic", "fictitious play"),
    ratios=(1, 10, 100),
    stages=("cournot", "energy", "oscillators"),
    games=200,
    draws=8,
    starts=4,
)
