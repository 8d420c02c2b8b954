"""Messages as people want them: texts, previews and attachments, and no more than that."""

from __future__ import annotations

import io
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import trio

import aimap
from aimap import FLAGS, InvalidArgumentError, NotFetchedError, UIDSet
from aimap.testing import CAPABILITIES, Server

from .support import Conversation, connected, selected

ROUND_TRIP = 0.1


def letter(number: int, *, size: int = 10) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = f"letter {number}"
    message["From"] = "ann@example.org"
    message.set_content(f"gr\u00fc\u00dfe {number}\n", charset="iso-8859-1")
    message.add_alternative(f"<p>gr\u00fc\u00dfe <b>{number}</b></p>", subtype="html")
    message.add_attachment(bytes(size), maintype="application", subtype="pdf", filename="a.pdf")
    return message


def deliver(server: Server, message: EmailMessage) -> None:
    server.deliver("joe", message.as_bytes().replace(b"\n", b"\r\n"))


async def test_texts_of_many_messages_in_two_round_trips(autojump_clock: Any) -> None:
    async with connected(latency=ROUND_TRIP / 2) as (imap, server):
        for number in range(1, 101):
            if number % 3:
                deliver(server, letter(number))
            else:
                server.deliver("joe", b"Subject: x\r\n\r\nplain %d\r\n" % number)
        async with imap.select("INBOX") as inbox:
            before, received = trio.current_time(), imap.statistics().octets_received
            found = await inbox.read("1:100")
            assert trio.current_time() - before < 2.1 * ROUND_TRIP
            assert imap.statistics().octets_received - received < 150_000
            assert [message.uid for message in found] == list(range(1, 101))
            assert (found[0].text, found[0].html) == (
                "gr\u00fc\u00dfe 1\n",
                "<p>gr\u00fc\u00dfe <b>1</b></p>\n",
            )
            assert found[0].envelope.subject == "letter 1"
            assert [each.filename for each in found[0].attachments] == ["a.pdf"]
            assert (found[2].text, found[2].html, found[2].attachments) == ("plain 3\n", None, ())
            assert not found[2].is_cut
            assert not (await inbox.search(aimap.SEEN))


async def test_plain_text_alone(autojump_clock: Any) -> None:
    async with connected() as (imap, server):
        deliver(server, letter(1))
        html = EmailMessage()
        html.set_content("<p>one<p>two", subtype="html")
        deliver(server, html)
        async with imap.select("INBOX") as inbox:
            first, second = await inbox.read("1:2", html=False)
            assert (first.text, first.html) == ("gr\u00fc\u00dfe 1\n", None)
            assert (second.text, second.html) == ("one\n\ntwo", None)
            _, second = await inbox.read("1:2")
            assert second.html == "<p>one<p>two\n"
            assert await inbox.read("7") == []
            assert await inbox.read([]) == []


async def test_no_more_of_a_text_than_one_wants(autojump_clock: Any) -> None:
    async with connected() as (imap, server):
        server.deliver("joe", b"Subject: x\r\n\r\n" + b"0123456789" * 100)
        async with imap.select("INBOX") as inbox:
            (message,) = await inbox.read(1, limit=15)
            assert (message.text, message.is_cut) == ("012345678901234", True)
            with pytest.raises(InvalidArgumentError, match="at least 1"):
                await inbox.read(1, limit=0)


async def test_a_message_inside(autojump_clock: Any) -> None:
    outer = EmailMessage()
    outer["Subject"] = "outer"
    outer.set_content("see below\n")
    outer.add_attachment(letter(5))
    async with connected() as (imap, server):
        deliver(server, outer)
        deliver(server, letter(1))
        async with imap.select("INBOX") as inbox:
            (message, _) = await inbox.read("1:2")
            (attached,) = message.attachments
            assert (attached.filename, attached.is_message) == ("letter 5.eml", True)
            (inner,) = await inbox.read("1:2", inside=attached.section)
            assert (inner.uid, inner.envelope.subject, inner.text) == (
                1,
                "letter 5",
                "gr\u00fc\u00dfe 5\n",
            )
            assert [each.filename for each in inner.attachments] == ["a.pdf"]
            into = io.BytesIO()
            await inbox.download(1, inner.attachments[0].section, into=into, decode=True)
            assert into.getvalue() == bytes(10)


STRUCTURE = (
    b'ENVELOPE (NIL "x" NIL NIL NIL NIL NIL NIL NIL NIL) FLAGS () RFC822.SIZE 99 '
    b'INTERNALDATE "01-Jan-2026 00:00:00 +0000" BODYSTRUCTURE '
)
ITEMS = b"(ENVELOPE FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE)"
ALTERNATIVE = (
    b'(("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1 NIL NIL NIL NIL)'
    b'("TEXT" "HTML" NIL NIL NIL "7BIT" 8 1 NIL NIL NIL NIL) "ALTERNATIVE" NIL NIL NIL NIL)'
)


