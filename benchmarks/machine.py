"""Where and when a figure was measured, and how figures are printed and kept."""

import argparse
import datetime
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
from rich.console import Console
from rich.table import Table

from .kept import code

RESULTS = Path(__file__).parent / "results"
# Kinds of devices whose figures are kept beside those of the CPU.
ACCELERATORS = ("gpu", "tpu")


def conditions() -> dict[str, Any]:
    """Device, cores, versions, date, and a short digest of the package's code."""
    return {
        "device": jax.devices()[0].device_kind,
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "python": platform.python_version(),
        "jax": version("jax"),
        "incentax": version("incentax"),
        "date": datetime.date.today().isoformat(),
        "code": code(),
    }


def publish(name: str, title: str, rows: list[dict[str, Any]]) -> None:
    """Print rows as a table and keep them as JSON beside the conditions.

    Figures of an accelerator have a file of their own, `NAME_gpu.json`, and replace none of a CPU.
    """
    device = jax.devices()[0]
    if device.platform in ACCELERATORS:
        name, title = "_".join((name, device.platform)), f"{title}, on {device.device_kind}"
    table = Table(title=title, title_justify="left", box=None)
    for head in rows[0]:
        table.add_column(head, justify="right")
    for row in rows:
        table.add_row(*(_show(value) for value in row.values()))
    Console(width=120).print(table)
    RESULTS.mkdir(exist_ok=True)
    record = {"title": title, "conditions": conditions(), "rows": rows}
    (RESULTS / f"{name}.json").write_text(json.dumps(record, indent=2) + "\n")


def no_options(doc: str | None) -> None:
    """Answer `--help` with a module's documentation, and refuse anything else on its line."""
    raw = argparse.RawDescriptionHelpFormatter
    argparse.ArgumentParser(description=doc, formatter_class=raw).parse_args()


def _show(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
