"""Shape and type checks on, double precision on, nothing silently promoted."""

import os
from pathlib import Path

os.environ.setdefault("JAX_PLATFORMS", "cpu")
# The programs here are many and tiny: compiling them is all the time there is, so do less of it.
os.environ.setdefault(
    "XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false"
)

import jax
import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

from . import typechecker

# The island checks its own borders; Gymnasium's annotations are not made for run-time checks.
_PACKAGE = Path(__file__).parents[1] / "src" / "incentax"
_ROOMS = sorted(f"incentax.{path.stem}" for path in _PACKAGE.iterdir() if path.stem != "users")

hook = install_import_hook(_ROOMS, f"{typechecker.__name__}.checked")

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")

# Compilation makes first examples slow; derandomised so that a red run is red for everybody.
settings.register_profile("suite", deadline=None, derandomize=True, max_examples=25)
settings.load_profile("suite")


@pytest.fixture(scope="module", autouse=True)
def forget_compiled_programs():
    """Each file compiles its own programs; kept for all files, they take gigabytes a worker."""
    yield
    jax.clear_caches()


@pytest.fixture
def key():
    """A fixed key."""
    return jax.random.key(0)
