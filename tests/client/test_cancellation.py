"""A call cancelled at any step harms nobody: the connection goes on (I4).

Each public coroutine and each command is cancelled behind the first step of the scheduler,
the second, and so on until it is over before. Meanwhile another task uses the connection and
gets what is right; afterwards the connection is asked again.
"""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, Self

import pytest
import trio
import trio.testing

import aimap
from aimap import (
    ALL,
    BODY_PEEK,
    FLAGS,
    UNSEEN,
    CommandError,
    Flag,
    SeqSet,
    UIDSet,
    commands,
)
from aimap.commands import Command, ConvertItem, EventGroup, MailboxFilter, Select, SortKey
from aimap.testing import CAPABILITIES, Server, serve

from .cancelling import Call, cancelled_at, cancelled_everywhere
from .support import JOE

MESSAGES = 3
WITHOUT_LITERAL_PLUS = CAPABILITIES - {"LITERAL+"} | {
    "IMAPSIEVE=SIEVE://LOCALHOST",
    "NOTIFY",
    "X-GM-EXT-1",
}


@asynccontextmanager
async def served() -> AsyncGenerator[Server]:
    """Run a server with a few messages, which waits for literals."""
    async with serve(
        {"joe": "secret"}, tls="insecure", host=None, capabilities=WITHOUT_LITERAL_PLUS
    ) as server:
        for number in range(MESSAGES):
            for name in ("INBOX", "Other", "Counted"):
                server.deliver("joe", b"Subject: %d\r\n\r\nbody\r\n" % number, mailbox=name)
        yield server


def connecting(server: Server, **options: Any) -> Any:
    return aimap.connect("localhost", tls="insecure", stream=server.connect(), auth=JOE, **options)


async def is_well(imap: aimap.Client) -> None:
    """See that the connection gives right answers."""
    await imap.noop()
    assert (await imap.status("Counted", ["MESSAGES"])).messages == MESSAGES
    await trio.testing.wait_all_tasks_blocked()
    assert imap._driver.session.in_flight == 0


async def everywhere(imap: aimap.Client, call: Callable[[], Awaitable[object]]) -> int:
    """Cancel a call at every step, beside a task that uses the connection as well."""

    async def use() -> None:
        for _ in range(2):
            assert (await imap.status("Counted", ["MESSAGES"])).messages == MESSAGES

    async def calling() -> None:
        with suppress(CommandError):
            await call()

    def make() -> Call:
        nursery.start_soon(use)
        return calling

    async with trio.open_nursery() as nursery:
        return await cancelled_everywhere(make, partial(is_well, imap))


# What a client can do

Doing = Callable[[aimap.Client], Awaitable[object]]


async def select(imap: aimap.Client) -> None:
    async with imap.select("INBOX") as inbox:
        assert inbox.exists >= MESSAGES
        await inbox.search()


async def examine(imap: aimap.Client) -> None:
    async with imap.examine("Other") as other:
        assert other.exists == MESSAGES


async def notify(imap: aimap.Client) -> None:
    everywhere = EventGroup(MailboxFilter.PERSONAL, ("MessageNew", "MessageExpunge"))
    async with imap.notify(everywhere, status=True) as news:
        async for each in news:
            assert isinstance(each, aimap.MailboxStatus)
            break


URL = "imap://joe@localhost/INBOX/;UID=1;URLAUTH=user+joe"

CLIENT: dict[str, Doing] = {
    "noop": lambda imap: imap.noop(),
    "id": lambda imap: imap.id({"name": "test"}),
    "enable": lambda imap: imap.enable("CONDSTORE"),
    "list": lambda imap: imap.list(),
    "status": lambda imap: imap.status("INBOX"),
    "namespace": lambda imap: imap.namespace(),
    "create": lambda imap: imap.create("New"),
    "delete": lambda imap: imap.delete("New"),
    "rename": lambda imap: imap.rename("New", "Newer"),
    "subscribe": lambda imap: imap.subscribe("INBOX"),
    "unsubscribe": lambda imap: imap.unsubscribe("INBOX"),
    "append": lambda imap: imap.append("INBOX", b"Subject: x\r\n\r\n" + b"x" * 5000),
    "append_all": lambda imap: imap.append_all("INBOX", [b"Subject: x\r\n\r\n", b"x\r\n\r\n"]),
    "select": select,
    "examine": examine,
    "special_use": lambda imap: imap.special_use(),
    "mailbox_name": lambda imap: imap.mailbox_name("Archive", "2026"),
    "acl": lambda imap: imap.acl("INBOX"),
    "set_acl": lambda imap: imap.set_acl("INBOX", "fred", "lr"),
    "delete_acl": lambda imap: imap.delete_acl("INBOX", "fred"),
    "list_rights": lambda imap: imap.list_rights("INBOX", "fred"),
    "my_rights": lambda imap: imap.my_rights("INBOX"),
    "quota": lambda imap: imap.quota(),
    "quota_root": lambda imap: imap.quota_root(""),
    "set_quota": lambda imap: imap.set_quota("", {"STORAGE": 1000}),
    "metadata": lambda imap: imap.metadata("INBOX", "/private/comment"),
    "set_metadata": lambda imap: imap.set_metadata("INBOX", {"/private/comment": "x"}),
    "filters": lambda imap: imap.filters(),
    "set_filter": lambda imap: imap.set_filter("mine", UNSEEN),
    "sieve_script": lambda imap: imap.sieve_script("INBOX"),
    "set_sieve_script": lambda imap: imap.set_sieve_script("INBOX", "mine"),
    "languages": lambda imap: imap.languages(),
    "set_language": lambda imap: imap.set_language("en"),
    "comparator": lambda imap: imap.comparator(),
    "authorize_urls": lambda imap: imap.authorize_urls(URL),
    "reset_url_key": lambda imap: imap.reset_url_key(),
    "fetch_urls": lambda imap: imap.fetch_urls(URL),
    "search": lambda imap: imap.search(UNSEEN, ["INBOX"]),
    "conversions": lambda imap: imap.conversions(),
    "jmap_url": lambda imap: imap.jmap_url(),
    "notify": notify,
}


