"""Compose benchmarks/README.md from the results on disk, so that no figure is copied by hand.

python -m benchmarks.readme
"""

import json
from pathlib import Path
from typing import Any

from .kept import code
from .machine import ACCELERATORS, RESULTS, no_options

ORDER = (
    "a1",
    "time_to_value_summary",
    "time_to_value",
    "baselines",
    "time_to_value_a2_summary",
    "time_to_value_a2",
    "time_to_value_a3_summary",
    "time_to_value_a3",
    "time_to_value_a7_summary",
    "time_to_value_a7",
    "time_to_value_a8_summary",
    "time_to_value_a8",
    "prior_free",
    "robust",
    "beach",
    "gradient",
    "batches",
    "left_out",
    "left_out_step",
    "table2",
    "table2_long",
    "memory",
    "rivals_mfglib",
    "rivals_open_spiel",
    "growth_grid",
    "growth_rounds",
    "growth_steps",
    "growth_agents",
    "social_crowd",
    "social_roads",
    "social_roads_growth",
    "start",
    "devices",
)
HEAD = """# Measured figures

`python -m benchmarks` measures most of what follows; `robust` (100 seeds a setting), `baselines`
(rivals in the same time), `clearing` and `users_*` take hours and are commands of their own,
`python -m benchmarks.NAME`. `python -m benchmarks.readme` writes this page from
`benchmarks/results/`. The first lines of each benchmark say what its times are of: whole processes,
single designs, or medians of repeated calls. Machines differ, so compare figures of one table only.
`code` under a table is a digest of the package without its comments and docstrings.
"""


def table(rows: list[dict[str, Any]]) -> str:
    """A Markdown table."""
    heads = [head.replace("|", "\\|") for head in rows[0]]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for row in rows:
        cells = (
            f"{v:.4g}" if isinstance(v, float) else str(v).replace("|", "\\|") for v in row.values()
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def page(results: Path) -> str:
    """All tables of a folder, those of an accelerator after the same ones of a CPU."""
    parts = [HEAD]
    known = {path.stem: path for path in results.glob("*.json")}
    first = [name for stem in ORDER for name in (stem, *(f"{stem}_{a}" for a in ACCELERATORS))]
    for name in (*first, *sorted(set(known) - set(first))):
        if name not in known:
            continue
        record = json.loads(known[name].read_text())
        if not {"title", "conditions", "rows"} <= set(record):
            continue
        where = ", ".join(f"{k} {v}" for k, v in record["conditions"].items())
        if record["conditions"].get("code") != code():
            where += " (measured with earlier code)"
        parts.append(f"## {record['title']}\n\n{table(record['rows'])}\n\n{where}.\n")
    return "\n".join(parts)


def main() -> None:
    """Write the page."""
    (Path(__file__).parent / "README.md").write_text(page(RESULTS))


if __name__ == "__main__":
    no_options(__doc__)
    main()
