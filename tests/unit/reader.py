"""A strict reader of commands, which knows nothing of the encoder (:rfc:`9051#section-9`).

It takes a command as the encoder gives it, in the parts between which a client waits, and
gives tokens. Everything that a strict server would refuse is a :class:`WrongError`.
"""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import TypeAlias

from aimap._wire.encoder import Dialect


class WrongError(AssertionError):
    """The command is not one."""


@dataclass(frozen=True)
class Bare:
    """What stands without quotes: an atom, a flag, a set, an item with its section."""

    text: str


@dataclass(frozen=True)
class Text:
    """A string and the form that it came in: ``quoted``, ``literal`` or ``literal8``."""

    value: bytes
    form: str


Token: TypeAlias = "Bare | Text | list[Token]"

_LITERAL = re.compile(rb"(~?)\{(0|[1-9][0-9]{0,18})(\+?)\}\r\n")
_QUOTED = re.compile(rb'"((?:[\x01-\x09\x0b\x0c\x0e-\x21\x23-\x5b\x5d-\xff]|\\["\\])*)"')
_ATOM_CHARS = rb"!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~\]"
_NUMBERS = rb"(?:[1-9][0-9]*|\*)(?::(?:[1-9][0-9]*|\*))?"
_BARE = re.compile(
    # an item with a section, in which a list of header fields may stand
    rb"[A-Z0-9.]+\[(?:[A-Z0-9.]*|[A-Z0-9.]+ \([!#-'+-Z^-z|}~]+(?: [!#-'+-Z^-z|}~]+)*\))\]"
    rb"(?:<[0-9]+(?:\.[1-9][0-9]*)?>)?(?=[ )\r])"
    rb"|" + _NUMBERS + rb"(?:," + _NUMBERS + rb")*(?=[ )\r])"
    rb"|\\?[" + _ATOM_CHARS + rb"]+"
)


class _Cursor:
    def __init__(self, parts: list[bytes], dialect: Dialect) -> None:
        self.data = b"".join(parts)
        self.pos = 0
        self.dialect = dialect
        self.pauses: list[int] = []
        at = 0
        for part in parts[:-1]:
            at += len(part)
            self.pauses.append(at)
        self.line_start = 0

    def line_ends(self) -> None:
        if self.pos - self.line_start > self.dialect.max_line:
            raise WrongError("a line is too long")

    def tokens(self, closing: bytes) -> list[Token]:
        """Read tokens with one space between them, up to *closing*."""
        found: list[Token] = []
        while not self.data.startswith(closing, self.pos):
            if found:
                if self.data[self.pos : self.pos + 1] != b" ":
                    raise WrongError(f"a space was expected at octet {self.pos} of {self.data!r}")
                self.pos += 1
            found.append(self.token())
        self.pos += len(closing)
        return found

    def token(self) -> Token:
        if self.data[self.pos : self.pos + 1] == b"(":
            self.pos += 1
            return self.tokens(b")")
        if (literal := _LITERAL.match(self.data, self.pos)) is not None:
            return self.literal(literal)
        if (quoted := _QUOTED.match(self.data, self.pos)) is not None:
            self.pos = quoted.end()
            if self.dialect.utf8:
                quoted[1].decode("utf-8")
            elif not quoted[1].isascii():
                raise WrongError("8-bit in a quoted string before UTF-8 is enabled")
            return Text(re.sub(rb"\\(.)", rb"\1", quoted[1], flags=re.DOTALL), "quoted")
        if (bare := _BARE.match(self.data, self.pos)) is None:
            raise WrongError(f"no token at octet {self.pos} of {self.data!r}")
        self.pos = bare.end()
        return Bare(bare[0].decode("ascii"))

    def literal(self, match: re.Match[bytes]) -> Text:
        size = int(match[2])
        self.pos = match.end()
        self.line_ends()
        if match[3]:
            if not (self.dialect.literal_plus or (self.dialect.literal_minus and size <= 4096)):
                raise WrongError("a non-synchronising literal that the server does not know")
        elif not self.pauses or self.pauses.pop(0) != self.pos:
            raise WrongError("octets of a synchronising literal go out before the +")
        value = self.data[self.pos : self.pos + size]
        if len(value) < size:
            raise WrongError("a literal is cut short")
        if not match[1] and b"\0" in value:
            raise WrongError("NUL in a literal")
        self.pos += size
        self.line_start = self.pos
        return Text(value, "literal8" if match[1] else "literal")


