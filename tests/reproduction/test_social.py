"""The social gradient's page: experiments against closed forms, claims that can fail."""

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize

from incentax.cli.main import run
from incentax.flow import population_flow
from incentax.games.smooth import LinearQuadratic
from incentax.games.tolled_settings import TolledBeach
from incentax.population import GradientPlay, LearningPopulation, SequentialReply
from incentax.reproduction import SOCIAL
from incentax.reproduction.frame import chosen
from incentax.reproduction.page import svg
from incentax.reproduction.social import (
    descent,
    exhibits,
    gallery,
    learning,
    linearised,
    methods,
    tolls,
)
from incentax.reproduction.social.budget import FULL, QUICK
from incentax.reproduction.social.trial import follow, stage, thinned
from incentax.rule import SocialGradient

from ..rule.instances import CASES


@pytest.mark.parametrize("budget", [FULL, QUICK], ids=["full", "quick"])
def test_cells_have_names_of_their_own(budget):
    names = [cell.name for part in SOCIAL.parts.values() for cell in part.cells(budget)]
    assert len(names) == len(set(names)) and not any(" " in name for name in names)


def test_words_choose_parts():
    assert chosen(SOCIAL, ["learners"]) == ["aggregative", "oscillators", "further"]
    with pytest.raises(ValueError, match="expected --only among"):
        chosen(SOCIAL, ["fig2"])


@pytest.fixture(scope="module")
def flows():
    (cell,) = descent.cells(FULL)
    return pl.DataFrame(cell.make())


def test_costs_fall_along_a_thousand_flows_of_games_that_are_not_symmetric(flows):
    """At every time of every flow: no rise, slope and cost at least as fast as proven."""
    assert flows["game"].n_unique() == 1000
    for _, run_ in flows.group_by(["game"]):
        assert run_["cost"].diff().max() <= 0
    assert float((flows["slope"] / flows["bound"]).min()) >= 1 - 1e-9
    assert float((flows["cost"] / flows["envelope"]).max()) <= 1 + 1e-9
    assert flows["residual"].max() < 1e-9
    # The slope that is compared is the cost's: differences over a tick lie between its ends.
    cost = flows["cost"].to_numpy().reshape(1000, -1)
    slope = flows["slope"].to_numpy().reshape(1000, -1)
    fallen = (cost[:, 1:] - cost[:, :-1]) / descent.TICK
    between = (slope[:, 1:] + slope[:, :-1]) / 2
    assert np.median(np.abs(fallen / between - 1)) < 0.1


def test_claims_of_descent_follow_the_numbers(flows):
    assert all(claim.agrees for claim in descent.claims(flows))
    rising = flows.with_columns(cost=-pl.col("cost"), slope=0.5 * pl.col("bound"))
    assert [claim.agrees for claim in descent.claims(rising)][:2] == [False, False]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("ratio", [1, 1000])
def test_every_game_keeps_its_price_from_one_step_to_a_thousand_a_price(name, ratio):
    case = CASES[name]()
    crowd = LearningPopulation(case.instance.game(), GradientPlay(0.1), ratio)
    trace = follow(
        case.instance,
        crowd,
        SocialGradient(),
        jnp.asarray(0.15),
        jax.random.key(0),
        num_steps=1500 if name == "linear-quadratic" else 400,
    )
    np.testing.assert_allclose(trace.price[-1], case.price, atol=1e-6)


def test_the_predicted_ball_is_the_one_known_in_closed_form():
    """F = x, Q = I, play x = -p + noise: n b s^2 / (2 - b)."""
    eye = jnp.eye(3)
    game = LinearQuadratic(eye, jnp.zeros(3), eye, jnp.ones(3))
    for gain in (0.1, 0.5):
        found = linearised.stationary_square(game, gain, pace=1.0, spread=0.3)
        assert found == pytest.approx(3 * gain * 0.3**2 / (2 - gain), rel=1e-12)


