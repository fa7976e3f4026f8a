"""The progress bar of a design: objective, exploitability, seconds left."""

import math

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from ..problems import Problem
from ..progress import Progress as DesignProgress
from .console import notes

# Without a terminal the first line says that it has begun, and so many more that it is alive.
LINES = 10


class Live:
    """Shows a design as it runs, on standard error; `quiet` shows nothing."""

    def __init__(self, num_steps: int, problem: Problem, *, quiet: bool):
        self._num_steps = num_steps
        self._objective = problem.setting.objective_name
        self._quiet = quiet
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TextColumn("{task.fields[facts]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("left"),
            console=notes,
            transient=True,
            disable=quiet or not notes.is_terminal,
        )
        self._task = self._bar.add_task("compiling", total=num_steps, facts="")

    def __enter__(self) -> "Live":
        self._bar.start()
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._bar.stop()
        # Typer answers Ctrl-C without a word, also without that of what is kept.
        if isinstance(error, KeyboardInterrupt) and error.args:
            notes.print(str(error), soft_wrap=True)

    def begin(self, stage: str) -> None:
        """Name the stage."""
        stage = "compiling" if stage == "designing" else stage
        self._bar.update(self._task, description=stage)
        if not self._quiet and not notes.is_terminal:
            notes.print(stage)

    def step(self, progress: DesignProgress) -> None:
        """Show one design step."""
        record = progress.record
        facts = f"{self._objective} {record.value:.4f}"
        if not math.isnan(record.exploitability):
            facts += f"  exploitability {record.exploitability:.1e}"
        done = record.step + 1
        self._bar.update(self._task, description="designing", completed=done, facts=facts)
        every = max(1, self._num_steps // LINES)
        due = done == 1 or done % every == 0
        if not self._quiet and not notes.is_terminal and due:
            notes.print(f"step {done}/{self._num_steps}  {facts}")
