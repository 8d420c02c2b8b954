"""The wire log: all that goes over the wire, and no secret (I10)."""

from __future__ import annotations

import base64
import itertools
from typing import Any

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

import aimap
from aimap import BODY_PEEK, AuthenticationError
from aimap._protocol.wire_log import WireLog
from aimap.testing import Logins, serve

from .support import JOE, PlayedServer, played


async def test_both_sides_line_by_line() -> None:
    log: list[str] = []
    async with serve({"joe": "secret"}, tls="insecure", host=None) as server:
        server.deliver("joe", b"Subject: private\r\n\r\nnobody's business\r\n")
        stream = server.connect()
        async with aimap.connect(
            "x", tls="insecure", stream=stream, auth=JOE, wire_log=log.append
        ) as imap:
            await imap.append("INBOX", b"Subject: private\r\n\r\nas well\r\n")
            async with imap.select("INBOX") as inbox:
                await inbox.fetch_all(1, BODY_PEEK())
    text = "\n".join(log)
    assert log[0].startswith("S: * OK [CAPABILITY")
    assert "C: A1 AUTHENTICATE [hidden]" in log
    assert "C: A2 APPEND INBOX {29+}" in log
    assert "C: [literal of 29 octets]" in log
    assert "S: [literal of 39 octets]" in log
    assert "C: A3 SELECT INBOX" in log
    assert any(line.startswith("S: * BYE") for line in log)
    assert "private" not in text
    assert "business" not in text
    assert "secret" not in text
    assert base64.b64encode(b"\0joe\0secret").decode() not in text


async def test_what_the_server_repeats_of_a_secret_is_hidden(autojump_clock: Any) -> None:
    """The attack secret-echo, in the log."""
    log: list[str] = []
    ours, theirs = trio.testing.memory_stream_pair()
    server = PlayedServer(theirs)

    async def answer() -> None:
        await server.says(b"* OK [CAPABILITY IMAP4rev1] hi\r\n")
        assert await server.hears() == b"A1 LOGIN joe hunter2"
        await server.says(b"* BAD LOGIN joe hunter2\r\nA1 NO bad password hunter2\r\n")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(answer)
        auth = aimap.Password("joe", "hunter2")
        with pytest.raises(AuthenticationError):
            async with aimap.connect(
                "x", tls="insecure", stream=ours, auth=auth, wire_log=log.append
            ):
                pass
    assert log[1:4] == [
        "C: A1 LOGIN [hidden]",
        "S: * BAD LOGIN joe ***",
        "S: A1 NO bad password ***",
    ]


async def test_challenges_and_responses_are_hidden(autojump_clock: Any) -> None:
    log: list[str] = []
    logins = Logins(mechanisms=("SCRAM-SHA-256",))
    async with serve({"joe": "secret"}, tls="insecure", host=None, logins=logins) as server:
        stream = server.connect()
        auth = aimap.Password("joe", "secret", mechanisms=("SCRAM-SHA-256",))
        async with aimap.connect(
            "x", tls="insecure", stream=stream, auth=auth, wire_log=log.append
        ):
            pass
    assert "S: + [hidden]" in log
    # What stands between the command and its end tells nothing.
    begin = log.index("C: A1 AUTHENTICATE [hidden]")
    end = next(at for at, line in enumerate(log) if line.startswith("S: A1 OK"))
    assert {*log[begin + 1 : end]} == {"S: + [hidden]"}


def lines(*pieces: bytes, sent: bool = False) -> list[str]:
    log: list[str] = []
    wire_log = WireLog(log.append)
    for piece in pieces:
        if sent:
            wire_log.sent(piece)
        else:
            wire_log.received(piece)
    return log


def test_one_line_is_one_line() -> None:
    """The attack log-injection."""
    assert lines(b"* OK a\rC: A1 DELETE x\x1b[2J %s \xff\r\n") == [
        "S: * OK a\\rC: A1 DELETE x\\x1b[2J %s \\xff"
    ]


def test_urls_that_let_in_are_hidden() -> None:
    url = (
        b"imap://joe@x/INBOX/;uid=20;urlauth=submit+fred:internal:91354a473744909de610943775f92038"
    )
    assert lines(b'* GENURLAUTH "%s"\r\n' % url) == [
        'S: * GENURLAUTH "imap://joe@x/INBOX/;uid=20;urlauth=submit+fred:internal:[hidden]"'
    ]


def test_long_lines_are_cut() -> None:
    (line,) = lines(b"* OK " + b"x" * 1_000_000, b"y" * 1_000_000 + b"\r\n")
    assert len(line) < 1100
    assert line.endswith("xxx [2000006 octets]")


SOME = b"* 1 FETCH (BODY[] {5}\r\n1\r\n23 UID 1)\r\n* OK {9}\r\n" + b"x" * 9 + b"\r\nA1 OK x\r\n"


@given(st.lists(st.integers(0, len(SOME))))
def test_any_chunks_give_the_same(cuts: list[int]) -> None:
    ends = [0, *sorted(cuts), len(SOME)]
    pieces = [SOME[begin:end] for begin, end in itertools.pairwise(ends)]
    assert (
        lines(*pieces)
        == lines(SOME)
        == [
            "S: * 1 FETCH (BODY[] {5}",
            "S: [literal of 5 octets]",
            "S:  UID 1)",
            "S: * OK {9}",
            "S: [literal of 9 octets]",
            "S: ",
            "S: A1 OK x",
        ]
    )


async def test_without_a_log_nothing_is_told() -> None:
    async with played() as (imap, server):
        assert imap.statistics().commands == 0
        await server.says(b"* OK hello\r\n")
