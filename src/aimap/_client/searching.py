"""What finds messages in the selected mailbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, TypeVar

from aimap._client.fetching import FetchStream
from aimap._client.finding import other_charset, search, search_all, search_with_modseq
from aimap._client.selected import Selected
from aimap._commands.base import SelectedCommand
from aimap._commands.criteria import checked_criteria, needed_to_search, search_pieces
from aimap._commands.search import ESearch
from aimap._commands.sort import ESort, Sort, ThreadSearch
from aimap._errors import CapabilityError, CommandError, InvalidArgumentError
from aimap._model.fetch import FetchItem
from aimap._model.found import found_among, merged
from aimap._model.message import Message
from aimap._model.numbers import UID, UIDSet
from aimap._model.response import ESearchResponse
from aimap._model.returning import Partial, ReturnOption, return_options
from aimap._model.search import ALL, SearchCriteria
from aimap._model.sort import SortKey
from aimap._model.sorting import can_sort, items_to_sort, sort_messages
from aimap._model.thread import Thread
from aimap._model.threading import ALGORITHMS, ITEMS

T = TypeVar("T")

_FOR_LIVE_SEARCHES = ("CONTEXT", "UPDATE")


class Searching(Selected):
    """Searches, sorted or not, and threads."""

    async def search(self, criteria: SearchCriteria = ALL) -> UIDSet:
        """Search for messages (:rfc:`9051#section-6.4.4`).

        By ESEARCH where the server has it. Texts go out in UTF-8, or else in a charset that
        the server asks for in its refusal (``BADCHARSET``).

        Args:
            criteria: such as ``UNSEEN & FROM("joe")``.

        Returns:
            The UIDs of the messages that match.

        Raises:
            CapabilityError: if the server has not what a key needs, such as WITHIN.
            StateError: if the mailbox is not selected any more.
            NoError: if the server refuses, for example the charset.
            ConnectionLostError: if the connection is gone.
        """
        self._check()
        self._check_criteria(criteria)
        return await search(self._driver, criteria)

    async def esearch(
        self, criteria: SearchCriteria = ALL, returning: Sequence[ReturnOption] = ("ALL",)
    ) -> ESearchResponse:
        """Search for messages, and say what to return of them (:rfc:`4731#section-3.1`).

        ::

            newest = await inbox.esearch(UNSEEN, ["MAX", "COUNT"])
            page = await inbox.esearch(ALL, [Partial(-1, -50)])
            await inbox.esearch(LARGER(10_000_000), ["SAVE"])
            async with inbox.fetch(SAVED, ENVELOPE) as messages: ...

        Where the server has no ESEARCH, or no PARTIAL, all that matches is asked for, and the
        rest computed here.

        Args:
            criteria: such as ``UNSEEN & FROM("joe")``.
            returning: ``"MIN"``, ``"MAX"``, ``"COUNT"`` and ``"ALL"``; a
                :class:`aimap.commands.Partial` window (:rfc:`9394`), not beside ``"ALL"``;
                ``"SAVE"`` to keep the result on the server as
                :data:`aimap.commands.SAVED` (:rfc:`5182`); ``"RELEVANCY"`` for the scores of
                a FUZZY search (:rfc:`6203#section-4`).

        Returns:
            What was asked for, in UIDs; ``all`` is an empty set where nothing was found.

        Raises:
            CapabilityError: if the server has not what a key needs; SEARCHRES for
                ``"SAVE"``, SEARCH=FUZZY for ``"RELEVANCY"``.
            InvalidArgumentError: if an option is unknown, stands twice, or beside one that
                excludes it.
            StateError: if the mailbox is not selected any more.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._check()
        self._check_criteria(criteria)
        options = return_options(returning)
        for option in options:
            if option in _FOR_LIVE_SEARCHES or not isinstance(option, (str, Partial)):
                raise InvalidArgumentError("search_updates() goes on telling what is found")
        if "SAVE" in options:
            self._need("SEARCHRES", "RFC 5182")
        if "RELEVANCY" in options:
            self._need("SEARCH=FUZZY", "RFC 6203")
        pieces = search_pieces(criteria, self._driver.session.max_line)
        windows = [option for option in options if isinstance(option, Partial)]
        only_here = bool(windows) and (len(pieces) > 1 or not self._server_has(*windows))
        if not self._offers("ESEARCH") or only_here:
            for option in ("SAVE", "RELEVANCY"):
                if option in options:
                    missing, where = (
                        ("PARTIAL", "RFC 9394") if only_here else ("ESEARCH", "RFC 4731")
                    )
                    raise CapabilityError(missing, f"it is needed beside {option} ({where})")
            return found_among(*await search_with_modseq(self._driver, criteria), options)
        answers = [
            answer
            for piece in pieces
            for answer in await search_all(
                self._driver, piece, lambda part, charset: ESearch(part, options, charset=charset)
            )
        ]
        if len(answers) == 1 or not windows:
            return merged(answers, options)
        return found_among(*await search_with_modseq(self._driver, criteria), options)

    def _server_has(self, window: Partial) -> bool:
        # RFC 5267 section 4.4 counts from the lowest only.
        return self._offers("PARTIAL") or (self._offers("CONTEXT=SEARCH") and window.first > 0)

    async def sort(
        self,
        keys: SortKey | Sequence[SortKey],
        criteria: SearchCriteria = ALL,
        *,
        window: Partial | None = None,
    ) -> tuple[UID, ...]:
        """Search for messages, and sort them (:rfc:`5256#section-3`).

        ::

            newest_first = await inbox.sort(~SortKey.DATE, UNSEEN)

        Where the server has no SORT, or none by these keys, what they need is fetched of all
        messages that match, and sorted here by the same rules.

        Args:
            keys: what to sort by, the first first.
            criteria: what to look for.
            window: only that part of the sorted messages; by ESORT where the server has
                CONTEXT=SORT (:rfc:`5267#section-4.4`).

        Returns:
            The UIDs of the messages that match, as sorted.

        Raises:
            CapabilityError: if the server cannot sort by a key, nor can the client: RELEVANCY
                and annotations; or if it has not what a search key needs.
            InvalidArgumentError: if there is no key.
            StateError: if the mailbox is not selected any more.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._check()
        self._check_criteria(criteria)
        wanted = (keys,) if isinstance(keys, SortKey) else tuple(keys)
        if not wanted:
            raise InvalidArgumentError("name at least one key to sort by, such as SortKey.DATE")
        order: Sequence[UID] | None = None
        if self._server_sorts(wanted) and self._is_short(criteria):
            if window is not None and self._server_sorts_windows(window):
                page = await self._sorted_there(wanted, criteria, window)
                if page is not None:
                    return page
            order = await self._sorted_there(wanted, criteria, "ALL")
        if order is None:
            messages = await self._fetch_found(criteria, items_to_sort(wanted))
            order = [message.uid for message in sort_messages(messages, wanted)]
        return tuple(order if window is None else window.of(order))

    async def _sorted_there(
        self, keys: Sequence[SortKey], criteria: SearchCriteria, what: Literal["ALL"] | Partial
    ) -> tuple[UID, ...] | None:
        """Sort on the server; ``None`` if it did not look at all messages."""
        if not self._has_esort:
            found = await self._whole(
                criteria, lambda charset: Sort(keys, criteria, charset=charset)
            )
            return None if found is None else tuple(map(UID, found.numbers))
        answer = await self._whole(
            criteria, lambda charset: ESort(keys, criteria, [what], charset=charset)
        )
        if answer is None:
            return None
        order = answer.order if answer.partial is None else answer.partial.order
        return tuple(_expanded(order))

    @property
    def _has_esort(self) -> bool:
        return self._offers("ESORT") and self._offers("ESEARCH")

    def _server_sorts_windows(self, window: Partial) -> bool:
        # RFC 5267 section 4.4 counts from the lowest only.
        offered = self._has_esort and self._offers("CONTEXT=SORT")
        return offered and (window.first > 0 or self._offers("PARTIAL"))

    def _server_sorts(self, keys: Sequence[SortKey]) -> bool:
        """Tell whether the server sorts by these keys.

        Raises:
            CapabilityError: if it does not, and neither does the client.
        """
        needed = {"SORT"}
        for key in keys:
            if key.name in ("DISPLAYFROM", "DISPLAYTO"):
                needed.add("SORT=DISPLAY")
            elif key.name == "ANNOTATION":
                needed.add("ANNOTATE-EXPERIMENT-1")
            elif key.name == "RELEVANCY":
                needed.add("SEARCH=FUZZY")
        missing = [name for name in sorted(needed) if not self._offers(name)]
        if missing and not can_sort(keys):
            raise CapabilityError(missing[0], "and by that key only a server can sort")
        return not missing

    async def thread(
        self, algorithm: str = "REFERENCES", criteria: SearchCriteria = ALL
    ) -> tuple[Thread, ...]:
        """Search for messages, and find the threads that they are in (:rfc:`5256#section-3`).

        Where the server does not have the algorithm, the envelopes of all messages that match
        are fetched, and threaded here by the same rules.

        Args:
            algorithm: ``"REFERENCES"``, ``"ORDEREDSUBJECT"``, or another of the server's.
            criteria: what to look for.

        Returns:
            The threads, of UIDs.

        Raises:
            CapabilityError: if neither the server nor the client has the algorithm; or if the
                server has not what a search key needs.
            StateError: if the mailbox is not selected any more.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._check()
        self._check_criteria(criteria)
        name = algorithm.upper()
        if self._offers(f"THREAD={name}") and self._is_short(criteria):
            threads = await self._whole(criteria, lambda c: ThreadSearch(name, criteria, charset=c))
            if threads is not None:
                return threads
        if name not in ALGORITHMS:
            raise CapabilityError(
                f"THREAD={name}", f"and threads are computed by {', '.join(ALGORITHMS)} only"
            )
        return ALGORITHMS[name](await self._fetch_found(criteria, ITEMS))

    def _is_short(self, criteria: SearchCriteria) -> bool:
        return len(search_pieces(criteria, self._driver.session.max_line)) == 1

    async def _whole(
        self, criteria: SearchCriteria, make: Callable[[str], SelectedCommand[T]]
    ) -> T | None:
        """Return a command's result; ``None`` if the server did not look at all messages."""
        charset: str | None = None
        while True:
            command = make(charset or "UTF-8")
            try:
                result = await self._driver.call(command)
            except CommandError as error:
                charset = other_charset(error, criteria, charset)
                continue
            return result if command.limit is None else None

    async def _fetch_found(
        self, criteria: SearchCriteria, items: Sequence[FetchItem[Any]]
    ) -> list[Message]:
        """Return what matches, in the order of the mailbox."""
        found = await search(self._driver, criteria)
        async with FetchStream(self._driver, self._view, found, items) as stream:
            messages = await stream.rest()
        return sorted(messages, key=lambda message: message.uid)

    def _check_criteria(self, criteria: SearchCriteria) -> None:
        for needed in needed_to_search(checked_criteria(criteria)):
            self._need(*needed)


def _expanded(ranges: Sequence[tuple[int, int]]) -> Iterator[UID]:
    for first, last in ranges:
        step = 1 if first <= last else -1
        yield from map(UID, range(first, last + step, step))
