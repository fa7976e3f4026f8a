"""Continuous games of finitely many agents, from plain cost functions."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, final

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.core import Tracer
from jaxtyping import Array, Float

from ._types import Scalar
from .action_set import AbstractActionSet, as_action_set

Actions = Float[Array, "n d"]
Costs = Float[Array, " n"]


class AbstractSmoothGame(eqx.Module):
    """A game in which agent i picks a vector x_i and pays a private cost l_i(x) plus <p_i, x_i>.

    Sign: agents here *minimise* cost, and a price is paid per unit of action. A user states
    costs; every derivative is automatic. The rest of the library never reads the costs but
    through `marginal_cost` and its derivatives, and a planner with access to responses only never
    reads those.

    Reference: arXiv 2604.11346, the agents' game.
    """

    num_agents: eqx.AbstractVar[int]
    action_dim: eqx.AbstractVar[int]
    action_set: eqx.AbstractVar[AbstractActionSet]

    @abstractmethod
    def costs_against(self, own: Actions, actions: Actions) -> Costs:
        """Each agent's private cost [n] if it plays its row of `own` and all others `actions`."""

    @property
    def shape(self) -> tuple[int, int]:
        """Agents by action coordinates, the shape of a joint action and of a full price."""
        return self.num_agents, self.action_dim

    def start(self, dtype: Any = None) -> Actions:
        """A joint action inside the action set, where play begins unless told otherwise."""
        return self.action_set.start(self.shape, jnp.result_type(float) if dtype is None else dtype)

    def costs(self, actions: Actions) -> Costs:
        """Each agent's private cost [n] at a joint action, prices not included."""
        return self.costs_against(actions, actions)

    def reply_gradient(self, own: Actions, actions: Actions) -> Actions:
        """Each agent's derivative of its private cost at its row of `own` against `actions`."""
        # Row i enters the cost of agent i only, so that one gradient of the sum holds them all.
        return jax.grad(lambda own: jnp.sum(self.costs_against(own, actions)))(own)

    def marginal_cost(self, actions: Actions) -> Actions:
        """The pseudo-gradient F(x): each agent's derivative of its own cost in its own action."""
        return self.reply_gradient(actions, actions)

    def jacobian(self, actions: Actions) -> Float[Array, "nd nd"]:
        """The derivative of F at a joint action: square, in general not symmetric."""
        size = actions.size
        return jax.jacfwd(self.marginal_cost)(actions).reshape(size, size)

    def own_curvature(self, own: Actions, actions: Actions) -> Float[Array, "n d d"]:
        """Each agent's second derivative in its own action, in `action_dim` forward passes."""
        dim = own.shape[1]

        def along(unit: Float[Array, " d"]) -> Actions:
            push = jnp.broadcast_to(unit, own.shape)
            return jax.jvp(lambda y: self.reply_gradient(y, actions), (own,), (push,))[1]

        return jnp.moveaxis(jax.vmap(along)(jnp.eye(dim, dtype=own.dtype)), 0, -1)

    def natural_residual(self, actions: Actions, price: Actions) -> Actions:
        """X - Proj(x - F(x) - p), zero exactly at the equilibrium under the price."""
        wanted = actions - self.marginal_cost(actions) - price
        return actions - self.action_set.project(wanted)


@final
class SmoothGame(AbstractSmoothGame):
    """A game from one function: `private_cost(agent, actions)`, the cost of one agent.

    A step costs O(n^2), since any agent may matter to any other; see `AggregativeGame`.

    **Arguments:**

    - `private_cost`: `(agent, actions [n d]) -> scalar`; `agent` is a (traced) integer. It may be
      an `equinox.Module`, whose arrays are then the parameters of the game.
    - `num_agents`, `action_dim`: n and d.
    - `bounds`: None for all of R^d, `(lower, upper)` for a box, or an action set.

    **Raises:** `ValueError` for a cost that is no scalar, or not a number at the start.

    >>> game = SmoothGame(lambda i, x: 0.5 * x[i, 0] ** 2 + x[i, 0] * x[1 - i, 0], 2)
    >>> game.marginal_cost(jnp.array([[1.0], [2.0]])).tolist()
    [[3.0], [3.0]]
    """

    private_cost: Callable[..., Scalar]
    num_agents: int = eqx.field(static=True)
    action_dim: int = eqx.field(static=True)
    action_set: AbstractActionSet

    def __init__(self, private_cost, num_agents: int, action_dim: int = 1, bounds: Any = None):
        self.private_cost = private_cost
        self.num_agents = num_agents
        self.action_dim = action_dim
        self.action_set = as_action_set(bounds)

    def __check_init__(self):
        _check_size(self)
        _check_cost(self, lambda agent, x: self.private_cost(agent, x))

    def costs_against(self, own: Actions, actions: Actions) -> Costs:
        """The cost of each agent, one after the other replacing its row."""

        def cost(agent, mine):
            return self.private_cost(agent, actions.at[agent].set(mine))

        return jax.vmap(cost)(jnp.arange(self.num_agents), own)


