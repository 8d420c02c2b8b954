"""Commands that change which mailbox is selected, and CHECK."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, final

import attrs

from aimap._commands.base import (
    CHANGES_MAILBOX,
    Claim,
    Command,
    PlainCommand,
    SelectedCommand,
)
from aimap._errors import InvalidArgumentError
from aimap._model.message import Message
from aimap._model.numbers import MAX_MODSEQ, MAX_NUMBER, SeqSet, UIDSet
from aimap._model.response import TaggedResponse, Untagged, VanishedResponse
from aimap._model.state import SELECTED, ConnectionState

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder


@final
@attrs.frozen
class QResync:
    """What a client knows of a mailbox, for SELECT to tell what is new since (:rfc:`7162`).

    Attributes:
        uid_validity: the UIDVALIDITY that it knows.
        modseq: the highest mod-sequence that it knows.
        known_uids: the UIDs that it knows; empty for all that there can be.
        sequence_match: sequence numbers and their UIDs, as many of one as of the other,
            by which the server finds where its own record begins
            (:rfc:`7162#section-3.2.5.2`).

    Raises:
        InvalidArgumentError: if a number is 0, or the two sets do not match.
    """

    uid_validity: int
    modseq: int
    known_uids: UIDSet = attrs.field(factory=UIDSet)
    sequence_match: tuple[SeqSet, UIDSet] | None = None

    def __attrs_post_init__(self) -> None:
        """Check the numbers."""
        if not 1 <= self.uid_validity <= MAX_NUMBER:
            raise InvalidArgumentError(
                f"UIDVALIDITY is 1 to {MAX_NUMBER}, not {self.uid_validity!r}"
            )
        if not 1 <= self.modseq <= MAX_MODSEQ:
            raise InvalidArgumentError(
                f"a mod-sequence is 1 to {MAX_MODSEQ}, not {self.modseq!r}: after 0 all is new"
            )
        if self.sequence_match is None:
            return
        numbers, uids = self.sequence_match
        if not numbers or len(numbers) != len(uids):
            raise InvalidArgumentError(
                f"a match has as many sequence numbers as UIDs, not {len(numbers)} and {len(uids)}"
            )
        if MAX_NUMBER in numbers:
            raise InvalidArgumentError("a match names its messages, and knows no *")


@final
@attrs.frozen
class SelectResult:
    """The outcome of SELECT.

    Attributes:
        response: the tagged OK; its code tells READ-WRITE or READ-ONLY.
        vanished: with :class:`QResync`, the UIDs that are gone since.
        changed: with :class:`QResync`, the messages that are new or changed since.
    """

    response: TaggedResponse
    vanished: UIDSet
    changed: tuple[Message, ...]


class Selecting(Command[SelectResult]):
    """SELECT or EXAMINE. What the server tells of the mailbox goes to the session's view.

    A refusal leaves no mailbox selected (:rfc:`9051#section-6.3.2`).

    Args:
        mailbox: the mailbox.
        condstore: ask for mod-sequences (:rfc:`7162#section-3.1.8`; needs CONDSTORE).
        qresync: what is known of it, to learn what is new (:rfc:`7162#section-3.2.5`; needs
            QRESYNC to be enabled).
        annotate: ask for news of annotations (:rfc:`5257#section-4.2`).
    """

    enters: ClassVar[ConnectionState | None] = ConnectionState.SELECTED
    falls_to: ClassVar[ConnectionState | None] = ConnectionState.AUTHENTICATED
    answers: ClassVar[tuple[type, ...]] = (VanishedResponse, Message)

    def __init__(
        self,
        mailbox: str,
        *,
        condstore: bool = False,
        qresync: QResync | None = None,
        annotate: bool = False,
    ) -> None:
        self.mailbox = mailbox
        self._condstore = condstore
        self._qresync = qresync
        self._annotate = annotate
        self._vanished = UIDSet()
        self._changed: list[Message] = []

    @property
    def opens(self) -> str:
        """The mailbox that it selects."""
        return self.mailbox

    @property
    def resynchronizes(self) -> bool:
        """Whether it asks what is new since a time before."""
        return self._qresync is not None

    @property
    def claims(self) -> tuple[Claim, ...]:
        return CHANGES_MAILBOX

    def write(self, wire: Encoder) -> None:
        if self._qresync is not None and not wire.dialect.qresync:
            raise InvalidArgumentError("QRESYNC has to be enabled before a mailbox is selected")
        wire.atom(self.name)
        wire.mailbox(self.mailbox)
        # select-params (RFC 4466 section 2.1)
        if not (self._condstore or self._qresync or self._annotate):
            return
        with wire.parentheses():
            if self._condstore:
                wire.atom("CONDSTORE")
            if self._qresync is not None:
                _write_qresync(wire, self._qresync)
            if self._annotate:
                wire.atom("ANNOTATE")

    def claim(self, response: Untagged) -> bool:
        if self._qresync is None:
            return False
        if isinstance(response, VanishedResponse) and response.earlier:
            self._vanished |= response.uids
            return True
        if isinstance(response, Message):
            self._changed.append(response)
            return True
        return False

    def start_over(self) -> None:
        self._vanished = UIDSet()
        self._changed.clear()

    def result(self, response: TaggedResponse) -> SelectResult:
        return SelectResult(response, self._vanished, tuple(self._changed))


def _write_qresync(wire: Encoder, known: QResync) -> None:
    wire.atom("QRESYNC")
    with wire.parentheses():
        wire.number(known.uid_validity)
        wire.number64(known.modseq)
        if known.known_uids:
            wire.numbers(known.known_uids)
        if known.sequence_match is not None:
            with wire.parentheses():
                for numbers in known.sequence_match:
                    # Of a mailbox that is not open yet: nothing to compare them with.
                    wire.atom(str(numbers))


@final
class Select(Selecting):
    """SELECT (:rfc:`9051#section-6.3.2`): ``SELECT INBOX (CONDSTORE)``.

    Args:
        mailbox: the mailbox.
        condstore: ask for mod-sequences (:rfc:`7162#section-3.1.8`; needs CONDSTORE).
        qresync: what is known of it, to learn what is new (:rfc:`7162#section-3.2.5`; needs
            QRESYNC to be enabled).
        annotate: ask for news of annotations (:rfc:`5257#section-4.2`).
    """

    name = "SELECT"


@final
class Examine(Selecting):
    """EXAMINE (:rfc:`9051#section-6.3.3`): SELECT for reading only, with its arguments."""

    name = "EXAMINE"
    opens_read_only = True


class _Leaving(PlainCommand):
    states = SELECTED
    enters: ClassVar[ConnectionState | None] = ConnectionState.AUTHENTICATED

    @property
    def claims(self) -> tuple[Claim, ...]:
        return CHANGES_MAILBOX


@final
class Unselect(_Leaving):
    """UNSELECT (:rfc:`9051#section-6.4.2`): leaves the mailbox, and expunges nothing.

    Needs UNSELECT (:rfc:`3691`) or IMAP4rev2.
    """

    name = "UNSELECT"


@final
class Close(_Leaving):
    r"""CLOSE (:rfc:`9051#section-6.4.1`): expunges what is marked \\Deleted, and leaves."""

    name = "CLOSE"


@final
class Check(SelectedCommand[None]):
    """CHECK (:rfc:`3501#section-6.4.1`): the server may tidy up. IMAP4rev2 has none."""

    name = "CHECK"

    def write(self, wire: Encoder) -> None:
        if wire.dialect.rev2:
            raise InvalidArgumentError("IMAP4rev2, which is enabled, has no CHECK: use NOOP")
        wire.atom(self.name)

    def result(self, response: TaggedResponse) -> None:
        del response
