"""Rights and quotas."""

from __future__ import annotations

import pytest

import aimap
from tests.servers.support import tapped

from .frame import WORKS, Scene, feature


@feature("ACL")
async def test_who_may_do_what(scene: Scene) -> None:
    imap = scene.imap
    friend = scene.server.new_user()
    shared = scene.name("shared")
    await imap.create(shared)
    before = await imap.acl(shared)
    assert friend not in before.rights
    await imap.set_acl(shared, friend, "lr")
    await imap.set_acl(shared, friend, "s", change="+")
    await imap.set_acl(shared, friend, "l", change="-")
    after = await imap.acl(shared)
    assert after.rights == {**before.rights, friend: frozenset("rs")}
    assert await imap.my_rights(shared) >= set("lrswi")
    listed = await imap.list_rights(shared, friend)
    assert (listed.mailbox, listed.identifier) == (shared, friend)
    assert listed.required | frozenset().union(*listed.optional) >= set("lrswi")
    await imap.delete_acl(shared, friend)
    assert await imap.acl(shared) == before
    with pytest.raises(aimap.InvalidArgumentError):
        await imap.set_acl(shared, friend, "z")
    with pytest.raises(aimap.NoError):
        await imap.acl(scene.name("none"))
    scene.saw("ACL", WORKS)


@feature("QUOTA")
async def test_what_is_used_and_what_may_be(scene: Scene) -> None:
    quota = await scene.imap.quota("INBOX")
    assert len(quota.roots) == 1
    assert [each.root for each in quota.quotas] == list(quota.roots)
    storage = quota.quotas[0].resource("storage")
    if scene.kind == "dovecot":
        assert storage is not None
        assert storage.limit == 10 * 1024 * 1024
    if scene.kind != "cyrus":
        # Cyrus tells administrators only.
        assert (await scene.imap.quota_root(quota.roots[0])).root == quota.roots[0]
    scene.saw("QUOTA", WORKS)


@feature("QUOTASET")
async def test_changing_what_may_be_used(scene: Scene) -> None:
    """Where nobody may do it, the server says so: it knows the command."""
    (root,) = (await scene.imap.quota()).roots
    if scene.kind == "cyrus":
        root = f"user/{scene.user}"
        async with tapped(scene.server, scene.server.administrator()) as admin:
            await admin.set_quota(root, {"STORAGE": 1000})
            storage = (await admin.quota_root(root)).resource("STORAGE")
            assert storage is not None
            assert storage.limit == 1000
    elif scene.kind == "embedded":
        told = await scene.imap.set_quota(root, {"STORAGE": 1000, "MESSAGE": 2})
        assert told is not None
        message = told.resource("MESSAGE")
        assert message is not None
        assert message.limit == 2
        with pytest.raises(aimap.CapabilityError, match="QUOTA=RES-X-MINE"):
            await scene.imap.set_quota(root, {"X-MINE": 1})
    else:
        with pytest.raises(aimap.NoError):
            await scene.imap.set_quota(root, {"STORAGE": 1000})
    scene.saw("QUOTASET", WORKS)
