"""Commands about mailboxes, selected or not (:rfc:`9051#section-6.3`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, final

from aimap._commands.base import (
    ASKED_BY_LIST_TOO,
    ORDINARY,
    Claim,
    Command,
    OneOfAKind,
    same_mailbox,
)
from aimap._errors import InvalidArgumentError
from aimap._model.code import MailboxIdCode
from aimap._model.flag import Flag
from aimap._model.mailbox import MailboxStatus, Namespaces
from aimap._model.response import NamespaceResponse, TaggedResponse, Untagged

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


def _check_hierarchy(mailbox: str, delimiter: str | None) -> None:
    """Refuse names with an empty level, which servers answer by ``NO [CANNOT]``.

    One delimiter at the end is legal in CREATE: it says that mailboxes are to be below
    (:rfc:`9051#section-6.3.4`).
    """
    if delimiter and (mailbox.startswith(delimiter) or delimiter * 2 in mailbox):
        raise InvalidArgumentError(
            f"with the delimiter {delimiter!r}, {mailbox!r} has a level without a name"
        )


def _check_new_name(mailbox: str, delimiter: str | None) -> None:
    _check_hierarchy(mailbox, delimiter)
    if delimiter and mailbox.endswith(delimiter):
        raise InvalidArgumentError(f"no mailbox is called {mailbox!r}: the end is too much")


def write_status_items(wire: Encoder, items: Sequence[str]) -> None:
    """Write checked STATUS data items in parentheses."""
    if wire.dialect.rev2 and "RECENT" in items:
        raise InvalidArgumentError("IMAP4rev2, which is enabled, has no STATUS item RECENT")
    with wire.parentheses():
        for item in items:
            wire.atom(item)


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
class Create(Command[str | None]):
    r"""CREATE (:rfc:`9051#section-6.3.4`): ``CREATE Sent (USE (\Sent))``.

    Its result is what names the mailbox for ever, where the server says it
    (:rfc:`8474#section-4.1`).

    Args:
        mailbox: the new mailbox.
        use: its special uses, such as ``"\\Sent"`` (:rfc:`6154#section-3`; needs
            CREATE-SPECIAL-USE).
        delimiter: the hierarchy delimiter, to check the name by at once; what LIST has told
            is known when it is sent.

    Raises:
        InvalidArgumentError: if a use is not one, or a level of the name is empty.
    """

    name = "CREATE"

    def __init__(
        self, mailbox: str, *, use: Sequence[str] = (), delimiter: str | None = None
    ) -> None:
        if isinstance(use, str):
            raise InvalidArgumentError(f"uses come as several strings, not as one: {use!r}")
        for each in use:
            if not Flag(each).check().is_system:
                raise InvalidArgumentError(f"a special use is such as '\\\\Sent', not {each!r}")
        _check_hierarchy(mailbox, delimiter)
        self._mailbox = mailbox
        self._use = tuple(use)

    def write(self, wire: Encoder) -> None:
        _check_hierarchy(self._mailbox, wire.dialect.delimiter)
        wire.atom(self.name)
        wire.mailbox(self._mailbox)
        if self._use:
            with wire.parentheses():
                wire.atom("USE")
                with wire.parentheses():
                    for each in self._use:
                        wire.item(each)

    def result(self, response: TaggedResponse) -> str | None:
        return response.code.mailbox_id if isinstance(response.code, MailboxIdCode) else None


@final
class Delete(_OnMailbox):
    """DELETE (:rfc:`9051#section-6.3.5`): the mailbox goes, with its messages.

    Args:
        mailbox: the mailbox.
    """

    name = "DELETE"


@final
class Subscribe(_OnMailbox):
    """SUBSCRIBE (:rfc:`9051#section-6.3.7`): adds a mailbox to the subscribed ones.

    Args:
        mailbox: the mailbox; it need not exist.
    """

    name = "SUBSCRIBE"
    repeatable = True


@final
class Unsubscribe(_OnMailbox):
    """UNSUBSCRIBE (:rfc:`9051#section-6.3.8`): takes it out of them.

    Args:
        mailbox: the mailbox.
    """

    name = "UNSUBSCRIBE"
    repeatable = True


@final
class Rename(Command[None]):
    """RENAME (:rfc:`9051#section-6.3.6`).

    Args:
        mailbox: the mailbox.
        new_name: its new name.
        delimiter: the hierarchy delimiter, to check the new name by at once; what LIST has
            told is known when it is sent.

    Raises:
        InvalidArgumentError: if a level of the new name is empty.
    """

    name = "RENAME"

    def __init__(self, mailbox: str, new_name: str, *, delimiter: str | None = None) -> None:
        _check_new_name(new_name, delimiter)
        self._mailbox = mailbox
        self._new_name = new_name

    def write(self, wire: Encoder) -> None:
        _check_new_name(self._new_name, wire.dialect.delimiter)
        wire.atom(self.name)
        wire.mailbox(self._mailbox)
        wire.mailbox(self._new_name)

    def result(self, response: TaggedResponse) -> None:
        del response


@final
class Status(Command[MailboxStatus]):
    """STATUS (:rfc:`9051#section-6.3.11`): ``STATUS INBOX (MESSAGES UNSEEN)``.

    Its result is the STATUS response; one without items if the server sends none.

    Args:
        mailbox: the mailbox.
        items: such as ``"MESSAGES"``; ``SIZE`` needs STATUS=SIZE (:rfc:`8438`) or IMAP4rev2,
            ``HIGHESTMODSEQ`` CONDSTORE, ``MAILBOXID`` OBJECTID (:rfc:`8474`), ``APPENDLIMIT``
            APPENDLIMIT (:rfc:`7889`), ``DELETED`` and ``DELETED-STORAGE`` QUOTA
            (:rfc:`9208`).

    Raises:
        InvalidArgumentError: if there is no item, or one is not known.
    """

    name = "STATUS"
    repeatable = True
    answers: ClassVar[tuple[type, ...]] = (MailboxStatus,)

    def __init__(self, mailbox: str, items: Sequence[str]) -> None:
        self._mailbox = mailbox
        self._items = status_items(items)
        self._status: MailboxStatus | None = None

    @property
    def claims(self) -> tuple[Claim, ...]:
        return (*ORDINARY, ASKED_BY_LIST_TOO)

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        wire.mailbox(self._mailbox)
        write_status_items(wire, self._items)

    def claim(self, response: Untagged) -> bool:
        return (
            isinstance(response, MailboxStatus)
            and set(response.items) == set(self._items)
            and self.claim_loosely(response)
        )

    def claim_loosely(self, response: Untagged) -> bool:
        # A server may leave out what it does not know.
        if self._status is not None or not isinstance(response, MailboxStatus):
            return False
        if not same_mailbox(response.mailbox, self._mailbox):
            return False
        self._status = response
        return True

    def result(self, response: TaggedResponse) -> MailboxStatus:
        return self._status or MailboxStatus(self._mailbox, {})


@final
class Namespace(OneOfAKind[Namespaces]):
    """NAMESPACE (:rfc:`9051#section-6.3.10`): where mailboxes live.

    Needs NAMESPACE (:rfc:`2342`) or IMAP4rev2.
    """

    name = "NAMESPACE"
    repeatable = True
    answers: ClassVar[tuple[type, ...]] = (NamespaceResponse,)

    def __init__(self) -> None:
        self._namespaces = Namespaces((), (), ())

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)

    def claim(self, response: Untagged) -> bool:
        if not isinstance(response, NamespaceResponse):
            return False
        self._namespaces = response.namespaces
        return True

    def result(self, response: TaggedResponse) -> Namespaces:
        return self._namespaces
