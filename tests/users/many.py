"""n distinct questions about bundled people and movies."""

import numpy as np

from incentax.users.bundled import bundled_catalogue, bundled_people
from incentax.users.query import ask


def queries(count, start=0):
    """Questions start..start+count, no pair twice."""
    k = np.arange(start, start + count)
    return ask(bundled_people("movies"), bundled_catalogue("movies"), k % 600, (k // 600) % 1500)
