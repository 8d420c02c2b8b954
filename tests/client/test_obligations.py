"""What a client must not do: whatever the user calls, ours does not send it.

Each wrong wish is an error at once, before anything is sent; or it is made right.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta, timezone
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
    criteria,
    items,
)
from aimap.commands import (
    SAVED,
    AppendMessage,
    EventGroup,
    MailboxFilter,
    Partial,
    QResync,
    SortKey,
    UrlPart,
)
from aimap.testing import CAPABILITIES, Server
from tests.obligations import ROWS

from .support import connected, played

EVERYTHING = CAPABILITIES | {"IMAP4REV2", "NOTIFY", "MESSAGELIMIT=4294967295"}


@attrs.frozen
class Seat:
    """What a test may use.

    Attributes:
        imap: a client.
        inbox: INBOX, which is selected, with two messages; or nothing.
        server: the embedded server.
    """

    imap: aimap.Client
    inbox: Any
    server: Server

    async def send(self, make: Callable[[], Any]) -> Any:
        return await self.imap.submit(make()).wait()


Act = Callable[[Seat], Any]


def sent(make: Callable[[], Any]) -> Act:
    """Make a command object and submit it."""
    return lambda seat: seat.send(make)


def fetch(numbers: Callable[[], Any], *more: Any, **options: Any) -> Act:
    return sent(lambda: commands.Fetch(numbers(), [items.FLAGS, *more], lambda _: None, **options))


def search(make: Callable[[], Any]) -> Act:
    return sent(lambda: commands.ESearch(make(), ["ALL"]))


def open_in(
    enabled: str = "", *, mode: str = "select", name: str = "INBOX"
) -> tuple[str, str, str]:
    return enabled, mode, name


CLOSED = open_in(mode="")
INBOX = open_in()
EXAMINED = open_in(mode="examine")
EMPTY = open_in(name="Sent")
REV2 = open_in("IMAP4rev2")
UIDONLY = open_in("UIDONLY")
UTF8 = open_in("UTF8=ACCEPT", mode="")
UTF8_OPEN = open_in("UTF8=ACCEPT")
QRESYNC = open_in("QRESYNC")

# Row, where one is, what is wished, what comes of it.
REFUSED: list[tuple[str, tuple[str, str, str], Act, type[LocalProtocolError], str]] = [
    ("state", CLOSED, fetch(lambda: UIDSet(1)), StateError, "no mailbox is selected"),
    ("state", CLOSED, sent(commands.Close), StateError, "no mailbox is selected"),
    ("state", CLOSED, sent(lambda: commands.Login("joe", "x")), StateError, "the state is authenticated"),
    ("enable-while-selected", INBOX, lambda s: s.imap.enable("CONDSTORE"), StateError, "selected"),
    ("enable-while-selected", INBOX, sent(lambda: commands.Enable("CONDSTORE")), StateError, "selected"),
    ("starttls-after-login", CLOSED, sent(commands.StartTLS), StateError, "the state is authenticated"),
    ("authenticate-twice", CLOSED,
        sent(lambda: commands.Authenticate("PLAIN", lambda _: b"")), StateError, "the state is authenticated"),
    ("read-only-mailbox", EXAMINED, lambda s: s.inbox.add_flags(1, "\\Seen"), StateError, "reading only"),
    ("read-only-mailbox", EXAMINED, lambda s: s.inbox.move(1, "Sent"), StateError, "reading only"),
    ("read-only-mailbox", EXAMINED, lambda s: s.inbox.expunge(), StateError, "reading only"),
    ("read-only-mailbox", EXAMINED, sent(lambda: commands.Store(UIDSet(1), "", [])), StateError, "reading only"),
    ("read-only-mailbox", EXAMINED, sent(commands.Expunge), StateError, "reading only"),
    ("read-only-mailbox", EXAMINED, sent(lambda: commands.Expunge(UIDSet(1))), StateError, "reading only"),
    ("read-only-mailbox", EXAMINED, sent(lambda: commands.Move(UIDSet(1), "Sent")), StateError, "reading only"),
    ("read-only-mailbox", EXAMINED,
        sent(lambda: commands.Replace(UIDSet(1), "Sent", b"x")), StateError, "reading only"),
    ("id-limits", CLOSED, lambda s: s.imap.id({"k" * 31: None}), InvalidArgumentError, "at most 30 octets"),
    ("id-limits", CLOSED, lambda s: s.imap.id({"k": "v" * 1025}), InvalidArgumentError, "at most 1024 octets"),
    ("id-limits", CLOSED,
        lambda s: s.imap.id({f"k{n}": None for n in range(31)}), InvalidArgumentError, "at most 30 fields"),
    ("id-limits", CLOSED, lambda s: s.imap.id({"a": "1", "A": "2"}), InvalidArgumentError, "named once"),
    ("removed-in-rev2", REV2, sent(commands.Check), InvalidArgumentError, "no CHECK"),
    ("removed-in-rev2", REV2, sent(lambda: commands.Lsub("*")), InvalidArgumentError, "no LSUB"),
    ("removed-in-rev2", REV2, fetch(lambda: UIDSet(1), items.RFC822), InvalidArgumentError, "no RFC822"),
    ("removed-in-rev2", REV2, lambda s: s.inbox.fetch_all(1, items.RFC822_TEXT), InvalidArgumentError, "RFC822.TEXT"),
    ("removed-in-rev2", REV2, lambda s: s.inbox.search(criteria.RECENT), InvalidArgumentError, "no search key RECENT"),
    ("removed-in-rev2", REV2, lambda s: s.imap.status("Sent", ["RECENT"]), InvalidArgumentError, "STATUS item RECENT"),
    ("long-line", INBOX, search(lambda: aimap.IN(UIDSet(range(1, 9000, 2)))), InvalidArgumentError, "8192"),
    ("long-line", INBOX, fetch(lambda: UIDSet(range(1, 9000, 2))), InvalidArgumentError, "8192"),
    ("nul", INBOX, search(lambda: aimap.SUBJECT("a\0b")), InvalidArgumentError, "NUL"),
    ("nul", CLOSED, lambda s: s.imap.create("a\0b"), InvalidArgumentError, "control characters"),
    ("number-zero", INBOX, lambda s: s.inbox.fetch_all(0, items.FLAGS), InvalidArgumentError, "1 to 4294967295"),
    ("number-zero", INBOX, fetch(lambda: SeqSet(0)), InvalidArgumentError, "1 to 4294967295"),
    ("empty-set", INBOX, fetch(UIDSet), InvalidArgumentError, "empty set"),
    ("malformed-set", INBOX, lambda s: s.inbox.fetch_all("5:", items.FLAGS), InvalidArgumentError, "looks like"),
    ("malformed-set", INBOX, lambda s: s.inbox.copy("1:2:3", "Sent"), InvalidArgumentError, "looks like"),
    ("above-exists", INBOX, fetch(lambda: SeqSet(9)), InvalidArgumentError, "has 2 messages: no .* numbers 9"),
    ("above-exists", INBOX, fetch(lambda: SeqSet("3:*")), InvalidArgumentError, "has 2 messages"),
    ("above-exists", INBOX, search(lambda: ~aimap.IN(SeqSet(3))), InvalidArgumentError, "has 2 messages"),
    ("star-in-empty-mailbox", EMPTY, fetch(lambda: SeqSet("*")), InvalidArgumentError, "has 0 messages"),
    ("star-in-empty-mailbox", EMPTY, search(lambda: aimap.IN(SeqSet("1:*"))), InvalidArgumentError, "has 0 messages"),
    ("saved-result-mixed", INBOX, fetch(lambda: UIDSet("$,1")), InvalidArgumentError, "looks like"),
    ("saved-result-without", INBOX, fetch(lambda: SAVED), InvalidArgumentError, "SAVED stands for nothing"),
    ("saved-result-without", INBOX, search(lambda: aimap.IN(SAVED)), InvalidArgumentError, "SAVED stands for nothing"),
    ("number-over-32-bits", INBOX, search(lambda: aimap.LARGER(2**32)), InvalidArgumentError, "0 to 4294967295"),
    ("number-over-32-bits", INBOX,
        lambda s: s.inbox.fetch_all(2**32, items.FLAGS), InvalidArgumentError, "1 to 4294967295"),
    ("number-over-63-bits", REV2, search(lambda: aimap.LARGER(2**63)), InvalidArgumentError, "0 to 9223372036854775807"),
    ("number-over-63-bits", INBOX, fetch(lambda: UIDSet(1), changed_since=2**63), InvalidArgumentError, "mod-sequence"),
    ("numbers-after-uidonly", UIDONLY, fetch(lambda: SeqSet(1)), InvalidArgumentError, "UIDONLY"),
    ("numbers-after-uidonly", UIDONLY, search(lambda: aimap.IN(SeqSet(1))), InvalidArgumentError, "UIDONLY"),
    ("numbers-after-uidonly", UIDONLY,
        sent(lambda: commands.SeqSearch(aimap.ALL, extended=True)), InvalidArgumentError, "UIDONLY"),
    ("mailbox-utf7", CLOSED, lambda s: s.imap.create("a\x01b"), InvalidArgumentError, "control characters"),
    ("mailbox-utf7", CLOSED, lambda s: s.imap.status("a\x85"), InvalidArgumentError, "control characters"),
    ("mailbox-utf7", CLOSED, lambda s: s.imap.create("\ud800"), InvalidArgumentError, "not a Unicode text"),
    ("mailbox-net-unicode", UTF8, lambda s: s.imap.create("u\u0308"), InvalidArgumentError, "normalization form C"),
    ("mailbox-net-unicode", UTF8, lambda s: s.imap.create("a\u2028"), InvalidArgumentError, "U\\+2028"),
    ("mailbox-net-unicode", UTF8, lambda s: s.imap.create("\ufeffa"), InvalidArgumentError, "U\\+FEFF"),
    ("mailbox-empty-level", CLOSED, lambda s: s.imap.create("foo//bar"), InvalidArgumentError, "without a name"),
    ("mailbox-empty-level", CLOSED, lambda s: s.imap.create("/foo"), InvalidArgumentError, "without a name"),
    ("mailbox-empty-level", CLOSED, sent(lambda: commands.Create("foo//")), InvalidArgumentError, "without a name"),
    ("mailbox-empty-level", CLOSED, lambda s: s.imap.rename("Sent", "a//b"), InvalidArgumentError, "without a name"),
    ("mailbox-empty-level", CLOSED, lambda s: s.imap.rename("Sent", "a/"), InvalidArgumentError, "too much"),
    ("flag-atoms", INBOX, lambda s: s.inbox.add_flags(1, "a b"), InvalidArgumentError, "a flag is"),
    ("flag-atoms", INBOX, lambda s: s.inbox.add_flags(1, "\\Starred"), InvalidArgumentError, "no system flag"),
    ("flag-atoms", CLOSED, lambda s: s.imap.append("Sent", b"x", flags=["\\*"]), InvalidArgumentError, "a flag is"),
    ("recent-flag", INBOX, lambda s: s.inbox.set_flags(1, "\\Recent"), InvalidArgumentError, "only the server"),
    ("recent-flag", CLOSED,
        lambda s: s.imap.append("Sent", b"x", flags=["\\recent"]), InvalidArgumentError, "only the server"),
    ("flags-dropped", INBOX, lambda s: s.inbox.set_flags(1, "a b"), InvalidArgumentError, "a flag is"),
    ("flags-dropped", INBOX, lambda s: s.inbox.set_flags(1, ""), InvalidArgumentError, "a flag is"),
    ("flags-dropped", INBOX, lambda s: s.inbox.remove_flags(1), InvalidArgumentError, "at least one flag"),
    ("charset-after-utf8", UTF8_OPEN,
        sent(lambda: commands.Search(aimap.ALL, extended=True, charset="UTF-8")), InvalidArgumentError, "RFC 9755"),
    ("dates", CLOSED,
        lambda s: s.imap.append("Sent", b"x", date=datetime(2026, 1, 1)),  # noqa: DTZ001
        InvalidArgumentError, "time zone"),
    ("dates", CLOSED,
        lambda s: s.imap.append("Sent", b"x", date=datetime(1, 1, 1, tzinfo=timezone(timedelta(seconds=30)))),
        InvalidArgumentError, "no such year"),
    ("unknown-return", INBOX, sent(lambda: commands.ESearch(aimap.ALL, ["SOME"])),  # type: ignore[list-item]
        InvalidArgumentError, "a search returns"),
    ("partial-beside-all", INBOX,
        sent(lambda: commands.ESearch(aimap.ALL, ["ALL", Partial(1, 2)])), InvalidArgumentError, "not both"),
    ("empty-sort", INBOX, sent(lambda: commands.Sort([], aimap.ALL)), InvalidArgumentError, "at least one key"),
    ("one-uid", INBOX, search(lambda: aimap.UIDAFTER("1:3")), InvalidArgumentError, "a number"),  # type: ignore[arg-type]
    ("recursivematch", CLOSED,
        sent(lambda: commands.ListExtended("*", selection=["RECURSIVEMATCH"])), InvalidArgumentError, "SUBSCRIBED"),
    ("recursivematch", CLOSED,
        sent(lambda: commands.ListExtended("*", selection=["RECURSIVEMATCH", "SPECIAL-USE"])),
        InvalidArgumentError, "SUBSCRIBED"),
    ("empty-patterns", CLOSED, sent(lambda: commands.ListExtended([])), InvalidArgumentError, "at least one pattern"),
    *(
        ("metadata-entries", CLOSED, sent(partial(commands.GetMetadata, "INBOX", entry)),
            InvalidArgumentError, "entry|private")
        for entry in ("/shared//x", "/shared/x/", "/shared/*", "/shared/%", "/shared/ü", "/comment", "/shared")
    ),
    ("acl-rights", CLOSED, sent(lambda: commands.SetAcl("INBOX", "fred", "LRS")), InvalidArgumentError, "small letters"),
    ("acl-rights", CLOSED, sent(lambda: commands.SetAcl("INBOX", "fred", "q")), InvalidArgumentError, "no right 'q'"),
    ("acl-virtual", CLOSED, sent(lambda: commands.SetAcl("INBOX", "fred", "lrc")), InvalidArgumentError, "k and x"),
    ("acl-virtual", CLOSED,
        sent(lambda: commands.SetAcl("INBOX", "fred", "d", change="-")), InvalidArgumentError, "t, e and x"),
    ("acl-identifier", CLOSED, sent(lambda: commands.SetAcl("INBOX", "", "l")), InvalidArgumentError, "not empty"),
    ("acl-identifier", CLOSED, sent(lambda: commands.DeleteAcl("INBOX", "")), InvalidArgumentError, "not empty"),
    ("qresync-not-enabled", CLOSED,
        sent(lambda: commands.Select("INBOX", qresync=QResync(1, 1))), InvalidArgumentError, "enabled"),
    ("qresync-not-enabled", INBOX,
        fetch(lambda: UIDSet(1), changed_since=1, on_vanished=print), InvalidArgumentError, "enabled"),
    ("vanished-alone", QRESYNC, fetch(lambda: UIDSet(1), on_vanished=print), InvalidArgumentError, "CHANGEDSINCE"),
    ("vanished-alone", QRESYNC,
        fetch(lambda: SeqSet(1), changed_since=1, on_vanished=print), InvalidArgumentError, "by UID"),
    ("zero-validity-modseq", QRESYNC, sent(lambda: commands.Select("x", qresync=QResync(0, 1))),
        InvalidArgumentError, "UIDVALIDITY"),
    ("zero-validity-modseq", QRESYNC, sent(lambda: commands.Select("x", qresync=QResync(1, 0))),
        InvalidArgumentError, "mod-sequence"),
    ("zero-validity-modseq", INBOX, fetch(lambda: UIDSet(1), changed_since=0), InvalidArgumentError, "mod-sequence"),
    ("match-sets", QRESYNC,
        sent(lambda: commands.Select("x", qresync=QResync(1, 1, UIDSet(), (SeqSet("1:3"), UIDSet(5))))),
        InvalidArgumentError, "as many"),
    ("match-sets", QRESYNC,
        sent(lambda: commands.Select("x", qresync=QResync(1, 1, UIDSet(), (SeqSet("*"), UIDSet(5))))),
        InvalidArgumentError, "no \\*"),
    ("empty-message", CLOSED, lambda s: s.imap.append("Sent", b""), InvalidArgumentError, "no octets"),
    ("empty-message", CLOSED,
        sent(lambda: commands.MultiAppend("Sent", [AppendMessage(b"x"), AppendMessage(b"")])),
        InvalidArgumentError, "no octets"),
    ("binary-multipart", INBOX,
        sent(lambda: commands.Fetch(UIDSet(1), [items.BINARY("")], print)), InvalidArgumentError, "of a part"),
    ("catenate-url", CLOSED,
        sent(lambda: commands.Append("Sent", AppendMessage([UrlPart("imap://h/INBOX/;UID=1")]))),
        InvalidArgumentError, "a part's URL"),
    ("catenate-url", CLOSED,
        sent(lambda: commands.Append("Sent", AppendMessage([UrlPart("//h/INBOX/;UID=1")]))),
        InvalidArgumentError, "a part's URL"),
    ("notify-pairs", CLOSED,
        sent(lambda: commands.Notify([EventGroup(MailboxFilter.INBOXES, ["MessageNew"])])),
        InvalidArgumentError, "go together"),
    ("notify-pairs", CLOSED,
        sent(lambda: commands.Notify([EventGroup(MailboxFilter.INBOXES, ["FlagChange"])])),
        InvalidArgumentError, "go together"),
    ("notify-two-selected", CLOSED,
        sent(lambda: commands.Notify([EventGroup(MailboxFilter.SELECTED), EventGroup(MailboxFilter.SELECTED_DELAYED)])),
        InvalidArgumentError, "one group at most"),
]  # fmt: skip

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
    "nothing-behind-authenticate": "barriers (test_gate.py), and test_login.py",
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
        assert await inbox.copy([], "Sent") == ()
        assert await inbox.move([], "Sent") == ()
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
        with pytest.raises(InvalidArgumentError, match="BINARY"):
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


@pytest.mark.parametrize(
    ("answer", "moved"),
    [
        (b"%s OK [COPYUID 7 1:3 11:13] done", b"1:3"),
        (b"%s OK [COPYUID 7 1,3 11:12] not all", b"1,3"),
        (b"* OK [COPYUID 7 3 11] one\r\n%s OK [MESSAGELIMIT 1 3] not all", b"3"),
        (b"%s OK [MESSAGELIMIT 2 2] not all", b"2:3"),
        (b"%s OK [MESSAGELIMIT 2] none", None),
        (b"%s OK done, and no more said", b"1:3"),
        (b"%s NO [OVERQUOTA] too much", None),
    ],
)
async def test_move_without_move(answer: bytes, moved: bytes | None) -> None:
    greeting = b"* PREAUTH [CAPABILITY IMAP4rev1 UIDPLUS UNSELECT] hi\r\n"
    async with played(greeting=greeting) as (imap, server), trio.open_nursery() as nursery:

        async def play() -> None:
            heard = await server.hears()
            assert heard == b"A1 SELECT INBOX"
            await server.says(b"* 3 EXISTS\r\nA1 OK [READ-WRITE] open\r\n")
            assert await server.hears() == b"A2 UID COPY 1:3 Trash"
            await server.says(answer % b"A2" + b"\r\n")
            if moved is not None:
                assert await server.hears() == b"A3 UID STORE %s +FLAGS.SILENT (\\Deleted)" % moved
                await server.says(b"A3 OK stored\r\n")
                assert await server.hears() == b"A4 UID EXPUNGE %s" % moved
                await server.says(b"A4 OK gone\r\n")
            assert (await server.hears()).endswith(b" UNSELECT")

        nursery.start_soon(play)
        async with imap.select("INBOX") as inbox:
            if b" NO " in answer:
                with pytest.raises(aimap.NoError):
                    await inbox.move("1:3", "Trash")
            else:
                await inbox.move("1:3", "Trash")


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
