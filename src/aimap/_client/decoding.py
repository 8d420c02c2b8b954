"""Undoing a content transfer encoding piece by piece (:rfc:`2045#section-6`)."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from base64 import b64decode
from binascii import Error as Base64Error
from binascii import a2b_qp
from typing import ClassVar, final

from aimap._errors import InvalidArgumentError

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


class Decoder(ABC):
    """Takes encoded octets in any pieces; gives decoded ones.

    Attributes:
        changes_nothing: whether they are the same.
    """

    changes_nothing: ClassVar[bool] = False

    @abstractmethod
    def decode(self, octets: bytes) -> bytes:
        """Take octets; return what they mean as far as that is clear yet."""

    @abstractmethod
    def finish(self) -> bytes:
        """Return what is left at the end."""


@final
class _Base64(Decoder):
    """Whatever is not of the alphabet is passed over (:rfc:`2045#section-6.8`)."""

    def __init__(self) -> None:
        self._rest = b""
        self._ended = False

    def decode(self, octets: bytes) -> bytes:
        if self._ended:
            return b""
        data, padding, _ = octets.partition(b"=")
        clean = self._rest + _NOT_BASE64.sub(b"", data)
        if padding:
            self._ended, self._rest = True, b""
            return _lenient(clean)
        whole = len(clean) // 4 * 4
        self._rest = clean[whole:]
        return b64decode(clean[:whole])

    def finish(self) -> bytes:
        rest, self._rest = self._rest, b""
        return _lenient(rest)


def _lenient(octets: bytes) -> bytes:
    """Decode a last group, whose padding may be wrong or missing."""
    try:
        return b64decode(octets + b"=" * (-len(octets) % 4))
    except Base64Error:
        # One sextet too many means nothing.
        return b64decode(octets[:-1])


@final
class _QuotedPrintable(Decoder):
    """Lines are decoded as they become whole (:rfc:`2045#section-6.7`)."""

    _LONGEST_LINE = 64 * 1024

    def __init__(self) -> None:
        self._rest = b""

    def decode(self, octets: bytes) -> bytes:
        data = self._rest + octets
        end = data.rfind(b"\n") + 1
        if not end and len(data) > self._LONGEST_LINE:
            # No line is so long; decode it all but what may be an escape cut in two.
            end = len(data) - 2
        self._rest = data[end:]
        return a2b_qp(data[:end])

    def finish(self) -> bytes:
        rest, self._rest = self._rest, b""
        return a2b_qp(rest)


@final
class _Identity(Decoder):
    changes_nothing = True

    def decode(self, octets: bytes) -> bytes:
        return octets

    def finish(self) -> bytes:
        return b""


_DECODERS: dict[str, type[Decoder]] = {
    "base64": _Base64,
    "quoted-printable": _QuotedPrintable,
    "7bit": _Identity,
    "8bit": _Identity,
    "binary": _Identity,
}


def decoder_for(encoding: str) -> Decoder:
    """Return what undoes a content transfer encoding.

    Raises:
        InvalidArgumentError: if it is not one of :rfc:`2045#section-6.1`.
    """
    kind = _DECODERS.get(encoding.lower())
    if kind is None:
        raise InvalidArgumentError(
            f"the transfer encoding {encoding!r} is not known: download without decode=True"
        )
    return kind()
