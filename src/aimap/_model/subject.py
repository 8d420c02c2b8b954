"""The base subject, by which SORT and THREAD compare subjects (:rfc:`5256#section-2.1`)."""

from __future__ import annotations

import re
from typing import final

import attrs

_SPACES = re.compile(r"[ \t\r\n]+")
# subj-blob = "[" *BLOBCHAR "]" *WSP
_BLOB = re.compile(r"\[[^\[\]]*\] *")
# subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"
_REFWD = re.compile(r"(?:re|fwd?) *(?:\[[^\[\]]*\] *)?:", re.IGNORECASE | re.ASCII)
_TRAILER = "(fwd)"
_FORWARD = "[fwd:"


@final
@attrs.frozen
class BaseSubject:
    """A subject without what replies and forwards put around it.

    Attributes:
        text: what is left.
        is_reply: whether it was the subject of a reply, or of a forward.
    """

    text: str
    is_reply: bool


def base_subject(subject: str) -> BaseSubject:
    """Return the base subject of one that is decoded.

    Each step of the RFC is taken on positions in one text, so that a subject of nothing
    but prefixes costs no more than its length.
    """
    # Step 1.
    text = _SPACES.sub(" ", subject)
    start, end, is_reply = 0, len(text), False
    while True:
        # Step 2.
        while end > start:
            if text[end - 1] == " ":
                end -= 1
            elif text[max(start, end - len(_TRAILER)) : end].lower() == _TRAILER:
                end -= len(_TRAILER)
                is_reply = True
            else:
                break
        # Steps 3 to 5.
        start, is_reply = _without_prefixes(text, start, end, is_reply)
        # Step 6.
        inside = start + len(_FORWARD)
        if not (inside < end and text[start:inside].lower() == _FORWARD and text[end - 1] == "]"):
            return BaseSubject(text[start:end], is_reply)
        start, end, is_reply = inside, end - 1, True


def _without_prefixes(text: str, start: int, end: int, is_reply: bool) -> tuple[int, bool]:
    while True:
        while start < end and text[start] == " ":
            start += 1
        # subj-leader = (*subj-blob subj-refwd) / WSP
        at, last = start, start
        while blob := _BLOB.match(text, at, end):
            at, last = blob.end(), at
        if answer := _REFWD.match(text, at, end):
            start, is_reply = answer.end(), True
            continue
        # Step 4: a blob goes if something is left; the last one may be all there is.
        return (at if at < end else last), is_reply
