"""A run directory, read and validated once: everything else in this room trusts what it gets."""

import json
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

FORMAT = 1
STAGES = ("before", "after")

# What a value must be, in the words of the error message.
_TEXT = ("a text", lambda x: isinstance(x, str))
_NUMBER = ("a number", lambda x: isinstance(x, Real) and not isinstance(x, bool))
_WHOLE = ("a whole number", lambda x: isinstance(x, int) and not isinstance(x, bool))
_FLAG = ("true or false", lambda x: isinstance(x, bool))
_RECORD = ("an object", lambda x: isinstance(x, dict))
_RECORDS = ("a list of objects", lambda x: isinstance(x, list) and all(map(_RECORD[1], x)))
_TEXTS = ("a list of texts", lambda x: isinstance(x, list) and all(map(_TEXT[1], x)))
_NUMBERS = (
    "an object of numbers",
    lambda x: isinstance(x, dict) and all(v is None or _NUMBER[1](v) for v in x.values()),
)
_SENSE = ("'maximize' or 'minimize'", lambda x: x in ("maximize", "minimize"))

# key: (what it must be, whether it must be there at all). Null stands for "not known" elsewhere.
_CONFIG = {
    "problem": (_TEXT, True),
    "objective": (_TEXT, True),
    "sense": (_SENSE, True),
    "title": (_TEXT, False),
    "summary": (_TEXT, False),
    "source": (_TEXT, False),
    "kind": (_TEXT, False),
    "rule": (_TEXT, False),
    "adjoint": (_TEXT, False),
    "steps": (_WHOLE, False),
    "seconds": (_NUMBER, False),
    "seed": (_WHOLE, False),
    "settings": (_RECORD, False),
    "citations": (_TEXTS, False),
    "values": (_RECORD, False),
}
_RESULT = {
    "problem": (_TEXT, True),
    "objective": (_TEXT, True),
    "sense": (_SENSE, True),
    "value": (_NUMBER, False),
    "baselines": (_NUMBERS, False),
    "cap": (_NUMBER, False),
    "oracles": (_RECORD, False),
    "slow_oracles": (_TEXTS, False),
    "exploitability": (_NUMBER, False),
    "residual": (_NUMBER, False),
    "steps": (_WHOLE, False),
    "seconds": (_NUMBER, False),
    "compile_seconds": (_NUMBER, False),
    "seed": (_WHOLE, False),
    "status": (_TEXT, False),
    "rule": (_TEXT, False),
    "adjoint": (_TEXT, False),
    "versions": (_RECORD, False),
    "certificate": (_RECORDS, False),
    "held_out": (_RECORD, False),
}
_CHECK = {
    "name": (_TEXT, True),
    "value": (_NUMBER, False),
    "bound": (_NUMBER, False),
    "holds": (_FLAG, False),
    "meaning": (_TEXT, False),
}
_HELD_OUT = {"rows": (_RECORDS, True), "baselines": (_NUMBERS, False)}
_HELD_OUT |= dict.fromkeys(("confidence", "value", "cap"), (_NUMBER, False))
_HELD_OUT |= dict.fromkeys(("count", "settled"), (_WHOLE, False))
_HELD_OUT_ROW = {"mechanism": (_TEXT, True), "revenue": (_NUMBER, True)}
_HELD_OUT_ROW |= dict.fromkeys(("low", "high"), (_NUMBER, False))
# Axes of each array by kind of problem; one letter, one size. Z: every value, and "out".
_AXES = {
    "auction": {
        "values": "S",
        "bids": "A",
        "flow": "HZA",
        "supply": "H",
        "sold": "H",
        "remaining": "H",
        "payment": "HA",
        "win_probability": "HA",
    },
    "game": {"flow": "HSA"},
}


@dataclass(frozen=True)
class Run:
    """What one run directory holds. `result` is `None` where the run ended before writing one."""

    directory: Path
    config: dict[str, Any]
    result: dict[str, Any] | None
    history: dict[str, NDArray[np.float64]]  # each [steps]; NaN where a column has no number
    response: dict[str, NDArray[np.float64]]

    @property
    def steps_done(self) -> int | None:
        """How many design steps were made; `None` where that is not known."""
        if self.result is not None:
            return self.result["steps"]
        return self.history["step"].size if self.history else None

    def array(self, name: str) -> NDArray[np.float64]:
        """The array `name` of the response, or of the history as `history/<column>`."""
        column = name.removeprefix("history/")
        return self.response[name] if column == name else self.history[column]

    @property
    def arrays(self) -> frozenset[str]:
        """Names of the arrays that can be drawn.

        A history may have gaps; a response with a hole in it is the trace of a solve that failed.
        """
        columns = {f"history/{name}" for name, x in self.history.items() if np.isfinite(x).any()}
        return frozenset(columns) | {
            name for name, x in self.response.items() if x.size and np.isfinite(x).all()
        }

    def stages(self, quantity: str) -> list[str]:
        """Those of `before`, `after` for which `quantity` is known, in that order."""
        return [stage for stage in STAGES if f"{stage}/{quantity}" in self.arrays]


