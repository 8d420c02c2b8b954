"""Command objects that need no selected mailbox, on every server that offers them."""

from __future__ import annotations

import pytest
import trio

import aimap
from aimap.commands import (
    Append,
    Authenticate,
    Capability,
    Compress,
    Create,
    Delete,
    DeleteAcl,
    Enable,
    GetAcl,
    GetMetadata,
    GetQuota,
    GetQuotaRoot,
    Id,
    Idle,
    List,
    ListExtended,
    ListRights,
    Login,
    Logout,
    Lsub,
    MailboxQuota,
    Metadata,
    MyRights,
    Namespace,
    Noop,
    Rename,
    RList,
    RLsub,
    SetAcl,
    SetMetadata,
    SetQuota,
    StartTLS,
    Status,
    Subscribe,
    Unauthenticate,
    Unsubscribe,
    XList,
)

from .probe import COURIER, CYRUS, NOT_COURIER, Probe, sends
from .support import connected, tapped


@sends(Capability, Noop, Logout)
async def test_any_state(probe: Probe) -> None:
    told = await probe(Capability())
    assert "IMAP4rev1" in told
    assert told == probe.imap.capabilities
    await probe(Noop())
    async with aimap.connect(probe.server.host, port=probe.server.port, tls="insecure") as stranger:
        before = await stranger.submit(Capability()).wait()
        assert "STARTTLS" in before
        await stranger.submit(Logout()).wait()
        assert stranger.state is aimap.ConnectionState.LOGOUT


@sends(StartTLS)
async def test_starttls(probe: Probe) -> None:
    async with aimap.connect(
        probe.server.host,
        port=probe.server.port,
        tls="starttls",
        ssl_context=probe.server.client_context,
    ) as imap:
        assert "STARTTLS" not in imap.capabilities


@sends(Login)
async def test_login(probe: Probe) -> None:
    server = probe.server
    async with aimap.connect(server.host, port=server.port, tls="insecure") as imap:
        await imap.submit(Login(probe.user, server.password)).wait()
        assert imap.state is aimap.ConnectionState.AUTHENTICATED


@sends(Authenticate)
async def test_authenticate(probe: Probe) -> None:
    server = probe.server
    message = f"\0{probe.user}\0{server.password}".encode()
    for in_command in (False, True):
        async with aimap.connect(
            server.host, port=server.tls_port, ssl_context=server.client_context
        ) as imap:
            assert "PLAIN" in imap.capabilities.auth_mechanisms
            if in_command and "SASL-IR" not in imap.capabilities:
                break
            command = Authenticate(
                "PLAIN", lambda challenge: b"", initial=message, in_command=in_command
            )
            await imap.submit(command).wait()
            assert imap.state is aimap.ConnectionState.AUTHENTICATED
            assert (await imap.status("INBOX")).messages == 0


@sends(Unauthenticate, Login, needs="UNAUTHENTICATE", on=CYRUS, because="administrators only")
async def test_unauthenticate(probe: Probe) -> None:
    server = probe.server
    async with tapped(server, server.administrator()) as imap:
        assert "STATUS=SIZE" in imap.capabilities
        await imap.submit(Unauthenticate()).wait()
        assert imap.state is aimap.ConnectionState.NOT_AUTHENTICATED
        assert "STATUS=SIZE" not in imap.capabilities
        await imap.submit(Login(probe.user, server.password)).wait()
        assert (await imap.status("INBOX")).messages == 0


@sends(Unauthenticate, Login, needs="UNAUTHENTICATE", on=CYRUS, because="administrators only")
async def test_unauthenticate_ends_compression(probe: Probe) -> None:
    """RFC 8437 section 4.1."""
    server = probe.server
    admin = server.administrator()
    async with connected(server, admin, tls="insecure", compress=True) as imap:
        await imap.submit(Unauthenticate()).wait()
        await imap.submit(Login(probe.user, server.password)).wait()
        assert (await imap.status("INBOX")).messages == 0


