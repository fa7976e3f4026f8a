"""Work that happens outside the compiled program: people, environments, language models."""

from collections.abc import Callable
from typing import Any, final

import jax


@final
class Host:
    """A host function that a compiled program may call, which keeps the error it ended with.

    A compiled program reports its own words for whatever a host function raises; `failure` is what
    was really raised.

    **Arguments:**

    - `work`: NumPy arrays in, NumPy arrays out; equal arguments give equal results.
    """

    def __init__(self, work: Callable[..., Any]):
        self._work = work
        self.failure: Exception | None = None

    def call(self, shapes: Any, *arguments: Any) -> Any:
        """The results, in a program that is traced; `shapes` says what they look like."""
        return jax.pure_callback(self._run, shapes, *arguments, vmap_method="sequential")

    def _run(self, *arguments: Any) -> Any:
        try:
            return self._work(*arguments)
        except Exception as error:
            self.failure = error
            raise
