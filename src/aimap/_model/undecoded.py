"""Values that are made into their final form when somebody asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, final

P = TypeVar("P")


@final
class Undecoded:
    """An item's value that is read, and made into its final form when somebody asks."""

    __slots__ = ("_decode", "_parts")

    def __init__(self, decode: Callable[[P], object], parts: P) -> None:
        self._decode: Callable[[Any], object] = decode
        self._parts: object = parts

    def decode(self) -> object:
        """Return the value in its final form."""
        return self._decode(self._parts)