def coroutines(kind: type) -> set[str]:
    """The names of what is public, and has to be awaited in some way."""
    return {
        name
        for each in kind.__mro__
        for name, member in vars(each).items()
        if not name.startswith("_")
        and (
            inspect.iscoroutinefunction(member)
            or "AsyncContextManager" in str(getattr(member, "__annotations__", {}).get("return"))
            or inspect.isasyncgenfunction(inspect.unwrap(member) if callable(member) else None)
        )
    }


def test_no_public_coroutine_is_forgotten() -> None:
    # Logging in is cancelled with all that is before and behind it, below.
    assert coroutines(aimap.Client) | {"notify"} == set(CLIENT) | {"log_in", "unauthenticate"}
    assert coroutines(aimap.Mailbox) <= set(MAILBOX)
    streams = {
        name
        for name, member in vars(aimap.Mailbox).items()
        if inspect.isfunction(member)
        and not name.startswith("_")
        and (
            "FetchStream" in str(member.__annotations__) or "Watcher" in str(member.__annotations__)
        )
    }
    assert set(MAILBOX) - coroutines(aimap.Mailbox) >= {f"{name}" for name in streams}


@pytest.mark.parametrize("name", CLIENT)
async def test_client(autojump_clock: trio.testing.MockClock, name: str) -> None:
    async with served() as server, connecting(server) as imap:
        steps = await everywhere(imap, lambda: CLIENT[name](imap))
        assert steps >= 2
        assert server.violations == []


# What can be done with a mailbox

In = Callable[[aimap.Mailbox, Server], Awaitable[object]]


async def fetch(inbox: aimap.Mailbox, server: Server) -> None:
    async with inbox.fetch("1:*", FLAGS, BODY_PEEK()) as messages:
        async for message in messages:
            assert message.uid


async def fetch_and_store(inbox: aimap.Mailbox, server: Server) -> None:
    async with inbox.fetch("1:2", FLAGS) as messages:
        async for message in messages:
            await inbox.add_flags(message.uid, Flag.SEEN)
        await messages.rest()


async def watch(inbox: aimap.Mailbox, server: Server) -> None:
    async with inbox.watch() as events:
        server.deliver("joe", b"Subject: news\r\n\r\n")
        async for event in events:
            if isinstance(event, aimap.Arrived):
                break


async def download(inbox: aimap.Mailbox, server: Server) -> None:
    await inbox.download(1, into=trio.testing.MemorySendStream())


async def save_attachments(inbox: aimap.Mailbox, server: Server) -> None:
    with tempfile.TemporaryDirectory() as folder:
        await inbox.save_attachments(1, folder)


