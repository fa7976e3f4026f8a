from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from .after_win import AbstractAfterWin, Leave

# One number per round, per value or per bidder; whole numbers are welcome.
VectorLike = np.ndarray | Sequence[float | int]

# Laws and kernels must sum to one this closely; float32 arrays have to be renormalised first.
MASS_TOLERANCE = 1e-9
_PRODUCT_ROWS = 16


@dataclass(frozen=True, eq=False)
class Market:
    """A large population of risk-neutral bidders who meet a seller over several rounds.

    The population has mass one. In every round an active bidder may win one item; losers' values
    move by `kernel`, winners do what `after_win` says. All arrays are copied, converted to float64
    and made read-only.

    **Arguments:**

    - `values`: `[S]`, the grid of values in money, non-negative and strictly increasing. Tolerances
      are absolute: choose a unit of money in which the highest value is about one.
    - `initial`: `[S]`, the law of values before the first round and of re-entering bidders (μ0).
    - `kernel`: `[S, S]`, row-stochastic: value at the next round given the present one (W).
      `None` when values never change.
    - `horizon`: number of rounds (H), at least one.
    - `supply`: mass of items for sale over all rounds together (α_max), per bidder.
    - `after_win`: `Leave()`, `Regenerate(probability=...)` or `Stay()`.
    - `round_weights`: `[H]`, positive: utility of winning round h at price p is
      `round_weights[h] * (value - p)`. The seller's money is never weighted.

    Raises `ValueError`, with what was expected and what to try, for anything else.

    >>> market = Market(np.arange(4) / 4, np.full(4, 0.25), horizon=2, supply=0.5)
    >>> market.num_values, market.is_static, market.after_win
    (4, True, Leave())
    """

    values: np.ndarray
    initial: np.ndarray
    _: KW_ONLY
    kernel: np.ndarray | None = None
    horizon: int
    supply: float
    after_win: AbstractAfterWin = Leave()
    round_weights: np.ndarray | None = None

    def __post_init__(self) -> None:
        set_field = object.__setattr__
        set_field(self, "values", checked_values(self.values))
        set_field(self, "initial", checked_law(self.initial, self.values.size))
        if self.kernel is not None:
            set_field(self, "kernel", _checked_kernel(self.kernel, self.values.size))
        if not (isinstance(self.horizon, int | np.integer) and self.horizon >= 1):
            raise ValueError(f"expected a horizon of at least 1 round, got {self.horizon!r}; try 4")
        set_field(self, "horizon", int(self.horizon))
        set_field(self, "supply", checked_supply(self.supply))
        if not isinstance(self.after_win, AbstractAfterWin):
            raise ValueError(
                f"expected an object that says what winners do, got {self.after_win!r}; "
                "try Leave(), Regenerate(probability=0.3) or Stay()"
            )
        if self.round_weights is not None:
            set_field(self, "round_weights", _checked_weights(self.round_weights, self.horizon))

    @property
    def num_values(self) -> int:
        """Number of values on the grid (S)."""
        return self.values.size

    @cached_property
    def is_static(self) -> bool:
        """Whether a bidder's value never changes during one life in the market."""
        return self.kernel is None or np.array_equal(self.kernel, np.eye(self.num_values))

    @cached_property
    def weights(self) -> Float[np.ndarray, "H"]:
        """`[H]`, the round weights, ones where none were given."""
        return np.ones(self.horizon) if self.round_weights is None else self.round_weights

    @cached_property
    def has_equal_weights(self) -> bool:
        """Whether bidders value every round alike, as the virtual-value caps assume."""
        return bool(np.ptp(self.weights) == 0)

    @cached_property
    def price_ceiling(self) -> float:
        """One grid step above the highest value: prices above it are not searched."""
        steps = np.diff(self.values)
        return float(self.values[-1] + (steps[-1] if steps.size else 0.0))

    def expect(self, next_values: Float[np.ndarray, "... S"]) -> Float[np.ndarray, "... S"]:
        """`[..., S]`, expected value at the next round given the present value: W·v."""
        return next_values if self.kernel is None else _product(next_values, self.kernel.T)

    def advance(self, mass: Float[np.ndarray, "... S"]) -> Float[np.ndarray, "... S"]:
        """`[..., S]`, where `mass` is after one move of the values: Wᵀ·m."""
        return mass if self.kernel is None else _product(mass, self.kernel)


