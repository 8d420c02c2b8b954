"""Which mailboxes there are, and what they are for."""

from __future__ import annotations

import pytest

import aimap
from aimap import SpecialUse
from aimap.commands import XList

from .frame import FALLS_BACK, WORKS, Scene, Verdict, feature


def either(scene: Scene, capability: str) -> Verdict:
    return WORKS if scene.offers(capability) else FALLS_BACK


@feature("LIST-EXTENDED", "CHILDREN")
async def test_selections_and_several_patterns(scene: Scene) -> None:
    imap = scene.imap
    outer, inner = scene.name("a"), scene.name("a", "b")
    await imap.create(outer)
    await imap.create(inner)
    await imap.subscribe(inner)
    await imap.unsubscribe(outer)
    found = await imap.list(["INBOX", outer, scene.name("a", "%")], subscriptions=True)
    by_name = {info.name: info for info in found}
    assert set(by_name) == {"INBOX", outer, inner}
    assert "\\HasChildren" in by_name[outer].attributes
    assert "\\HasNoChildren" in by_name[inner].attributes
    assert "\\Subscribed" in by_name[inner].attributes
    assert "\\Subscribed" not in by_name[outer].attributes
    subscribed = [info.name for info in await imap.list(subscribed=True)]
    assert inner in subscribed
    assert outer not in subscribed
    if scene.offers("LIST-EXTENDED"):
        (above,) = await imap.list(outer, subscribed=True, recursive_match=True)
        assert above.child_info == ("SUBSCRIBED",)
    else:
        with pytest.raises(aimap.CapabilityError, match="LIST-EXTENDED"):
            await imap.list(outer, subscribed=True, recursive_match=True)
    scene.saw("LIST-EXTENDED", either(scene, "LIST-EXTENDED"))
    scene.saw("CHILDREN", WORKS)


@feature("LIST-STATUS")
async def test_counts_of_all_at_once(scene: Scene) -> None:
    imap = scene.imap
    await imap.create(scene.name("a"))
    await imap.append(scene.name("a"), b"Subject: x\r\n\r\n")
    before = imap.statistics().commands
    found = {info.name: info.status for info in await imap.list(status=["MESSAGES", "UIDNEXT"])}
    sent = imap.statistics().commands - before
    status = found[scene.name("a")]
    assert status is not None
    assert (status.messages, status.uid_next) == (1, 2)
    assert found["INBOX"] is not None
    assert found["INBOX"].messages == 0
    assert sent == (1 if scene.offers("LIST-STATUS") else 1 + len(found))
    scene.saw("LIST-STATUS", either(scene, "LIST-STATUS"))


@feature("LIST-MYRIGHTS")
async def test_rights_in_all_at_once(scene: Scene) -> None:
    imap = scene.imap
    await imap.create(scene.name("a"))
    for info in await imap.list(my_rights=True):
        assert info.my_rights == await imap.my_rights(info.name)
    scene.saw("LIST-MYRIGHTS", either(scene, "LIST-MYRIGHTS"))


@feature("LIST-METADATA")
async def test_metadata_of_all_at_once(scene: Scene) -> None:
    imap = scene.imap
    comment = "/private/comment"
    if not scene.offers("METADATA"):
        await scene.refuses(
            "LIST-METADATA", lambda: imap.list(metadata=[comment]), capability="METADATA"
        )
        return
    await imap.create("a")
    await imap.set_metadata("a", {comment: "mine"})
    found = {info.name: info.metadata for info in await imap.list(metadata=[comment])}
    assert found["a"] == {comment: b"mine"}
    assert found["INBOX"].get(comment) is None
    scene.saw("LIST-METADATA", either(scene, "LIST-METADATA"))


@feature("SPECIAL-USE", "XLIST")
async def test_what_mailboxes_are_for(scene: Scene) -> None:
    imap = scene.imap
    if scene.kind == "courier":
        await imap.create(scene.name("Drafts"))
        await imap.create(scene.name("Papierkorb"))
        await imap.create(scene.name("Papierkorb", "Gesendet"))
    found = await imap.special_use()
    assert found[SpecialUse.DRAFTS].name == scene.name("Drafts")
    told = await imap.special_use(by_name=False)
    if scene.offers("SPECIAL-USE"):
        assert told[SpecialUse.DRAFTS] == found[SpecialUse.DRAFTS]
    else:
        assert told == {}
        assert found[SpecialUse.TRASH].name == scene.name("Papierkorb")
    scene.saw("SPECIAL-USE", either(scene, "SPECIAL-USE"))
    if scene.offers("XLIST"):
        xlist = {info.name: info for info in await imap.submit(XList("*")).wait()}
        assert xlist["Drafts"].special_use == "\\Drafts"
    scene.saw("XLIST", either(scene, "XLIST"))


