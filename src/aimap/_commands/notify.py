"""NOTIFY (:rfc:`5465`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, final

from aimap._commands.base import Command
from aimap._commands.fetch import write_item_list
from aimap._commands.filters import write_filter
from aimap._errors import InvalidArgumentError
from aimap._model.notify import EventGroup, event_groups
from aimap._model.response import TaggedResponse

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder


@final
class Notify(Command[None]):
    """NOTIFY (:rfc:`5465#section-3.1`; needs NOTIFY): which events the server is to tell.

    ``NOTIFY SET STATUS (selected (MessageNew (UID FLAGS) MessageExpunge)) (inboxes NONE)``.
    It takes the place of what was asked before; without groups it is ``NOTIFY NONE``. What
    it brings are events.

    Args:
        groups: mailboxes, and the events wanted of them; the first group that a mailbox
            is in counts.
        status: tell the state of all of them, by STATUS, before the OK.

    Raises:
        InvalidArgumentError: if groups do not go together.
    """

    name = "NOTIFY"

    def __init__(self, groups: Sequence[EventGroup] = (), *, status: bool = False) -> None:
        if status and not groups:
            raise InvalidArgumentError("NOTIFY NONE has no STATUS to tell")
        self._groups = event_groups(groups)
        self._status = status

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        if not self._groups:
            wire.atom("NONE")
            return
        wire.atom("SET")
        if self._status:
            wire.atom("STATUS")
        for group in self._groups:
            with wire.parentheses():
                write_filter(wire, group.mailboxes)
                _write_events(wire, group)

    def result(self, response: TaggedResponse) -> None:
        del response


def _write_events(wire: Encoder, group: EventGroup) -> None:
    if not group.events:
        wire.atom("NONE")
        return
    with wire.parentheses():
        for event in group.events:
            wire.atom(event)
            if event == "MessageNew" and group.items:
                write_item_list(wire, [item.request for item in group.items])
