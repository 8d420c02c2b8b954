"""What a search found, put together from several answers or computed here."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from aimap._model.numbers import ModSeq, UIDSet
from aimap._model.response import ESearchResponse, PartialResult
from aimap._model.returning import Partial, ReturnOption


def found_among(
    uids: UIDSet, modseq: ModSeq | None, options: Sequence[ReturnOption]
) -> ESearchResponse:
    """Return of all that was found what was asked for.

    Args:
        uids: all that was found.
        modseq: the highest mod-sequence of them, if that is known.
        options: what was asked for.
    """
    # RFC 4731 section 3.2: beside MIN and MAX alone, it is of those messages only.
    of_all = not options or "ALL" in options or "COUNT" in options
    windows = [option for option in options if isinstance(option, Partial)]
    partial = None
    if windows:
        (window,) = windows
        shown = UIDSet(window.of(list(uids)))
        partial = PartialResult(window.first, window.last, shown.ranges)
    return ESearchResponse(
        None,
        True,
        all=uids if "ALL" in options or not options else None,
        min=uids.first if uids and "MIN" in options else None,
        max=uids.last if uids and "MAX" in options else None,
        count=len(uids) if "COUNT" in options else None,
        modseq=modseq if of_all else None,
        partial=partial,
    )


def merged(answers: Sequence[ESearchResponse], options: Sequence[ReturnOption]) -> ESearchResponse:
    """Put the answers to searches together that found different messages."""
    first = answers[0]
    wants_all = "ALL" in options or not options
    found = UIDSet.from_ranges(
        pair for answer in answers for pair in (answer.all.ranges if answer.all else ())
    )
    lowest = [answer.min for answer in answers if answer.min is not None]
    highest = [answer.max for answer in answers if answer.max is not None]
    modseqs = [answer.modseq for answer in answers if answer.modseq is not None]
    return attrs.evolve(
        first,
        all=found if wants_all else None,
        min=min(lowest, default=None),
        max=max(highest, default=None),
        count=sum(answer.count or 0 for answer in answers) if "COUNT" in options else None,
        modseq=max(modseqs, default=None),
        relevancy=tuple(score for answer in answers for score in answer.relevancy),
    )
