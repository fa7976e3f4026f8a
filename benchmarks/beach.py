"""The beach bar at both price caps: congestion, flatness, exploitability throughout.

python -m benchmarks.beach
"""

import json
import subprocess
import sys
import tempfile

import numpy as np
import polars as pl
from safetensors.numpy import load_file

from .machine import no_options, publish


def measure(name: str) -> dict[str, float]:
    """One design, by its own run directory."""
    with tempfile.TemporaryDirectory() as folder:
        run = f"{folder}/run"
        command = [sys.executable, "-m", "incentax", "design", name, "--json", "--out", run]
        result = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        history = pl.read_parquet(f"{run}/history.parquet")
        arrays = load_file(f"{run}/response.safetensors")
    crowd = {stage: arrays[f"{stage}/flow"].sum(axis=-1) for stage in ("before", "after")}
    return {
        "problem": name,
        "congestion, free": result["baselines"]["no_price"],
        "congestion, designed": result["value"],
        "largest crowd, free": float(crowd["before"].max()),
        "largest crowd, designed": float(crowd["after"].max()),
        "spread, designed": float(np.std(crowd["after"], axis=1).mean()),
        "exploitability, worst step": float(history["exploitability"].max()),
        "exploitability, final": result["exploitability"],
    }


def main() -> None:
    """Print and keep the table."""
    rows = [measure(name) for name in ("beach-bar", "beach-bar-high")]
    publish("beach", "Priced spots at the beach bar", rows)


if __name__ == "__main__":
    no_options(__doc__)
    main()
