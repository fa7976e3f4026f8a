"""Where the command line prints, and the caches and versions it keeps."""

import os
import platform
import time
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jax
from rich.console import Console

from .._version import __version__

# People read standard error; standard output is for results, so that --json can be piped.
notes = Console(stderr=True, highlight=False)
results = Console(highlight=False)

_COMPILE_EVENTS = (
    "/jax/core/compile/jaxpr_trace_duration",
    "/jax/core/compile/jaxpr_to_mlir_module_duration",
    "/jax/core/compile/backend_compile_duration",
)


class CompileClock:
    """Counts the seconds that JAX spends tracing and compiling while this process runs."""

    def __init__(self):
        self.seconds = 0.0
        self.began = time.perf_counter()
        register: Any = jax.monitoring.register_event_duration_secs_listener
        register(self._listen)

    def _listen(self, event: str, duration: float, **_: Any) -> None:
        if event in _COMPILE_EVENTS:
            self.seconds += duration

    @property
    def elapsed(self) -> float:
        """Seconds since the clock was made."""
        return time.perf_counter() - self.began


def keep_compiled_programs() -> None:
    """Let JAX reuse what it compiled in earlier runs.

    Entries that cannot be read or written, or are damaged, are compiled anew.
    """
    folder = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    jax.config.update("jax_compilation_cache_dir", str(Path(folder) / "incentax" / "xla"))
    # Small programs are many: keeping them too is most of what makes the second start fast.
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    # Compiling anew is the remedy, and JAX does so by itself.
    warnings.filterwarnings("ignore", "Error (reading|writing) persistent compilation cache")


def versions() -> dict[str, str]:
    """The versions that a result depends on."""
    found = {"incentax": __version__, "python": platform.python_version()}
    for name in ("jax", "jaxlib", "equinox", "optax", "lineax", "numpy"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # pragma: no cover - a vendored dependency
            found[name] = "unknown"
    return found
