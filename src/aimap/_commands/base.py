"""What every command declares; the session knows nothing else about any of them.

*Claims* are the gate (:rfc:`9051#section-5.5`). A claim is a key and a mode. Two
commands may be in flight together unless they claim one key in different modes, or in
the mode :data:`EXCLUSIVE`. So a barrier is an exclusive claim on :data:`STREAM` or
:data:`MAILBOX`, on which other commands have a shared one; two SEARCHes whose answers
cannot be told apart claim a key of their own exclusively; and commands that use message
sequence numbers meet those during which EXPUNGE may come in :data:`NUMBERING`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, ClassVar, Generic, NamedTuple, TypeVar

from aimap._errors import BadError, CommandError, NoError
from aimap._model.code import MessageLimitCode
from aimap._model.message import Message
from aimap._model.response import ContinuationRequest, TaggedResponse, Untagged
from aimap._model.state import LOGGED_IN, SELECTED, ConnectionState

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder

T = TypeVar("T")


class Mode(Enum):
    """How a key is claimed: alike modes go together, except ``EXCLUSIVE``."""

    EXCLUSIVE = "exclusive"
    SHARED = "shared"
    BY_NUMBER = "by number"
    EXPUNGING = "expunging"


class Verdict(IntEnum):
    """What a command says of an untagged response that it was shown."""

    NOT_MINE = 0
    MINE = 1
    ALSO_NEWS = 2
    """It answers the command, and holds what the command did not ask for as well."""


class Claim(NamedTuple):
    """A key that a command needs while it is in flight, and how."""

    key: Hashable
    mode: Mode


STREAM = "stream"
"""The byte stream itself: exclusive where nothing may follow until the answer."""

SAVED_RESULT = "saved result"
"""What ``$`` stands for (:rfc:`5182`): whoever saves it is alone, who uses it is not."""

MAILBOX = "mailbox"
"""Which mailbox is selected: exclusive for what changes that."""

NUMBERING = "numbering"
"""What message sequence numbers mean (:rfc:`9051#section-7.5.1`)."""


def exclusive(key: Hashable) -> Claim:
    """Claim *key* alone."""
    return Claim(key, Mode.EXCLUSIVE)


ORDINARY = (Claim(STREAM, Mode.SHARED), Claim(NUMBERING, Mode.EXPUNGING))
IN_MAILBOX = (*ORDINARY, Claim(MAILBOX, Mode.SHARED))
IN_MAILBOX_BY_NUMBER = (
    Claim(STREAM, Mode.SHARED),
    Claim(MAILBOX, Mode.SHARED),
    Claim(NUMBERING, Mode.BY_NUMBER),
)
CHANGES_MAILBOX = (*ORDINARY, exclusive(MAILBOX))
BARRIER = (exclusive(STREAM),)

# STATUS, MYRIGHTS and METADATA answer commands of their own, and LIST RETURN: a LIST that
# asks for them goes while none of those commands does, lest one take the other's answer.
ASKED_BY_LIST_TOO = Claim("details of mailboxes", Mode.SHARED)
ASKED_BY_LIST = exclusive(ASKED_BY_LIST_TOO.key)


class Command(ABC, Generic[T]):
    """One command: what it sends, which answers are its own, what comes of them.

    Attributes:
        name: as sent, for errors, for example ``"UID FETCH"``.
        states: where it is legal.
        answers: the types of untagged responses that ``claim`` wants to see.
        enters: the state after OK, if it changes.
        falls_to: the state after NO or BAD, if it changes.
        converses: whether the server may send continuation requests that are not for a
            literal (AUTHENTICATE, IDLE).
        interruption: what ends it early once the server has answered it with a
            continuation request (IDLE's ``DONE``), or ``None``.
        changes_stream: whether the octets behind its OK are of another kind (STARTTLS).
        ends_connection: whether the end of the connection is its success (LOGOUT).
        secret: whether what it sends must not be shown.
        secrets: what must not be shown, should the server repeat it.
        changes_messages: whether it changes the messages of the selected mailbox.
        opens_read_only: whether the mailbox that it selects cannot be changed (EXAMINE).
        enables: what it enables, in upper case (ENABLE).
        repeatable: whether doing it twice comes to the same as doing it once, so that it
            may be sent again where a lost connection leaves open whether it was done. What
            names messages is so only under the same UIDVALIDITY.
    """

    name: ClassVar[str]
    states: ClassVar[frozenset[ConnectionState]] = LOGGED_IN
    answers: ClassVar[tuple[type, ...]] = ()
    enters: ClassVar[ConnectionState | None] = None
    falls_to: ClassVar[ConnectionState | None] = None
    converses: ClassVar[bool] = False
    interruption: ClassVar[bytes | None] = None
    changes_stream: ClassVar[bool] = False
    ends_connection: ClassVar[bool] = False
    secret: ClassVar[bool] = False
    secrets: tuple[str, ...] = ()
    changes_messages: ClassVar[bool] = False
    opens_read_only: ClassVar[bool] = False
    repeatable: bool = False
    enables: tuple[str, ...] = ()

    @property
    def claims(self) -> tuple[Claim, ...]:
        """What it needs to itself while it is in flight."""
        return ORDINARY

    @property
    def opens(self) -> str | None:
        """The mailbox that it selects, or ``None``."""
        return None

    @abstractmethod
    def write(self, wire: Encoder) -> None:
        """Write the command, without its tag.

        Raises:
            InvalidArgumentError: if an argument cannot be sent.
        """

    def claim(self, response: Untagged) -> Verdict | bool:
        """Take *response* if it answers this command, and say so."""
        del response
        return False

    def claim_loosely(self, response: Untagged) -> Verdict | bool:
        """Take *response*, which no command claims, if it may answer this one all the same.

        Some servers answer otherwise than they were asked. What answers another command as
        it was asked is never shown here.
        """
        del response
        return False

    def claim_messages(self, run: list[Message], news: list[Message]) -> list[Message]:
        """Take the FETCH responses of a run that answer this command.

        Nearly everything that a client receives is one of these, so they come in runs:
        one behind the other, all with the same items.

        Args:
            run: the responses.
            news: gets those that answer the command, and hold what it did not ask for
                as well.

        Returns:
            Those that do not answer it.
        """
        return _claimed_by(self.claim, run, news)

    def claim_messages_loosely(self, run: list[Message], news: list[Message]) -> list[Message]:
        """Take of a run what no command claims, as :meth:`claim_loosely` does."""
        return _claimed_by(self.claim_loosely, run, news)

    def start_over(self) -> None:
        """Forget what was claimed so far: it was about the mailbox that was selected before."""

    def respond(self, request: ContinuationRequest) -> bytes | None:
        """Answer a continuation request that is not for a literal; ``None`` sends nothing."""
        del request
        return None

    def finish(self, response: TaggedResponse) -> T:
        """Return the result of the command, given its tagged response.

        Raises:
            NoError: if the server answered NO.
            BadError: if the server answered BAD.
        """
        if response.condition == "OK":
            return self.result(response)
        raise self.failure(response)

    @abstractmethod
    def result(self, response: TaggedResponse) -> T:
        """Return the result, given the tagged OK."""

    def failure(self, response: TaggedResponse) -> CommandError:
        """Return the error for a tagged NO or BAD."""
        kind = NoError if response.condition == "NO" else BadError
        return kind(self.described, response.code, response.text)

    @property
    def described(self) -> str:
        """What it is, as an error calls it."""
        return self.name


def _claimed_by(
    claim: Callable[[Untagged], Verdict | bool], run: list[Message], news: list[Message]
) -> list[Message]:
    others: list[Message] = []
    for message in run:
        verdict = claim(message)
        if not verdict:
            others.append(message)
        elif verdict == Verdict.ALSO_NEWS:
            news.append(message)
    return others


class OneOfAKind(Command[T]):
    """A command whose answers name no command: one of a kind goes at a time."""

    @property
    def claims(self) -> tuple[Claim, ...]:
        return (*ORDINARY, exclusive(self.name))


def mailbox_key(name: str) -> str:
    """Return what a mailbox is filed under: INBOX has no case (:rfc:`9051#section-5.1`)."""
    return "INBOX" if name.upper() == "INBOX" else name


def same_mailbox(name: str, other: str) -> bool:
    """Tell whether two names are of one mailbox."""
    return mailbox_key(name) == mailbox_key(other)


class PlainCommand(Command[None]):
    """A command without arguments, and without an answer of its own."""

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)

    def result(self, response: TaggedResponse) -> None:
        del response


class SelectedCommand(Command[T]):
    """A command on the selected mailbox.

    Attributes:
        limit: what the server said in its OK, if it did only part of the work
            (:rfc:`9738`).
    """

    states = SELECTED
    limit: MessageLimitCode | None = None

    def finish(self, response: TaggedResponse) -> T:
        if isinstance(response.code, MessageLimitCode):
            self.limit = response.code
        return super().finish(response)

    @property
    def claims(self) -> tuple[Claim, ...]:
        return IN_MAILBOX