async def test_what_a_server_left_empty_is_asked_for_alone() -> None:
    conversation: Conversation = [
        (
            b"UID FETCH 1 " + ITEMS,
            b"* 1 FETCH (UID 1 " + STRUCTURE + ALTERNATIVE + b")\r\n%s OK",
        ),
        (
            b"UID FETCH 1 (BODY.PEEK[1] BODY.PEEK[2])",
            b'* 1 FETCH (UID 1 BODY[1] "hello" BODY[2] "")\r\n%s OK',
        ),
        (b"UID FETCH 1 BODY.PEEK[2]", b'* 1 FETCH (UID 1 BODY[2] "<p>hello")\r\n%s OK'),
    ]
    async with selected("", conversation) as inbox:
        (message,) = await inbox.read(1)
        assert (message.text, message.html) == ("hello", "<p>hello")


async def test_what_a_server_refuses_comes_out_as_it_is() -> None:
    conversation: Conversation = [
        (
            b"UID FETCH 1 " + ITEMS,
            b"* 1 FETCH (UID 1 " + STRUCTURE + ALTERNATIVE + b")\r\n%s OK",
        ),
        (b"UID FETCH 1 (BODY.PEEK[1] BODY.PEEK[2])", b"%s NO [UNAVAILABLE] not now"),
    ]
    async with selected("", conversation) as inbox:
        with pytest.raises(aimap.NoError, match="UNAVAILABLE"):
            await inbox.read(1)


async def test_previews_by_the_server() -> None:
    conversation: Conversation = [
        (
            b"UID FETCH 1:2 PREVIEW",
            b'* 1 FETCH (UID 1 PREVIEW "hi")\r\n* 2 FETCH (UID 2 PREVIEW "")\r\n%s OK',
        ),
        # Cyrus says NIL where nobody has made one yet.
        (b"UID FETCH 1 PREVIEW", b"* 1 FETCH (UID 1 PREVIEW NIL)\r\n%s OK"),
        (
            b"UID FETCH 1 BODYSTRUCTURE",
            b'* 1 FETCH (UID 1 BODYSTRUCTURE ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 2 1))\r\n%s OK',
        ),
        (b"UID FETCH 1 BODY.PEEK[1]", b'* 1 FETCH (UID 1 BODY[1] "so")\r\n%s OK'),
        (b"UID FETCH 1 (PREVIEW (LAZY))", b"* 1 FETCH (UID 1 PREVIEW NIL)\r\n%s OK"),
    ]
    async with selected("PREVIEW", conversation) as inbox:
        assert await inbox.previews("1:2") == {1: "hi", 2: ""}
        assert await inbox.previews(1) == {1: "so"}
        assert await inbox.previews(1, lazy=True) == {1: None}


async def test_previews_by_the_client(autojump_clock: Any) -> None:
    offered = CAPABILITIES - {"PREVIEW"}
    async with connected(latency=ROUND_TRIP / 2, capabilities=offered) as (imap, server):
        deliver(server, letter(1))
        server.deliver("joe", b"Subject: x\r\n\r\n" + b"word  \r\n" * 10_000)
        server.deliver("joe", b"Content-Type: image/png\r\n\r\nxyz")
        server.deliver("joe", b"Content-Type: text/html\r\n\r\n<title>t</title><p>so<p>so")
        async with imap.select("INBOX") as inbox:
            before, received = trio.current_time(), imap.statistics().octets_received
            found = await inbox.previews("1:4")
            assert trio.current_time() - before < 2.1 * ROUND_TRIP
            assert imap.statistics().octets_received - received < 10_000
            assert found == {1: "gr\u00fc\u00dfe 1", 2: ("word " * 40), 3: "", 4: "so so"}


@pytest.mark.parametrize("without", [set(), {"BINARY"}])
async def test_attachments_into_a_folder(tmp_path: Path, without: set[str]) -> None:
    message = letter(1, size=1000)
    message.add_attachment(b"x" * 500, maintype="application", subtype="pdf", filename="a.pdf")
    message.add_attachment("gr\u00fc\u00dfe", filename="../b.txt")
    async with connected(capabilities=CAPABILITIES - without) as (imap, server):
        deliver(server, message)
        async with imap.select("INBOX") as inbox:
            folder = tmp_path / "new"
            saved = await inbox.save_attachments(1, folder)
            assert [path.name for path in saved] == ["a.pdf", "a-2.pdf", "b.txt"]
            assert [path.read_bytes() for path in saved[:2]] == [bytes(1000), b"x" * 500]
            again = await inbox.save_attachments(1, folder)
            assert [path.name for path in again] == ["a-3.pdf", "a-2-2.pdf", "b-2.txt"]
            with pytest.raises(NotFetchedError):
                await inbox.save_attachments(7, folder)


