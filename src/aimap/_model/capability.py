"""The capabilities that a server offers (:rfc:`9051#section-6.1.1`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import final


@final
class Capabilities(AbstractSet[str]):
    """What a server says that it can do; compared without case, shown as it was sent."""

    __slots__ = ("_by_name", "_values")

    def __init__(self, names: Iterable[str] = ()) -> None:
        """Make a set of capability names such as ``"IDLE"`` or ``"AUTH=PLAIN"``."""
        self._by_name = {name.upper(): name for name in names}
        self._values: dict[str, tuple[str, ...]] = {}

    @classmethod
    def _from_iterable(cls, it: Iterable[str]) -> Capabilities:  # type: ignore[override]
        return cls(it)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.upper() in self._by_name

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Capabilities):
            return self._by_name.keys() == other._by_name.keys()
        return super().__eq__(other)

    def __hash__(self) -> int:
        return hash(frozenset(self._by_name))

    def __repr__(self) -> str:
        return f"Capabilities({list(self)!r})"

    @property
    def auth_mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms offered by ``AUTH=``, in the server's order, in upper case."""
        return self.values("AUTH")

    def values(self, name: str) -> tuple[str, ...]:
        """Return what stands behind ``NAME=`` in each capability of that form, in upper case."""
        prefix = name.upper() + "="
        # Asked again with each command: what limits it may be among them.
        values = self._values.get(prefix)
        if values is None:
            values = tuple(key[len(prefix) :] for key in self._by_name if key.startswith(prefix))
            self._values[prefix] = values
        return values

    def number(self, name: str) -> int | None:
        """Return the number of a capability such as ``APPENDLIMIT=35651584``, else ``None``."""
        for value in self.values(name):
            if value.isascii() and value.isdigit():
                return int(value)
        return None
