"""Who does the work of a sweep: this process, or the machines of a Ray cluster."""

import contextlib
import io
import os
import socket
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, final

# What one task does: its order, and the run directory to leave behind.
Work = Callable[[Any, Path], None]
# The name of a task, and why it failed or the files it left, by their path in the run directory.
Report = tuple[str, Exception | dict[str, bytes]]
# Whether a task whose failure was reported just now is to be done once more.
Again = Callable[[str], bool]


class AbstractCrew(ABC):
    """Does independent tasks and reports each as it ends. Use it in a `with` block."""

    def __enter__(self) -> "AbstractCrew":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    @abstractmethod
    def work(
        self, work: Work, tasks: Mapping[str, tuple[Any, Path]], again: Again
    ) -> Iterator[Report]:
        """The reports of all tasks, in the order in which they end; nothing is raised for one.

        A task that failed is begun once more, at once, where `again(name)` says so: who is free
        need not wait for those who are not.
        """


@final
class Here(AbstractCrew):
    """One task after another, in this process."""

    def work(
        self, work: Work, tasks: Mapping[str, tuple[Any, Path]], again: Again
    ) -> Iterator[Report]:
        """The reports, in the order of the tasks."""
        for name, (order, path) in tasks.items():
            trying = True
            while trying:
                try:
                    work(order, path)
                except Exception as error:
                    yield name, error
                    trying = again(name)
                else:
                    yield name, {}
                    trying = False


@final
class RayCluster(AbstractCrew):
    """As many tasks at once as a Ray cluster has cores.

    Run directories are written where the task runs, and brought here when it ends: machines may
    share the folder, but need not.

    **Arguments:**

    - `address`: of the cluster, as Ray knows it; `"local"` starts one on this machine.
    """

    def __init__(self, address: str):
        self.address = address
        # Ray prints the deaths of its workers on standard output, which is for results; the
        # reports tell them.
        self._hushed = contextlib.redirect_stdout(io.StringIO())

    def __enter__(self) -> "RayCluster":
        # A local cluster would report its use to its makers.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        ray = _ray()
        _check_reach(self.address)
        try:
            # JAX warns of forks: these become Ray's own processes at once and never touch JAX.
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "os.fork", RuntimeWarning)
                ray.init(
                    address=self.address,
                    include_dashboard=False if self.address == "local" else None,
                    log_to_driver=False,
                    logging_level="error",
                )
        except (ConnectionError, ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split())
            raise ValueError(
                f"expected a Ray cluster at {self.address!r}, got none ({reason}); try --ray local"
            ) from None
        self._hushed.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        _ray().shutdown()
        self._hushed.__exit__(None, None, None)

    def work(
        self, work: Work, tasks: Mapping[str, tuple[Any, Path]], again: Again
    ) -> Iterator[Report]:
        """The reports, in the order in which tasks end."""
        ray = _ray()
        # The driver retries, so that retries are counted and told the same on every crew.
        remote = ray.remote(max_retries=0, num_cpus=1)(_collected)

        def begin(name: str) -> Any:
            order, path = tasks[name]
            return remote.remote(work, order, str(path.absolute()))

        running = {begin(name): name for name in tasks}
        while running:
            (ended,), _ = ray.wait(list(running), num_returns=1)
            name = running.pop(ended)
            try:
                yield name, ray.get(ended)
            except ray.exceptions.RayError as error:
                yield name, error
                if again(name):
                    running[begin(name)] = name


def _check_reach(address: str) -> None:
    # Ray itself would try for minutes before it gave up.
    host, separator, port = address.removeprefix("ray://").rpartition(":")
    if separator and port.isdigit():
        try:
            socket.create_connection((host, int(port)), timeout=10).close()
        except OSError as error:
            raise ValueError(
                f"expected a Ray cluster at {address!r}, got no answer there ({error}); try "
                "--ray local"
            ) from None


def _collected(work: Work, order: Any, folder: str) -> dict[str, bytes]:
    path = Path(folder)
    work(order, path)
    files = (file for file in path.rglob("*") if file.is_file())
    return {str(file.relative_to(path)): file.read_bytes() for file in files}


def _ray() -> Any:
    # Loaded only when asked for: the library does without.
    try:
        import ray
        import ray.exceptions
    except ModuleNotFoundError as missing:
        raise ValueError(
            f"expected the package {missing.name} for --ray, got none; try "
            "pip install 'incentax[cluster]'"
        ) from missing
    return ray
