"""What an economy's auctions are measured with: caps and closed-form auctions that apply to it."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from .._types import Objective
from ..objective import Mix, revenue
from .economy import Economy
from .oracle import (
    Market,
    constant_price,
    first_best,
    mixture_cap,
    revenue_cap,
    revenue_caps,
    summarise,
)
from .oracle.posted_search import DEFAULT_SEARCH, CrossEntropy

# Beyond so many rounds the clearing program takes tens of seconds: only who asks waits for it.
FAST_ROUNDS = 12

_KEYS = (
    "first_best",
    "first_price",
    "first_price_prices",
    "first_price_present",
    "first_price_present_prices",
    "myerson_cap",
    "dynamic_cap",
    "memoryless_cap",
    "weighted_cap",
    "posted_price",
    "posted_prices",
    "constant_price",
)


@dataclass(frozen=True)
class Yardsticks:
    """Oracle numbers by name, `None` where one does not apply, and the proved `cap`.

    `numbers` are in money per bidder, prices in money per item; `cap` bounds the objective. `slow`
    names the numbers that apply and are `None` all the same, since they take long to find.
    """

    numbers: dict[str, Any]
    cap: float | None
    slow: tuple[str, ...] = ()

    @classmethod
    def none(cls, cap: float | None = None) -> "Yardsticks":
        """No number, where none applies; and a cap, if one is known all the same."""
        return cls(dict.fromkeys(_KEYS), cap)


def proved_cap(
    economy: Economy, objective: Objective, market: Market | None = None
) -> float | None:
    """The tightest proved bound on what any auction of this library scores here, or `None`.

    Bidders who weigh surpluses by round have the bounds of the oracles. For risk-averse ones only
    the first best is left, by Jensen's inequality. It is left for risk-seeking ones as well if
    nobody returns: payments depend on the bid alone, so that to bid zero beats every bid that pays
    more than the value; no winner pays more than that.

    **Arguments:**

    - `market`: the economy's market with another law of values, if not its own.
    """
    market = economy.market() if market is None else market
    if market is None or not (objective is revenue or isinstance(objective, Mix)):
        return None
    if economy.utility.round_weights(economy.horizon) is None:
        returns = market.after_win.return_probability > 0
        kept = economy.utility.is_concave or (not returns and economy.departure == 1)
        return first_best(market).value if kept else None
    if isinstance(objective, Mix):
        return mixture_cap(market, objective.weight)
    return revenue_cap(market)


def yardsticks(
    economy: Economy,
    objective: Objective,
    *,
    search: CrossEntropy | None = DEFAULT_SEARCH,
    market: Market | None = None,
) -> Yardsticks:
    """All oracle numbers that hold for this economy's bidders.

    Where the utility is not linear in the surplus, prices are known only for static values and
    winners who leave: price takers there buy at the lowest price, however they feel about risk.

    **Arguments:**

    - `search`: how to look for the best posted path; `None` leaves it out, which is fastest.
    - `market`: the economy's market, if it is at hand.

    >>> from incentax.objective import revenue
    >>> found = yardsticks(Economy(), revenue, search=None)
    >>> found.numbers["first_price"], found.numbers["posted_price"], found.cap
    (0.16, None, 0.25)
    """
    market = economy.market() if market is None else market
    if market is None:
        return Yardsticks.none()
    known = asdict(summarise(market, search=search))
    numbers = {key: known[key] for key in _KEYS} | dict.fromkeys(_inapplicable(economy, market))
    return Yardsticks(numbers, proved_cap(economy, objective, market))


def fast_yardsticks(
    economy: Economy, objective: Objective, market: Market | None = None
) -> Yardsticks:
    """The oracle numbers that take a second or two; `slow` names those that take longer.

    The search for posted prices always does; over many rounds, so does the clearing program.

    **Arguments:**

    - `market`: the economy's market, if it is at hand.

    >>> from incentax.objective import revenue
    >>> fast_yardsticks(Economy(), revenue).slow, fast_yardsticks(Economy(horizon=20), revenue).slow
    (('posted_price',), ('first_price', 'posted_price'))
    """
    market = economy.market() if market is None else market
    if market is None:
        return Yardsticks.none()
    missing = _inapplicable(economy, market)
    if economy.horizon <= FAST_ROUNDS:
        found, slow = yardsticks(economy, objective, search=None, market=market), ("posted_price",)
    else:
        quick = dict.fromkeys(_KEYS) | revenue_caps(market)
        quick |= {
            "first_best": first_best(market).value,
            "constant_price": constant_price(market).revenue,
        }
        numbers = quick | dict.fromkeys(missing)
        found = Yardsticks(numbers, proved_cap(economy, objective, market))
        slow = ("first_price", "posted_price")
    return replace(found, slow=tuple(name for name in slow if name not in missing))


def _inapplicable(economy: Economy, market: Market) -> tuple[str, ...]:
    # The numbers that do not hold for these bidders, whatever the oracles say of linear ones.
    if economy.utility.round_weights(economy.horizon) is not None:
        return ()
    leaves = market.after_win.exit_probability == 1
    stays_out = market.after_win.return_probability == 0
    caps = ("myerson_cap", "dynamic_cap", "memoryless_cap", "weighted_cap")
    if market.is_static and leaves and stays_out:
        return caps
    return tuple(key for key in _KEYS if key != "first_best")
