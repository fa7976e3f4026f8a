"""A prompt template read from a TOML file; adding one needs no Python."""

import hashlib
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

BLOCKS = ("persona", "history", "item")


@dataclass(frozen=True)
class Line:
    """One line of a block, shown if its feature is on and every value it names is known."""

    block: str
    feature: str
    third: str
    second: str


@dataclass(frozen=True)
class Exemplar:
    """A worked example; ratings are shares of the way from worst to best, stated by the scale."""

    pronoun: str
    noun: str
    persona: str
    history: tuple[tuple[str, float], ...]
    item: str
    rating: float
    reason: str


@dataclass(frozen=True)
class Template:
    """A prompt template; `hash` covers every byte of its file."""

    id: str
    version: str
    language: str
    domain: str
    scales: tuple[str, ...]
    max_words: int
    system: str
    question: str
    question_second: str
    prefix: str
    reply_only: str
    stricter: str
    explain: str
    choose: str
    lines: tuple[Line, ...]
    exemplars: tuple[Exemplar, ...]
    hash: str

    @property
    def features(self) -> tuple[str, ...]:
        """The features that can be switched off, in order."""
        return tuple(dict.fromkeys(line.feature for line in self.lines))


def load_template(path: Path | str) -> Template:
    """The template in a TOML file.

    **Raises:** `ValueError` for a missing file, a missing key or an unknown block.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(
            f"expected a template file, got {path} which does not exist; try one of "
            f"{', '.join(template_names())}"
        )
    raw = path.read_bytes()
    try:
        table = tomllib.loads(raw.decode("utf-8"))
        lines = tuple(
            Line(e["block"], e["feature"], e["third"], e.get("second", e["third"]))
            for e in table.pop("line")
        )
        exemplars = tuple(
            Exemplar(
                e["pronoun"],
                e["noun"],
                e["persona"],
                tuple((title, float(share)) for title, share in e["history"]),
                e["item"],
                float(e["rating"]),
                e["reason"],
            )
            for e in table.pop("exemplar", [])
        )
        table["scales"] = tuple(table["scales"])
        table["system"] = table["system"].strip()
        template = Template(
            **table,
            lines=lines,
            exemplars=exemplars,
            hash=hashlib.sha256(raw).hexdigest()[:16],
        )
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise ValueError(
            f"expected a prompt template in {path.name}, got {type(error).__name__}: {error}; "
            "try copying a bundled template"
        ) from error
    wrong = sorted({line.block for line in lines} - set(BLOCKS))
    if wrong:
        raise ValueError(
            f"expected blocks among {', '.join(BLOCKS)} in {path.name}, got {wrong[0]!r}; "
            "try persona"
        )
    return template


def _folder() -> Path:
    return Path(str(resources.files("incentax.users").joinpath("data", "prompts")))


def template_names() -> tuple[str, ...]:
    """Names of the bundled templates."""
    return tuple(sorted(path.stem for path in _folder().glob("*.toml")))


@lru_cache(maxsize=32)
def find_template(name: str) -> Template:
    """The bundled template called `name`, or the one in the file `name`.

    **Raises:** `ValueError` listing the bundled names.

    >>> find_template("movies-compact").domain
    'movies'
    """
    if name in template_names():
        return load_template(_folder() / f"{name}.toml")
    return load_template(name)
