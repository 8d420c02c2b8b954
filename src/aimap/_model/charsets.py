"""Charsets of mail to Python's codecs, by an explicit list.

What Python would look up includes ``idna`` and ``unicode_escape``, which take quadratic time or
read more than text, and for each name that it does not know it looks for a module, and
remembers in vain that there is none. So no name that a message gives reaches it.
"""

from __future__ import annotations

import re
from encodings.aliases import aliases
from functools import lru_cache
from types import MappingProxyType

CODECS = frozenset(
    """
    ascii big5 big5hkscs cp037 cp1006 cp1026 cp1125 cp1140 cp1250 cp1251 cp1252 cp1253 cp1254
    cp1255 cp1256 cp1257 cp1258 cp273 cp424 cp437 cp500 cp720 cp737 cp775 cp850 cp852 cp855
    cp856 cp857 cp858 cp860 cp861 cp862 cp863 cp864 cp865 cp866 cp869 cp874 cp875 cp932 cp949
    cp950 euc_jis_2004 euc_jisx0213 euc_jp euc_kr gb18030 gb2312 gbk hp_roman8 hz iso2022_jp
    iso2022_jp_1 iso2022_jp_2 iso2022_jp_2004 iso2022_jp_3 iso2022_jp_ext iso2022_kr iso8859_1
    iso8859_10 iso8859_11 iso8859_13 iso8859_14 iso8859_15 iso8859_16 iso8859_2 iso8859_3
    iso8859_4 iso8859_5 iso8859_6 iso8859_7 iso8859_8 iso8859_9 johab koi8_r koi8_t koi8_u
    kz1048 latin_1 mac_arabic mac_croatian mac_cyrillic mac_farsi mac_greek mac_iceland
    mac_latin2 mac_roman mac_romanian mac_turkish palmos ptcp154 shift_jis shift_jis_2004
    shift_jisx0213 tis_620 utf_16 utf_16_be utf_16_le utf_32 utf_32_be utf_32_le utf_7 utf_8
    utf_8_sig
    """.split()  # noqa: SIM905 (quotes around each would hide them)
)
"""The modules of Python's ``encodings`` that read text, and nothing else."""

# As mail clients and browsers read them: senders name the standard, and use what vendors
# added to it (WHATWG Encoding, section 4.2).
SUPERSETS = MappingProxyType(
    {
        "big5": "big5hkscs",
        "euc_kr": "cp949",
        "gb2312": "gb18030",
        "gbk": "gb18030",
        "iso2022_jp": "iso2022_jp_ext",
        "iso2022_jp_1": "iso2022_jp_ext",
        "iso8859_1": "cp1252",
        "iso8859_11": "cp874",
        "iso8859_9": "cp1254",
        "latin_1": "cp1252",
        "shift_jis": "cp932",
        "tis_620": "cp874",
    }
)

# Names seen in mail that Python has none of.
_MORE_ALIASES = {
    "8bit": "ascii",
    "ansi_x3.110-1983": "cp1252",
    "cn-big5": "big5",
    "cn-gb": "gb2312",
    "cp65001": "utf_8",
    "iso-8859-6-e": "iso8859_6",
    "iso-8859-6-i": "iso8859_6",
    "iso-8859-8-e": "iso8859_8",
    "iso-8859-8-i": "iso8859_8",
    "logical": "iso8859_8",
    "unicode-1-1-utf-7": "utf_7",
    "unicode-1-1-utf-8": "utf_8",
    "unicode-2-0-utf-7": "utf_7",
    "unicode-2-0-utf-8": "utf_8",
    "unknown": "ascii",
    "unknown-8bit": "ascii",
    "utf8mb3": "utf_8",
    "utf8mb4": "utf_8",
    "visual": "iso8859_8",
}

_LONGEST = 40
_TRIED = b" +-/09:<=>?@AZaz"
_NO_PART_OF_A_NAME = re.compile(r"[^a-z0-9]+")


def _key(name: str) -> str:
    """Return what a name is found by: ``CP-850``, ``cp_850`` and ``cp850`` are one."""
    return _NO_PART_OF_A_NAME.sub("", name.lower())


def _table() -> dict[str, str]:
    found = {_key(codec): codec for codec in CODECS}
    found |= {_key(name): codec for name, codec in aliases.items() if codec in CODECS}
    found |= {_key(name): codec for name, codec in _MORE_ALIASES.items()}
    for codec in CODECS:
        if codec.startswith("cp"):
            for vendor in ("windows", "ibm", "ms", "dos"):
                found.setdefault(vendor + codec[2:], codec)
    return found


_TABLE = _table()


def python_codec(charset: str) -> str | None:
    """Return Python's name for what reads a charset, or ``None`` if it is none of text.

    ``ascii`` stands for charsets that the sender did not know as well: there may be 8-bit
    octets.
    """
    codec = exact_codec(charset)
    return None if codec is None else SUPERSETS.get(codec, codec)


def exact_codec(charset: str) -> str | None:
    """Return Python's name for what writes a charset: no more than the standard has."""
    return _find(charset) if len(charset) <= _LONGEST else None


def header_codec(charset: str) -> str | None:
    """Return the codec that unlabelled octets of a header may be in, if its ASCII is ASCII.

    That keeps out UTF-16 and EBCDIC, in which a message may be, but never its header.
    """
    codec = python_codec(charset)
    return codec if codec is not None and _is_superset_of_ascii(codec) else None


@lru_cache(maxsize=256)
def _is_superset_of_ascii(codec: str) -> bool:
    return _TRIED.decode("ascii") == _TRIED.decode(codec, "replace")


@lru_cache(maxsize=256)
def _find(charset: str) -> str | None:
    key = _key(charset)
    # x-sjis, x-euc-jp, x-windows-949
    return _TABLE.get(key) or _TABLE.get(key.removeprefix("x"))
