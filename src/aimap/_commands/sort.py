"""SORT and THREAD (:rfc:`5256`, :rfc:`5267`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, final

from aimap._commands.base import Claim, SelectedCommand, exclusive
from aimap._commands.criteria import (
    checked_criteria,
    search_claims,
    text_codec,
    write_criteria,
    write_search_name,
)
from aimap._commands.search import Returning, and_saving, write_returning
from aimap._commands.sets import ALONE_BY_NUMBER
from aimap._errors import InvalidArgumentError
from aimap._model.numbers import ModSeq, SeqSet, UIDSet
from aimap._model.response import SortResponse, TaggedResponse, Untagged
from aimap._model.returning import ReturnOption
from aimap._model.search import SearchCriteria
from aimap._model.sort import SortKey
from aimap._model.thread import Thread, ThreadResponse

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder


def _sort_keys(keys: Sequence[SortKey]) -> tuple[SortKey, ...]:
    if not keys:
        raise InvalidArgumentError("SORT needs at least one key, such as SortKey.DATE")
    return tuple(keys)


# sort-criteria = "(" sort-criterion *(SP sort-criterion) ")"
def _write_keys(wire: Encoder, keys: Sequence[SortKey]) -> None:
    with wire.parentheses():
        for key in keys:
            if key.reverse:
                wire.atom("REVERSE")
            wire.atom(key.name)
            for argument in key.arguments:
                wire.astring(argument)


# search-criteria = charset 1*(SP search-key); the charset is no literal (RFC 5256 section 5).
def _write_criteria(wire: Encoder, criteria: SearchCriteria, charset: str) -> None:
    wire.atom(charset)
    write_criteria(wire, criteria, text_codec(charset))


def _claims(criteria: SearchCriteria, *, by_uid: bool) -> tuple[Claim, ...]:
    claims = search_claims(criteria, by_uid=by_uid)
    # Unlike during SEARCH, an EXPUNGE may come during SORT and THREAD.
    return claims if by_uid else (*ALONE_BY_NUMBER, *claims[len(ALONE_BY_NUMBER) :])


@final
class Sort(SelectedCommand[SortResponse]):
    """SORT or UID SORT: a search whose result has an order (:rfc:`5256#section-3`).

    ``UID SORT (REVERSE DATE) UTF-8 UNSEEN``. Its result is the SORT response. Needs SORT.

    Args:
        keys: what to sort by, the first first; at least one.
        criteria: what to look for.
        numbers: :class:`UIDSet` to find UIDs, :class:`SeqSet` to find sequence numbers.
        charset: the charset of the texts in *criteria*.

    Raises:
        InvalidArgumentError: if there is no key.
    """

    answers: ClassVar[tuple[type, ...]] = (SortResponse,)

    def __init__(
        self,
        keys: Sequence[SortKey],
        criteria: SearchCriteria,
        *,
        numbers: type[UIDSet | SeqSet] = UIDSet,
        charset: str = "UTF-8",
    ) -> None:
        self._keys = _sort_keys(keys)
        self._criteria = checked_criteria(criteria)
        self._by_uid = numbers is UIDSet
        self._charset = charset
        self._found: list[int] = []
        self._modseq: ModSeq | None = None

    @property
    def name(self) -> str:  # type: ignore[override]
        """``UID SORT`` or ``SORT``."""
        return "UID SORT" if self._by_uid else "SORT"

    @property
    def claims(self) -> tuple[Claim, ...]:
        return (*_claims(self._criteria, by_uid=self._by_uid), exclusive("SORT"))

    def write(self, wire: Encoder) -> None:
        write_search_name(wire, self.name)
        _write_keys(wire, self._keys)
        _write_criteria(wire, self._criteria, self._charset)

    def claim(self, response: Untagged) -> bool:
        if not isinstance(response, SortResponse):
            return False
        self._found += response.numbers
        self._modseq = response.modseq or self._modseq
        return True

    def result(self, response: TaggedResponse) -> SortResponse:
        return SortResponse(tuple(self._found), self._modseq)


@final
class ESort(Returning):
    """SORT or UID SORT with return options (:rfc:`5267#section-3`; needs ESORT).

    ``UID SORT RETURN (PARTIAL 1:50 COUNT) (REVERSE DATE) UTF-8 UNSEEN``. Its result is the
    ESEARCH response, in whose ``order`` or ``partial`` the messages stand as sorted.

    Args:
        keys: what to sort by, the first first; at least one.
        criteria: what to look for.
        returning: what to return; nothing for the server's default, which is ALL.
        numbers: :class:`UIDSet` to find UIDs, :class:`SeqSet` to find sequence numbers.
        charset: the charset of the texts in *criteria*.

    Raises:
        InvalidArgumentError: if there is no key, or a return option is wrong.
    """

    verb = "SORT"

    def __init__(
        self,
        keys: Sequence[SortKey],
        criteria: SearchCriteria,
        returning: Sequence[ReturnOption] = (),
        *,
        numbers: type[UIDSet | SeqSet] = UIDSet,
        charset: str = "UTF-8",
    ) -> None:
        super().__init__(criteria, returning, numbers)
        self._keys = _sort_keys(keys)
        self._charset = charset

    @property
    def claims(self) -> tuple[Claim, ...]:
        claims = _claims(self._criteria, by_uid=self._numbers is UIDSet)
        return and_saving(claims, self._returning)

    def write(self, wire: Encoder) -> None:
        write_search_name(wire, self.name)
        write_returning(wire, self._returning)
        _write_keys(wire, self._keys)
        _write_criteria(wire, self._criteria, self._charset)


@final
class ThreadSearch(SelectedCommand[tuple[Thread, ...]]):
    """THREAD or UID THREAD: a search that finds threads (:rfc:`5256#section-3`).

    It is not called Thread, as :class:`aimap.Thread` is what it finds.

    ``UID THREAD REFERENCES UTF-8 UNSEEN``. Needs THREAD= with the algorithm.

    Args:
        algorithm: ``"REFERENCES"``, ``"ORDEREDSUBJECT"`` or another of the server's.
        criteria: what to look for.
        numbers: :class:`UIDSet` to find UIDs, :class:`SeqSet` to find sequence numbers.
        charset: the charset of the texts in *criteria*.
    """

    answers: ClassVar[tuple[type, ...]] = (ThreadResponse,)

    def __init__(
        self,
        algorithm: str,
        criteria: SearchCriteria,
        *,
        numbers: type[UIDSet | SeqSet] = UIDSet,
        charset: str = "UTF-8",
    ) -> None:
        self._algorithm = algorithm
        self._criteria = checked_criteria(criteria)
        self._by_uid = numbers is UIDSet
        self._charset = charset
        self._threads: tuple[Thread, ...] = ()

    @property
    def name(self) -> str:  # type: ignore[override]
        """``UID THREAD`` or ``THREAD``."""
        return "UID THREAD" if self._by_uid else "THREAD"

    @property
    def claims(self) -> tuple[Claim, ...]:
        return (*_claims(self._criteria, by_uid=self._by_uid), exclusive("THREAD"))

    def write(self, wire: Encoder) -> None:
        write_search_name(wire, self.name)
        wire.atom(self._algorithm)
        _write_criteria(wire, self._criteria, self._charset)

    def claim(self, response: Untagged) -> bool:
        if not isinstance(response, ThreadResponse):
            return False
        self._threads += response.threads
        return True

    def result(self, response: TaggedResponse) -> tuple[Thread, ...]:
        return self._threads
