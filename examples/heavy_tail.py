"""Bidders from a file: 50,000 heavy-tailed valuations, designed on one half, judged on the other.

Run it:  python examples/heavy_tail.py [FOLDER]
"""

import sys
from pathlib import Path

import numpy as np
import polars as pl

from incentax.cli.main import run


def main(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    valuations = np.random.default_rng(0).pareto(2.5, size=50_000) * 10
    file = folder / "valuations.csv"
    pl.DataFrame({"bidder": np.arange(50_000), "value": valuations}).write_csv(file)
    print(f"50,000 valuations in {file}: median {np.median(valuations):.2f}", end=", ")
    print(f"largest {valuations.max():.0f}")
    return run(
        ["design", "a1", "--values", str(file), "--column", "value", "--out", str(folder / "run")]
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/heavy-tail")))
