"""Header text to ``str``: encoded words (:rfc:`2047`) and parameters (:rfc:`2231`).

It stands among the values because they decode on access, and keep what came.
"""

from __future__ import annotations

import codecs
import re
from base64 import b64decode
from binascii import Error as Base64Error
from functools import lru_cache
from urllib.parse import unquote_to_bytes

_LONGEST_KEPT = 200

# encoded-word = "=?" charset ["*" language] "?" encoding "?" encoded-text "?="
_WORD = re.compile(rb"=\?([^?*\s]{1,40})(?:\*[^?\s]{0,40})?\?([BbQq])\?([^?\s]*)\?=", re.ASCII)
_Q_BYTE = re.compile(rb"=([0-9A-Fa-f]{2})")
_BASE64_ALPHABET = re.compile(rb"[^A-Za-z0-9+/]")
# name, name*, name*0, name*0*
_PARAMETER = re.compile(r"([^*]+)(?:\*([0-9]{1,4}))?(\*)?", re.ASCII)

# Python knows these as text encodings, and they are not charsets of mail: they run code
# tables of other kinds, some in quadratic time.
_NOT_CHARSETS = frozenset(
    {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"}
)


@lru_cache(maxsize=256)
def python_codec(charset: str) -> str | None:
    """Return Python's name for a charset, or ``None`` if it is not one of mail text."""
    try:
        info = codecs.lookup(charset)
    except (LookupError, ValueError):
        return None
    name = info.name.replace("_", "-")
    # _is_text_encoding keeps out base64, zlib and the like.
    if name in _NOT_CHARSETS or not getattr(info, "_is_text_encoding", True):
        return None
    return info.name


def decode_raw(data: bytes, charset: str | None = None) -> str:
    """Return header octets as text: UTF-8, else *charset*, else latin-1, which always fits."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    codec = python_codec(charset) if charset else None
    if codec is not None:
        try:
            return data.decode(codec)
        except ValueError:
            pass
    return data.decode("latin-1")


def decode_words(data: bytes, charset: str | None = None) -> str:
    """Return header text with its encoded words decoded (:rfc:`2047#section-6`).

    Octets outside of them are read by :func:`decode_raw`.

    Words in an unknown charset, and broken ones, stay as they are. Neighbouring words of
    one charset are decoded together, since senders split characters between them.
    """
    if b"=?" not in data:
        return decode_raw(data, charset)
    return _kept(data, charset) if len(data) <= _LONGEST_KEPT else _decode_words(data, charset)


def _decode_words(data: bytes, charset: str | None) -> str:
    result: list[str] = []
    run: list[tuple[bytes, bytes]] = []
    run_charset = ""
    end = 0
    for word in _WORD.finditer(data):
        between = data[end : word.start()]
        name = word[1].decode("ascii", "replace").lower()
        octets = _decode_word(word[2], word[3])
        known = octets is not None and python_codec(name) is not None
        joined = bool(run) and not between.strip(b" \t\r\n")
        if not (joined and known and name == run_charset):
            result.append(_decode_run(run, run_charset))
            run = []
            # White space between two encoded words is not part of the text.
            if between and not (joined and known):
                result.append(decode_raw(between, charset))
        if known and octets is not None:
            run.append((octets, word[0]))
            run_charset = name
        else:
            result.append(decode_raw(word[0], charset))
        end = word.end()
    result += (_decode_run(run, run_charset), decode_raw(data[end:], charset))
    return "".join(result)


# The same people write again and again, and a subject comes with each answer.
_kept = lru_cache(maxsize=4096)(_decode_words)


def _decode_run(run: list[tuple[bytes, bytes]], charset: str) -> str:
    try:
        return b"".join(octets for octets, _ in run).decode(
            python_codec(charset) or "ascii", "replace"
        )
    except ValueError:
        return decode_raw(b" ".join(raw for _, raw in run))


def _decode_word(encoding: bytes, text: bytes) -> bytes | None:
    if encoding in b"Qq":
        return _Q_BYTE.sub(lambda m: bytes([int(m[1], 16)]), text.replace(b"_", b" "))
    clean = _BASE64_ALPHABET.sub(b"", text)
    try:
        return b64decode(clean + b"=" * (-len(clean) % 4))
    except Base64Error:
        return None


def decode_parameters(pairs: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return parameters by name in lower case, continuations joined (:rfc:`2231`).

    Encoded words where RFC 2231 should stand are decoded too: many senders write them.
    """
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bytes, bool]]] = {}
    for raw_name, value in pairs:
        name = decode_raw(raw_name).lower()
        match = _PARAMETER.fullmatch(name)
        if match is None or (match[2] is None and match[3] is None):
            plain.setdefault(name, decode_words(value))
        else:
            piece = pieces.setdefault(match[1], {})
            piece.setdefault(int(match[2] or 0), (value, match[3] is not None))
    for name, numbered in pieces.items():
        plain[name] = _join(numbered)
    return plain


def _join(numbered: dict[int, tuple[bytes, bool]]) -> str:
    charset = ""
    octets: list[bytes] = []
    for number in sorted(numbered):
        value, extended = numbered[number]
        if extended:
            if not octets and not charset and value.count(b"'") >= 2:
                raw_charset, _, value = value.split(b"'", 2)
                charset = raw_charset.decode("ascii", "replace")
            value = unquote_to_bytes(value)
        octets.append(value)
    codec = python_codec(charset) if charset else None
    joined = b"".join(octets)
    return joined.decode(codec, "replace") if codec else decode_raw(joined)
