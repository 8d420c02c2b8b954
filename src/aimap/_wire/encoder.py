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
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias, final
from unicodedata import is_normalized

import attrs

from aimap._errors import InvalidArgumentError
from aimap._model.dates import MONTHS
from aimap._model.flag import Flag
from aimap._model.numbers import MAX_MODSEQ, MAX_NUMBER, NumberSet, SeqSet
from aimap._model.saved import SavedResult
from aimap._model.upload import Upload
from aimap._wire.utf7 import UndecodedName, encode_mailbox_name

# atom = 1*ATOM-CHAR, any CHAR but atom-specials (RFC 9051 section 9)
_ATOM = re.compile(rb"[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]+")
# What goes out bare as an astring: few characters, since quoting is never wrong.
_PLAIN = re.compile(rb"[A-Za-z0-9_.,:/$@=-]+")
_PRINTABLE = re.compile(rb"[\x20-\x7e]+")
_QUOTABLE = re.compile(rb"[\x01-\x09\x0b\x0c\x0e-\x7f]*")
_QUOTABLE_UTF8 = re.compile(rb"[\x01-\x09\x0b\x0c\x0e-\xff]*")
# C0 and C1 (RFC 9051 section 5.1, RFC 5198 section 2)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NOT_NET_UNICODE = re.compile("[\u2028\u2029]|\\A\ufeff")

_MAX_QUOTED = 1000
_LITERAL_MINUS_MAX = 4096
_TAG_ROOM = 16
_LITERAL_ROOM = 32


@final
@attrs.frozen(kw_only=True)
class Dialect:
    """What the server at the other end understands just now.

    Attributes:
        literal_plus: non-synchronising literals of any size (:rfc:`7888#section-4`).
        literal_minus: those of at most 4,096 octets (:rfc:`7888#section-5`).
        utf8: UTF-8 in quoted strings: after ``ENABLE UTF8=ACCEPT`` (:rfc:`9755`) or
            ``ENABLE IMAP4rev2``.
        binary: ``literal8`` for messages that hold NUL (:rfc:`3516#section-4.4`).
        rev2: after ``ENABLE IMAP4rev2``: what :rfc:`9051#appendix-E` took out is refused.
        qresync: after ``ENABLE QRESYNC`` (:rfc:`7162#section-3.2.3`).
        uid_only: after ``ENABLE UIDONLY`` (:rfc:`9586`): no message sequence numbers.
        rights: the letters of the capability ``RIGHTS=`` (:rfc:`4314#section-2.2`);
            ``None`` where the server goes by :rfc:`2086`, or has no ACLs.
        max_line: octets of one line that the server takes, literals not counted.
        multiappend: several messages in one APPEND (:rfc:`3502`).
        login_disabled: no LOGIN (:rfc:`9051#section-6.2.3`).
        delimiter: the hierarchy delimiter, if it is known, and the same everywhere.
        exists: how many messages the selected mailbox has; ``None`` if none is selected.
        saved_result: ``$`` stands for something (:rfc:`5182#section-2.1`).
    """

    literal_plus: bool = False
    literal_minus: bool = False
    utf8: bool = False
    binary: bool = False
    rev2: bool = False
    qresync: bool = False
    uid_only: bool = False
    rights: str | None = None
    max_line: int = 8192
    multiappend: bool = True
    login_disabled: bool = False
    delimiter: str | None = None
    exists: int | None = None
    saved_result: bool = True


@final
@attrs.frozen
class Streamed:
    """A part of a command that comes later, in pieces.

    Attributes:
        upload: what comes.
        synchronising: whether a continuation request is waited for before it.
    """

    upload: Upload
    synchronising: bool


Part: TypeAlias = bytes | Streamed


