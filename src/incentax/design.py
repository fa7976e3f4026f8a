"""`design`: the outer loop, and nothing else."""

import math
import time
from collections.abc import Callable
from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import optax

from ._errors import DesignError
from ._status import Status
from ._types import Key, Mechanism, Objective
from .certificate import certify
from .climb import climbed
from .judgement import judged, worst
from .mechanism import AbstractConstraint
from .population import AbstractPopulation, Access
from .progress import DesignState, Progress, Result, StepRecord
from .rule import AbstractRule, Hypergradient, Move, Setup, check_access
from .schedule import Schedule

# The share of agents who would still move at which they have settled before the first step.
SETTLED = 1e-3

# Relative residual of the last adjoint solve above which a design ends with a caution.
ADJOINT_TOLERANCE = 5e-2


def design(
    population: AbstractPopulation,
    mechanism: Mechanism,
    *,
    maximize: Objective | None = None,
    minimize: Objective | None = None,
    rule: AbstractRule | None = None,
    optimizer: optax.GradientTransformation | None = None,
    num_steps: int = 300,
    schedule: Schedule | None = None,
    constraint: AbstractConstraint | None = None,
    key: Key | None = None,
    audit_every: int = 25,
    trust: float = math.inf,
    patience: int = 0,
    climb: bool = False,
    cap: float = math.nan,
    callback: Callable[[Progress], Status | None] | None = None,
    state: DesignState | None = None,
    throw: bool = True,
) -> Result:
    """A mechanism under which the population's response scores well, with its certificate.

    **Main arguments:**

    - `population`, `mechanism`: who responds, and where to start.
    - `maximize` or `minimize`: the objective `(mechanism, response) -> scalar`; exactly one.
    - `rule`: how to improve with the access at hand; defaults to `Hypergradient()`.
    - `num_steps`: exchanges with the population.
    - `schedule`: temperatures to design at; None designs at the population's own.

    **Other arguments:**

    - `optimizer`: an optax transformation; defaults to the rule's own.
    - `constraint`: projected on after each step.
    - `key`: for populations and rules that draw; defaults to `jax.random.key(0)`.
    - `audit_every`: the mechanism is judged at the population's own temperature every so many
      steps, and the best so judged is what comes back; 0 returns the last one.
    - `trust`: largest unregularised exploitability at which such a judgement counts. Where agents
      could still gain, or more than one in twenty would still act differently, they have not
      settled, and the value is nobody's to keep. Without a bound, the solver has to have converged.
    - `patience`: judgements in a row without a new best after which the design goes back to the
      best mechanism and on from there; 0 never goes back.
    - `climb`: end by going from the best mechanism to its neighbours while one is judged better,
      if it is an `AbstractLattice` and judged at all.
    - `cap`: a proved bound on the value, copied into the certificate.
    - `callback`: called after each step; a returned status stops the design.
    - `state`: a state to resume from, of a design with the same other arguments.
    - `throw`: raise `DesignError` when the design fails; otherwise only the status says so. A
      status that merely cautions against the result never raises.
      Ctrl-C between steps never raises: the result so far comes back as INTERRUPTED.

    **Raises:** `ValueError` for arguments that cannot work, before anything is traced.
    """
    objective, sign = _one_of(maximize, minimize)
    rule = (Hypergradient() if rule is None else rule).towards(sign)
    check_access(rule, population)
    if num_steps < 1:
        raise ValueError(f"expected num_steps >= 1, got {num_steps}; try 300")
    if audit_every < 0:
        raise ValueError(f"expected audit_every >= 0, got {audit_every}; try 25")
    if patience < 0:
        raise ValueError(f"expected patience >= 0, got {patience}; try 2, or 0 to never go back")
    optimizer = rule.optimizer(num_steps) if optimizer is None else optimizer
    key = jax.random.key(0) if key is None else key
    _, step_key, audit_key, certify_key = jax.random.split(key, 4)
    sent = Setup(population, objective, mechanism, optimizer, sign, key)
    rule.guard.refuse(sent)
    if state is None:
        state = initial_state(population, mechanism, optimizer, key, rule=rule)
    now = state

    history: list[StepRecord] = []
    status = Status.DONE
    began = time.perf_counter()
    try:
        # Kept apart from `now` until a step is made: whoever resumes from step 0 settles anew.
        ready = now
        if int(now.step) == 0 and schedule is not None:
            _, current = _population_at(population, schedule, 0, num_steps)
            for _ in range(schedule.settle):
                moved, agents = _met(current, ready, step_key)
                ready = replace(ready, population=agents)
                if float(moved) <= SETTLED:
                    break
        for step in range(int(now.step), num_steps):
            temperature, current = _population_at(population, schedule, step, num_steps)
            following, facts, healthy = _step(
                rule, current, objective, optimizer, constraint, sign, ready, step_key
            )
            audited = math.nan
            if audit_every and ((step + 1) % audit_every == 0 or step + 1 == num_steps):
                following, audit = _audit(
                    population, objective, sign, trust, patience, following, audit_key
                )
                audited = float(audit)
                if climb and step + 1 == num_steps:
                    following = climbed(
                        following,
                        lambda state: _audit(
                            population, objective, sign, trust, patience, state, audit_key
                        )[0],
                    )
            record = StepRecord(
                step=step,
                temperature=temperature,
                audited_value=audited,
                seconds=time.perf_counter() - began,
                **{name: float(number) for name, number in facts.items()},
            )
            failed = not bool(healthy)
            # Only now, when all numbers have come: Ctrl-C before this line undoes the whole step.
            now = ready = following
            history.append(record)
            if failed:
                status = Status.NONFINITE_DESIGN
                break
            stop = None if callback is None else callback(Progress(record, num_steps, now))
            if stop is not None:
                status = stop
                break
    except KeyboardInterrupt:
        status = Status.INTERRUPTED

    chosen = now.best_mechanism if jnp.isfinite(now.best_value) else now.mechanism
    trained = None
    if rule.needs >= Access.MODEL:
        careful = None if schedule is None else schedule.careful()
        trained = _population_at(population, careful, 0, num_steps)[1]
    certificate, response = certify(
        population, objective, chosen, trained=trained, cap=cap, key=certify_key
    )
    # Agents who never settle explain why a design met infinities, not the other way round.
    explains = status is Status.DONE or certificate.status is Status.NOT_TRACKING
    if explains and not certificate.status.ok:
        status = certificate.status
    if status is Status.DONE and history and history[-1].adjoint_residual > ADJOINT_TOLERANCE:
        status = Status.ADJOINT_RESIDUAL
    objection, diagnosis = rule.guard.verdict(now.guard, chosen, response)
    if status is Status.DONE:
        status = objection
    if throw and status.failed:
        raise DesignError(status.sentence)
    return Result(
        chosen, response, certificate.value, tuple(history), certificate, status, now, diagnosis
    )


