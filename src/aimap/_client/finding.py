"""UID SEARCH until the whole mailbox was searched (:rfc:`9051#section-6.4.4`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from aimap._client.driver import Driver
from aimap._client.limiting import stuck
from aimap._commands.base import SelectedCommand
from aimap._commands.criteria import search_pieces, writable_in
from aimap._commands.search import Search
from aimap._errors import CommandError
from aimap._model.code import BadCharsetCode
from aimap._model.numbers import MAX_NUMBER, ModSeq, UIDSet
from aimap._model.search import IN, SearchCriteria

T = TypeVar("T")


async def search(driver: Driver, criteria: SearchCriteria) -> UIDSet:
    """Search by as many commands as it takes; ESEARCH where the server has it."""
    found, _ = await search_with_modseq(driver, criteria)
    return found


async def search_with_modseq(
    driver: Driver, criteria: SearchCriteria
) -> tuple[UIDSet, ModSeq | None]:
    """Search likewise; return the highest mod-sequence of what was found as well, if told."""
    extended = driver.session.offers("ESEARCH")
    commands: list[Search] = []

    def make(part: SearchCriteria, charset: str | None) -> Search:
        commands.append(Search(part, extended=extended, charset=charset))
        return commands[-1]

    found = UIDSet()
    for piece in search_pieces(criteria, driver.session.max_line):
        for each in await search_all(driver, piece, make):
            found |= each
    told = [command.modseq for command in commands if command.modseq is not None]
    return found, max(told, default=None)


async def search_all(
    driver: Driver,
    criteria: SearchCriteria,
    make: Callable[[SearchCriteria, str | None], SelectedCommand[T]],
) -> list[T]:
    """Search in a charset that the server takes, and below where it stopped (:rfc:`9738`).

    Args:
        driver: of the connection.
        criteria: what to look for.
        make: makes the command, given criteria and charset.

    Returns:
        The results of the commands that it took: the highest UIDs come first.

    Raises:
        NoError: if the server refuses, or stops without getting anywhere.
    """
    results: list[T] = []
    charset: str | None = None
    below = MAX_NUMBER + 1
    part = criteria
    while True:
        command = make(part, charset)
        try:
            results.append(await driver.call(command))
        except CommandError as error:
            charset = other_charset(error, criteria, charset)
            continue
        if command.limit is None:
            return results
        lowest = command.limit.lowest_uid or below
        if lowest >= below:
            raise stuck(command, command.limit)
        if lowest == 1:
            return results
        below = lowest
        part = IN(UIDSet.from_ranges([(1, below - 1)])) & criteria


def other_charset(error: CommandError, criteria: SearchCriteria, tried: str | None) -> str:
    """Return the charset that the server would rather have the texts in.

    Raises:
        CommandError: the same *error*, if there is none, or this was not the matter.
    """
    charsets: Iterable[str] = ()
    if tried is None and isinstance(error.code, BadCharsetCode):
        charsets = error.code.charsets
    for charset in charsets:
        if writable_in(criteria, charset):
            return charset
    raise error
