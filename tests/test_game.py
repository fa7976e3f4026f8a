"""The three ways to write a game agree; states are only names; a user's game is a few lines."""

import inspect

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import Array, Float

import incentax as ix
from incentax.games import BeachBar

from .cases import CASES, GAMES, numbers_of
from .games.dense import DenseTwin


class TableGame(ix.KernelGame):
    """A random game: dense kernel, rewards that fall with the crowd at one's state and action."""

    kernel: Float[Array, "S A S"]
    base: Float[Array, "S A"]
    crowding: Float[Array, " S"]
    initial_distribution: Float[Array, " S"]
    horizon: int = eqx.field(static=True, default=3)

    @property
    def num_states(self):
        return self.base.shape[0]

    @property
    def num_actions(self):
        return self.base.shape[1]

    def transition(self, t, flow, mechanism):
        return self.kernel

    def reward(self, t, flow, mechanism):
        crowd = self.crowding * jnp.sum(flow, axis=1)
        return self.base - crowd[:, None] - mechanism.value[:, None] - flow

    @classmethod
    def drawn(cls, seed, states=4, actions=3):
        generator = np.random.default_rng(seed)
        kernel = generator.dirichlet(np.ones(states), size=(states, actions))
        base, crowding = generator.normal(size=(states, actions)), generator.uniform(size=states)
        start = generator.dirichlet(np.ones(states))
        return cls(*map(jnp.asarray, (kernel, base, crowding, start)))

    def relabelled(self, order):
        return TableGame(
            self.kernel[order][:, :, order],
            self.base[order],
            self.crowding[order],
            self.initial_distribution[order],
        )


SOLVER = ix.MirrorDescent(0.2, learning_rate=0.5, num_steps=40)


@eqx.filter_jit
def solved(game, prices):
    return ix.solve(game, ix.Price(prices), solver=SOLVER, throw=False)


@given(seed=st.integers(0, 2**32 - 1), order=st.permutations(range(4)))
def test_relabelling_states_permutes_the_answer(seed, order):
    order = jnp.asarray(order)
    game = TableGame.drawn(seed)
    prices = jnp.linspace(-0.5, 0.5, 4)
    plain = solved(game, prices)
    permuted = solved(game.relabelled(order), prices[order])
    np.testing.assert_allclose(permuted.policy, plain.policy[:, order], atol=1e-12)
    np.testing.assert_allclose(permuted.flow, plain.flow[:, order], atol=1e-12)
    np.testing.assert_allclose(permuted.exploitability, plain.exploitability, atol=1e-12)


@given(seed=st.integers(0, 2**32 - 1), amount=st.floats(-100, 100))
def test_a_constant_on_all_prices_changes_nothing(seed, amount):
    game = TableGame.drawn(seed)
    prices = jnp.linspace(-0.5, 0.5, 4)
    plain, dearer = solved(game, prices), solved(game, prices + amount)
    np.testing.assert_allclose(dearer.flow, plain.flow, atol=1e-10)
    np.testing.assert_allclose(dearer.exploitability, plain.exploitability, atol=1e-9)
    np.testing.assert_allclose(dearer.residual, plain.residual, atol=1e-9)


@pytest.mark.parametrize("spots, horizon, still", [(4, 3, 0.5), (7, 5, 0.0), (2, 1, 1.0)])
def test_sparse_and_dense_twins_agree(spots, horizon, still):
    sparse = BeachBar.paced(spots, horizon, still=still)
    prices = jnp.linspace(0, 0.5, spots)
    scores = np.random.default_rng(0).normal(size=(horizon, spots, 3))
    policy = jax.nn.softmax(jnp.asarray(scores))

    def everything(game, prices):
        mechanism = ix.Price(prices)
        flow = ix.population_flow(game, policy, mechanism)
        best = ix.best_reply(game, flow.rounds, temperature=0.1)
        gain = ix.exploitability(game, policy, mechanism)
        return flow.agents, best.action_values, best.initial_values, gain

    twins = (sparse, DenseTwin.of(sparse))
    one, other = (jax.jit(everything)(game, prices) for game in twins)
    jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, atol=1e-13), one, other)
    slopes = [jax.jit(jax.jacrev(lambda p, g=g: everything(g, p)[0]))(prices) for g in twins]
    np.testing.assert_allclose(*slopes, atol=1e-13)