MAILBOX: dict[str, In] = {
    "search": lambda inbox, server: inbox.search(ALL),
    "fetch": fetch,
    "fetch, and store meanwhile": fetch_and_store,
    "fetch_all": lambda inbox, server: inbox.fetch_all("1:*", FLAGS),
    "download": download,
    "add_flags": lambda inbox, server: inbox.add_flags("1:*", Flag.FLAGGED),
    "remove_flags": lambda inbox, server: inbox.remove_flags("1:*", Flag.FLAGGED),
    "set_flags": lambda inbox, server: inbox.set_flags("1:*", Flag.SEEN),
    "copy": lambda inbox, server: inbox.copy("1", "Sent"),
    "move": lambda inbox, server: inbox.move("2", "Sent"),
    "expunge": lambda inbox, server: inbox.expunge("2"),
    "delete": lambda inbox, server: inbox.delete("2"),
    "replace": lambda inbox, server: inbox.replace(
        server.mailbox("joe").messages[-1].uid, b"Subject: new\r\n\r\n"
    ),
    "esearch": lambda inbox, server: inbox.esearch(ALL, ["COUNT"]),
    "sort": lambda inbox, server: inbox.sort(SortKey("SUBJECT")),
    "thread": lambda inbox, server: inbox.thread(),
    "convert": lambda inbox, server: inbox.convert("1", "text/html", ConvertItem.binary("1")),
    "store_annotations": lambda inbox, server: inbox.store_annotations(
        "1:*", {"/comment": {"value.priv": "x"}}
    ),
    "add_labels": lambda inbox, server: inbox.add_labels("1:*", "work"),
    "remove_labels": lambda inbox, server: inbox.remove_labels("1:*", "work"),
    "set_labels": lambda inbox, server: inbox.set_labels("1:*", "work"),
    "set_color": lambda inbox, server: inbox.set_color("1:*", "green"),
    "read": lambda inbox, server: inbox.read("1:*"),
    "previews": lambda inbox, server: inbox.previews("1:*"),
    "save_attachments": save_attachments,
    "watch": watch,
}


@pytest.mark.parametrize("name", MAILBOX)
async def test_mailbox(autojump_clock: trio.testing.MockClock, name: str) -> None:
    async with served() as server, connecting(server) as imap, imap.select("INBOX") as inbox:
        steps = await everywhere(imap, lambda: MAILBOX[name](inbox, server))
        assert steps >= 2
        assert inbox.exists == len(server.mailbox("joe").messages)
        assert sorted(await inbox.search()) == [m.uid for m in server.mailbox("joe").messages]
        assert server.violations == []


# Every command there is

ONE = UIDSet("1")
DATE = datetime(2026, 1, 2, tzinfo=UTC)
COMMANDS: dict[str, Callable[[], Command[Any]]] = {
    "Append": lambda: commands.Append("INBOX", b"Subject: x\r\n\r\n", date=DATE),
    "CancelUpdate": lambda: commands.CancelUpdate("A1"),
    "Capability": commands.Capability,
    "Check": commands.Check,
    "Close": commands.Close,
    "Comparator": lambda: commands.Comparator("i;octet"),
    "Conversions": lambda: commands.Conversions("*", "*"),
    "Convert": lambda: commands.Convert(ONE, None, [commands.ConvertItem.UID]),
    "Copy": lambda: commands.Copy(SeqSet("1"), "Sent"),
    "Create": lambda: commands.Create("New"),
    "Delete": lambda: commands.Delete("New"),
    "DeleteAcl": lambda: commands.DeleteAcl("x", "y"),
    "ESearch": lambda: commands.ESearch(ALL, ["COUNT"]),
    "ESort": lambda: commands.ESort([commands.SortKey.DATE], ALL),
    "Enable": lambda: commands.Enable("X"),
    "Examine": lambda: commands.Examine("Other"),
    "Expunge": commands.Expunge,
    "Fetch": lambda: commands.Fetch(SeqSet("1"), [FLAGS], len),
    "GenUrlAuth": lambda: commands.GenUrlAuth(["imap://x/;urlauth=anonymous"]),
    "GetAcl": lambda: commands.GetAcl("x"),
    "GetMetadata": lambda: commands.GetMetadata("x", "/shared/a"),
    "GetQuota": lambda: commands.GetQuota(""),
    "GetQuotaRoot": lambda: commands.GetQuotaRoot("x"),
    "Id": commands.Id,
    "Idle": commands.Idle,
    "JmapAccess": commands.JmapAccess,
    "Language": commands.Language,
    "List": lambda: commands.List("*"),
    "ListExtended": lambda: commands.ListExtended("*"),
    "ListRights": lambda: commands.ListRights("x", "y"),
    "Lsub": lambda: commands.Lsub("*"),
    "Move": lambda: commands.Move(ONE, "Sent"),
    "MultiAppend": lambda: commands.MultiAppend(
        "INBOX", [commands.AppendMessage(b"x"), commands.AppendMessage(b"y")]
    ),
    "MultiSearch": lambda: commands.MultiSearch(ALL),
    "MyRights": lambda: commands.MyRights("x"),
    "Namespace": commands.Namespace,
    "Noop": commands.Noop,
    "Notify": commands.Notify,
    "RList": lambda: commands.RList("*"),
    "RLsub": lambda: commands.RLsub("*"),
    "Rename": lambda: commands.Rename("New", "Newer"),
    "Replace": lambda: commands.Replace(ONE, "INBOX", b"Subject: x\r\n\r\n"),
    "ResetKey": commands.ResetKey,
    "Search": lambda: commands.Search(ALL, extended=False),
    "Select": lambda: commands.Select("INBOX"),
    "SeqSearch": lambda: commands.SeqSearch(ALL, extended=True),
    "SetAcl": lambda: commands.SetAcl("x", "y", "l"),
    "SetMetadata": lambda: commands.SetMetadata("x", {"/shared/a": None}),
    "SetQuota": lambda: commands.SetQuota("", {}),
    "Sort": lambda: commands.Sort([commands.SortKey.DATE], ALL),
    "Status": lambda: commands.Status("Counted", ["UNSEEN"]),
    "Store": lambda: commands.Store(SeqSet("1"), "+", ["\\Seen"], silent=False, deliver=len),
    "StoreAnnotations": lambda: commands.StoreAnnotations(ONE, {"/comment": {"value.priv": "x"}}),
    "StoreLabels": lambda: commands.StoreLabels(ONE, "+", ["x"]),
    "Subscribe": lambda: commands.Subscribe("INBOX"),
    "ThreadSearch": lambda: commands.ThreadSearch("REFERENCES", ALL),
    "Unselect": commands.Unselect,
    "Unsubscribe": lambda: commands.Unsubscribe("INBOX"),
    "UrlFetch": lambda: commands.UrlFetch(["imap://x"]),
    "XList": lambda: commands.XList("*"),
}

