"""A message whose octets come later, in pieces."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

from aimap._errors import InvalidArgumentError
from aimap._model.numbers import MAX_NUMBER


@final
class Upload:
    """The octets of a message that is sent while it is read from somewhere.

    Args:
        size: how many octets there will be; the server is told before the first of them.

    Attributes:
        begun: whether they may be sent: then all of them must be.
        on_turn: called once they may be sent.

    Raises:
        InvalidArgumentError: if *size* is not one that a message can have.
    """

    def __init__(self, size: int) -> None:
        if isinstance(size, bool) or not 1 <= size <= MAX_NUMBER:
            raise InvalidArgumentError(f"a message has 1 to {MAX_NUMBER} octets, not {size!r}")
        self.size = size
        self.missing: int = size
        self.begun: bool = False
        self.on_turn: Callable[[], None] | None = None

    def begin(self) -> None:
        """Note that the octets may be sent now."""
        self.begun = True
        if self.on_turn is not None:
            self.on_turn()

    def count(self, data: bytes) -> None:
        """Check and count octets that are about to be sent.

        Raises:
            InvalidArgumentError: if they are more than were announced, or hold a NUL.
        """
        if len(data) > self.missing:
            raise InvalidArgumentError(
                f"the source gave more than the {self.size} octets announced"
            )
        if b"\0" in data:
            at = self.size - self.missing + data.index(b"\0")
            raise InvalidArgumentError(f"NUL, here at octet {at}, cannot be sent in a literal")
        self.missing -= len(data)
