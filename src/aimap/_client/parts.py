"""A command on many messages, sent again and again until it was carried out for all of them.

Lines have an end, and so has what some servers do at once: they say how many messages a
command may be about (:rfc:`9738`), refuse more, or deal with the highest UIDs only and
say so in an OK. And a server may refuse all, because some of the messages are gone
(``EXPUNGEISSUED``, :rfc:`5530#section-3`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import trio

from aimap._client.driver import Driver
from aimap._client.finding import search
from aimap._client.limiting import lesser, undone
from aimap._commands.base import SelectedCommand
from aimap._commands.sets import set_octets
from aimap._errors import NoError
from aimap._model.numbers import UIDSet
from aimap._model.saved import SavedResult
from aimap._model.search import IN
from aimap._protocol.view import MailboxView

C = TypeVar("C", bound=SelectedCommand[Any])


async def carry_out(
    driver: Driver,
    view: MailboxView,
    messages: UIDSet | SavedResult,
    make: Callable[[UIDSet | SavedResult], C],
    on_done: Callable[[C, Any], object] = lambda _, __: None,
    *,
    saving: bool = False,
    again: bool = True,
) -> None:
    """Send a command for *messages*, in as many parts as it takes, one behind the other.

    Args:
        driver: of the connection.
        view: of the mailbox.
        messages: which ones; none sends nothing.
        make: makes the command for some of them.
        on_done: called with each command that was carried out, and its result.
        saving: whether the command saves messages in a mailbox.
        again: whether what was done may be done again, where the server refused the rest.

    Raises:
        NoError: if the server refuses. A note tells what was done before.
    """
    await trio.lowlevel.checkpoint_if_cancelled()
    most = driver.session.message_limit(saving=saving)
    if isinstance(messages, SavedResult):
        if most is None:
            command = make(messages)
            on_done(command, await driver.call(command))
            return
        # What is left of it, once the server stopped, has to be known by UID.
        messages = await search(driver, IN(messages))
    elif not messages:
        await trio.lowlevel.cancel_shielded_checkpoint()
        return
    await _Parts(driver, view, messages, most, again=again).go_through(make, on_done)


class _Parts:
    """The messages that a command is still to be carried out for."""

    def __init__(
        self, driver: Driver, view: MailboxView, messages: UIDSet, most: int | None, *, again: bool
    ) -> None:
        self._driver = driver
        self._view = view
        self._rest = messages
        self._most = most
        self._again = again
        self._done = UIDSet()

    async def go_through(
        self, make: Callable[[UIDSet | SavedResult], C], on_done: Callable[[C, Any], object]
    ) -> None:
        """Carry it out for all of them."""
        while self._rest:
            piece = await self._next()
            if not piece:
                return
            command = make(piece)
            refused: NoError | None = None
            result: object = None
            try:
                result = await self._driver.call(command)
            except NoError as error:
                refused = error
            if refused is not None:
                if await self._can_be_less(piece, refused):
                    continue
                if self._done:
                    refused.add_note(f"before that, it was carried out for {self._done}")
                raise refused
            on_done(command, result)
            left = undone(command, piece)
            if command.limit is not None:
                self._most = command.limit.limit or None
            self._done |= piece - left
            self._rest |= left

    async def _next(self) -> UIDSet:
        """Take as many as one command may be about off the rest."""
        most = self._most
        if most is not None and len(self._rest) > most + 2 * self._view.exists:
            # Too wide to be cut by counting: ask which of them there are.
            self._rest = await search(self._driver, IN(self._rest))
        octets = set_octets(self._driver.session.max_line)
        piece, self._rest = self._rest.cut(most or len(self._rest), octets)
        return piece

    async def _can_be_less(self, piece: UIDSet, error: NoError) -> bool:
        """Put back what of *piece* can be asked for again, after the server refused it."""
        most = lesser(error.code, piece)
        if most is not None:
            self._most, self._rest = most, self._rest | piece
            return True
        if error.code is not None and error.code.name == "EXPUNGEISSUED" and self._again:
            there = await search(self._driver, IN(piece))
            self._rest |= there
            return there != piece
        return False
