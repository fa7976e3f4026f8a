"""Pieces of a long computation, each kept as a file when it is done."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Pieces:
    """A folder of finished pieces; what is there is not made again.

    **Arguments:**

    - `folder`: made if missing.
    - `order`: what was asked for; a folder begun with another order is refused.
    - `say`: told the name of each piece before it is made.

    **Raises:** `ValueError` for a folder that holds something else.
    """

    folder: Path
    order: dict[str, Any]
    say: Callable[[str], None]

    def __post_init__(self):
        about = self.folder / "order.json"
        if about.is_file():
            begun = json.loads(about.read_text("utf-8"))
            if begun != self.order:
                raise ValueError(
                    f"expected the options that {self.folder} was begun with, got {self.order} "
                    f"instead of {begun}; choose another --out"
                )
            return
        if self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            raise ValueError(
                f"expected a new, empty or begun folder, got {self.folder} in use; choose "
                "another --out"
            )
        (self.folder / "pieces").mkdir(parents=True)
        about.write_text(json.dumps(self.order) + "\n", "utf-8")

    def has(self, names: Iterable[str]) -> bool:
        """Whether all these pieces are done."""
        return all((self.folder / "pieces" / f"{name}.json").is_file() for name in names)

    def once(self, name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The piece of that name: from its file, or made and kept."""
        path = self.folder / "pieces" / f"{name}.json"
        if not path.is_file():
            self.say(name)
            part = path.with_suffix(".part")
            part.write_text(json.dumps(make()) + "\n", "utf-8")
            # Whole or not at all: an interrupted piece is made again.
            part.replace(path)
        return json.loads(path.read_text("utf-8"))
