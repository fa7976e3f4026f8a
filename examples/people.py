"""Simulated people: a toll designed from their choices, a recommender designed from its score.

Run it:  python examples/people.py [PEOPLE]
"""

import sys

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import optax

import incentax as ix
from incentax.bridge.env_population import EnvPopulation, mean_reward
from incentax.bridge.priced_people import PricedPeople
from incentax.bridge.priced_scene import Crowding
from incentax.users import Crowd, RuleChooser, find_scene, make_world
from incentax.users.recommenders import WeightedItems


def toll(num: int) -> None:
    """Departure times: what people chose is all that the planner sees."""
    scene = find_scene("departure")
    crowd = Crowd(RuleChooser.of(scene, scene.people(num)))
    room = np.asarray(scene.capacity) / sum(scene.capacity)
    result = ix.design(
        PricedPeople(crowd, num_days=5),
        ix.Price(jnp.zeros(scene.num_options)),
        minimize=Crowding(jnp.asarray(room)),
        # Everybody leaves at some time: a toll for all changes nothing.
        rule=ix.SocialGradient(ix.TangentForm.of(np.ones((1, scene.num_options)))),
        optimizer=optax.sgd(0.25),
        num_steps=30,
        audit_every=0,
    )
    print(f"crowding {result.history[0].value:.3f} -> {result.value:.3f} (1 is the least)")
    prices, shares = np.asarray(result.mechanism.value), np.asarray(result.response.actions)
    for words, price, share in zip(scene.option, prices, shares, strict=True):
        print(f"  leave {words}: {price:+.2f} {scene.currency}, {share:.0%} of the people")


def recommender() -> None:
    """Four weights of a recommender: the mean rating is all that the planner sees."""
    world = make_world("books")
    people = EnvPopulation(
        lambda: gymnasium.make_vec("incentax/Books-v0", num_envs=64), WeightedItems.of(world), 8
    )
    key = jax.random.key(7)
    result = ix.design(
        people,
        jnp.zeros(4),
        maximize=mean_reward,
        rule=ix.ZerothOrder(radius=0.3),
        optimizer=optax.adam(0.2),
        num_steps=40,
        audit_every=10,
        key=key,
    )
    names = ("mean vote", "popularity", "liked", "disliked")
    weights = ", ".join(f"{n} {w:+.2f}" for n, w in zip(names, result.mechanism, strict=True))
    print(f"mean rating {result.history[0].value:.2f} -> {result.value:.2f} with {weights}")


if __name__ == "__main__":
    toll(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
    recommender()
