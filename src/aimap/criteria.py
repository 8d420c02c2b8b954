"""Search keys (:rfc:`9051#section-6.4.4`), under the RFC's names.

Two have other names here, since theirs are taken: ``BODY`` is :func:`BODY_TEXT`, and
``UID`` is :func:`IN`. All are found in :mod:`aimap` itself too.
"""

from aimap._model.search import (
    ALL,
    ANSWERED,
    BCC,
    BEFORE,
    BODY_TEXT,
    CC,
    DELETED,
    DRAFT,
    FLAGGED,
    FROM,
    HEADER,
    IN,
    KEYWORD,
    LARGER,
    MODSEQ_SINCE,
    NEW,
    OLD,
    OLDER,
    ON,
    RECENT,
    SEEN,
    SENTBEFORE,
    SENTON,
    SENTSINCE,
    SINCE,
    SMALLER,
    SUBJECT,
    TEXT,
    TO,
    UNANSWERED,
    UNDELETED,
    UNDRAFT,
    UNFLAGGED,
    UNKEYWORD,
    UNSEEN,
    YOUNGER,
    SearchCriteria,
    SearchKey,
)

__all__ = [
    "ALL", "ANSWERED", "BCC", "BEFORE", "BODY_TEXT", "CC", "DELETED", "DRAFT", "FLAGGED",
    "FROM", "HEADER", "IN", "KEYWORD", "LARGER", "MODSEQ_SINCE", "NEW", "OLD", "OLDER", "ON",
    "RECENT", "SEEN", "SENTBEFORE", "SENTON", "SENTSINCE", "SINCE", "SMALLER", "SUBJECT",
    "SearchCriteria", "SearchKey", "TEXT", "TO", "UNANSWERED", "UNDELETED", "UNDRAFT",
    "UNFLAGGED", "UNKEYWORD", "UNSEEN", "YOUNGER",
]
