r"""EXPUNGE and UID EXPUNGE (:rfc:`9051#section-6.4.3`, :rfc:`4315#section-2.1`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from aimap._commands.base import IN_MAILBOX, Claim, SelectedCommand
from aimap._commands.sets import USES_SAVED_RESULT, checked_messages
from aimap._model.numbers import UIDSet
from aimap._model.response import TaggedResponse
from aimap._model.saved import SavedResult

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder


@final
class Expunge(SelectedCommand[None]):
    r"""Remove what is marked \\Deleted (:rfc:`9051#section-6.4.3`), all or among *messages*.

    Args:
        messages: only those of them: ``UID EXPUNGE``, which needs UIDPLUS or IMAP4rev2.
            There is no form by message sequence numbers.
    """

    changes_messages = True

    def __init__(self, messages: UIDSet | SavedResult | None = None) -> None:
        self._messages = None if messages is None else checked_messages(messages)
        # Without them it may be others that are marked by then.
        self.repeatable: bool = isinstance(messages, UIDSet)

    @property
    def name(self) -> str:  # type: ignore[override]
        """``UID EXPUNGE`` or ``EXPUNGE``."""
        return "EXPUNGE" if self._messages is None else "UID EXPUNGE"

    @property
    def claims(self) -> tuple[Claim, ...]:
        if isinstance(self._messages, SavedResult):
            return (*IN_MAILBOX, USES_SAVED_RESULT)
        return IN_MAILBOX

    def write(self, wire: Encoder) -> None:
        wire.words(self.name)
        if self._messages is not None:
            wire.numbers(self._messages)

    def result(self, response: TaggedResponse) -> None:
        del response