def read_run(directory: Path | str) -> Run:
    """The run in `directory`, validated; nothing is written.

    Only `config.json` must be there: a run that was interrupted has no result, one that only
    solved has no history.

    **Raises:** `ValueError` with one sentence for a directory that is missing, foreign or corrupt.
    """
    directory = Path(directory)
    if not directory.is_dir():
        raise ValueError(
            f"expected a run directory, got {str(directory)!r}, which is "
            f"{'a file' if directory.exists() else 'not there'}; "
            "try a directory that `incentax design --out` wrote"
        )
    config = _read_json(directory / "config.json")
    if config is None:
        raise ValueError(
            f"expected a run directory, got {str(directory)!r} without config.json; "
            "try a directory that `incentax design --out` wrote"
        )
    if config.get("format") != FORMAT:
        raise ValueError(
            f"expected a run directory of format {FORMAT}, got format {config.get('format')!r} in "
            f"{str(directory / 'config.json')!r}; try the version of incentax that wrote it"
        )
    config = _checked(config, _CONFIG, directory / "config.json")
    result = _read_json(directory / "result.json")
    if result is not None:
        result = _checked_result(result, directory / "result.json")
        if result["problem"] != config["problem"]:
            raise ValueError(
                f"expected a result of problem {config['problem']!r}, got one of "
                f"{result['problem']!r} in {str(directory)!r}; try to design it again in an empty "
                "directory"
            )
    history = _read_history(directory / "history.parquet")
    response = _read_response(directory / "response.safetensors", config["kind"])
    return Run(directory, config, result, history, response)


def _checked_result(result: dict[str, Any], path: Path) -> dict[str, Any]:
    result = _checked(result, _RESULT, path)
    result["certificate"] = [_checked(row, _CHECK, path) for row in result["certificate"] or []]
    if result["held_out"] is not None:
        held_out = _checked(result["held_out"], _HELD_OUT, path)
        held_out["rows"] = [_checked(row, _HELD_OUT_ROW, path) for row in held_out["rows"]]
        result["held_out"] = held_out
    return result


def _checked(record: dict[str, Any], schema: dict[str, Any], path: Path) -> dict[str, Any]:
    """`record` with every key of `schema` present, `None` where it was left out."""
    for key, ((expected, accepts), required) in schema.items():
        value = record.get(key)
        if (value is None and required) or (value is not None and not accepts(value)):
            raise ValueError(
                f"expected {key!r} in {str(path)!r} to be {expected}, got {_shown(value)}; "
                "try to run it again, the file is not one that incentax wrote"
            )
    return dict.fromkeys(schema) | record


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise _corrupt(path, "a JSON file", error) from None
    if not isinstance(record, dict):
        raise _corrupt(path, "a JSON object", f"a {type(record).__name__}")
    return _printable(record)


def _printable(value: Any) -> Any:
    """`value` without control characters: they drive terminals, and no page may hold them."""
    if isinstance(value, str):
        return "".join(c for c in value if c in "\n\t" or c.isprintable())
    if isinstance(value, list):
        return [_printable(item) for item in value]
    if isinstance(value, dict):
        return {_printable(key): _printable(item) for key, item in value.items()}
    return value


def _read_history(path: Path) -> dict[str, NDArray[np.float64]]:
    if not path.exists():
        return {}
    import polars as pl  # here: it takes a tenth of a second, and a design begins without a report

    try:
        frame = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise _corrupt(path, "a Parquet file", error) from None
    words = [
        name for name, kind in frame.schema.items() if not (kind.is_numeric() or kind == pl.Null)
    ]
    if words or (frame.height and "step" not in frame.columns):
        got = f"column {words[0]!r} of {frame.schema[words[0]]}" if words else "no column 'step'"
        raise _corrupt(path, "columns of numbers, one named 'step',", got)
    return {
        name: frame[name].cast(pl.Float64).fill_null(float("nan")).to_numpy().copy()
        for name in frame.columns
    }


def _read_response(path: Path, kind: str | None) -> dict[str, NDArray[np.float64]]:
    if not path.exists():
        return {}
    try:
        arrays = load_file(path)
    except (OSError, SafetensorError, KeyError, TypeError) as error:
        raise _corrupt(path, "a safetensors file of NumPy arrays", error) from None
    arrays = {name: np.asarray(x, dtype=np.float64) for name, x in arrays.items()}
    sizes: dict[str, int] = {}
    for quantity, axes in _AXES.get(kind or "", {}).items():
        for name in (quantity, *(f"{stage}/{quantity}" for stage in STAGES)):
            if name in arrays:
                _check_axes(name, arrays[name].shape, axes, sizes, path)
    if kind == "game" and sizes:
        _check_price(arrays, sizes, path)
    return arrays


def _check_axes(
    name: str, shape: tuple[int, ...], axes: str, sizes: dict[str, int], path: Path
) -> None:
    """Compare `shape` with the `sizes` known so far, and add to them what it tells."""
    if len(shape) == len(axes):
        for axis, size in zip(axes, shape, strict=True):
            sizes.setdefault(axis, sizes["S"] + 1 if axis == "Z" and "S" in sizes else size)
    expected = ", ".join(str(sizes.get(axis, "any")) for axis in axes)
    if len(shape) != len(axes) or shape != tuple(sizes[axis] for axis in axes):
        raise _corrupt(path, f"{name!r} of shape ({expected})", shape)


def _check_price(arrays: dict[str, NDArray[np.float64]], sizes: dict[str, int], path: Path) -> None:
    rounds, states, actions = (sizes[axis] for axis in "HSA")
    fits = {(states,), (actions,), (rounds, states), (rounds, states, actions)}
    for stage in STAGES:
        price = arrays.get(f"{stage}/price")
        if price is not None and price.shape not in fits:
            expected = f"'{stage}/price' with axes of its flow ({rounds}, {states}, {actions})"
            raise _corrupt(path, expected, price.shape)


def _corrupt(path: Path, expected: str, got: object) -> ValueError:
    reason = " ".join(str(got).split())
    return ValueError(
        f"expected {expected} in {str(path)!r}, got {_short(reason)}; "
        "try to run it again, the file is damaged or foreign"
    )


def _short(text: str) -> str:
    return text if len(text) <= 120 else text[:117] + "..."
