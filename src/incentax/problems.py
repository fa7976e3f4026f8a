"""The problems that come with the library: one plain table that all others read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from .auctions import Economy, NeuralRevenue, PriorFree
from .games import LeftRight, PricedBeach, PricedChoice, RockPaperScissors, TolledBeach
from .games.smooth.settings import PricedInstance, TolledNetwork, cournot, energy, oscillators
from .setting import AbstractSetting


@dataclass(frozen=True)
class Problem:
    """A named setting, with the words to introduce it and the works to cite."""

    name: str
    title: str
    summary: str
    source: str
    citations: tuple[str, ...]
    setting: AbstractSetting

    def with_options(self, **changes: float) -> "Problem":
        """The same problem with some of its numbers changed; `ValueError` for unknown names."""
        return replace(self, setting=self.setting.with_options(**changes))


_AMID = "arXiv 2510.21442"
_SOCIAL = "arXiv 2604.11346"
_DRIFT = Economy(decay=0.9, growth=3.0, spread=0.2)

_TABLE = (
    Problem(
        "a1",
        "Four-round auction, constant values",
        "uniform constant values, winners leave; neural mechanism, revenue",
        f"{_AMID}, setting A1",
        ("corecco2025amid", "perolat2021mirror", "myerson1981optimal"),
        NeuralRevenue(),
    ),
    Problem(
        "a2",
        "Four-round auction, rising values",
        "mostly low values that grow between rounds, winners leave; neural mechanism, revenue",
        f"{_AMID}, setting A2",
        ("corecco2025amid", "perolat2021mirror", "myerson1981optimal"),
        NeuralRevenue(economy=_DRIFT),
    ),
    Problem(
        "a3",
        "Prior-free auction",
        "a new distribution of values and supply each time; one neural mechanism, mean revenue",
        f"{_AMID}, setting A3",
        ("corecco2025amid", "perolat2021mirror"),
        PriorFree(),
    ),
    Problem(
        "beach-bar",
        "Priced spots at the beach bar",
        "prices up to 0.5 on spots near a bar; least congestion",
        f"{_AMID}, congestion pricing",
        ("corecco2025amid", "perolat2021mirror", "perrin2020fictitious"),
        PricedBeach(),
    ),
    Problem(
        "beach-bar-high",
        "Priced spots at the beach bar, higher cap",
        "prices up to 0.8 on spots near a bar; least congestion",
        f"{_AMID}, congestion pricing",
        ("corecco2025amid", "perolat2021mirror", "perrin2020fictitious"),
        PricedBeach(price_cap=0.8),
    ),
    Problem(
        "left-right",
        "Left or right",
        "prices per head on two crowded sides; least congestion",
        "MFGLib's left_right",
        ("corecco2025amid", "perolat2021mirror"),
        PricedChoice(LeftRight, (1.0, 2.0)),
    ),
    Problem(
        "rock-paper-scissors",
        "Rock, paper, scissors",
        "prices on three choices with uneven payoffs; least congestion",
        "MFGLib's rock_paper_scissors",
        ("corecco2025amid", "perolat2021mirror"),
        PricedChoice(RockPaperScissors, (0.0, 0.0, 0.0)),
    ),
    Problem(
        "beach-tolls",
        "Tolls at the beach bar",
        "a toll for each round, spot and move; least congestion, with or without the model",
        f"{_SOCIAL} on a mean-field game, an extension of ours",
        ("vasileiou2026social", "perolat2021mirror", "perrin2020fictitious"),
        TolledBeach(),
    ),
    Problem(
        "cournot",
        "Cournot competition",
        "a price per unit for each of four firms; least social cost",
        f"{_SOCIAL}, an instance of ours",
        ("vasileiou2026social",),
        PricedInstance(cournot, 0.5),
    ),
    Problem(
        "energy-demand",
        "Energy demand",
        "a price for each of six households that share a network; least social cost",
        f"{_SOCIAL}, aggregative games, an instance of ours",
        ("vasileiou2026social",),
        PricedInstance(energy, 0.5),
    ),
    Problem(
        "oscillators",
        "Coupled oscillators",
        "a price on the phase of each of six oscillators; least disorder",
        f"{_SOCIAL}, coupled oscillators, an instance of ours",
        ("vasileiou2026social",),
        PricedInstance(oscillators, 0.5),
    ),
    Problem(
        "routing",
        "Tolls on a road network",
        "a toll per link, Braess's network or TNTP files; least total travel time",
        f"{_SOCIAL} on a network, an extension of ours",
        ("vasileiou2026social",),
        TolledNetwork(),
    ),
)

problems: Mapping[str, Problem] = MappingProxyType({row.name: row for row in _TABLE})
