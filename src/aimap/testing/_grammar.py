"""What clients send, read strictly (:rfc:`9051#section-9`).

Independent of the client's own encoder, so that the two can disagree.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from aimap._errors import InvalidArgumentError
from aimap._model.dates import parse_date_time
from aimap._model.flag import Flag
from aimap._model.numbers import SeqSet, UIDSet
from aimap._wire.utf7 import UndecodedName, decode_mailbox_name


class ViolationError(Exception):
    """The client broke a rule; the text names it. Answered by BAD."""


_LITERAL = re.compile(rb"(~?)\{([0-9]{1,20})(\+?)\}\r\n")
_QUOTED = re.compile(rb'"((?:[^"\\\r\n\x00\x80-\xff]|\\["\\])*)"')
_ATOM = re.compile(rb"[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]+")
_ASTRING = re.compile(rb"[!#$&'+,\-./0-9:;<=>?@A-Z\[\]^_`a-z|}~]+")
_LIST_ATOM = re.compile(rb"[!#$%&'*+,\-./0-9:;<=>?@A-Z\[\]^_`a-z|}~]+")
_FLAG = re.compile(rb"\\?[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]+")
_SET = re.compile(rb"[0-9*:,]+")
_NUMBER = re.compile(rb"[0-9]{1,20}")
_DATE = re.compile(rb'"?([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4})"?')
_DATE_TIME = re.compile(rb'"([ 0-9][0-9]-[A-Za-z]{3}-[0-9]{4} [0-9:]{8} [+-][0-9]{4})"')
_FETCH_ATT = re.compile(
    rb"(BODY\.PEEK|BODY|BINARY\.PEEK|BINARY\.SIZE|BINARY)\[([^\]]*)\](?:<([0-9]+)\.([0-9]+)>)?"
    rb"|[A-Z0-9.-]+",
    re.IGNORECASE,
)


class Arguments:
    """A cursor over what follows a command's name."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.pos = 0

    @property
    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self.pos >= len(self.data)

    def end(self) -> None:
        """Demand that nothing is left."""
        if not self.at_end:
            raise ViolationError("too many arguments, or a space too many (RFC 3501 section 9)")

    def space(self) -> None:
        """Demand one space."""
        if not self.step(b" "):
            raise ViolationError("one space was expected (RFC 3501 section 9)")

    def step(self, sign: bytes) -> bool:
        """Step over *sign* if it is next."""
        if self.data.startswith(sign, self.pos):
            self.pos += len(sign)
            return True
        return False

    def expect(self, sign: bytes) -> None:
        """Demand *sign*."""
        if not self.step(sign):
            raise ViolationError(f"{sign.decode('ascii')!r} was expected")

    def peek(self) -> bytes:
        """Return the next octet, or nothing."""
        return self.data[self.pos : self.pos + 1]

    def _match(self, pattern: re.Pattern[bytes], what: str) -> re.Match[bytes]:
        match = pattern.match(self.data, self.pos)
        if match is None:
            raise ViolationError(f"{what} was expected at octet {self.pos}")
        self.pos = match.end()
        return match

    def atom(self) -> str:
        """Read an atom, in upper case."""
        return self._match(_ATOM, "an atom")[0].decode("ascii").upper()

    def number(self) -> int:
        """Read a number."""
        return int(self._match(_NUMBER, "a number")[0])

    def literal(self) -> tuple[bytes, bool] | None:
        """Read a literal if one is next: its octets, and whether it is a literal8."""
        match = _LITERAL.match(self.data, self.pos)
        if match is None:
            return None
        end = match.end() + int(match[2])
        octets = self.data[match.end() : end]
        self.pos = end
        if not match[1] and b"\0" in octets:
            raise ViolationError("NUL in a literal (RFC 3501 section 9, CHAR8)")
        return octets, bool(match[1])

    def string(self) -> bytes:
        """Read a quoted string or a literal."""
        literal = self.literal()
        if literal is not None:
            if literal[1]:
                raise ViolationError("a literal8 where a string belongs (RFC 3516)")
            return literal[0]
        quoted = self._match(_QUOTED, "a string")[1]
        return quoted.replace(b'\\"', b'"').replace(b"\\\\", b"\\")

    def astring(self) -> bytes:
        """Read an astring."""
        if self.peek() in (b'"', b"{"):
            return self.string()
        return self._match(_ASTRING, "an astring")[0]

    def nstring(self) -> bytes | None:
        """Read a string or NIL."""
        return None if self.step(b"NIL") else self.string()

    def mailbox(self) -> str:
        """Read a mailbox name, in valid modified UTF-7."""
        return self._name(self.astring())

    def list_mailbox(self) -> str:
        """Read a LIST pattern."""
        if self.peek() in (b'"', b"{"):
            return self._name(self.string())
        return self._name(self._match(_LIST_ATOM, "a mailbox pattern")[0])

    def _name(self, raw: bytes) -> str:
        name = decode_mailbox_name(raw)
        if isinstance(name, UndecodedName) or any(c < " " or c == "\x7f" for c in name):
            raise ViolationError("a name that is not modified UTF-7 (RFC 3501 section 5.1.3)")
        return "INBOX" if name.upper() == "INBOX" else name

    def flags(self) -> list[Flag]:
        """Read a parenthesised list of flags."""
        self.expect(b"(")
        found: list[Flag] = []
        while not self.step(b")"):
            if found:
                self.space()
            found.append(self.flag())
        return found

    def flag(self) -> Flag:
        """Read a flag that clients may set."""
        flag = Flag(self._match(_FLAG, "a flag")[0].decode("ascii"))
        if flag == Flag.RECENT:
            raise ViolationError(r"\Recent is the server's alone (RFC 3501 section 2.3.2)")
        return flag

    def numbers(self, kind: type[UIDSet | SeqSet], highest: int) -> UIDSet | SeqSet:
        """Read a set; ``*`` is *highest*."""
        text = self._match(_SET, "a set of messages")[0].decode("ascii")
        try:
            found = kind(text)
        except InvalidArgumentError as error:
            raise ViolationError(f"{error} (RFC 3501 section 9, sequence-set)") from None
        if "*" not in text:
            return found
        parts: list[tuple[int, int]] = []
        for part in text.split(","):
            low, _, high = part.partition(":")
            ends = sorted(max(highest, 1) if end == "*" else int(end) for end in (low, high or low))
            parts.append((ends[0], ends[1]))
        return kind.from_ranges(parts)

    def date(self) -> datetime:
        """Read a date, as the moment when it begins."""
        day, month, year = self._match(_DATE, "a date").groups()
        return self._moment(b"%02d-%b-%b 00:00:00 +0000" % (int(day), month, year))

    def date_time(self) -> datetime:
        """Read a date-time."""
        return self._moment(self._match(_DATE_TIME, "a date and time")[1])

    @staticmethod
    def _moment(text: bytes) -> datetime:
        moment = parse_date_time(text)
        if moment is None:
            raise ViolationError("no such date")
        return moment.replace(tzinfo=moment.tzinfo or UTC)

    def fetch_att(self) -> re.Match[bytes]:
        """Read a FETCH data item."""
        return self._match(_FETCH_ATT, "a data item")