def read(parts: list[bytes], dialect: Dialect) -> list[Token]:
    """Read one command without its tag."""
    cursor = _Cursor(parts, dialect)
    tokens = cursor.tokens(b"\r\n")
    cursor.line_ends()
    if cursor.pos != len(cursor.data):
        raise WrongError(f"a second command: {cursor.data[cursor.pos :]!r}")
    if cursor.pauses:
        raise WrongError("the client waits where nothing is to wait for")
    if not tokens or not isinstance(tokens[0], Bare):
        raise WrongError("a command begins with its name")
    return tokens


# What tokens mean


def atom(token: Token) -> str:
    if not isinstance(token, Bare) or "\\" in token.text or "]" in token.text:
        raise WrongError(f"not an atom: {token!r}")
    return token.text.upper()


def string(token: Token) -> bytes:
    if not isinstance(token, Text) or token.form == "literal8":
        raise WrongError(f"not a string: {token!r}")
    return token.value


def astring(token: Token) -> bytes:
    if isinstance(token, Bare) and not token.text.startswith("\\"):
        return token.text.encode()
    return string(token)


def nstring(token: Token) -> bytes | None:
    if isinstance(token, Bare):
        if token.text.upper() != "NIL":
            raise WrongError(f"not an nstring: {token!r}")
        return None
    return string(token)


def value(token: Token) -> bytes | None:
    """Read ``nstring / literal8``."""
    if isinstance(token, Text):
        if token.form == "literal8" and b"\0" not in token.value:
            raise WrongError("a literal8 without need")
        return token.value
    return nstring(token)


def message(token: Token, dialect: Dialect) -> bytes:
    """Read a message: a literal, or a literal8 where the server has BINARY."""
    if not isinstance(token, Text) or token.form == "quoted":
        raise WrongError(f"not a literal: {token!r}")
    if token.form == "literal8" and not dialect.binary:
        raise WrongError("a literal8 to a server without BINARY")
    return token.value


def listed(token: Token) -> list[Token]:
    if not isinstance(token, list):
        raise WrongError(f"not a list: {token!r}")
    return token


def words(tokens: list[Token]) -> list[str]:
    return [atom(token) for token in tokens]


def flag(token: Token) -> str:
    if not isinstance(token, Bare) or "]" in token.text:
        raise WrongError(f"not a flag: {token!r}")
    return token.text


def number(token: Token) -> int:
    if not isinstance(token, Bare) or not re.fullmatch("0|[1-9][0-9]*", token.text):
        raise WrongError(f"not a number: {token!r}")
    return int(token.text)


def numbers(token: Token) -> list[tuple[str, str]] | str:
    """Read a set: pairs of ends as they are written; or ``$``."""
    if not isinstance(token, Bare):
        raise WrongError(f"not a set: {token!r}")
    if token.text == "$":
        return "$"
    pairs = []
    for part in token.text.split(","):
        low, _, high = part.partition(":")
        if not all(re.fullmatch(r"\*|[1-9][0-9]{0,9}", end) for end in (low, high or low)):
            raise WrongError(f"not a set: {token!r}")
        pairs.append((low, high or low))
    return pairs


def mailbox(token: Token, dialect: Dialect) -> str:
    return name(astring(token), dialect)


def name(octets: bytes, dialect: Dialect) -> str:
    """Read a mailbox name, or a pattern of names, in its one right form."""
    text = octets.decode("utf-8") if dialect.utf8 else _modified_utf7(octets)
    if any(c < " " or "\x7f" <= c <= "\x9f" for c in text):
        raise WrongError(f"a control character in {text!r}")
    if dialect.utf8 and (set("\u2028\u2029") & set(text) or text.startswith("\ufeff")):
        raise WrongError(f"not Net-Unicode: {text!r}")
    return text


