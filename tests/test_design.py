"""The outer loop: what it asks for, what it keeps, how it stops, and that it can go on."""

import math
import sys
from dataclasses import replace
from typing import ClassVar, final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import incentax as ix
from incentax import design as design_
from incentax.games import LeftRight
from incentax.judgement import MOVING

SOLVER = ix.MirrorDescent(0.5, learning_rate=0.4, num_steps=60)
CROWD = ix.Congestion(5.0, first_round=1)
START = ix.Price(jnp.array([1.0, 2.0]))
POPULATION = ix.EquilibriumPopulation(LeftRight(), SOLVER)
# Module-level, so that every design here shares one compiled step.
SGD = optax.sgd(0.5)
STOP = ix.Status.OUT_OF_TIME


def designed(**changes):
    settings = dict(minimize=CROWD, optimizer=SGD, num_steps=6, audit_every=2) | changes
    return design_(settings.pop("population", POPULATION), START, **settings)


@pytest.fixture(scope="module")
def plain():
    return designed()


def same_bits(one, other):
    one, other = (jax.tree.leaves(eqx.filter(tree, eqx.is_array)) for tree in (one, other))
    return all(np.array_equal(x, y, equal_nan=True) for x, y in zip(one, other, strict=True))


class TestSigns:
    """The user says which way; results keep the user's sign."""

    def test_minimize_lowers_and_maximize_raises(self, plain):
        higher = designed(maximize=CROWD, minimize=None)
        assert plain.value < plain.history[0].value < higher.value

    def test_minimizing_is_maximizing_the_negative(self, plain):
        negative = designed(maximize=lambda m, r: -CROWD(m, r), minimize=None)
        np.testing.assert_allclose(negative.mechanism.value, plain.mechanism.value, atol=1e-13)
        assert negative.value == pytest.approx(-plain.value, rel=1e-12)

    @pytest.mark.parametrize("given, said", [((CROWD, CROWD), "both"), ((None, None), "neither")])
    def test_exactly_one_of_the_two(self, given, said):
        maximize, minimize = given
        with pytest.raises(ValueError, match=f"exactly one of maximize= and minimize=, got {said}"):
            designed(maximize=maximize, minimize=minimize)


class TestSettling:
    """Before the first step the agents may settle: only they move."""

    def test_the_first_step_finds_agents_who_have_settled(self):
        # Two iterations an exchange: far from settled, unless there were many before.
        schedule = ix.Schedule(0.5, 0.5, 2, share=0.2)
        settled = replace(schedule, settle=40)
        thorough = replace(schedule, solver_steps=82)
        first = [designed(num_steps=1, schedule=s) for s in (schedule, settled, thorough)]
        hasty, calm, sure = (result.history[0].value for result in first)
        # It ends where one agent in a thousand would still move.
        assert calm == pytest.approx(sure, abs=1e-4)
        assert abs(hasty - sure) > 1e-3
        moved = [result.mechanism.value for result in first[1:]]
        np.testing.assert_allclose(*moved, atol=2e-3)

    def test_it_ends_once_agents_have_settled(self, monkeypatch):
        module = sys.modules["incentax.design"]
        met, asked = module._met, []
        monkeypatch.setattr(module, "_met", lambda *given: asked.append(1) or met(*given))
        schedule = ix.Schedule(0.5, 0.5, 2, share=0.2, settle=40)
        designed(num_steps=1, schedule=schedule)
        assert 1 < len(asked) < 40
        asked.clear()
        designed(num_steps=1, schedule=replace(schedule, settle=2))
        assert len(asked) == 2

    def test_a_resumed_design_does_not_settle_again(self):
        schedule = ix.Schedule(0.5, 0.2, 3, share=0.2, settle=3)
        whole = designed(schedule=schedule)
        half = designed(schedule=schedule, callback=lambda p: STOP if p.record.step == 2 else None)
        assert same_bits(whole.state, designed(schedule=schedule, state=half.state).state)

    def test_interrupted_before_the_first_step_it_settles_anew(self, monkeypatch):
        schedule = ix.Schedule(0.5, 0.2, 3, share=0.2, settle=3)
        whole = designed(schedule=schedule)

        def interrupted(*_):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(sys.modules["incentax.design"], "_step", interrupted)
            begun = designed(schedule=schedule)
        assert begun.status is ix.Status.INTERRUPTED and int(begun.state.step) == 0
        assert same_bits(whole.state, designed(schedule=schedule, state=begun.state).state)


