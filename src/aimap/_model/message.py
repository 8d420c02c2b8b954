"""A message as a FETCH response tells of it (:rfc:`9051#section-7.5.2`)."""

from __future__ import annotations

from collections.abc import Callable, Collection, KeysView, Mapping
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import MappingProxyType
from typing import TypeVar, cast, final

from aimap._errors import NotFetchedError
from aimap._model.body import BodyStructure
from aimap._model.content import Attachment, attachments
from aimap._model.dates import parse_date_time
from aimap._model.envelope import Envelope
from aimap._model.fetch import FetchItem, section_key
from aimap._model.flag import Flags, flags_of
from aimap._model.flat import FlatItems
from aimap._model.invalid import Invalid
from aimap._model.numbers import UID, ModSeq, SeqNum
from aimap._model.undecoded import Undecoded

T = TypeVar("T")


# What is filed as octets until somebody asks: dates cost as much as all the rest of a small
# response, and few look at them; and the fewer objects there are, the less the garbage
# collector has to walk through.
_DECODERS: dict[str, Callable[[bytes], object]] = {
    "EMAILID": bytes.decode,
    "FLAGS": flags_of,
    "INTERNALDATE": parse_date_time,
    "MODSEQ": int,
    "RFC822.SIZE": int,
    "SAVEDATE": parse_date_time,
    "THREADID": bytes.decode,
    "X-GM-MSGID": int,
    "X-GM-THRID": int,
}