@sends(Compress, needs="COMPRESS=DEFLATE", on=NOT_COURIER)
async def test_compress(probe: Probe) -> None:
    async with aimap.connect(
        probe.server.host,
        port=probe.server.port,
        tls="insecure",
        auth=aimap.Password(probe.user, probe.server.password),
        compress=True,
    ) as imap:
        await imap.append("INBOX", b"Subject: x\r\n\r\n" + b"again " * 5000 + b"\r\n")
        assert imap.statistics().octets_sent > 30_000
        assert (await imap.status("INBOX")).messages == 1


@sends(Id, needs="ID", on=NOT_COURIER)
async def test_id(probe: Probe) -> None:
    names = {"dovecot": "Dovecot", "cyrus": "Cyrus IMAPD"}
    for fields in (None, {"name": "aimap", "version": None, "vendor": 'a "quoted" \\ one'}):
        assert (await probe(Id(fields)))["name"] == names[probe.server.kind]


@sends(Enable)
async def test_enable(probe: Probe) -> None:
    wanted = "CONDSTORE" if probe.offers("CONDSTORE") else "UTF8=ACCEPT"
    assert await probe(Enable(wanted, "X-NO-SUCH")) == {wanted}
    assert wanted in probe.imap.enabled


@sends(Create, Rename, Delete, Subscribe, Unsubscribe, List, Lsub)
async def test_mailboxes(probe: Probe) -> None:
    outer, inner = probe.name("Grüße"), probe.name("Grüße", "日本 & Co")
    told = await probe(Create(outer, delimiter=probe.server.delimiter))
    assert (told is None) == (not probe.offers("OBJECTID"))
    if told is not None:
        assert (await probe(Status(outer, ["MAILBOXID"]))).mailbox_id == told
    await probe(Create(inner))
    with pytest.raises(aimap.NoError):
        await probe(Create(inner))
    await probe(Subscribe(inner))
    assert inner in [info.name for info in await probe(Lsub("*"))]
    await probe(Unsubscribe(inner))
    assert inner not in [info.name for info in await probe(Lsub("*"))]
    listed = {info.name: info for info in await probe(List("*"))}
    assert {"INBOX", outer, inner} <= set(listed)
    assert listed[outer].delimiter == probe.server.delimiter
    assert "\\HasChildren" in listed[outer].attributes
    assert [info.name for info in await probe(List("%", outer + probe.server.delimiter))] == [inner]
    (root,) = await probe(List(""))
    assert root.delimiter == probe.server.delimiter
    await probe(Append(inner, b"Subject: x\r\n\r\n"))
    other = probe.name("Ümbenannt")
    await probe(Rename(inner, other, delimiter=probe.server.delimiter))
    assert (await probe(Status(other, ["MESSAGES"]))).messages == 1
    await probe(Delete(other))
    with pytest.raises(aimap.NoError):
        await probe(Status(other, ["MESSAGES"]))
    names = [info.name for info in await probe(List("*"))]
    assert inner not in names
    assert other not in names


@sends(Create, needs="CREATE-SPECIAL-USE", on=CYRUS)
async def test_creating_for_a_special_use(probe: Probe) -> None:
    await probe(Create("Old mail", use=["\\Archive"]))
    (info,) = await probe(List("Old*", returning=["SPECIAL-USE"]))
    assert (info.name, info.special_use) == ("Old mail", "\\Archive")


@sends(Namespace)
async def test_namespace(probe: Probe) -> None:
    (own,) = (await probe(Namespace())).personal
    assert (own.prefix, own.delimiter) == (probe.server.prefix, probe.server.delimiter)


@sends(Status)
async def test_status(probe: Probe) -> None:
    await probe(Append("INBOX", b"Subject: x\r\n\r\nx\r\n"))
    items = ["MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN"]
    status = await probe(Status("inbox", items))
    assert (status.messages, status.unseen, status.uid_next) == (1, 1, 2)
    assert status.recent in (0, 1)
    assert status.uid_validity > 0
    if probe.offers("CONDSTORE"):
        assert (await probe(Status("INBOX", ["HIGHESTMODSEQ"]))).highest_modseq > 0
    if probe.offers("STATUS=SIZE"):
        assert (await probe(Status("INBOX", ["SIZE"]))).size == 17
    if probe.offers("OBJECTID"):
        assert (await probe(Status("INBOX", ["MAILBOXID"]))).mailbox_id
    with pytest.raises(aimap.NoError):
        await probe(Status(probe.name("none"), ["MESSAGES"]))


