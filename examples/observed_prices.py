"""Prices for firms whose costs nobody knows: only what they produce is observed.

Run it:  python examples/observed_prices.py
"""

import jax
import jax.numpy as jnp
import optax

import incentax as ix


def private_cost(firm, own, total):
    """What a firm pays, less what it earns at the market price 10 - total; known to it alone."""
    return (1.0 + 0.1 * firm) * own[0] + own[0] ** 2 / 2 - (10.0 - total[0]) * own[0]


def harm(mechanism, response):
    """What a planner wants less of, of the observed output alone: smoke, and too little to buy."""
    output = response.actions[:, 0]
    return jnp.sum(output**2) / 4 + (jnp.sum(output) - 5.0) ** 2 / 2


def main() -> None:
    game = ix.AggregativeGame(private_cost, num_agents=4)
    firms = ix.LearningPopulation(game, ix.GradientPlay(0.15), steps_per_price=5)
    free = ix.Price(jnp.zeros(game.shape))
    result = ix.design(
        firms,
        free,
        minimize=harm,
        rule=ix.SocialGradient(),
        optimizer=optax.sgd(0.3),
        num_steps=200,
    )
    before, _ = firms.at_rest().respond(
        free, firms.init(free, key=jax.random.key(0)), key=jax.random.key(0)
    )
    print(f"harm without prices {harm(free, before):.3f}, with them {result.value:.3f}")
    print("prices ", [f"{x:.3f}" for x in result.mechanism.value[:, 0]])
    # Society's optimum solves x / 2 + (4 x - 5) = 0. Its price is -F there.
    optimum = jnp.full(game.shape, 5.0 / 4.5)
    print("-F(x^) ", [f"{x:.3f}" for x in -game.marginal_cost(optimum)[:, 0]])
    print(result.status.sentence, end="; ")
    print(f"agents made {result.diagnosis.agent_steps} steps")


if __name__ == "__main__":
    main()
