"""Sections that come empty where octets were promised (Apache James) are asked for again."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from aimap import BODY_PEEK, BODYSTRUCTURE, RFC822_SIZE, ConnectionLostError, FetchItem

from .support import Conversation, played, selected

STRUCTURE = b'BODYSTRUCTURE ("TEXT" "PLAIN" NIL NIL NIL "7BIT" %d 1)'
TEXT, MIME, WHOLE = BODY_PEEK("1"), BODY_PEEK("1.MIME"), BODY_PEEK()

Asked = tuple[FetchItem[Any], ...]


def answer(items: bytes, more: bytes = b"") -> bytes:
    return b"* 1 FETCH (UID 7 " + items + b")\r\n" + more + b"%s OK done"


EMPTIED: dict[str, tuple[Asked, bytes, bytes, FetchItem[bytes]]] = {
    "by its structure": (
        (BODYSTRUCTURE, TEXT),
        b"(BODYSTRUCTURE BODY.PEEK[1])",
        STRUCTURE % 5 + b" BODY[1] {0}\r\n",
        TEXT,
    ),
    "by its size": (
        (RFC822_SIZE, WHOLE),
        b"(RFC822.SIZE BODY.PEEK[])",
        b"RFC822.SIZE 5 BODY[] {0}\r\n",
        WHOLE,
    ),
    "beside its header": (
        (TEXT, MIME),
        b"(BODY.PEEK[1] BODY.PEEK[1.MIME])",
        b"BODY[1] {0}\r\n BODY[1.MIME] {4}\r\na: b",
        TEXT,
    ),
    "in a window": (
        (BODYSTRUCTURE, BODY_PEEK("1", partial=(0, 9))),
        b"(BODYSTRUCTURE BODY.PEEK[1]<0.9>)",
        STRUCTURE % 5 + b" BODY[1]<0> {0}\r\n",
        BODY_PEEK("1", partial=(0, 9)),
    ),
}


@pytest.mark.parametrize("how", EMPTIED)
async def test_it_is_asked_for_again_alone(how: str) -> None:
    items, asked, emptied, item = EMPTIED[how]
    alone = b"UID FETCH 7 " + item.request.encode()
    filled = item.key.encode() + b" {5}\r\nhello"
    late = b"%s OK done\r\n* 1 FETCH (UID 7 " + filled + b")"
    again: list[Conversation] = [
        [(alone, answer(filled))],
        [(alone, late), (alone, answer(filled))],
    ]
    for conversation in again:
        async with selected(
            "", [(b"UID FETCH 7 " + asked, answer(emptied)), *conversation]
        ) as inbox:
            (message,) = await inbox.fetch_all(7, *items)
            assert message[item] == b"hello"
            assert all(each in message for each in items)
            assert message.seq == 1


@pytest.mark.parametrize(
    "refusal", [answer(b"BODY[1] {0}\r\n"), b"%s NO [SERVERBUG] it is damaged"]
)
async def test_what_stays_empty_is_empty(refusal: bytes) -> None:
    conversation: Conversation = [
        (b"UID FETCH 7 (BODYSTRUCTURE BODY.PEEK[1])", answer(STRUCTURE % 5 + b" BODY[1] {0}\r\n")),
        (b"UID FETCH 7 BODY.PEEK[1]", refusal),
    ]
    async with selected("", conversation) as inbox:
        (message,) = await inbox.fetch_all(7, BODYSTRUCTURE, TEXT)
        assert message[TEXT] == b""


@pytest.mark.parametrize(
    ("items", "asked", "answered"),
    [
        ((TEXT,), b"BODY.PEEK[1]", b"BODY[1] {0}\r\n"),
        ((RFC822_SIZE, WHOLE), b"(RFC822.SIZE BODY.PEEK[])", b"RFC822.SIZE 0 BODY[] {0}\r\n"),
        (
            (BODYSTRUCTURE, TEXT, MIME),
            b"(BODYSTRUCTURE BODY.PEEK[1] BODY.PEEK[1.MIME])",
            STRUCTURE % 0 + b" BODY[1] {0}\r\n BODY[1.MIME] {0}\r\n",
        ),
    ],
)
async def test_what_nobody_promised_is_not(items: Asked, asked: bytes, answered: bytes) -> None:
    async with selected("", [(b"UID FETCH 7 " + asked, answer(answered))]) as inbox:
        (message,) = await inbox.fetch_all(7, *items)
        assert all(message.items[item.key] == b"" for item in items if item in (TEXT, WHOLE))


async def test_leaving_does_not_wait_for_it() -> None:
    async with played() as (imap, server), trio.open_nursery() as nursery:
        emptied, left = trio.Event(), trio.Event()

        async def serve_it() -> None:
            assert await server.hears() == b"A1 SELECT INBOX"
            await server.says(b"* 2 EXISTS\r\nA1 OK open\r\n")
            await server.hears()
            both = b"* 1 FETCH (UID 7 RFC822.SIZE 5 BODY[] {0}\r\n)\r\n"
            both += b"* 2 FETCH (UID 8 RFC822.SIZE 5 BODY[] {5}\r\nhello)\r\n"
            await server.says(both + b"A2 OK done\r\n")
            assert await server.hears() == b"A3 UID FETCH 7 BODY.PEEK[]"
            emptied.set()
            await left.wait()
            await server.says(b"* 1 FETCH (UID 7 BODY[] {5}\r\nhello)\r\nA3 OK done\r\n")
            assert await server.hears() == b"A4 NOOP"
            await server.says(b"A4 OK done\r\n")

        nursery.start_soon(serve_it)
        async with imap.select("INBOX") as inbox:
            async with inbox.fetch("7:8", RFC822_SIZE, WHOLE) as messages:
                message = await anext(messages)
                assert message.uid == 8
                await emptied.wait()
            left.set()
            await imap.noop()


async def test_a_loss_is_no_empty_message() -> None:
    async with played() as (imap, server), trio.open_nursery() as nursery:

        async def lose() -> None:
            assert await server.hears() == b"A1 SELECT INBOX"
            await server.says(b"* 1 EXISTS\r\nA1 OK open\r\n")
            await server.hears()
            await server.says(b"* 1 FETCH (UID 7 RFC822.SIZE 5 BODY[] {0}\r\n)\r\nA2 OK done\r\n")
            assert await server.hears() == b"A3 UID FETCH 7 BODY.PEEK[]"
            await server.stream.aclose()

        nursery.start_soon(lose)
        with pytest.raises(ConnectionLostError):
            async with imap.select("INBOX") as inbox:
                await inbox.fetch_all(7, RFC822_SIZE, WHOLE)
