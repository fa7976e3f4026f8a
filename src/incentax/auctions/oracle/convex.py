from collections.abc import Callable
from dataclasses import dataclass

_MAX_STEPS = 200


@dataclass(frozen=True)
class Minimum:
    """The least value found of a convex function of one number, and where."""

    value: float
    location: float


def minimise_convex(
    evaluate: Callable[[float], tuple[float, float]], *, guess: float, tolerance: float = 1e-11
) -> Minimum:
    """Minimum over [0, ∞) of a convex, piecewise linear function that is bounded below.

    Tangents at both ends of the bracket meet below the minimum; their intersection is the next
    point and the distance to it the remaining error, so the answer is exact up to `tolerance`.

    **Arguments:**

    - `evaluate`: returns the function's value and a slope there.
    - `guess`: a positive first point.

    >>> minimise_convex(lambda x: (abs(x - 0.3), 1.0 if x > 0.3 else -1.0), guess=1.0).location
    0.3

    Reference: J. E. Kelley (1960), The cutting-plane method for solving convex programs.
    """
    value, slope = evaluate(0.0)
    best = Minimum(value=value, location=0.0)
    if slope >= 0:
        return best
    left, left_value, left_slope = 0.0, value, slope
    right = guess
    right_value, right_slope = evaluate(right)
    while right_slope < 0:
        left, left_value, left_slope = right, right_value, right_slope
        right = 2 * right
        right_value, right_slope = evaluate(right)
    for _ in range(_MAX_STEPS):
        best = min(
            (best, Minimum(left_value, left), Minimum(right_value, right)), key=lambda m: m.value
        )
        crossing = (right_value - left_value + left_slope * left - right_slope * right) / (
            left_slope - right_slope
        )
        bound = left_value + left_slope * (crossing - left)
        if best.value - bound <= tolerance or not left < crossing < right:
            return best
        value, slope = evaluate(crossing)
        if slope < 0:
            left, left_value, left_slope = crossing, value, slope
        else:
            right, right_value, right_slope = crossing, value, slope
    return best
