"""LIST and its kin (:rfc:`9051#section-6.3.9`, :rfc:`5258`, :rfc:`2193`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, final

import attrs

from aimap._commands.base import (
    ASKED_BY_LIST,
    ORDINARY,
    Claim,
    Command,
    OneOfAKind,
    exclusive,
    mailbox_key,
)
from aimap._commands.mailboxes import status_items, write_status_items
from aimap._errors import InvalidArgumentError
from aimap._model.acl import MyRightsResponse
from aimap._model.entry import metadata_entry
from aimap._model.mailbox import MailboxInfo, MailboxStatus
from aimap._model.metadata import MetadataResponse
from aimap._model.response import (
    ListResponse,
    LsubResponse,
    TaggedResponse,
    Untagged,
    XListResponse,
)

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder

# list-select-base-opt: what RECURSIVEMATCH needs beside it. SPECIAL-USE is none (RFC 6154
# section 6 has it independent).
_BASE_OPTIONS = frozenset({"SUBSCRIBED"})

# RLIST is answered by LIST, and RLSUB by LSUB (RFC 2193 section 5).
_LISTS_ALONE = (*ORDINARY, exclusive("LIST"))
_LSUBS_ALONE = (*ORDINARY, exclusive("LSUB"))


def _words(options: Sequence[str], what: str) -> tuple[str, ...]:
    if isinstance(options, str):
        raise InvalidArgumentError(f"{what} come as several strings, not as one: {options!r}")
    words = tuple(option.upper() for option in options)
    if len(set(words)) < len(words):
        raise InvalidArgumentError(f"one of the {what} stands twice in {options!r}")
    return words


class _Listing(OneOfAKind[list[MailboxInfo]]):
    """A command like LIST: its answers name no command, so one of a kind goes at a time."""

    response: ClassVar[type[ListResponse | LsubResponse | XListResponse]]
    repeatable = True

    def __init__(self, pattern: str, reference: str = "") -> None:
        self._pattern = pattern
        self._reference = reference
        self._mailboxes: list[MailboxInfo] = []

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
    answers: ClassVar[tuple[type, ...]] = (ListResponse,)
    response: ClassVar[type[ListResponse | LsubResponse | XListResponse]] = ListResponse

    def __init__(self, pattern: str, reference: str = "", *, returning: Sequence[str] = ()) -> None:
        super().__init__(pattern, reference)
        self._returning = _words(returning, "return options")

    def write(self, wire: Encoder) -> None:
        super().write(wire)
        if self._returning:
            wire.atom("RETURN")
            with wire.parentheses():
                for option in self._returning:
                    wire.atom(option)


@final
class Lsub(_Listing):
    """LSUB (:rfc:`3501#section-6.3.9`): subscribed mailboxes. IMAP4rev2 has none.

    Args:
        pattern: as of :class:`List`.
        reference: what the pattern is relative to.
    """

    name = "LSUB"
    answers: ClassVar[tuple[type, ...]] = (LsubResponse,)
    response: ClassVar[type[ListResponse | LsubResponse | XListResponse]] = LsubResponse

    def write(self, wire: Encoder) -> None:
        if wire.dialect.rev2:
            raise InvalidArgumentError(
                "IMAP4rev2, which is enabled, has no LSUB: use LIST (SUBSCRIBED)"
            )
        super().write(wire)


@final
class XList(_Listing):
    """XLIST: Gmail's LIST with special uses, from before :rfc:`6154` (needs XLIST).

    Args:
        pattern: as of :class:`List`.
        reference: what the pattern is relative to.
    """

    name = "XLIST"
    answers: ClassVar[tuple[type, ...]] = (XListResponse,)
    response: ClassVar[type[ListResponse | LsubResponse | XListResponse]] = XListResponse


@final
class RList(_Listing):
    """RLIST (:rfc:`2193#section-5.1`): LIST, with mailboxes of other servers.

    Needs MAILBOX-REFERRALS. What is elsewhere is refused with a referral when it is used;
    aimap never follows one by itself.

    Args:
        pattern: as of :class:`List`.
        reference: what the pattern is relative to.
    """

    name = "RLIST"
    answers: ClassVar[tuple[type, ...]] = (ListResponse,)
    response: ClassVar[type[ListResponse | LsubResponse | XListResponse]] = ListResponse

    @property
    def claims(self) -> tuple[Claim, ...]:
        return _LISTS_ALONE


@final
class RLsub(_Listing):
    """RLSUB (:rfc:`2193#section-5.2`): LSUB, with mailboxes of other servers.

    Needs MAILBOX-REFERRALS.

    Args:
        pattern: as of :class:`List`.
        reference: what the pattern is relative to.
    """

    name = "RLSUB"
    answers: ClassVar[tuple[type, ...]] = (LsubResponse,)
    response: ClassVar[type[ListResponse | LsubResponse | XListResponse]] = LsubResponse

    @property
    def claims(self) -> tuple[Claim, ...]:
        return _LSUBS_ALONE


@final
class ListExtended(Command[list[MailboxInfo]]):
    """LIST as of LIST-EXTENDED (:rfc:`5258`, :rfc:`9051#section-6.3.9`).

    ``LIST (SUBSCRIBED) "" ("INBOX" "Work/%") RETURN (CHILDREN STATUS (UNSEEN))``. Details
    that were asked for are in the :class:`aimap.MailboxInfo`, where the server told them.
    Needs LIST-EXTENDED or IMAP4rev2.

    Args:
        patterns: one pattern as of :class:`List`, or several.
        reference: what the patterns are relative to.
        selection: selection options: ``"SUBSCRIBED"``, ``"REMOTE"``, ``"RECURSIVEMATCH"``,
            ``"SPECIAL-USE"`` (:rfc:`6154`) or another of the server's.
        returning: return options: ``"SUBSCRIBED"``, ``"CHILDREN"``, ``"SPECIAL-USE"`` or
            another of the server's.
        status: STATUS items of each mailbox (:rfc:`5819`; needs LIST-STATUS).
        my_rights: tell what we may do with each (:rfc:`8440`; needs LIST-MYRIGHTS).
        metadata: metadata entries of each (:rfc:`9590`; needs LIST-METADATA).

    Raises:
        InvalidArgumentError: if there is no pattern, an option or item stands twice or is
            not one, or ``RECURSIVEMATCH`` has nothing to match.
    """

    name = "LIST"
    answers: ClassVar[tuple[type, ...]] = (
        ListResponse,
        MailboxStatus,
        MyRightsResponse,
        MetadataResponse,
    )
    repeatable = True

    def __init__(
        self,
        patterns: str | Sequence[str],
        reference: str = "",
        *,
        selection: Sequence[str] = (),
        returning: Sequence[str] = (),
        status: Sequence[str] = (),
        my_rights: bool = False,
        metadata: Sequence[str] = (),
    ) -> None:
        self._patterns = (patterns,) if isinstance(patterns, str) else tuple(patterns)
        if not self._patterns:
            raise InvalidArgumentError("LIST needs at least one pattern, such as '*'")
        self._reference = reference
        self._selection = _words(selection, "selection options")
        if "RECURSIVEMATCH" in self._selection and not _BASE_OPTIONS.intersection(self._selection):
            # RFC 5258 section 3: BAD otherwise
            raise InvalidArgumentError("RECURSIVEMATCH needs SUBSCRIBED beside it")
        self._returning = _words(returning, "return options")
        for word in ("STATUS", "MYRIGHTS", "METADATA"):
            if word in self._returning:
                raise InvalidArgumentError(f"{word} has an argument of its own here")
        self._status = status_items(status) if status else ()
        if len(self._status) < len(status) and not isinstance(status, str):
            raise InvalidArgumentError(f"a STATUS item stands twice in {status!r}")
        self._my_rights = my_rights
        self._metadata = tuple(dict.fromkeys(metadata_entry(entry) for entry in metadata))
        self._mailboxes: list[MailboxInfo] = []
        self._statuses: dict[str, MailboxStatus] = {}
        self._rights: dict[str, frozenset[str]] = {}
        self._values: dict[str, dict[str, bytes | None]] = {}

    @property
    def claims(self) -> tuple[Claim, ...]:
        if self._status or self._my_rights or self._metadata:
            return (*_LISTS_ALONE, ASKED_BY_LIST)
        return _LISTS_ALONE

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        if self._selection:
            with wire.parentheses():
                for option in self._selection:
                    wire.atom(option)
        wire.list_mailbox(self._reference)
        if len(self._patterns) == 1:
            wire.list_mailbox(self._patterns[0])
        else:
            with wire.parentheses():
                for pattern in self._patterns:
                    wire.list_mailbox(pattern)
        if self._returning or self._status or self._my_rights or self._metadata:
            wire.atom("RETURN")
            with wire.parentheses():
                self._write_returning(wire)

    def _write_returning(self, wire: Encoder) -> None:
        for option in self._returning:
            wire.atom(option)
        if self._my_rights:
            wire.atom("MYRIGHTS")
        if self._metadata:
            wire.atom("METADATA")
            with wire.parentheses():
                for entry in self._metadata:
                    wire.astring(entry)
        if self._status:
            wire.atom("STATUS")
            write_status_items(wire, self._status)

    def claim(self, response: Untagged) -> bool:
        match response:
            case ListResponse(mailbox):
                self._mailboxes.append(mailbox)
                return True
            case MailboxStatus(mailbox) if self._status:
                self._statuses[mailbox_key(mailbox)] = response
            case MyRightsResponse(mailbox, rights) if self._my_rights:
                self._rights[mailbox_key(mailbox)] = rights
            case MetadataResponse(mailbox, values, changed=()) if self._metadata:
                self._values.setdefault(mailbox_key(mailbox), {}).update(values)
            case _:
                return False
        return True

    def result(self, response: TaggedResponse) -> list[MailboxInfo]:
        if not (self._status or self._my_rights or self._metadata):
            return self._mailboxes
        return [
            attrs.evolve(
                info,
                status=self._statuses.get(mailbox_key(info.name)),
                my_rights=self._rights.get(mailbox_key(info.name)),
                metadata=self._values.get(mailbox_key(info.name), {}),
            )
            for info in self._mailboxes
        ]
