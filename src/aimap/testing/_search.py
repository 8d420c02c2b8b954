"""SEARCH as a server does it (:rfc:`9051#section-6.4.4`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, timedelta
from difflib import SequenceMatcher
from typing import final

import attrs

from aimap._model.flag import Flag
from aimap._model.numbers import UIDSet
from aimap._model.text import decode_words
from aimap.testing import _gmail
from aimap.testing._annotations import matches_annotation
from aimap.testing._describe import readable_text
from aimap.testing._grammar import Arguments
from aimap.testing._rules import RefusalError, Rule, ViolationError
from aimap.testing._selected import Found, Selected
from aimap.testing._sorting import header_date
from aimap.testing._store import Account, StoredMessage

Test = Callable[[StoredMessage], bool]
"""Tells whether a message is looked for."""

_MAX_DEPTH = 100
_CLOSE = 0.75
"""From which likeness on a word is taken for another (:rfc:`6203`)."""
_FILTERS = ("/private/filters/values/", "/shared/filters/values/")
_OBJECT_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")
_WORD = re.compile(r"\w+")

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
    "ANNOTATE-EXPERIMENT-1": ("ANNOTATION",),
    "CONDSTORE": ("MODSEQ",),
    "FILTERS": ("FILTER",),
    "MESSAGELIMIT": ("UIDAFTER", "UIDBEFORE"),
    "OBJECTID": ("EMAILID", "THREADID"),
    "SAVEDATE": ("SAVEDBEFORE", "SAVEDON", "SAVEDSINCE"),
    "SEARCH=FUZZY": ("FUZZY",),
    "WITHIN": ("OLDER", "YOUNGER"),
    "X-GM-EXT-1": _gmail.SEARCH_KEYS,
}


@final
@attrs.frozen
class Search:
    """A search: what it finds, and what it knows of that.

    Attributes:
        test: whether a message is looked for.
        uses_modseq: whether mod-sequences are to be told (:rfc:`7162#section-3.1.5`).
        ascii_only: whether there are no 8-bit octets in its text.
        scores: how well a message fits each of its fuzzy keys, from 0 to 1.
    """

    test: Test
    uses_modseq: bool
    ascii_only: bool
    scores: list[Callable[[StoredMessage], float]]

    def found(self, view: Selected) -> list[Found]:
        """Return what is found in a mailbox."""
        return [each for each in view.all if self.test(each.message)]

    def score(self, each: Found) -> int:
        """Return how well a message fits, from 1 to 100 (:rfc:`6203#section-4`)."""
        scores = [score(each.message) for score in self.scores] or [1.0]
        return max(1, round(100 * sum(scores) / len(scores)))


class SearchParser:
    """Reads search keys into one test.

    Args:
        arguments: where they stand.
        view: the mailbox.
        offered: the capabilities.
        account: whose mailbox it is.
    """

    def __init__(
        self,
        arguments: Arguments,
        view: Selected,
        offered: Collection[str],
        account: Account,
    ) -> None:
        self._arguments = arguments
        self._view = view
        self._offered = offered
        self._account = account
        self._ascii_only = True
        self._fuzzy = False
        self._uses_modseq = False
        self._scores: list[Callable[[StoredMessage], float]] = []

    def search(self) -> Search:
        """Read one key or more, all of which must hold."""
        test = self._keys(0)
        return Search(test, self._uses_modseq, self._ascii_only, self._scores)

    def _keys(self, depth: int) -> Test:
        tests = [self._key(depth)]
        while self._arguments.step(b" "):
            tests.append(self._key(depth))
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
            return lambda message: not inner(message)
        if word == "OR":
            arguments.space()
            first = self._key(depth + 1)
            arguments.space()
            second = self._key(depth + 1)
            return lambda message: first(message) or second(message)
        if word == "FUZZY" and "SEARCH=FUZZY" in self._offered:
            arguments.space()
            before, self._fuzzy = self._fuzzy, True
            inner = self._key(depth + 1)
            self._fuzzy = before
            return inner
        if word == "FILTER" and "FILTERS" in self._offered:
            arguments.space()
            return self._filter(arguments.astring().decode("ascii", "replace"), depth)
        return self._simple(word)

    def _numbers(self, *, by_uid: bool) -> Test:
        # RFC 5267 section 4.3: sequence numbers mean what they mean when they come.
        numbers = self._view.numbers(self._arguments, by_uid=by_uid)
        if isinstance(numbers, UIDSet):
            return lambda message: message.uid in numbers
        uids = {message.uid for _, message in self._view.chosen(numbers)}
        return lambda message: message.uid in uids

    def _filter(self, name: str, depth: int) -> Test:
        """Read the filter of that name (:rfc:`5466#section-3.1`)."""
        entries = self._account.entries
        keys = next(
            (entries[at + name.lower()] for at in _FILTERS if at + name.lower() in entries), None
        )
        if keys is None:
            raise RefusalError("there is no such filter", f"UNDEFINED-FILTER {name}")
        outer, self._arguments = self._arguments, Arguments(keys)
        try:
            test = self._keys(depth + 1)
            self._arguments.end()
        except ViolationError as error:
            raise RefusalError(
                f"the filter cannot be read: {error}", f"UNDEFINED-FILTER {name}"
            ) from None
        finally:
            self._arguments = outer
        return test

    def _simple(self, word: str) -> Test:
        arguments = self._arguments
        if word in ("NEW", "OLD", "RECENT") and arguments.rev2:
            raise ViolationError(f"search key {word} in IMAP4rev2 (RFC 9051 appendix E)", Rule.REV2)
        if word in ("ALL", "OLD") or (word == "SAVEDATESUPPORTED" and "SAVEDATE" in self._offered):
            return lambda _: True
        if word in ("RECENT", "NEW"):
            return lambda _: False
        if word in _FLAG_KEYS:
            flag, wanted = _FLAG_KEYS[word]
            return lambda message: (flag in message.flags) is wanted
        if word not in self._known():
            raise ViolationError(f"no search key {word} (RFC 9051 section 6.4.4)", Rule.SEARCH)
        arguments.space()
        if word in ("KEYWORD", "UNKEYWORD"):
            keyword = arguments.keyword()
            return lambda message: (keyword in message.flags) is (word == "KEYWORD")
        if word in _FIELD_KEYS:
            return self._field(word.lower())
        if word == "HEADER":
            name = arguments.astring().decode("ascii", "replace").lower()
            arguments.space()
            return self._field(name)
        if word in ("BODY", "TEXT"):
            return self._text(lambda m: [readable_text(m.part, header=word == "TEXT")])
        if word in ("LARGER", "SMALLER"):
            octets = arguments.number()
            sign = 1 if word == "LARGER" else -1
            return lambda message: sign * len(message.octets) > sign * octets
        if word == "UID":
            return self._numbers(by_uid=True)
        if word in ("UIDAFTER", "UIDBEFORE"):
            return self._around(word)
        if word == "ANNOTATION":
            return matches_annotation(arguments)
        if word in _gmail.SEARCH_KEYS:
            return _gmail.search_key(word, arguments)
        if word in ("EMAILID", "THREADID"):
            return self._object_id(word)
        return self._moment(word)

    def _known(self) -> Collection[str]:
        found = {*_FIELD_KEYS, *_OTHER_KEYS}
        for capability, words in _KEYS_OF_EXTENSIONS.items():
            if any(capability in (name, name.partition("=")[0]) for name in self._offered):
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
            return lambda message: message.uid > uid
        return lambda message: message.uid < uid

    def _object_id(self, word: str) -> Test:
        wanted = self._arguments.astring().decode("ascii", "replace")
        if not _OBJECT_ID.fullmatch(wanted):
            raise ViolationError(
                f"no object identifier, {wanted!r} (RFC 8474 section 7)", Rule.SEARCH
            )
        if word == "EMAILID":
            return lambda message: message.email_id == wanted
        return lambda message: message.thread_id == wanted

    def _moment(self, word: str) -> Test:
        arguments = self._arguments
        if word == "MODSEQ":
            return self._modseq()
        if word in ("OLDER", "YOUNGER"):
            moment = datetime.now(UTC) - timedelta(seconds=arguments.number())
            return lambda message: (message.date <= moment) is (word == "OLDER")
        relation = word.removeprefix("SENT").removeprefix("SAVED")
        day = arguments.date().date()

        def test(message: StoredMessage) -> bool:
            moment: datetime | None = message.date
            if word.startswith("SENT"):
                moment = header_date(message.part)
            elif word.startswith("SAVED"):
                moment = message.saved
            if moment is None:
                return False
            own = moment.date()
            return {"BEFORE": own < day, "ON": own == day, "SINCE": own >= day}[relation]

        return test

    def _modseq(self) -> Test:
        """Read MODSEQ, its entry left aside: all flags share one (:rfc:`7162#section-3.1.5`)."""
        arguments = self._arguments
        if arguments.peek() == b'"':
            arguments.string()
            arguments.space()
            if arguments.atom() not in ("PRIV", "SHARED", "ALL"):
                raise ViolationError(
                    "an entry's type is priv, shared or all (RFC 7162 section 3.1.5)", Rule.SEARCH
                )
            arguments.space()
        since = arguments.modseq(zero=True)
        self._uses_modseq = True
        return lambda message: message.modseq >= since

    def _text(self, texts: Callable[[StoredMessage], Iterable[str]]) -> Test:
        """Read text, to be looked for in what *texts* gives."""
        raw = self._arguments.astring()
        self._ascii_only = self._ascii_only and raw.isascii()
        text = raw.decode("utf-8", "replace").lower()
        if not self._fuzzy:
            return lambda message: any(text in each.lower() for each in texts(message))

        def score(message: StoredMessage) -> float:
            return max((closeness(text, each.lower()) for each in texts(message)), default=0.0)

        self._scores.append(score)
        return lambda message: score(message) >= _CLOSE

    def _field(self, name: str) -> Test:
        return self._text(
            lambda message: [
                decode_words(value) for key, value in message.part.fields() if key == name
            ]
        )


def closeness(text: str, where: str) -> float:
    """Return how nearly a text stands somewhere, word by word, from 0 to 1."""
    if text in where:
        return 1.0
    words, there = _WORD.findall(text), set(_WORD.findall(where))
    if not words or not there:
        return 0.0
    best = [max(SequenceMatcher(None, word, each).ratio() for each in there) for word in words]
    return min(best)


def _all(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    return lambda message: all(test(message) for test in tests)
