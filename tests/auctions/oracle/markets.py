"""The paper's settings as markets, written out once more: the oracles' tests own no game."""

import numpy as np

from incentax.auctions.oracle import Market, Regenerate, Stay

VALUES = np.arange(100) / 100
UNIFORM = np.full(100, 0.01)
GEOMETRIC = 0.9 ** np.arange(100) / np.sum(0.9 ** np.arange(100))


def gaussian_kernel(slope: float, width: float, values: np.ndarray = VALUES) -> np.ndarray:
    exponent = -((slope * values[:, None] - values[None, :]) ** 2) / (2 * width**2)
    kernel = np.exp(exponent - exponent.max(axis=1, keepdims=True))
    return kernel / kernel.sum(axis=1, keepdims=True)


def a1() -> Market:
    return Market(VALUES, UNIFORM, horizon=4, supply=0.8)


def a1_redrawn() -> Market:
    return Market(VALUES, UNIFORM, kernel=np.tile(UNIFORM, (100, 1)), horizon=4, supply=0.8)


def a2() -> Market:
    return Market(VALUES, GEOMETRIC, kernel=gaussian_kernel(3, 0.2), horizon=4, supply=0.8)


def a6() -> Market:
    weights = 1 / (1 + np.arange(4))
    return Market(VALUES, UNIFORM, horizon=4, supply=0.8, round_weights=weights)


def a7() -> Market:
    kernel = gaussian_kernel(1.2, 0.2)
    return Market(VALUES, GEOMETRIC, kernel=kernel, horizon=6, supply=0.8, after_win=Stay())


def a8() -> Market:
    return Market(
        VALUES,
        GEOMETRIC,
        kernel=gaussian_kernel(1.2, 0.01),
        horizon=100,
        supply=5.0,
        after_win=Regenerate(probability=0.015),
    )


def a10() -> Market:
    return Market(VALUES, UNIFORM, horizon=4, supply=0.8, after_win=Regenerate(probability=0.3))
