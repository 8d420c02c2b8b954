"""Whether time grows as its input does."""

from __future__ import annotations

import time
from collections.abc import Callable

# Below this nothing is measured but noise; quadratic work on the sizes used takes more.
FLOOR = 0.004


def cost(run: Callable[[], object], *, tries: int = 3) -> float:
    """Return the CPU time of a call, the best of several."""
    best = float("inf")
    for _ in range(tries):
        begin = time.process_time()
        run()
        best = min(best, time.process_time() - begin)
        if best < FLOOR:
            break
    return best


def is_linear(make: Callable[[int], Callable[[], object]], size: int) -> bool:
    """Tell whether a call on four times the size takes about four times as long.

    Args:
        make: gives the call for a size.
        size: of the smallest of the three inputs.
    """
    largest = cost(make(4 * size))
    # What happens to run beside it may slow one of the three down, hardly four times.
    for _ in range(4):
        if largest < FLOOR:
            return True
        # Quadratic growth gives 16 and 4.
        small, middle = cost(make(size)), cost(make(2 * size))
        if largest < 8 * max(small, FLOOR / 4) and largest < 3 * max(middle, FLOOR / 2):
            return True
        largest = cost(make(4 * size))
    return False