@final
class Message:
    """What one FETCH response tells of a message.

    Only what was asked for is there; any other attribute raises
    :exc:`aimap.NotFetchedError`. It never changes.
    """

    __slots__ = ("_filed", "_keys", "octets", "seq", "uid_or_none")

    _keys: Collection[str]

    def __init__(
        self,
        seq: SeqNum | None,
        uid: UID | None,
        items: dict[str, object] | bytes,
        octets: int,
        keys: FlatItems | None = None,
    ) -> None:
        self.seq: SeqNum | None = seq
        self.uid_or_none: UID | None = uid
        self.octets: int = octets
        # Of most messages nothing but the octets of the response is kept until somebody looks:
        # a dictionary for each costs more than reading, and so does walking through it for
        # the garbage collector.
        self._filed = items
        self._keys = cast("dict[str, object]", items) if keys is None else keys

    @property
    def _items(self) -> dict[str, object]:
        filed = self._filed
        if isinstance(filed, dict):
            return filed
        items = cast("FlatItems", self._keys).read(filed)
        if "UID" in items:
            items["UID"] = self.uid_or_none
        self._filed = self._keys = items
        return items

    def __repr__(self) -> str:
        return f"<aimap.Message uid={self.uid_or_none} {' '.join(self._items)}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Message):
            return NotImplemented
        return (self.seq, self.uid_or_none, self.items) == (
            other.seq,
            other.uid_or_none,
            other.items,
        )

    def __hash__(self) -> int:
        return hash((self.seq, self.uid_or_none))

    @property
    def items(self) -> Mapping[str, object]:
        """All that was sent, by name in upper case; what could not be read is ``Invalid``."""
        return MappingProxyType(
            {key: self._decoded(key, value) for key, value in [*self._items.items()]}
        )

    def keys(self) -> KeysView[str]:
        """The names of the items that were sent."""
        return self._items.keys()

    def has_all(self, keys: Collection[str]) -> bool:
        """Tell whether all of these items were sent."""
        sent = self._keys
        # A loop, since a generator would cost three times as much.
        for key in keys:  # noqa: SIM110
            if key not in sent:
                return False
        return True

    def has_only(self, keys: Collection[str]) -> bool:
        """Tell whether no other items than these were sent."""
        # A loop, as above.
        for key in self._keys:  # noqa: SIM110
            if key not in keys:
                return False
        return True

    def is_empty(self, key: str) -> bool:
        """Tell whether an item was sent, and has no octets."""
        return self._items.get(key) == b""

    def filled(self, key: str, other: Message) -> Message:
        """Return this message with an item as *other* has it."""
        items = {**self._items, key: other._items[key]}
        return Message(self.seq, self.uid_or_none, items, self.octets + other.octets)

    def __contains__(self, item: object) -> bool:
        return isinstance(item, FetchItem) and item.key in self._items

    def __getitem__(self, item: FetchItem[T]) -> T:
        """Return an item's value.

        Raises:
            NotFetchedError: if it was not sent, or could not be read.
        """
        return cast("T", self._get(item.key))

    def _get(self, key: str) -> object:
        items = self._items
        if key not in items:
            raise NotFetchedError(key)
        value = items[key]
        kind = type(value)
        if kind is bytes or kind is Undecoded:
            value = self._decoded(key, value)
        if isinstance(value, Invalid):
            raise NotFetchedError(key)
        return value

    def _decoded(self, key: str, value: object) -> object:
        """Return a value in its final form, and keep it so."""
        if isinstance(value, Undecoded):
            value = self._items[key] = value.decode()
        elif isinstance(value, bytes):
            decode = _DECODERS.get(key)
            if decode is not None:
                value = self._items[key] = decode(value)
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
        return cast("datetime", self._get("INTERNALDATE"))

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

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """What is attached, by its structure alone (``BODYSTRUCTURE``)."""
        return attachments(self.body_structure)

    def body(self, section: str = "") -> bytes:
        """Return the octets of a section that was fetched whole.

        Args:
            section: as it was asked for; empty for the whole message.

        Raises:
            NotFetchedError: if that section was not fetched.
        """
        return cast("bytes", self._get(section_key(section)))

    def binary(self, section: str) -> bytes | None:
        """Return a part's octets with its transfer encoding undone (``BINARY``, :rfc:`3516`).

        Args:
            section: the part's number, such as ``"1.2"``.

        Returns:
            The octets; ``None`` if the server has no such part.

        Raises:
            NotFetchedError: if that part was not fetched.
        """
        return cast("bytes | None", self._get(f"BINARY[{section}]"))

    def binary_size(self, section: str) -> int:
        """Return how many octets :meth:`binary` would be (``BINARY.SIZE``, :rfc:`3516`).

        Raises:
            NotFetchedError: if that was not fetched.
        """
        return cast("int", self._get(f"BINARY.SIZE[{section}]"))

    @property
    def preview(self) -> str | None:
        """The beginning of its text (``PREVIEW``, :rfc:`8970`); ``None`` if there is none yet."""
        return cast("str | None", self._get("PREVIEW"))

    @property
    def save_date(self) -> datetime | None:
        """When it came into this mailbox (``SAVEDATE``, :rfc:`8514`), if the server knows."""
        return cast("datetime | None", self._get("SAVEDATE"))

    @property
    def email_id(self) -> str:
        """What names its content for ever, wherever it is (``EMAILID``, :rfc:`8474`)."""
        return cast("str", self._get("EMAILID"))

    @property
    def thread_id(self) -> str | None:
        """What names its thread (``THREADID``, :rfc:`8474`); ``None`` if there are no threads."""
        return cast("str | None", self._get("THREADID"))

    @property
    def annotations(self) -> Mapping[str, Mapping[str, bytes | None]]:
        """Values by attribute, by entry (``ANNOTATION``, :rfc:`5257`)."""
        return cast("Mapping[str, Mapping[str, bytes | None]]", self._get("ANNOTATION"))

    @property
    def gmail_labels(self) -> tuple[str, ...]:
        """Gmail's labels (``X-GM-LABELS``); system labels begin with a backslash."""
        return cast("tuple[str, ...]", self._get("X-GM-LABELS"))

    @property
    def gmail_message_id(self) -> int:
        """What names the message in all of the account (``X-GM-MSGID``)."""
        return cast("int", self._get("X-GM-MSGID"))

    @property
    def gmail_thread_id(self) -> int:
        """What names its thread in the account (``X-GM-THRID``)."""
        return cast("int", self._get("X-GM-THRID"))

    def email(self, section: str = "") -> EmailMessage:
        """Return a message, parsed by the ``email`` package.

        Args:
            section: as it was asked for; empty for the whole message, ``"HEADER"`` for its
                header alone, or the section of a message that is attached to it.

        Raises:
            NotFetchedError: if that section was not fetched.
        """
        return message_from_bytes(self.body(section), policy=default)
