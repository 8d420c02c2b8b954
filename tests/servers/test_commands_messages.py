"""Command objects on the messages of a selected mailbox, on every server that offers them."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import pytest
import trio

import aimap
from aimap import (
    ENVELOPE,
    FLAGS,
    Flag,
    Message,
    SeqSet,
    UIDSet,
    criteria,
    items,
)
from aimap.commands import (
    Append,
    AppendMessage,
    Check,
    Close,
    Copy,
    Create,
    Enable,
    EventGroup,
    Examine,
    Expunge,
    Fetch,
    GenUrlAuth,
    MailboxFilter,
    Move,
    Noop,
    Notify,
    QResync,
    ResetKey,
    Search,
    Select,
    SelectResult,
    Status,
    Store,
    StoreAnnotations,
    Unselect,
    UrlFetch,
)

from .probe import CYRUS, DOVECOT, NOT_COURIER, Probe, sends
from .support import fill, tapped
from .test_by_the_letter import RICH


def short(number: int) -> bytes:
    return b"Subject: %d\r\n\r\nx\r\n" % number


async def flags(probe: Probe) -> dict[int, AbstractSet[str]]:
    found = await probe.ask(UIDSet("1:*"), FLAGS)
    return {message.uid: message.flags - {Flag.RECENT} for message in found}


@sends(Select, Examine, Close, Check, SelectResult)
async def test_selecting_and_leaving(probe: Probe) -> None:
    await fill(probe.imap, map(short, range(3)))
    selected = await probe(Select("INBOX"))
    assert isinstance(selected, SelectResult)
    assert (selected.response.condition, selected.vanished, selected.changed) == (
        "OK",
        UIDSet(),
        (),
    )
    assert selected.response.code is not None
    assert selected.response.code.name == "READ-WRITE"
    assert probe.imap.state is aimap.ConnectionState.SELECTED
    await probe(Check())
    await probe(Store(UIDSet(1), "+", [Flag.DELETED]))
    examined = await probe(Examine("INBOX"))
    assert examined.response.code is not None
    assert examined.response.code.name == "READ-ONLY"
    await probe(Close())
    assert probe.imap.state is aimap.ConnectionState.AUTHENTICATED
    assert (await probe(Status("INBOX", ["MESSAGES"]))).messages == 3
    await probe(Select("INBOX"))
    await probe(Close())
    assert (await probe(Status("INBOX", ["MESSAGES"]))).messages == 2
    with pytest.raises(aimap.NoError):
        await probe(Select(probe.name("none")))
    assert probe.imap.state is aimap.ConnectionState.AUTHENTICATED


@sends(Unselect, needs="UNSELECT", on=NOT_COURIER)
async def test_unselect(probe: Probe) -> None:
    await fill(probe.imap, map(short, range(2)))
    await probe(Select("INBOX"))
    await probe(Store(UIDSet(1), "+", [Flag.DELETED]))
    await probe(Unselect())
    assert probe.imap.state is aimap.ConnectionState.AUTHENTICATED
    assert (await probe(Status("INBOX", ["MESSAGES"]))).messages == 2


@sends(Store)
async def test_store(probe: Probe) -> None:
    await fill(probe.imap, map(short, range(3)))
    await probe(Select("INBOX"))
    assert await probe(Store(UIDSet("1:2"), "+", [Flag.SEEN, "$Work"])) == UIDSet()
    assert await flags(probe) == {1: {Flag.SEEN, "$Work"}, 2: {Flag.SEEN, "$Work"}, 3: set()}
    answers: list[Message] = []
    await probe(Store(UIDSet(2), "-", ["$Work"], silent=False, deliver=answers.extend))
    assert [(m.seq, Flag.SEEN in m.flags, "$Work" in m.flags) for m in answers] == [
        (2, True, False)
    ]
    answers.clear()
    await probe(Store(SeqSet("1,3"), "", [Flag.FLAGGED], silent=False, deliver=answers.extend))
    assert [(m.seq, m.flags - {Flag.RECENT}) for m in answers] == [
        (1, {Flag.FLAGGED}),
        (3, {Flag.FLAGGED}),
    ]
    await probe(Store(UIDSet(1), "", []))
    assert await flags(probe) == {1: set(), 2: {Flag.SEEN}, 3: {Flag.FLAGGED}}


@sends(Store, Fetch, needs="CONDSTORE", on=NOT_COURIER)
async def test_conditional_store_and_fetch(probe: Probe) -> None:
    await fill(probe.imap, map(short, range(3)))
    await probe(Select("INBOX", condstore=True))
    before = {m.uid: m.modseq for m in await probe.ask(UIDSet("1:3"), items.MODSEQ)}
    since = max(before.values())
    await probe(Store(UIDSet(2), "+", [Flag.SEEN]))
    left_alone = await probe(Store(UIDSet("1:3"), "+", [Flag.FLAGGED], unchanged_since=since))
    assert left_alone == UIDSet(2)
    assert await flags(probe) == {1: {Flag.FLAGGED}, 2: {Flag.SEEN}, 3: {Flag.FLAGGED}}
    changed: list[Message] = []
    rest = await probe(Fetch(UIDSet("1:3"), [FLAGS], changed.extend, changed_since=since))
    assert rest == UIDSet()
    assert {m.uid for m in changed} == {1, 2, 3}
    assert all(m.modseq > since for m in changed)
    assert await probe(
        Fetch(UIDSet("1:3"), [FLAGS], changed.extend, changed_since=max(m.modseq for m in changed))
    ) == UIDSet("1:3")


@sends(Enable, Select, QResync, SelectResult, Fetch, needs="QRESYNC", on=NOT_COURIER)
async def test_qresync(probe: Probe) -> None:
    await fill(probe.imap, map(short, range(9)))
    assert "QRESYNC" in await probe(Enable("QRESYNC"))
    status = await probe(Status("INBOX", ["UIDVALIDITY", "HIGHESTMODSEQ"]))
    await probe(Select("INBOX"))
    validity, since = status.uid_validity, status.highest_modseq
    await probe(Store(UIDSet("2,5,9"), "+", [Flag.DELETED]))
    await probe(Expunge(UIDSet("2,5,9")))
    await probe(Store(UIDSet(3), "+", [Flag.FLAGGED]))
    vanished: list[UIDSet] = []
    changed: list[Message] = []
    await probe(
        Fetch(
            UIDSet("1:9"), [FLAGS], changed.extend, changed_since=since, on_vanished=vanished.append
        )
    )
    assert vanished == [UIDSet("2,5,9")]
    assert [m.uid for m in changed] == [3]
    await probe(Unselect())
    for known in (
        QResync(validity, since),
        QResync(validity, since, UIDSet("1:9")),
        QResync(validity, since, UIDSet("1:9"), (SeqSet("1,3"), UIDSet("1,3"))),
    ):
        selected = await probe(Select("INBOX", qresync=known))
        assert selected.vanished == UIDSet("2,5,9")
        assert [(m.uid, Flag.FLAGGED in m.flags) for m in selected.changed] == [(3, True)]
    selected = await probe(Select("INBOX", qresync=QResync(validity, since, UIDSet("1:4"))))
    assert selected.vanished == UIDSet(2)
    selected = await probe(Select("INBOX", qresync=QResync(validity + 1, since)))
    assert (selected.vanished, selected.changed) == (UIDSet(), ())


@sends(Copy)
async def test_copy(probe: Probe) -> None:
    other = probe.name("Other")
    await probe(Create(other))
    await fill(probe.imap, map(short, range(4)))
    await probe(Select("INBOX"))
    by_uid = await probe(Copy(UIDSet("1,3"), other))
    assert by_uid is not None
    assert (by_uid.source, by_uid.destination) == (((1, 1), (3, 3)), ((1, 2),))
    by_number = await probe(Copy(SeqSet("2:3"), other))
    assert by_number is not None
    assert (by_number.source, by_number.destination) == (((2, 3),), ((3, 4),))
    with pytest.raises(aimap.NoError) as caught:
        await probe(Copy(UIDSet(1), probe.name("none")))
    assert caught.value.code is not None
    assert caught.value.code.name == "TRYCREATE"
    await probe(Select(other))
    assert [m.envelope.subject for m in await probe.ask(UIDSet("1:4"), ENVELOPE)] == list("0212")


@sends(Move, needs="MOVE", on=NOT_COURIER)
async def test_move(probe: Probe) -> None:
    await probe(Create("Other"))
    await fill(probe.imap, map(short, range(4)))
    await probe(Select("INBOX"))
    by_uid = await probe(Move(UIDSet("1,3"), "Other"))
    assert by_uid is not None
    assert (by_uid.source, by_uid.destination) == (((1, 1), (3, 3)), ((1, 2),))
    by_number = await probe(Move(SeqSet(2), "Other"))
    assert by_number is not None
    assert (by_number.source, by_number.destination) == (((4, 4),), ((3, 3),))
    assert set(await flags(probe)) == {2}


@sends(Expunge)
async def test_expunge(probe: Probe) -> None:
    await fill(probe.imap, map(short, range(5)))
    await probe(Select("INBOX"))
    await probe(Store(UIDSet("1:3,5"), "+", [Flag.DELETED]))
    await probe(Expunge(UIDSet("2,4")))
    assert set(await flags(probe)) == {1, 3, 4, 5}
    await probe(Expunge())
    assert set(await flags(probe)) == {4}


@sends(StoreAnnotations, Fetch, Append, AppendMessage, needs="ANNOTATE-EXPERIMENT-1", on=CYRUS)
async def test_annotations(probe: Probe) -> None:
    await fill(probe.imap, map(short, range(2)))
    await probe(Select("INBOX", annotate=True))
    answers: list[Message] = []
    await probe(
        StoreAnnotations(
            UIDSet(1),
            {"/comment": {"value.priv": "my Grüße", "value.shared": b"ours"}},
            deliver=answers.extend,
        )
    )
    (one,) = await probe.ask(UIDSet(1), items.ANNOTATION("/comment", ["value", "size.priv"]))
    size = str(len("my Grüße".encode())).encode()
    assert one.annotations["/comment"] == {
        "value.priv": "my Grüße".encode(),
        "value.shared": b"ours",
        "size.priv": size,
    }
    found = await probe(Search(criteria.ANNOTATION("/comment", "value", "ours"), extended=True))
    assert found == UIDSet(1)
    await probe(StoreAnnotations(UIDSet(1), {"/comment": {"value.priv": None}}))
    (one,) = await probe.ask(UIDSet(1), items.ANNOTATION("/comment", "value.priv"))
    assert one.annotations["/comment"] == {"value.priv": None}
    annotated = AppendMessage(short(3), annotations={"/altsubject": {"value.priv": "other"}})
    await probe(Append("INBOX", annotated))
    (one,) = await probe.ask(UIDSet(3), items.ANNOTATION("/altsubject", "value.priv"))
    assert one.annotations["/altsubject"] == {"value.priv": b"other"}


@sends(GenUrlAuth, UrlFetch, ResetKey, needs="URLAUTH", on=CYRUS)
async def test_urlauth(probe: Probe) -> None:
    await fill(probe.imap, [RICH])
    # Cyrus makes a mailbox's key when it is first reset.
    await probe(ResetKey("INBOX", ["INTERNAL"]))
    rumps = [
        f"imap://{probe.user}@localhost/INBOX/;UID=1{part};URLAUTH=user+{probe.user}"
        for part in ("", "/;SECTION=2")
    ]
    urls = await probe(GenUrlAuth(rumps))
    assert [url.rpartition(":")[0] for url in urls] == [f"{rump}:internal" for rump in rumps]
    whole, part = await probe(UrlFetch(urls))
    assert (whole.url, whole.body) == (urls[0], RICH)
    assert part.body == b"AAECAw=="
    (part,) = await probe(UrlFetch(urls[1:], ["BINARY", "BODYPARTSTRUCTURE"]))
    assert part.binary == b"\0\1\2\3"
    assert part.structure is not None
    assert part.structure.filename == "naïve.bin"
    await probe(ResetKey("INBOX"))
    (void,) = await probe(UrlFetch(urls[:1]))
    assert void.body is None
    await probe(ResetKey())


async def until_told(probe: Probe, name: str) -> aimap.MailboxStatus | aimap.MailboxInfo:
    """Wait for news of a mailbox: the server gathers them, and tells them in its own time."""
    with trio.fail_after(20):
        while True:
            for each in probe.news():
                told = each.mailbox if isinstance(each, aimap.ListResponse) else each
                assert isinstance(told, (aimap.MailboxStatus, aimap.MailboxInfo))
                if name == (told.name if isinstance(told, aimap.MailboxInfo) else told.mailbox):
                    return told
            await probe(Noop())


@sends(Notify, EventGroup, MailboxFilter, needs="NOTIFY", on=DOVECOT)
async def test_notify(probe: Probe) -> None:
    # Dovecot 2.3 never knows a mailbox that NOTIFY names by modified UTF-7, and it names
    # mailboxes itself by UTF-8 then.
    other_than_ascii = "Grüße & Co"
    for name in ("Other", other_than_ascii):
        await probe(Create(name))
    groups = [
        EventGroup(MailboxFilter.SELECTED, ["MessageNew", "MessageExpunge"], [FLAGS]),
        EventGroup(MailboxFilter.named("Other"), ["MessageNew", "MessageExpunge", "FlagChange"]),
        EventGroup(MailboxFilter.PERSONAL, ["MessageNew", "MessageExpunge", "MailboxName"]),
    ]
    await probe(Notify(groups, status=True))
    told = {
        each.mailbox: each.messages
        for each in probe.news()
        if isinstance(each, aimap.MailboxStatus)
    }
    assert told == {"INBOX": 0, "Drafts": 0, "Other": 0, other_than_ascii: 0}
    async with tapped(probe.server, probe.user) as other:
        for name in ("Other", other_than_ascii):
            await other.append(name, short(1))
            status = await until_told(probe, name)
            assert isinstance(status, aimap.MailboxStatus)
            assert (status.messages, status.uid_next) == (1, 2)
        await other.create("Ü")
        assert isinstance(await until_told(probe, "Ü"), aimap.MailboxInfo)
        await probe(Notify())
        probe.news()
        await other.append("Other", short(1))
        await probe(Noop())
