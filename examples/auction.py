"""Design a sequential auction from Python, and compare it with textbook formats.

Run it:  python examples/auction.py
"""

import jax
import jax.numpy as jnp

import incentax as ix
from incentax.auctions import FirstPrice, NeuralAuction, PostedPrice, UniformPrice


def main() -> None:
    setting = ix.problems["a1"].setting
    population, recipe = setting.population(), setting.recipe()
    result = ix.design(
        population,
        NeuralAuction(horizon=4, num_bids=100, reserve=0.3, key=jax.random.key(0)),
        maximize=ix.revenue,
        num_steps=100,
        schedule=recipe.schedule,
        optimizer=recipe.optimizer(100),
        cap=setting.cap(),
    )
    shares = jnp.full(4, 0.2)
    formats = {
        "first price, equal split": FirstPrice(shares),
        "uniform price, equal split": UniformPrice(shares),
        "posted price 0.50": PostedPrice(jnp.full(4, 0.5)),
    }
    print(f"{'designed':28s} {result.value:.4f}   proven cap {result.certificate.cap:.4f}")
    for name, mechanism in formats.items():
        equilibrium = ix.solve(population.game, mechanism, solver=population.solver)
        print(f"{name:28s} {ix.revenue(mechanism, equilibrium):.4f}")


if __name__ == "__main__":
    main()