class TestResult:
    def test_every_step_is_in_the_history(self, plain):
        assert [record.step for record in plain.history] == list(range(6))
        assert plain.status is ix.Status.DONE and int(plain.state.step) == 6
        audited = [not math.isnan(record.audited_value) for record in plain.history]
        assert audited == [False, True] * 3

    def test_values_are_those_of_the_mechanism_before_the_step(self, plain):
        response = ix.solve(LeftRight(), START, solver=SOLVER)
        assert plain.history[0].value == pytest.approx(float(CROWD(START, response)), rel=1e-12)

    def test_the_value_is_recomputed_from_a_cold_start(self, plain):
        response = ix.solve(LeftRight(), plain.mechanism, solver=SOLVER)
        assert plain.value == pytest.approx(float(CROWD(plain.mechanism, response)), rel=1e-12)
        assert plain.certificate.value == plain.value
        assert plain.value != plain.history[-1].value

    def test_the_best_audited_mechanism_comes_back(self):
        """An optimizer that goes the wrong way: the last mechanism is not the best."""
        wild = designed(optimizer=optax.sgd(-4.0), num_steps=8)
        audits = [r.audited_value for r in wild.history if not math.isnan(r.audited_value)]
        assert wild.value == pytest.approx(min(audits), rel=1e-9)
        assert audits[-1] > min(audits) + 1e-6

    def test_without_audits_the_last_mechanism_comes_back(self):
        last = designed(audit_every=0)
        np.testing.assert_array_equal(last.mechanism.value, last.state.mechanism.value)
        assert math.isnan(float(last.state.best_value))

    def test_an_audit_that_cannot_be_trusted_does_not_count(self):
        doubted = designed(trust=1e-12)
        assert all(math.isnan(record.audited_value) for record in doubted.history)
        np.testing.assert_array_equal(doubted.mechanism.value, doubted.state.mechanism.value)

    @pytest.mark.parametrize("solver_steps, counts", [(1, False), (4, True)])
    def test_an_audit_of_a_crowd_on_the_move_does_not_count(self, solver_steps, counts):
        """However little there is to gain: neither solve has converged, one leaves few to move."""
        solver = replace(SOLVER, num_steps=solver_steps)
        found = ix.solve(LeftRight(), START, solver=solver, throw=False)
        assert int(found.status) == ix.Status.NOT_CONVERGED
        assert (float(found.residual) < MOVING) == counts
        population = replace(POPULATION, solver=solver)
        short = designed(population=population, trust=100.0, num_steps=2, throw=False)
        assert math.isfinite(short.history[1].audited_value) == counts

    def test_the_gradient_is_checked(self, plain):
        assert plain.certificate.gradient_error < 1e-6
        assert plain.certificate.adjoint_residual < 1e-6
        assert abs(plain.certificate.slope) > 1e-4

    def test_where_the_design_s_pace_circles_the_check_settles(self):
        # At .8 of the way a step two crowds overshoot each other for ever, at .2 they do not.
        schedule = ix.Schedule(0.2, 0.2, 10, share=0.8)
        circling = designed(schedule=schedule, num_steps=1)
        assert circling.certificate.gradient_error < 1e-6

    def test_the_cap_is_passed_on(self):
        capped = designed(num_steps=1, cap=0.4)
        assert capped.certificate.cap == 0.4
        assert capped.certificate.gap == pytest.approx(1 - capped.value / 0.4)


