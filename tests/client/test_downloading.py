"""I6: sections of any size, in windows."""

from __future__ import annotations

import base64
import io
import quopri
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

import aimap
from aimap import InvalidArgumentError, NotFetchedError
from aimap._client.decoding import decoder_for
from aimap._client.downloading import WINDOW

from .support import PlayedServer, connected, played

MESSAGE = b"Subject: big\r\n\r\n" + b"".join(b"line %d\r\n" % n for n in range(200_000))


async def test_in_few_round_trips(autojump_clock: Any) -> None:
    # To a stream: files are written in threads, for which a virtual clock does not wait.
    near, far = trio.testing.memory_stream_one_way_pair()
    async with connected(latency=0.05) as (imap, server), trio.open_nursery() as nursery:
        server.deliver("joe", MESSAGE)
        nursery.start_soon(drain, far, bytearray())
        async with imap.select("INBOX") as inbox:
            begin = trio.current_time()
            assert await inbox.download(1, into=near) == len(MESSAGE)
            # Ten windows: one, two, four, eight of them at a time.
            assert trio.current_time() - begin < 5 * 0.1
            assert server.commands.count("UID") < 20
        await near.aclose()


async def drain(stream: trio.abc.ReceiveStream, into: bytearray) -> None:
    async for piece in stream:
        into.extend(piece)


async def test_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "message.eml"
    async with connected() as (imap, server):
        server.deliver("joe", MESSAGE)
        async with imap.select("INBOX") as inbox:
            assert await inbox.download(1, into=path) == len(MESSAGE)
            assert not (await inbox.fetch_all(1, aimap.FLAGS))[0].flags & {"\\Seen"}
    assert path.read_bytes() == MESSAGE
    assert {each.name for each in sorted(tmp_path.glob("*"))} == {"message.eml"}  # noqa: ASYNC240


@pytest.mark.parametrize("size", [0, 1, WINDOW - 1, WINDOW, WINDOW + 1, 3 * WINDOW])
async def test_ends_of_windows(autojump_clock: Any, size: int) -> None:
    message = b"\r\n" + b"x" * size
    into = io.BytesIO()
    async with connected() as (imap, server):
        server.deliver("joe", message)
        async with imap.select("INBOX") as inbox:
            assert await inbox.download(1, into=into) == len(message)
    assert into.getvalue() == message


async def test_to_a_stream_while_others_work(autojump_clock: Any) -> None:
    near, far = trio.testing.memory_stream_one_way_pair()
    got = bytearray()
    async with connected(latency=0.01) as (imap, server), trio.open_nursery() as nursery:
        server.deliver("joe", MESSAGE)

        nursery.start_soon(drain, far, got)
        async with imap.select("INBOX") as inbox:
            async with trio.open_nursery() as inner:
                for _ in range(20):
                    inner.start_soon(imap.status, "Sent")
                await inbox.download(1, into=near)
        await near.aclose()
    assert got == MESSAGE


async def test_resumed_where_it_was_left(tmp_path: Path) -> None:
    path, unfinished = tmp_path / "message.eml", tmp_path / "message.eml.part"
    async with connected() as (imap, server):
        server.deliver("joe", MESSAGE)
        async with imap.select("INBOX") as inbox:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(partial(inbox.download, 1, into=path))
                while not (unfinished.exists() and unfinished.stat().st_size):
                    await trio.lowlevel.checkpoint()
                nursery.cancel_scope.cancel()
            there = unfinished.stat().st_size
            assert 0 < there < len(MESSAGE)
            assert not path.exists()
            # The connection is as it was.
            assert (await imap.status("Sent", ["MESSAGES"])).messages == 0
            assert await inbox.download(1, into=path, resume=True) == len(MESSAGE) - there
    assert path.read_bytes() == MESSAGE


def part(encoding: str, content: bytes) -> bytes:
    return (
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\ntext\r\n--b\r\n'
        b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: "
        + encoding.encode()
        + b"\r\n\r\n"
        + content
        + b"\r\n--b--\r\n"
    )


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("base64", lambda data: base64.encodebytes(data).replace(b"\n", b"\r\n")),
        ("quoted-printable", lambda data: quopri.encodestring(data).replace(b"\n", b"\r\n")),
    ],
)
async def test_a_part_decoded(
    autojump_clock: Any, encoding: str, encode: Callable[[bytes], bytes]
) -> None:
    content = bytes(range(256)).replace(b"\r", b"").replace(b"\n", b"") * 4000
    into = io.BytesIO()
    async with connected() as (imap, server):
        server.deliver("joe", part(encoding, encode(content)))
        async with imap.select("INBOX") as inbox:
            await inbox.download(1, "2", into=into, decode=True)
    assert into.getvalue().rstrip(b"\r\n") == content


