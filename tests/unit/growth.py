"""Whether time grows as its input does."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

# Below this nothing is measured but noise; quadratic work on the sizes used takes more.
FLOOR = 0.004
_FEWEST, _MOST = 3, 12


def cost(run: Callable[[], object]) -> float:
    """Return the CPU time of a call, without that of the garbage collector.

    What it costs to walk through all that the other tests left is not the call's.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        begin = time.process_time()
        run()
        return time.process_time() - begin
    finally:
        if collecting:
            gc.enable()


def is_linear(make: Callable[[int], Callable[[], object]], size: int) -> bool:
    """Tell whether a call on four times the size takes about four times as long.

    Args:
        make: gives the call for a size.
        size: of the smallest of the three inputs.
    """
    runs = [make(size), make(2 * size), make(4 * size)]
    best = [float("inf")] * 3
    # What runs beside it slows some calls down; the best of each come near the truth.
    for tried in range(1, _MOST + 1):
        best = [min(known, cost(run)) for known, run in zip(best, runs, strict=True)]
        small, middle, largest = best
        if largest < FLOOR:
            return True
        # Quadratic growth gives 16 and 4.
        if (
            tried >= _FEWEST
            and largest < 8 * max(small, FLOOR / 4)
            and largest < 3 * max(middle, FLOOR / 2)
        ):
            return True
    return False
