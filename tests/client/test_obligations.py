"""What a client must not do: whatever the user calls, ours does not send it.

Each wrong wish is an error at once, before anything is sent; or it is made right.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import attrs
import pytest
import trio
import trio.testing

import aimap
from aimap import (
    CapabilityError,
    InvalidArgumentError,
    LocalProtocolError,
    SeqSet,
    StateError,
    UIDSet,
    commands,
    items,
)
from aimap.commands import (
    SAVED,
    AppendMessage,
    QResync,
    SortKey,
)
from aimap.testing import CAPABILITIES, Server
from tests.obligations import ROWS

from .support import Conversation, connected, played, selected
from .wrong_wishes import (
    CLOSED,
    EVERYTHING,
    INBOX,
    REFUSED,
    UTF8_OPEN,
    Act,
    Seat,
    open_in,
)

ELSEWHERE = {
    "login-disabled": "test_no_login_where_it_is_disabled",
    "status-of-selected": "test_status_of_the_selected_mailbox",
    "after-unauthenticate": "test_behind_unauthenticate",
    "literal-plus-not-offered": "test_literals_wait_where_they_must",
    "literal-minus-size": "test_literals_wait_where_they_must",
    "literal-before-plus": "test_literals_wait_where_they_must",
    "two-literals-waiting": "test_literals_wait_where_they_must",
    "literal8-elsewhere": "test_literal8_where_it_belongs",
    "nothing-behind-compress": "test_nothing_behind_what_changes_the_stream",
    "nothing-behind-unauthenticate": "test_behind_unauthenticate",
    "only-done-behind-idle": "test_everything_at_once",
    "numbers-behind-expunge": "test_everything_at_once",
    "answers-alike": "test_everything_at_once",
    "fetch-behind-store": "test_fetch_behind_store",
    "star-below-start": "test_star_below_start",
    "search-charset": "test_text_of_8_bits",
    "login-8bit": "test_text_of_8_bits",
    "header-8bit": "test_8bit_headers_are_surfaced",
    "multiappend-not-offered": "test_several_messages_without_multiappend",
    "modified-is-no-success": "test_modified_is_no_success",
    "move-fall-back": "test_move_without_move",
    "plain-expunge": "test_expunge_without_uidplus",
    "bye-is-no-success": "test_bye_is_no_success",
    "star-in-known-uids": "test_known_uids_have_no_star",
}
"""Rows with a test of their own."""

CANNOT_BE_SAID = {
    "arguments": "the parameters of each class are those of the command",
    "bare-lf": "the encoder ends lines, and puts a line end nowhere else (test_encoder.py)",
    "nothing-behind-starttls": "only connect() does it (test_connecting.py)",
    "nothing-behind-authenticate": "barriers (test_gate.py), and test_login_refused.py",
    "return-behind-charset": "the class writes them in order (test_write_search.py)",
    "reverse-alone": "REVERSE is a property of a SortKey",
    "charset-as-literal": "a charset is an atom (test_write_search.py)",
    "status-option-twice": "Status asks once, ListExtended refuses it (test_refusals.py)",
    "metadata-options-behind": "the class writes them in order (test_write_mailboxes.py)",
    "unchangedsince-behind": "the class writes it in order (test_write_messages.py)",
    "binary-size-range": "BINARY_SIZE has no such parameter",
}
"""Rows that no call can express."""


def test_no_row_is_forgotten() -> None:
    rows = {row for row, *_ in REFUSED}
    assert rows | set(ELSEWHERE) | set(CANNOT_BE_SAID) == set(ROWS)
    assert set(ELSEWHERE.values()) <= set(globals())


@asynccontextmanager
async def seated(where: tuple[str, str, str], **options: Any) -> AsyncGenerator[Seat]:
    enabled, mode, name = where
    async with connected(messages=2, capabilities=EVERYTHING, **options) as (imap, server):
        await imap.list()
        if enabled:
            await imap.enable(enabled)
        if not mode:
            yield Seat(imap, None, server)
            return
        async with (imap.select if mode == "select" else imap.examine)(name) as inbox:
            yield Seat(imap, inbox, server)


@pytest.mark.parametrize(
    ("where", "act", "error", "reason"),
    [pytest.param(*rest, id=f"{row}-{at}") for at, (row, *rest) in enumerate(REFUSED)],
)
async def test_refused_before_anything_is_sent(
    where: tuple[str, str, str], act: Act, error: type[LocalProtocolError], reason: str
) -> None:
    async with seated(where) as seat:
        before = attrs.asdict(seat.imap.statistics())
        with pytest.raises(error, match=reason):
            await act(seat)
        assert attrs.asdict(seat.imap.statistics()) == before
        # The connection is as it was.
        await seat.imap.noop()


async def test_an_empty_set_does_nothing() -> None:
    async with seated(INBOX) as seat:
        before = seat.imap.statistics().commands
        inbox = seat.inbox
        assert await inbox.fetch_all([], items.FLAGS) == []
        await inbox.add_flags([], "\\Seen")
        await inbox.expunge([])
        assert not await inbox.copy([], "Sent")
        assert not await inbox.move([], "Sent")
        assert seat.imap.statistics().commands == before


async def test_long_sets_are_split() -> None:
    many = UIDSet(range(1, 9000, 2))
    async with seated(INBOX) as seat:
        assert [message.uid for message in await seat.inbox.fetch_all(many, items.FLAGS)] == [1]
        await seat.inbox.add_flags(many, "X")
        assert await seat.inbox.search(aimap.IN(many)) == UIDSet(1)
        await seat.inbox.move(many, "Sent")
        assert len(seat.server.mailbox("joe", "Sent").messages) == 1


async def test_no_login_where_it_is_disabled() -> None:
    greeting = b"* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hi\r\n"
    async with played(greeting=b"* PREAUTH [CAPABILITY IMAP4rev1 UNAUTHENTICATE] hi\r\n") as (
        imap,
        server,
    ):
        left = imap.submit(commands.Unauthenticate())
        assert await server.hears() == b"A1 UNAUTHENTICATE"
        await server.says(b"A1 OK [CAPABILITY IMAP4rev1 LOGINDISABLED] left\r\n")
        await left.wait()
        with trio.fail_after(5), pytest.raises(StateError, match="LOGINDISABLED"):
            await imap.submit(commands.Login("joe", "secret")).wait()
        await server.nothing_more()
    async with played(greeting=greeting, auth=None) as (imap, server):
        with trio.fail_after(5), pytest.raises(StateError, match="LOGINDISABLED"):
            await imap.submit(commands.Login("joe", "secret")).wait()


@pytest.mark.breaks("status-of-selected")
async def test_status_of_the_selected_mailbox() -> None:
    # It is legal: a CLIENTBUG in the OK is no failure.
    async with connected_with_violations() as (imap, _), imap.select("INBOX"):
        assert (await imap.status("INBOX")).messages == 2


@asynccontextmanager
async def connected_with_violations() -> AsyncGenerator[tuple[aimap.Client, Server]]:
    async with aimap.testing.serve(tls="insecure", host=None) as server:
        for _ in range(2):
            server.deliver("joe", b"Subject: x\r\n\r\nx")
        async with aimap.connect(
            "localhost",
            tls="insecure",
            stream=server.connect(),
            auth=aimap.Password("joe", "secret"),
        ) as imap:
            yield imap, server


async def test_behind_unauthenticate() -> None:
    async with connected(messages=2, capabilities=EVERYTHING) as (imap, server):
        await imap.list()
        await imap.enable("QRESYNC")
        async with imap.select("INBOX"):
            left = imap.submit(commands.Unauthenticate())
            again = imap.submit(commands.Login("joe", "secret"))
            late = imap.submit(commands.Select("INBOX", qresync=QResync(1, 1)))
            await left.wait()
            assert imap.state is aimap.ConnectionState.NOT_AUTHENTICATED
            await again.wait()
            with pytest.raises(InvalidArgumentError, match="enabled"):
                await late.wait()
        assert server.commands[-2:] == ["UNAUTHENTICATE", "LOGIN"]


@pytest.mark.breaks("hierarchy")
async def test_another_user_may_have_another_delimiter() -> None:
    async with connected_with_violations() as (imap, _):
        await imap.list()
        with pytest.raises(InvalidArgumentError, match="without a name"):
            await imap.create("a//b")
        await imap.submit(commands.Unauthenticate()).wait()
        await imap.submit(commands.Login("joe", "secret")).wait()
        with pytest.raises(aimap.NoError, match="CANNOT"):
            await imap.create("a//b")


async def test_examined_is_for_reading_whatever_the_server_says() -> None:
    async with played() as (imap, server), trio.open_nursery() as nursery:

        async def play() -> None:
            assert await server.hears() == b"A1 EXAMINE INBOX"
            await server.says(b"* 3 EXISTS\r\nA1 OK [READ-WRITE] open\r\n")

        nursery.start_soon(play)
        async with imap.examine("INBOX") as inbox:
            assert inbox.read_only
            with pytest.raises(StateError, match="reading only"):
                await imap.submit(commands.Expunge()).wait()


@pytest.mark.parametrize("literals", ["LITERAL+", "LITERAL-", ""])
async def test_literals_wait_where_they_must(literals: str) -> None:
    offered = (CAPABILITIES - {"LITERAL+"}) | ({literals} - {""})
    async with connected(messages=1, capabilities=offered) as (imap, server):
        messages = [b"x" * size for size in (10, 4096, 4097, 100_000)]
        futures = [imap.submit(commands.Append("Sent", message)) for message in messages]
        futures.append(
            imap.submit(commands.MultiAppend("Sent", [AppendMessage(m) for m in messages]))
        )
        await imap.noop()
        for future in futures:
            await future.wait()
        assert [m.octets for m in server.mailbox("joe", "Sent").messages] == messages * 2


async def test_literal8_where_it_belongs() -> None:
    async with seated(CLOSED) as seat:
        await seat.imap.append("Sent", b"a\0b")
        entries = {"/shared/comment": b"a\0b"}
        await seat.send(lambda: commands.SetMetadata("INBOX", entries))
        await seat.send(lambda: commands.GetMetadata("INBOX", ["/shared/comment"]))
        assert seat.server.mailbox("joe").entries == entries
    async with connected(capabilities=CAPABILITIES - {"BINARY"}) as (imap, _):
        with pytest.raises(aimap.CapabilityError, match="BINARY"):
            await imap.append("Sent", b"a\0b")


async def test_nothing_behind_what_changes_the_stream() -> None:
    async with connected(messages=1, compress=True) as (imap, server):
        assert "COMPRESS" in server.commands
        assert (await imap.status("Sent")).messages == 0


async def test_everything_at_once(autojump_clock: Any) -> None:
    """Send all kinds of commands again and again; the server sees which came too early."""

    def wishes() -> list[commands.Command[Any]]:
        numbers, uids = SeqSet("1:2"), UIDSet("1:2")
        return [
            commands.Noop(),
            commands.Fetch(numbers, [items.FLAGS], lambda _: None),
            commands.Store(numbers, "+", ["X"]),
            commands.Copy(numbers, "Sent"),
            commands.Fetch(uids, [items.FLAGS], lambda _: None),
            commands.Search(aimap.SEEN, extended=False),
            commands.SeqSearch(aimap.IN(numbers), extended=False),
            commands.Search(aimap.IN(numbers), extended=True),
            commands.Sort([SortKey.DATE], aimap.ALL),
            commands.ThreadSearch("ORDEREDSUBJECT", aimap.ALL),
            commands.List("*"),
            commands.Lsub("*"),
            commands.Id(),
            commands.Namespace(),
            commands.Idle(),
            commands.ESearch(aimap.ALL, ["SAVE"]),
            commands.Fetch(SAVED, [items.FLAGS], lambda _: None),
            commands.Status("Sent", ["MESSAGES"]),
            commands.Append("Sent", b"x"),
        ]

    async with connected(messages=2, latency=0.3) as (imap, _), imap.select("INBOX"):
        first = imap.submit(commands.ESearch(aimap.ALL, ["SAVE"]))
        await first.wait()
        for step in range(1, 8):
            ordered = wishes() + wishes()
            futures = [
                imap.submit(ordered[at * step % len(ordered)])
                for at in range(len(ordered))
                if step % 2 or at < len(ordered) // 2
            ]
            for future in futures:
                await future.wait()


async def test_fetch_behind_store() -> None:
    async with seated(INBOX) as seat:
        for _ in range(3):
            await seat.inbox.add_flags("1:2", "\\Seen")
            assert all(
                m.flags == {"\\Seen"} for m in await seat.inbox.fetch_all("1:2", items.FLAGS)
            )
            await seat.inbox.set_flags("1:2")
            assert not any(m.flags for m in await seat.inbox.fetch_all("1:2", items.FLAGS))


async def test_star_below_start() -> None:
    async with seated(INBOX) as seat:
        assert await seat.inbox.fetch_all("9:*", items.FLAGS) == []
        assert await seat.inbox.search(aimap.IN(UIDSet("9:*"))) == UIDSet()
        await seat.inbox.add_flags("9:*", "\\Deleted")
        assert not any(message.flags for message in seat.server.mailbox("joe").messages)


async def test_text_of_8_bits() -> None:
    async with seated(INBOX) as seat:
        assert await seat.inbox.search(aimap.SUBJECT("ü")) == UIDSet()
    async with seated(UTF8_OPEN) as seat:
        assert await seat.inbox.search(aimap.SUBJECT("ü")) == UIDSet()
    with pytest.raises(InvalidArgumentError, match="ASCII only"):
        commands.Login("jö", "x")
    async with aimap.testing.serve({"jö": "gehäim"}, tls="insecure", host=None) as server:
        async with aimap.connect(
            "localhost",
            tls="insecure",
            stream=server.connect(),
            auth=aimap.Password("jö", "gehäim"),
        ):
            assert "LOGIN" not in server.commands


@pytest.mark.breaks("header-8bit")
async def test_8bit_headers_are_surfaced() -> None:
    async with connected_with_violations() as (imap, server):
        message = "Subject: ü\r\n\r\nx".encode()
        with pytest.raises(aimap.NoError, match="8-bit octets in a header"):
            await imap.append("Sent", message)
        await imap.enable("UTF8=ACCEPT")
        await imap.append("Sent", message)
        assert [each.octets for each in server.mailbox("joe", "Sent").messages] == [message]


async def test_several_messages_without_multiappend() -> None:
    async with connected(capabilities=CAPABILITIES - {"MULTIAPPEND"}) as (imap, server):
        both = [AppendMessage(b"1"), AppendMessage(b"2")]
        with pytest.raises(CapabilityError, match="MULTIAPPEND: 2 messages go in as many commands"):
            await imap.submit(commands.MultiAppend("Sent", both)).wait()
        await imap.submit(commands.MultiAppend("Sent", both[:1])).wait()
        assert len(server.mailbox("joe", "Sent").messages) == 1


async def test_modified_is_no_success() -> None:
    async with seated(INBOX) as seat:
        await seat.inbox.add_flags(1, "X")
        modseq = seat.server.mailbox("joe").highest_modseq
        await seat.inbox.add_flags(2, "X")
        left_alone = await seat.send(
            lambda: commands.Store(UIDSet("1:2"), "+", ["Y"], unchanged_since=modseq)
        )
        assert left_alone == UIDSet(2)


async def test_known_uids_have_no_star() -> None:
    async with seated(open_in("QRESYNC", mode="")) as seat:
        validity = seat.server.mailbox("joe").uid_validity
        known = QResync(validity, 1, UIDSet("1:*"), (SeqSet("1:2"), UIDSet("1:2")))
        await seat.send(lambda: commands.Select("INBOX", qresync=known))
        # What is known of one mailbox has nothing to do with how many messages another has.
        known = QResync(validity, 1, UIDSet(), (SeqSet("1:9"), UIDSet("1:9")))
        await seat.send(lambda: commands.Select("Sent", qresync=known))


# What is heard behind SELECT, and what the server says to it; all are moved by pieces of 1:3.
MOVES_WITHOUT_MOVE: dict[str, Conversation] = {
    "all": [
        (b"UID COPY 1:3 Trash", b"%s OK [COPYUID 7 1:3 11:13] done"),
        (b"UID STORE 1:3 +FLAGS.SILENT (\\Deleted)", b"%s OK stored"),
        (b"UID EXPUNGE 1:3", b"%s OK gone"),
    ],
    "one was gone": [
        (b"UID COPY 1:3 Trash", b"%s OK [COPYUID 7 1,3 11:12] not all"),
        (b"UID SEARCH UID 2", b"* SEARCH\r\n%s OK none"),
        (b"UID STORE 1,3 +FLAGS.SILENT (\\Deleted)", b"%s OK stored"),
        (b"UID EXPUNGE 1,3", b"%s OK gone"),
    ],
    "one was left out, for good": [
        (b"UID COPY 1:3 Trash", b"%s OK [COPYUID 7 1,3 11:12] not all"),
        (b"UID SEARCH UID 2", b"* SEARCH 2\r\n%s OK there"),
        (b"UID COPY 2 Trash", b"%s OK [COPYUID 7 2 13] another one"),
        (b"UID STORE 1:3 +FLAGS.SILENT (\\Deleted)", b"%s OK stored"),
        (b"UID EXPUNGE 1:3", b"%s OK gone"),
    ],
    "one was gone, and found all the same": [
        (b"UID COPY 1:3 Trash", b"%s OK [COPYUID 7 1,3 11:12] not all"),
        (b"UID SEARCH UID 2", b"* SEARCH 2\r\n%s OK as far as it knows"),
        (b"UID COPY 2 Trash", b"%s OK and nothing was copied"),
        (b"UID STORE 1,3 +FLAGS.SILENT (\\Deleted)", b"%s OK stored"),
        (b"UID EXPUNGE 1,3", b"%s OK gone"),
    ],
    "a limit told beside the copies": [
        (b"UID COPY 1:3 Trash", b"* OK [COPYUID 7 3 11] one\r\n%s OK [MESSAGELIMIT 1 3] not all"),
        (b"UID COPY 1 Trash", b"%s OK [COPYUID 7 1 12] one"),
        (b"UID COPY 2 Trash", b"%s OK [COPYUID 7 2 13] one"),
        (b"UID STORE 1:3 +FLAGS.SILENT (\\Deleted)", b"%s OK stored"),
        (b"UID EXPUNGE 1:3", b"%s OK gone"),
    ],
    "a limit": [
        (b"UID COPY 1:3 Trash", b"%s OK [MESSAGELIMIT 2 2] not all"),
        (b"UID COPY 1 Trash", b"%s OK done"),
        (b"UID STORE 1:3 +FLAGS.SILENT (\\Deleted)", b"%s OK stored"),
        (b"UID EXPUNGE 1:3", b"%s OK gone"),
    ],
    "a limit, and an OK that is a NO": [
        (b"UID COPY 1:3 Trash", b"%s OK [MESSAGELIMIT 2] none"),
        (b"UID COPY 1:2 Trash", b"%s OK done"),
        (b"UID COPY 3 Trash", b"%s OK done"),
        (b"UID STORE 1:3 +FLAGS.SILENT (\\Deleted)", b"%s OK stored"),
        (b"UID EXPUNGE 1:3", b"%s OK gone"),
    ],
    "a limit, refused": [
        (b"UID COPY 1:3 Trash", b"%s NO [SAVELIMIT 2] too many"),
        (b"UID COPY 1:2 Trash", b"%s OK done"),
        (b"UID COPY 3 Trash", b"%s OK done"),
        (b"UID STORE 1:3 +FLAGS.SILENT (\\Deleted)", b"%s OK stored"),
        (b"UID EXPUNGE 1:3", b"%s OK gone"),
    ],
    "refused since one is gone": [
        (b"UID COPY 1:3 Trash", b"%s NO [EXPUNGEISSUED] some are gone"),
        (b"UID SEARCH UID 1:3", b"* SEARCH 1 3\r\n%s OK there"),
        (b"UID COPY 1,3 Trash", b"%s OK [COPYUID 7 1,3 11:12] done"),
        (b"UID SEARCH UID 2", b"* SEARCH\r\n%s OK none"),
        (b"UID STORE 1,3 +FLAGS.SILENT (\\Deleted)", b"%s OK stored"),
        (b"UID EXPUNGE 1,3", b"%s OK gone"),
    ],
    "no more said": [
        (b"UID COPY 1:3 Trash", b"%s OK done, and no more said"),
        (b"UID STORE 1:3 +FLAGS.SILENT (\\Deleted)", b"%s OK stored"),
        (b"UID EXPUNGE 1:3", b"%s OK gone"),
    ],
    "more new ones than old ones": [
        (b"UID COPY 1:3 Trash", b"%s OK [COPYUID 7 1:3 11:14] lies"),
        (b"UID STORE 1:3 +FLAGS.SILENT (\\Deleted)", b"%s OK stored"),
        (b"UID EXPUNGE 1:3", b"%s OK gone"),
    ],
}

MOVES_REFUSED: dict[str, Conversation] = {
    "refused": [(b"UID COPY 1:3 Trash", b"%s NO [OVERQUOTA] too much")],
    "a limit of nothing": [(b"UID COPY 1:3 Trash", b"%s OK [MESSAGELIMIT 3] none")],
    "a limit above them all": [(b"UID COPY 1:3 Trash", b"%s OK [MESSAGELIMIT 3 4] none")],
    "refused since one is gone, and none is": [
        (b"UID COPY 1:3 Trash", b"%s NO [EXPUNGEISSUED] some are gone"),
        (b"UID SEARCH UID 1:3", b"* SEARCH 1 2 3\r\n%s OK there"),
    ],
    "refused in the middle": [
        (b"UID COPY 1:3 Trash", b"%s OK [MESSAGELIMIT 2 2] not all"),
        (b"UID COPY 1 Trash", b"%s NO [OVERQUOTA] too much"),
    ],
}


@pytest.mark.parametrize("name", MOVES_WITHOUT_MOVE)
async def test_move_without_move(name: str) -> None:
    async with selected("UIDPLUS", MOVES_WITHOUT_MOVE[name]) as inbox:
        moved = await inbox.move("1:3", "Trash")
        gone = {2} if "gone" in name else set()
        assert moved.missing == gone
        assert moved.old_uids | moved.untold == {1, 2, 3} - gone


@pytest.mark.parametrize("name", MOVES_REFUSED)
async def test_move_without_move_refused(name: str) -> None:
    async with selected("UIDPLUS", MOVES_REFUSED[name]) as inbox:
        with pytest.raises(aimap.NoError) as caught:
            await inbox.move("1:3", "Trash")
        notes = getattr(caught.value, "__notes__", [])
        assert notes == (["before that, it was carried out for 2:3"] if "middle" in name else [])


async def test_expunge_without_uidplus() -> None:
    async with connected(messages=3, capabilities=CAPABILITIES - {"UIDPLUS"}) as (imap, server):
        async with imap.select("INBOX") as inbox:
            await inbox.add_flags("1:2", "\\Deleted")
            with pytest.raises(CapabilityError, match="other messages are marked"):
                await inbox.expunge(1)
            assert len(server.mailbox("joe").messages) == 3
            await inbox.expunge("1:2")
            assert [message.uid for message in server.mailbox("joe").messages] == [3]


@pytest.mark.parametrize("end", [b"* BYE going down\r\n", b"A1 BYE going down\r\n", b""])
async def test_bye_is_no_success(end: bytes) -> None:
    async with played() as (imap, server):
        pending = imap.submit(commands.Store(UIDSet(1), "+", ["X"])), imap.submit(commands.Noop())
        assert await server.hears() == b"A1 NOOP"
        await server.says(end)
        await server.stream.aclose()
        with pytest.raises(StateError):
            await pending[0].wait()
        with pytest.raises(aimap.ConnectionLostError):
            await pending[1].wait()


async def test_what_comes_near_is_sent() -> None:
    async with seated(INBOX) as seat:
        nothing: Any = lambda _: None  # noqa: E731
        for numbers in ("2:*", "*", "1:2", "2,*"):
            await seat.send(partial(commands.Fetch, SeqSet(numbers), [items.FLAGS], nothing))
        await seat.send(lambda: commands.ESearch(aimap.ALL, ["SAVE"]))
        await seat.send(lambda: commands.Fetch(SAVED, [items.FLAGS], nothing))
        await seat.imap.create("foo/")
        await seat.imap.append("Sent", b"x", date=datetime(9999, 12, 31, tzinfo=UTC))
        await seat.imap.append("Sent", b"x", date=datetime(1, 1, 1, tzinfo=UTC))
        await seat.inbox.search(aimap.SINCE(date(1, 1, 1)) | aimap.BEFORE(date(9999, 12, 31)))
        await seat.send(lambda: commands.SetAcl("INBOX", "fred", "lrkx"))
        replaced = await seat.send(lambda: commands.Replace(UIDSet(2), "Sent", b"new"))
        assert seat.server.mailbox("joe", "Sent").messages[-1].octets == b"new"
        assert seat.server.mailbox("joe", "Sent").messages[-1].uid == replaced.uids.first
        assert seat.server.mailbox("joe").find(2) is None