async def test_what_cannot_be_downloaded(autojump_clock: Any, tmp_path: Path) -> None:
    async with connected() as (imap, server):
        server.deliver("joe", part("x-unheard-of", b"x"))
        async with imap.select("INBOX") as inbox:
            for arguments in (
                {"uid": 1, "section": "2", "decode": True, "into": io.BytesIO()},
                {"uid": 1, "decode": True, "into": io.BytesIO()},
                {"uid": 1, "resume": True, "into": io.BytesIO()},
                {"uid": 1, "section": "x", "into": io.BytesIO()},
                {"uid": 0, "into": io.BytesIO()},
            ):
                with pytest.raises(InvalidArgumentError):
                    await inbox.download(**arguments)  # type: ignore[arg-type]
            for arguments in (
                {"uid": 7, "into": io.BytesIO()},
                {"uid": 1, "section": "9", "decode": True, "into": io.BytesIO()},
            ):
                with pytest.raises(NotFetchedError):
                    await inbox.download(**arguments)  # type: ignore[arg-type]
            with pytest.raises(OSError):
                await inbox.download(1, into=tmp_path / "no" / "such" / "folder")


async def answering(server: PlayedServer, *answers: bytes) -> None:
    """Select, and answer one FETCH after the other."""
    await server.hears()
    await server.says(b"* 1 EXISTS\r\nA1 OK x\r\n")
    for number, answer in enumerate(answers, 2):
        await server.hears()
        await server.says(b"%sA%d OK done\r\n" % (answer, number))
    await server.hears()
    await server.says(b"A%d OK done\r\n" % (len(answers) + 2))


@pytest.mark.parametrize(
    "answers",
    [
        # fetch-partial-ignored: the whole, and not under the name that was asked for
        [b"* 1 FETCH (UID 7 RFC822.SIZE 5 BODY[] {5}\r\nwhole)\r\n"],
        # fetch-size-wrong: the end is where a window is not full
        [b"* 1 FETCH (UID 7 RFC822.SIZE 999999999 BODY[]<0> {5}\r\nwhole)\r\n"],
        # fetch-origin-echo
        [b"* 1 FETCH (UID 7 RFC822.SIZE 5 BODY[]<0.262144> {5}\r\nwhole)\r\n"],
        # fetch-section-group: empty where octets were promised, so it is asked again
        [b'* 1 FETCH (UID 7 RFC822.SIZE 5 BODY[]<0> "")\r\n',
         b"* 1 FETCH (UID 7 RFC822.SIZE 5 BODY[]<0> {5}\r\nwhole)\r\n"],
        # fetch-late: nothing, and so it is asked again
        [b"", b"* 1 FETCH (UID 7 RFC822.SIZE 5 BODY[]<0> {5}\r\nwhole)\r\n"],
    ],
    ids=["partial-ignored", "size-wrong", "origin-echo", "section-group", "late"],
)  # fmt: skip
async def test_what_servers_make_of_windows(autojump_clock: Any, answers: list[bytes]) -> None:
    into = io.BytesIO()
    async with played() as (imap, server), trio.open_nursery() as nursery:
        nursery.start_soon(answering, server, *answers)
        async with imap.select("INBOX") as inbox:
            assert await inbox.download(7, into=into) == 5
            nursery.cancel_scope.cancel()
    assert into.getvalue() == b"whole"


ENCODED = st.sampled_from(["base64", "quoted-printable", "8bit"])


@given(ENCODED, st.binary(max_size=300), st.lists(st.integers(1, 9), min_size=1))
def test_decoding_in_any_pieces(encoding: str, data: bytes, sizes: list[int]) -> None:
    encoded = data
    if encoding == "base64":
        encoded = base64.encodebytes(data)
    elif encoding == "quoted-printable":
        encoded = quopri.encodestring(data, quotetabs=True)
    decoder, result, at = decoder_for(encoding), b"", 0
    for number in range(len(encoded)):
        size = sizes[number % len(sizes)]
        result += decoder.decode(encoded[at : at + size])
        at += size
    assert result + decoder.finish() == data


@given(st.binary(max_size=200), st.integers(0, 200), ENCODED)
def test_any_octets_decode_to_something(data: bytes, cut: int, encoding: str) -> None:
    decoder = decoder_for(encoding)
    decoder.decode(data[:cut])
    decoder.decode(data[cut:])
    decoder.finish()