@pytest.mark.parametrize("ratio", [1, 2, 4])
def test_agents_in_turn_settle_or_not_as_linear_theory_says(ratio):
    """Errors grow or shrink by the predicted factor a price, once the slowest mode is left."""
    with jax.enable_x64(True):
        found = stage("linear-quadratic")
        crowd = LearningPopulation(found.game(), SequentialReply(), ratio)
        trace = follow(
            found, crowd, SocialGradient(), jnp.asarray(0.15), jax.random.key(0), num_steps=600
        )
    radius = linearised.sequential_radius(found, 0.15, ratio)
    error = np.sqrt(np.asarray(trace.square))
    assert (radius > 1) == (ratio == 1)
    window = slice(150, 600) if ratio == 1 else slice(150, 450)
    slope = np.polyfit(np.arange(600)[window], np.log(error[window]), 1)[0]
    assert np.exp(slope) == pytest.approx(radius, abs=2e-3)


LEARNT = pl.DataFrame(
    [
        {"game": "cournot", "agents": who, "steps_per_price": ratio, "step": step}
        | {"cost": 1.0 / (1 + step), "error": 1e-8 / (1 + step), "gain": None}
        for who, ratio in (("exact", 0), ("gradient", 1), ("fictitious play", 1))
        for step in (0, 1, 2)
    ]
    + [
        {"game": "cournot", "agents": "noisy gradient", "steps_per_price": 1}
        | {"gain": gain, "square": 2 * gain, "predicted": 2 * gain}
        for gain in (0.1, 0.2)
    ],
    infer_schema_length=None,
)


def test_claims_of_learning_follow_the_numbers():
    assert [claim.agrees for claim in learning.claims(LEARNT)] == [True, True, True, None, True]
    far = LEARNT.with_columns(error=pl.col("error") + 1, cost=-pl.col("cost"))
    assert [claim.agrees for claim in learning.claims(far)][:3] == [False, False, False]
    assert all(claim.why for claim in learning.claims(far) if not claim.agrees)
    slow = LEARNT.filter(pl.col("agents") == "gradient").with_columns(
        agents=pl.lit("sequential reply"), error=pl.col("error") + 1, radius=pl.lit(1.02)
    )
    told = learning.claims(pl.concat([LEARNT, slow], how="diagonal"))
    assert [claim.agrees for claim in told] == [True, True, True, True, None, True]
    assert "too slow" in told[3].stated and "1.020" in told[3].stated
    louder = LEARNT.with_columns(square=pl.col("square") * 2)
    assert learning.claims(louder)[-1].agrees is False


def test_steps_to_a_bar_count_only_if_the_error_stays_below_it():
    error = np.array([1.0, 1e-4, 1.0, 1e-4, 1e-7])
    assert methods._first_below(error, 1e-3) == 4
    assert methods._first_below(error, 1e-6) == 5
    assert methods._first_below(error, 1e-8) is None
    assert methods._first_below(np.array([np.nan, 1e-9]), 1e-3) == 2
    assert thinned(300)[0] == 0 and thinned(300)[-1] == 299


def test_a_method_is_measured_against_the_price_by_hand():
    rows = pl.DataFrame(methods._measure("cournot", "social gradient"))
    assert rows["final"][0] < 1e-9
    shown = methods.rows(rows)
    assert shown["agents' steps"][0] == 12 * shown["prices to 1e-6"][0] > 0
    assert [claim.agrees for claim in methods.claims(rows)] == [True]
    lost = rows.with_columns(final=pl.lit(0.1))
    assert [claim.agrees for claim in methods.claims(lost)] == [False]


