"""Runs the command line and kills this process, without warning, at a chosen moment.

    python killed.py MOMENT COUNT design left-right ...

MOMENT is `step` (after the design's step number COUNT), or a file name: the moment before the
COUNT-th time that file would appear. Checkpoints are written after every step.
"""

import os
import signal
import sys

from incentax import workflow
from incentax.cli.live import Live
from incentax.cli.main import run


def main(moment: str, count: int, words: list[str]) -> int:
    workflow.CHECKPOINT_EVERY_SECONDS = 0.0
    step, replace = Live.step, os.replace
    left = count

    def die():
        os.kill(os.getpid(), signal.SIGKILL)

    def watched_step(self, progress):
        step(self, progress)
        if moment == "step" and progress.record.step + 1 == count:
            die()

    def watched_replace(source, target):
        nonlocal left
        left -= os.path.basename(target) == moment
        if left == 0:
            die()
        replace(source, target)

    Live.step, os.replace = watched_step, watched_replace
    return run(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
