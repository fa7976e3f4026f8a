"""The problems that come with the library: one plain table that all others read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from .auctions import (
    Bidding,
    ConstantRiskAversion,
    Economy,
    Impatient,
    KnownEconomy,
    Network,
    PriorFree,
    Table,
)
from .games import (
    LeftRight,
    PricedBeach,
    PricedBuilding,
    PricedChoice,
    PricedSquare,
    RockPaperScissors,
    SubsidisedDistance,
    TolledBeach,
)
from .games.smooth.settings import PricedInstance, TolledNetwork, cournot, energy, oscillators
from .methods import layerwise_adam
from .objective import Mix
from .schedule import Schedule
from .setting import AbstractSetting, Recipe


@dataclass(frozen=True)
class Problem:
    """A named setting, with the words to introduce it and the works to cite."""

    name: str
    title: str
    summary: str
    source: str
    citations: tuple[str, ...]
    setting: AbstractSetting

    def with_options(self, **changes: Any) -> "Problem":
        """The same problem with some of its numbers changed; `ValueError` for unknown names."""
        return replace(self, setting=self.setting.with_options(**changes))


_AMID = "arXiv 2510.21442"
_OUR_RESERVE = "the network's reserve is ours"
_SOCIAL = "arXiv 2604.11346"
_CITED = ("corecco2025amid", "perolat2021mirror", "myerson1981optimal")
_DRIFT = Economy(decay=0.9, growth=3.0, spread=0.2)
_STAY = Economy(horizon=6, decay=0.9, growth=1.2, spread=0.2, departure=0.0)
_LONG = Economy(horizon=100, supply=5.0, decay=0.9, growth=1.2, spread=0.01, reentry=0.015)


def _long_plan() -> Recipe:
    # Entropy is earned in every round: for long at the temperatures of four rounds, it would
    # outweigh goods.
    return Recipe(
        num_steps=60,
        learning_rate=1.5e-2,
        method=layerwise_adam,
        schedule=Schedule(8e-3, 1e-3, 20, settle=5),
        clip=0.1,
        audit_every=5,
        patience=1,
        climb=True,
    )


# More is for sale than should be sold: once the last bidder is sure to be served, all wait for it
# and the price unravels. A supply that only shares out what remains can but stop short of that
# edge; goods held back from who will not pay a price have none. High, it holds back from the start.
_HELD_BACK = Network(reserve=0.8)


_TABLE = (
    Problem(
        "a1",
        "Four-round auction, constant values",
        "uniform constant values, winners leave; neural mechanism, revenue",
        f"{_AMID}, setting A1; {_OUR_RESERVE}",
        _CITED,
        KnownEconomy(),
    ),
    Problem(
        "a2",
        "Four-round auction, rising values",
        "mostly low values that grow between rounds, winners leave; neural mechanism, revenue",
        f"{_AMID}, setting A2; {_OUR_RESERVE}",
        _CITED,
        KnownEconomy(economy=_DRIFT, form=_HELD_BACK),
    ),
    Problem(
        "a3",
        "Prior-free auction",
        "a new distribution of values and supply each time; one neural mechanism, mean revenue",
        f"{_AMID}, setting A3; {_OUR_RESERVE}",
        ("corecco2025amid", "perolat2021mirror"),
        PriorFree(),
    ),
    Problem(
        "a4",
        "Auction for risk-averse bidders",
        "as a1 for bidders with utility 1 - exp(-(v - p)); neural mechanism, revenue",
        f"{_AMID}, setting A4; the exponential form is our reading, {_OUR_RESERVE}",
        _CITED,
        KnownEconomy(economy=Economy(utility=ConstantRiskAversion(1.0))),
    ),
    Problem(
        "a5",
        "Auction for risk-seeking bidders",
        "as a1 for bidders with utility exp(v - p) - 1; neural mechanism, revenue",
        f"{_AMID}, setting A5; the exponential form is our reading, {_OUR_RESERVE}",
        _CITED,
        KnownEconomy(economy=Economy(utility=ConstantRiskAversion(-1.0))),
    ),
    Problem(
        "a6",
        "Auction for impatient bidders",
        "as a1 for bidders to whom a surplus in round h is worth 1 / (1 + h); neural, revenue",
        f"{_AMID}, setting A6; {_OUR_RESERVE}",
        _CITED,
        KnownEconomy(economy=Economy(utility=Impatient(1.0))),
    ),
    Problem(
        "a7",
        "Six-round auction, winners stay",
        "rising values over six rounds, winners bid on; neural mechanism, revenue",
        f"{_AMID}, setting A7; {_OUR_RESERVE}",
        _CITED,
        KnownEconomy(economy=_STAY),
    ),
    Problem(
        "a8",
        "Hundred-round auction",
        "slowly rising values over 100 rounds, winners return now and then; neural mechanism, "
        "revenue",
        f"{_AMID}, setting A8; {_OUR_RESERVE}",
        _CITED,
        KnownEconomy(
            economy=_LONG,
            bidding=Bidding(solver_steps=200, bold_steps=0),
            form=_HELD_BACK,
            plan=_long_plan,
        ),
    ),
    Problem(
        "a9",
        "Auction for revenue and efficiency",
        "as a1; neural mechanism, half revenue and half value of the winners",
        f"{_AMID}, setting A9; the weight is our choice, {_OUR_RESERVE}",
        _CITED,
        KnownEconomy(goal=Mix(0.5)),
    ),
    Problem(
        "a10",
        "Static auction, winners return",
        "uniform values, winners return with probability 0.3; a table of payments, revenue",
        f"{_AMID}, setting A10",
        _CITED,
        KnownEconomy(economy=Economy(reentry=0.3), form=Table()),
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
        "crowd-motion",
        "A crowd on a square",
        "prices on the cells of a square with a moving attraction; least congestion",
        "MFGLib's crowd_motion; prices are our extension",
        ("corecco2025amid", "perolat2021mirror"),
        PricedSquare(),
    ),
    Problem(
        "building-evacuation",
        "Leaving a building",
        "prices on the cells of a building with narrow stairs; least congestion",
        "MFGLib's building_evacuation; prices are our extension",
        ("corecco2025amid", "perolat2021mirror"),
        PricedBuilding(),
    ),
    Problem(
        "epidemic",
        "Keeping one's distance",
        "a subsidy in each round of an epidemic for keeping away; least illness and distance",
        "MFGLib's susceptible_infected; the subsidy is our extension",
        ("corecco2025amid", "perolat2021mirror"),
        SubsidisedDistance(),
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
