"""Conformance checks a back end of one's own can be held to."""

import numpy as np

from .query import AbstractRater, ask
from .world import World


def check_rater(rater: AbstractRater, world: World, *, num: int = 40, seed: int = 0) -> None:
    """Return if a rater keeps the contract on some questions of a world.

    Checked: shapes; probabilities that sum to one where valid and are NaN where not; equal answers
    to equal questions, whatever else is in the batch and in whatever order; an identity that does
    not change; an empty batch.

    **Raises:** `AssertionError` with what was expected and what was found.
    """
    rng = np.random.default_rng(seed)
    asked = ask(
        world.people,
        world.catalogue,
        rng.integers(len(world.people), size=num),
        rng.integers(len(world.catalogue), size=num),
        scale=world.rating_scale,
        history_item=rng.integers(-1, len(world.catalogue), size=(num, 3)),
        history_rating=rng.choice(world.rating_scale.array, size=(num, 3)),
    )
    name = rater.identity
    first = rater.react(asked)
    expected = (num, world.rating_scale.num_levels)
    assert first.probability.shape == expected, (
        f"expected probabilities of shape {expected}, found {first.probability.shape}"
    )
    for field in ("valid", "residual", "hard", "cached", "tokens"):
        found = getattr(first, field).shape
        assert found == (num,), f"expected {field} of shape {(num,)}, found {found}"
    sums = first.probability[first.valid].sum(1)
    assert np.allclose(sums, 1.0, atol=1e-6), f"expected rows that sum to 1, found {sums}"
    assert (first.probability[first.valid] >= 0).all(), "expected probabilities of at least 0"
    assert np.isnan(first.probability[~first.valid]).all(), "expected NaN where invalid"
    order = rng.permutation(num)[: num // 2]
    again = rater.react(asked.rows(order))
    assert np.allclose(again.probability, first.probability[order], atol=1e-6, equal_nan=True), (
        "expected equal answers to equal questions in another batch, found different ones"
    )
    assert rater.identity == name, f"expected the identity {name!r}, found {rater.identity!r}"
    assert len(rater.react(asked.rows(np.zeros(0, int)))) == 0, "expected no answers"
