"""Commands that change which mailbox is selected."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from aimap._commands.base import MAILBOX, ORDINARY, Claim, Command, PlainCommand, exclusive
from aimap._model.response import TaggedResponse
from aimap._model.state import SELECTED, ConnectionState

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder

CHANGES_MAILBOX = (*ORDINARY, exclusive(MAILBOX))


class Selecting(Command[TaggedResponse]):
    """SELECT or EXAMINE. What the server tells of the mailbox goes to the session's view.

    A refusal leaves no mailbox selected (:rfc:`9051#section-6.3.2`).
    """

    enters = ConnectionState.SELECTED
    falls_to = ConnectionState.AUTHENTICATED

    def __init__(self, mailbox: str) -> None:
        self.mailbox = mailbox

    @property
    def opens(self) -> str:
        """The mailbox that it selects."""
        return self.mailbox

    @property
    def claims(self) -> tuple[Claim, ...]:
        return CHANGES_MAILBOX

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        wire.mailbox(self.mailbox)

    def result(self, response: TaggedResponse) -> TaggedResponse:
        return response


@final
class Select(Selecting):
    """SELECT (:rfc:`9051#section-6.3.2`)."""

    name = "SELECT"


@final
class Examine(Selecting):
    """EXAMINE (:rfc:`9051#section-6.3.3`)."""

    name = "EXAMINE"


class _Leaving(PlainCommand):
    states = SELECTED
    enters = ConnectionState.AUTHENTICATED

    @property
    def claims(self) -> tuple[Claim, ...]:
        return CHANGES_MAILBOX


@final
class Unselect(_Leaving):
    """UNSELECT (:rfc:`9051#section-6.4.2`)."""

    name = "UNSELECT"


@final
class Close(_Leaving):
    r"""CLOSE (:rfc:`9051#section-6.4.1`): expunges what is marked \\Deleted, and leaves."""

    name = "CLOSE"