IN_CONNECT = {"Authenticate", "Compress", "Login", "Logout", "StartTLS", "Unauthenticate"}
"""Behind these the connection is another one: :func:`aimap.connect` sends them."""


def test_no_command_is_forgotten() -> None:
    there = {
        name
        for name in commands.__all__
        if isinstance(kind := getattr(commands, name), type)
        and issubclass(kind, Command)
        and kind is not Command
    }
    assert there == {*COMMANDS, *IN_CONNECT}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("selected", [True, False])
async def test_command(autojump_clock: trio.testing.MockClock, name: str, selected: bool) -> None:
    async with served() as server, connecting(server) as imap:

        async def call() -> None:
            future = imap.submit(COMMANDS[name]())
            try:
                with suppress(aimap.StateError):
                    await future.wait()
            finally:
                future.cancel()

        if selected:
            imap.submit(Select("INBOX"))
        await everywhere(imap, call)
        # What the embedded server does not know is answered BAD, and nothing else is.
        assert all(each.command == COMMANDS[name]().name for each in server.violations)
        server.violations.clear()


# Uploads from a source, of which no part must be stored


class _Source:
    """Gives a message in pieces, each after a while."""

    pieces = (b"Subject: x\r\n\r\n", b"one\r\n", b"two\r\n")

    def __init__(self) -> None:
        self._left = iter(self.pieces)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        await trio.lowlevel.checkpoint()
        for piece in self._left:
            return piece
        raise StopAsyncIteration


async def test_an_upload_is_stored_whole_or_not_at_all() -> None:
    whole = b"".join(_Source.pieces)
    ends: set[str] = set()
    async with served() as server:
        stored = server.mailbox("joe", "Drafts").messages

        async def attempt(steps: int) -> bool:
            async with connecting(server) as imap:

                async def call() -> None:
                    await imap.append("Drafts", _Source(), size=len(whole))

                before = len(stored)
                done = await cancelled_at(steps, call)
                await trio.testing.wait_all_tasks_blocked()
                try:
                    await is_well(imap)
                except aimap.ConnectionLostError:
                    ends.add("lost")
                    assert len(stored) == before
                else:
                    ends.add("stored" if len(stored) > before else "never sent")
                return done

        steps = 1
        while not await attempt(steps):
            steps += 1
        # Whether it is ever cancelled before it is sent is up to the scheduler.
        assert ends >= {"lost", "stored"}
        assert {message.octets for message in stored} == {whole}


# Connecting


@pytest.mark.parametrize("tls", ["insecure", "starttls"])
async def test_connect(autojump_clock: trio.testing.MockClock, tls: Any) -> None:
    async with serve({"joe": "secret"}, tls=tls, host=None) as server:
        context = server.client_ssl_context if tls != "insecure" else None
        streams: list[trio.abc.Stream] = []

        def connect() -> Any:
            streams.append(server.connect())
            return aimap.connect(
                "localhost",
                tls=tls,
                ssl_context=context,
                stream=streams[-1],
                auth=JOE,
                compress=True,
            )

        async def call() -> None:
            async with connect() as imap:
                await imap.noop()

        async def check() -> None:
            with pytest.raises(trio.ClosedResourceError):
                await streams[-1].send_all(b"x")

        assert await cancelled_everywhere(lambda: call, check) > 20
        await call()
        assert server.violations == []
