"""A researcher's own game: commuters choose when to leave, and a toll spreads them out.

Run it:  python examples/own_game.py
"""

from typing import final

import equinox as eqx
import jax.numpy as jnp

import incentax as ix


@final
class Departure(ix.KernelGame):
    """Leave home now or wait: being on the road with others costs time, so does being late."""

    initial_distribution: jnp.ndarray
    horizon: int = eqx.field(static=True, default=6)
    num_states: int = eqx.field(static=True, default=2)  # at home, at work
    num_actions: int = eqx.field(static=True, default=2)  # wait, leave

    def transition(self, t, flow, mechanism):
        """Who leaves arrives; who is at work stays."""
        return jnp.array([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [0.0, 1.0]]], flow.dtype)

    def reward(self, t, flow, mechanism):
        """Minus queue, toll and lateness for those who are still at home."""
        on_the_road = flow[0, 1]
        waiting = -0.1
        leaving = -on_the_road - mechanism.value[t]
        at_home = jnp.stack([jnp.full_like(leaving, waiting), leaving])
        return jnp.stack([at_home, jnp.zeros(2, flow.dtype)])


def rush_hour(mechanism, response):
    """The largest number of commuters on the road at once, smoothly."""
    travelling = eqx.tree_at(lambda r: r.flow, response, response.flow[:, :1, 1:])
    return ix.Congestion(sharpness=30.0)(mechanism, travelling)


def main() -> None:
    game = Departure(jnp.array([1.0, 0.0]))
    population = ix.EquilibriumPopulation(
        game, ix.MirrorDescent(temperature=0.05, learning_rate=1.0, num_steps=500)
    )
    toll = ix.Price(jnp.zeros(game.horizon))
    result = ix.design(population, toll, minimize=rush_hour, num_steps=150)
    free = ix.solve(game, toll, solver=population.solver)
    print("share on the road, no toll:", [f"{x:.2f}" for x in free.flow[:, 0, 1]])
    print("share on the road, toll:   ", [f"{x:.2f}" for x in result.response.flow[:, 0, 1]])
    print("toll:                      ", [f"{x:.2f}" for x in result.mechanism.value])
    certificate = result.certificate
    print(f"exploitability {certificate.exploitability:.1e}", end=", ")
    print(f"gradient error {certificate.gradient_error:.1e}")


if __name__ == "__main__":
    main()