def test_no_flow_goes_below_the_bound_and_the_best_one_meets_it():
    """Beside a general solver on the polytope of flows."""
    setting = TolledBeach(spots=4, horizon=3, sharpness=8.0)
    matrix, size = setting.recipe().constraints(), 3 * 4 * 3
    game, free = setting.population().game, setting.mechanism(jax.random.key(0))
    scores = jax.random.normal(jax.random.key(0), (5, 3, 4, 3))
    flows = [population_flow(game, jax.nn.softmax(4 * x), free).agents for x in scores]
    bounds = [tolls.least(setting, flow) for flow in flows]
    values = [float(tolls._score(setting, flow)) for flow in flows]
    found = minimize(
        lambda x: float(tolls._score(setting, jnp.asarray(x.reshape(3, 4, 3)))),
        np.asarray(flows[0]).reshape(-1),
        jac=lambda x: np.asarray(
            jax.grad(lambda y: tolls._score(setting, y))(jnp.asarray(x.reshape(3, 4, 3)))
        ).reshape(-1),
        bounds=[(0, 1)] * size,
        constraints={
            "type": "eq",
            "fun": lambda x: matrix @ (x - np.asarray(flows[0]).reshape(-1)),
            "jac": lambda x: matrix,
        },
        method="SLSQP",
        options={"ftol": 1e-13, "maxiter": 300},
    )
    assert max(bounds) <= found.fun + 1e-9 and min(values) > found.fun + 1e-3
    best = tolls.least(setting, found.x.reshape(3, 4, 3))
    assert best == pytest.approx(found.fun, abs=1e-5)


def test_claims_of_tolls_follow_the_numbers():
    rows = pl.DataFrame(
        [
            {"watched": watched, "rule": rule, "final": 0.2, "floor": 0.1999}
            | {"status": "DONE", "step": step, "cost": 0.4 - 0.1 * step}
            for watched, rule in tolls.WATCHED.items()
            for step in (0, 1, 2)
        ]
    )
    assert [claim.agrees for claim in tolls.claims(rows)] == [True] * 4
    assert tolls.rows(rows).height == 4
    loose = rows.with_columns(floor=pl.lit(0.15))
    assert [claim.agrees for claim in tolls.claims(loose)] == [True] + [False] * 3
    useless = rows.with_columns(final=pl.lit(0.5))
    assert [claim.agrees for claim in tolls.claims(useless)] == [False] * 4


def test_an_exhibit_breaks_is_refused_and_is_repaired():
    rows = pl.DataFrame(gallery._show("a gain for each price"))
    assert [claim.agrees for claim in gallery.claims(rows)] == [True]
    broken = rows.filter(pl.col("run") == "breaks")["cost"]
    assert broken[-1] > 100 * broken[0]
    assert "one scalar gain" in gallery.rows(rows)["in words"][0]
    silent = rows.with_columns(guard=pl.lit("DONE"))
    assert [claim.agrees for claim in gallery.claims(silent)] == [False]


def test_what_the_externality_rule_does_wrong_is_what_design_would_do():
    """Against the direction for the negative: p' = g + F + p."""
    arguments = exhibits.EXHIBITS["an externality to maximise"].breaks()
    agents, slope = jnp.array([[0.3], [-0.7]]), jnp.array([[0.2], [0.5]])
    price = jnp.array([[0.1], [-0.4]])
    found, _ = arguments["rule"].turn(price, agents, slope)
    marginal = arguments["population"].game.marginal_cost(agents)
    np.testing.assert_allclose(found, slope + marginal + price, atol=1e-15)


def test_the_command_writes_one_page_that_needs_no_other_file(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "social"
    asked = ["reproduce", "social-gradient", "--quick", "--only", "descent", "--out", str(folder)]
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        assert run(asked) == 0
    jax.config.update("jax_compilation_cache_dir", None)
    capsys.readouterr()
    page = (folder / "index.html").read_text()
    assert "data:image/svg+xml;base64," in page and 'src="descent.svg"' not in page
    assert "does not agree" not in page and "descent.parquet" in page
    assert (folder / "descent.svg").exists() and (folder / "descent.parquet").exists()
    with pytest.raises(ValueError, match="a folder of the amid paper"):
        from incentax.reproduction import AMID, reproduce

        reproduce(AMID, folder, only=["theorem2"], quick=True, say=print)


def test_figures_draw_the_same_bytes(tmp_path, flows):
    for name, table in {"descent": flows, "aggregative": LEARNT}.items():
        one, two = tmp_path / "one.svg", tmp_path / "two.svg"
        for path in (one, two):
            svg(SOCIAL.parts[name].draw, table)(path)
        assert one.read_bytes() == two.read_bytes() and b"</svg>" in one.read_bytes()
