"""What the embedded server can offer, and how that is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from aimap._errors import InvalidArgumentError

CAPABILITIES = frozenset(
    {
        "ACL",
        "ANNOTATE-EXPERIMENT-1",
        "BINARY",
        "CATENATE",
        "CHILDREN",
        "COMPRESS=DEFLATE",
        "CONDSTORE",
        "CONTEXT=SEARCH",
        "CONTEXT=SORT",
        "CONVERT",
        "CREATE-SPECIAL-USE",
        "ENABLE",
        "ESEARCH",
        "ESORT",
        "FILTERS",
        "I18NLEVEL=2",
        "ID",
        "IDLE",
        "INPROGRESS",
        "JMAPACCESS",
        "LANGUAGE",
        "LIST-EXTENDED",
        "LIST-METADATA",
        "LIST-MYRIGHTS",
        "LIST-STATUS",
        "LITERAL+",
        "LOGIN-REFERRALS",
        "MAILBOX-REFERRALS",
        "METADATA",
        "MOVE",
        "MULTIAPPEND",
        "MULTISEARCH",
        "NAMESPACE",
        "OBJECTID",
        "PARTIAL",
        "PREVIEW",
        "QRESYNC",
        "QUOTA",
        "QUOTA=RES-ANNOTATION-STORAGE",
        "QUOTA=RES-MAILBOX",
        "QUOTA=RES-MESSAGE",
        "QUOTA=RES-STORAGE",
        "QUOTASET",
        "REPLACE",
        "RIGHTS=KXTE",
        "SASL-IR",
        "SAVEDATE",
        "SEARCH=FUZZY",
        "SEARCHRES",
        "SORT",
        "SORT=DISPLAY",
        "SPECIAL-USE",
        "STATUS=SIZE",
        "THREAD=ORDEREDSUBJECT",
        "THREAD=REFERENCES",
        "UIDONLY",
        "UIDPLUS",
        "UNAUTHENTICATE",
        "UNSELECT",
        "URL-PARTIAL",
        "URLAUTH",
        "URLAUTH=BINARY",
        "UTF8=ACCEPT",
        "WITHIN",
    }
)
"""What the embedded server offers beyond IMAP4rev1, unless told otherwise."""

CAPABILITIES_ON_DEMAND = frozenset(
    {
        "APPENDLIMIT",
        "I18NLEVEL=1",
        "IMAP4REV2",
        "IMAPSIEVE=SIEVE://LOCALHOST",
        "LITERAL-",
        "LOGINDISABLED",
        "MESSAGELIMIT",
        "METADATA-SERVER",
        "NOTIFY",
        "SAVELIMIT",
        "UTF8=ALL",
        "UTF8=APPEND",
        "UTF8=ONLY",
        "UTF8=USER",
        "X-GM-EXT-1",
        "XLIST",
    }
)
"""What it offers only if it is told to: what stands in place of something else, takes
something away, or is a vendor's own. ``APPENDLIMIT``, ``MESSAGELIMIT`` and ``SAVELIMIT``
take a number: ``MESSAGELIMIT=1000``. ``UTF8=ALL``, ``UTF8=APPEND`` and ``UTF8=USER`` are words
only: they are obsolete (:rfc:`6855#section-9`)."""

_LIMITED = {"APPENDLIMIT": False, "MESSAGELIMIT": True, "SAVELIMIT": True}
"""Those with a number, and whether they need one."""

_SPELLINGS = {
    "IMAP4REV2": "IMAP4rev2",
    "IMAPSIEVE=SIEVE://LOCALHOST": "IMAPSIEVE=sieve://localhost",
    "RIGHTS=KXTE": "RIGHTS=kxte",
}
_LIMIT = re.compile(r"([A-Z]+)=([1-9][0-9]{0,9})")


def spelling(name: str) -> str:
    """Return a capability as its RFC writes it."""
    return _SPELLINGS.get(name, name)


def check_capabilities(names: Iterable[str]) -> set[str]:
    """Return capabilities in upper case.

    Raises:
        InvalidArgumentError: if one is not among those that can be offered; it says what
            comes near.
    """
    if isinstance(names, str):
        raise InvalidArgumentError(f"capabilities come as several strings, not as {names!r}")
    found = {name.upper() for name in names}
    known = CAPABILITIES | CAPABILITIES_ON_DEMAND
    for name in sorted(found):
        limit = _LIMIT.fullmatch(name)
        if limit is not None and limit[1] in _LIMITED:
            continue
        if name in known and not _LIMITED.get(name, False):
            continue
        near = get_close_matches(name, sorted(known), n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        if name in _LIMITED:
            hint = f"; it needs a number, such as {name}=1000"
        raise InvalidArgumentError(f"the embedded server cannot offer {name!r}{hint}")
    return found


def limit_of(name: str, offered: Iterable[str]) -> int | None:
    """Return the number of a capability such as ``MESSAGELIMIT=1000``, if it is offered so."""
    start = name + "="
    for each in offered:
        if each.startswith(start):
            return int(each[len(start) :])
    return None
