"""Annotations of messages (:rfc:`5257`): read, written, looked for."""

from __future__ import annotations

import re
from collections.abc import Callable

from aimap.testing._describe import literal, nstring
from aimap.testing._grammar import Arguments
from aimap.testing._rules import RefusalError, Rule, ViolationError
from aimap.testing._store import StoredMessage

_ENTRY = re.compile(r"(?:/[^/*%\x00-\x1f\x7f-\uffff]+)+")
_STORED = ("value.priv", "value.shared")
_SEARCHED = ("value", *_STORED)

MAX_OCTETS = 64 * 1024
"""How large a value may be."""


def pattern(text: str, delimiter: str) -> re.Pattern[str]:
    """Return what matches as in LIST: ``*`` all, ``%`` all within one level."""
    wild = {"*": ".*", "%": f"[^{re.escape(delimiter)}]*"}
    pieces = (wild.get(part, re.escape(part)) for part in re.split(r"([*%])", text))
    return re.compile("".join(pieces), re.DOTALL | re.IGNORECASE)


def _entry(arguments: Arguments) -> str:
    name = arguments.astring().decode("latin-1")
    if not _ENTRY.fullmatch(name):
        raise ViolationError(f"{name!r} is not an entry (RFC 5257 section 3.1)", Rule.ANNOTATION)
    return name.lower()


def _attribute(arguments: Arguments, known: tuple[str, ...]) -> str:
    name = arguments.astring().decode("latin-1").lower()
    if name not in known:
        raise ViolationError(
            f"no attribute {name!r} here, but {', '.join(known)} (RFC 5257 section 3.3)",
            Rule.ANNOTATION,
        )
    return name


def values_to_store(arguments: Arguments) -> dict[str, dict[str, bytes | None]]:
    """Read what is behind ANNOTATION in STORE and APPEND (:rfc:`5257#section-5`, att-annotate).

    Raises:
        RefusalError: if a value is too large.
    """
    found: dict[str, dict[str, bytes | None]] = {}
    for _ in arguments.listed():
        entry = _entry(arguments)
        arguments.space()
        for _ in arguments.listed():
            attribute = _attribute(arguments, _STORED)
            arguments.space()
            value = arguments.value()
            if value is not None and len(value) > MAX_OCTETS:
                raise RefusalError(f"a value of over {MAX_OCTETS} octets", "ANNOTATE TOOBIG")
            found.setdefault(entry, {})[attribute] = value
    return found


def annotate(message: StoredMessage, changes: dict[str, dict[str, bytes | None]]) -> None:
    """Change a message's annotations; NIL takes one away."""
    for entry, values in changes.items():
        kept = message.annotations.setdefault(entry, {})
        for attribute, value in values.items():
            if value is None:
                kept.pop(attribute, None)
            else:
                kept[attribute] = value
        if not kept:
            del message.annotations[entry]


def _several(arguments: Arguments) -> list[str]:
    if arguments.peek() == b"(":
        return [arguments.list_octets().decode("latin-1") for _ in arguments.listed()]
    return [arguments.list_octets().decode("latin-1")]


def fetched(arguments: Arguments) -> Callable[[StoredMessage], bytes]:
    """Read what is behind ANNOTATION in FETCH, and return what answers it."""
    arguments.expect(b"(")
    entries = _several(arguments)
    arguments.space()
    attributes = [each.lower() for each in _several(arguments)]
    arguments.expect(b")")

    def render(message: StoredMessage) -> bytes:
        shown: list[bytes] = []
        for name in _names(message, entries):
            kept = message.annotations.get(name, {})
            pairs = [
                nstring(attribute.encode()) + b" " + _value(kept, attribute)
                for wanted in attributes
                for attribute in _expanded(wanted)
            ]
            shown.append(nstring(name.encode("latin-1")) + b" (" + b" ".join(pairs) + b")")
        return b"ANNOTATION (" + b" ".join(shown) + b")"

    return render


def _names(message: StoredMessage, entries: list[str]) -> list[str]:
    """Return the entries that patterns stand for; one without wildcards is always there."""
    found: dict[str, None] = {}
    for each in entries:
        if "*" in each or "%" in each:
            matcher = pattern(each, "/")
            found.update(dict.fromkeys(filter(matcher.fullmatch, sorted(message.annotations))))
        else:
            found[each.lower()] = None
    return list(found)


def _expanded(attribute: str) -> list[str]:
    """Return the attributes that a name stands for (:rfc:`5257#section-4.2.1`)."""
    every = [f"{what}.{scope}" for what in ("value", "size") for scope in ("priv", "shared")]
    if attribute in ("value", "size"):
        return [f"{attribute}.priv", f"{attribute}.shared"]
    if "*" in attribute or "%" in attribute:
        matcher = pattern(attribute, ".")
        return [each for each in every if matcher.fullmatch(each)]
    return [attribute]


def _value(kept: dict[str, bytes], attribute: str) -> bytes:
    what, _, scope = attribute.partition(".")
    value = kept.get(f"value.{scope}")
    if what == "size":
        return b'"%d"' % len(value or b"")
    return b"~" + literal(value) if value and b"\0" in value else nstring(value)


def matches_annotation(arguments: Arguments) -> Callable[[StoredMessage], bool]:
    """Read what is behind the search key ANNOTATION (:rfc:`5257#section-4.5`)."""
    entries = pattern(arguments.list_octets().decode("latin-1"), "/")
    arguments.space()
    attribute = _attribute(arguments, _SEARCHED)
    arguments.space()
    value = arguments.value()
    wanted = None if value is None else value.lower()

    def test(message: StoredMessage) -> bool:
        kept = [
            text.lower()
            for entry, values in message.annotations.items()
            if entries.fullmatch(entry)
            for name, text in values.items()
            if name.startswith(attribute)
        ]
        return not kept if wanted is None else any(wanted in each for each in kept)

    return test


def sort_key(arguments: Arguments) -> Callable[[StoredMessage], tuple[float, str]]:
    """Read what is behind the sort key ANNOTATION (:rfc:`5257#section-4.6`)."""
    entry = _entry(arguments)
    arguments.space()
    attribute = _attribute(arguments, _STORED)
    return lambda message: (
        0,
        message.annotations.get(entry, {}).get(attribute, b"").decode("utf-8", "replace"),
    )
