"""Run by test_sharding.py where eight devices are forced: prints what it found as JSON."""

import json

import equinox as eqx
import jax
import jax.numpy as jnp

import incentax as ix
from incentax.sharding import device_mesh, split_batch

MESH = device_mesh()
KEY = jax.random.key(0)
BASE = ix.MirrorDescent(0.05, 4.0, num_steps=25)
ADJOINT = ix.Implicit(preconditioner=ix.PartsAlone(1))


def small(num_values):
    changes = {"num_values": num_values, "num_bids": 12, "width": 4, "horizon": 2}
    setting = ix.problems["a1"].with_options(**changes).setting
    return setting.population().game, setting.mechanism(KEY)


@eqx.filter_jit
def exchange(game, solver, mechanism):
    population = ix.EquilibriumPopulation(game, solver, ADJOINT)
    state = population.init(mechanism, key=KEY)
    return ix.Hypergradient().exchange(population, ix.revenue, mechanism, state, key=KEY)


@eqx.filter_jit
def response(game, solver, mechanism):
    equilibrium = ix.solve(game, mechanism, solver=solver, throw=False)
    return ix.revenue(mechanism, equilibrium), equilibrium.state


def rows_a_device(array):
    return max(shard.data.shape[1] for shard in array.addressable_shards)


def even():
    game, mechanism = small(23)
    whole = exchange(game, BASE, mechanism)
    split = exchange(game, ix.SplitStates(BASE, MESH), mechanism)
    pairs = zip(jax.tree.leaves(whole.gradient), jax.tree.leaves(split.gradient), strict=True)
    difference = [jnp.max(jnp.abs(x - y)) / jnp.max(jnp.abs(x)) for x, y in pairs]
    return {
        "value error": float(jnp.abs(split.value - whole.value)),
        "gradient error": float(max(difference)),
        "rows a device": rows_a_device(split.response.state),
    }


def uneven():
    game, mechanism = small(19)
    whole, _ = response(game, BASE, mechanism)
    split, state = response(game, ix.SplitStates(BASE, MESH), mechanism)
    return {"value error": float(jnp.abs(split - whole)), "rows a device": rows_a_device(state)}


def designed():
    """A whole design where the states are no multiple of the devices."""
    game, mechanism = small(19)

    def result(solver):
        population = ix.EquilibriumPopulation(game, solver, ADJOINT)
        return ix.design(
            population, mechanism, maximize=ix.revenue, num_steps=2, audit_every=1, throw=False
        )

    whole, split = result(BASE), result(ix.SplitStates(BASE, MESH))
    pairs = zip(jax.tree.leaves(whole.mechanism), jax.tree.leaves(split.mechanism), strict=True)
    return {
        "value error": abs(split.value - whole.value),
        "mechanism error": float(max(jnp.max(jnp.abs(x - y)) for x, y in pairs)),
        "slope error": abs(split.certificate.slope - whole.certificate.slope),
    }


def by_seeds():
    game, _ = small(19)
    setting = ix.problems["a1"].with_options(num_values=19, num_bids=12, width=4, horizon=2).setting
    mechanisms = eqx.filter_vmap(setting.mechanism)(jax.random.split(KEY, 16))

    @eqx.filter_jit
    @eqx.filter_vmap
    def value(mechanism):
        return ix.revenue(mechanism, ix.solve(game, mechanism, solver=BASE, throw=False))

    whole, split = value(mechanisms), value(split_batch(mechanisms, MESH))
    return {
        "error": float(jnp.max(jnp.abs(whole - split))),
        "devices": len(split.sharding.device_set),
    }


def refusal():
    try:
        split_batch(jnp.zeros(3), MESH)
    except ValueError as error:
        return str(error)


if __name__ == "__main__":
    found = {"even": even(), "uneven": uneven(), "seeds": by_seeds(), "refusal": refusal()}
    found |= {"designed": designed()}
    print(json.dumps(found))
