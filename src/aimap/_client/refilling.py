"""Sections that came empty and should not have: each is asked for again, alone.

Apache James gives an empty ``BODY[2]`` where ``BODY[2.MIME]`` is asked for in the same breath.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, final

from aimap._client.driver import CommandFuture, Driver
from aimap._commands.fetch import Fetch
from aimap._errors import CommandError, ImapError
from aimap._model.fetch import BODYSTRUCTURE, RFC822_SIZE, FetchItem
from aimap._model.message import Message
from aimap._model.numbers import UIDSet

# Of others, such as header fields, nothing is promised.
_SECTION = re.compile(r"BODY\[((?:[0-9]+(?:\.[0-9]+)*)?)\](?:<0>)?")


@final
class Refilling:
    """Holds messages back until what came empty of them was asked for again.

    Args:
        driver: of the connection.
        items: what is asked of each message.
        deliver: called with each message that was held back.
        on_done: called behind it, and with what went wrong if the connection is lost.
    """

    def __init__(
        self,
        driver: Driver,
        items: Sequence[FetchItem[Any]],
        deliver: Callable[[list[Message]], object],
        on_done: Callable[[ImapError | None], object],
    ) -> None:
        keys = {item.key for item in items}
        self._driver = driver
        self._deliver = deliver
        self._on_done = on_done
        # With each section its number, and whether its MIME header is asked for beside it.
        self._sections = [
            (item, match[1], f"BODY[{match[1]}.MIME]" in keys)
            for item in items
            if (match := _SECTION.fullmatch(item.key)) is not None
        ]
        self._asked: set[CommandFuture[Any]] = set()

    def __bool__(self) -> bool:
        """Tell whether anything is waited for."""
        return bool(self._asked)

    def whole(self, messages: list[Message]) -> list[Message]:
        """Return those of which nothing is to be asked for again; see to the others."""
        if not self._sections:
            return messages
        return [message for message in messages if not self._refill(message)]

    def cancel(self) -> None:
        """Give it up."""
        for future in self._asked:
            future.cancel()
        self._asked.clear()

    def _refill(self, message: Message) -> bool:
        for item, section, with_mime in self._sections:
            if message.is_empty(item.key) and _should_have_some(message, section, with_mime):
                self._ask(message, item)
                return True
        return False

    def _ask(self, message: Message, item: FetchItem[Any], *, once_more: bool = True) -> None:
        found: list[Message] = []

        def answered(future: CommandFuture[Any]) -> None:
            if future not in self._asked:
                return
            self._asked.discard(future)
            try:
                future.outcome()
            except CommandError:
                # It is as it came.
                self._deliver([message])
            except ImapError as error:
                self._on_done(error)
                return
            else:
                if not found and once_more:
                    # It may come late, behind the answer that it belongs to.
                    self._ask(message, item, once_more=False)
                else:
                    self._fill(message, item, found)
            self._on_done(None)

        future = self._driver.submit(Fetch(UIDSet(message.uid), [item], found.extend))
        self._asked.add(future)
        future.call_when_done(answered)

    def _fill(self, message: Message, item: FetchItem[Any], found: list[Message]) -> None:
        if not found or found[0].is_empty(item.key):
            # One that stays empty is not asked for for ever.
            self._deliver([message])
        elif not self._refill(whole := message.filled(item.key, found[0])):
            self._deliver([whole])


def _should_have_some(message: Message, section: str, with_mime: bool) -> bool:
    """Tell whether there should be octets in a section, as far as the message tells."""
    if not section and RFC822_SIZE in message:
        return message.size > 0
    if section and BODYSTRUCTURE in message:
        return any(part.section == section and part.size for part in message.body_structure.walk())
    return with_mime
