"""Run by test_gather.py: a sweep on a local cluster where one task raises and another dies."""

import json
import os
import sys
from pathlib import Path

import incentax as ix
from incentax.order import Order
from incentax.sweep import Cell, RayCluster, SweepFolder, gather

RESULT = {"exploitability": 0.0, "seconds": 0.0, "steps": 1, "status": "done"}


def work(order, path):
    tried = path.parent.parent / f"tried-{order.seed}"
    if order.seed and not tried.exists():
        tried.touch()
        if order.seed == 1:
            raise RuntimeError("out of luck")
        os._exit(1)
    path.mkdir(parents=True, exist_ok=True)
    (path / "config.json").write_text(json.dumps({"format": 1} | order.config()))
    (path / "result.json").write_text(json.dumps(RESULT | {"value": float(order.seed)}))


if __name__ == "__main__":
    problem, said = ix.problems["left-right"], []
    orders = {
        Cell((), seed): Order(problem, "hypergradient", "implicit", 1, seed) for seed in range(3)
    }
    folder = SweepFolder(Path(sys.argv[1]) / "sweep", "left-right")
    with RayCluster("local") as crew:
        rows, failures = gather(orders, folder, crew, work, say=said.append)
    values = [row["value"] for row in rows]
    print(json.dumps({"values": values, "failures": failures, "said": said}))
