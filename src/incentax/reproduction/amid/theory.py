"""Games among N whose equilibria and revenues are known exactly: what theorems are measured on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import scipy  # its parts load when first used
from jaxtyping import Float

# Targets are drawn in batches of at most this many.
_BATCH_TARGETS = 1_000_000


class Slope(NamedTuple):
    """A fitted exponent with its 95 % interval."""

    slope: float
    low: float
    high: float


def fitted_slope(numbers: Float[np.ndarray, " n"], sizes: Float[np.ndarray, " n"]) -> Slope:
    """The exponent k of sizes ~ numbers ^ k, by least squares on logarithms.

    >>> numbers = np.array([10.0, 100.0, 1000.0])
    >>> fitted_slope(numbers, 3 / np.sqrt(numbers)).slope
    -0.5
    """
    fit: Any = scipy.stats.linregress(np.log(numbers), np.log(np.abs(sizes)))
    half = float(scipy.stats.t.ppf(0.975, len(numbers) - 2) * fit.stderr)
    return Slope(float(fit.slope), float(fit.slope) - half, float(fit.slope) + half)


def sampled_slope(
    numbers: Float[np.ndarray, " n"],
    sizes: Float[np.ndarray, " n"],
    errors: Float[np.ndarray, " n"],
) -> Slope:
    """The exponent k of sizes ~ numbers ^ k where sizes are means with standard errors.

    Least squares on logarithms, each weighted by its precision. The interval is that of the
    exponent under redrawn errors: it is wide where sizes are lost in them.

    >>> numbers = np.array([100.0, 1000.0, 10_000.0])
    >>> found = sampled_slope(numbers, 3 / numbers, 0.01 / numbers)
    >>> [round(x, 2) for x in found]
    [-1.0, -1.0, -1.0]
    >>> lost = sampled_slope(numbers, 3 / numbers, np.ones(3))
    >>> lost.low < -1.2 and lost.high > 0
    True
    """
    least = np.finfo(float).tiny
    weights = np.maximum(np.abs(sizes), least) / np.maximum(errors, 1e-9 * np.abs(sizes) + least)
    weights = (weights / weights.max()) ** 2
    place = np.log(numbers) - np.average(np.log(numbers), weights=weights)
    share = weights * place / np.sum(weights * place**2)
    draws = sizes + errors * np.random.default_rng(0).standard_normal((4000, sizes.size))
    slopes = np.log(np.maximum(np.abs(np.stack([sizes, *draws])), 1e-12)) @ share
    low, high = np.quantile(slopes[1:], [0.025, 0.975])
    return Slope(float(slopes[0]), float(low), float(high))


def jackknife_slope(numbers: Float[np.ndarray, " n"], sizes: Float[np.ndarray, "m n"]) -> Slope:
    """The exponent k of mean sizes ~ numbers ^ k, where m units (games, say) have sizes each.

    The interval is for other units like these: Student's, by leaving out one at a time.

    >>> numbers = np.array([100.0, 1000.0, 10_000.0])
    >>> alike = np.outer([1.0, 2.0, 3.0], 1 / numbers)
    >>> [round(x, 6) for x in jackknife_slope(numbers, alike)]
    [-1.0, -1.0, -1.0]
    """
    units = len(sizes)
    whole = fitted_slope(numbers, sizes.mean(axis=0)).slope
    without = [
        fitted_slope(numbers, np.delete(sizes, k, 0).mean(axis=0)).slope for k in range(units)
    ]
    error = np.sqrt((units - 1) * np.var(without))
    half = float(scipy.stats.t.ppf(0.975, units - 1) * error)
    return Slope(whole, whole - half, whole + half)


@dataclass(frozen=True)
class TrackingGame:
    """Agents track private targets and dislike moving with the crowd: linear and quadratic.

    Agent i draws a target X_i ~ N(`target`, `spread`^2), sees it alone, chooses a_i and pays
    a_i^2 / 2 - X_i a_i + `crowding` a_i m, with m the mean action of all N. Equilibria are linear
    in the target, with closed forms for every N and in the limit.
    """

    target: float = 1.0
    spread: float = 1.0
    crowding: float = 0.5

    def mean_field_action(self, target: np.ndarray) -> np.ndarray:
        """The mean-field equilibrium: X - crowding x mean action."""
        return target - self.crowding * self.mean_field_mean

    @property
    def mean_field_mean(self) -> float:
        """The mean action at the mean-field equilibrium: target / (1 + crowding)."""
        return self.target / (1 + self.crowding)

    def equilibrium_action(self, target: np.ndarray, num_agents: int) -> np.ndarray:
        """The N-player equilibrium, in which an agent knows that she is part of the mean."""
        others, own = self._weights(num_agents)
        return self._reply(target, num_agents, self.target / (own + others))

    def equilibrium_distance(self, num_agents: int) -> float:
        """Root mean square, over targets, of N-player less mean-field equilibrium actions."""
        # Both are linear in the target: two points of Gauss and Hermite are exact.
        targets = self.target + self.spread * np.array([-1.0, 1.0])
        apart = self.equilibrium_action(targets, num_agents) - self.mean_field_action(targets)
        return float(np.sqrt(np.mean(apart**2)))

    def gain(self, num_agents: int) -> float:
        """Exploitability of the mean-field action among N: the best unilateral gain, exactly.

        The best reply to N - 1 mean-field players is linear; the gain is the quadratic's
        curvature times the squared distance from it, in expectation over targets.
        """
        others, own = self._weights(num_agents)
        # Distance (X - others m) / own - (X - crowding m), with m the mean-field mean.
        slope = 1 / own - 1
        offset = self.mean_field_mean * (self.crowding - others / own)
        square = (slope * self.target + offset) ** 2 + (slope * self.spread) ** 2
        return 0.5 * own * square

    def smooth_gap(self, num_agents: int) -> float:
        """E m_N^2 - m^2 under the mean-field action: a smooth objective's error, exactly."""
        return self.spread**2 / num_agents

    def kinked_gap(self, num_agents: int) -> float:
        """E |m_N - m| under the mean-field action: a Lipschitz objective's error, exactly."""
        return self.spread * float(np.sqrt(2 / (np.pi * num_agents)))

    def sampled_gaps(
        self, rng: np.random.Generator, num_agents: int, num_trials: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Samples of m_N^2 - m^2 and of |m_N - m|, from all N targets."""
        means = [
            self.mean_field_action(targets).mean(axis=1)
            for targets in self._drawn(rng, num_agents, num_trials)
        ]
        mean = np.concatenate(means)
        return mean**2 - self.mean_field_mean**2, np.abs(mean - self.mean_field_mean)

    def sampled_gains(
        self, rng: np.random.Generator, num_agents: int, num_trials: int
    ) -> np.ndarray:
        """Samples of what leaving the mean-field equilibrium saves an agent among N.

        Each is of one game: all N targets are drawn, every agent's costs at the mean-field action
        and at her best reply are added up, the others staying, and their mean difference taken.
        """
        gains = []
        for targets in self._drawn(rng, num_agents, num_trials):
            actions = self.mean_field_action(targets)
            others = (actions.sum(axis=1, keepdims=True) - actions) / num_agents
            replies = self._reply(targets, num_agents, self.mean_field_mean)
            here, there = (self._cost(a, targets, num_agents, others) for a in (actions, replies))
            gains.append(np.mean(here - there, axis=1))
        return np.concatenate(gains)

    def _drawn(
        self, rng: np.random.Generator, num_agents: int, num_trials: int
    ) -> Iterator[np.ndarray]:
        # Targets [trials, agents], batch by batch.
        batch = max(1, _BATCH_TARGETS // num_agents)
        for start in range(0, num_trials, batch):
            size = (min(batch, num_trials - start), num_agents)
            yield rng.normal(self.target, self.spread, size)

    def _cost(
        self, action: np.ndarray, target: np.ndarray, num_agents: int, others: np.ndarray
    ) -> np.ndarray:
        # `others`: the sum of all other actions over N.
        crowd = self.crowding * action * (others + action / num_agents)
        return action**2 / 2 - target * action + crowd

    def _reply(self, target: np.ndarray, num_agents: int, mean: float) -> np.ndarray:
        # The best reply to others whose actions have this mean.
        others, own = self._weights(num_agents)
        return (target - others * mean) / own

    def _weights(self, num_agents: int) -> tuple[float, float]:
        share = 1 / num_agents
        return self.crowding * (1 - share), 1 + 2 * self.crowding * share


def goods_sold(num_agents: int, demand: float, supply: float) -> float:
    """E min(K, B), with K goods and B binomial buyers; sums to within 1e-30 of exact.

    >>> goods_sold(2, 0.5, 0.5)
    0.75
    """
    reach = 12 * np.sqrt(num_agents * demand * (1 - demand)) + 12
    least = max(0, int(num_agents * demand - reach))
    buyers = np.arange(least, min(num_agents, int(num_agents * demand + reach)) + 1)
    goods = np.floor(supply * num_agents + 1e-9)
    odds = scipy.stats.binom.pmf(buyers, num_agents, demand)
    return float(odds @ np.minimum(buyers, goods))


def limit_revenue(price: float, supply: float) -> float:
    """Revenue per bidder at a posted price in the mean field, uniform values.

    At the price 1 - supply it is also that of first price, whose bids all end there.

    >>> limit_revenue(0.5, 0.5)
    0.25
    """
    return price * min(1 - price, supply)


def posted_revenue(num_agents: int, price: float, supply: float) -> float:
    """Revenue per bidder at a posted price, uniform values: price x E min(K, B) / N.

    >>> posted_revenue(100, 0.2, 0.8)
    0.156822
    """
    return price * goods_sold(num_agents, 1 - price, supply) / num_agents


def mean_field_bids_revenue(num_agents: int, supply: float, points: int = 200) -> float:
    """Revenue per bidder when all bid min(v, 1 - supply), uniform values, first price.

    Revenue is the integral over prices below 1 - supply of the goods that go to bids above them;
    `points` of a Gauss rule, crowded near the clearing price where all the change is.

    >>> round(mean_field_bids_revenue(100, 0.8) - 0.16, 5)
    -0.00036
    """
    clearing = 1 - supply
    nodes, weights = np.polynomial.legendre.leggauss(points)
    below = (1 - nodes) / 2
    prices = clearing * (1 - below**3)
    sold = np.array([goods_sold(num_agents, 1 - price, supply) for price in prices])
    return float(np.sum(weights / 2 * clearing * 3 * below**2 * sold)) / num_agents


def grid_bids_revenue(num_agents: int, supply: float, num_bids: int) -> float:
    """Revenue per bidder when all bid min(v, 1 - supply), values uniform on the grid of bids.

    Whoever wins at a bid pays one tick for each bid up to it.

    >>> gap = grid_bids_revenue(100, 0.8, 2000) - mean_field_bids_revenue(100, 0.8)
    >>> abs(gap) < 1e-5
    True
    """
    ticks = range(1, round((1 - supply) * num_bids) + 1)
    sold = [goods_sold(num_agents, 1 - tick / num_bids, supply) for tick in ticks]
    return float(np.sum(sold)) / num_bids / num_agents


def pay_as_bid_revenue(num_agents: int, supply: float) -> float:
    """Revenue per bidder at the exact N-player equilibrium of first price, uniform values.

    K (N - K) / (N (N + 1)) with K goods.
    """
    goods = round(supply * num_agents)
    return goods * (num_agents - goods) / (num_agents * (num_agents + 1))


def pay_as_bid(
    values: Float[np.ndarray, "*b"], num_agents: int, supply: float
) -> Float[np.ndarray, "*b"]:
    """What bidders of these values bid at that equilibrium: E[Y | Y < v].

    Y, the K-th highest of the N - 1 other values, is beta distributed with N - K and K; of values
    so low that they never win nothing is known.

    >>> [round(x, 6) for x in pay_as_bid(np.array([0.2, 0.25, 0.5]), 100, 0.8).tolist()]
    [0.169445, 0.191143, 0.2]
    """
    goods = round(supply * num_agents)
    rest = num_agents - goods
    cdf = scipy.special.betainc
    return rest / num_agents * cdf(rest + 1, goods, values) / cdf(rest, goods, values)


def atom_gain(num_agents: int, supply: float, value: float = 0.995) -> float:
    """What a bidder of this value gains among N by bidding a hair above min(v, 1 - supply).

    At the atom she wins with probability E min(1, K / (B + 1)), B binomial; above it surely.

    >>> round(atom_gain(100, 0.8) * 10, 4)
    0.1579
    """
    rivals = np.arange(num_agents)
    odds = scipy.stats.binom.pmf(rivals, num_agents - 1, supply)
    goods = round(supply * num_agents)
    at_atom = float(odds @ np.minimum(1, goods / (rivals + 1)))
    return (1 - at_atom) * (value - (1 - supply))
