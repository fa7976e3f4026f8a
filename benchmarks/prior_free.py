"""A3: one mechanism for all games, against first price on 100 games it never saw.

python -m benchmarks.prior_free
"""

import json
import subprocess
import sys
import tempfile

from .machine import no_options, publish


def main() -> None:
    """Print and keep the table."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "incentax",
            "design",
            "a3",
            "--json",
            "--out",
            f"{folder}/run",
        ]
        finished = subprocess.run(command, capture_output=True, check=True)
    result = json.loads(finished.stdout)
    rows = [row | {"seconds in all": result["seconds"]} for row in result["held_out"]["rows"]]
    publish("prior_free", "incentax design a3, 100 fresh games, 95 % intervals", rows)


if __name__ == "__main__":
    no_options(__doc__)
    main()
