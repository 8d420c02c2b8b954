"""The connection itself: TLS, compression, literals, and what is enabled on it."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable

import pytest

import aimap
from aimap import Password, UIDSet
from aimap.testing import CAPABILITIES

from .frame import FALLS_BACK, NOT_OFFERED, WORKS, Scene, connected_anew, feature


def joe(scene: Scene) -> Password:
    return Password(scene.user, scene.server.password)


@feature("implicit TLS", "STARTTLS")
async def test_tls(scene: Scene) -> None:
    async with connected_anew(scene, joe(scene)) as imap:
        assert (await imap.status("INBOX")).messages == 0
    scene.saw("implicit TLS", WORKS)
    async with connected_anew(scene, joe(scene), tls="starttls") as imap:
        assert "STARTTLS" not in imap.capabilities
        assert (await imap.status("INBOX")).messages == 0
    with pytest.raises(aimap.ConnectionLostError, match="certificate"):
        async with connected_anew(
            scene, joe(scene), tls="starttls", ssl_context=ssl.create_default_context()
        ):
            pass
    scene.saw("STARTTLS", WORKS)


@feature("COMPRESS=DEFLATE")
async def test_compression(scene: Scene) -> None:
    said: list[str] = []
    async with connected_anew(scene, joe(scene), compress=True, wire_log=said.append) as imap:
        await imap.append("INBOX", b"Subject: x\r\n\r\n" + b"again " * 5000 + b"\r\n")
        assert (await imap.status("INBOX")).messages == 1
        offered = "COMPRESS=DEFLATE" in imap.capabilities
    assert any("COMPRESS DEFLATE" in line for line in said) or scene.kind == "courier"
    scene.saw("COMPRESS=DEFLATE", FALLS_BACK if scene.kind == "courier" else WORKS)
    assert offered is False or scene.kind != "courier"


@feature("LITERAL+, LITERAL-")
async def test_literals_without_a_round_trip(scene: Scene) -> None:
    said: list[str] = []
    async with connected_anew(scene, joe(scene), wire_log=said.append) as imap:
        await imap.append("INBOX", b"Subject: x\r\n\r\n")
        at_once = "LITERAL+" in imap.capabilities
    (line,) = [line for line in said if "APPEND INBOX" in line]
    assert line.endswith("+}") is at_once
    scene.saw("LITERAL+, LITERAL-", WORKS if at_once else FALLS_BACK)


@feature("ID")
async def test_who_is_who(scene: Scene) -> None:
    if not scene.offers("ID"):
        await scene.refuses("ID", scene.imap.id)
        return
    fields = await scene.imap.id({"name": "aimap", "version": "1"})
    assert fields["name"]
    scene.saw("ID", WORKS)


@feature("ENABLE")
async def test_enable(scene: Scene) -> None:
    wanted = "CONDSTORE" if scene.offers("CONDSTORE") else "UTF8=ACCEPT"
    assert await scene.imap.enable(wanted) == {wanted}
    assert wanted in scene.imap.enabled
    scene.saw("ENABLE", WORKS)


@feature("IMAP4rev1")
async def test_imap4rev1(scene: Scene) -> None:
    imap = scene.imap
    assert "IMAP4rev1" in imap.capabilities
    await imap.noop()
    await imap.create(scene.name("a"))
    await imap.append(scene.name("a"), b"Subject: x\r\n\r\nbody\r\n")
    async with imap.select(scene.name("a")) as mailbox:
        (message,) = await mailbox.fetch_all(await mailbox.search(), aimap.FLAGS, aimap.ENVELOPE)
        assert message.envelope.subject == "x"
        await mailbox.add_flags(message.uid, aimap.Flag.SEEN)
        assert await mailbox.search(aimap.SEEN) == UIDSet(message.uid)
        await mailbox.delete(message.uid)
        assert await mailbox.search() == UIDSet()
    await imap.delete(scene.name("a"))
    scene.saw("IMAP4rev1", WORKS)


@feature("response codes")
async def test_why_something_is_refused(scene: Scene) -> None:
    """RFC 5530; Cyrus and Courier tell none of these but TRYCREATE."""
    imap = scene.imap

    async def code(call: Awaitable[object]) -> str | None:
        with pytest.raises(aimap.NoError) as caught:
            await call
        return caught.value.code.name if caught.value.code is not None else None

    there, nowhere = scene.name("there"), scene.name("nowhere")
    await imap.create(there)
    assert await code(imap.append(nowhere, b"Subject: x\r\n\r\n")) == "TRYCREATE"
    said = [await code(imap.create(there)), await code(imap.delete(nowhere))]
    if scene.kind in ("cyrus", "courier"):
        assert said == [None, None]
    else:
        assert said == ["ALREADYEXISTS", "NONEXISTENT"]
    scene.saw("response codes", WORKS)


@feature("IMAP4rev2")
async def test_imap4rev2(scene: Scene) -> None:
    if scene.kind != "embedded":
        await scene.refuses("IMAP4rev2", lambda: scene.imap.enable("IMAP4rev2"))
        return
    # No extension beside it: all that is done here is part of it.
    async with connected_anew(
        scene, joe(scene), serving={"capabilities": ["IMAP4rev2", "LITERAL-"]}
    ) as imap:
        assert "IMAP4rev2" in await imap.enable("IMAP4rev2")
        await imap.create("Grüße")
        stored = await imap.append("Grüße", b"Subject: x\r\n\r\n")
        assert stored is not None
        (info,) = await imap.list("Gr*", status=["MESSAGES", "SIZE", "DELETED"])
        assert info.status is not None
        assert (info.name, info.status.messages, info.status.deleted) == ("Grüße", 1, 0)
        assert (await imap.namespace()).personal
        async with imap.select("Grüße") as mailbox:
            assert await mailbox.search(aimap.SUBJECT("x")) == stored.uids
            assert dict(await mailbox.move(stored.uids, "INBOX"))
        async with imap.select("INBOX") as inbox:
            assert inbox.exists == 1
        with pytest.raises(aimap.InvalidArgumentError, match="RECENT"):
            await imap.status("INBOX", ["RECENT"])
    scene.saw("IMAP4rev2", WORKS)


@feature("UTF8=ONLY")
async def test_utf_8_is_demanded(scene: Scene) -> None:
    if scene.kind != "embedded":
        assert not scene.offers("UTF8=ONLY")
        scene.saw("UTF8=ONLY", NOT_OFFERED)
        return
    offered = CAPABILITIES | {"UTF8=ONLY"}
    async with connected_anew(scene, joe(scene), serving={"capabilities": offered}) as imap:
        assert "UTF8=ACCEPT" in imap.enabled
        await imap.create("Grüße")
        assert "Grüße" in [info.name for info in await imap.list()]
    scene.saw("UTF8=ONLY", WORKS)


@feature("UTF8=ALL, =APPEND, =USER")
async def test_utf_8_of_old(scene: Scene) -> None:
    """All is as without them (RFC 6855 section 9): UTF8=ACCEPT is what matters, and its ENABLE."""
    names = ["UTF8=ALL", "UTF8=APPEND", "UTF8=USER"]
    if scene.kind != "embedded":
        assert not any(map(scene.offers, names))
        scene.saw("UTF8=ALL, =APPEND, =USER", NOT_OFFERED)
        return
    offered = CAPABILITIES - {"UTF8=ACCEPT"} | set(names)
    async with connected_anew(scene, joe(scene), serving={"capabilities": offered}) as imap:
        assert set(names) <= imap.capabilities
        await imap.create("Grüße")
        assert "Grüße" in [info.name for info in await imap.list()]
        assert await imap.append("Grüße", b"Subject: x\r\n\r\n") is not None
        async with imap.examine("Grüße") as mailbox:
            assert await mailbox.search(aimap.SUBJECT("ü")) == aimap.UIDSet()
        message = aimap.commands.AppendMessage("Subject: ü\r\n\r\n".encode(), utf8=True)
        with pytest.raises(aimap.CapabilityError, match="UTF8=ACCEPT"):
            await imap.append("Grüße", message)
        with pytest.raises(aimap.CapabilityError, match="UTF8=ACCEPT"):
            await imap.enable("UTF8=ACCEPT")
    scene.saw("UTF8=ALL, =APPEND, =USER", WORKS)


@feature("LANGUAGE", "I18NLEVEL")
async def test_languages(scene: Scene) -> None:
    imap = scene.imap
    if scene.offers("LANGUAGE"):
        tags = await imap.languages()
        assert tags
        assert await imap.set_language("x-none", *tags) in tags
        scene.saw("LANGUAGE", WORKS)
    else:
        await scene.refuses("LANGUAGE", imap.languages)
        await scene.refuses("LANGUAGE", lambda: imap.set_language("de"))
    if scene.offers("I18NLEVEL=2"):
        active = (await imap.comparator()).active
        assert active.startswith("i;")
        assert (await imap.comparator("i;unicode-casemap")).active == "i;unicode-casemap"
        scene.saw("I18NLEVEL", WORKS)
    else:
        await scene.refuses("I18NLEVEL", imap.comparator, capability="I18NLEVEL=2")


@feature("JMAPACCESS")
async def test_where_jmap_is(scene: Scene) -> None:
    if not scene.offers("JMAPACCESS"):
        await scene.refuses("JMAPACCESS", scene.imap.jmap_url)
        return
    url = await scene.imap.jmap_url()
    assert url is not None
    assert url.startswith("https://")
    scene.saw("JMAPACCESS", WORKS)


@feature("MULTISEARCH")
async def test_several_mailboxes_at_once(scene: Scene) -> None:
    imap = scene.imap
    if not scene.offers("MULTISEARCH"):
        await scene.refuses("MULTISEARCH", lambda: imap.search(aimap.ALL, ["INBOX"]))
        return
    await imap.create("a")
    for name in ("INBOX", "a", "Sent"):
        await imap.append(name, b"Subject: x\r\n\r\n")
    found = await imap.search(aimap.SUBJECT("x"), ["INBOX", "a"])
    assert {each.mailbox: each.all for each in found} == {"INBOX": UIDSet(1), "a": UIDSet(1)}
    assert all(each.uid_validity for each in found)
    (one,) = await imap.search(aimap.SUBJECT("x"), "a", returning=["COUNT"])
    assert (one.mailbox, one.count) == ("a", 1)
    everywhere = await imap.search(aimap.ALL, [aimap.commands.MailboxFilter.PERSONAL])
    assert {each.mailbox for each in everywhere} == {"INBOX", "a", "Sent"}
    scene.saw("MULTISEARCH", WORKS)
