"""Items of which nothing but the octets of the whole response is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import final

import attrs


@final
@attrs.frozen
class FlatItems:
    """The names of the items of a response that one pattern reads: a collection of them.

    Attributes:
        names: the names, in the order of the response.
        pattern: matches it; its groups are the sequence number, then an item each.
    """

    names: tuple[str, ...]
    pattern: re.Pattern[bytes]

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def read(self, response: bytes) -> dict[str, object]:
        """Return the items of a response that the pattern has matched before."""
        match = self.pattern.match(response)
        assert match is not None
        return dict(zip(self.names, match.groups()[1:], strict=True))
