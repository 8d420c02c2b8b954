"""Where a server does only a part of the work, and says so (:rfc:`9738`).

Over its limit a command is refused, or carried out for the highest UIDs only, which an OK
tells. Who takes that for the whole leaves messages undone.
"""

from __future__ import annotations

from typing import Any

from aimap._commands.base import SelectedCommand
from aimap._errors import NoError
from aimap._model.code import MessageLimitCode
from aimap._model.numbers import UIDSet

_NONE = UIDSet()


def stuck(command: SelectedCommand[Any], limit: MessageLimitCode) -> NoError:
    """Return the error for a server that says of its limit, and gets nowhere."""
    return NoError(command.described, limit, "the server did not go on below its limit")


def undone(command: SelectedCommand[Any], messages: UIDSet) -> UIDSet:
    """Return those of a command's messages that the server did not get to, though it says OK.

    Raises:
        NoError: if it would not get further if it was asked again.
    """
    if command.limit is None:
        return _NONE
    lowest = command.limit.lowest_uid
    if lowest is None:
        if lesser(command.limit, messages) is None:
            raise stuck(command, command.limit)
        return messages
    if lowest > messages.last:
        raise stuck(command, command.limit)
    return _NONE if lowest == 1 else messages & UIDSet.from_ranges([(1, lowest - 1)])


def lesser(code: object, messages: UIDSet) -> int | None:
    """Return how many messages a server will take that found *messages* too many.

    ``None`` if *code* says nothing of that, or they are no more than it says.
    """
    if isinstance(code, MessageLimitCode) and 1 <= code.limit < len(messages):
        return code.limit
    return None
