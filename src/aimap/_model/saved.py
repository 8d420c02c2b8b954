"""The result that a search saved on the server (:rfc:`5182`)."""

from __future__ import annotations

from typing import Final, TypeAlias, final

from aimap._model.numbers import SeqSet, UIDSet


@final
class SavedResult:
    """What the last search with ``RETURN (SAVE)`` found, known to the server only: ``$``.

    It stands in place of a set of messages; ``SAVED`` is the one of its kind.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "SAVED"


SAVED: Final = SavedResult()
"""The saved result, ``$`` (:rfc:`5182#section-2.1`, :rfc:`9051#section-6.4.4.1`)."""

MessageSet: TypeAlias = UIDSet | SeqSet | SavedResult
"""Which messages a command is about; the type chooses the UID form of the command."""
