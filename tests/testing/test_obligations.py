"""The embedded server refuses what clients must not do, and says which rule it is."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

import aimap.testing
from aimap import InvalidArgumentError
from aimap.testing import Server, serve

LOGIN = b"a LOGIN joe secret\r\n"
SELECT = b"b SELECT INBOX\r\n"


async def talk(server: Server, *pieces: bytes) -> bytes:
    """Send all of it at once, and return everything that comes until the end."""
    stream = server.connect()
    for piece in pieces:
        await stream.send_all(piece)
    assert isinstance(stream, trio.StapledStream)
    await stream.send_eof()
    answer = b""
    while data := await stream.receive_some():
        answer += data
    return answer


@asynccontextmanager
async def quiet(**options: Any) -> AsyncGenerator[Server]:
    async with serve(tls=options.pop("tls", "insecure"), host=None, **options) as server:
        server.deliver("joe", b"Subject: one\r\n\r\n1\r\n")
        server.deliver("joe", b"Subject: two\r\n\r\n2\r\n")
        yield server


@pytest.mark.parametrize(
    ("sent", "rule"),
    [
        (b"c SELECT INBOX\r\n", b"not in the state"),
        (LOGIN + b"c FETCH 1 FLAGS\r\n", b"not in the state"),
        (LOGIN + LOGIN, b"not in the state"),
        (LOGIN + b"c NOOP x\r\n", b"too many arguments"),
        (LOGIN + b"c SELECT\r\n", b"an astring was expected"),
        (LOGIN + SELECT + b"c ENABLE X\r\n", b"ENABLE with a mailbox selected"),
        (LOGIN + b"c STARTTLS\r\n", b"not in the state"),
        (b"c STARTTLS\r\n", b"not offered"),
        (LOGIN + b"c NOOP\n", b"bare LF"),
        (LOGIN + b"c STATUS " + b"x" * 9000 + b" (MESSAGES)\r\n", b"over 8192 octets"),
        (b"c LOGIN {3}\r\njoe {6}\r\nsecret\r\n", b"before the '+'"),
        (LOGIN + b"c APPEND INBOX ~{3+}\r\nabc\r\n", b"a literal was expected"),
        (LOGIN + b"c APPEND INBOX {3+}\r\na\0b\r\n", b"NUL in a literal"),
        (LOGIN + b"c APPEND INBOX {0+}\r\n\r\n", b"no octets"),
        (LOGIN + b"c APPEND INBOX (\\Recent) {1+}\r\na\r\n", b"the server's alone"),
        (LOGIN + SELECT + b"c UID FETCH 0 FLAGS\r\n", b"sequence-set"),
        (LOGIN + SELECT + b"c UID FETCH 5: FLAGS\r\n", b"sequence-set"),
        (LOGIN + SELECT + b"c UID FETCH 1:2:3 FLAGS\r\n", b"sequence-set"),
        (LOGIN + SELECT + b"c UID FETCH 4294967296 FLAGS\r\n", b"at most 4294967295"),
        (LOGIN + SELECT + b"c FETCH 3 FLAGS\r\n", b"above EXISTS"),
        (LOGIN + SELECT + b"c SEARCH 3\r\n", b"above EXISTS"),
        (LOGIN + SELECT + b"c FETCH 1 ()\r\n", b""),
        (LOGIN + SELECT + b"c FETCH 1 BINARY[1]\r\n", b"without BINARY"),
        (LOGIN + SELECT + b"c STORE 1 +FLAGS (\\Recent)\r\n", b"the server's alone"),
        (LOGIN + SELECT + b"c SEARCH SUBJECT {2+}\r\n\xc3\xbc\r\n", b"without CHARSET"),
        (LOGIN + SELECT + b"c SEARCH CHARSET UTF-8 RETURN (ALL) ALL\r\n", b"no search key RETURN"),
        (LOGIN + SELECT + b"c SEARCH RETURN (SOME) ALL\r\n", b"no return option"),
        (LOGIN + b"c STATUS INBOX (MESSAGES MESSAGES)\r\n", b"one twice"),
        (LOGIN + b"c STATUS INBOX ()\r\n", b"no STATUS item"),
        (LOGIN + b"c CREATE &Jjo!\r\n", b"not modified UTF-7"),
        (LOGIN + b"c CREATE &AGE-\r\n", b"not modified UTF-7"),
        (LOGIN + b'c CREATE "&AA0-"\r\n', b"not modified UTF-7"),
        (LOGIN + b'c CREATE "\xc3\xbc"\r\n', b"was expected"),
        (LOGIN + b'c ID ("a" "1" "A" "2")\r\n', b"a field twice"),
        (LOGIN + b"c IDLE\r\nd NOOP\r\n", b"anything but DONE"),
        (LOGIN + b"c WHAT\r\n", b"no such command"),
        (LOGIN + b'c LIST "" * RETURN (NONE)\r\n', b"no return option"),
        (b"c AUTHENTICATE PLAIN !\r\n", b"not base64"),
        (b"\r\n", b"a command is a tag"),
    ],
)
async def test_refused(sent: bytes, rule: bytes) -> None:
    async with quiet() as server:
        answer = await talk(server, sent)
        if rule:
            assert re.search(rb"^[a-z*] BAD [^\r]*" + re.escape(rule), answer, re.MULTILINE), answer
            assert len(server.violations) == 1
        else:
            assert b"c OK" in answer or b"c BAD" in answer


@pytest.mark.parametrize(
    ("without", "sent"),
    [
        ("LITERAL+", b"c LOGIN {3+}\r\njoe secret\r\n"),
        ("SASL-IR", b"c AUTHENTICATE PLAIN AGpvZQBzZWNyZXQ=\r\n"),
        ("IDLE", LOGIN + b"c IDLE\r\n"),
        ("MOVE", LOGIN + SELECT + b"c UID MOVE 1 Sent\r\n"),
        ("UIDPLUS", LOGIN + SELECT + b"c UID EXPUNGE 1\r\n"),
        ("UNSELECT", LOGIN + SELECT + b"c UNSELECT\r\n"),
        ("ESEARCH", LOGIN + SELECT + b"c SEARCH RETURN (ALL) ALL\r\n"),
        ("WITHIN", LOGIN + SELECT + b"c SEARCH OLDER 5\r\n"),
        ("STATUS=SIZE", LOGIN + b"c STATUS INBOX (SIZE)\r\n"),
        ("LIST-EXTENDED", LOGIN + b'c LIST "" * RETURN (CHILDREN)\r\n'),
        ("ID", LOGIN + b"c ID NIL\r\n"),
        ("NAMESPACE", LOGIN + b"c NAMESPACE\r\n"),
        ("ENABLE", LOGIN + b"c ENABLE X\r\n"),
    ],
)
async def test_what_is_switched_off_is_refused(without: str, sent: bytes) -> None:
    async with quiet() as server:
        assert b"c BAD" not in await talk(server, sent, b"DONE\r\n")
    async with quiet(capabilities=aimap.testing.CAPABILITIES - {without}) as server:
        answer = await talk(server, sent, b"DONE\r\n")
        assert b"c BAD" in answer
        for words in re.findall(rb"CAPABILITY ([^\]]*)", answer):
            assert without.encode() not in words.split()


async def test_no_credentials_in_clear_where_there_is_starttls() -> None:
    async with quiet(tls="starttls") as server:
        answer = await talk(server, LOGIN + b"b AUTHENTICATE PLAIN x\r\n")
        assert b"LOGINDISABLED" in answer
        assert b"a BAD" in answer
        assert b"b BAD" in answer


async def test_nothing_may_follow_starttls() -> None:
    async with quiet(tls="starttls") as server:
        answer = await talk(server, b"a STARTTLS\r\nb NOOP\r\n")
        assert answer.endswith(b"a OK begin TLS now\r\n")
        assert server.violations == ["STARTTLS octets behind STARTTLS"]


async def test_lenient_takes_what_lenient_servers_take() -> None:
    async with quiet(strict=False) as server:
        answer = await talk(server, b"c LOGIN {3}\r\njoe {6}\r\nsecret\r\nd NOOP\n")
        assert b"c OK" in answer
        assert b"d OK" in answer


async def test_what_cannot_be_offered_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="X-MAGIC"):
        async with serve(tls="insecure", host=None, capabilities={"X-MAGIC"}):
            pass


SCRIPT = (
    LOGIN + SELECT + b"c UID FETCH 1:* (FLAGS BODY[HEADER.FIELDS (SUBJECT)])\r\n"
    b"d APPEND Sent (\\Seen) {3+}\r\nabc\r\ne IDLE\r\nDONE\r\nf SEARCH OR SEEN (NOT DELETED)\r\n"
    b"g UID STORE 2 +FLAGS (\\Deleted)\r\nh EXPUNGE\r\ni STATUS Sent (MESSAGES)\r\nj LOGOUT\r\n"
)


@settings(max_examples=40)
@given(st.lists(st.integers(1, 60), min_size=1))
async def test_any_chunking_gives_the_same_answers(sizes: list[int]) -> None:
    async def run(pieces: list[bytes]) -> bytes:
        async with quiet() as server:
            answer = await talk(server, *pieces)
            assert server.violations == []
            return re.sub(rb"UIDVALIDITY \d+|APPENDUID \d+", b"", answer)

    pieces: list[bytes] = []
    rest, at = SCRIPT, 0
    while rest:
        size = sizes[at % len(sizes)]
        pieces.append(rest[:size])
        rest, at = rest[size:], at + 1
    assert await run(pieces) == await run([SCRIPT])
