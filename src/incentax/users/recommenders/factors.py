"""Collaborative filters fitted to a log: alternating least squares and item neighbours."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ratings import Ratings
from .base import AbstractRecommender


@dataclass(frozen=True, eq=False)
class Factors(AbstractRecommender):
    """Score μ + b_i + p_u·q_i; a person without ratings gets μ + b_i."""

    mean: float
    item_bias: NDArray[np.float64]
    user_bias: NDArray[np.float64]
    user: NDArray[np.float64]
    item: NDArray[np.float64]
    name: str = "ALS"

    def scores(self, observation, session, rows):
        """Predicted ratings."""
        users = session.user[rows]
        return self.predict_all(users)

    def predict_all(self, users: NDArray) -> NDArray[np.float64]:
        """Predicted ratings of every item, `[n, N]`."""
        score = self.mean + self.item_bias + self.user[users] @ self.item.T
        return score + self.user_bias[users, None]

    def predict(self, users: NDArray, items: NDArray) -> NDArray[np.float64]:
        """Predicted ratings of pairs, `[n]`."""
        dot = np.einsum("nr,nr->n", self.user[users], self.item[items])
        return self.mean + self.user_bias[users] + self.item_bias[items] + dot


def fit_als(
    ratings: Ratings,
    num_users: int,
    num_items: int,
    *,
    rank: int = 8,
    penalty: float = 4.0,
    num_sweeps: int = 10,
    seed: int = 0,
) -> Factors:
    """Biases by damped means, then factors of the residuals by alternating ridge regressions.

    Reference: Koren, Bell and Volinsky, Computer 42(8), 2009.
    """
    mean = float(ratings.rating.mean())
    user, item = ratings.user, ratings.item
    residual = ratings.rating - mean
    item_bias = _damped(item, residual, num_items)
    user_bias = _damped(user, residual - item_bias[item], num_users)
    residual = residual - item_bias[item] - user_bias[user]
    rng = np.random.default_rng(seed)
    left = np.zeros((num_users, rank))
    right = 0.1 * rng.standard_normal((num_items, rank))
    for _ in range(num_sweeps):
        left = _ridge(user, right[item], residual, num_users, penalty)
        right = _ridge(item, left[user], residual, num_items, penalty)
    return Factors(mean, item_bias, user_bias, left, right)


def _damped(index: NDArray, value: NDArray, num: int, damping: float = 5.0) -> NDArray:
    total = np.bincount(index, value, minlength=num)
    return total / (np.bincount(index, minlength=num) + damping)


def _ridge(index: NDArray, x: NDArray, y: NDArray, num: int, penalty: float) -> NDArray:
    rank = x.shape[1]
    gram = np.zeros((num, rank, rank))
    moment = np.zeros((num, rank))
    np.add.at(gram, index, x[:, :, None] * x[:, None, :])
    np.add.at(moment, index, x * y[:, None])
    gram += penalty * np.eye(rank)
    return np.linalg.solve(gram, moment[:, :, None])[:, :, 0]


@dataclass(frozen=True, eq=False)
class ItemNeighbours(AbstractRecommender):
    """Score: what a person rated above the mean, spread over the items rated alike by others."""

    similarity: NDArray[np.float32]
    taste: NDArray[np.float32]
    mean: NDArray[np.float64]
    name: str = "item neighbours"

    def scores(self, observation, session, rows):
        """Item means plus weighted deviations."""
        own = self.taste[session.user[rows]]
        weight = (own != 0).astype(np.float32) @ self.similarity + 1.0
        return self.mean + (own @ self.similarity) / weight


def fit_item_neighbours(ratings: Ratings, num_users: int, num_items: int) -> ItemNeighbours:
    """Cosine of the items' centred rating columns, negative ones left out."""
    mean = float(ratings.rating.mean())
    item_bias = _damped(ratings.item, ratings.rating - mean, num_items)
    taste = np.zeros((num_users, num_items), np.float32)
    taste[ratings.user, ratings.item] = ratings.rating - mean - item_bias[ratings.item]
    length = np.maximum(np.linalg.norm(taste, axis=0), 1e-9)
    similarity = np.maximum((taste / length).T @ (taste / length), 0.0)
    np.fill_diagonal(similarity, 0.0)
    return ItemNeighbours(similarity, taste, mean + item_bias)
