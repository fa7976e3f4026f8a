"""Writes the bundled data: `python -m incentax.users.generate.bundle FOLDER`."""

import json
import sys
from pathlib import Path

from ..domain import DOMAINS
from ..rule import RuleUsers
from .items import generate_catalogue
from .personas import generate_people

SEED = 20240607


def write_bundle(folder: Path) -> None:
    """Catalogues, personas and fitted cut-points of both domains, into a new or empty folder."""
    folder.mkdir(parents=True, exist_ok=True)
    cuts = {}
    for name in DOMAINS:
        catalogue = generate_catalogue(name, 1500, SEED)
        people = generate_people(catalogue, 600, SEED)
        catalogue.save(folder / name)
        people.save(folder / f"{name}_people.jsonl.gz")
        cuts[name] = [round(c, 4) for c in RuleUsers.fitted(catalogue, people, pairs=200_000).cuts]
    with open(folder / "rule_cuts.json", "x") as file:
        file.write(json.dumps(cuts) + "\n")


if __name__ == "__main__":
    write_bundle(Path(sys.argv[1]))
