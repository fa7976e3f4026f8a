"""The main job: `incentax design a1 --json`, five seeds, each a whole process with a cold cache.

python -m benchmarks.a1
"""

import json
import os
import subprocess
import sys
import tempfile

from .machine import no_options, publish

SEEDS = range(5)


def measure(seed: int) -> dict[str, float]:
    """The command's own account of one seed."""
    with tempfile.TemporaryDirectory() as folder:
        # A private cache folder: every run compiles everything.
        environment = os.environ | {"XDG_CACHE_HOME": folder}
        command = [sys.executable, "-m", "incentax", "design", "a1", "--json"]
        command += ["--seed", str(seed), "--out", f"{folder}/run"]
        finished = subprocess.run(command, capture_output=True, check=True, env=environment)
    result = json.loads(finished.stdout)
    return {
        "seed": seed,
        "value": result["value"],
        "cap": result["cap"],
        "first_price": result["baselines"]["first_price"],
        "exploitability": result["exploitability"],
        "seconds after compilation": result["seconds"] - result["compile_seconds"],
        "seconds in all": result["seconds"],
    }


def main() -> None:
    """Print and keep the table."""
    publish("a1", "incentax design a1, five seeds", [measure(seed) for seed in SEEDS])


if __name__ == "__main__":
    no_options(__doc__)
    main()
