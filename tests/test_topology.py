"""Topologies against a loop over branches, on grids, rings and at random."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.test_util import check_grads

import incentax as ix
from incentax.games import BeachBar, BuildingEvacuation, CrowdMotion
from incentax.topology import Gathered, Listed, Shifted, topology

FORMS = {
    "listed": lambda successors: Listed(jnp.asarray(successors)),
    "gathered": Gathered.of,
    "shifted": Shifted.of,
}
SUCCESSORS = {
    "beach": np.asarray(BeachBar.published(7, 2).successors),
    "square": np.asarray(CrowdMotion.published(((1, 1),), length=4, width=3).successors),
    "building": np.asarray(BuildingEvacuation.published(2, floors=3).successors),
    "ring": (np.arange(5)[:, None, None] + np.array([[[0, 1], [4, 2]]])) % 5,
    "at random": np.random.default_rng(0).integers(6, size=(6, 3, 2)),
}
COMMON = {
    "common": (1, 1),
    "by action": (1, None),
    "by state": (None, 1),
    "by both": (None, None),
}


def law(shape, common, seed=0):
    """Random branch probabilities, shared along the axes of length one."""
    num_states, num_actions, num_branches = shape
    lead = (common[0] or num_states, common[1] or num_actions)
    return np.random.default_rng(seed).dirichlet(np.ones(num_branches), size=lead)


def by_hand(successors, flow, values, chance):
    """Arriving mass and expected values, branch after branch."""
    chance = np.broadcast_to(chance, successors.shape)
    arrived = np.zeros(successors.shape[0])
    np.add.at(arrived, successors, flow[:, :, None] * chance)
    return arrived, np.sum(chance * values[successors], axis=-1)


@pytest.mark.parametrize("common", COMMON.values(), ids=COMMON)
@pytest.mark.parametrize("successors", SUCCESSORS.values(), ids=SUCCESSORS)
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("batched", [False, True], ids=["one", "vmap"])
def test_mass_and_values_travel_as_branch_after_branch(batched, form, successors, common):
    ways, chance = form(successors), law(successors.shape, common)
    generator = np.random.default_rng(1)
    flows = generator.random((2, *successors.shape[:2]))
    values = generator.normal(size=(2, successors.shape[0]))

    def both(flow, value):
        law = jnp.asarray(chance)
        return ways.collect(flow, law), ways.expect(value, law)

    if batched:
        found = jax.jit(jax.vmap(both))(jnp.asarray(flows), jnp.asarray(values))
    else:
        found = [one[None] for one in jax.jit(both)(jnp.asarray(flows[0]), jnp.asarray(values[0]))]
    for k in range(len(found[0])):
        expected = by_hand(successors, flows[k], values[k], chance)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one[k], other, rtol=0, atol=1e-14)


@pytest.mark.parametrize("common", COMMON.values(), ids=COMMON)
@pytest.mark.parametrize("successors", SUCCESSORS.values(), ids=SUCCESSORS)
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_derivatives_are_finite_differences(form, successors, common):
    ways, generator = form(successors), np.random.default_rng(2)
    flow = jnp.asarray(generator.random(successors.shape[:2]))
    values, weight = jnp.asarray(generator.normal(size=(2, successors.shape[0])))

    @jax.jit
    def score(*inputs):
        flow, values, chance = map(jnp.asarray, inputs)
        ahead = ways.expect(values**2, chance)
        return weight @ ways.collect(flow**2, chance) + jnp.sum(ahead * flow)

    chance = jnp.asarray(law(successors.shape, common))
    check_grads(score, (flow, values, chance), order=1, modes=("fwd", "rev"), rtol=1e-6)


def test_grids_and_rings_are_shifted_and_accidents_gathered():
    found = {name: type(topology(successors)) for name, successors in SUCCESSORS.items()}
    accident = np.random.default_rng(0).integers(50, size=(50, 3, 2))
    assert type(topology(accident)) is Gathered
    assert {found[name] for name in ("beach", "square", "building", "ring")} == {Shifted}
    many = (np.arange(9)[:, None, None] + np.arange(65)[None, :, None]) % 9
    assert type(topology(many)) is Gathered


@given(
    st.integers(1, 6).flatmap(
        lambda n: st.lists(
            st.lists(st.integers(0, n - 1), min_size=4, max_size=4), min_size=n, max_size=n
        )
    )
)
def test_any_lists_may_be_shifted(lists):
    successors = np.array(lists).reshape(-1, 2, 2)
    generator = np.random.default_rng(3)
    flow = generator.random(successors.shape[:2])
    values = generator.normal(size=successors.shape[0])
    chance = law(successors.shape, COMMON["by both"])
    ways = Shifted.of(successors)
    arrived, expected = by_hand(successors, flow, values, chance)
    found = ways.collect(jnp.asarray(flow), jnp.asarray(chance))
    np.testing.assert_allclose(found, arrived, rtol=0, atol=1e-14)
    ahead = ways.expect(jnp.asarray(values), jnp.asarray(chance))
    np.testing.assert_allclose(ahead, expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_what_is_not_finite_goes_only_where_branches_lead(value):
    successors = SUCCESSORS["beach"]
    values = np.zeros(7)
    values[0] = value
    ways = Shifted.of(successors)
    found = ways.expect(jnp.asarray(values), jnp.full((1, 1, 3), 1 / 3))
    touched = np.any(successors == 0, axis=-1)
    np.testing.assert_array_equal(~np.isfinite(found), touched)


def test_few_actions_and_many_lead_to_the_same_flow():
    # Nine actions are not turned in memory, three are; six more ways to stay change nothing.
    game = BeachBar.published(7, 4)
    policy = jax.nn.softmax(jax.random.normal(jax.random.key(0), (4, 7, 3)))
    prices = ix.Price(jnp.linspace(0, 1, 7))

    class Wide(ix.SuccessorGame):
        initial_distribution: jax.Array
        successors: jax.Array
        num_states: int = 7
        num_actions: int = 9
        horizon: int = 4

        def probability(self, t, flow, mechanism):
            return game.probability(t, flow, mechanism)

        def reward(self, t, flow, mechanism):
            reward = game.reward(t, flow[:, :3], mechanism)
            return jnp.concatenate((reward, jnp.repeat(reward[:, 1:2], 6, axis=1)), axis=1)

    repeated = jnp.concatenate((game.successors, jnp.repeat(game.successors[:, 1:2], 6, 1)), axis=1)
    wide = Wide(game.initial_distribution, repeated)
    padded = jnp.concatenate((policy, jnp.zeros((4, 7, 6))), axis=-1)
    narrow_gain = ix.exploitability(game, policy, prices)
    np.testing.assert_allclose(ix.exploitability(wide, padded, prices), narrow_gain, rtol=1e-12)
