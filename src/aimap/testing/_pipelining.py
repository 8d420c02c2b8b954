"""Which commands were sent before an earlier one was answered (:rfc:`9051#section-5.5`).

A server sees that in two ways: the command came in before the answer went out; or, where
it is known how long octets are on their way, it came in too soon after that.
"""

from __future__ import annotations

import math
from typing import final

import attrs

from aimap.testing._rules import Rule, ViolationError

_TOLERANCE = 1e-9

_KEEPS_NUMBERS = frozenset({"FETCH", "STORE", "SEARCH"})
"""Commands during which no EXPUNGE may come (:rfc:`9051#section-7.5.1`)."""

_BY_NUMBER = frozenset({"FETCH", "STORE", "COPY", "MOVE", "REPLACE"})


@final
@attrs.frozen
class Sent:
    """A command, and when it came in.

    Attributes:
        name: its name, with ``UID``.
        names_numbers: whether there are sequence numbers in it, wherever.
        alike: whether its answers do not say which command they answer.
        octet: where in the stream its first octet stands.
        time: when that came in.
    """

    name: str
    names_numbers: bool
    alike: bool
    octet: int
    time: float

    @property
    def verb(self) -> str:
        """The name without ``UID``."""
        return self.name.removeprefix("UID ")

    @property
    def uses_numbers(self) -> bool:
        """Whether it means other messages once there was an EXPUNGE."""
        return self.names_numbers or self.name in _BY_NUMBER

    @property
    def may_expunge(self) -> bool:
        """Whether EXPUNGE may come while it is in flight."""
        return self.name not in _KEEPS_NUMBERS


@final
@attrs.frozen
class _Answer:
    octet: int
    time: float


@final
class Flight:
    """What one client has in flight.

    Args:
        round_trip: seconds from an answer until what is sent on it comes in.
    """

    def __init__(self, round_trip: float) -> None:
        self._round_trip = round_trip
        self._expunging: tuple[str, _Answer] = ("", _Answer(0, -math.inf))
        self._alike: dict[str, _Answer] = {}

    def check(self, sent: Sent) -> None:
        """Check a command against those that were answered before.

        Raises:
            ViolationError: if it was sent before it could be understood.
        """
        name, answer = self._expunging
        if sent.uses_numbers and self._blind(sent, answer):
            raise ViolationError(
                f"sequence numbers behind {name}, which may bring EXPUNGE (RFC 9051 section 5.5)",
                Rule.AMBIGUITY,
            )
        alike = self._alike.get(sent.verb)
        if alike is not None and sent.alike and self._blind(sent, alike):
            raise ViolationError(
                f"a second {sent.verb} before the first is answered: their answers are alike "
                "(RFC 9051 section 5.5)",
                Rule.AMBIGUITY,
            )

    def answered(self, sent: Sent, *, octet: int, time: float) -> None:
        """Note that a command was answered when *octet* was the last that had come in."""
        answer = _Answer(octet, time)
        if sent.may_expunge:
            self._expunging = sent.name, answer
        if sent.alike:
            self._alike[sent.verb] = answer

    def _blind(self, sent: Sent, answer: _Answer) -> bool:
        soon = sent.time - answer.time < self._round_trip - _TOLERANCE
        return sent.octet < answer.octet or soon
