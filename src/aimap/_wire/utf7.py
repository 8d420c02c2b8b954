"""Modified UTF-7, in which mailbox names travel (:rfc:`3501#section-5.1.3`)."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from typing import final

_SHIFTED = re.compile(rb"&([^-&]*)-", re.ASCII)
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")


@final
class UndecodedName(str):
    """A mailbox name that is not modified UTF-7, shown as it is; *raw* is what is sent."""

    __slots__ = ("raw",)

    raw: bytes

    def __new__(cls, raw: bytes) -> UndecodedName:
        r"""Make the name; octets that are not UTF-8 are shown as ``\xff``, so that each differs."""
        made = super().__new__(cls, raw.decode("utf-8", "backslashreplace"))
        made.raw = raw
        return made


def encode_mailbox_name(name: str) -> bytes:
    """Return *name* as modified UTF-7; an :class:`UndecodedName` as the octets that it was."""
    if isinstance(name, UndecodedName):
        return name.raw
    return _UNPRINTABLE.sub(_shift, name.replace("&", "&-")).encode("ascii")


def _shift(match: re.Match[str]) -> str:
    octets = match[0].encode("utf-16-be")
    return "&" + b64encode(octets, b"+,").rstrip(b"=").decode("ascii") + "-"


def decode_mailbox_name(data: bytes) -> str:
    """Return the name that *data* means.

    What is not modified UTF-7 in the one form that encodes back to the same octets
    becomes an :class:`UndecodedName`, so that a mailbox with a broken name can be used.
    """
    try:
        name = _SHIFTED.sub(_unshift, data).decode("utf-8")
        if encode_mailbox_name(name) == data:
            return name
    except ValueError:
        pass
    return UndecodedName(data)


def _unshift(match: re.Match[bytes]) -> bytes:
    shifted = match[1]
    if not shifted:
        return b"&"
    octets = b64decode(shifted.replace(b",", b"/") + b"=" * (-len(shifted) % 4), validate=True)
    return octets.decode("utf-16-be").encode("utf-8")
