"""What a server tells of its mailboxes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import attrs

from aimap._errors import NotFetchedError
from aimap._model.flag import Flags
from aimap._model.numbers import UID, ModSeq, UIDValidity
from aimap._model.raw import RawValue
from aimap._model.special_use import SpecialUse


@final
@attrs.frozen
class MailboxInfo:
    r"""One line of LIST (:rfc:`9051#section-7.3.1`).

    Attributes:
        name: the mailbox's name, decoded.
        delimiter: the hierarchy delimiter, or ``None`` where there is no hierarchy.
        attributes: such as ``\HasChildren`` or ``\Sent``; compared without case.
        extended: further extended data (:rfc:`5258#section-3.5`), by its tag in upper
            case, raw.
        child_info: which selection options mailboxes below it match (``CHILDINFO``,
            :rfc:`5258#section-3.5`), in upper case.
        old_name: the name that it was renamed from or that the server turned into this
            one (``OLDNAME``, :rfc:`9051#section-6.3.9.7`), or ``None``.
        status: its counts, where they were asked for; ``None`` where the server gave none.
        my_rights: what we may do with it (:rfc:`4314#section-2.1`), likewise.
        metadata: its metadata by entry, where that was asked for.
    """

    name: str
    delimiter: str | None
    attributes: Flags
    extended: Mapping[str, RawValue] = attrs.field(factory=dict[str, RawValue])
    child_info: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    old_name: str | None = attrs.field(default=None, kw_only=True)
    status: MailboxStatus | None = attrs.field(default=None, kw_only=True)
    my_rights: frozenset[str] | None = attrs.field(default=None, kw_only=True)
    metadata: Mapping[str, bytes | None] = attrs.field(
        factory=dict[str, "bytes | None"], kw_only=True
    )

    @property
    def selectable(self) -> bool:
        r"""Whether it can be selected, being neither ``\Noselect`` nor ``\NonExistent``."""
        return "\\Noselect" not in self.attributes and "\\NonExistent" not in self.attributes

    @property
    def special_use(self) -> str | None:
        r"""The special use such as ``\Sent`` (:rfc:`6154`), or ``None``."""
        for attribute in self.attributes:
            if attribute.lower() in _SPECIAL_USES:
                return attribute
        return None


_SPECIAL_USES = frozenset(use.lower() for use in SpecialUse)


@final
@attrs.frozen
class MailboxStatus:
    """The answer to STATUS (:rfc:`9051#section-7.3.4`).

    What was not asked, or not answered, raises :exc:`aimap.NotFetchedError`.

    Attributes:
        mailbox: the mailbox's name.
        items: all that was answered, by name in upper case.

    ``MAILBOXID`` is a ``str``, ``APPENDLIMIT`` may be ``None`` for no limit, every other
    item that an RFC names is a number, and any other value is raw.
    """

    mailbox: str
    items: Mapping[str, object]

    def _number(self, item: str) -> int:
        value = self.items.get(item)
        if not isinstance(value, int):
            raise NotFetchedError(item)
        return value

    @property
    def messages(self) -> int:
        """How many messages there are."""
        return self._number("MESSAGES")

    @property
    def recent(self) -> int:
        r"""How many messages are ``\Recent`` (:rfc:`3501#section-6.3.10`)."""
        return self._number("RECENT")

    @property
    def unseen(self) -> int:
        r"""How many messages are without ``\Seen``."""
        return self._number("UNSEEN")

    @property
    def deleted(self) -> int:
        r"""How many messages are ``\Deleted``."""
        return self._number("DELETED")

    @property
    def size(self) -> int:
        """The octets of all messages (:rfc:`8438`)."""
        return self._number("SIZE")

    @property
    def deleted_storage(self) -> int:
        r"""The octets of the messages that are ``\Deleted`` (:rfc:`9208#section-4.1.4`)."""
        return self._number("DELETED-STORAGE")

    @property
    def append_limit(self) -> int | None:
        """The octets that one message may have (:rfc:`7889`); ``None`` for no limit."""
        if "APPENDLIMIT" in self.items and self.items["APPENDLIMIT"] is None:
            return None
        return self._number("APPENDLIMIT")

    @property
    def mailbox_id(self) -> str:
        """What names the mailbox for ever, whatever it is called (:rfc:`8474#section-4`)."""
        value = self.items.get("MAILBOXID")
        if not isinstance(value, str):
            raise NotFetchedError("MAILBOXID")
        return value

    @property
    def uid_next(self) -> UID:
        """The UID that the next message gets or exceeds."""
        return UID(self._number("UIDNEXT"))

    @property
    def uid_validity(self) -> UIDValidity:
        """The epoch of the UIDs."""
        return UIDValidity(self._number("UIDVALIDITY"))

    @property
    def highest_modseq(self) -> ModSeq:
        """The highest mod-sequence (:rfc:`7162#section-3.1.7`)."""
        return ModSeq(self._number("HIGHESTMODSEQ"))


@final
@attrs.frozen
class NamespaceInfo:
    """One namespace (:rfc:`2342#section-5`).

    Attributes:
        prefix: what the names of its mailboxes begin with.
        delimiter: its hierarchy delimiter, or ``None`` if it is flat.
        translation: the prefix in the user's language (:rfc:`5255#section-3.4`), or ``None``.
        extensions: further data by name in upper case.
    """

    prefix: str
    delimiter: str | None
    translation: str | None = attrs.field(default=None, kw_only=True)
    extensions: Mapping[str, tuple[str, ...]] = attrs.field(
        factory=dict[str, "tuple[str, ...]"], kw_only=True
    )


@final
@attrs.frozen
class Namespaces:
    """Where mailboxes live (:rfc:`9051#section-7.3.3`).

    Attributes:
        personal: the user's own.
        other: other users'.
        shared: shared ones.
    """

    personal: tuple[NamespaceInfo, ...]
    other: tuple[NamespaceInfo, ...]
    shared: tuple[NamespaceInfo, ...]
