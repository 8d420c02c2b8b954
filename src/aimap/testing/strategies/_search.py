"""Message numbers found: SEARCH, SORT, THREAD, ESEARCH."""

from __future__ import annotations

import attrs
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from aimap._model.numbers import SeqSet, UIDSet
from aimap._model.response import (
    ContextChange,
    ESearchResponse,
    PartialResult,
    Ranges,
    SearchResponse,
    SortResponse,
)
from aimap._model.thread import Thread, ThreadResponse
from aimap.testing.strategies._basic import (
    atoms,
    labels,
    mod_seqs,
    numbers,
    ranges,
    raw_values,
    uid_validities,
    uids,
)
from aimap.testing.strategies._mailbox import mailbox_names


def search_responses() -> SearchStrategy[SearchResponse]:
    """Return SEARCH responses."""
    return st.builds(SearchResponse, _found(), st.none() | mod_seqs())


def sort_responses() -> SearchStrategy[SortResponse]:
    """Return SORT responses."""
    return st.builds(SortResponse, _found(), st.none() | mod_seqs())


def _found() -> SearchStrategy[tuple[int, ...]]:
    return st.lists(uids(), max_size=6).map(tuple)


def threads() -> SearchStrategy[Thread]:
    """Return threads: a branch is one of several, or no branch."""
    members = st.lists(uids(), min_size=1, max_size=3).map(tuple)

    def branching(inner: SearchStrategy[Thread]) -> SearchStrategy[Thread]:
        return st.builds(
            Thread, st.just(()) | members, st.lists(inner, min_size=2, max_size=3).map(tuple)
        )

    return st.recursive(st.builds(Thread, members), branching, max_leaves=8)


def thread_responses() -> SearchStrategy[ThreadResponse]:
    """Return THREAD responses."""
    return st.lists(threads(), max_size=3).map(lambda found: ThreadResponse(tuple(found)))


# partial-range: both ends count from the same side (RFC 9394)
def _partial_results() -> SearchStrategy[PartialResult]:
    def build(first: int, last: int, sign: int, order: Ranges) -> PartialResult:
        return PartialResult(sign * first, sign * last, order)

    return st.builds(build, uids(), uids(), st.sampled_from((1, -1)), ranges(min_size=0))


def _changes() -> SearchStrategy[tuple[ContextChange, ...]]:
    return st.lists(st.builds(ContextChange, numbers(), ranges()), max_size=2).map(tuple)


def esearch_responses() -> SearchStrategy[ESearchResponse]:
    """Return ESEARCH responses, with what the extensions add to them."""
    some = st.builds(
        ESearchResponse,
        st.none() | atoms(exclude="+"),
        st.booleans(),
        min=st.none() | uids(),
        max=st.none() | uids(),
        count=st.none() | numbers(),
        modseq=st.none() | mod_seqs(),
        partial=st.none() | _partial_results(),
        added=_changes(),
        removed=_changes(),
        relevancy=st.lists(st.integers(1, 100), max_size=3).map(tuple),
        mailbox=st.none() | mailbox_names(),
        uid_validity=st.none() | uid_validities(),
        extensions=st.dictionaries(labels(), raw_values(), max_size=2),
    )
    return st.builds(_with_order, some, ranges(min_size=0))


def _with_order(found: ESearchResponse, order: Ranges) -> ESearchResponse:
    if not order:
        return found
    kind = UIDSet if found.uid else SeqSet
    return attrs.evolve(found, all=kind.from_ranges(order), order=order)