def _modified_utf7(octets: bytes) -> str:
    if not octets.isascii():
        raise WrongError("8-bit in modified UTF-7")
    text = octets.decode("ascii")
    result = ""
    while text:
        plain, shift, rest = text.partition("&")
        result += plain
        if not shift:
            break
        coded, end, text = rest.partition("-")
        if not end or (coded and result.endswith("\ue000")):
            raise WrongError("a shift without an end")
        if not coded:
            result += "&"
            continue
        padded = coded.replace(",", "/") + "=" * (-len(coded) % 4)
        decoded = b64decode(padded, validate=True).decode("utf-16-be")
        if any(" " <= c <= "~" for c in decoded):
            raise WrongError("printable ASCII in base64")
        if text.startswith("&") and not text.startswith("&-"):
            raise WrongError("a needless shift")
        result += decoded
    return result


_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def day(token: Token) -> date:
    text = token.text if isinstance(token, Bare) else string(token).decode()
    match = re.fullmatch(r"([1-9]|[123][0-9])-([A-Z][a-z]{2})-([0-9]{4})", text)
    if match is None:
        raise WrongError(f"not a date: {token!r}")
    return date(int(match[3]), _MONTHS.index(match[2]) + 1, int(match[1]))


def date_time(token: Token) -> datetime:
    if not isinstance(token, Text) or token.form != "quoted":
        raise WrongError(f"not a date-time: {token!r}")
    match = re.fullmatch(
        r"( [1-9]|[123][0-9])-([A-Z][a-z]{2})-([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2})"
        r" ([+-])([0-9]{2})([0-5][0-9])",
        token.value.decode("ascii"),
    )
    if match is None:
        raise WrongError(f"not a date-time: {token!r}")
    zone = timedelta(hours=int(match[8]), minutes=int(match[9]))
    return datetime(
        int(match[3]),
        _MONTHS.index(match[2]) + 1,
        int(match[1]),
        int(match[4]),
        int(match[5]),
        int(match[6]),
        tzinfo=timezone(-zone if match[7] == "-" else zone),
    )


# Search programs, as nested tuples

_ARGUMENTS = {
    "ALL ANSWERED DELETED DRAFT FLAGGED NEW OLD RECENT SEEN UNANSWERED UNDELETED UNDRAFT "
    "UNFLAGGED UNSEEN SAVEDATESUPPORTED": "",
    "BCC BODY CC FROM SUBJECT TEXT TO X-GM-RAW": "string",
    "HEADER": "string string",
    "KEYWORD UNKEYWORD FILTER": "atom",
    "BEFORE ON SINCE SENTBEFORE SENTON SENTSINCE SAVEDBEFORE SAVEDON SAVEDSINCE": "day",
    "LARGER SMALLER OLDER YOUNGER UIDAFTER UIDBEFORE X-GM-MSGID X-GM-THRID": "number",
    "EMAILID THREADID": "atom",
    "UID": "numbers",
    "ANNOTATION": "string atom value",
    "X-GM-LABELS": "label",
}
_KEYS = {key: kinds.split() for keys, kinds in _ARGUMENTS.items() for key in keys.split()}


def search_program(tokens: list[Token], dialect: Dialect) -> list[object]:
    """Read search keys, each ``(name, *arguments)``; a list is a conjunction."""
    left = list(tokens)
    found: list[object] = []
    while left:
        found.append(_search_key(left, dialect))
    return found


def _search_key(left: list[Token], dialect: Dialect) -> object:
    token = left.pop(0)
    if isinstance(token, list):
        return search_program(token, dialect)
    if not isinstance(token, Bare):
        raise WrongError(f"not a search key: {token!r}")
    if token.text == "$" or token.text[0] in "0123456789*":
        return ("", numbers(token))
    key = atom(token)
    if key in ("NOT", "FUZZY"):
        return (key, _search_key(left, dialect))
    if key == "OR":
        return (key, _search_key(left, dialect), _search_key(left, dialect))
    if key == "MODSEQ" and isinstance(left[0], Text):
        entry, kind, modseq = (left.pop(0) for _ in range(3))
        return (key, string(entry).decode(), atom(kind), number(modseq))
    kinds = ["number"] if key == "MODSEQ" else _KEYS[key]
    return (key, *(_argument(kind, left.pop(0), dialect) for kind in kinds))


def _argument(kind: str, token: Token, dialect: Dialect) -> object:
    match kind:
        case "string":
            return string(token)
        case "atom":
            return flag(token)
        case "day":
            return day(token)
        case "number":
            return number(token)
        case "numbers":
            return numbers(token)
        case "value":
            return value(token)
        case _:
            return flag(token) if isinstance(token, Bare) else name(string(token), dialect)
