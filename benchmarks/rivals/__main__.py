"""`python -m benchmarks.rivals`."""

from ..machine import no_options
from . import race

no_options(race.__doc__)
race.main()