@sends(ListExtended, needs="LIST-EXTENDED", on=NOT_COURIER)
async def test_list_extended(probe: Probe) -> None:
    await probe(Create("a/b"))
    await probe(Subscribe("a/b"))
    await probe(Append("a/b", b"Subject: x\r\n\r\nx\r\n"))
    found = await probe(ListExtended(["INBOX", "a/%"], returning=["SUBSCRIBED", "CHILDREN"]))
    by_name = {each.name: each for each in found}
    assert set(by_name) == {"INBOX", "a/b"}
    assert "\\Subscribed" in by_name["a/b"].attributes
    assert "\\HasNoChildren" in by_name["a/b"].attributes
    found = await probe(ListExtended("*", selection=["SUBSCRIBED"]))
    assert "a/b" in [each.name for each in found]
    assert "a" not in [each.name for each in found]
    (above,) = await probe(ListExtended("a", selection=["SUBSCRIBED", "RECURSIVEMATCH"]))
    assert above.child_info == ("SUBSCRIBED",)
    found = await probe(ListExtended("*", selection=["SPECIAL-USE"]))
    assert "Drafts" in [each.name for each in found]
    assert "a/b" not in [each.name for each in found]
    found = await probe(ListExtended("a/*", status=["MESSAGES", "UIDNEXT"]))
    (only,) = found
    assert only.status is not None
    assert (only.status.messages, only.status.uid_next) == (1, 2)


@sends(ListExtended, needs="LIST-MYRIGHTS", on=CYRUS)
async def test_listing_rights_and_metadata(probe: Probe) -> None:
    await probe(SetMetadata("INBOX", {"/private/comment": "mine"}))
    found = await probe(
        ListExtended("*", my_rights=True, metadata=["/private/comment"], status=["MESSAGES"])
    )
    by_name = {each.name: each for each in found}
    assert by_name["INBOX"].metadata == {"/private/comment": b"mine"}
    assert by_name["Drafts"].metadata == {"/private/comment": None}
    for each in found:
        assert each.my_rights is not None
        assert each.my_rights >= set("lrswipkxtea")
        assert each.status is not None
        assert each.status.messages == 0


@sends(XList, needs="XLIST", on=CYRUS)
async def test_xlist(probe: Probe) -> None:
    found = {info.name: info for info in await probe(XList("*"))}
    assert found["Drafts"].special_use == "\\Drafts"
    assert "\\Inbox" in found["INBOX"].attributes


@sends(RList, RLsub, needs="MAILBOX-REFERRALS", on=CYRUS)
async def test_rlist_and_rlsub(probe: Probe) -> None:
    names = ["INBOX", "Drafts", "Sent", "Trash"]
    assert [info.name for info in await probe(RList("*"))] == names
    assert [info.name for info in await probe(RLsub("*"))] == names


@sends(SetAcl, GetAcl, MyRights, ListRights, DeleteAcl)
async def test_acl(probe: Probe) -> None:
    friend = probe.server.new_user()
    shared = probe.name("shared")
    await probe(Create(shared))
    before = await probe(GetAcl(shared))
    assert before is not None
    assert friend not in before.rights
    await probe(SetAcl(shared, friend, "lr"))
    await probe(SetAcl(shared, friend, "s", change="+"))
    await probe(SetAcl(shared, friend, "l", change="-"))
    after = await probe(GetAcl(shared))
    assert after is not None
    assert after.mailbox == shared
    assert after.rights == {**before.rights, friend: frozenset("rs")}
    mine = await probe(MyRights(shared))
    assert mine is not None
    assert mine.rights >= set("lrswi")
    listed = await probe(ListRights(shared, friend))
    assert listed is not None
    assert (listed.mailbox, listed.identifier) == (shared, friend)
    assert listed.required | frozenset().union(*listed.optional) >= set("lrswi")
    await probe(DeleteAcl(shared, friend))
    assert await probe(GetAcl(shared)) == before
    with pytest.raises(aimap.InvalidArgumentError):
        await probe(SetAcl(shared, friend, "z"))


