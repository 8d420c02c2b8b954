"""Gmail's own extension, X-GM-EXT-1: labels, numbers, and its search in words."""

from __future__ import annotations

import re
from collections.abc import Callable

from aimap._model.flag import Flag
from aimap._model.text import decode_words
from aimap._wire.utf7 import decode_mailbox_name, encode_mailbox_name
from aimap.testing._describe import leaves, nstring, readable_text
from aimap.testing._grammar import Arguments
from aimap.testing._rules import Rule, ViolationError
from aimap.testing._store import StoredMessage

SEARCH_KEYS = ("X-GM-LABELS", "X-GM-MSGID", "X-GM-RAW", "X-GM-THRID")
ITEMS = ("X-GM-LABELS", "X-GM-MSGID", "X-GM-THRID")

_TERM = re.compile(r'(-?)(?:([a-z0-9_]+):)?("[^"]*"|\([^)]*\)|[^\s"]+)', re.IGNORECASE)
_PLAIN_LABEL = re.compile(r"\\?[A-Za-z0-9_-]+")

Test = Callable[[StoredMessage], bool]


def message_number(message: StoredMessage) -> int:
    """Return X-GM-MSGID: 64 bits, the same for all copies."""
    return int(message.email_id[1:17], 16)


def thread_number(message: StoredMessage) -> int:
    """Return X-GM-THRID."""
    return int(message.thread_id[1:17], 16)


def _label(label: str) -> bytes:
    encoded = encode_mailbox_name(label)
    return encoded if _PLAIN_LABEL.fullmatch(label) else nstring(encoded)


def fetched(name: str) -> Callable[[StoredMessage], bytes]:
    """Return what answers a data item of FETCH."""
    match name:
        case "X-GM-LABELS":
            return lambda m: b"X-GM-LABELS (%s)" % b" ".join(map(_label, sorted(m.labels)))
        case "X-GM-MSGID":
            return lambda m: b"X-GM-MSGID %d" % message_number(m)
        case _:
            return lambda m: b"X-GM-THRID %d" % thread_number(m)


def read_label(arguments: Arguments) -> str:
    """Read a label, which is written as a mailbox name is, or as a system flag."""
    if arguments.peek() == b"\\":
        return str(arguments.label())
    return str(decode_mailbox_name(arguments.astring()))


def read_labels(arguments: Arguments) -> set[str]:
    """Read one label, or several in parentheses."""
    if arguments.peek(2) == b"()":
        arguments.pos += 2
        return set()
    if arguments.peek() == b"(":
        return {read_label(arguments) for _ in arguments.listed()}
    return {read_label(arguments)}


def search_key(word: str, arguments: Arguments) -> Test:
    """Read what is behind one of :data:`SEARCH_KEYS`."""
    if word == "X-GM-RAW":
        return raw(arguments.astring().decode("utf-8", "replace"))
    if word == "X-GM-LABELS":
        label = read_label(arguments)
        return lambda message: label in message.labels
    number = arguments.number64u()
    if word == "X-GM-MSGID":
        return lambda message: message_number(message) == number
    return lambda message: thread_number(message) == number


def raw(text: str) -> Test:
    """Return what Gmail's search box finds; of its operators those that are used most."""
    tests: list[Test] = []
    alternatives = False
    for term in _TERM.finditer(text):
        if term[0] == "OR":
            alternatives = True
            continue
        test = _term((term[2] or "").lower(), term[3].strip('"()').lower())
        if term[1]:
            test = _not(test)
        if alternatives and tests:
            test = _either(tests.pop(), test)
        alternatives = False
        tests.append(test)
    return lambda message: all(test(message) for test in tests)


def _not(test: Test) -> Test:
    return lambda message: not test(message)


def _either(first: Test, second: Test) -> Test:
    return lambda message: first(message) or second(message)


_STATES = {
    "unread": (Flag.SEEN, False),
    "read": (Flag.SEEN, True),
    "starred": (Flag.FLAGGED, True),
}


def _term(operator: str, value: str) -> Test:
    match operator:
        case "":
            return lambda m: value in readable_text(m.part, header=True).lower()
        case "from" | "to" | "cc" | "bcc" | "subject":
            return lambda m: value in decode_words(m.part.field(operator) or b"").lower()
        case "rfc822msgid":
            return lambda m: value in (m.part.field("message-id") or b"").decode("latin-1").lower()
        case "label" | "in":
            return lambda m: any(
                value.replace("-", " ") == label.lstrip("\\").lower().replace("-", " ")
                for label in m.labels
            )
        case "is" if value in _STATES:
            flag, there = _STATES[value]
            return lambda m: (flag in m.flags) is there
        case "has" if value == "attachment":
            return lambda m: any(
                (leaf.field("content-disposition") or b"").lower().startswith(b"attachment")
                for leaf in leaves(m.part)
            )
        case "larger" | "smaller" if value.rstrip("km").isdigit():
            octets = int(value.rstrip("km")) * {"k": 1 << 10, "m": 1 << 20}.get(value[-1], 1)
            return lambda m: (len(m.octets) > octets) is (operator == "larger")
        case _:
            raise ViolationError(
                f"X-GM-RAW with {operator}:{value}, which this server does not know", Rule.SEARCH
            )
