"""What a SORT sorts by (:rfc:`5256#section-3`)."""

from __future__ import annotations

from typing import ClassVar, Literal, final

import attrs

from aimap._errors import InvalidArgumentError
from aimap._model.entry import entry_name


@final
@attrs.frozen
class SortKey:
    """A sort criterion: one of the constants, or :meth:`annotation`; ``~`` reverses it.

    ``[~SortKey.DATE, SortKey.SUBJECT]`` sorts the newest first, and messages of the same
    date by subject.

    Attributes:
        name: the key's name.
        reverse: whether from the highest to the lowest.
        arguments: what follows the name.
    """

    name: str
    reverse: bool = False
    arguments: tuple[str, ...] = ()

    ARRIVAL: ClassVar[SortKey]
    CC: ClassVar[SortKey]
    DATE: ClassVar[SortKey]
    DISPLAYFROM: ClassVar[SortKey]
    """The display name of the sender (:rfc:`5957`; needs SORT=DISPLAY)."""
    DISPLAYTO: ClassVar[SortKey]
    """The display name of the first recipient (:rfc:`5957`; needs SORT=DISPLAY)."""
    FROM: ClassVar[SortKey]
    RELEVANCY: ClassVar[SortKey]
    """How well a FUZZY search matches (:rfc:`6203#section-5`)."""
    SIZE: ClassVar[SortKey]
    SUBJECT: ClassVar[SortKey]
    TO: ClassVar[SortKey]

    def __invert__(self) -> SortKey:
        return attrs.evolve(self, reverse=not self.reverse)

    @classmethod
    def annotation(
        cls, entry: str, attribute: Literal["value.priv", "value.shared"] = "value.shared"
    ) -> SortKey:
        """Sort by an annotation (:rfc:`5257#section-4.9`).

        Args:
            entry: its name, such as ``"/altsubject"``.
            attribute: the user's own value, or the one shared with others.

        Raises:
            InvalidArgumentError: if one of them cannot be sorted by.
        """
        if attribute not in ("value.priv", "value.shared"):
            raise InvalidArgumentError(
                f"annotations are sorted by 'value.priv' or 'value.shared', not by {attribute!r}"
            )
        return cls("ANNOTATION", arguments=(entry_name(entry), attribute))


SortKey.ARRIVAL = SortKey("ARRIVAL")
SortKey.CC = SortKey("CC")
SortKey.DATE = SortKey("DATE")
SortKey.DISPLAYFROM = SortKey("DISPLAYFROM")
SortKey.DISPLAYTO = SortKey("DISPLAYTO")
SortKey.FROM = SortKey("FROM")
SortKey.RELEVANCY = SortKey("RELEVANCY")
SortKey.SIZE = SortKey("SIZE")
SortKey.SUBJECT = SortKey("SUBJECT")
SortKey.TO = SortKey("TO")
