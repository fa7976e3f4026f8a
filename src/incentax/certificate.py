"""The evidence beside a designed mechanism, computed in float64 from a cold start."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from ._status import Status
from ._types import Key, Mechanism, Objective, Response
from .equilibrium import CALMER, AbstractSolver
from .population import AbstractPopulation, Access
from .precision import in_float64
from .rule import Hypergradient


class Certificate(eqx.Module):
    """What backs a design's value. Every number is re-computed, none is copied from training.

    - `value`: the objective at the problem's own temperature, from a cold start, in float64.
    - `exploitability`: the largest gain any agent type-averaged deviation has, unregularised.
    - `regularised_exploitability`, `residual`: how well the solver's own game is solved.
    - `adjoint_residual`: relative residual of the adjoint's linear solve; NaN where none.
    - `slope`, `difference`: directional derivative by the rule's adjoint, and by central
      differences, along one random direction in the game the design began in; in the problem's own
      where agents settle there alone.
    - `cap`: a proved bound on the value, where one is known; NaN otherwise.
    - `status`: of the re-solve.
    """

    value: float
    exploitability: float
    regularised_exploitability: float
    residual: float
    adjoint_residual: float
    slope: float
    difference: float
    cap: float
    status: Status

    @property
    def gradient_error(self) -> float:
        """Relative error between `slope` and `difference`."""
        scale = max(abs(self.slope), abs(self.difference), np.finfo(np.float64).tiny)
        return abs(self.slope - self.difference) / scale

    @property
    def gap(self) -> float:
        """Share of the cap that the value leaves; NaN without a cap, or with one of zero."""
        return 1 - self.value / self.cap if self.cap else float("nan")


def certify(
    population: AbstractPopulation,
    objective: Objective,
    mechanism: Mechanism,
    *,
    trained: AbstractPopulation | None = None,
    cap: float = float("nan"),
    key: Key,
) -> tuple[Certificate, Response]:
    """The certificate of a mechanism, and the float64 response it was computed on.

    Agents whom a thorough solve has not settled, as they cycle, are given calmer ones: at a half
    and then at a quarter of the pace, in four and sixteen times as many steps.

    **Arguments:**

    - `population`, `objective`, `mechanism`: the problem, at its own temperature.

    **Other arguments:**

    - `trained`: the population on which to check the adjoint against central differences; it
      should be smooth and well solved. Without one, or where the population's model is not
      offered, the check is NaN.
    - `cap`: a proved bound on the value.
    - `key`: consumed for the response and the direction of the check.
    """
    response_key, check_key = jax.random.split(key)
    with jax.enable_x64(True):
        # All steps there are: what a quick solve leaves, or cycles in, is no evidence.
        asked = (_thorough(population), mechanism, _thorough(trained))
        population, mechanism, trained = in_float64(asked)
        population = population.at_rest()
        value, response = _settled(population, objective, mechanism, response_key)
        check = (np.nan, np.nan, np.nan)
        if trained is not None and trained.offers >= Access.MODEL:
            check = _settled_check((trained, population), objective, mechanism, check_key)
        evidence = {name: _worst(_evidence(response, name)) for name in _EVIDENCE}
        status = Status(int(np.max(_evidence(response, "status", default=0.0))))
        certificate = Certificate(
            value=float(value),
            adjoint_residual=float(check[0]),
            slope=float(check[1]),
            difference=float(check[2]),
            cap=cap,
            status=status,
            **evidence,
        )
    # NumPy arrays keep their double precision outside this context; JAX arrays would not.
    return certificate, jax.device_get(response)


class NoZeroDominance(NamedTuple):
    """Whether no bid is a cliff, and how far from one the nearest bid is.

    A round has a cliff at a bid that nobody makes while exactly the supply is bid for above it:
    the slightest change of the crowd then decides whether that bid wins or loses.

    - `margin`: the least, over rounds and bids, of the larger of the mass at the bid and the
      distance of the mass above it from the supply; zero exactly where there is a cliff.
    - `round`, `bid`: where that is.
    """

    margin: float
    round: int
    bid: int

    @property
    def holds(self) -> bool:
        """Whether there is no cliff, to rounding."""
        return self.margin > 1e-12


def no_zero_dominance(
    bids: Float[np.ndarray, "H A"], supply: Float[np.ndarray, " H"]
) -> NoZeroDominance:
    """The condition under which finite auctions come close to the mean field at rate 1 / sqrt(N).

    **Arguments:**

    - `bids`: `[H, A]`, mass of active bidders at each bid; `supply`: `[H]`, mass for sale.

    >>> no_zero_dominance(np.array([[0.2, 0.0, 0.8]]), np.array([0.8]))
    NoZeroDominance(margin=0.0, round=0, bid=1)

    Reference: arXiv 2510.21442, the condition of its Theorem 2.
    """
    above = np.cumsum(bids[:, ::-1], axis=1)[:, ::-1] - bids
    margins = np.maximum(bids, np.abs(above - np.asarray(supply)[:, None]))
    where = int(margins.argmin())
    t, bid = divmod(where, bids.shape[1])
    return NoZeroDominance(float(margins[t, bid]), t, bid)


_EVIDENCE = ("exploitability", "regularised_exploitability", "residual")


def _evidence(response: Response, name: str, default: float = np.nan) -> np.ndarray:
    return np.asarray(getattr(response, name, default))


def _worst(numbers: np.ndarray) -> float:
    known = numbers[~np.isnan(numbers)]
    return float(known.max()) if known.size else float("nan")


def _thorough(population: AbstractPopulation | None) -> AbstractPopulation | None:
    # A difference of two answers that each stopped close enough is no derivative.
    return _resolving(population, lambda solver: solver.thorough())


def _calm(population: AbstractPopulation) -> AbstractPopulation:
    # Without a regularised reply there is no point of rest that shorter steps would come closer to.
    return _resolving(population, lambda solver: solver.calm() if solver.operator else solver)


def _resolving(population: Any, change: Callable[[AbstractSolver], AbstractSolver]) -> Any:
    """The population, its solvers changed."""
    return jax.tree.map(
        lambda part: change(part) if isinstance(part, AbstractSolver) else part,
        population,
        is_leaf=lambda part: isinstance(part, AbstractSolver),
    )


def _settled(population, objective, mechanism, key):
    """Value and response from a cold start; agents who cycle go on in shorter and shorter steps."""
    init_key, respond_key = jax.random.split(key)
    state = population.init(mechanism, key=init_key)
    value, response, state = _evaluate(population, objective, mechanism, state, respond_key)
    for _ in range(CALMER):
        status = int(np.max(_evidence(response, "status", default=0.0)))
        calmer = _calm(population)
        if status != Status.NOT_CONVERGED or eqx.tree_equal(calmer, population):
            break
        population = calmer
        value, response, state = _evaluate(population, objective, mechanism, state, respond_key)
    return value, response


@eqx.filter_jit
def _evaluate(population, objective, mechanism, state, key):
    response, state = population.respond(mechanism, state, key=key)
    return objective(mechanism, response), response, state


def _settled_check(populations, objective, mechanism, key):
    """Adjoint residual, slope and difference in the first game whose agents settle.

    Where they do in none, those of the first: an adjoint is no derivative of a solve that ended
    on its way, and the certificate says so.
    """
    checks = []
    for population in populations:
        *check, status = _check_gradient(population, objective, mechanism, key)
        if int(status) != Status.NOT_CONVERGED:
            return check
        checks.append(check)
    return checks[0]


@eqx.filter_jit
def _check_gradient(population, objective, mechanism, key):
    direction_key, response_key = jax.random.split(key)
    state = population.init(mechanism, key=response_key)
    exchange = Hypergradient().exchange(population, objective, mechanism, state, key=response_key)
    numbers, structure = eqx.partition(mechanism, eqx.is_inexact_array)
    leaves, tree = jax.tree.flatten(numbers)
    keys = jax.random.split(direction_key, len(leaves))
    normal = [jax.random.normal(k, x.shape, x.dtype) for k, x in zip(keys, leaves, strict=True)]
    length = jnp.sqrt(sum(jnp.sum(x**2) for x in normal))
    direction = jax.tree.unflatten(tree, [x / length for x in normal])

    def score(step):
        moved = jax.tree.map(lambda x, d: x + step * d, numbers, direction)
        moved = eqx.combine(moved, structure)
        response, _ = population.respond(moved, state, key=response_key)
        return objective(moved, response), jnp.max(jnp.asarray(getattr(response, "status", 0)))

    step = 1e-6
    (above, below), status = jax.lax.map(score, jnp.array([step, -step]))
    gradient = eqx.filter(exchange.gradient, eqx.is_inexact_array)
    products = jax.tree.map(lambda g, d: jnp.sum(g * d), gradient, direction)
    slope = sum(jax.tree.leaves(products))
    return exchange.adjoint_residual, slope, (above - below) / (2 * step), jnp.max(status)
