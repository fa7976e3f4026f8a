"""The N-bidder auction as a PettingZoo parallel environment: every bidder is an agent."""

from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.utils import seeding
from pettingzoo import ParallelEnv

from ..auctions.game import BatchedAuction
from ..auctions.hall import AuctionHall
from ..auctions.mechanism import AbstractAuction


class AuctionEnv(ParallelEnv):
    """Every round all bidders bid at once; the highest bids win whole goods, ties by lot.

    Each sees round, own value, whether she is in the market, and the share of goods left; the
    reward is the utility of winning. All agents stay until the last round.

    **Arguments:**

    - `game`, `mechanism`: the auction.
    - `num_bidders`: how many take part.
    """

    metadata: dict[str, Any] = {"name": "incentax_auction_v0", "render_modes": []}

    def __init__(self, game: BatchedAuction, mechanism: AbstractAuction, *, num_bidders: int):
        if num_bidders < 1:
            raise ValueError(f"expected num_bidders >= 1, got {num_bidders}; try 10")
        anything = np.ones((game.horizon, game.num_states, game.num_actions)) / game.num_actions
        self._hall = AuctionHall.open(game, mechanism, anything, num_bidders)
        self.possible_agents = [f"bidder_{k}" for k in range(num_bidders)]
        self.agents: list[str] = []
        self._observed = spaces.Box(0.0, 1.0, (4,), np.float32)
        self._acted = spaces.Discrete(self._hall.num_bids)
        self._rng: np.random.Generator | None = None
        self._round = 0

    def observation_space(self, agent: str) -> spaces.Space:
        """Round, own value, in the market or not, share of goods left."""
        return self._observed

    def action_space(self, agent: str) -> spaces.Space:
        """The index of a bid."""
        return self._acted

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, dict]]:
        """A fresh auction with independent values.

        With a seed all that follows is reproducible; an environment that never had one draws its
        own.
        """
        if seed is not None or self._rng is None:
            self._rng, _ = seeding.np_random(seed)
        hall, rng = self._hall, self._rng
        self.agents = list(self.possible_agents)
        self._round = 0
        self._values = rng.choice(hall.num_values, size=hall.num_agents, p=hall.law)
        self._active = np.ones(hall.num_agents, bool)
        self._goods = int(hall.goods(np.asarray(hall.supply)))
        return self._observations(), {agent: {} for agent in self.agents}

    def step(self, actions: dict[str, Any]) -> tuple[dict, dict, dict, dict, dict]:
        """One round.

        **Raises:** `ValueError` before `reset` and after the last round, for a bidder without a
        bid, or a bid off the grid.
        """
        hall, t, rng = self._hall, self._round, self._rng
        if rng is None:
            raise ValueError("expected reset() before the first round, got step(); reset first")
        if not self.agents:
            raise ValueError("expected reset() after the last round, got step(); reset first")
        silent = [agent for agent in self.agents if agent not in actions]
        if silent:
            raise ValueError(
                f"expected a bid of each of {len(self.agents)} bidders, got none of "
                f"{', '.join(silent[:3])}; give one for every name in agents"
            )
        chosen = np.array([self._bid(actions[agent]) for agent in self.possible_agents])
        counts = np.bincount(chosen[self._active], minlength=hall.num_bids)[None]
        supply, payment = hall.offer(t, counts, np.array([self._goods]))
        goods = int(min(hall.goods(supply)[0], self._goods))
        # Highest bids first, ties in random order, those out of the market last.
        order = np.lexsort((rng.random(hall.num_agents), -np.where(self._active, chosen, -1)))
        winners = order[: min(goods, int(self._active.sum()))]
        rewards = np.zeros(hall.num_agents)
        worth = hall.utility(t, payment)[0]
        rewards[winners] = worth[self._values[winners], chosen[winners]]
        # Goods once offered are gone, sold or not.
        self._goods -= goods
        self._live_on(rng, winners)
        self._round = t + 1
        over = self._round >= hall.horizon
        agents = self.agents
        won = np.isin(np.arange(hall.num_agents), winners)
        outcome = (
            self._observations(),
            {agent: float(x) for agent, x in zip(agents, rewards, strict=True)},
            dict.fromkeys(agents, over),
            dict.fromkeys(agents, False),
            {agent: {"won": bool(x)} for agent, x in zip(agents, won, strict=True)},
        )
        if over:
            self.agents = []
        return outcome

    def _bid(self, action: Any) -> int:
        if not self._acted.contains(action):
            raise ValueError(
                f"expected bids from 0 to {self._hall.num_bids - 1}, got {action}; look at "
                "action_space"
            )
        return int(action)

    def _live_on(self, rng: np.random.Generator, winners: np.ndarray) -> None:
        hall = self._hall
        leaves = winners[rng.random(winners.size) < hall.departure]
        self._active[leaves] = False
        if hall.kernel is not None:
            for k in np.flatnonzero(self._active):
                self._values[k] = rng.choice(hall.num_values, p=hall.kernel[self._values[k]])
        returns = ~self._active & (rng.random(hall.num_agents) < hall.reentry)
        fresh = rng.choice(hall.num_values, size=int(returns.sum()), p=hall.law)
        self._values[returns], self._active[returns] = fresh, True

    def _observations(self) -> dict[str, np.ndarray]:
        hall = self._hall
        left = min(self._goods / hall.num_agents / max(hall.supply, 1e-12), 1.0)
        progress = self._round / hall.horizon
        values = np.where(self._active, self._values / hall.num_values, 0.0)
        seen = np.stack(
            [np.full(values.size, progress), values, self._active, np.full(values.size, left)], 1
        ).astype(np.float32)
        return dict(zip(self.possible_agents, seen, strict=True))
