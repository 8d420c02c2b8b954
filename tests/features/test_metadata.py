"""Notes on mailboxes and on the server, and what is kept in them."""

from __future__ import annotations

import pytest

import aimap
from aimap import FILTER, FROM, SMALLER, YOUNGER, SeqSet, criteria

from .frame import WORKS, Scene, feature


@feature("METADATA", "METADATA-SERVER")
async def test_notes(scene: Scene) -> None:
    imap = scene.imap
    if not scene.offers("METADATA"):
        await scene.refuses("METADATA", lambda: imap.metadata("INBOX", "/private/comment"))
        await scene.refuses(
            "METADATA", lambda: imap.set_metadata("INBOX", {"/private/comment": "x"})
        )
        await scene.refuses("METADATA-SERVER", lambda: imap.metadata("", "/shared/admin"))
        return
    comment = "/private/comment"
    await imap.set_metadata("INBOX", {comment: "Grüße"})
    found = await imap.metadata("INBOX", [comment, "/private/none"])
    assert found.values[comment] == "Grüße".encode()
    assert found.values.get("/private/none") is None
    if scene.kind != "cyrus":
        # Cyrus takes only entries that it was told of.
        await imap.set_metadata("INBOX", {"/private/vendor/x/a": b"1"})
        below = await imap.metadata("INBOX", "/private/vendor", depth="infinity")
        assert below.values == {"/private/vendor/x/a": b"1"}
    short = await imap.metadata("INBOX", comment, max_size=3)
    assert not short.values.get(comment)
    await imap.set_metadata("INBOX", {comment: None})
    assert (await imap.metadata("INBOX", comment)).values.get(comment) is None
    with pytest.raises(aimap.NoError):
        await imap.metadata(scene.name("none"), comment)
    await imap.metadata("", "/shared/admin")
    scene.saw("METADATA", WORKS)
    scene.saw("METADATA-SERVER", WORKS)


@feature("FILTERS")
async def test_searches_that_the_server_keeps(scene: Scene) -> None:
    imap = scene.imap
    if not scene.offers("FILTERS"):
        await scene.refuses("FILTERS", imap.filters)
        await scene.refuses("FILTERS", lambda: imap.set_filter("mine", aimap.UNSEEN))
        return
    wanted = (SMALLER(5000) | FROM("boss@example.com")) & YOUNGER(60)
    await imap.set_filter("on-the-road", wanted)
    assert await imap.filters() == {
        "on-the-road": 'OR SMALLER 5000 FROM "boss@example.com" (YOUNGER 60)'
    }
    await imap.append("INBOX", b"From: boss@example.com\r\n\r\n" + b"x" * 6000)
    await imap.append("INBOX", b"From: joe@example.com\r\n\r\n" + b"x" * 6000)
    async with imap.select("INBOX") as inbox:
        assert list(await inbox.search(FILTER("on-the-road"))) == [1]
    await imap.set_filter("on-the-road", None)
    assert await imap.filters() == {}
    with pytest.raises(aimap.InvalidArgumentError):
        await imap.set_filter("a/b", aimap.UNSEEN)
    with pytest.raises(aimap.InvalidArgumentError):
        await imap.set_filter("mine", criteria.IN(SeqSet("1:5")))
    scene.saw("FILTERS", WORKS)


@feature("IMAPSIEVE")
async def test_the_script_of_a_mailbox(scene: Scene) -> None:
    imap = scene.imap
    if not imap.capabilities.values("IMAPSIEVE"):
        await scene.refuses("IMAPSIEVE", lambda: imap.sieve_script("INBOX"))
        await scene.refuses("IMAPSIEVE", lambda: imap.set_sieve_script("INBOX", "mine"))
        return
    assert await imap.sieve_script("INBOX") is None
    await imap.set_sieve_script("INBOX", "mine")
    assert await imap.sieve_script("INBOX") == "mine"
    await imap.set_sieve_script("INBOX", None)
    assert await imap.sieve_script("INBOX") is None
    scene.saw("IMAPSIEVE", WORKS)