async def test_what_belongs_into_the_text_is_saved_on_demand(tmp_path: Path) -> None:
    message = EmailMessage()
    message.set_content("<img src='cid:logo'>", subtype="html")
    message.add_related(b"png", maintype="image", subtype="png", cid="<logo>")
    async with connected() as (imap, server):
        deliver(server, message)
        async with imap.select("INBOX") as inbox:
            assert await inbox.save_attachments(1, tmp_path) == []
            (path,) = await inbox.save_attachments(1, tmp_path, inline=True)
            assert (path.name, path.read_bytes()) == ("part-2.png", b"png")


BASE64 = (
    b'* 1 FETCH (UID 1 BODYSTRUCTURE ("APPLICATION" "X" NIL NIL NIL "BASE64" 4 NIL NIL NIL NIL))'
    b"\r\n%s OK"
)
BINARY = b"UID FETCH 1 BINARY.PEEK[1]<0.262144>"
BODY = b"UID FETCH 1 BODY.PEEK[1]<0.262144>"
ENCODED = b'* 1 FETCH (UID 1 BODY[1]<0> "aGk=")\r\n%s OK'


@pytest.mark.parametrize(
    "rest",
    [
        [(BINARY, b'* 1 FETCH (UID 1 BINARY[1]<0> "hi")\r\n%s OK')],
        [(BINARY, b"%s NO [UNKNOWN-CTE] cannot decode"), (BODY, ENCODED)],
        [(BINARY, b"%s OK and nothing"), (BINARY, b"%s OK still"), (BODY, ENCODED)],
        [
            (BINARY, b"* 1 FETCH (UID 1 BINARY[1]<0> NIL)\r\n%s OK"),
            (BINARY, b"* 1 FETCH (UID 1 BINARY[1]<0> NIL)\r\n%s OK"),
            (BODY, ENCODED),
        ],
    ],
    ids=["by the server", "refused", "nothing", "nil"],
)
async def test_decoding(rest: Conversation) -> None:
    conversation: Conversation = [(b"UID FETCH 1 BODYSTRUCTURE", BASE64), *rest]
    into = io.BytesIO()
    async with selected("BINARY", conversation) as inbox:
        await inbox.download(1, "1", into=into, decode=True)
    assert into.getvalue() == b"hi"


async def test_a_text_whose_partial_is_ignored() -> None:
    conversation: Conversation = [
        (
            b"UID FETCH 1 " + ITEMS,
            b"* 1 FETCH (UID 1 " + STRUCTURE + b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1))\r\n%s OK',
        ),
        (b"UID FETCH 1 BODY.PEEK[1]<0.3>", b'* 1 FETCH (UID 1 BODY[1] "hello")\r\n%s OK'),
    ]
    async with selected("", conversation) as inbox:
        (message,) = await inbox.read(1, limit=3)
        assert (message.text, message.is_cut) == ("hello", True)


async def test_decoding_that_breaks_off() -> None:
    whole = b"x" * 262144
    more = b"UID FETCH 1 BINARY.PEEK[1]<%d.262144>"
    conversation: Conversation = [
        (b"UID FETCH 1 BODYSTRUCTURE", BASE64),
        (BINARY, b"* 1 FETCH (UID 1 BINARY[1]<0> {262144}\r\n" + whole + b")\r\n%s OK"),
        (more % 262144, b"%s NO not any more"),
        (more % 524288, b"%s NO not any more"),
    ]
    async with selected("BINARY", conversation) as inbox:
        with pytest.raises(aimap.NoError, match="not any more"):
            await inbox.download(1, "1", into=io.BytesIO(), decode=True)


async def test_what_needs_no_decoding_is_no_matter_for_binary() -> None:
    conversation: Conversation = [
        (b"UID FETCH 1 BODYSTRUCTURE", BASE64.replace(b"BASE64", b"8BIT")),
        (BODY, ENCODED),
    ]
    into = io.BytesIO()
    async with selected("BINARY", conversation) as inbox:
        await inbox.download(1, "1", into=into, decode=True)
    assert into.getvalue() == b"aGk="


async def test_read_what_was_saved(autojump_clock: Any) -> None:
    async with connected(messages=3) as (imap, _), imap.select("INBOX") as inbox:
        await inbox.esearch(aimap.IN("2:3"), ["SAVE"])
        assert [message.uid for message in await inbox.read(aimap.commands.SAVED)] == [2, 3]
        assert UIDSet(await inbox.previews(aimap.commands.SAVED)) == UIDSet("2:3")
        assert len(await inbox.fetch_all("1:*", FLAGS)) == 3
