"""The language of ``aimap search``: ``from:joe subject:"two words" (unseen or flagged) since:7d``.

Terms that stand side by side must all hold; ``or`` binds looser, ``not`` (or ``!``)
tighter, and there are parentheses. The words of the language are understood in any
case; in quotes they are text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import final

import attrs

from aimap import InvalidArgumentError
from aimap import criteria as c
from aimap.criteria import SearchCriteria


class QueryError(Exception):
    """A query is not understood; the text says where and why."""


_FLAGS: dict[str, SearchCriteria] = {
    "all": c.ALL,
    "seen": c.SEEN,
    "read": c.SEEN,
    "unseen": c.UNSEEN,
    "unread": c.UNSEEN,
    "flagged": c.FLAGGED,
    "starred": c.FLAGGED,
    "unflagged": c.UNFLAGGED,
    "answered": c.ANSWERED,
    "unanswered": c.UNANSWERED,
    "deleted": c.DELETED,
    "undeleted": c.UNDELETED,
    "draft": c.DRAFT,
    "undraft": c.UNDRAFT,
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
_UNITS = {"": 1, "k": 1000, "m": 1000_000, "g": 1000_000_000}
_MOST_NESTED = 50


def parse_query(arguments: Sequence[str], today: date) -> SearchCriteria:
    """Read a query.

    Args:
        arguments: one text, or several: then each is a term, whatever spaces it has.
        today: what ``since:7d`` counts from.

    Raises:
        QueryError: if it is not understood.
    """
    if len(arguments) == 1:
        tokens = _tokens(arguments[0])
    else:
        tokens = [_Token(text, is_quoted=False) for text in arguments]
    parser = _Parser(tokens, today)
    try:
        return parser.query() if tokens else c.ALL
    except InvalidArgumentError as error:
        raise QueryError(str(error)) from None


@final
@attrs.frozen
class _Token:
    text: str
    is_quoted: bool

    def is_word(self, word: str) -> bool:
        return not self.is_quoted and self.text.lower() == word


def _tokens(text: str) -> list[_Token]:
    """Split a query at spaces and parentheses outside of quotes."""
    tokens: list[_Token] = []
    current, is_quoted, in_quotes, begun = "", False, False, False

    def end() -> None:
        nonlocal current, is_quoted, begun
        if begun:
            tokens.append(_Token(current, is_quoted))
        current, is_quoted, begun = "", False, False

    characters = iter(text)
    for character in characters:
        if in_quotes:
            if character == "\\":
                current += next(characters, "")
            elif character == '"':
                in_quotes = False
            else:
                current += character
        elif character == '"':
            # from:"two words" is a term; "from:x" is text.
            is_quoted, in_quotes, begun = is_quoted or not begun, True, True
        elif character.isspace():
            end()
        elif character in "()":
            end()
            tokens.append(_Token(character, is_quoted=False))
        elif character == "!" and not begun:
            tokens.append(_Token("not", is_quoted=False))
        else:
            current, begun = current + character, True
    if in_quotes:
        raise QueryError("a quotation mark is not closed")
    end()
    return tokens


@final
class _Parser:
    def __init__(self, tokens: list[_Token], today: date) -> None:
        self._tokens = tokens
        self._at = 0
        self._today = today
        self._depth = 0

    def query(self) -> SearchCriteria:
        found = self._either()
        if self._next is not None:
            raise QueryError(f"nothing is open that {self._next.text!r} could close")
        return found

    @property
    def _next(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _takes(self, word: str) -> bool:
        if self._next is None or not self._next.is_word(word):
            return False
        self._at += 1
        return True

    def _either(self) -> SearchCriteria:
        found = self._all()
        while self._takes("or"):
            found = found | self._all()
        return found

    def _all(self) -> SearchCriteria:
        found = self._one()
        while (
            self._next is not None and not self._next.is_word(")") and not self._next.is_word("or")
        ):
            self._takes("and")
            found = found & self._one()
        return found

    def _one(self) -> SearchCriteria:
        token = self._next
        if token is None:
            raise QueryError("a term is missing at the end")
        if any(map(token.is_word, (")", "or", "and"))):
            raise QueryError(f"a term is missing before {token.text!r}")
        self._at += 1
        if token.is_word("not") or token.is_word("("):
            self._depth += 1
            if self._depth > _MOST_NESTED:
                raise QueryError("it is nested too deep")
            if token.is_word("not"):
                found = ~self._one()
            else:
                found = self._either()
                if not self._takes(")"):
                    raise QueryError("a parenthesis is not closed")
            self._depth -= 1
            return found
        return self._term(token)

    def _term(self, token: _Token) -> SearchCriteria:
        key, colon, value = token.text.partition(":")
        key = key.lower().replace("-", "").replace("_", "")
        if token.is_quoted or not key.isalpha() or not colon:
            if not token.is_quoted and token.text.lower() in _FLAGS:
                return _FLAGS[token.text.lower()]
            return c.TEXT(token.text)
        if not value:
            raise QueryError(f"there is nothing behind {token.text!r}")
        if key == "is":
            if value.lower() not in _FLAGS:
                raise QueryError(f"is: takes one of {', '.join(_FLAGS)}, not {value!r}")
            return _FLAGS[value.lower()]
        if key in _BY_TEXT:
            return _BY_TEXT[key](value)
        if key in _BY_DAY:
            return _BY_DAY[key](self._day(value))
        if key in _BY_SIZE:
            return _BY_SIZE[key](parse_size(value))
        if key == "older":
            return c.BEFORE(self._day(value))
        if key in ("newer", "younger"):
            return c.SINCE(self._day(value))
        keys = ["is", *_BY_TEXT, *_BY_DAY, *_BY_SIZE, "older", "newer"]
        raise QueryError(
            f"there is no {key + ':'!r}: there are {', '.join(f'{name}:' for name in keys)}; "
            "text with a colon stands in quotes"
        )

    def _day(self, value: str) -> date:
        text = value.lower()
        if text in ("today", "yesterday"):
            return self._today - timedelta(days=text == "yesterday")
        if text[:-1].isascii() and text[:-1].isdigit() and text[-1] in _DAYS and len(text) < 6:
            try:
                return self._today - timedelta(days=int(text[:-1]) * _DAYS[text[-1]])
            except OverflowError:
                raise QueryError(f"{value!r} is before all days") from None
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
        day, _, rest = text.partition("-")
        month, _, year = rest.partition("-")
        try:
            return datetime(int(year), _MONTHS.index(month) + 1, int(day)).date()  # noqa: DTZ001
        except ValueError:
            raise QueryError(
                f"a day is like 2026-01-31, 31-Jan-2026, today, yesterday, 7d, 2w, 3m or 1y "
                f"(so long ago), not {value!r}"
            ) from None


def parse_size(value: str) -> int:
    """Read a number of octets, such as ``20k``.

    Raises:
        QueryError: if it is not one.
    """
    number, unit = value.lower().removesuffix("b"), ""
    if number[-1:] in _UNITS:
        number, unit = number[:-1], number[-1:]
    if not (number.isascii() and number.isdigit() and len(number) < 15):
        raise QueryError(f"a size is like 5000, 20k or 3M, not {value!r}")
    return int(number) * _UNITS[unit]


def _header(value: str) -> SearchCriteria:
    field, _, text = value.partition("=")
    return c.HEADER(field, text)


_BY_TEXT: dict[str, Callable[[str], SearchCriteria]] = {
    "from": c.FROM,
    "to": c.TO,
    "cc": c.CC,
    "bcc": c.BCC,
    "subject": c.SUBJECT,
    "body": c.BODY_TEXT,
    "text": c.TEXT,
    "header": _header,
    "messageid": lambda value: c.HEADER("Message-ID", value),
    "keyword": c.KEYWORD,
    "uid": c.IN,
    "gmail": c.X_GM_RAW,
}
_BY_DAY: dict[str, Callable[[date], SearchCriteria]] = {
    "since": c.SINCE,
    "before": c.BEFORE,
    "on": c.ON,
    "sentsince": c.SENTSINCE,
    "sentbefore": c.SENTBEFORE,
    "senton": c.SENTON,
}
_BY_SIZE: dict[str, Callable[[int], SearchCriteria]] = {
    "larger": c.LARGER,
    "smaller": c.SMALLER,
}
