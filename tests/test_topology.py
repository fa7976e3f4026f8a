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


def test_second_derivatives_of_shifts_are_those_of_lists():
    successors, generator = SUCCESSORS["beach"], np.random.default_rng(5)
    values = jnp.asarray(generator.normal(size=7))
    chance = jnp.asarray(law(successors.shape, COMMON["by both"]))

    def second(form):
        def score(values, chance):
            ways = form(successors)
            mass = ways.expect(values**2, chance) ** 2
            return jnp.sum(ways.collect(mass, chance) ** 2)

        return jax.jit(jax.hessian(score, argnums=(0, 1)))(values, chance)

    found, expected = (jax.tree.leaves(second(FORMS[name])) for name in ("shifted", "listed"))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("common", COMMON.values(), ids=COMMON)
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_games_of_other_probabilities_are_many_at_once(form, common):
    successors = SUCCESSORS["ring"]
    chances = np.stack([law(successors.shape, common, seed) for seed in range(3)])
    generator = np.random.default_rng(4)
    flow = generator.random(successors.shape[:2])
    values = generator.normal(size=successors.shape[0])
    ways = form(successors)

    def score(chance):
        arrived = ways.collect(jnp.asarray(flow), chance)
        return jnp.sum(arrived * ways.expect(jnp.asarray(values), chance)[:, 0])

    together = jax.jit(jax.vmap(jax.value_and_grad(score)))(jnp.asarray(chances))
    for k, chance in enumerate(chances):
        arrived, expected = by_hand(successors, flow, values, chance)
        np.testing.assert_allclose(together[0][k], arrived @ expected[:, 0], rtol=1e-12)
        alone = jax.jit(jax.grad(score))(jnp.asarray(chance))
        np.testing.assert_allclose(together[1][k], alone, rtol=0, atol=1e-13)


def test_reverse_mode_of_shifts_reads_slices_and_writes_none():
    ways = topology(SUCCESSORS["square"])
    flow, values, chance = jnp.ones((12, 5)), jnp.ones(12), jnp.full((1, 1, 5), 0.2)

    def both(flow, values):
        return ways.collect(flow, chance), ways.expect(values, chance)

    def reverse(*cotangents):
        return jax.vjp(both, flow, values)[1](cotangents)

    program = jax.jit(reverse).lower(values, flow).compile().as_text()
    assert " slice(" in program and " pad(" not in program and " scatter(" not in program


TOPOLOGIES = {
    "beach": (SUCCESSORS["beach"], Shifted),
    "square": (SUCCESSORS["square"], Shifted),
    "building": (SUCCESSORS["building"], Shifted),
    "ring": (SUCCESSORS["ring"], Shifted),
    "accident": (np.random.default_rng(0).integers(50, size=(50, 3, 2)), Gathered),
    "many branches": ((np.arange(9)[:, None, None] + np.arange(65)[None, :, None]) % 9, Gathered),
    "all to one": (np.random.default_rng(0).integers(2, size=(90, 3, 1)) * 89, Listed),
}


@pytest.mark.parametrize(("successors", "kind"), TOPOLOGIES.values(), ids=TOPOLOGIES)
def test_the_form_fits_the_lists(successors, kind):
    assert type(topology(successors)) is kind


@pytest.mark.parametrize("make", [topology, Shifted.of, Gathered.of])
@pytest.mark.parametrize("steps", [(0, 1), (-1, 0)], ids=["above", "below"])
def test_successors_that_are_no_states_are_refused(make, steps):
    unclipped = np.arange(6)[:, None, None] + np.array(steps)[None, :, None]
    with pytest.raises(ValueError, match=r"expected successors among states 0 to 5, .* try"):
        make(unclipped)


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
