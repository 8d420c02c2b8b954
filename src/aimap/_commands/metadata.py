"""Metadata of mailboxes and of the server (:rfc:`5464`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, final

import attrs

from aimap._commands.base import ASKED_BY_LIST_TOO, ORDINARY, Claim, Command, same_mailbox
from aimap._errors import InvalidArgumentError
from aimap._model.code import MetadataCode
from aimap._model.entry import metadata_entry
from aimap._model.metadata import MetadataResponse
from aimap._model.numbers import MAX_NUMBER
from aimap._model.response import TaggedResponse, Untagged

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder


def _write_mailbox(wire: Encoder, mailbox: str) -> None:
    if mailbox:
        wire.mailbox(mailbox)
    else:
        wire.string("")


@final
@attrs.frozen
class Metadata:
    """The outcome of GETMETADATA.

    Attributes:
        values: the values by entry; ``None`` where an entry has no value.
        longest: octets of the longest value left out because of *max_size*; ``None`` if
            none was (:rfc:`5464#section-4.2.1`).
    """

    values: Mapping[str, bytes | None]
    longest: int | None = None


@final
class GetMetadata(Command[Metadata]):
    """GETMETADATA (:rfc:`5464#section-4.2`).

    ``GETMETADATA (MAXSIZE 1024) INBOX (/shared/comment /private/comment)``. Needs METADATA;
    METADATA-SERVER is enough for the server's.

    Args:
        mailbox: the mailbox; empty for the server.
        entries: names below ``/private`` or ``/shared``; at least one.
        max_size: octets of a value at most; longer ones are left out.
        depth: how far below the entries: 0, 1 or ``"infinity"``.

    Raises:
        InvalidArgumentError: if an entry is not one, or there is none.
    """

    name = "GETMETADATA"
    repeatable = True
    answers: ClassVar[tuple[type, ...]] = (MetadataResponse,)

    def __init__(
        self,
        mailbox: str,
        entries: str | Sequence[str],
        *,
        max_size: int | None = None,
        depth: Literal[0, 1, "infinity"] = 0,
    ) -> None:
        names = (entries,) if isinstance(entries, str) else tuple(dict.fromkeys(entries))
        if not names:
            raise InvalidArgumentError("GETMETADATA needs at least one entry")
        if max_size is not None and not 0 <= max_size <= MAX_NUMBER:
            raise InvalidArgumentError(f"a size is 0 to {MAX_NUMBER} octets, not {max_size!r}")
        if depth not in (0, 1, "infinity"):
            raise InvalidArgumentError(f"a depth is 0, 1 or 'infinity', not {depth!r}")
        self._mailbox = mailbox
        self._entries = tuple(metadata_entry(name) for name in names)
        self._max_size = max_size
        self._depth = depth
        self._values: dict[str, bytes | None] = {}

    @property
    def claims(self) -> tuple[Claim, ...]:
        return (*ORDINARY, ASKED_BY_LIST_TOO)

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        # The grammar has the options before the mailbox; examples in RFC 5464 section 4.2
        # have them behind it, which is an error of theirs (errata 1691 and 2785).
        if self._max_size is not None or self._depth:
            with wire.parentheses():
                if self._max_size is not None:
                    wire.atom("MAXSIZE")
                    wire.number(self._max_size)
                if self._depth:
                    wire.atom("DEPTH")
                    wire.atom(str(self._depth))
        _write_mailbox(wire, self._mailbox)
        if len(self._entries) == 1:
            wire.astring(self._entries[0])
            return
        with wire.parentheses():
            for entry in self._entries:
                wire.astring(entry)

    def claim(self, response: Untagged) -> bool:
        if (
            not isinstance(response, MetadataResponse)
            or response.changed
            or not same_mailbox(response.mailbox, self._mailbox)
            or not all(self._asked(entry) for entry in response.values)
        ):
            return False
        self._values.update(response.values)
        return True

    def _asked(self, entry: str) -> bool:
        name = entry.lower()
        return any(
            name == asked.lower() or (self._depth and name.startswith(asked.lower() + "/"))
            for asked in self._entries
        )

    def result(self, response: TaggedResponse) -> Metadata:
        code = response.code
        if isinstance(code, MetadataCode) and code.problem.upper() == "LONGENTRIES":
            return Metadata(self._values, code.size)
        return Metadata(self._values)


@final
class SetMetadata(Command[None]):
    """SETMETADATA (:rfc:`5464#section-4.3`): ``SETMETADATA INBOX (/private/comment "x")``.

    Needs METADATA; METADATA-SERVER is enough for the server's.

    Args:
        mailbox: the mailbox; empty for the server.
        values: the values by entry; ``None`` removes one.

    Raises:
        InvalidArgumentError: if an entry is not one, or there is none.
    """

    name = "SETMETADATA"
    repeatable = True

    def __init__(self, mailbox: str, values: Mapping[str, str | bytes | None]) -> None:
        if not values:
            raise InvalidArgumentError("SETMETADATA needs at least one entry")
        self._mailbox = mailbox
        self._values = {metadata_entry(entry): value for entry, value in values.items()}

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        _write_mailbox(wire, self._mailbox)
        with wire.parentheses():
            for entry, value in self._values.items():
                wire.astring(entry)
                wire.value(value)

    def result(self, response: TaggedResponse) -> None:
        del response
