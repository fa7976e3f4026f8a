"""What one gradient costs, in seconds and in compiled bytes, by adjoint and horizon."""

import json
import statistics
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import equinox as eqx
import jax

from ..._version import __version__
from ...adjoint import AbstractAdjoint, Backprop, Checkpointed
from ...auctions import Economy, KnownEconomy, Network
from ...rule import Hypergradient
from ...setting import AbstractSetting


class Way(NamedTuple):
    """How a gradient is made: by which adjoint, the setting's own if None, after which solve.

    A published solve makes a given number of steps at the published rate; the setting's own goes on
    until its agents have settled.
    """

    adjoint: AbstractAdjoint | None
    published_solve: bool = True


ADJOINTS: Mapping[str, Way] = {
    "backprop": Way(Backprop()),
    "checkpointed": Way(Checkpointed()),
    "implicit": Way(None),
    "settled": Way(None, published_solve=False),
}


def gradient_cost(
    horizon: int, adjoint: str, *, solver_steps: int, repeats: int, setting: Any = None
) -> dict[str, Any]:
    """One row of table 2: a gradient of revenue in A1 with this many rounds.

    `temporary_bytes` is what the compiled program asks for beside inputs and outputs; where the
    program does not fit into memory, `seconds` is None and `error` says so. Unrolled adjoints go
    `solver_steps` steps from zero at the published temperature and rate; the implicit one as many
    steps, then its linear solve. `settled` is the implicit adjoint too, but its solve goes from
    zero at the setting's own pace for as long as it takes agents to settle. `residual` is the share
    of agents who would still move: where it is not small, rows differentiate different crowds.
    """
    setting = cost_setting(horizon) if setting is None else setting
    exchange, inputs = _exchange(setting, adjoint, solver_steps)
    row: dict[str, Any] = {"horizon": horizon, "adjoint": adjoint, "solver_steps": solver_steps}
    row |= made_with(setting)
    row |= {"seconds": None, "temporary_bytes": None, "error": None}
    row |= {"residual": None, "steps_made": None}
    try:
        began = time.perf_counter()
        compiled = exchange.lower(*inputs).compile()
        row["compile_seconds"] = time.perf_counter() - began
        analysis = compiled.compiled.memory_analysis()
        row["temporary_bytes"] = int(analysis.temp_size_in_bytes)
        found = jax.block_until_ready(eqx.filter(compiled(*inputs), eqx.is_array))
        row |= {"residual": float(found["residual"]), "steps_made": int(found["steps_made"])}
        times = []
        for _ in range(repeats):
            began = time.perf_counter()
            jax.block_until_ready(eqx.filter(compiled(*inputs), eqx.is_array))
            times.append(time.perf_counter() - began)
        row["seconds"] = statistics.median(times)
    except (RuntimeError, MemoryError) as error:
        # XLA raises RuntimeError (RESOURCE_EXHAUSTED) where memory ends, as the paper reports.
        row["error"] = str(error).splitlines()[0][:120]
    return row


def made_with(setting: AbstractSetting) -> dict[str, str]:
    """What a row depends on beside its arguments: device, versions and the setting's numbers."""
    return {
        "device": jax.devices()[0].device_kind,
        "jax": jax.__version__,
        "incentax": __version__,
        "settings": json.dumps(setting.options(), sort_keys=True),
    }


def cost_setting(horizon: int) -> AbstractSetting:
    """A1 with this many rounds, and the network as published: without a reserve."""
    return KnownEconomy(economy=Economy(horizon=horizon), form=Network(offered=None, reserve=0.0))


def _exchange(setting: AbstractSetting, name: str, solver_steps: int) -> tuple[Any, tuple]:
    own: Any = setting.population()
    way = ADJOINTS[name]
    population = own if way.adjoint is None else replace(own, adjoint=way.adjoint)
    if way.published_solve:
        published = replace(
            own.solver, learning_rate=10.0, num_steps=solver_steps, enough=0.0, bold_steps=0
        )
        population = replace(population, solver=published)
    mechanism = setting.mechanism(jax.random.key(0))
    state = population.init(mechanism, key=jax.random.key(1))

    @eqx.filter_jit
    def exchange(population, mechanism, state, key):
        found = Hypergradient().exchange(population, setting.objective(), mechanism, state, key=key)
        return {
            "value": found.value,
            "gradient": found.gradient,
            "residual": found.response.residual,
            "steps_made": found.response.num_steps,
        }

    return exchange, (population, mechanism, state, jax.random.key(2))
