"""What clients send, read strictly (:rfc:`9051#section-9`).

Independent of the client's own encoder, so that the two can disagree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import final
from unicodedata import is_normalized

from aimap._errors import InvalidArgumentError
from aimap._model.dates import parse_date_time
from aimap._model.flag import Flag
from aimap._model.numbers import MAX_MODSEQ, MAX_NUMBER, SeqSet, UIDSet
from aimap._wire.utf7 import UndecodedName, decode_mailbox_name
from aimap.testing._rules import Rule, ViolationError

SYSTEM_FLAGS = (Flag.ANSWERED, Flag.FLAGGED, Flag.DELETED, Flag.SEEN, Flag.DRAFT)

_LITERAL = re.compile(rb"(~?)\{([0-9]{1,20})(\+?)\}\r\n")
_QUOTED = re.compile(rb'"((?:[^"\\\r\n\x00\x80-\xff]|\\["\\])*)"')
_QUOTED_UTF8 = re.compile(rb'"((?:[^"\\\r\n\x00]|\\["\\])*)"')
_ATOM = re.compile(rb"[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]+")
_ASTRING = re.compile(rb"[!#$&'+,\-./0-9:;<=>?@A-Z\[\]^_`a-z|}~]+")
_LIST_ATOM = re.compile(rb"[!#$%&'*+,\-./0-9:;<=>?@A-Z\[\]^_`a-z|}~]+")
_FLAG = re.compile(rb"\\?[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]+")
_SET = re.compile(rb"[0-9*:,$]+")
_NUMBER = re.compile(rb"[0-9]{1,20}")
_DATE = re.compile(rb'("?)([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4})(?![0-9])\1')
_DATE_TIME = re.compile(rb'"((?: [0-9]|[0-9]{2})-[A-Za-z]{3}-[0-9]{4} [0-9:]{8} [+-][0-9]{4})"')
_FETCH_ATT = re.compile(
    rb"(BODY\.PEEK|BODY|BINARY\.PEEK|BINARY\.SIZE|BINARY)\[([^\]]*)\](<([0-9]+)\.([0-9]+)>)?"
    rb"|[A-Z0-9.-]+",
    re.IGNORECASE,
)
_NAME_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
_NOT_NET_UNICODE = re.compile("[\u2028\u2029]|\\A\ufeff")


@final
class Arguments:
    """A cursor over what follows a command's name.

    Args:
        data: what follows.
        enabled: the extensions that were enabled, in upper case.
    """

    def __init__(self, data: bytes, enabled: Iterable[str] = ()) -> None:
        self.data = data
        self.pos = 0
        self.used_numbers = False
        self._enabled = frozenset(enabled)
        self.rev2 = "IMAP4REV2" in self._enabled
        self.utf8 = self.rev2 or "UTF8=ACCEPT" in self._enabled

    @property
    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self.pos >= len(self.data)

    def end(self) -> None:
        """Demand that nothing is left."""
        if not self.at_end:
            raise ViolationError("too many arguments, or a space too many (RFC 9051 section 9)")

    def space(self) -> None:
        """Demand one space."""
        if not self.step(b" "):
            raise ViolationError("one space was expected (RFC 9051 section 9)")

    def step(self, sign: bytes) -> bool:
        """Step over *sign* if it is next."""
        if self.data.startswith(sign, self.pos):
            self.pos += len(sign)
            return True
        return False

    def step_word(self, word: bytes) -> bool:
        """Step over a word, in any case of letters, if it and a space are next."""
        if self.data[self.pos : self.pos + len(word) + 1].upper() == word + b" ":
            self.pos += len(word) + 1
            return True
        return False

    def step_lazy(self) -> None:
        """Step over PREVIEW's modifier if it is next (:rfc:`8970#section-6`)."""
        if self.data[self.pos : self.pos + 7].upper() == b" (LAZY)":
            self.pos += 7

    def expect(self, sign: bytes) -> None:
        """Demand *sign*."""
        if not self.step(sign):
            raise ViolationError(f"{sign.decode('ascii')!r} was expected (RFC 9051 section 9)")

    def peek(self, count: int = 1) -> bytes:
        """Return the next octets, or what there is of them."""
        return self.data[self.pos : self.pos + count]

    def listed(self) -> Iterator[None]:
        """Iterate over the places of a parenthesised list, which has one member at least."""
        self.expect(b"(")
        while True:
            yield
            if self.step(b")"):
                return
            self.space()

    def _match(
        self, pattern: re.Pattern[bytes], what: str, rule: Rule = Rule.SYNTAX
    ) -> re.Match[bytes]:
        match = pattern.match(self.data, self.pos)
        if match is None:
            shown = self.peek(20).decode("latin-1").encode("unicode_escape").decode("ascii")
            raise ViolationError(f"{what} was expected, not '{shown}' (RFC 9051 section 9)", rule)
        self.pos = match.end()
        return match

    def atom(self) -> str:
        """Read an atom, in upper case."""
        return self._match(_ATOM, "an atom")[0].decode("ascii").upper()

    def number(self) -> int:
        """Read a number: of 32 bits, or of 63 after ENABLE IMAP4rev2."""
        return self._number(MAX_MODSEQ if self.rev2 else MAX_NUMBER)

    def number64(self) -> int:
        """Read a number of 63 bits."""
        return self._number(MAX_MODSEQ)

    def number64u(self) -> int:
        """Read a number of 64 bits, as Gmail has them."""
        return self._number(2 * MAX_MODSEQ + 1)

    def _number(self, highest: int) -> int:
        number = int(self._match(_NUMBER, "a number")[0])
        if number > highest:
            raise ViolationError(
                f"{number} is above {highest} (RFC 9051 section 9, number)", Rule.NUMBER_RANGE
            )
        return number

    def modseq(self, *, zero: bool = False) -> int:
        """Read a mod-sequence, which is 0 only where *zero* is allowed."""
        value = self.number64()
        if not value and not zero:
            raise ViolationError("mod-sequence 0 (RFC 7162 section 7)", Rule.CONDSTORE)
        return value

    def literal(self) -> tuple[bytes, bool] | None:
        """Read a literal if one is next: its octets, and whether it is a literal8."""
        match = _LITERAL.match(self.data, self.pos)
        if match is None:
            return None
        end = match.end() + int(match[2])
        octets = self.data[match.end() : end]
        self.pos = end
        if not match[1] and b"\0" in octets:
            raise ViolationError("NUL in a literal (RFC 9051 section 9, CHAR8)", Rule.NUL)
        return octets, bool(match[1])

    def string(self) -> bytes:
        """Read a quoted string or a literal."""
        literal = self.literal()
        if literal is not None:
            if literal[1]:
                raise ViolationError(
                    "a literal8 where a string belongs (RFC 3516 section 4.4)", Rule.LITERAL8
                )
            return literal[0]
        quoted = self._match(_QUOTED_UTF8 if self.utf8 else _QUOTED, "a string")[1]
        if not quoted.isascii():
            _decoded(quoted, Rule.SYNTAX)
        return quoted.replace(b'\\"', b'"').replace(b"\\\\", b"\\")

    def _at_string(self) -> bool:
        return self.peek() in (b'"', b"{") or self.peek(2) == b"~{"

    def astring(self) -> bytes:
        """Read an astring."""
        if self._at_string():
            return self.string()
        return self._match(_ASTRING, "an astring")[0]

    def nstring(self) -> bytes | None:
        """Read a string or NIL."""
        return None if self.step_nil() else self.string()

    def value(self) -> bytes | None:
        """Read a string, a literal8 or NIL (:rfc:`5464#section-5`)."""
        if self.step_nil():
            return None
        return literal[0] if (literal := self.literal()) is not None else self.string()

    def step_nil(self) -> bool:
        """Step over NIL if it is next."""
        if self.peek(3).upper() == b"NIL":
            self.pos += 3
            return True
        return False

    def mailbox(self) -> str:
        """Read a mailbox name, in modified UTF-7 or in Net-Unicode."""
        if self._at_string():
            return self._name(self._name_octets())
        return self._name(self._match(_ASTRING, "a mailbox name")[0])

    def list_mailbox(self) -> str:
        """Read a LIST pattern."""
        if self._at_string():
            return self._name(self._name_octets())
        return self._name(self._match(_LIST_ATOM, "a mailbox pattern")[0])

    def list_octets(self) -> bytes:
        """Read a pattern that is none of mailbox names."""
        if self._at_string():
            return self.string()
        return self._match(_LIST_ATOM, "a pattern")[0]

    def label(self) -> Flag:
        """Read what looks like a flag, and may be any."""
        return Flag(self._match(_FLAG, "a label")[0].decode("ascii"))

    def _name_octets(self) -> bytes:
        quoted = _QUOTED_UTF8.match(self.data, self.pos)
        if quoted is not None and not self.utf8 and not quoted[1].isascii():
            raise ViolationError(
                "8-bit octets in a mailbox name before ENABLE UTF8=ACCEPT (RFC 3501 section 5.1.3)",
                Rule.MAILBOX_NAME,
            )
        if quoted is not None:
            self.pos = quoted.end()
            return quoted[1].replace(b'\\"', b'"').replace(b"\\\\", b"\\")
        return self.string()

    def _name(self, raw: bytes) -> str:
        if self.utf8:
            name = _decoded(raw, Rule.MAILBOX_NAME)
            if not is_normalized("NFC", name) or _NOT_NET_UNICODE.search(name):
                raise ViolationError(
                    "a name that is not Net-Unicode in NFC (RFC 9051 section 5.1)",
                    Rule.MAILBOX_NAME,
                )
        else:
            name = decode_mailbox_name(raw)
        if isinstance(name, UndecodedName):
            raise ViolationError(
                "a name that is not modified UTF-7 (RFC 3501 section 5.1.3)", Rule.MAILBOX_NAME
            )
        if _NAME_CONTROLS.search(name):
            raise ViolationError(
                "a control character in a mailbox name (RFC 9051 section 5.1)", Rule.MAILBOX_NAME
            )
        return "INBOX" if name.upper() == "INBOX" else name

    def flags(self) -> list[Flag]:
        """Read a parenthesised list of flags, or an empty one."""
        if self.peek(2) == b"()":
            self.pos += 2
            return []
        return [self.flag() for _ in self.listed()]

    def flag(self) -> Flag:
        """Read a flag that clients may set."""
        flag = Flag(self._match(_FLAG, "a flag", Rule.FLAG)[0].decode("ascii"))
        if flag == Flag.RECENT:
            raise ViolationError(
                r"\Recent is the server's alone (RFC 9051 section 2.3.2)", Rule.FLAG
            )
        if flag.is_system and flag not in SYSTEM_FLAGS:
            raise ViolationError(f"no system flag {flag} (RFC 9051 section 2.3.2)", Rule.FLAG)
        return flag

    def keyword(self) -> Flag:
        """Read a keyword, which is no system flag."""
        return Flag(self._match(_ATOM, "a keyword", Rule.FLAG)[0].decode("ascii"))

    def saved_result(self) -> bool:
        """Step over ``$`` if it is next.

        Raises:
            ViolationError: if it is one of several in a set.
        """
        if self.peek() != b"$":
            return False
        if self.peek(2)[1:] not in (b"", b" ", b")"):
            raise _mixed()
        self.pos += 1
        return True

    def set_text(self) -> bytes:
        """Return the set that is next as it is written, without stepping over it."""
        match = _SET.match(self.data, self.pos)
        return b"" if match is None else match[0]

    def numbers(self, kind: type[UIDSet | SeqSet], highest: int) -> UIDSet | SeqSet:
        """Read a set; ``*`` is *highest*."""
        text = self._match(_SET, "a set of messages", Rule.NUMBERS)[0].decode("ascii")
        if kind is SeqSet:
            self.used_numbers = True
            if "UIDONLY" in self._enabled:
                raise ViolationError(
                    f"message sequence numbers {text} after ENABLE UIDONLY (RFC 9586 section 3)",
                    Rule.UID_REQUIRED,
                    code="UIDREQUIRED",
                )
        if "$" in text:
            raise _mixed()
        try:
            found = kind(text)
        except InvalidArgumentError as error:
            raise ViolationError(
                f"{error} (RFC 9051 section 9, sequence-set)", Rule.NUMBERS
            ) from None
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
        _, day, month, year = self._match(_DATE, "a date", Rule.DATE).groups()
        return self._moment(b"%02d-%b-%b 00:00:00 +0000" % (int(day), month, year))

    def date_time(self) -> datetime:
        """Read a date-time."""
        return self._moment(
            self._match(
                _DATE_TIME, 'a date and time such as " 1-Feb-2026 00:00:00 +0000"', Rule.DATE
            )[1]
        )

    @staticmethod
    def _moment(text: bytes) -> datetime:
        moment = parse_date_time(text)
        if moment is None:
            shown = text.decode("ascii")
            raise ViolationError(f"no such date, {shown} (RFC 9051 section 9)", Rule.DATE)
        return moment.replace(tzinfo=moment.tzinfo or UTC)

    def fetch_att(self) -> re.Match[bytes]:
        """Read a FETCH data item."""
        return self._match(_FETCH_ATT, "a data item")

    def convert_att(self, pattern: re.Pattern[bytes]) -> re.Match[bytes]:
        """Read a data item of CONVERT."""
        return self._match(pattern, "a data item of CONVERT", Rule.CONVERT)


def _mixed() -> ViolationError:
    return ViolationError("$ among numbers (RFC 5182 section 2.1)", Rule.SAVED_RESULT)


def _decoded(raw: bytes, rule: Rule) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ViolationError("octets that are not UTF-8 (RFC 9755 section 3)", rule) from None
