"""SEARCH as a server does it (:rfc:`9051#section-6.4.4`)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from aimap._model.flag import Flag
from aimap._model.numbers import SeqSet, UIDSet
from aimap._model.text import decode_words
from aimap.testing._grammar import Arguments, ViolationError
from aimap.testing._mime import Part
from aimap.testing._store import StoredMessage

Test = Callable[[int, StoredMessage], bool]
"""Tells whether a message, given its sequence number, is looked for."""

_MAX_DEPTH = 100

_FLAG_KEYS = {
    "ANSWERED": (Flag.ANSWERED, True),
    "DELETED": (Flag.DELETED, True),
    "DRAFT": (Flag.DRAFT, True),
    "FLAGGED": (Flag.FLAGGED, True),
    "SEEN": (Flag.SEEN, True),
    "UNANSWERED": (Flag.ANSWERED, False),
    "UNDELETED": (Flag.DELETED, False),
    "UNDRAFT": (Flag.DRAFT, False),
    "UNFLAGGED": (Flag.FLAGGED, False),
    "UNSEEN": (Flag.SEEN, False),
}
_FIELD_KEYS = ("BCC", "CC", "FROM", "SUBJECT", "TO")


class SearchParser:
    """Reads search keys into one test.

    Args:
        arguments: where they stand.
        exists: the number of messages, for ``*``.
        highest_uid: the highest UID, for ``*``.
        within: whether OLDER and YOUNGER are offered.
    """

    def __init__(
        self, arguments: Arguments, *, exists: int, highest_uid: int, within: bool
    ) -> None:
        self._arguments = arguments
        self._exists = exists
        self._highest_uid = highest_uid
        self._within = within
        self.ascii_only = True

    def keys(self) -> Test:
        """Read one key or more, all of which must hold."""
        tests = [self._key(0)]
        while self._arguments.step(b" "):
            tests.append(self._key(0))
        return _all(tests)

    def _key(self, depth: int) -> Test:
        arguments = self._arguments
        if depth > _MAX_DEPTH:
            raise ViolationError("search keys nested too deep")
        if arguments.step(b"("):
            tests = [self._key(depth + 1)]
            while not arguments.step(b")"):
                arguments.space()
                tests.append(self._key(depth + 1))
            return _all(tests)
        if arguments.peek().isdigit() or arguments.peek() == b"*":
            numbers = arguments.numbers(SeqSet, self._exists)
            if numbers and numbers.last > self._exists:
                raise ViolationError("a sequence number above EXISTS (RFC 3501 section 9)")
            return lambda seq, _: seq in numbers
        word = arguments.atom()
        if word == "NOT":
            arguments.space()
            inner = self._key(depth + 1)
            return lambda seq, message: not inner(seq, message)
        if word == "OR":
            arguments.space()
            first = self._key(depth + 1)
            arguments.space()
            second = self._key(depth + 1)
            return lambda seq, message: first(seq, message) or second(seq, message)
        return self._simple(word)

    def _simple(self, word: str) -> Test:
        arguments = self._arguments
        if word in ("ALL", "OLD"):
            return lambda _, __: True
        if word in ("RECENT", "NEW"):
            return lambda _, __: False
        if word in _FLAG_KEYS:
            flag, wanted = _FLAG_KEYS[word]
            return lambda _, message: (flag in message.flags) is wanted
        arguments.space()
        if word in ("KEYWORD", "UNKEYWORD"):
            keyword = arguments.flag()
            return lambda _, message: (keyword in message.flags) is (word == "KEYWORD")
        if word in _FIELD_KEYS:
            return self._field(word.lower(), self._text())
        if word == "HEADER":
            name = arguments.astring().decode("ascii", "replace").lower()
            arguments.space()
            return self._field(name, self._text())
        if word in ("BODY", "TEXT"):
            text = self._text()
            return lambda _, message: text in _readable(message.part, header=word == "TEXT")
        if word in ("LARGER", "SMALLER"):
            octets = arguments.number()
            sign = 1 if word == "LARGER" else -1
            return lambda _, message: sign * len(message.octets) > sign * octets
        if word == "UID":
            uids = arguments.numbers(UIDSet, self._highest_uid)
            return lambda _, message: message.uid in uids
        if word in ("OLDER", "YOUNGER") and self._within:
            moment = datetime.now(UTC) - timedelta(seconds=arguments.number())
            return lambda _, message: (message.date <= moment) is (word == "OLDER")
        return self._date(word)

    def _date(self, word: str) -> Test:
        sent = word.startswith("SENT")
        relation = word.removeprefix("SENT")
        if relation not in ("BEFORE", "ON", "SINCE"):
            raise ViolationError(f"no search key {word}")
        day = self._arguments.date().date()

        def test(_: int, message: StoredMessage) -> bool:
            moment = _sent(message.part) if sent else message.date
            if moment is None:
                return False
            own = moment.date()
            return {"BEFORE": own < day, "ON": own == day, "SINCE": own >= day}[relation]

        return test

    def _text(self) -> str:
        raw = self._arguments.astring()
        self.ascii_only = self.ascii_only and raw.isascii()
        return raw.decode("utf-8", "replace").lower()

    @staticmethod
    def _field(name: str, text: str) -> Test:
        return lambda _, message: any(
            text in decode_words(value).lower()
            for key, value in message.part.fields()
            if key == name
        )


def _all(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    return lambda seq, message: all(test(seq, message) for test in tests)


def _readable(part: Part, *, header: bool) -> str:
    text = part.body.decode("utf-8", "replace").lower()
    return part.header.decode("utf-8", "replace").lower() + text if header else text


def _sent(part: Part) -> datetime | None:
    value = part.field("date")
    if value is None:
        return None
    try:
        return parsedate_to_datetime(value.decode("latin-1"))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
