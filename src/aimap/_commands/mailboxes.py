"""Commands about mailboxes, selected or not (:rfc:`9051#section-6.3`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, final

from aimap._commands.base import ORDINARY, Claim, Command, exclusive
from aimap._errors import InvalidArgumentError
from aimap._model.mailbox import MailboxInfo, MailboxStatus, Namespaces
from aimap._model.response import (
    ListResponse,
    LsubResponse,
    NamespaceResponse,
    TaggedResponse,
    Untagged,
)

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder

STATUS_ITEMS = frozenset(
    {
        "MESSAGES",
        "RECENT",
        "UIDNEXT",
        "UIDVALIDITY",
        "UNSEEN",
        "DELETED",
        "SIZE",
        "HIGHESTMODSEQ",
        "MAILBOXID",
        "APPENDLIMIT",
        "DELETED-STORAGE",
    }
)


def status_items(items: Sequence[str]) -> tuple[str, ...]:
    """Return STATUS data items in upper case, each once.

    Raises:
        InvalidArgumentError: if there is none, or one is not known.
    """
    if isinstance(items, str):
        items = (items,)
    known = tuple(dict.fromkeys(item.upper() for item in items))
    if not known:
        raise InvalidArgumentError("STATUS needs at least one item, such as 'MESSAGES'")
    for item in known:
        if item not in STATUS_ITEMS:
            raise InvalidArgumentError(
                f"{item!r} is not a STATUS item; those are {', '.join(sorted(STATUS_ITEMS))}"
            )
    return known


class _OnMailbox(Command[None]):
    """A command whose one argument is a mailbox name."""

    def __init__(self, mailbox: str) -> None:
        self._mailbox = mailbox

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        wire.mailbox(self._mailbox)

    def result(self, response: TaggedResponse) -> None:
        del response


@final
class Create(_OnMailbox):
    """CREATE (:rfc:`9051#section-6.3.4`)."""

    name = "CREATE"


@final
class Delete(_OnMailbox):
    """DELETE (:rfc:`9051#section-6.3.5`)."""

    name = "DELETE"


@final
class Subscribe(_OnMailbox):
    """SUBSCRIBE (:rfc:`9051#section-6.3.7`)."""

    name = "SUBSCRIBE"


@final
class Unsubscribe(_OnMailbox):
    """UNSUBSCRIBE (:rfc:`9051#section-6.3.8`)."""

    name = "UNSUBSCRIBE"


@final
class Rename(Command[None]):
    """RENAME (:rfc:`9051#section-6.3.6`)."""

    name = "RENAME"

    def __init__(self, mailbox: str, new_name: str) -> None:
        self._mailbox = mailbox
        self._new_name = new_name

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        wire.mailbox(self._mailbox)
        wire.mailbox(self._new_name)

    def result(self, response: TaggedResponse) -> None:
        del response


class _Listing(Command[list[MailboxInfo]]):
    """LIST or LSUB: their answers name no command, so one of a kind goes at a time."""

    response: ClassVar[type[ListResponse | LsubResponse]]

    def __init__(self, pattern: str, reference: str = "") -> None:
        self._pattern = pattern
        self._reference = reference
        self._mailboxes: list[MailboxInfo] = []

    @property
    def claims(self) -> tuple[Claim, ...]:
        return (*ORDINARY, exclusive(self.name))

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        wire.list_mailbox(self._reference)
        wire.list_mailbox(self._pattern)

    def claim(self, response: Untagged) -> bool:
        if not isinstance(response, self.response):
            return False
        self._mailboxes.append(response.mailbox)
        return True

    def result(self, response: TaggedResponse) -> list[MailboxInfo]:
        return self._mailboxes


@final
class List(_Listing):
    """LIST (:rfc:`9051#section-6.3.9`), with return options where they are given.

    Args:
        pattern: ``*`` matches everything, ``%`` everything up to the delimiter.
        reference: what the pattern is relative to.
        returning: return options (:rfc:`5258`) such as ``"SPECIAL-USE"``.
    """

    name = "LIST"
    answers = (ListResponse,)
    response = ListResponse

    def __init__(self, pattern: str, reference: str = "", *, returning: Sequence[str] = ()) -> None:
        super().__init__(pattern, reference)
        self._returning = tuple(returning)

    def write(self, wire: Encoder) -> None:
        super().write(wire)
        if self._returning:
            wire.atom("RETURN")
            with wire.parentheses():
                for option in self._returning:
                    wire.atom(option)


@final
class Lsub(_Listing):
    """LSUB (:rfc:`3501#section-6.3.9`)."""

    name = "LSUB"
    answers = (LsubResponse,)
    response = LsubResponse


@final
class Status(Command[MailboxStatus]):
    """STATUS (:rfc:`9051#section-6.3.11`)."""

    name = "STATUS"
    answers = (MailboxStatus,)

    def __init__(self, mailbox: str, items: Sequence[str]) -> None:
        self._mailbox = mailbox
        self._inbox = mailbox.upper() == "INBOX"
        self._items = status_items(items)
        self._status: MailboxStatus | None = None

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        wire.mailbox(self._mailbox)
        with wire.parentheses():
            for item in self._items:
                wire.atom(item)

    def claim(self, response: Untagged) -> bool:
        if self._status is not None or not isinstance(response, MailboxStatus):
            return False
        if response.mailbox != self._mailbox and not (
            self._inbox and response.mailbox.upper() == "INBOX"
        ):
            return False
        self._status = response
        return True

    def result(self, response: TaggedResponse) -> MailboxStatus:
        return self._status or MailboxStatus(self._mailbox, {})


@final
class Namespace(Command[Namespaces]):
    """NAMESPACE (:rfc:`9051#section-6.3.10`)."""

    name = "NAMESPACE"
    answers = (NamespaceResponse,)

    def __init__(self) -> None:
        self._namespaces = Namespaces((), (), ())

    @property
    def claims(self) -> tuple[Claim, ...]:
        return (*ORDINARY, exclusive(self.name))

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)

    def claim(self, response: Untagged) -> bool:
        if not isinstance(response, NamespaceResponse):
            return False
        self._namespaces = response.namespaces
        return True

    def result(self, response: TaggedResponse) -> Namespaces:
        return self._namespaces
