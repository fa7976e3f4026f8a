"""Our side once more, in a process of its own in which XLA compiles loops whole.

On a CPU XLA runs a loop as one call for each operation of each round. Where a round moves few
numbers, as in games of few actions, calls are most of the time. With `FLAGS` a loop over less than
`LOOP_BYTES` is one function, sums are not handed to a library, and vectors are as long as the
processor has them. Auctions, whose rounds are large, gain nothing.
"""

import json
import os
import subprocess
import sys
from typing import Any

from . import ours

LOOP_BYTES = 10_000_000
FLAGS = (
    f"--xla_backend_extra_options=xla_cpu_small_while_loop_byte_threshold={LOOP_BYTES}",
    "--xla_cpu_experimental_ynn_fusion_type=",
    "--xla_cpu_prefer_vector_width=512",
)


def asked(order: dict[str, Any]) -> dict[str, Any]:
    """Seconds of a step in a solve of a case, and the policy after the timed steps."""
    flags = " ".join((os.environ.get("XLA_FLAGS", ""), *FLAGS)).strip()
    done = subprocess.run(
        [sys.executable, "-c", f"from {__name__} import answer; answer()"],
        input=json.dumps(order),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=os.environ | {"XLA_FLAGS": flags},
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


def answer() -> None:
    """Measure what `asked` is told: JSON in, JSON out."""
    order = json.load(sys.stdin)
    game, mechanism = ours.build(order["case"], order["path"])
    fast = ours.timed(game, mechanism, order["step_size"], order["runs"], order["compared"])
    print(json.dumps({"in_solve": fast.in_solve, "policy": fast.policy.ravel().tolist()}))