def initial_state(
    population: AbstractPopulation,
    mechanism: Mechanism,
    optimizer: optax.GradientTransformation,
    key: Key,
    *,
    rule: AbstractRule | None = None,
) -> DesignState:
    """The state that `design` begins in with this key: its shapes are those of every later one."""
    rule = Hypergradient() if rule is None else rule
    init_key, *_ = jax.random.split(key, 4)
    numbers = eqx.filter(mechanism, eqx.is_inexact_array)
    dtype = jnp.result_type(*jax.tree.leaves(numbers))
    began = population.init(mechanism, key=init_key)
    return DesignState(
        step=jnp.zeros((), jnp.int32),
        mechanism=mechanism,
        optimizer=eqx.filter_jit(optimizer.init)(numbers),
        population=began,
        best_mechanism=mechanism,
        best_value=jnp.full((), jnp.nan, dtype),
        best_population=began,
        setbacks=jnp.zeros((), jnp.int32),
        guard=rule.guard.init(mechanism),
    )


def _one_of(maximize: Objective | None, minimize: Objective | None) -> tuple[Objective, int]:
    if maximize is not None and minimize is None:
        return maximize, 1
    if minimize is not None and maximize is None:
        return minimize, -1
    given = "both" if maximize is not None else "neither"
    raise ValueError(f"expected exactly one of maximize= and minimize=, got {given}; give one")


