"""How long a start takes: imports, the help page, and the first progress line of a design.

python -m benchmarks.start
"""

import os
import subprocess
import sys
import tempfile
import time
from statistics import median

from .machine import no_options, publish

RUNS = 5


def seconds(*words: str) -> float:
    """Median of whole processes after one that warms the disk."""
    found = []
    for _ in range(RUNS + 1):
        began = time.perf_counter()
        subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
        found.append(time.perf_counter() - began)
    return median(found[1:])


def first_line(cache: str) -> float:
    """Seconds until `incentax design a1` reports its first step; the design is then ended."""
    # Without a terminal, a line comes every tenth of the steps: with ten of them, after the first.
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "incentax", "design", "a1", "--steps", "10"]
        began = time.perf_counter()
        process = subprocess.Popen(
            [*command, "--out", f"{folder}/run"],
            env=os.environ | {"XDG_CACHE_HOME": cache},
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("step"):
                taken = time.perf_counter() - began
                process.kill()
                process.wait()
                return taken
    raise SystemExit("expected a line for the first step, got none")


def main() -> None:
    """Print and keep the table."""
    with tempfile.TemporaryDirectory() as cache:
        cold = first_line(cache)
        warm = median(first_line(cache) for _ in range(RUNS))
    jax = seconds("-c", "import jax")
    rows = [
        ("import jax", jax),
        ("import incentax", seconds("-c", "import incentax")),
        ("import incentax; incentax.design", seconds("-c", "import incentax; incentax.design")),
        ("incentax --help", seconds("-m", "incentax", "--help")),
        ("incentax design a1, first step, warm cache", warm),
        ("incentax design a1, first step, cold cache", cold),
    ]
    publish(
        "start",
        "Seconds to start",
        [{"what": what, "seconds": taken, "of import jax": taken / jax} for what, taken in rows],
    )


if __name__ == "__main__":
    no_options(__doc__)
    main()
