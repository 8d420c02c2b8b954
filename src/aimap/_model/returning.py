"""What a search is to return (:rfc:`9051#section-6.4.4`, :rfc:`4731#section-3.1`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeAlias, TypeVar, final

import attrs

from aimap._errors import InvalidArgumentError
from aimap._model.fetch import FetchItem
from aimap._model.numbers import MAX_NUMBER

N = TypeVar("N")


@final
@attrs.frozen
class Partial:
    """A window of the results (:rfc:`9394#section-3.1`, :rfc:`5267#section-4.4`).

    Attributes:
        first: where it begins, counted from 1; from the highest if both are negative.
        last: where it ends, itself included.

    Raises:
        InvalidArgumentError: if one is 0, or only one is negative.
    """

    first: int
    last: int

    def __attrs_post_init__(self) -> None:
        """Check the ends."""
        for end in (self.first, self.last):
            if isinstance(end, bool) or not 1 <= abs(end) <= MAX_NUMBER:
                raise InvalidArgumentError(
                    f"a window is counted from 1, or from -1 at the end, not from {end!r}"
                )
        if (self.first < 0) != (self.last < 0):
            raise InvalidArgumentError(
                f"both ends of a window have one sign, unlike {self.first}:{self.last}"
            )

    def __str__(self) -> str:
        return f"{self.first}:{self.last}"

    def __len__(self) -> int:
        return abs(self.last - self.first) + 1

    def of(self, results: Sequence[N]) -> Sequence[N]:
        """Return what the window shows of *results*, in their order."""
        low, high = sorted((abs(self.first), abs(self.last)))
        if self.first > 0:
            return results[low - 1 : high]
        return results[max(0, len(results) - high) : max(0, len(results) - low + 1)]


def _items(items: Iterable[FetchItem[Any]]) -> tuple[FetchItem[Any], ...]:
    return tuple(items)


@final
@attrs.frozen
class Update:
    """Go on telling what comes into the results and what leaves them (:rfc:`5267#section-4.3`).

    Attributes:
        items: what to tell of each message that comes in (:rfc:`5465#section-7`; needs
            NOTIFY); the plain word ``"UPDATE"`` asks for nothing.
    """

    items: tuple[FetchItem[Any], ...] = attrs.field(converter=_items)


ReturnWord: TypeAlias = Literal[
    "MIN", "MAX", "ALL", "COUNT", "SAVE", "RELEVANCY", "CONTEXT", "UPDATE"
]
ReturnOption: TypeAlias = ReturnWord | Partial | Update
"""A search return option: a word, a :class:`Partial` window, or an :class:`Update`."""

_WORDS = frozenset({"MIN", "MAX", "ALL", "COUNT", "SAVE", "RELEVANCY", "CONTEXT", "UPDATE"})


def return_options(options: Sequence[ReturnOption]) -> tuple[ReturnOption, ...]:
    """Return search return options that may stand together.

    Raises:
        InvalidArgumentError: if one is unknown or stands twice, or PARTIAL beside ALL
            (:rfc:`9394#section-3.1`).
    """
    if isinstance(options, str):
        raise InvalidArgumentError(f"return options come as several, not as one str: {options!r}")
    names = [option_name(option) for option in options]
    for name in names:
        if names.count(name) > 1:
            raise InvalidArgumentError(f"the return option {name} stands once, not twice")
    if "PARTIAL" in names and "ALL" in names:
        raise InvalidArgumentError("a search returns PARTIAL or ALL, not both")
    return tuple(options)


def option_name(option: object) -> str:
    """Return the name of a search return option.

    Raises:
        InvalidArgumentError: if it is not one.
    """
    if isinstance(option, Partial):
        return "PARTIAL"
    if isinstance(option, Update):
        return "UPDATE"
    if not isinstance(option, str) or option not in _WORDS:
        raise InvalidArgumentError(
            f"a search returns {', '.join(sorted(_WORDS))}, a Partial or an Update, not {option!r}"
        )
    return option
