"""Header text to ``str``: encoded words (:rfc:`2047`) and parameters (:rfc:`2231`).

It stands among the values because they decode on access, and keep what came.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from aimap._model.charsets import header_codec, python_codec

_LONGEST_KEPT = 200

# encoded-word = "=?" charset ["*" language] "?" encoding "?" encoded-text "?="
_WORD = re.compile(rb"=\?([^?*\s]{1,40})(?:\*[^?\s]{0,40})?\?([BbQq])\?([^?\s]*)\?=", re.ASCII)
_Q_BYTE = re.compile(rb"=([0-9A-Fa-f]{2})")
_BASE64_ALPHABET = re.compile(rb"[^A-Za-z0-9+/]")
# name, name*, name*0, name*0*
_PARAMETER = re.compile(r"([^*]+)(?:\*([0-9]{1,4}))?(\*)?", re.ASCII)


def decode_raw(data: bytes, charset: str | None = None) -> str:
    """Return header octets as text: UTF-8, else *charset*, else latin-1, which always fits."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    codec = header_codec(charset) if charset else None
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
    if len(data) + len(charset or "") > _LONGEST_KEPT:
        return _decode_words(data, charset)
    return _kept(data, charset)


def _decode_words(data: bytes, charset: str | None) -> str:
    result: list[str] = []
    run: list[bytes] = []
    run_charset = ""
    end = 0
    for word in _WORD.finditer(data):
        between = data[end : word.start()]
        name = word[1].decode("ascii", "replace").lower()
        octets = _decode_word(word[2], word[3])
        known = octets is not None and python_codec(name) is not None
        joined = bool(run) and not between.strip(b" \t\r\n")
        if not (joined and known and name == run_charset):
            result.append(_decode_run(run, run_charset, charset))
            run = []
            # White space between two encoded words is not part of the text.
            if between and not (joined and known):
                result.append(decode_raw(between, charset))
        if known and octets is not None:
            run.append(octets)
            run_charset = name
        else:
            result.append(decode_raw(word[0], charset))
        end = word.end()
    result += (_decode_run(run, run_charset, charset), decode_raw(data[end:], charset))
    return "".join(result)


# The same people write again and again, and a subject comes with each answer.
_kept = lru_cache(maxsize=4096)(_decode_words)


def _decode_run(run: list[bytes], run_charset: str, charset: str | None) -> str:
    return _decode(b"".join(run), python_codec(run_charset), charset)


def _decode(data: bytes, codec: str | None, charset: str | None = None) -> str:
    """Return text in what its sender named; where that tells nothing, guess."""
    if codec is None or codec == "ascii":
        return decode_raw(data, charset)
    return data.decode(codec, "replace")


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

    Encoded words where RFC 2231 should stand are decoded too: many senders write them. Of
    the same parameter in several forms, ``name*`` is preferred to ``name*0``, and that to
    ``name``, which is there for readers who know no better. Pieces are joined by their numbers,
    whatever their order, and though some are missing; of two alike the first counts.
    """
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bytes, bool]]] = {}
    extended: dict[str, str] = {}
    for raw_name, value in pairs:
        name = decode_raw(raw_name).lower()
        match = _PARAMETER.fullmatch(name)
        if match is None or (match[2] is None and match[3] is None):
            plain.setdefault(name, decode_words(value))
        elif match[2] is None:
            extended.setdefault(match[1], _join({0: (value, True)}))
        else:
            numbered = pieces.setdefault(match[1], {})
            numbered.setdefault(int(match[2]), (value, match[3] is not None))
    joined = {name: _join(numbered) for name, numbered in pieces.items()}
    return plain | joined | extended


def _join(numbered: dict[int, tuple[bytes, bool]]) -> str:
    if not any(extended for _, extended in numbered.values()):
        return decode_words(b"".join(numbered[number][0] for number in sorted(numbered)))
    charset = b""
    octets: list[bytes] = []
    for number in sorted(numbered):
        value, extended = numbered[number]
        if extended:
            # Only the first piece names the charset (RFC 2231 section 4.1).
            if number == 0 and value.count(b"'") >= 2:
                charset, _, value = value.split(b"'", 2)
            value = unquote_to_bytes(value)
        octets.append(value)
    return _decode(b"".join(octets), python_codec(charset.decode("ascii", "replace")))
