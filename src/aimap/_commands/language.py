"""Languages and orders of texts (:rfc:`5255`)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, final

from aimap._commands.base import OneOfAKind
from aimap._errors import InvalidArgumentError
from aimap._model.response import ComparatorResponse, LanguageResponse, TaggedResponse, Untagged
from aimap._model.state import ANY

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder

# language-range (RFC 4647 section 2.1), and "default" (RFC 5255 section 3.2)
_RANGE = re.compile(r"(?:\*|[A-Za-z]{1,8}(?:-(?:\*|[A-Za-z0-9]{1,8}))*)", re.ASCII)
# collation-order (RFC 4790 section 4.5): a collation's name, or a pattern of names
_COLLATION = re.compile(r"[!-~]{1,253}", re.ASCII)


@final
class Language(OneOfAKind[tuple[str, ...]]):
    """LANGUAGE (:rfc:`5255#section-3.2`; needs LANGUAGE): the language of the server's texts.

    Its result is the language in use; without *ranges* all that there are.

    Args:
        ranges: languages wished for, the best first, such as ``"de-CH"``; ``"default"``
            goes back to the server's own.

    Raises:
        InvalidArgumentError: if one is not a language range.
    """

    name = "LANGUAGE"
    states = ANY
    answers: ClassVar[tuple[type, ...]] = (LanguageResponse,)

    def __init__(self, *ranges: str) -> None:
        for wish in ranges:
            if not _RANGE.fullmatch(wish):
                raise InvalidArgumentError(f"a language is such as 'de-CH', not {wish!r}")
        self._ranges = ranges
        self._tags: tuple[str, ...] = ()

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        for wish in self._ranges:
            wire.astring(wish)

    def claim(self, response: Untagged) -> bool:
        if not isinstance(response, LanguageResponse):
            return False
        self._tags = response.tags
        return True

    def result(self, response: TaggedResponse) -> tuple[str, ...]:
        return self._tags


@final
class Comparator(OneOfAKind[ComparatorResponse | None]):
    """COMPARATOR (:rfc:`5255#section-4.7`; needs I18NLEVEL=2): how texts are compared.

    Its result is the COMPARATOR response; ``None`` if the server sends none.

    Args:
        orders: comparators wished for, the best first, such as ``"i;unicode-casemap"``;
            none only asks.

    Raises:
        InvalidArgumentError: if one is not the name of a comparator.
    """

    name = "COMPARATOR"
    answers: ClassVar[tuple[type, ...]] = (ComparatorResponse,)
    repeatable = True

    def __init__(self, *orders: str) -> None:
        for wish in orders:
            if not _COLLATION.fullmatch(wish):
                raise InvalidArgumentError(f"a comparator is such as 'i;octet', not {wish!r}")
        self._orders = orders
        self._answer: ComparatorResponse | None = None

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        for wish in self._orders:
            wire.astring(wish)

    def claim(self, response: Untagged) -> bool:
        if not isinstance(response, ComparatorResponse):
            return False
        self._answer = response
        return True

    def result(self, response: TaggedResponse) -> ComparatorResponse | None:
        return self._answer
