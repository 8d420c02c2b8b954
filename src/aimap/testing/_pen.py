"""The common rules of the grammar (:rfc:`9051#section-9`), as a server writes them.

Where the grammar leaves a choice, *freedom* makes it: which of two forms, which case,
which order. Without any, the choice is always the first, which most servers make.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime
from random import Random
from typing import TypeVar, final

from aimap._model.raw import RawValue

T = TypeVar("T")

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# ASTRING-CHAR = ATOM-CHAR / resp-specials
_ASTRING = re.compile(rb"[^(){ %*\"\\\x00-\x1f\x7f-\xff]+")
_PRINTABLE = re.compile(r"[ -~]+|[^ -~]+")


@final
class Pen:
    """Writes values by the rules of the grammar.

    Args:
        freedom: makes the choices that servers have.
        utf8: whether UTF-8 is enabled, so that it may stand in quoted strings, and
            mailbox names are written in it.
        literals: whether literals are allowed here.
    """

    def __init__(
        self, freedom: Random | None = None, *, utf8: bool = False, literals: bool = True
    ) -> None:
        self._freedom = freedom
        self._utf8 = utf8
        self._literals = literals

    def without_literals(self) -> Pen:
        """Return a pen for response codes, which stand in a line's free text."""
        return Pen(self._freedom, utf8=self._utf8, literals=False)

    def choose(self, *options: T) -> T:
        """Choose one of several."""
        return options[0] if self._freedom is None else self._freedom.choice(options)

    def order(self, values: Iterable[T]) -> list[T]:
        """Return values in any order."""
        found = list(values)
        if self._freedom is not None:
            self._freedom.shuffle(found)
        return found

    def cut(self, data: bytes) -> list[bytes]:
        """Cut octets into one piece or more, none empty unless *data* is."""
        if self._freedom is None or len(data) < 2:
            return [data]
        at = self._freedom.randrange(len(data))
        return [data[:at], data[at:]] if at else [data]

    def keyword(self, word: str) -> bytes:
        """Write a word of which the case means nothing."""
        return self.choose(word, word.lower(), word.upper(), word.swapcase()).encode("ascii")

    def nil(self) -> bytes:
        """Write ``nil``."""
        return self.keyword("NIL")

    def parenthesised(self, values: Iterable[bytes], separator: bytes = b" ") -> bytes:
        """Write a list."""
        return b"(" + separator.join(values) + b")"

    def quoted(self, octets: bytes) -> bytes:
        """Write ``quoted``.

        Raises:
            ValueError: if *octets* hold what cannot be quoted.
        """
        if not self._quotable(octets):
            raise ValueError(f"cannot be quoted: {octets!r}")
        return b'"' + re.sub(rb'(["\\])', rb"\\\1", octets) + b'"'

    def _quotable(self, octets: bytes) -> bool:
        if re.search(rb"[\0\r\n]", octets):
            return False
        if octets.isascii():
            return True
        try:
            octets.decode("utf-8")
        except UnicodeDecodeError:
            return False
        return self._utf8

    def literal(self, octets: bytes) -> bytes:
        """Write ``literal``.

        Raises:
            ValueError: if NUL is in it.
        """
        if b"\0" in octets:
            raise ValueError(f"cannot be a literal: {octets!r}")
        return b"{%d}\r\n%b" % (len(octets), octets)

    def string(self, octets: bytes) -> bytes:
        """Write ``string``: quoted, or a literal.

        Raises:
            ValueError: if *octets* cannot be a string here.
        """
        return self._one_of(self._strings(octets), octets)

    def astring(self, octets: bytes) -> bytes:
        """Write ``astring``: a string, or bare.

        Raises:
            ValueError: if *octets* cannot be a string here.
        """
        forms = self._strings(octets)
        # The bare word NIL may stand here, and would be misread too easily.
        if _ASTRING.fullmatch(octets) and octets.upper() != b"NIL":
            forms.append(octets)
        return self._one_of(forms, octets)

    def nstring(self, octets: bytes | None) -> bytes:
        """Write ``nstring``: a string, or NIL."""
        return self.nil() if octets is None else self.string(octets)

    def nstring8(self, octets: bytes | None) -> bytes:
        """Write ``nstring / literal8``."""
        if octets is None:
            return self.nil()
        literal8 = b"~{%d}\r\n%b" % (len(octets), octets)
        return self._one_of([*self._strings(octets), literal8], octets)

    def _strings(self, octets: bytes) -> list[bytes]:
        forms: list[bytes] = []
        if self._quotable(octets):
            forms.append(self.quoted(octets))
        if self._literals and b"\0" not in octets:
            forms.append(self.literal(octets))
        return forms

    def _one_of(self, forms: list[bytes], octets: bytes) -> bytes:
        if not forms:
            raise ValueError(f"cannot be written as a string here: {octets!r}")
        return self.choose(*forms)

    def text(self, text: str) -> bytes:
        """Write text as ``string``."""
        return self.string(text.encode())

    def atext(self, text: str) -> bytes:
        """Write text as ``astring``."""
        return self.astring(text.encode())

    def mailbox(self, name: str) -> bytes:
        """Write ``mailbox``: in UTF-8 if that is enabled, else in modified UTF-7."""
        if name == "INBOX":
            return self.astring(self.keyword("INBOX"))
        return self.astring(self.mailbox_octets(name))

    def mailbox_octets(self, name: str) -> bytes:
        """Return a mailbox name as octets (:rfc:`3501#section-5.1.3`)."""
        if self._utf8:
            return name.encode()
        return b"".join(map(_modified_utf7, _PRINTABLE.findall(name)))

    def delimiter(self, delimiter: str | None) -> bytes:
        """Write ``DQUOTE QUOTED-CHAR DQUOTE / nil``."""
        return self.nil() if delimiter is None else self.quoted(delimiter.encode())

    def numbers(self, ranges: Iterable[tuple[int, int]]) -> bytes:
        """Write ``sequence-set``."""
        return b",".join(self._range(first, last) for first, last in ranges)

    def _range(self, first: int, last: int) -> bytes:
        whole = b"%d:%d" % (first, last)
        return self.choose(b"%d" % first, whole) if first == last else whole

    def date_time(self, when: datetime) -> bytes:
        """Write ``date-time``."""
        return b'"%b"' % (
            f"{when.day:2}-{self.keyword(_MONTHS[when.month - 1]).decode()}-{when.year:04} "
            f"{when:%H:%M:%S %z}"
        ).encode("ascii")

    def raw(self, value: RawValue) -> bytes:
        """Write a value of which only its form is known (``tagged-ext-val`` and the like)."""
        if value is None:
            return self.nil()
        if isinstance(value, bytes):
            return self.astring(value)
        return self.parenthesised(map(self.raw, value))


def _modified_utf7(run: str) -> bytes:
    if run.isascii() and run.isprintable():
        return run.replace("&", "&-").encode("ascii")
    shifted = b64encode(run.encode("utf-16-be")).rstrip(b"=").replace(b"/", b",")
    return b"&" + shifted + b"-"
