"""Ways to solve one game that are compared in `left_out`: plain, Anderson's and Newton's steps."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jax.scipy.sparse.linalg import gmres

import incentax as ix
from incentax.equilibrium import describe

# Images that Anderson's method combines, and products of a linear solve of Newton's.
DEPTH, PRODUCTS = 5, 20


class Method(NamedTuple):
    """An iteration: its state at scores z, its step, and the scores of a state."""

    init: Callable[[Any], Any]
    step: Callable[[Any], Any]
    scores: Callable[[Any], Any]


class Solve(NamedTuple):
    """A solve of a design: the game, a mechanism, a solver, and scores from just before."""

    game: Any
    mechanism: Any
    solver: ix.MirrorDescent
    start: Any

    def step(self, z):
        """One step of mirror descent."""
        return self.solver.step(z, self.mechanism, self.game)

    def residual(self, z):
        """The share of agents who would act differently after one more exact reply."""
        return describe(self.game, self.mechanism, self.solver, z).residual

    def revenue(self, z):
        """What the sale earns."""
        return ix.revenue(self.mechanism, describe(self.game, self.mechanism, self.solver, z))

    def aggregate(self, z):
        """What agents face where all act by these scores."""
        return self.solver.operator.aggregate(z, self.mechanism, (self.solver, self.game))

    def respond(self, faced):
        """The scores with which all answer that."""
        return self.solver.operator.respond(faced, self.mechanism, (self.solver, self.game))

    def paced(self, factor: float) -> "Solve":
        """The same at another pace."""
        rate = self.solver.learning_rate * factor
        return self._replace(solver=replace(self.solver, learning_rate=rate))


def mirror_descent(solve: Solve) -> Method:
    """The steps themselves."""
    return Method(lambda z: z, solve.step, lambda z: z)


def anderson(init, step, scores) -> Method:
    """The combination of the last images of `step` whose changes sum to least, weights to one."""

    def begin(z):
        flat = ravel_pytree(init(z))[0]
        past = jnp.zeros((DEPTH, flat.size), flat.dtype)
        return init(z), past, past, jnp.asarray(0)

    def advance(state):
        now, images, changes, count = state
        flat, shaped = ravel_pytree(now)
        image = ravel_pytree(step(now))[0]
        images = images.at[count % DEPTH].set(image)
        changes = changes.at[count % DEPTH].set(image - flat)
        # Places not filled yet weigh nothing.
        filled = (jnp.arange(DEPTH) <= count).astype(flat.dtype)
        products = changes @ changes.T
        ridge = 1e-12 * jnp.max(products) + jnp.finfo(flat.dtype).tiny
        weights = filled * jnp.linalg.solve(products + ridge * jnp.eye(DEPTH), filled)
        return shaped(weights / jnp.sum(weights) @ images), images, changes, count + 1

    return Method(begin, advance, lambda state: scores(state[0]))


def damped(solve: Solve):
    """One step in what agents face: the design's share of the way to what their reply causes."""
    share = solve.solver.learning_rate * solve.solver.temperature

    def step(faced):
        caused = solve.aggregate(solve.respond(faced))
        return jax.tree.map(lambda old, new: old + share * (new - old), faced, caused)

    return step


def newton(solve: Solve) -> Method:
    """Newton's method for faced = aggregate(respond(faced)): one GMRES a step."""

    def advance(faced):
        flat, shaped = ravel_pytree(faced)

        def missing(flat):
            return ravel_pytree(solve.aggregate(solve.respond(shaped(flat))))[0] - flat

        short, linear = jax.linearize(missing, flat)
        move, _ = gmres(linear, -short, tol=1e-3, restart=PRODUCTS, maxiter=1)
        return shaped(flat + move)

    return Method(solve.aggregate, advance, solve.respond)
