"""The public conformance checks pass what is right and name what is wrong."""

import dataclasses
from typing import final

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

import incentax as ix
from incentax.auctions import Economy, StaticAuction
from incentax.certificate import certify
from incentax.testing import check_adjoint, check_game, check_population, check_solver

SOLVER = ix.MirrorDescent(temperature=0.1, learning_rate=1.0, num_steps=300)
CASES = {
    "left-right": (lambda: ix.games.LeftRight(), lambda: ix.Price(jnp.array([1.0, 2.0]))),
    "beach": (lambda: ix.games.BeachBar.published(), lambda: ix.Price(jnp.zeros(4))),
    "auction": (
        lambda: Economy(horizon=2, num_values=5, num_bids=5, spread=0.2, reentry=0.3).game(),
        lambda: StaticAuction(jnp.zeros((2, 5)), jnp.zeros(2)),
    ),
}


def early():
    return dataclasses.replace(SOLVER, enough=1e-3)


@pytest.fixture(params=CASES)
def case(request):
    """A game and a mechanism."""
    game, mechanism = CASES[request.param]
    return game(), mechanism()


def test_games_and_solver_conform(case):
    check_game(*case)
    check_solver(SOLVER, *case)


@pytest.mark.parametrize("solver", [SOLVER, early()])
def test_an_adjoint_conforms_also_where_solves_end_early(solver):
    game, price = ix.games.LeftRight(), ix.Price(jnp.array([1.0, 2.0]))
    crowd = ix.Congestion(first_round=1)
    check_adjoint(ix.Implicit(), solver, game, price, crowd)
    population = ix.EquilibriumPopulation(game, solver)
    certificate, _ = certify(population, crowd, price, trained=population, key=jax.random.key(0))
    assert certificate.gradient_error < 1e-5


def test_adjoint_and_population_conform():
    game, price = ix.games.LeftRight(), ix.Price(jnp.array([1.0, 2.0]))
    crowd = ix.Congestion(first_round=1)
    check_adjoint(ix.Implicit(), SOLVER, game, price, crowd)
    check_population(ix.EquilibriumPopulation(game, SOLVER), price)


@final
class Leaky(ix.KernelGame):
    """Half the agents vanish."""

    horizon: int = eqx.field(static=True, default=2)
    num_states: int = eqx.field(static=True, default=2)
    num_actions: int = eqx.field(static=True, default=1)
    initial_distribution: jax.Array = eqx.field(default_factory=lambda: jnp.array([1.0, 0.0]))

    def transition(self, t, flow, mechanism):
        return jnp.full((1, 1, 2), 0.25, flow.dtype)

    def reward(self, t, flow, mechanism):
        return jnp.zeros_like(flow)


def test_lost_mass_is_named():
    with pytest.raises(AssertionError, match="expected mass in each round to be"):
        check_game(Leaky(), ())


def test_an_unsolved_game_is_named():
    hasty = ix.MirrorDescent(temperature=0.1, learning_rate=1.0, num_steps=1)
    with pytest.raises(AssertionError, match="expected a regularised gain between 0 and"):
        check_solver(hasty, ix.games.LeftRight(), ix.Price(jnp.array([1.0, 2.0])))
