"""The published settings as records: economies, baselines, caps, draws."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import incentax as ix
from incentax.auctions import Economy, EqualShares, FirstPrice, PriorFree
from incentax.auctions.form import FORMS
from incentax.auctions.oracle import revenue_cap
from incentax.auctions.oracle.market import Market
from incentax.problems import problems


def test_a1_is_the_published_economy():
    setting = ix.problems["a1"].setting
    game = setting.population().game
    assert (game.horizon, game.num_states, game.num_actions) == (4, 101, 100)
    np.testing.assert_allclose(game.initial_values, 0.01)
    assert game.supply == 0.8 and game.departure == 1 and game.reentry == 0
    assert setting.cap() == pytest.approx(0.25, abs=1e-12)
    baseline = setting.baselines()["first_price"]
    assert isinstance(baseline, FirstPrice)
    np.testing.assert_allclose(baseline.supply, 0.2)


def test_a2_is_the_published_economy():
    economy = ix.problems["a2"].setting.economy
    law = economy.initial_values()
    np.testing.assert_allclose(law[1:] / law[:-1], 0.9)
    s, target = 0.3, np.arange(100) / 100
    weights = np.exp(-((3 * s - target) ** 2) / (2 * 0.2**2))
    np.testing.assert_allclose(economy.valuation().kernel[30], weights / weights.sum(), rtol=1e-10)
    cap = ix.problems["a2"].setting.cap()
    assert 0.3 < cap < 0.8


def test_a3_draws_fresh_games():
    setting = ix.problems["a3"].setting
    population = setting.population()
    games = jax.vmap(population.draw)(jax.random.split(jax.random.key(1), 200))
    np.testing.assert_allclose(games.initial_values.sum(axis=1), 1, atol=1e-12)
    assert float(games.supply.min()) >= 0.6 and float(games.supply.max()) <= 1.2
    assert float(games.supply.mean()) == pytest.approx(0.9, abs=0.05)
    # Uniform on the simplex: each share has mean 1/S and variance (S - 1) / (S^2 (S + 1)).
    assert float(games.initial_values.var()) == pytest.approx(99 / (100**2 * 101), rel=0.05)
    assert jnp.all(games.reentry == 0.3) and games.horizon == 5
    assert isinstance(setting.baselines()["first_price"], EqualShares)
    assert setting.cap() is None


def test_a3_judges_on_games_it_never_saw():
    setting = PriorFree(
        economy=Economy(horizon=2, num_values=8, num_bids=8, reentry=0.3),
        width=4,
        held_out_games=6,
    )
    held_out = setting.held_out(EqualShares(2), jax.random.key(3))
    names = [name for name, *_ in held_out.rows]
    assert names[:3] == ["designed", "first price, equal split", "difference, paired by game"]
    assert names[3:] == ["proved caps"] and held_out.rows[3][1] == held_out.cap
    # No revenue above its cap, but for a tick on all that is sold.
    assert held_out.rows[0][1] < held_out.cap + setting.supply_high / 8
    assert held_out.count == held_out.settled == 6
    assert 0 <= held_out.exploitability < setting.exploitability_bound
    # First price against itself: no difference, and no doubt about it.
    assert held_out.rows[0][1] == pytest.approx(held_out.rows[1][1], abs=1e-12)
    assert held_out.rows[2][1:] == (0.0, 0.0, 0.0)
    assert 0 < held_out.rows[1][2] < held_out.rows[1][1] < held_out.rows[1][3]


CAPS = {
    "constant values": (Economy(), 0.25),
    "scarce goods": (Economy(supply=0.3), 0.7 * 0.3),
    "one round": (Economy(horizon=1), 0.25),
}


@pytest.mark.parametrize("name", CAPS)
def test_caps_by_hand(name):
    economy, expected = CAPS[name]
    assert revenue_cap(economy.market()) == pytest.approx(expected, abs=1e-12)


def test_the_cap_is_the_least_of_those_that_hold():
    economy = Economy(horizon=3, num_values=20, departure=0.0, decay=0.9, growth=1.2, spread=0.2)
    market = economy.market()
    assert isinstance(market, Market)
    staying = revenue_cap(market)
    leaving = revenue_cap(Economy(horizon=3, num_values=20, decay=0.9).market())
    assert 0 < leaving and 0 < staying < 0.8 * 0.95


def test_no_oracle_for_winners_who_leave_sometimes():
    assert Economy(departure=0.5).market() is None


IMPOSSIBLE = {
    "horizon >= 1, got 0": dict(horizon=0),
    "num_values and num_bids >= 2, got 1 and 100": dict(num_values=1),
    "a finite supply >= 0, got -1": dict(supply=-1),
    "a finite decay > 0, got 0": dict(decay=0),
    "a finite spread >= 0, got -0.1": dict(spread=-0.1),
    "a finite growth, got inf": dict(growth=float("inf")),
    "departure between 0 and 1, got 2": dict(departure=2),
    "reentry between 0 and 1, got -1": dict(reentry=-1),
}


@pytest.mark.parametrize("message", IMPOSSIBLE)
def test_impossible_economies(message):
    with pytest.raises(ValueError, match=f"expected {message}; try"):
        Economy(**IMPOSSIBLE[message])


class TestOptions:
    """Numbers of a problem by name."""

    def test_nested_numbers_are_found_and_changed(self):
        setting = ix.problems["a1"].setting
        assert setting.options()["horizon"] == 4
        changed = setting.with_options(horizon=2.0, temperature=0.01, width=8.0)
        assert changed.economy.horizon == 2 and isinstance(changed.economy.horizon, int)
        assert changed.bidding.temperature == 0.01 and changed.form.width == 8
        assert setting.economy.horizon == 4

    def test_unknown_names_have_a_nearest(self):
        with pytest.raises(ValueError, match=r"expected one of .*got 'horizn'; did you mean"):
            ix.problems["a1"].with_options(horizn=2)

    def test_whole_numbers_stay_whole(self):
        with pytest.raises(ValueError, match=r"expected a whole number for horizon, got 2.5"):
            ix.problems["a1"].with_options(horizon=2.5)

    @pytest.mark.parametrize("name", ix.problems)
    def test_every_option_can_be_set_to_what_it_is(self, name):
        problem = ix.problems[name]
        same = problem.with_options(**problem.setting.options())
        assert same.setting.options() == problem.setting.options()


@pytest.mark.parametrize("name", ix.problems)
def test_every_problem_is_whole(name):
    problem = ix.problems[name]
    assert problem.name == name and problem.title and problem.summary and problem.source
    setting = problem.setting
    assert setting.sense in ("maximize", "minimize")
    assert setting.kind in ("auction", "game", "smooth", "routing")
    assert setting.baselines() and setting.recipe().num_steps > 0
    mechanism = setting.mechanism(jax.random.key(0))
    again = setting.mechanism(jax.random.key(0))
    for one, other in zip(jax.tree.leaves(mechanism), jax.tree.leaves(again), strict=True):
        np.testing.assert_array_equal(one, other)


def test_problems_cannot_be_changed_in_place():
    with pytest.raises(TypeError):
        ix.problems["mine"] = ix.problems["a1"]
    with pytest.raises(AttributeError):
        ix.problems["a1"].name = "other"


def test_equal_shares_are_the_equal_split():
    bids = jnp.array([0.5, 0.5])
    left, sold = 0.8, []
    for t in range(4):
        sold.append(float(EqualShares(4)(t, bids, jnp.asarray(left)).supply))
        left -= sold[-1]
    np.testing.assert_allclose(sold, 0.2)


def test_a_form_by_name_keeps_what_the_setting_says_of_it():
    held_back = problems["a8"].setting
    assert held_back.with_form("network") is held_back
    assert held_back.with_form("table").form == FORMS["table"]()
    assert held_back.with_form("table").recipe() == FORMS["table"]().recipe


BOLDNESS = {
    "a1": ({}, 200),
    "a8": ({}, 0),
    "too far to go": ({"learning_rate": 101.0}, 0),
    "too few to recover": ({"solver_steps": 200}, 40),
}


@pytest.mark.parametrize("name", BOLDNESS)
def test_solves_are_bold_where_they_have_time_to_recover(name):
    changes, bold_steps = BOLDNESS[name]
    setting = problems.get(name, problems["a1"]).setting.with_options(**changes)
    assert setting.population().solver.bold_steps == bold_steps