class TestStops:
    def test_a_callback_sees_every_step_and_may_stop(self):
        seen = []

        def stop_at_three(progress):
            seen.append(progress)
            return ix.Status.OUT_OF_TIME if progress.record.step == 2 else None

        result = designed(callback=stop_at_three)
        assert [progress.record.step for progress in seen] == [0, 1, 2]
        assert [int(progress.state.step) for progress in seen] == [1, 2, 3]
        assert result.status is ix.Status.OUT_OF_TIME and len(result.history) == 3

    @pytest.mark.parametrize("where", ["callback", "record", "audit"])
    def test_an_interrupt_keeps_what_was_done(self, monkeypatch, plain, where):
        """Wherever Ctrl-C falls, history and state tell of the same steps and can go on."""
        calls = 0

        def interrupt_the_third(original):
            def called(*arguments, **named):
                nonlocal calls
                calls += 1
                if calls == (2 if where == "audit" else 3):
                    raise KeyboardInterrupt
                return original(*arguments, **named)

            return called

        # `incentax.design` is the function; the room that holds it is found by its full name.
        module = sys.modules["incentax.design"]
        settings = {}
        if where == "callback":
            settings["callback"] = interrupt_the_third(lambda progress: None)
        elif where == "record":
            monkeypatch.setattr(module, "StepRecord", interrupt_the_third(module.StepRecord))
        else:
            monkeypatch.setattr(module, "_audit", interrupt_the_third(module._audit))
        stopped = designed(**settings)
        monkeypatch.undo()
        assert stopped.status is ix.Status.INTERRUPTED
        assert len(stopped.history) == int(stopped.state.step) in (2, 3)
        rest = designed(state=stopped.state)
        assert same_bits(rest.mechanism, plain.mechanism)
        assert len(stopped.history) + len(rest.history) == 6

    def test_nan_stops_with_the_best_so_far(self):
        def breaks_down(mechanism, response):
            return jnp.sqrt(mechanism.value[1] - 1.9) + 0 * CROWD(mechanism, response)

        settings = dict(minimize=breaks_down, optimizer=optax.sgd(5e-3), num_steps=50)
        with pytest.raises(ix.DesignError, match="NaN or infinite gradient .* best mechanism so"):
            designed(**settings)
        result = designed(**settings, throw=False)
        assert result.status is ix.Status.NONFINITE_DESIGN
        assert len(result.history) < 50
        assert jnp.all(jnp.isfinite(result.mechanism.value)) and math.isfinite(result.value)
        assert all(jnp.all(jnp.isfinite(x)) for x in jax.tree.leaves(result.state.mechanism))


@pytest.mark.parametrize("cut", [1, 3, 5])
def test_a_resumed_design_is_the_same_bit_for_bit(plain, cut):
    def stop(progress):
        return ix.Status.INTERRUPTED if progress.record.step + 1 == cut else None

    first = designed(callback=stop)
    second = designed(state=first.state)
    assert same_bits(second.mechanism, plain.mechanism)
    assert second.value == plain.value
    joined = [*first.history, *second.history]
    for one, other in zip(joined, plain.history, strict=True):
        assert one._replace(seconds=0.0) == pytest.approx(other._replace(seconds=0.0), nan_ok=True)


def test_the_same_key_gives_the_same_bits():
    settings = dict(rule=ix.ZerothOrder(0.1), num_steps=3, audit_every=0)
    one, again = (designed(**settings, key=jax.random.key(5)) for _ in range(2))
    other = designed(**settings, key=jax.random.key(6))
    assert same_bits(one.mechanism, again.mechanism)
    assert not same_bits(one.mechanism, other.mechanism)