@final
class Encoder:
    """Writes one command. Tokens are separated by one space of their own accord."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._parts: list[Part] = []
        self._buffer = bytearray()
        self._line = _TAG_ROOM
        self._glue = True

    def parts(self) -> list[Part]:
        """Return the finished command.

        Each part but the first waits for a continuation request, save the one behind a
        :class:`Streamed`, and a :class:`Streamed` that is not synchronising.
        """
        self._put(b"\r\n", glued=True)
        self._parts.append(bytes(self._buffer))
        return self._parts

    def atom(self, text: str) -> None:
        """Write an atom: a command's name, a keyword, a data item.

        Raises:
            InvalidArgumentError: if *text* is not an atom.
        """
        data = _to_bytes(text)
        if not _ATOM.fullmatch(data):
            raise InvalidArgumentError(f"an atom has no spaces, quotes or brackets: {text!r}")
        self._put(data)

    def words(self, text: str) -> None:
        """Write several atoms, as a command's name such as ``UID FETCH`` is."""
        for word in text.split(" "):
            self.atom(word)

    def item(self, text: str) -> None:
        """Write what a value type has already checked, such as a fetch item's request."""
        data = _to_bytes(text)
        if not _PRINTABLE.fullmatch(data):
            raise InvalidArgumentError(f"a data item is printable ASCII, not {text!r}")
        self._put(data)

    def number(self, number: int) -> None:
        """Write a ``number``: of 32 bits, or of 63 after ``ENABLE IMAP4rev2``."""
        self._number(number, MAX_MODSEQ if self.dialect.rev2 else MAX_NUMBER)

    def number64(self, number: int) -> None:
        """Write a number of 63 bits, such as a mod-sequence (:rfc:`9051#section-9`)."""
        self._number(number, MAX_MODSEQ)

    def _number(self, number: int, highest: int) -> None:
        if isinstance(number, bool) or not 0 <= number <= highest:
            raise InvalidArgumentError(f"a number here is 0 to {highest}, not {number!r}")
        self._put(b"%d" % number)

    def numbers(self, numbers: NumberSet[int] | SavedResult) -> None:
        """Write a ``sequence-set``, or ``$`` (:rfc:`5182#section-2.1`).

        Raises:
            InvalidArgumentError: if it is empty, stands for nothing, holds message sequence
                numbers after ``ENABLE UIDONLY``, or some above EXISTS.
        """
        if isinstance(numbers, SavedResult):
            if not self.dialect.saved_result:
                raise InvalidArgumentError(
                    "SAVED stands for nothing in this mailbox yet: search with 'SAVE' first"
                )
            self._put(b"$")
            return
        if not numbers:
            raise InvalidArgumentError("an empty set of messages cannot be sent")
        text = str(numbers)
        if isinstance(numbers, SeqSet):
            if self.dialect.uid_only:
                raise InvalidArgumentError(
                    f"after ENABLE UIDONLY messages are named by a UIDSet, not by {numbers!r}"
                )
            self._check_exists(numbers)
            # A sequence number above EXISTS is an error (RFC 9051 section 9, seq-number):
            # the highest there can be is "*".
            text = text.removesuffix(str(MAX_NUMBER)) + "*" if MAX_NUMBER in numbers else text
        self._put(text.encode("ascii"))

    def _check_exists(self, numbers: SeqSet) -> None:
        exists = self.dialect.exists
        if exists is None:
            return
        # "*" is a number above EXISTS if the mailbox is empty.
        highest = max((high for _, high in numbers.ranges if high != MAX_NUMBER), default=0)
        lowest_open = next((low for low, high in numbers.ranges if high == MAX_NUMBER), None)
        if lowest_open == MAX_NUMBER:
            lowest_open = 1
        if max(highest, lowest_open or 0) > exists:
            raise InvalidArgumentError(
                f"the selected mailbox has {exists} messages: no message sequence numbers {numbers}"
            )

    def string(self, value: str | bytes) -> None:
        """Write a ``string``: quoted where it can be, else a literal."""
        self._string(_to_bytes(value))

    def astring(self, value: str | bytes) -> None:
        """Write an ``astring``: bare where it can be, else as :meth:`string`."""
        data = _to_bytes(value)
        if self._is_short(data) and _PLAIN.fullmatch(data) and data.upper() != b"NIL":
            self._put(data)
        else:
            self._string(data)

    def nstring(self, value: str | bytes | None) -> None:
        """Write ``NIL`` for ``None``, else as :meth:`string`."""
        if value is None:
            self._put(b"NIL")
        else:
            self._string(_to_bytes(value))

    def quoted(self, value: str) -> None:
        """Write what the grammar wants quoted, and never as a literal.

        Raises:
            InvalidArgumentError: if it is not short printable ASCII.
        """
        data = _to_bytes(value)
        if len(data) > _MAX_QUOTED or not _PRINTABLE.fullmatch(data):
            raise InvalidArgumentError(
                f"printable ASCII of at most {_MAX_QUOTED} characters is needed, not {value!r}"
            )
        self._put_quoted(data)

    def value(self, value: str | bytes | None) -> None:
        """Write ``nstring / literal8``, as METADATA and ANNOTATE have it (:rfc:`5464`)."""
        data = None if value is None else _to_bytes(value)
        if data is not None and b"\0" in data:
            self.literal8(data)
        else:
            self.nstring(data)

    def mailbox(self, name: str) -> None:
        """Write a mailbox name (:rfc:`9051#section-5.1`, modified UTF-7 in :rfc:`3501`)."""
        self.astring(self._mailbox_octets(name))

    def list_mailbox(self, pattern: str) -> None:
        """Write a LIST pattern, in which ``*`` and ``%`` are wildcards."""
        self._string(self._mailbox_octets(pattern) if pattern else b"")

    def label(self, label: str) -> None:
        r"""Write a label of Gmail's: a name of one's own, or one of its own such as ``\Inbox``."""
        if label.startswith("\\"):
            self._put(Flag(label).check().encode("ascii"))
        else:
            self._string(self._name_octets(label))

    def _mailbox_octets(self, name: str) -> bytes:
        return b"INBOX" if name.upper() == "INBOX" else self._name_octets(name)

    def _name_octets(self, name: str) -> bytes:
        if not name:
            raise InvalidArgumentError("a mailbox name is not empty")
        if _CONTROLS.search(name):
            raise InvalidArgumentError(f"a mailbox name has no control characters: {name!r}")
        if not self.dialect.utf8 or isinstance(name, UndecodedName):
            try:
                return encode_mailbox_name(name)
            except UnicodeEncodeError as error:
                raise InvalidArgumentError(f"not a Unicode text: {name!r}") from error
        # RFC 9755 section 3 and RFC 9051 section 5.1: Net-Unicode (RFC 5198), in NFC
        if _NOT_NET_UNICODE.search(name):
            raise InvalidArgumentError(
                f"a mailbox name has no U+2028, no U+2029, and no leading U+FEFF: {name!r}"
            )
        if not is_normalized("NFC", name):
            raise InvalidArgumentError(
                f"a mailbox name is in normalization form C: unicodedata.normalize('NFC', {name!r})"
            )
        return _to_bytes(name)

    def flags(self, flags: Iterable[str]) -> None:
        """Write a parenthesised flag list.

        Raises:
            InvalidArgumentError: if one of them cannot be sent.
        """
        if isinstance(flags, str):
            raise InvalidArgumentError(f"flags come as several strings, not as one: {flags!r}")
        with self.parentheses():
            for flag in flags:
                self._put(Flag(flag).check_settable().encode("ascii"))

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
        if offset % timedelta(minutes=1):
            # zone has no seconds (RFC 9051 section 9), which local mean times have.
            try:
                moment, offset = moment.astimezone(UTC), timedelta(0)
            except OverflowError:
                raise InvalidArgumentError(f"in UTC there is no such year: {moment!r}") from None
        minutes = offset // timedelta(minutes=1)
        sign = "-" if minutes < 0 else "+"
        hours, minutes = divmod(abs(minutes), 60)
        self._put(
            f'"{moment.day:2}-{MONTHS[moment.month - 1]}-{moment.year:04} '
            f'{moment:%H:%M:%S} {sign}{hours:02}{minutes:02}"'.encode("ascii")
        )

    def literal(self, data: bytes) -> None:
        """Write octets as a literal.

        Raises:
            InvalidArgumentError: if there is a NUL among them.
        """
        if b"\0" in data:
            raise InvalidArgumentError(
                f"NUL, here at octet {data.index(0)}, cannot be sent in text, "
                "and in a message only to a server with BINARY"
            )
        self._literal(b"", data)

    def literal8(self, data: bytes) -> None:
        """Write octets as a ``literal8``, which may hold NUL (:rfc:`4466#section-6`)."""
        self._literal(b"~", data)

    def message(self, data: bytes) -> None:
        """Write a message: as a ``literal8`` if it holds NUL and the server has BINARY.

        Raises:
            InvalidArgumentError: if it holds NUL and the server has no BINARY.
        """
        if self.dialect.binary and b"\0" in data:
            self.literal8(data)
        else:
            self.literal(data)

    def upload(self, upload: Upload) -> None:
        """Write a literal whose octets come later."""
        at_once = self._put_header(b"", upload.size)
        self._end_part()
        self._parts.append(Streamed(upload, synchronising=not at_once))

    def _literal(self, prefix: bytes, data: bytes) -> None:
        if not self._put_header(prefix, len(data)):
            self._end_part()
        self._buffer += data

    def _put_header(self, prefix: bytes, size: int) -> bool:
        """Write the header of a literal; tell whether its octets may follow at once."""
        dialect = self.dialect
        at_once = dialect.literal_plus or (dialect.literal_minus and size <= _LITERAL_MINUS_MAX)
        self._put(b"%s{%d%s}\r\n" % (prefix, size, b"+" if at_once else b""))
        self._line = 0
        return at_once

    def _end_part(self) -> None:
        self._parts.append(bytes(self._buffer))
        self._buffer.clear()

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
        if self._is_short(data) and self._quotable(data):
            self._put_quoted(data)
        else:
            self.literal(data)

    def _is_short(self, data: bytes) -> bool:
        # What is long, or would make the line too long, goes out as a literal, which begins
        # a new line for the server. Each octet may need a backslash.
        room = self.dialect.max_line - self._line - _LITERAL_ROOM
        return len(data) <= _MAX_QUOTED and 2 * len(data) <= room

    def _quotable(self, data: bytes) -> bool:
        if not self.dialect.utf8:
            return _QUOTABLE.fullmatch(data) is not None
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            return False
        return _QUOTABLE_UTF8.fullmatch(data) is not None

    def _put_quoted(self, data: bytes) -> None:
        self._put(b'"%s"' % data.replace(b"\\", b"\\\\").replace(b'"', b'\\"'))

    def _put(self, data: bytes, *, glued: bool = False) -> None:
        if not (glued or self._glue):
            data = b" " + data
        self._glue = False
        self._line += len(data)
        if self._line > self.dialect.max_line:
            raise InvalidArgumentError(
                f"the command needs a line of over {self.dialect.max_line} octets, "
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
