"""Commands on a set of messages, and sets too long for one line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from aimap._commands.base import (
    IN_MAILBOX,
    IN_MAILBOX_BY_NUMBER,
    MAILBOX,
    NUMBERING,
    SAVED_RESULT,
    STREAM,
    Claim,
    Mode,
    SelectedCommand,
    exclusive,
)
from aimap._errors import InvalidArgumentError
from aimap._model.numbers import NumberSet, SeqSet, UIDSet
from aimap._model.saved import MessageSet, SavedResult

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder

T = TypeVar("T")
N = TypeVar("N", bound=NumberSet[Any])

VOLUNTEERED = frozenset({"UID", "FLAGS", "MODSEQ"})
"""The items that a server may add to any FETCH response (:rfc:`9051#section-7.5.2`)."""

USES_SAVED_RESULT = Claim(SAVED_RESULT, Mode.SHARED)

# During a command that names messages by number, and is none of FETCH, STORE and SEARCH,
# EXPUNGE may come (RFC 9051 section 7.5.1): no other may use or change numbers meanwhile.
ALONE_BY_NUMBER = (
    Claim(STREAM, Mode.SHARED),
    Claim(MAILBOX, Mode.SHARED),
    exclusive(NUMBERING),
)


def set_octets(max_line: int) -> int:
    """Return how long a set's text may be in a line of *max_line* octets.

    The other half is for the rest of the command: names, items, criteria.
    """
    return max_line // 2


def pieces(numbers: N, max_line: int) -> Iterator[N]:
    """Split a set whose text would make too long a line (:rfc:`2683#section-3.2.1.5`).

    Args:
        numbers: the set.
        max_line: octets of a line that the server takes.

    Yields:
        Consecutive parts of it, each short enough for a command; none if it is empty.
    """
    while numbers:
        piece, numbers = numbers.cut(len(numbers), set_octets(max_line))
        yield piece


def checked_messages(messages: MessageSet) -> MessageSet:
    """Return the set of messages that a command is about.

    Raises:
        InvalidArgumentError: if it is none, or empty.
    """
    if not isinstance(messages, (UIDSet, SeqSet, SavedResult)):
        raise InvalidArgumentError(
            f"messages are a UIDSet, a SeqSet or SAVED, not a {type(messages).__name__}"
        )
    if isinstance(messages, (UIDSet, SeqSet)) and not messages:
        raise InvalidArgumentError("an empty set of messages cannot be sent")
    return messages


_LONGEST_SHOWN = 100


class OnMessages(SelectedCommand[T]):
    """A command on a set of messages, whose type chooses the UID form.

    :data:`aimap.commands.SAVED` takes the UID form too, in which nothing depends on
    message sequence numbers.

    Attributes:
        verb: the command's name without ``UID``.
        keeps_numbers: whether no EXPUNGE may come during its form by sequence numbers.
    """

    verb: ClassVar[str]
    keeps_numbers: ClassVar[bool] = False

    def __init__(self, messages: MessageSet) -> None:
        self.messages: MessageSet = checked_messages(messages)
        self.by_uid: bool = not isinstance(messages, SeqSet)

    @property
    def name(self) -> str:  # type: ignore[override]
        """The verb, behind ``UID`` in the UID form."""
        return f"UID {self.verb}" if self.by_uid else self.verb

    @property
    def described(self) -> str:
        numbers = "$" if isinstance(self.messages, SavedResult) else str(self.messages)
        if len(numbers) > _LONGEST_SHOWN:
            numbers = f"{numbers[:_LONGEST_SHOWN].rpartition(',')[0]},..."
        return f"{self.name} {numbers}"

    @property
    def claims(self) -> tuple[Claim, ...]:
        if isinstance(self.messages, SavedResult):
            return (*IN_MAILBOX, USES_SAVED_RESULT)
        if self.by_uid:
            return IN_MAILBOX
        return IN_MAILBOX_BY_NUMBER if self.keeps_numbers else ALONE_BY_NUMBER

    def write_start(self, wire: Encoder) -> None:
        """Write the command's name and the set."""
        wire.words(self.name)
        wire.numbers(self.messages)

    def is_mine(self, ranges: tuple[tuple[int, int], ...]) -> bool:
        """Tell whether all messages of *ranges* are among those of the command."""
        if isinstance(self.messages, SavedResult):
            return True
        return not type(self.messages).from_ranges(ranges) - self.messages