def checked_values(values: VectorLike) -> Float[np.ndarray, "S"]:
    """`[S]`, a read-only float64 copy of a grid of values; `ValueError` when it is not one."""
    grid = _frozen(values)
    if grid.ndim != 1 or grid.size == 0 or not np.all(np.isfinite(grid)):
        raise ValueError(
            f"expected a non-empty vector of finite values, got shape {grid.shape} with "
            f"{int(np.sum(~np.isfinite(grid)))} entries not finite; try numpy.arange(100) / 100"
        )
    if grid[0] < 0 or np.any(np.diff(grid) <= 0):
        raise ValueError(
            "expected non-negative, strictly increasing values, got a grid that is not; "
            "try numpy.unique(values) with the weights added up"
        )
    return grid


def checked_law(law: VectorLike, size: int) -> Float[np.ndarray, "S"]:
    """`[S]`, a read-only float64 copy of a probability law; `ValueError` when it is not one."""
    law = _frozen(law)
    if law.shape != (size,):
        raise ValueError(
            f"expected one probability per value, shape ({size},), got {law.shape}; "
            "try a law on the grid of values"
        )
    total = float(law.sum())
    if not np.all(law >= 0) or not abs(total - 1) <= MASS_TOLERANCE:
        raise ValueError(
            f"expected non-negative probabilities with sum 1, got minimum {law.min()} and sum "
            f"{total}; try law / law.sum() in float64"
        )
    return law


def checked_supply(supply: float) -> float:
    """A supply as a float; `ValueError` unless finite and non-negative."""
    if not (np.ndim(supply) == 0 and np.isfinite(supply) and supply >= 0):
        raise ValueError(
            f"expected a finite supply of at least 0, got {supply!r}; try 0.8 items per bidder"
        )
    return float(supply)


def _checked_kernel(kernel: np.ndarray, size: int) -> Float[np.ndarray, "S S"]:
    kernel = _frozen(kernel)
    if kernel.shape != (size, size):
        raise ValueError(
            f"expected a kernel of shape ({size}, {size}), got {kernel.shape}; "
            "try None for values that never change"
        )
    error = np.abs(kernel.sum(axis=1) - 1).max()
    if not np.all(kernel >= 0) or not error <= MASS_TOLERANCE:
        raise ValueError(
            f"expected non-negative kernel rows with sum 1, got minimum {kernel.min()} and row "
            f"sums off by {error}; try kernel / kernel.sum(axis=1, keepdims=True) in float64"
        )
    return kernel


def _checked_weights(weights: VectorLike, horizon: int) -> Float[np.ndarray, "H"]:
    weights = _frozen(weights)
    if weights.shape != (horizon,) or not np.all(np.isfinite(weights) & (weights > 0)):
        raise ValueError(
            f"expected {horizon} positive round weights, got {weights}; "
            f"try 1 / (1 + numpy.arange({horizon}))"
        )
    return weights


def _product(
    rows: Float[np.ndarray, "... S"], matrix: Float[np.ndarray, "S S"]
) -> Float[np.ndarray, "... S"]:
    # Blocks of rows: one product of the whole batch is large enough for the linear-algebra library
    # to start threads, and where the cores are shared these wait for each other, up to 30 times
    # longer than the product takes.
    flat = rows.reshape(-1, rows.shape[-1])
    if len(flat) <= _PRODUCT_ROWS:
        return rows @ matrix
    whole = len(flat) - len(flat) % _PRODUCT_ROWS
    blocks = flat[:whole].reshape(-1, _PRODUCT_ROWS, rows.shape[-1]) @ matrix
    rest = flat[whole:] @ matrix
    return np.concatenate([blocks.reshape(-1, rows.shape[-1]), rest]).reshape(rows.shape)


def _frozen(array: VectorLike) -> np.ndarray:
    copy = np.array(array, dtype=np.float64)
    copy.flags.writeable = False
    return copy
