"""The island needs neither JAX nor any optional package, and touches no network."""

import subprocess
import sys

import pytest

_STEP = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {refused}:
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
import gymnasium, incentax.users
env = gymnasium.make("incentax/Movies-v0")
env.reset(seed=0)
env.step(0)
envs = gymnasium.make_vec("incentax/Books-v0", num_envs=2)
envs.reset(seed=0)
envs.step([0, 1])
loaded = {refused} & {{name.split(".")[0] for name in sys.modules}}
print(sorted(loaded))
"""


def test_core_imports_and_steps_without_jax_or_extras():
    refused = {"jax", "equinox", "torch", "transformers", "httpx", "stable_baselines3", "polars"}
    code = _STEP.format(refused=refused)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("module", ["incentax.users.cli", "incentax.users.backends"])
def test_no_module_of_the_island_brings_in_jax_or_torch(module):
    code = f"import sys, {module}; print('jax' in sys.modules, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
