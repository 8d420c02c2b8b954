r"""EXPUNGE and UID EXPUNGE (:rfc:`9051#section-6.4.3`, :rfc:`4315#section-2.1`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from aimap._commands.base import SelectedCommand
from aimap._model.numbers import UIDSet
from aimap._model.response import TaggedResponse

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder


@final
class Expunge(SelectedCommand[None]):
    r"""Remove what is marked \\Deleted: among *messages*, or without them all of it."""

    def __init__(self, messages: UIDSet | None = None) -> None:
        self._messages = messages

    @property
    def name(self) -> str:  # type: ignore[override]
        """``UID EXPUNGE`` or ``EXPUNGE``."""
        return "EXPUNGE" if self._messages is None else "UID EXPUNGE"

    def write(self, wire: Encoder) -> None:
        if self._messages is None:
            wire.atom("EXPUNGE")
            return
        wire.atom("UID")
        wire.atom("EXPUNGE")
        wire.numbers(self._messages)

    def result(self, response: TaggedResponse) -> None:
        del response
