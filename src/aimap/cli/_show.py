"""Text for a terminal: nothing that a server sends can steer it (CWE-150)."""

from __future__ import annotations

import json
import unicodedata

from aimap import Arrived, Expunged, FlagsChanged, WatchEvent

_UNSAFE = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def plain(text: str) -> str:
    """Return *text* with control and direction characters escaped."""
    return "".join(
        c.encode("unicode_escape").decode("ascii") if unicodedata.category(c) in _UNSAFE else c
        for c in text
    )


def octets(count: float) -> str:
    """Return a number of octets for people."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError


def event_line(mailbox: str, event: WatchEvent, *, as_json: bool) -> str:
    """Return one event in one line."""
    match event:
        case Arrived(uid, flags):
            name, shown = "arrived", sorted(map(str, flags))
        case FlagsChanged(uid, flags):
            name, shown = "flags", sorted(map(str, flags))
        case Expunged(uid):
            name, shown = "expunged", []
    if as_json:
        fields: dict[str, object] = {"mailbox": mailbox, "event": name, "uid": uid}
        if name != "expunged":
            fields["flags"] = shown
        return json.dumps(fields)
    return plain(f"{mailbox}: {name} {uid} {' '.join(shown)}".rstrip())
