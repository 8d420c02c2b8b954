"""What users add to the protocol: responses that aimap does not know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol, final

import attrs

from aimap._errors import InvalidArgumentError
from aimap._model.raw import RawValue


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


_KEYWORD = re.compile(r"[A-Z][A-Z0-9_.=-]*", re.ASCII)


def _by_keyword(responses: Mapping[str, ReadResponse]) -> Mapping[str, ReadResponse]:
    found = {keyword.upper(): read for keyword, read in responses.items()}
    for keyword in found:
        if not _KEYWORD.fullmatch(keyword):
            raise InvalidArgumentError(f"a response's keyword is such as 'XCLOCK', not {keyword!r}")
    return found


@final
@attrs.frozen
class Extension:
    """An extension of IMAP that aimap does not know, as far as the server's part goes.

    Its commands are classes of your own: see :mod:`aimap.extending`.

    Attributes:
        responses: what reads an untagged response, by its keyword.

    Raises:
        InvalidArgumentError: if a keyword is not one.
    """

    responses: Mapping[str, ReadResponse] = attrs.field(converter=_by_keyword)
