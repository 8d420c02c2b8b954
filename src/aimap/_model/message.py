"""A message as a FETCH response tells of it (:rfc:`9051#section-7.5.2`)."""

from __future__ import annotations

from collections.abc import KeysView, Mapping
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import MappingProxyType
from typing import TypeVar, cast, final

from aimap._errors import NotFetchedError
from aimap._model.body import BodyStructure
from aimap._model.dates import parse_date_time
from aimap._model.envelope import Envelope
from aimap._model.fetch import FetchItem, section_key
from aimap._model.flag import Flags
from aimap._model.invalid import Invalid
from aimap._model.numbers import UID, ModSeq, SeqNum

T = TypeVar("T")


@final
class Message:
    """What one FETCH response tells of a message.

    Only what was asked for is there; any other attribute raises
    :exc:`aimap.NotFetchedError`. It never changes.
    """

    __slots__ = ("_items", "octets", "seq", "uid_or_none")

    def __init__(
        self, seq: SeqNum | None, uid: UID | None, items: dict[str, object], octets: int
    ) -> None:
        self.seq = seq
        self.uid_or_none = uid
        self.octets = octets
        self._items = items

    def __repr__(self) -> str:
        return f"<aimap.Message uid={self.uid_or_none} {' '.join(self._items)}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Message):
            return NotImplemented
        return (self.seq, self.uid_or_none, self._items) == (
            other.seq,
            other.uid_or_none,
            other._items,
        )

    def __hash__(self) -> int:
        return hash((self.seq, self.uid_or_none))

    @property
    def items(self) -> Mapping[str, object]:
        """All that was sent, by name in upper case; what could not be read is ``Invalid``."""
        return MappingProxyType(self._items)

    def keys(self) -> KeysView[str]:
        """The names of the items that were sent."""
        return self._items.keys()

    def __contains__(self, item: object) -> bool:
        return isinstance(item, FetchItem) and item.key in self._items

    def __getitem__(self, item: FetchItem[T]) -> T:
        """Return an item's value.

        Raises:
            NotFetchedError: if it was not sent, or could not be read.
        """
        return cast("T", self._get(item.key))

    def _get(self, key: str) -> object:
        value = self._items.get(key, self)
        if value is self or isinstance(value, Invalid):
            raise NotFetchedError(key)
        return value

    @property
    def uid(self) -> UID:
        """The unique identifier."""
        if self.uid_or_none is None:
            raise NotFetchedError("UID")
        return self.uid_or_none

    @property
    def flags(self) -> Flags:
        """The flags (``FLAGS``)."""
        return cast("Flags", self._get("FLAGS"))

    @property
    def internal_date(self) -> datetime:
        """When the server got it, with its time zone (``INTERNALDATE``)."""
        moment = parse_date_time(cast("bytes", self._get("INTERNALDATE")))
        if moment is None:
            raise NotFetchedError("INTERNALDATE")
        return moment

    @property
    def size(self) -> int:
        """The octets of the whole message (``RFC822.SIZE``)."""
        return cast("int", self._get("RFC822.SIZE"))

    @property
    def envelope(self) -> Envelope:
        """The header fields (``ENVELOPE``)."""
        return cast("Envelope", self._get("ENVELOPE"))

    @property
    def body_structure(self) -> BodyStructure:
        """What it is made of (``BODYSTRUCTURE``)."""
        return cast("BodyStructure", self._get("BODYSTRUCTURE"))

    @property
    def modseq(self) -> ModSeq:
        """The mod-sequence (``MODSEQ``, :rfc:`7162#section-3.1.4.2`)."""
        return cast("ModSeq", self._get("MODSEQ"))

    def body(self, section: str = "") -> bytes:
        """Return the octets of a section that was fetched whole.

        Args:
            section: as it was asked for; empty for the whole message.

        Raises:
            NotFetchedError: if that section was not fetched.
        """
        return cast("bytes", self._get(section_key(section)))

    def email(self) -> EmailMessage:
        """Return the whole message, parsed by the ``email`` package.

        Raises:
            NotFetchedError: if ``BODY_PEEK()`` was not fetched.
        """
        return message_from_bytes(self.body(), policy=default)