@pytest.mark.parametrize("axis", ["states", "actions", "both"])
def test_a_kernel_may_broadcast(axis):
    """A kernel that is constant along an axis may say so with a length of one."""
    full = TableGame.drawn(5)
    states, actions = slice(None), slice(None)
    if axis in ("states", "both"):
        states = slice(1)
    if axis in ("actions", "both"):
        actions = slice(1)
    thin = full.kernel[states, actions]
    spelled = eqx.tree_at(lambda g: g.kernel, full, jnp.broadcast_to(thin, full.kernel.shape))
    policy = jax.nn.softmax(jnp.asarray(np.random.default_rng(1).normal(size=(3, 4, 3))))
    mechanism = ix.Price(jnp.zeros(4))
    one = eqx.tree_at(lambda g: g.kernel, Unchecked.of(full), thin)
    flows = [ix.population_flow(game, policy, mechanism).agents for game in (one, spelled)]
    np.testing.assert_allclose(*flows, atol=1e-15)
    gains = [ix.exploitability(game, policy, mechanism) for game in (one, spelled)]
    np.testing.assert_allclose(*gains, atol=1e-15)


class Unchecked(ix.KernelGame):
    """`TableGame` with a kernel of any thickness."""

    kernel: Float[Array, "..."]
    table: TableGame
    initial_distribution: Float[Array, " S"]
    horizon: int = eqx.field(static=True, default=3)
    num_states: int = eqx.field(static=True, default=4)
    num_actions: int = eqx.field(static=True, default=3)

    def transition(self, t, flow, mechanism):
        return self.kernel

    def reward(self, t, flow, mechanism):
        return self.table.reward(t, flow, mechanism)

    @classmethod
    def of(cls, table):
        return cls(table.kernel, table, table.initial_distribution)


@pytest.mark.parametrize("name", GAMES)
def test_vmap_equals_a_loop(name):
    case = CASES[name]()
    numbers, structure = numbers_of(case.mechanism)
    batch = jax.tree.map(
        lambda x: x[None] + 0.3 * np.arange(3).reshape((3,) + (1,) * x.ndim), numbers
    )

    @jax.jit
    def one(numbers):
        mechanism = eqx.combine(numbers, structure)
        response = ix.solve(case.game, mechanism, solver=case.solver, throw=False)
        return response.flow, response.exploitability, case.objective(mechanism, response)

    together = jax.jit(jax.vmap(one))(batch)
    for index in range(3):
        alone = one(jax.tree.map(lambda x, i=index: x[i], batch))
        for found, expected in zip(together, alone, strict=True):
            np.testing.assert_allclose(found[index], expected, atol=1e-12)


def test_a_users_game_is_a_few_lines():
    """Everything a new game needs, and no more; it solves, differentiates and designs."""

    class Ferry(ix.KernelGame):
        horizon: int = 2
        num_states: int = 3
        num_actions: int = 2
        initial_distribution: Float[Array, " S"] = eqx.field(
            default_factory=lambda: jnp.array([1.0, 0.0, 0.0])
        )

        def transition(self, t, flow, mechanism):
            return jnp.eye(2, 3, 1, dtype=flow.dtype)[None]

        def reward(self, t, flow, mechanism):
            crowd = jnp.sum(flow, axis=1)
            toll = jnp.concatenate([jnp.zeros(1), mechanism.value])
            comfort = jnp.array([0.0, 1.0, 0.5])
            return jnp.broadcast_to((comfort - crowd - toll)[:, None], flow.shape)

    population = ix.EquilibriumPopulation(Ferry(), ix.MirrorDescent(0.1, num_steps=200))
    objective = ix.Congestion(50.0, first_round=1)
    start = ix.Price(jnp.zeros(2))
    before, _ = population.respond(start, None, key=jax.random.key(0))
    found = ix.design(
        population,
        start,
        minimize=objective,
        num_steps=5,
        audit_every=0,
        optimizer=optax.sgd(0.5),
    )
    assert found.value < float(objective(start, before)) - 0.05
    assert found.certificate.gradient_error < 1e-6
    assert len(inspect.getsource(Ferry).splitlines()) <= 25


def test_successors_may_repeat():
    """At the ends of the beach two branches lead to the same spot: their mass adds up."""
    game = BeachBar.paced(3, 2)
    flow = jnp.full((3, 3), 1 / 9)
    following, _ = game.advance(0, flow, game.play(0, flow, (), ix.Price(jnp.zeros(3))))
    assert float(following.sum()) == pytest.approx(1, abs=1e-15)
    dense = DenseTwin.of(game)
    expected, _ = dense.advance(0, flow, dense.play(0, flow, (), ix.Price(jnp.zeros(3))))
    np.testing.assert_allclose(following, expected, atol=1e-16)
