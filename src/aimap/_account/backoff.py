"""How long to wait before the next try: exponential, jittered, and no sooner than asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

from aimap._account.config import Retry

_MOST_DOUBLINGS = 40
_LONG = 60.0


@final
class Backoff:
    """Counts failures in a row. It knows no clock: times are given, and waits returned.

    Args:
        retry: the bounds.
        random: returns a number from 0 up to 1, such as :func:`random.random`.

    Attributes:
        failures: in a row, until a connection lasted.
    """

    def __init__(self, retry: Retry, random: Callable[[], float]) -> None:
        self.failures = 0
        self._retry = retry
        self._random = random

    @property
    def span(self) -> float:
        """Seconds that the next wait is at most, unless the server asks for more."""
        doublings = min(self.failures, _MOST_DOUBLINGS)
        return min(self._retry.first * 2.0**doublings, self._retry.longest)

    def failed(self, asked: float | None = None) -> float | None:
        """Count a failure.

        Args:
            asked: seconds that the server asks to wait.

        Returns:
            Seconds to wait before the next try; ``None`` if that was the last one.
        """
        span, first = self.span, not self.failures
        self.failures += 1
        if self._retry.attempts is not None and self.failures >= self._retry.attempts:
            return None
        # The first loss mostly has to do with one link only: then at once is best. Later
        # waits keep half of their span, so that a server that is ill is left alone.
        wait = span * self._random() if first else span * (1 + self._random()) / 2
        if asked is None:
            return wait
        # Those whom it asked together must not come back together.
        return asked + min(wait, max(asked / 10, self._retry.first))

    def lost(self, lasted: float) -> float:
        """Count the loss of a connection that was there for so many seconds.

        One that breaks sooner than the waits before it were long was worth nothing: a server
        that takes logins and hangs up must not be asked in a circle.

        Returns:
            Seconds to wait before the next try. A loss is never the last one.
        """
        if lasted >= min(self.span / 2, _LONG):
            self.failures = 0
        wait = self.failed()
        return self.span if wait is None else wait