@feature("CREATE-SPECIAL-USE", "OBJECTID")
async def test_a_mailbox_for_something(scene: Scene) -> None:
    imap = scene.imap
    if scene.offers("CREATE-SPECIAL-USE"):
        await imap.create("Old mail", special_use=SpecialUse.ARCHIVE)
        assert (await imap.special_use(by_name=False))[SpecialUse.ARCHIVE].name == "Old mail"
        with pytest.raises(aimap.NoError) as caught:
            await imap.create("What", special_use=["\\Nothing"])
        assert caught.value.code is not None
        assert caught.value.code.name == "USEATTR"
        scene.saw("CREATE-SPECIAL-USE", WORKS)
    else:
        name = scene.name("Old mail")
        await scene.refuses(
            "CREATE-SPECIAL-USE", lambda: imap.create(name, special_use=SpecialUse.ARCHIVE)
        )
    told = await imap.create(scene.name("new"))
    if scene.offers("OBJECTID"):
        assert told
        assert (await imap.status("new", ["MAILBOXID"])).mailbox_id == told
        scene.saw("OBJECTID", WORKS)
    else:
        assert told is None
        await scene.refuses("OBJECTID", lambda: imap.status("INBOX", ["MAILBOXID"]))


@feature("NAMESPACE")
async def test_where_mailboxes_live(scene: Scene) -> None:
    (own,) = (await scene.imap.namespace()).personal
    assert (own.prefix, own.delimiter) == (scene.server.prefix, scene.server.delimiter)
    name = await scene.imap.mailbox_name("Archive", "2026")
    assert name == scene.name("Archive", "2026")
    await scene.imap.create(name)
    assert await scene.imap.mailbox_name("inbox") == "INBOX"
    with pytest.raises(aimap.InvalidArgumentError):
        await scene.imap.mailbox_name(f"a{scene.server.delimiter}b")
    scene.saw("NAMESPACE", WORKS)


@feature("MAILBOX-REFERRALS")
async def test_mailboxes_of_other_servers(scene: Scene) -> None:
    imap = scene.imap
    if scene.offers("MAILBOX-REFERRALS") or scene.offers("LIST-EXTENDED"):
        found = [info.name for info in await imap.list(remote=True)]
        assert {"INBOX", "Drafts"} <= set(found)
        assert "INBOX" in [info.name for info in await imap.list(remote=True, subscriptions=True)]
        scene.saw("MAILBOX-REFERRALS", either(scene, "MAILBOX-REFERRALS"))
        return
    await scene.refuses("MAILBOX-REFERRALS", lambda: imap.list(remote=True))


@feature("UNSELECT")
async def test_a_mailbox_is_left_without_expunging(scene: Scene) -> None:
    imap = scene.imap
    await imap.append("INBOX", b"Subject: x\r\n\r\n", flags=[aimap.Flag.DELETED])
    async with imap.select("INBOX"):
        pass
    async with imap.select("INBOX") as inbox:
        assert inbox.exists == 1
    scene.saw("UNSELECT", either(scene, "UNSELECT"))


@feature("modified UTF-7")
async def test_names_are_what_they_are(scene: Scene) -> None:
    imap = scene.imap
    name = scene.name("Grüße", "日本 & Co")
    await imap.create(scene.name("Grüße"))
    await imap.create(name)
    await imap.append(name, b"Subject: x\r\n\r\n")
    assert name in [info.name for info in await imap.list()]
    assert (await imap.status(name)).messages == 1
    other = scene.name("Ümbenannt")
    await imap.rename(name, other)
    async with imap.examine(other) as mailbox:
        assert mailbox.name == other
    await imap.delete(other)
    with pytest.raises(aimap.NoError):
        await imap.status(other)
    scene.saw("modified UTF-7", WORKS)