def _population_at(population, schedule, step, num_steps):
    if schedule is None:
        return math.nan, population
    temperature = schedule.temperature(step, num_steps)
    # An array, so that the next temperature does not compile the step again.
    relaxed = jnp.asarray(temperature, jnp.float32)
    return temperature, population.relaxed(relaxed, schedule.share, schedule.solver_steps)


@eqx.filter_jit
def _met(population, state, key):
    """One more response to a mechanism that stays: who would still move, and the agents."""
    response, agents = population.respond(state.mechanism, state.population, key=key)
    return worst(response, "residual"), agents


@eqx.filter_jit
def _step(rule, population, objective, optimizer, constraint, sign, state, key):
    """One exchange and one move; a move that is not finite is not made."""
    key = jax.random.fold_in(key, state.step)
    exchange = rule.exchange(population, objective, state.mechanism, state.population, key=key)
    ascent = jax.tree.map(lambda g: -sign * g, exchange.gradient)
    numbers, structure = eqx.partition(state.mechanism, eqx.is_inexact_array)
    # Optax mixes integers and floats, which must not fail for users of strict promotion.
    with jax.numpy_dtype_promotion("standard"):
        updates, optimizer_state = optimizer.update(ascent, state.optimizer, numbers)
    wanted = eqx.combine(optax.apply_updates(numbers, updates), structure)
    moved = wanted if constraint is None else constraint.project(wanted)
    norm = optax.tree.norm(exchange.gradient)
    healthy = jnp.isfinite(norm) & jnp.isfinite(exchange.value)
    following = DesignState(
        state.step + 1,
        moved,
        optimizer_state,
        exchange.state,
        state.best_mechanism,
        state.best_value,
        state.best_population,
        state.setbacks,
        rule.guard.observe(state.guard, Move(state.mechanism, wanted, moved, exchange, sign)),
    )
    kept = _where(healthy, following, state)
    facts = dict(
        value=exchange.value,
        exploitability=worst(exchange.response, "exploitability"),
        residual=worst(exchange.response, "residual"),
        adjoint_residual=exchange.adjoint_residual,
        gradient_norm=norm,
    )
    return kept, facts, healthy


@eqx.filter_jit
def _audit(population, objective, sign, trust, patience, state, key):
    """The value at the population's own temperature, NaN if not to be trusted; the best is kept."""
    value = judged(population, objective, state.mechanism, trust=trust, key=key)
    better = jnp.isnan(state.best_value) | (sign * (value - state.best_value) > 0)
    better = better & jnp.isfinite(value)
    now = (state.mechanism, state.population)
    best = _where(better, now, (state.best_mechanism, state.best_population))
    best_value = jnp.where(better, value, state.best_value)
    setbacks = jnp.where(better, 0, state.setbacks + 1)
    back = (patience > 0) & (setbacks >= patience) & jnp.isfinite(best_value)
    mechanism, agents = _where(back, best, now)
    following = DesignState(
        state.step,
        mechanism,
        state.optimizer,
        agents,
        best[0],
        best_value,
        best[1],
        jnp.where(back, 0, setbacks),
        state.guard,
    )
    return following, value


def _where(condition, chosen, otherwise):
    return jax.tree.map(
        lambda a, b: jnp.where(condition, a, b) if eqx.is_array(a) else a, chosen, otherwise
    )
