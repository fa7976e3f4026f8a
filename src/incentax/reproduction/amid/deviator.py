"""A bidder who learns by PPO against an equilibrium, beside the best that she could do."""

from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from ...auctions import BatchedAuction
from ...auctions.deviation import best_reply_to, opponents_odds, policy_values
from ...auctions.hall import AuctionHall
from ...auctions.mechanism import AbstractAuction
from ...bridge.bidder_batch import BidderBatch

# One rollout is two whole auctions of every environment.
_ENVIRONMENTS = 500
_ROLLOUT_AUCTIONS = 2


class Effort(NamedTuple):
    """How long the deviator learns and is judged; `odds`: auctions to fit the best response to."""

    env_steps: int
    episodes: int
    odds: int


@runtime_checkable
class Bidder(Protocol):
    """Whoever bids."""

    def __call__(
        self, seen: Float[np.ndarray, "M 4"], rng: np.random.Generator
    ) -> Int[np.ndarray, "M"]:
        """A bid for each row of observations."""
        ...


def learned_deviation(
    game: BatchedAuction,
    mechanism: AbstractAuction,
    policy: Float[np.ndarray, "H S A"],
    *,
    num_agents: int,
    effort: Effort,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """One row for each way to bid: by equilibrium, by best response, and as PPO has learned.

    `value` with `error` is the mean utility of an episode in the exact N-bidder auction, all three
    on the same draws: `below_best` and `below_equilibrium` are mean differences by episode, each
    with its error. `exact` is the value against simulated opponents with the odds of every bid
    computed, where it is known (PPO also looks at the goods left).
    """
    hall = AuctionHall.open(game, mechanism, policy, num_agents)
    rng = np.random.default_rng(seed)
    fitted, fresh = (opponents_odds(hall, rng, effort.odds) for _ in range(2))
    best = best_reply_to(hall, fitted)
    known = {"equilibrium": hall.policy, "best response": best}
    exact = {name: policy_values(hall, fresh, table) for name, table in known.items()}
    bidders = {name: _by(table) for name, table in known.items()} | {
        "ppo": _trained(hall, effort.env_steps, seed)
    }
    played = {n: episodes(hall, bidder, effort.episodes, seed + 1) for n, bidder in bidders.items()}
    rows = []
    for name, earned in played.items():
        below_best, below_equilibrium = (
            played[n] - earned for n in ("best response", "equilibrium")
        )
        rows.append(
            {
                "bidder": name,
                "agents": num_agents,
                "env_steps": effort.env_steps,
                "episodes": earned.size,
                "value": float(earned.mean()),
                "error": _error(earned),
                "below_best": float(below_best.mean()),
                "below_best_error": _error(below_best),
                "below_equilibrium": float(below_equilibrium.mean()),
                "below_equilibrium_error": _error(below_equilibrium),
                "exact": float(exact[name].mean()) if name in exact else None,
                "exact_error": _error(exact[name]) if name in exact else None,
                "seed": seed,
            }
        )
    return rows


def episodes(hall: AuctionHall, bidder: Bidder, count: int, seed: int) -> Float[np.ndarray, "E"]:
    """What `bidder` earns in each of at least `count` auctions, the same for every bidder."""
    earned = []
    for batch in range(-(-count // _ENVIRONMENTS)):
        # Bids are drawn apart: whoever draws none meets the same values and opponents.
        draws, rng = (np.random.default_rng([seed, batch, use]) for use in (1, 2))
        auctions = BidderBatch(hall, _ENVIRONMENTS, draws)
        seen, total = auctions.reset(), np.zeros(_ENVIRONMENTS)
        while not auctions.over:
            rewards, _ = auctions.step(bidder(seen, rng))
            total += rewards
            seen = auctions.observation()
        earned.append(total)
    return np.concatenate(earned)


def _by(table: Float[np.ndarray, "H S A"]) -> Bidder:
    """The bidder who follows a table of odds by round and value."""
    horizon, size, bids = table.shape
    steps = np.cumsum(table, axis=-1)

    def bid(seen: Float[np.ndarray, "M 4"], rng: np.random.Generator) -> Int[np.ndarray, "M"]:
        rounds = np.rint(seen[:, 0] * horizon).astype(int)
        values = np.rint(seen[:, 1] * size).astype(int)
        drawn = np.sum(rng.random((len(seen), 1)) > steps[rounds, values], axis=1)
        return np.minimum(drawn, bids - 1)

    return bid


def _trained(hall: AuctionHall, env_steps: int, seed: int) -> Bidder:
    try:
        from stable_baselines3 import PPO
    except ImportError:
        raise ValueError(
            "expected stable-baselines3 for the ppo part, got no such package; "
            "try pip install 'incentax[users]'"
        ) from None
    from ...bridge.bidder_vec_env import BidderVecEnv

    environment = BidderVecEnv(hall, _ENVIRONMENTS, seed=seed)
    learner = PPO(
        "MlpPolicy",
        environment,
        n_steps=_ROLLOUT_AUCTIONS * hall.horizon,
        batch_size=500,
        n_epochs=10,
        gamma=1.0,
        gae_lambda=0.95,
        learning_rate=lambda left: 1e-3 * left,
        ent_coef=1e-4,
        seed=seed,
        device="cpu",
    )
    learner.learn(env_steps)

    def bid(seen: Float[np.ndarray, "M 4"], rng: np.random.Generator) -> Int[np.ndarray, "M"]:
        return learner.predict(seen, deterministic=True)[0]

    return bid


def _error(sample: Float[np.ndarray, "E"]) -> float:
    return float(sample.std(ddof=1) / np.sqrt(sample.size))