@sends(GetQuotaRoot, MailboxQuota)
async def test_getquotaroot(probe: Probe) -> None:
    roots = {"dovecot": "User quota", "cyrus": "INBOX", "courier": "ROOT"}
    root = roots[probe.server.kind]
    quota = await probe(GetQuotaRoot("INBOX"))
    assert quota.roots == (root,)
    assert [each.root for each in quota.quotas] == [root]
    (told,) = quota.quotas
    storage = told.resource("STORAGE")
    if probe.server.kind == "dovecot":
        assert storage is not None
        assert storage.limit == 10 * 1024 * 1024
    else:
        assert told.resources == ()


@sends(GetQuota, on=("dovecot", "courier"), because="Cyrus tells administrators only")
async def test_getquota(probe: Probe) -> None:
    quota = await probe(GetQuotaRoot("INBOX"))
    (root,) = quota.roots
    assert (await probe(GetQuota(root)),) == quota.quotas
    with pytest.raises(aimap.NoError):
        await probe(SetQuota(root, {"STORAGE": 1000}))


@sends(SetQuota, GetQuota, on=CYRUS, because="there is no administrator elsewhere")
async def test_setquota(probe: Probe) -> None:
    root = f"user/{probe.user}"
    async with tapped(probe.server, probe.server.administrator()) as imap:
        admin = Probe(probe.server, "", imap)
        await admin(SetQuota(root, {"STORAGE": 1000, "MESSAGE": 5}))
        told = await admin(GetQuota(root))
        assert told is not None
        assert {each.name: each.limit for each in told.resources} == {"STORAGE": 1000, "MESSAGE": 5}
        assert admin.news() == []
    quota = await probe(GetQuotaRoot("INBOX"))
    message = quota.quotas[0].resource("message")
    assert message is not None
    assert (message.usage, message.limit) == (0, 5)


@sends(SetMetadata, GetMetadata, Metadata, needs="METADATA", on=NOT_COURIER)
async def test_metadata(probe: Probe) -> None:
    comment = "/private/comment"
    for value in ("", "short", 'with "quotes" \\ and Grüße', "line\r\nline", "long" * 500):
        await probe(SetMetadata("INBOX", {comment: value}))
        told = await probe(GetMetadata("INBOX", comment))
        # Cyrus keeps nothing where there is nothing.
        kept = value.encode() if value or probe.server.kind != "cyrus" else None
        assert told == Metadata({comment: kept}), value
    told = await probe(GetMetadata("INBOX", comment, max_size=100))
    assert (told.values.get(comment), told.longest) == (None, 2000)
    await probe(SetMetadata("INBOX", {comment: None}))
    assert (await probe(GetMetadata("INBOX", comment))).values == {comment: None}


@sends(Idle, needs="IDLE")
async def test_idle(probe: Probe) -> None:
    async with probe.imap.select("INBOX"):
        idling = probe.imap.submit(Idle())
        await probe.imap.noop()
        with trio.fail_after(10):
            await idling.wait()


@sends(Enable, Create, List, Lsub, Status, Subscribe, needs="UTF8=ACCEPT", on=COURIER)
async def test_mailboxes_by_names_in_utf_8(probe: Probe) -> None:
    await probe(Create(probe.name("Grüße")))
    await probe(Enable("UTF8=ACCEPT"))
    names = {probe.name(name) for name in ("Grüße", "日本語 & Co", "&-", 'q"u\\o')}
    for name in names - {probe.name("Grüße")}:
        await probe(Create(name))
    for name in names:
        await probe(Subscribe(name))
        assert (await probe(Status(name, ["MESSAGES"]))).mailbox == name
    assert {info.name for info in await probe(List("*"))} == {"INBOX", *names}
    assert {info.name for info in await probe(Lsub("*"))} == {"INBOX", *names}