@final
class AggregativeGame(AbstractSmoothGame):
    """A game in which the others matter through their sum only, so that a step costs O(n).

    **Arguments:**

    - `private_cost`: `(agent, own [d], aggregate [d]) -> scalar`, where `aggregate` is the sum of
      all agents' actions, the agent's own included.
    - `num_agents`, `action_dim`, `bounds`: as in `SmoothGame`.
    - `agents`: None, or arrays whose leading axis is the agents. Then `private_cost` gets an
      agent's own row of them in place of its number, which is faster where agents are many.

    **Raises:** `ValueError` for a cost that is no scalar, or not a number at the start.

    >>> game = AggregativeGame(lambda i, own, total: own[0] * total[0], 2)
    >>> game.marginal_cost(jnp.array([[1.0], [2.0]])).tolist()
    [[4.0], [5.0]]

    Reference: arXiv 2604.11346, aggregative games.
    """

    private_cost: Callable[..., Scalar]
    num_agents: int = eqx.field(static=True)
    action_dim: int = eqx.field(static=True)
    action_set: AbstractActionSet
    agents: Any

    def __init__(
        self,
        private_cost,
        num_agents: int,
        action_dim: int = 1,
        bounds: Any = None,
        *,
        agents: Any = None,
    ):
        self.private_cost = private_cost
        self.num_agents = num_agents
        self.action_dim = action_dim
        self.action_set = as_action_set(bounds)
        self.agents = agents

    def __check_init__(self):
        _check_size(self)
        sizes = {jnp.shape(leaf)[:1] for leaf in jax.tree.leaves(self.agents)}
        if self.agents is not None and sizes != {(self.num_agents,)}:
            raise ValueError(
                f"expected agents with a leading axis of {self.num_agents}, got {sorted(sizes)}; "
                "give one row an agent"
            )

        def cost(agent, x):
            row = jax.tree.map(lambda leaf: leaf[agent], self.agents)
            return self.private_cost(agent if row is None else row, x[agent], jnp.sum(x, axis=0))

        _check_cost(self, cost)

    def costs_against(self, own: Actions, actions: Actions) -> Costs:
        """The cost of each agent against the sum of the others' actions and its own."""
        # Agents along the last axis, where the compiler can vectorise over them.
        mine, all_actions = own.T, actions.T
        others = jnp.sum(all_actions, axis=1, keepdims=True) - all_actions
        agents = jnp.arange(self.num_agents) if self.agents is None else self.agents
        return jax.vmap(self.private_cost, in_axes=(0, 1, 1))(agents, mine, others + mine)


@final
class RegularisedGame(AbstractSmoothGame):
    """A game whose agents also pay `weight * penalty(own)`: entropy or quantal-response agents.

    Its equilibrium is the regularised one, so that the optimal price shifts by exactly
    -weight x the penalty's derivative at the optimum.

    **Arguments:**

    - `game`: the game to regularise.
    - `penalty`: `own [d] -> scalar`, convex.
    - `weight`: at least zero (eta).

    >>> plain = SmoothGame(lambda i, x: 0.5 * x[i, 0] ** 2, 1)
    >>> game = RegularisedGame(plain, lambda own: own[0] ** 2, 0.5)
    >>> game.marginal_cost(jnp.array([[1.0]])).tolist()
    [[2.0]]
    """

    game: AbstractSmoothGame
    penalty: Callable[[Float[Array, " d"]], Scalar]
    weight: float = 1.0

    @property
    def num_agents(self) -> int:
        """That of the game."""
        return self.game.num_agents

    @property
    def action_dim(self) -> int:
        """That of the game."""
        return self.game.action_dim

    @property
    def action_set(self) -> AbstractActionSet:
        """That of the game."""
        return self.game.action_set

    def costs_against(self, own: Actions, actions: Actions) -> Costs:
        """The game's costs plus the penalty on each agent's own action."""
        return self.game.costs_against(own, actions) + self.weight * jax.vmap(self.penalty)(own)


def _check_size(game: SmoothGame | AggregativeGame) -> None:
    if game.num_agents < 1 or game.action_dim < 1:
        raise ValueError(
            f"expected num_agents >= 1 and action_dim >= 1, got {game.num_agents} and "
            f"{game.action_dim}; give positive counts"
        )
    game.action_set.check(game.shape)


def _check_cost(game: SmoothGame | AggregativeGame, cost: Callable[..., Any]) -> None:
    agent = jnp.zeros((), jnp.int32)
    shaped = eqx.filter_eval_shape(cost, agent, game.start())
    shape = getattr(shaped, "shape", None)
    if shape != () or not jnp.issubdtype(shaped.dtype, jnp.floating):
        got = "something else" if shape is None else f"shape {shape} of {shaped.dtype}"
        raise ValueError(
            f"expected private_cost to return a floating scalar, got {got}; index the actions by "
            "the agent, or sum what is left"
        )
    costs = game.costs(game.start())
    if not isinstance(costs, Tracer) and not bool(jnp.all(jnp.isfinite(costs))):
        worst = int(jnp.argmin(jnp.isfinite(costs)))
        raise ValueError(
            f"expected finite private costs, got {float(costs[worst])} for agent {worst} at the "
            "start of play; give bounds that keep actions where the cost is defined"
        )
