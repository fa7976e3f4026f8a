"""Run the benchmarks: some four hours on two cores; each can be run alone."""

from collections.abc import Callable

from . import (
    a1,
    batches,
    beach,
    devices,
    gradient,
    growth,
    left_out,
    memory,
    prior_free,
    readme,
    rivals,
    social,
    start,
    table2,
    time_to_value,
)
from .machine import no_options

EVERY: tuple[Callable[[], object], ...] = (
    rivals.main,
    growth.main,
    start.main,
    gradient.main,
    batches.main,
    left_out.main,
    memory.main,
    table2.main,
    lambda: table2.main("--horizons 100 500 --repeats 1 --name table2_long".split()),
    a1.main,
    lambda: time_to_value.main("--seeds 10 --seconds 15".split()),
    lambda: time_to_value.main("--problems a2 a3 a7 --seeds 5 --seconds 10".split()),
    lambda: time_to_value.main("--problems a8 --seeds 5 --seconds 30".split()),
    beach.main,
    prior_free.main,
    social.main,
    devices.main,
    readme.main,
)
no_options(__doc__)
for run in EVERY:
    run()
