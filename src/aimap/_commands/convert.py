"""Conversion of body parts by the server (:rfc:`5259`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, final

from aimap._commands.base import Claim, OneOfAKind, exclusive
from aimap._commands.sets import OnMessages
from aimap._errors import InvalidArgumentError
from aimap._model.convert import ConversionResponse, ConvertedResponse
from aimap._model.converting import ConvertItem
from aimap._model.response import TaggedResponse, Untagged
from aimap._model.saved import MessageSet

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder

# type-name, subtype-name: reg-name of RFC 4288 section 4.2
_NAME = r"[A-Za-z0-9!#$&.+^_-]{1,127}"
_MEDIA_TYPE = re.compile(rf"{_NAME}/{_NAME}", re.ASCII)
_MEDIA_TYPES = re.compile(rf"\*|{_NAME}/(?:\*|{_NAME})", re.ASCII)


@final
class Convert(OnMessages[tuple[ConvertedResponse, ...]]):
    """CONVERT, or UID CONVERT if the messages are a :class:`UIDSet` (:rfc:`5259#section-6`).

    ``UID CONVERT 7 ("text/plain" ("charset" "utf-8")) BINARY[3]``. Its result is the
    CONVERTED responses. They name their command by its tag, which it does not know
    itself: one CONVERT goes at a time. Needs CONVERT.

    Args:
        messages: which ones; not empty.
        target: the media type wished for; ``None`` for what the server thinks best.
        items: what to return of each; at least one.
        parameters: of the conversion, by name.

    Raises:
        InvalidArgumentError: if *target* is not a media type, or there is no item.
    """

    verb = "CONVERT"
    keeps_numbers = True
    answers: ClassVar[tuple[type, ...]] = (ConvertedResponse,)

    def __init__(
        self,
        messages: MessageSet,
        target: str | None,
        items: Sequence[ConvertItem],
        *,
        parameters: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(messages)
        if target is not None and not _MEDIA_TYPE.fullmatch(target):
            raise InvalidArgumentError(f"a media type is such as 'text/plain', not {target!r}")
        if not items:
            raise InvalidArgumentError("CONVERT needs at least one item, such as BINARY")
        self._target = target
        self._items = tuple(items)
        self._parameters = dict(parameters or {})
        self._answers: list[ConvertedResponse] = []

    @property
    def claims(self) -> tuple[Claim, ...]:
        return (*super().claims, exclusive(self.verb))

    def write(self, wire: Encoder) -> None:
        self.write_start(wire)
        with wire.parentheses():
            if self._target is None:
                wire.nstring(None)
            else:
                wire.quoted(self._target)
            if self._parameters:
                with wire.parentheses():
                    for parameter, value in self._parameters.items():
                        wire.string(parameter)
                        wire.string(value)
        if len(self._items) == 1:
            wire.item(self._items[0].request)
            return
        with wire.parentheses():
            for item in self._items:
                wire.item(item.request)

    def claim(self, response: Untagged) -> bool:
        if not isinstance(response, ConvertedResponse):
            return False
        self._answers.append(response)
        return True

    def result(self, response: TaggedResponse) -> tuple[ConvertedResponse, ...]:
        return tuple(self._answers)


@final
class Conversions(OneOfAKind[tuple[ConversionResponse, ...]]):
    """CONVERSIONS (:rfc:`5259#section-5.1`; needs CONVERT): what the server can convert.

    Its result is the CONVERSION responses: ``CONVERSIONS "image/gif" "*"``.

    Args:
        source: a media type; ``type/*`` and ``*`` stand for several.
        target: likewise.

    Raises:
        InvalidArgumentError: if one of them is neither.
    """

    name = "CONVERSIONS"
    answers: ClassVar[tuple[type, ...]] = (ConversionResponse,)
    repeatable = True

    def __init__(self, source: str, target: str) -> None:
        for media_type in (source, target):
            if not _MEDIA_TYPES.fullmatch(media_type):
                raise InvalidArgumentError(
                    f"media types are such as 'image/gif', 'image/*' or '*', not {media_type!r}"
                )
        self._source = source
        self._target = target
        self._answers: list[ConversionResponse] = []

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        wire.string(self._source)
        wire.string(self._target)

    def claim(self, response: Untagged) -> bool:
        if not isinstance(response, ConversionResponse):
            return False
        self._answers.append(response)
        return True

    def result(self, response: TaggedResponse) -> tuple[ConversionResponse, ...]:
        return tuple(self._answers)
