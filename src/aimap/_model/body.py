"""BODYSTRUCTURE: what a message is made of (:rfc:`9051#section-7.5.2`, :rfc:`2045`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import cast, final

import attrs

from aimap._model.envelope import Envelope
from aimap._model.invalid import Invalid
from aimap._model.raw import RawValue
from aimap._model.text import decode_parameters
from aimap._model.undecoded import Undecoded


@final
class Parameters(Mapping[str, str]):
    """Parameters by name in lower case, decoded (:rfc:`2231`) when somebody looks.

    Two are equal if they mean the same.
    """

    __slots__ = ("_decoded", "_raw")

    def __init__(self, raw: Iterable[tuple[bytes, bytes]] | Undecoded = ()) -> None:
        """Make them from names and values as they came, in that order."""
        self._raw = raw if isinstance(raw, Undecoded) else tuple(raw)
        self._decoded: dict[str, str] | None = None

    @property
    def raw(self) -> tuple[tuple[bytes, bytes], ...]:
        """The names and values as they came."""
        if isinstance(self._raw, Undecoded):
            self._raw = cast("tuple[tuple[bytes, bytes], ...]", self._raw.decode())
        return self._raw

    def _by_name(self) -> dict[str, str]:
        if self._decoded is None:
            self._decoded = decode_parameters(list(self.raw))
        return self._decoded

    def __getitem__(self, name: str) -> str:
        return self._by_name()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name())

    def __len__(self) -> int:
        return len(self._by_name())

    def __hash__(self) -> int:
        return hash(frozenset(self._by_name().items()))

    def __repr__(self) -> str:
        return f"Parameters({self._by_name()!r})"


NO_PARAMETERS = Parameters()


@final
@attrs.frozen
class Disposition:
    """How a part wants to be shown (:rfc:`2183`).

    Attributes:
        kind: ``"inline"``, ``"attachment"`` or another, in lower case.
        parameters: by name in lower case, decoded (:rfc:`2231`).
    """

    kind: str
    parameters: Mapping[str, str] = NO_PARAMETERS


@final
@attrs.frozen(kw_only=True, weakref_slot=False)
class BodyStructure:
    """A part of a message, and by its ``parts`` all that is inside.

    Attributes:
        section: the part's number, to be fetched by ``BODY_PEEK(section)``; empty for
            the whole of a multipart message.
        maintype: such as ``"text"`` or ``"multipart"``, in lower case.
        subtype: such as ``"plain"``, in lower case.
        parameters: of the content type, by name in lower case, decoded.
        content_id: the Content-ID field, or ``None``.
        description: the Content-Description field, or ``None``.
        encoding: the transfer encoding in lower case; ``"7bit"`` where the server says
            nothing.
        size: octets as transferred; ``None`` for a multipart, or where the server told
            no number.
        lines: lines as transferred, of text and message parts, or ``None``.
        md5: the Content-MD5 field, or ``None``.
        disposition: how it wants to be shown, or ``None``.
        language: its languages.
        location: the Content-Location field, or ``None``.
        envelope: of the message inside, for ``message/rfc822`` and ``message/global``.
        parts: what is inside.
        extensions: further data that the server told, raw.
        invalid: what stood here and could not be read: the part is there, and nothing
            else is known of it; ``None`` for all others.
    """

    section: str
    maintype: str
    subtype: str
    parameters: Mapping[str, str] = NO_PARAMETERS
    content_id: str | None = None
    description: str | None = None
    encoding: str = "7bit"
    size: int | None = None
    lines: int | None = None
    md5: str | None = None
    disposition: Disposition | None = None
    language: tuple[str, ...] = ()
    location: str | None = None
    envelope: Envelope | None = None
    parts: tuple[BodyStructure, ...] = ()
    extensions: tuple[RawValue, ...] = ()
    invalid: Invalid | None = None

    @property
    def content_type(self) -> str:
        """Such as ``"text/plain"``."""
        return f"{self.maintype}/{self.subtype}"

    @property
    def is_multipart(self) -> bool:
        """Whether it is a multipart."""
        return self.maintype == "multipart"

    @property
    def charset(self) -> str | None:
        """The charset parameter, or ``None``."""
        return self.parameters.get("charset")

    @property
    def filename(self) -> str | None:
        """The name that the sender gave it, as it came, and so not safe to use as a path."""
        if self.disposition is not None and "filename" in self.disposition.parameters:
            return self.disposition.parameters["filename"]
        return self.parameters.get("name")

    @property
    def is_attachment(self) -> bool:
        """Whether it wants to be shown apart from the text."""
        return self.disposition is not None and self.disposition.kind == "attachment"

    def walk(self) -> Iterator[BodyStructure]:
        """Iterate over this part and all that is inside, in order."""
        waiting: list[BodyStructure] = [self]
        while waiting:
            part = waiting.pop()
            yield part
            waiting.extend(reversed(part.parts))


class _Draft:
    """A body structure in the making: of the same layout, and not frozen."""

    __slots__ = tuple(field.name for field in attrs.fields(BodyStructure))

    section: str
    maintype: str
    subtype: str
    parameters: Mapping[str, str]
    content_id: str | None
    description: str | None
    encoding: str
    size: int | None
    lines: int | None
    md5: str | None
    disposition: Disposition | None
    language: tuple[str, ...]
    location: str | None
    envelope: Envelope | None
    parts: tuple[BodyStructure, ...]
    extensions: tuple[RawValue, ...]
    invalid: Invalid | None


def make_part(
    section: str,
    maintype: str,
    subtype: str,
    parameters: Mapping[str, str],
    content_id: str | None,
    description: str | None,
    encoding: str,
    size: int | None,
    lines: int | None,
    md5: str | None,
    disposition: Disposition | None,
    language: tuple[str, ...],
    location: str | None,
    envelope: Envelope | None = None,
    parts: tuple[BodyStructure, ...] = (),
) -> BodyStructure:
    """Make a body structure in a sixth of the time that its constructor takes.

    A frozen class sets each field through ``object.__setattr__``. Here they are set on an
    object that is not frozen, which then becomes one that is.
    """
    made = _Draft()
    made.section = section
    made.maintype = maintype
    made.subtype = subtype
    made.parameters = parameters
    made.content_id = content_id
    made.description = description
    made.encoding = encoding
    made.size = size
    made.lines = lines
    made.md5 = md5
    made.disposition = disposition
    made.language = language
    made.location = location
    made.envelope = envelope
    made.parts = parts
    made.extensions = ()
    made.invalid = None
    made.__class__ = BodyStructure  # type: ignore[assignment]
    return cast("BodyStructure", made)
