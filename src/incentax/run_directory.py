"""A run directory: all that a design leaves behind, each file whole or not there at all."""

import hashlib
import io
import json
import math
import os
import tempfile
import time
from pathlib import Path
from typing import Any, final

import equinox as eqx
import numpy as np
from safetensors.numpy import load_file, save

from ._later import polars as pl
from ._types import Mechanism
from .progress import DesignState, StepRecord

FORMAT = 1
_WHOLE = ("step",)


@final
class RunDirectory:
    """The files of one run. Opening one that is foreign or broken is a `ValueError`.

    `config.json` says what was asked, `checkpoint/state.eqx` where the design is, and, once it
    has ended, `result.json`, `history.parquet`, `response.safetensors` and `mechanism.eqx` what
    came of it. Files appear whole or not at all.
    """

    def __init__(self, path: Path):
        self.path = path

    @classmethod
    def create(cls, path: Path, config: dict[str, Any]) -> "RunDirectory":
        """A new run directory; a path that holds anything is refused."""
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise ValueError(
                f"expected a new or empty folder, got {path}, which holds something; try --resume "
                "to go on with it, or another --out"
            )
        try:
            path.mkdir(parents=True, exist_ok=True)
            run = cls(path)
            run._write("config.json", _json({"format": FORMAT} | config))
        except OSError as error:
            raise ValueError(
                f"expected a folder that can be written, got {path} ({error.strerror}); try "
                "another --out"
            ) from error
        return run

    @classmethod
    def open(cls, path: Path) -> "RunDirectory":
        """An existing run directory."""
        if not path.is_dir():
            raise ValueError(f"expected a run directory, got no folder at {path}; check the path")
        run = cls(path)
        config = run.config
        if config.get("format") != FORMAT:
            raise ValueError(
                f"expected a run of format {FORMAT}, got {config.get('format')} in {path}; use the "
                "version of incentax that wrote it"
            )
        return run

    @property
    def config(self) -> dict[str, Any]:
        """What was asked."""
        return self._read_json("config.json")

    @property
    def result(self) -> dict[str, Any]:
        """What came of it; `ValueError` before the run has ended."""
        return self._read_json("result.json")

    @property
    def finished(self) -> bool:
        """Whether the design ran to its last step."""
        return (self.path / "result.json").exists() and not self.result.get("resumable", False)

    @property
    def begun(self) -> bool:
        """Whether there is a checkpoint to go on from."""
        return (self.path / "checkpoint" / "state.eqx").exists()

    def save_checkpoint(self, state: DesignState, history: list[StepRecord]) -> None:
        """Replace the checkpoint by this one, and the history by its own."""
        header = json.dumps({"format": FORMAT, "history": [list(r) for r in history]})
        body = _leaves(state)
        digest = hashlib.sha256(body).hexdigest()
        first = header.encode() + b"\n" + digest.encode() + b"\n"
        (self.path / "checkpoint").mkdir(exist_ok=True)
        self._write("checkpoint/state.eqx", first + body)
        self._save_history(history)

    def load_checkpoint(self, like: DesignState) -> tuple[DesignState, list[StepRecord]] | None:
        """The last checkpoint, or None where there is none yet; `like` gives the shapes."""
        if not self.begun:
            return None
        file = self.path / "checkpoint" / "state.eqx"
        try:
            header, digest, body = file.read_bytes().split(b"\n", 2)
            if hashlib.sha256(body).hexdigest() != digest.decode():
                raise ValueError("checksum")
            history = [StepRecord(*row) for row in json.loads(header)["history"]]
            return eqx.tree_deserialise_leaves(io.BytesIO(body), like), history
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, EOFError) as error:
            raise ValueError(
                f"expected a whole checkpoint in {file}, got one that is damaged or of another "
                "problem; start again with another --out"
            ) from error

    def save_outcome(
        self,
        result: dict[str, Any],
        history: list[StepRecord],
        arrays: dict[str, np.ndarray],
        mechanism: Mechanism,
    ) -> None:
        """Write what came of the design; `result.json` last, since it says that all is there."""
        self._save_history(history)
        contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        self._write("response.safetensors", save(contiguous))
        self._write("mechanism.eqx", _leaves(mechanism))
        self._write("result.json", _json(result))

    def save_simulation(self, record: dict[str, Any]) -> None:
        """Keep what the mechanism came to among finitely many agents, one file per number."""
        self._write(f"simulation-{record['agents']}.json", _json(record))

    def load_mechanism(self, like: Mechanism) -> Mechanism:
        """The designed mechanism; `like` gives the shapes, `ValueError` where they differ."""
        file = self.path / "mechanism.eqx"
        if not file.exists():
            raise ValueError(
                f"expected a designed mechanism in {self.path}, got none yet; finish the run with "
                "--resume"
            )
        try:
            return eqx.tree_deserialise_leaves(file, like)
        except (ValueError, TypeError, RuntimeError, EOFError) as error:
            raise ValueError(
                f"expected a mechanism for this grid in {file}, got another or a damaged one; "
                "design it again for this problem"
            ) from error

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays of the response before and after."""
        return load_file(self.path / "response.safetensors")

    def _save_history(self, history: list[StepRecord]) -> None:
        try:
            kinds = {n: pl.Int64 if n in _WHOLE else pl.Float64 for n in StepRecord._fields}
            table = pl.DataFrame([list(r) for r in history], schema=kinds, orient="row")
            with io.BytesIO() as buffer:
                table.write_parquet(buffer)
                self._write("history.parquet", buffer.getvalue())
        except KeyboardInterrupt:
            # polars answers Ctrl-C by itself, and Python does so again at the next call it makes:
            # make that call here, so that whoever stops cleanly is not interrupted twice.
            time.sleep(0)
            raise

    def _read_json(self, name: str) -> dict[str, Any]:
        file = self.path / name
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise ValueError(
                f"expected {name} in {self.path}, got none; name a folder that `incentax design` "
                "wrote"
            ) from error
        except (OSError, ValueError) as error:
            raise ValueError(
                f"expected readable JSON in {file}, got something else; restore the file or run "
                "the design again"
            ) from error
        if not isinstance(content, dict):
            raise ValueError(f"expected a JSON object in {file}, got something else; restore it")
        return content

    def _write(self, name: str, content: bytes) -> None:
        target = self.path / name
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def _leaves(tree: Any) -> bytes:
    with io.BytesIO() as buffer:
        eqx.tree_serialise_leaves(buffer, tree)
        return buffer.getvalue()


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(_finite(content), indent=2, ensure_ascii=False) + "\n").encode()


def _finite(content: Any) -> Any:
    # JSON has no NaN: what is not known is null.
    if isinstance(content, dict):
        return {name: _finite(entry) for name, entry in content.items()}
    if isinstance(content, (list, tuple)):
        return [_finite(entry) for entry in content]
    if isinstance(content, float) and not math.isfinite(content):
        return None
    return content
