"""The theorem behind the rule, on a thousand random games that are not symmetric."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import incentax as ix
from incentax.games.smooth import LinearQuadratic

NUM_GAMES, NUM_AGENTS = 1000, 4


class Quartic(ix.games.smooth.AbstractInstance):
    """A linear game whose agents also pay x^4 / 12: still strongly monotone, not linear."""

    linear: LinearQuadratic

    def game(self):
        base = self.linear.game()
        return ix.SmoothGame(lambda i, x: base.private_cost(i, x) + x[i, 0] ** 4 / 12, NUM_AGENTS)

    def social_cost(self, actions):
        return self.linear.social_cost(actions)

    def optimum(self):
        return self.linear.optimum()


@jax.jit
def measure(key):
    """The objective's slope along the rule's direction, mu, L and |g|^2 at the equilibrium."""
    game_key, price_key = jax.random.split(key)
    instance = Quartic(LinearQuadratic.random(game_key, NUM_AGENTS, skew=3.0))
    game = instance.game()
    population = ix.NashPopulation(game, ix.SemismoothNewton(15))
    price = ix.Price(jax.random.normal(price_key, game.shape))
    arguments = (population, instance.objective, price, population.init(price, key=key))
    social = ix.SocialGradient().exchange(*arguments, key=key)
    true = ix.Hypergradient().exchange(*arguments, key=key)
    jacobian = game.jacobian(social.response.actions)
    least = jnp.linalg.eigvalsh((jacobian + jacobian.T) / 2)[0]
    slope = -jnp.sum(true.gradient.value * social.gradient.value)
    return (
        slope,
        least,
        jnp.linalg.norm(jacobian, 2),
        jnp.sum(social.gradient.value**2),
        social.response.residual,
        jnp.linalg.norm(jacobian - jacobian.T),
    )


def test_the_objective_falls_at_the_proven_rate_on_a_thousand_games():
    keys = jax.random.split(jax.random.key(0), NUM_GAMES)
    slope, least, largest, size, residual, skew = map(np.asarray, jax.lax.map(measure, keys))
    assert residual.max() < 1e-9
    assert least.min() > 0
    assert np.median(skew) > 1
    bound = -(least / largest**2) * size
    assert np.all(slope <= bound * (1 - 1e-6))
    # The bound is not vacuous: some games come close to it.
    assert np.min(slope / bound) < 5


def test_a_coordinatewise_gain_can_ascend():
    """Why such optimizers are refused: J^-1 M Q with M diagonal can have a negative real part."""
    rng = np.random.default_rng(1)
    worst = np.inf
    for _ in range(2000):
        jacobian, weight = (
            (lambda a: a @ a.T + 0.01 * np.eye(3))(rng.standard_normal((3, 3))) for _ in range(2)
        )
        gain = np.diag(10 ** rng.uniform(-2, 2, 3))
        modes = np.linalg.eigvals(np.linalg.solve(jacobian, gain @ weight))
        worst = min(worst, modes.real.min())
        plain = np.linalg.eigvals(np.linalg.solve(jacobian, weight))
        assert plain.real.min() > 0
    assert worst < -1e-3


@pytest.mark.parametrize("scale", [1e-2, 1e-1, 1.0, 10.0, 100.0])
def test_agents_and_planner_on_one_timescale_are_stable_at_every_speed(scale):
    """The linearised joint flow has its spectrum in the left half plane, for any gains."""
    for index in range(40):
        game = LinearQuadratic.random(jax.random.key(index), NUM_AGENTS, skew=2.0)
        shape = (NUM_AGENTS, NUM_AGENTS)
        factor = np.asarray(jax.random.normal(jax.random.key(1000 + index), shape))
        gain = factor @ factor.T + 0.1 * np.eye(NUM_AGENTS)
        zero = np.zeros(shape)
        joint = np.block(
            [
                [-gain @ np.asarray(game.jacobian), -gain],
                [scale * np.asarray(game.weight), zero],
            ]
        )
        assert np.linalg.eigvals(joint).real.max() < 0
