"""Eight forced devices in a process of its own: the numbers of one device, to rounding."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

import incentax as ix
from incentax.sharding import device_mesh, split_batch

ON_EIGHT = Path(__file__).parent / "on_eight_devices.py"


@pytest.fixture(scope="module")
def found():
    flags = "--xla_force_host_platform_device_count=8 --xla_backend_optimization_level=0"
    environment = os.environ | {"XLA_FLAGS": flags, "JAX_ENABLE_X64": "1"}
    done = subprocess.run(
        [sys.executable, str(ON_EIGHT)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_split_gradient_is_the_whole_one(found):
    assert found["even"]["value error"] < 1e-13
    assert found["even"]["gradient error"] < 1e-9
    assert found["uneven"]["value error"] < 1e-13


def test_each_device_holds_its_share_of_the_states(found):
    assert found["even"]["rows a device"] == 24 // 8
    # Uneven shares exist inside a program only: what leaves it is whole.
    assert found["uneven"]["rows a device"] == 20


def test_a_design_goes_as_well_with_uneven_shares(found):
    assert found["designed"]["value error"] < 1e-10
    assert found["designed"]["mechanism error"] < 1e-9
    assert found["designed"]["slope error"] < 1e-9


def test_seeds_on_eight_devices_are_those_of_one(found):
    assert found["seeds"]["error"] < 1e-12
    assert found["seeds"]["devices"] == 8


def test_a_split_solver_on_one_device_changes_nothing():
    game, prices = ix.games.BeachBar.paced(5, 3), ix.Price(jnp.zeros(5))
    solver = ix.MirrorDescent(0.1, 1.0, num_steps=20)
    whole = ix.solve(game, prices, solver=solver)
    split = ix.solve(game, prices, solver=ix.SplitStates(solver, device_mesh()))
    assert jnp.array_equal(whole.flow, split.flow)


def test_a_split_solver_begins_as_boldly():
    game, prices = ix.games.BeachBar.paced(5, 3), ix.Price(jnp.zeros(5))
    bold = ix.MirrorDescent(0.5, 0.4, num_steps=500, enough=1e-6, bold_steps=100)
    careful = replace(bold, bold_steps=0)
    whole, split, slow = (
        ix.solve(game, prices, solver=solver, adjoint=ix.Implicit())
        for solver in (bold, ix.SplitStates(bold, device_mesh()), careful)
    )
    assert int(split.num_steps) == int(whole.num_steps) < int(slow.num_steps)
    assert jnp.array_equal(whole.flow, split.flow)


def test_an_uneven_batch_is_refused(found):
    assert "multiple of 8 devices" in found["refusal"]
    with pytest.raises(ValueError, match="multiple of 1 devices"):
        split_batch(jnp.zeros(()), device_mesh(jax.devices()[:1]))
