"""What is fuzzed, and what must hold whatever the octets are.

The first octets of an input say how it is fed: how large its chunks are, and how it is
read; the rest is what the server sends. So the corpus is readable, and a finding can be
cut down by hand.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import attrs

from aimap import (
    BODY_PEEK,
    BODYSTRUCTURE,
    ENVELOPE,
    FLAGS,
    UNSEEN,
    BodyStructure,
    Envelope,
    Limits,
    Message,
    UIDSet,
    commands,
)
from aimap._commands.base import Command
from aimap._errors import ImapError
from aimap._protocol.events import SessionEvent
from aimap._protocol.pending import Pending
from aimap._protocol.session import Session
from tests.reading import assert_alike, chunks, read, read_generally

LIMITS = Limits(
    max_line=4000,
    max_literal=4000,
    max_response=12_000,
    max_greeting=1000,
    max_depth=64,
    max_items=200,
    pipeline_depth=16,
)
HEAD = 3
"""Octets in front: two sizes of chunks, and switches."""

_UTF8, _STRICT, _SELECTED, _EXTENDED, _BACKGROUND = 1, 2, 4, 8, 16

# What one octet, or one chunk, may cost, with all the fuzzer's own counting; and what an
# input may cost that is not worth measuring.
_SECONDS_PER_OCTET = 60e-6
_SECONDS_TO_SPARE = 0.15


def reader(data: bytes) -> None:
    """Octets to responses: framer, general reader and fast path.

    Allowed: RemoteProtocolError, LimitExceededError. Whatever the chunks, and whichever of
    the two readers reads it, it is read as the same.
    """
    sizes, switches, octets = _head(data)
    utf8, strict = bool(switches & _UTF8), bool(switches & _STRICT)
    if strict:
        # It gives up the octets that it has, for which parse_response() has all at once.
        sizes = (0, 0)
    got = read(octets, sizes, limits=LIMITS, utf8=utf8, strict=strict)
    expected = read_generally(octets, limits=LIMITS, utf8=utf8, strict=strict)
    assert_alike(got, expected)
    for response in got.responses:
        if isinstance(response, Message):
            _look_at(response)
    assert _size(got.responses) <= 100 + 30 * len(octets)


def session(data: bytes) -> None:
    """A connection's core with commands in flight.

    Allowed: nothing. Every command has an outcome in the end, and nothing piles up.
    """
    sizes, switches, octets = _head(data)
    events: list[SessionEvent] = []
    got: list[Message] = []
    core = Session(LIMITS, on_event=events.append)
    words = "IMAP4rev1 IDLE ENABLE" + (" ESEARCH LITERAL+" if switches & _EXTENDED else "")
    core.receive_data(f"* PREAUTH [CAPABILITY {words}] hello\r\n".encode())
    pending: list[Pending[Any]] = []

    def submit(command: Command[Any]) -> None:
        pending.append(core.submit(command))

    if switches & _BACKGROUND:
        core.background = commands.Idle
    submit(commands.Enable("UTF8=ACCEPT"))
    submit(commands.Select("INBOX"))
    if switches & _SELECTED:
        core.data_to_send()
        core.receive_data(b"A1 OK done\r\n")
        core.data_to_send()
        core.receive_data(b"* 9 EXISTS\r\nA2 OK [READ-WRITE] done\r\n")
    uids = UIDSet("1:9")
    submit(commands.Fetch(uids, (FLAGS, ENVELOPE, BODYSTRUCTURE, BODY_PEEK()), got.extend))
    submit(commands.Search(UNSEEN, extended=bool(switches & _EXTENDED)))
    submit(commands.Store(uids, "+", ("\\Seen",)))
    submit(commands.List("*"))
    submit(commands.Status("INBOX", ("MESSAGES", "UIDNEXT")))
    submit(commands.Append("INBOX", b"hello"))
    submit(commands.ThreadSearch("REFERENCES", UNSEEN))
    submit(commands.GetMetadata("INBOX", "/shared/comment"))
    submit(commands.Idle())
    most = LIMITS.max_response + LIMITS.max_line
    for chunk in chunks(octets, sizes):
        core.data_to_send()
        core.receive_data(chunk)
        assert core.unread <= most + len(chunk)
        assert core.in_flight <= LIMITS.pipeline_depth
        if core.lost is not None:
            break
    core.receive_eof()
    assert core.data_to_send() == b""
    for each in pending:
        assert each.done
        with suppress(ImapError):
            each.outcome()
    # A response gives its defects and one event, or two.
    assert len(events) <= 50 + 18 * (octets.count(b"\n") + 1)
    assert len(got) <= octets.count(b"\n") + 1


TARGETS: dict[str, Callable[[bytes], None]] = {"reader": reader, "session": session}


def check(target: Callable[[bytes], None], data: bytes) -> None:
    """Run an input, and see that it does not cost more time than its length allows.

    Raises:
        AssertionError: if something did not hold.
    """
    allowed = _SECONDS_TO_SPARE + _SECONDS_PER_OCTET * len(data)
    # A slow first try may be for what is compiled or learnt once, or for a busy machine.
    for _ in range(3):
        begin = time.process_time()
        target(data)
        spent = time.process_time() - begin
        if spent <= allowed:
            return
    raise AssertionError(f"{spent:.3f} s for {len(data)} octets, where {allowed:.3f} are allowed")


def _head(data: bytes) -> tuple[tuple[int, int], int, bytes]:
    head = data[:HEAD].ljust(HEAD, b"\0")
    return (head[0], head[1]), head[2], data[HEAD:]


def _look_at(message: Message) -> None:
    """Have all decoded that is decoded on access."""
    for value in message.items.values():
        if isinstance(value, Envelope):
            str(value.from_), value.subject, value.date, value.message_id
        elif isinstance(value, BodyStructure):
            for part in value.walk():
                _ = part.filename


def _size(values: object) -> int:
    """Count the objects in a value."""
    count = 0
    waiting = [values]
    while waiting:
        value = waiting.pop()
        count += 1
        if isinstance(value, Message):
            waiting.append(dict(value.items))
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, (list, tuple)):
            waiting += value
        elif attrs.has(kind := type(value)):
            waiting += [getattr(value, field.name) for field in attrs.fields(kind)]
    return count