def test_a_constraint_is_kept():
    boxed = designed(constraint=ix.Box(0.9, 1.9), maximize=CROWD, minimize=None)
    assert jnp.all((boxed.mechanism.value >= 0.9) & (boxed.mechanism.value <= 1.9))
    assert jnp.any(boxed.mechanism.value == 1.9) or jnp.any(boxed.mechanism.value == 0.9)


def test_a_schedule_anneals_and_the_end_is_judged_cold():
    schedule = ix.Schedule(1.0, 0.5, solver_steps=40)
    annealed = designed(schedule=schedule, num_steps=3)
    temperatures = [record.temperature for record in annealed.history]
    assert temperatures == pytest.approx([1.0, math.sqrt(0.5), 0.5])
    response = ix.solve(LeftRight(), annealed.mechanism, solver=SOLVER)
    value = float(CROWD(annealed.mechanism, response))
    assert annealed.value == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    "adjoint, warm", [(ix.Implicit(), True), (ix.Checkpointed(), False), (ix.Backprop(), False)]
)
def test_only_implicit_starts_warm(adjoint, warm):
    short = ix.MirrorDescent(0.5, learning_rate=0.1, num_steps=3)
    population = ix.EquilibriumPopulation(LeftRight(), short, adjoint)
    key = jax.random.key(0)
    cold = population.init(START, key=key)
    first, state = population.respond(START, cold, key=key)
    second, _ = population.respond(START, state, key=key)
    assert (float(second.residual) < 0.9 * float(first.residual)) == warm
    assert warm or float(second.residual) == float(first.residual)


class TestAccess:
    @final
    class Watched(ix.AbstractPopulation):
        """A crowd of which only the outcome is seen."""

        offers: ClassVar[ix.Access] = ix.Access.RESPONSE

        def init(self, mechanism, *, key):
            return ()

        def respond(self, mechanism, state, *, key):
            raise AssertionError("traced although access was refused")

        def at_rest(self):
            return self

        def relaxed(self, temperature, share, num_steps):
            return self

        def listening(self, probe):
            return self

    def test_access_is_refused_before_tracing(self):
        with pytest.raises(ValueError, match=r"can be differentiated for Hypergradient, got Watch"):
            designed(population=self.Watched())

    def test_the_refusal_names_what_to_use(self):
        with pytest.raises(
            ValueError, match=r"expected .*got .*but not why; try .*ZerothOrder\(\)"
        ):
            designed(population=self.Watched(), rule=ix.Hypergradient())

    def test_access_is_nested(self):
        assert ix.Access.OBJECTIVE < ix.Access.RESPONSE < ix.Access.MODEL
        assert all(access.sentence for access in ix.Access)


@pytest.mark.parametrize(
    "wrong, message",
    [
        (dict(num_steps=0), "expected num_steps >= 1, got 0; try"),
        (dict(audit_every=-1), "expected audit_every >= 0, got -1; try"),
    ],
)
def test_impossible_arguments(wrong, message):
    with pytest.raises(ValueError, match=message):
        designed(**wrong)


def test_a_design_through_a_batch_of_games():
    """One mechanism for games drawn anew: the value is the mean over the batch."""

    def draw(key):
        middle = jax.random.uniform(key)
        start = jnp.array([middle, 1 - middle, 0.0])
        return eqx.tree_at(lambda g: g.initial_distribution, LeftRight(), start)

    population = ix.SampledPopulation(draw, 3, SOLVER)
    result = design_(
        population,
        START,
        minimize=ix.Expected(CROWD),
        optimizer=optax.sgd(0.5),
        num_steps=2,
        audit_every=0,
    )
    assert result.response.policy.shape == (3, 2, 3, 2)
    each = [float(x) for x in jax.vmap(CROWD, (None, 0))(result.mechanism, result.response)]
    assert result.value == pytest.approx(np.mean(each), rel=1e-12)
    with pytest.raises(ValueError, match="expected num_games >= 1, got 0"):
        ix.SampledPopulation(draw, 0)
