"""What users add to the protocol: responses, data items and codes that aimap does not know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol, TypeVar, final

import attrs

from aimap._errors import InvalidArgumentError
from aimap._model.code import ResponseCode
from aimap._model.raw import RawValue

T = TypeVar("T")


class ReadResponse(Protocol):
    """What reads a response: a function or the like."""

    def __call__(self, number: int | None, values: tuple[RawValue, ...], /) -> object:
        """Return a value of a class of your own.

        Args:
            number: the number before the keyword, if there is one.
            values: what is behind the keyword: strings and atoms are ``bytes``, NIL is ``None``,
                and a list is a ``tuple``.

        Raises:
            ValueError: or anything else, if the response is not what it should be: it becomes a
                :class:`aimap.Defect`, and the connection goes on.
        """
        ...


class ReadItem(Protocol):
    """What reads the value of a FETCH data item: a function or the like."""

    def __call__(self, value: RawValue, /) -> object:
        """Return what ``message[item]`` is to be.

        Args:
            value: what is behind the item's name, as :class:`ReadResponse` gets it.

        Raises:
            ValueError: or anything else, if the value is not what it should be: the item becomes
                :class:`aimap.Invalid`, and the others stand.
        """
        ...


class ReadCode(Protocol):
    """What reads a response code: a function or the like."""

    def __call__(self, code: ResponseCode, values: tuple[RawValue, ...], /) -> ResponseCode:
        """Return the code as a class of your own, which derives from ``ResponseCode``.

        Args:
            code: its name, and its arguments as they came, for the fields of that class.
            values: its arguments, as :class:`ReadResponse` gets them.

        Raises:
            ValueError: or anything else, if they are not what they should be: the code stays as
                it came.
        """
        ...


_NAME = re.compile(r"[A-Z][A-Z0-9_.=-]*", re.ASCII)


def _by_name(readers: Mapping[str, T]) -> Mapping[str, T]:
    found = {name.upper(): read for name, read in readers.items()}
    for name in found:
        if not _NAME.fullmatch(name):
            raise InvalidArgumentError(f"what is read has a name such as 'XCLOCK', not {name!r}")
    return found


# One for each, since type checkers do not see through a generic converter.
def _responses(readers: Mapping[str, ReadResponse]) -> Mapping[str, ReadResponse]:
    return _by_name(readers)


def _items(readers: Mapping[str, ReadItem]) -> Mapping[str, ReadItem]:
    return _by_name(readers)


def _codes(readers: Mapping[str, ReadCode]) -> Mapping[str, ReadCode]:
    return _by_name(readers)


@final
@attrs.frozen
class Extension:
    """An extension of IMAP that aimap does not know, as far as the server's part goes.

    Its commands are classes of your own, and what it lets fetch is a :class:`aimap.FetchItem`:
    see :mod:`aimap.extending`.

    Attributes:
        responses: what reads an untagged response, by its keyword.
        items: what reads a FETCH data item, by its name; by what is before the bracket, if it has
            a section.
        codes: what reads a response code, by its name.

    Raises:
        InvalidArgumentError: if a name is not one.
    """

    responses: Mapping[str, ReadResponse] = attrs.field(
        factory=dict[str, ReadResponse], converter=_responses
    )
    items: Mapping[str, ReadItem] = attrs.field(
        factory=dict[str, ReadItem], converter=_items, kw_only=True
    )
    codes: Mapping[str, ReadCode] = attrs.field(
        factory=dict[str, ReadCode], converter=_codes, kw_only=True
    )
