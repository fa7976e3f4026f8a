"""LinUCB on the match between a person's stated taste and an item's content."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ..ending import NeverEnds
from ..session import Session
from ..world import World
from .base import AbstractRecommender

_WIDTH = 6


def _context(session: Session, rows: NDArray) -> NDArray[np.float64]:
    """1, quality, log count, share liked, share disliked, likeness to the recent, `[n, N, 6]`."""
    world = session.world
    c = world.catalogue
    num = len(c.labels)
    features = world.person_features[session.user[rows]]
    liked = features[:, 4 : 4 + num] @ c.label_share.T
    disliked = features[:, 4 + num : 4 + 2 * num] @ c.label_share.T
    count = np.log1p(c.votes)
    count = (count - count.mean()) / max(float(count.std()), 1e-9)
    recent, rated = session.recent_item[rows], session.recent_rating[rows]
    middle = 0.5 * (world.rating_scale.low + world.rating_scale.high)
    weight = np.where(recent >= 0, rated - middle, 0.0) / max(middle, 1e-9)
    mean = np.einsum("nh,nhd->nd", weight, c.embedding[np.maximum(recent, 0)])
    alike = mean @ c.embedding.T
    x = np.empty((len(rows), len(c), _WIDTH))
    x[..., 0], x[..., 1], x[..., 2] = 1.0, c.quality, count
    x[..., 3], x[..., 4], x[..., 5] = liked, disliked, alike
    return x


@dataclass(eq=False)
class LinearBandit(AbstractRecommender):
    """Score θ·x + α·√(xᵀA⁻¹x), one θ for everybody.

    Reference: Li, Chu, Langford and Schapire, WWW 2010.
    """

    optimism: float = 1.0
    name: str = "LinUCB"
    gram: NDArray[np.float64] = field(default_factory=lambda: np.eye(_WIDTH))
    moment: NDArray[np.float64] = field(default_factory=lambda: np.zeros(_WIDTH))
    frozen: bool = False

    def scores(self, observation, session, rows):
        """Upper confidence bounds, or plain estimates once frozen."""
        x = _context(session, rows)
        inverse = np.linalg.inv(self.gram)
        score = x @ (inverse @ self.moment)
        if self.frozen:
            return score
        return score + self.optimism * np.sqrt(((x @ inverse) * x).sum(-1))


def fit_linear_bandit(
    world: World, num_steps: int = 5000, *, optimism: float = 1.0, seed: int = 0
) -> LinearBandit:
    """A bandit that has served drawn people for `num_steps` recommendations, then frozen."""
    batch = min(50, num_steps)
    session = Session(replace(world, ending=NeverEnds()), batch)
    rows = np.arange(batch)
    session.reseed(rows, rows.astype(np.uint64) + np.uint64(seed * 100_003 + 17))
    bandit = LinearBandit(optimism)
    for step in range(max(1, num_steps // batch)):
        if step % 20 == 0:
            session.begin(rows)
        shown = bandit.recommend({}, session, rows)
        x = _context(session, rows)[rows, shown[:, 0]]
        outcome = session.advance(rows, shown)
        kept = np.isfinite(outcome.raw) & (outcome.item == shown[:, 0])
        bandit.gram = bandit.gram + x[kept].T @ x[kept]
        bandit.moment = bandit.moment + x[kept].T @ outcome.raw[kept]
    return replace(bandit, frozen=True)
