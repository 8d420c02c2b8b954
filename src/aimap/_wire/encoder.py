"""Values to bytes: the only code that makes what is sent.

A command is a list of *parts*. Between two parts the client waits for a continuation
request: the first ends in the header of a synchronising literal, the next begins with
its octets (:rfc:`9051#section-4.3`). Non-synchronising literals stand inline
(:rfc:`7888`). No value can leave its place: whatever is not an atom goes out quoted
or as a literal, and what fits neither is refused before anything is sent.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import date, datetime
from typing import final

import attrs

from aimap._errors import InvalidArgumentError
from aimap._model.dates import MONTHS
from aimap._model.flag import Flag
from aimap._model.numbers import MAX_MODSEQ, NumberSet
from aimap._wire.utf7 import encode_mailbox_name

# atom = 1*ATOM-CHAR, any CHAR but atom-specials (RFC 9051 section 9)
_ATOM = re.compile(rb"[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]+")
# What goes out bare as an astring: few characters, since quoting is never wrong.
_PLAIN = re.compile(rb"[A-Za-z0-9_.,:/$@=-]+")
_QUOTABLE = re.compile(rb"[\x01-\x09\x0b\x0c\x0e-\x7f]*")
_QUOTABLE_UTF8 = re.compile(rb"[\x01-\x09\x0b\x0c\x0e-\xff]*")

_MAX_QUOTED = 1000
_LITERAL_MINUS_MAX = 4096


@final
@attrs.frozen(kw_only=True)
class Dialect:
    """What the server at the other end understands just now.

    Attributes:
        literal_plus: non-synchronising literals of any size (:rfc:`7888#section-4`).
        literal_minus: those of at most 4,096 octets (:rfc:`7888#section-5`).
        utf8: UTF-8 in quoted strings: after ``ENABLE UTF8=ACCEPT`` (:rfc:`9755`) or
            ``ENABLE IMAP4rev2``.
        max_line: octets of one line that the server takes, literals not counted.
    """

    literal_plus: bool = False
    literal_minus: bool = False
    utf8: bool = False
    max_line: int = 8192


@final
class Encoder:
    """Writes one command. Tokens are separated by one space of their own accord."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._parts: list[bytes] = []
        self._buffer = bytearray()
        self._line = 0
        self._glue = True

    def parts(self) -> list[bytes]:
        """Return the finished command; each part but the first waits for a ``+``."""
        self._put(b"\r\n", glued=True)
        self._parts.append(bytes(self._buffer))
        return self._parts

    @property
    def utf8(self) -> bool:
        """Whether strings may hold UTF-8 without more ado."""
        return self._dialect.utf8

    def atom(self, text: str) -> None:
        """Write an atom: a command's name, a keyword, a data item.

        Raises:
            InvalidArgumentError: if *text* is not an atom.
        """
        data = _to_bytes(text)
        if not _ATOM.fullmatch(data):
            raise InvalidArgumentError(f"an atom has no spaces, quotes or brackets: {text!r}")
        self._put(data)

    def item(self, text: str) -> None:
        """Write what a value type has already checked, such as a fetch item's request."""
        data = _to_bytes(text)
        if not _QUOTABLE.fullmatch(data):
            raise InvalidArgumentError(f"a data item is printable ASCII, not {text!r}")
        self._put(data)

    def number(self, number: int) -> None:
        """Write a number of 63 bits at most."""
        if isinstance(number, bool) or not 0 <= number <= MAX_MODSEQ:
            raise InvalidArgumentError(f"a number is 0 to {MAX_MODSEQ}, not {number!r}")
        self._put(b"%d" % number)

    def numbers(self, numbers: NumberSet[int]) -> None:
        """Write a ``sequence-set``.

        Raises:
            InvalidArgumentError: if it is empty.
        """
        if not numbers:
            raise InvalidArgumentError("an empty set of messages cannot be sent")
        self._put(str(numbers).encode("ascii"))

    def string(self, value: str | bytes) -> None:
        """Write a ``string``: quoted where it can be, else a literal."""
        self._string(_to_bytes(value))

    def astring(self, value: str | bytes) -> None:
        """Write an ``astring``: bare where it can be, else as :meth:`string`."""
        data = _to_bytes(value)
        if _PLAIN.fullmatch(data) and data.upper() != b"NIL":
            self._put(data)
        else:
            self._string(data)

    def nstring(self, value: str | bytes | None) -> None:
        """Write ``NIL`` for ``None``, else as :meth:`string`."""
        if value is None:
            self._put(b"NIL")
        else:
            self._string(_to_bytes(value))

    def mailbox(self, name: str) -> None:
        """Write a mailbox name (:rfc:`9051#section-5.1`, modified UTF-7 in :rfc:`3501`)."""
        self.astring(self._mailbox_octets(name))

    def list_mailbox(self, pattern: str) -> None:
        """Write a LIST pattern, in which ``*`` and ``%`` are wildcards."""
        self._string(self._mailbox_octets(pattern) if pattern else b"")

    def _mailbox_octets(self, name: str) -> bytes:
        if not name:
            raise InvalidArgumentError("a mailbox name is not empty")
        if any(c < " " or c == "\x7f" for c in name):
            raise InvalidArgumentError(f"a mailbox name has no control characters: {name!r}")
        if name.upper() == "INBOX":
            return b"INBOX"
        try:
            return _to_bytes(name) if self._dialect.utf8 else encode_mailbox_name(name)
        except UnicodeEncodeError as error:
            raise InvalidArgumentError(f"not a Unicode text: {name!r}") from error

    def flags(self, flags: Iterable[str]) -> None:
        """Write a parenthesised flag list.

        Raises:
            InvalidArgumentError: if one of them cannot be sent.
        """
        if isinstance(flags, str):
            raise InvalidArgumentError(f"flags come as several strings, not as one: {flags!r}")
        with self.parentheses():
            for flag in flags:
                checked = Flag(flag).check()
                if checked == Flag.RECENT:
                    raise InvalidArgumentError(r"only the server sets \Recent")
                self._put(checked.encode("ascii"))

    def date(self, day: date) -> None:
        """Write a ``date`` such as ``1-Feb-2026`` (:rfc:`9051#section-9`)."""
        self._put(f"{day.day}-{MONTHS[day.month - 1]}-{day.year:04}".encode("ascii"))

    def date_time(self, moment: datetime) -> None:
        """Write a ``date-time``.

        Raises:
            InvalidArgumentError: if *moment* has no time zone.
        """
        offset = moment.utcoffset()
        if offset is None:
            raise InvalidArgumentError(f"a date and time needs its time zone: {moment!r}")
        minutes = int(offset.total_seconds()) // 60
        sign = "-" if minutes < 0 else "+"
        hours, minutes = divmod(abs(minutes), 60)
        self._put(
            f'"{moment.day:2}-{MONTHS[moment.month - 1]}-{moment.year:04} '
            f'{moment:%H:%M:%S} {sign}{hours:02}{minutes:02}"'.encode("ascii")
        )

    def literal(self, data: bytes, *, binary: bool = False) -> None:
        """Write octets as a literal, or as a ``literal8`` (:rfc:`3516`) if *binary*.

        Raises:
            InvalidArgumentError: if there is a NUL in what is not binary.
        """
        if not binary and b"\0" in data:
            raise InvalidArgumentError(
                f"NUL, here at octet {data.index(0)}, can only be sent to a server with BINARY"
            )
        dialect = self._dialect
        at_once = dialect.literal_plus or (
            dialect.literal_minus and len(data) <= _LITERAL_MINUS_MAX
        )
        prefix = b"~" if binary else b""
        self._put(b"%s{%d%s}\r\n" % (prefix, len(data), b"+" if at_once else b""))
        if not at_once:
            self._parts.append(bytes(self._buffer))
            self._buffer.clear()
        self._buffer += data
        self._line = 0

    def open(self) -> None:
        """Write an opening parenthesis."""
        self._put(b"(")
        self._glue = True

    def close(self) -> None:
        """Write a closing parenthesis."""
        self._put(b")", glued=True)

    @contextmanager
    def parentheses(self) -> Generator[None]:
        """Put what is written inside in parentheses."""
        self.open()
        yield
        self.close()

    def _string(self, data: bytes) -> None:
        quotable = _QUOTABLE_UTF8 if self._dialect.utf8 else _QUOTABLE
        if len(data) <= _MAX_QUOTED and quotable.fullmatch(data):
            self._put(b'"%s"' % data.replace(b"\\", b"\\\\").replace(b'"', b'\\"'))
        else:
            self.literal(data)

    def _put(self, data: bytes, *, glued: bool = False) -> None:
        if not (glued or self._glue):
            data = b" " + data
        self._glue = False
        self._line += len(data)
        if self._line > self._dialect.max_line:
            raise InvalidArgumentError(
                f"the command needs a line of over {self._dialect.max_line} octets, "
                "more than the server takes; use fewer or shorter arguments"
            )
        self._buffer += data


def _to_bytes(value: str | bytes) -> bytes:
    if isinstance(value, bytes):
        return value
    try:
        return value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidArgumentError(f"not a Unicode text: {value!r}") from error
