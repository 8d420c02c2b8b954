"""SEARCH as a server does it (:rfc:`9051#section-6.4.4`)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from aimap._model.flag import Flag
from aimap._model.numbers import SeqSet, UIDSet
from aimap._model.text import decode_words
from aimap.testing._grammar import Arguments
from aimap.testing._mime import Part
from aimap.testing._rules import Rule, ViolationError
from aimap.testing._selected import Selected
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
_DATE_KEYS = ("BEFORE", "ON", "SINCE", "SENTBEFORE", "SENTON", "SENTSINCE")
_OTHER_KEYS = (
    "KEYWORD", "UNKEYWORD", "HEADER", "BODY", "TEXT", "LARGER", "SMALLER", "UID", *_DATE_KEYS,
)  # fmt: skip
_KEYS_OF_EXTENSIONS = {
    "CONDSTORE": ("MODSEQ",),
    "MESSAGELIMIT": ("UIDAFTER", "UIDBEFORE"),
    "WITHIN": ("OLDER", "YOUNGER"),
}


class SearchParser:
    """Reads search keys into one test.

    Args:
        arguments: where they stand.
        view: the mailbox.
        offered: the capabilities.
    """

    def __init__(self, arguments: Arguments, view: Selected, offered: Collection[str]) -> None:
        self._arguments = arguments
        self._view = view
        self._offered = offered
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
        if arguments.peek().isdigit() or arguments.peek() in (b"*", b"$"):
            return self._numbers(by_uid=False)
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

    def _numbers(self, *, by_uid: bool) -> Test:
        numbers = self._view.numbers(self._arguments, by_uid=by_uid)
        if isinstance(numbers, SeqSet):
            return lambda seq, _: seq in numbers
        return lambda _, message: message.uid in numbers

    def _simple(self, word: str) -> Test:
        arguments = self._arguments
        if word in ("NEW", "OLD", "RECENT") and arguments.rev2:
            raise ViolationError(f"search key {word} in IMAP4rev2 (RFC 9051 appendix E)", Rule.REV2)
        if word in ("ALL", "OLD"):
            return lambda _, __: True
        if word in ("RECENT", "NEW"):
            return lambda _, __: False
        if word in _FLAG_KEYS:
            flag, wanted = _FLAG_KEYS[word]
            return lambda _, message: (flag in message.flags) is wanted
        if word not in self._known():
            raise ViolationError(f"no search key {word} (RFC 9051 section 6.4.4)", Rule.SEARCH)
        arguments.space()
        if word in ("KEYWORD", "UNKEYWORD"):
            keyword = arguments.keyword()
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
            return self._numbers(by_uid=True)
        if word in ("UIDAFTER", "UIDBEFORE"):
            return self._around(word)
        if word == "MODSEQ":
            since = arguments.modseq(zero=True)
            return lambda _, message: message.modseq >= since
        if word in ("OLDER", "YOUNGER"):
            moment = datetime.now(UTC) - timedelta(seconds=arguments.number())
            return lambda _, message: (message.date <= moment) is (word == "OLDER")
        return self._date(word)

    def _known(self) -> Collection[str]:
        found = {*_FIELD_KEYS, *_OTHER_KEYS}
        for capability, words in _KEYS_OF_EXTENSIONS.items():
            if any(name.partition("=")[0] == capability for name in self._offered):
                found.update(words)
        return found

    def _around(self, word: str) -> Test:
        text = self._arguments.set_text()
        if not text.isdigit():
            raise ViolationError(
                f"{word} takes one UID, not {text.decode('ascii')!r} (RFC 9738 section 3.2)",
                Rule.ONE_UID,
            )
        uid = self._arguments.numbers(UIDSet, 0).first
        if word == "UIDAFTER":
            return lambda _, message: message.uid > uid
        return lambda _, message: message.uid < uid

    def _date(self, word: str) -> Test:
        sent = word.startswith("SENT")
        relation = word.removeprefix("SENT")
        day = self._arguments.date().date()

        def test(_: int, message: StoredMessage) -> bool:
            moment = sent_date(message.part) if sent else message.date
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


def sent_date(part: Part) -> datetime | None:
    """Return the date of a message's header, if there is one."""
    value = part.field("date")
    if value is None:
        return None
    try:
        return parsedate_to_datetime(value.decode("latin-1"))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
