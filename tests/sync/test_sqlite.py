"""The store in one SQLite file: equal, searchable, whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import aimap
from aimap import Flag, MailboxInfo, UIDSet, UIDValidity
from aimap.sync import MirroredMessage, SQLiteStore, mirror
from aimap.sync._words import words_of
from aimap.testing import Server, sample_messages
from tests.client.support import connected


async def contents(path: Path, server: Server) -> None:
    store = SQLiteStore(path)
    for name, box in server.accounts["joe"].mailboxes.items():
        info = MailboxInfo(name, "/", aimap.Flags())
        kept = await store.mailbox(info, UIDValidity(box.uid_validity))
        known = await kept.known()
        assert {m.uid: m.flags for m in box.messages} == known
        for message in box.messages:
            assert await store.read(name, message.uid) == message.octets
    await store.aclose()


async def test_mirrored_again_and_again(tmp_path: Path) -> None:
    path = tmp_path / "mail.sqlite"
    async with connected() as (imap, server):
        for at, message in enumerate(sample_messages(60)):
            server.deliver("joe", message, mailbox=("INBOX", "a/b")[at % 2], flags=["$Junk"])
        assert (await mirror(imap, SQLiteStore(path))).fetched == 60
        await contents(path, server)
        assert (await mirror(imap, SQLiteStore(path))).fetched == 0
        server.expunge("joe", [1, 2])
        server.set_flags("joe", 3, [Flag.SEEN])
        server.deliver("joe", b"Subject: late\r\n\r\n")
        report = await mirror(imap, SQLiteStore(path))
        assert (report.fetched, report.flags_changed, report.removed) == (1, 1, 2)
        await contents(path, server)
        server.mailbox("joe").uid_validity += 1
        assert (await mirror(imap, SQLiteStore(path))).fetched == 29
        await imap.delete("a/b")
        assert (await mirror(imap, SQLiteStore(path))).mailboxes_removed == 1
        await contents(path, server)
        with pytest.raises(KeyError):
            await SQLiteStore(path).read("a/b", 1)


MAIL = (
    b"From: =?utf-8?q?Zo=C3=AB?= <zoe@example.org>\r\nTo: joe@example.org\r\n"
    b"Subject: =?utf-8?b?R3LDvMOfZQ==?= from Paris\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n'
    b"--x\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    b"PHN0eWxlPnNlY3JldDwvc3R5bGU+PHA+Q3LDqG1lIGJyPGI+w7tsPC9iPmVlICZhbXA7IHRlYTwvcD4=\r\n"
    b"--x\r\nContent-Type: application/pdf; name=invoice-42.pdf\r\n"
    b"Content-Disposition: attachment; filename=invoice-42.pdf\r\n\r\nbinary\r\n--x--\r\n"
)


def message(uid: int, octets: bytes) -> MirroredMessage:
    return MirroredMessage(aimap.UID(uid), octets, aimap.Flags([Flag.SEEN]), None)


@pytest.mark.parametrize(
    ("words", "uids"),
    [
        ("paris", [1]),
        ("PARIS zoe", [1]),
        ("creme", [1]),
        ("tea", [1, 2]),
        ("tea paris", [1]),
        ('"from paris"', [1]),
        ('"paris from"', []),
        ("invoi*", [1]),
        ("invoi", []),
        ("example.org", [1, 2]),
        ("secret", []),
        ("grüße", [1]),
        ("tea OR nothing", []),
        ("subject:paris", []),
        ("te-a NEAR(", []),
    ],
)
async def test_search(words: str, uids: list[int], tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "mail.sqlite")
    kept = await store.mailbox(MailboxInfo("INBOX", "/", aimap.Flags()), UIDValidity(1))
    other = b"From: ann@example.org\r\nSubject: cups\r\n\r\na cup of tea\r\n"
    await kept.add([message(1, MAIL), message(2, other), message(3, b"\xff\x00: torn")])
    await kept.add([message(2, other)])
    found = await store.search(words)
    assert sorted(each.uid for each in found) == uids
    assert await store.search(words, mailbox="elsewhere") == []
    if words == "paris":
        assert (found[0].subject, found[0].flags) == ("Grüße from Paris", {"\\Seen"})
        assert "Zoë" in found[0].people
    await kept.remove(UIDSet([1]))
    assert [each.uid for each in await store.search(words)] == [u for u in uids if u == 2]
    await store.aclose()


@pytest.mark.parametrize("words", ["", "  ", '""', "*", "...", "-"])
async def test_a_search_for_nothing(words: str, tmp_path: Path) -> None:
    with pytest.raises(aimap.InvalidArgumentError):
        await SQLiteStore(tmp_path / "mail.sqlite").search(words)


@given(st.text(max_size=30))
async def test_any_search_is_understood(words: str) -> None:
    store = SQLiteStore(":memory:")
    try:
        await store.search(words)
    except aimap.InvalidArgumentError:
        assert not any(c.isalnum() for c in words)
    await store.aclose()


@given(st.binary(max_size=200), st.sampled_from(["quoted-printable", "base64", "x-uuencode", "?"]))
def test_words_of_anything(octets: bytes, encoding: str) -> None:
    head = f"Content-Type: text/plain; charset=x\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    words_of(octets)
    words_of(head.encode() + octets)
    words_of(b"Content-Type: " + octets + b"\r\n\r\nx")
