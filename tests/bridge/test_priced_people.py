"""Tolls on people's choices: where they end, and that nothing but choices was looked at."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from scipy.optimize import minimize

import incentax as ix

pytest.importorskip("gymnasium")

from incentax.bridge.host import Host  # noqa: E402
from incentax.bridge.priced_people import PricedPeople, living  # noqa: E402
from incentax.bridge.priced_scene import Crowding, toll_problem  # noqa: E402
from incentax.order import Order  # noqa: E402
from incentax.users import Crowd, RuleChooser, find_scene  # noqa: E402
from incentax.users.crowd import AbstractChooser  # noqa: E402
from incentax.users.people import People  # noqa: E402
from incentax.users.records import User  # noqa: E402

GAIN, DAYS, NUM = 0.25, 10, 10_000


def everybody_alike(scene, num):
    traits = {"ideal": 2, "distance": 0.7, "money": 1.3, "crowd": 0.2}
    users = [User(f"u{k}", "Ada Lund", "F", 40, "Alike.", traits=traits) for k in range(num)]
    return RuleChooser.of(scene, People(users))


def all_sorts(scene, num):
    return RuleChooser.of(scene, scene.people(num, seed=1))


def closed_form(chooser, target):
    """One type: log x_j = -a|j - i| - m p_j - b J x_j + constant, solved for p."""
    place = np.asarray(chooser.scene.place)
    a, m, b = chooser.distance[0], chooser.money[0], chooser.crowd[0]
    price = -(a * abs(place - chooser.ideal[0]) + b * len(place) * target + np.log(target)) / m
    return price - price.mean()


def convex(chooser, target):
    """Many types: the price whose dual potential is least, by a quasi-Newton method."""
    place = np.asarray(chooser.scene.place)
    fixed = -chooser.distance[:, None] * abs(place - chooser.ideal[:, None])
    fixed = fixed - chooser.crowd[:, None] * len(place) * target

    def potential(price):
        utility = fixed - chooser.money[:, None] * price
        top = utility.max(1)
        worth = top + np.log(np.exp(utility - top[:, None]).sum(1))
        return (worth / chooser.money).mean() + target @ price

    price = minimize(potential, np.zeros(len(place)), method="BFGS", tol=1e-9).x
    return price - price.mean()


@pytest.mark.parametrize("scene", ["departure", "beach"])
@pytest.mark.parametrize(
    "make, oracle", [(everybody_alike, closed_form), (all_sorts, convex)], ids=["alike", "sorts"]
)
def test_the_toll_ends_at_the_one_computed_from_the_utilities(scene, make, oracle):
    scene = find_scene(scene)
    chooser = make(scene, NUM)
    problem = toll_problem(Crowd(chooser), num_days=DAYS)
    order = Order(problem, "social-gradient", "implicit", 40, 0)
    order.check()
    population, mechanism, rule, optimizer = order.ingredients(jax.random.key(0))
    result = ix.design(
        population,
        mechanism,
        minimize=problem.setting.objective(),
        rule=rule,
        optimizer=optimizer,
        num_steps=40,
        audit_every=0,
    )
    target = np.asarray(scene.capacity) / sum(scene.capacity)
    # Each look is a count of NUM people on DAYS days; the menu is in whole cents.
    noise = 2 * np.sqrt(target * (1 - target) / (NUM * DAYS)) / target
    ball = 5 * GAIN * noise.max() + 0.01
    price = np.asarray(result.mechanism.value, np.float64)
    assert ball < 0.04
    np.testing.assert_allclose(price, oracle(chooser, target), atol=ball)
    assert abs(price.sum()) < 1e-5
    assert result.value < 1.001 < result.history[0].value


class Silent(AbstractChooser):
    """People whom nobody may ask."""

    def __init__(self, scene, people):
        self.scene, self.people = scene, people

    def probabilities(self, menu):
        raise AssertionError("somebody looked behind the choices")

    def close(self):
        pass


def test_choices_are_all_that_is_looked_at():
    """A planner who is told only what people chose, by somebody else, does the same bit for bit."""
    scene = find_scene("departure")
    people = scene.people(300)
    crowd = Crowd(RuleChooser.of(scene, people))
    told, heard = {}, living(crowd)

    def name(arguments):
        return b"".join(np.asarray(x).tobytes() for x in arguments)

    def listen(*arguments):
        told[name(arguments)] = heard._work(*arguments)
        return told[name(arguments)]

    def run(population):
        return ix.design(
            population,
            ix.Price(jnp.zeros(5)),
            minimize=Crowding(jnp.full(5, 0.2)),
            rule=ix.SocialGradient(ix.TangentForm.of(np.ones((1, 5)))),
            optimizer=optax.sgd(GAIN),
            num_steps=6,
            audit_every=0,
        ).mechanism.value

    first = run(PricedPeople(crowd, 2, judge_days=3, host=Host(listen)))
    silent = Crowd(Silent(scene, People([User("u", "Nobody", "X", 30, "Nothing is known.")])))
    second = run(PricedPeople(silent, 2, judge_days=3, host=Host(lambda *given: told[name(given)])))
    np.testing.assert_array_equal(first, second)
    for mean, last in told.values():
        # Two days of 300 people: counts, and nothing finer.
        np.testing.assert_allclose(last * 300, np.rint(last * 300), atol=1e-3)
        assert mean.shape == last.shape == (5,)


def test_people_are_not_differentiated_and_say_what_to_use():
    scene = find_scene("departure")
    people = PricedPeople(Crowd(RuleChooser.of(scene, scene.people(20))), 1)
    key = jax.random.key(0)

    def cost(price):
        state = people.init(ix.Price(price), key=key)
        return people.respond(ix.Price(price), state, key=key)[0].actions[0]

    with pytest.raises(ValueError, match=r"try SocialGradient\(\) or ZerothOrder\(\)"):
        jax.grad(cost)(jnp.zeros(5))
    with pytest.raises(ValueError, match="expected a population of which the response can be"):
        ix.design(people, ix.Price(jnp.zeros(5)), minimize=Crowding(jnp.full(5, 0.2)), num_steps=1)
    with pytest.raises(ValueError, match=r"expected a price of shape \[5\]"):
        people.init(ix.Price(jnp.zeros(4)), key=key)
    with pytest.raises(ValueError, match="expected num_days >= 1"):
        PricedPeople(people.crowd, 0)
    with pytest.raises(ValueError, match="people have no temperature"):
        people.relaxed(jnp.ones(()), 1.0, 1)


def test_a_failure_behind_the_bridge_is_kept_as_it_was():
    scene = find_scene("departure")
    people = PricedPeople(Crowd(Silent(scene, scene.people(3))), 1)
    key, price = jax.random.key(0), ix.Price(jnp.zeros(5))
    with pytest.raises(jax.errors.JaxRuntimeError):
        response, _ = people.respond(price, people.init(price, key=key), key=key)
        jax.block_until_ready(response.actions)
    assert "looked behind" in str(people.host.failure)


def test_the_seed_decides_the_days_and_later_days_read_earlier_ones():
    scene = find_scene("beach")
    crowd = Crowd(RuleChooser.of(scene, scene.people(500)))
    free, even = np.zeros(7), np.full(7, 1 / 7)
    one = crowd.live(free, even, seed=3, num_days=2)
    again = crowd.live(free, even, seed=3, num_days=2)
    np.testing.assert_array_equal(one.mean, again.mean)
    assert (crowd.live(free, even, seed=4, num_days=2).mean != one.mean).any()
    crowded = np.eye(7)[3]
    assert crowd.live(free, crowded, seed=3, num_days=1).last[3] < one.mean[3] - 0.05
