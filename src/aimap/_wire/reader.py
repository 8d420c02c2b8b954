"""Octets to typed responses: the framer and the parser, joined."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

from aimap._model.limits import Limits
from aimap._model.response import Response
from aimap._wire.framer import Framer
from aimap._wire.parse_response import parse_frame


@final
class ResponseReader:
    """Takes octets in any chunks; gives typed responses.

    Attributes:
        utf8: whether mailbox names come as UTF-8: after ``ENABLE UTF8=ACCEPT`` or
            ``ENABLE IMAP4rev2`` (:rfc:`9755#section-3`, :rfc:`9051#section-5.1`).
    """

    def __init__(self, limits: Limits) -> None:
        self.utf8 = False
        self._limits = limits
        self._framer = Framer(limits)

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Take octets."""
        self._framer.receive_data(data)

    def responses(self) -> Iterator[Response]:
        """Iterate over the responses that are complete, one at a time.

        A response is read only when it is asked for, so that what it changes, such as
        the start of TLS, comes before the octets behind it are looked at.

        Raises:
            LimitExceededError: if a framing bound is broken, behind what came before.
        """
        while (frame := self._framer.next_frame()) is not None:
            yield parse_frame(frame, self._limits, utf8=self.utf8)

    @property
    def pending(self) -> int:
        """Octets that are not a whole response yet."""
        return self._framer.pending

    def take_rest(self) -> bytes:
        """Remove and return the octets that are pending."""
        return self._framer.take_rest()
