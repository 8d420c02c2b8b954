"""What an account repeats when its link drops, and what it never does twice."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
import trio.testing

from aimap import (
    FLAGS,
    Account,
    CommandError,
    ConnectionLostError,
    Delivery,
    Flag,
    NoError,
    StateError,
    UIDSet,
)
from aimap._account.repeating import TRIES
from aimap.testing import CAPABILITIES, Drop, Ignore, On, Send

from .support import opened

SAFE: dict[str, Callable[[Account], Awaitable[object]]] = {
    "status": lambda account: account.status("INBOX"),
    "list": lambda account: account.list(),
    "namespace": lambda account: account.namespace(),
    "special_use": lambda account: account.special_use(),
    "mailbox_name": lambda account: account.mailbox_name("Archive", "2026"),
    "acl": lambda account: account.acl("INBOX"),
    "list_rights": lambda account: account.list_rights("INBOX", "fred"),
    "my_rights": lambda account: account.my_rights("INBOX"),
    "delete_acl": lambda account: account.delete_acl("INBOX", "fred"),
    "quota": lambda account: account.quota(),
    "quota_root": lambda account: account.quota_root(""),
    "set_quota": lambda account: account.set_quota("", {"STORAGE": 1000}),
    "metadata": lambda account: account.metadata("INBOX", "/private/comment"),
    "set_metadata": lambda account: account.set_metadata("INBOX", {"/private/comment": "x"}),
    "subscribe": lambda account: account.subscribe("Sent"),
    "unsubscribe": lambda account: account.unsubscribe("Sent"),
    "search": lambda account: account.search("INBOX"),
    "fetch_all": lambda account: account.fetch_all("INBOX", "1:5", FLAGS),
    "add_flags": lambda account: account.add_flags("INBOX", 1, Flag.SEEN),
    "remove_flags": lambda account: account.remove_flags("INBOX", 1, Flag.SEEN),
    "set_flags": lambda account: account.set_flags("INBOX", "2:3", Flag.SEEN),
}


@pytest.mark.parametrize("name", SAFE)
@pytest.mark.parametrize("when", ["silent", "answered"])
async def test_what_is_safe_to_repeat_is_repeated(
    name: str, when: str, autojump_clock: Any
) -> None:
    """The link drops as the command goes out, or in the middle of the answer."""
    work = SAFE[name]
    async with opened(messages=5) as (account, server, _):
        expected = await work(account)
        await server.drop_connections()
        command = rb"A\d+ (?!CAPA|LOGIN|AUTH|COMPR|SELECT|EXAMINE|NOOP)[A-Z]+"
        if when == "silent":
            server.faults = [Drop(of="client", after=re.compile(command))]
        else:
            server.faults = [
                Drop(
                    after=re.compile(
                        rb"A\d+ OK (?:\[.*?\] )?(?!CAPA|COMPR|SELECT|EXAMINE|NOOP)[A-Z]+"
                    )
                )
            ]
        async with trio.open_nursery() as nursery:

            async def heal() -> None:
                await trio.sleep(0.9)
                server.faults = []
                await server.drop_connections()

            nursery.start_soon(heal)
            with trio.fail_after(60):
                again = await work(account)
        assert again == expected
        assert account.statistics().losses >= 2


async def test_copying_and_moving(autojump_clock: Any) -> None:
    async with opened(messages=4) as (account, server, _):
        assert dict(await account.copy("INBOX", "1:2", "Sent")) == {1: 1, 2: 2}
        assert dict(await account.move("INBOX", "2:3", "Trash")) == {2: 1, 3: 2}
        assert await account.search("INBOX") == UIDSet("1,4")
        validity = server.mailbox("joe").uid_validity
        with pytest.raises(StateError, match="UIDVALIDITY"):
            await account.move("INBOX", "1:4", "Trash", uid_validity=validity + 1)
        assert await account.search("INBOX") == UIDSet("1,4")


@pytest.mark.parametrize("name", ["copy", "move"])
async def test_nothing_is_copied_twice(name: str, autojump_clock: Any) -> None:
    """The link drops before the answer, and what was done is not known."""
    async with opened(messages=2) as (account, server, _):
        server.faults = [Drop(after=re.compile(rb"(?:A\d+|\*) OK \[COPYUID"))]
        call = account.copy if name == "copy" else account.move
        with pytest.raises(ConnectionLostError):
            await call("INBOX", "1:2", "Sent")
        server.faults = []
        assert (await account.status("Sent")).messages == 2
        if name == "move":
            await call("INBOX", "1:2", "Sent")
            assert (await account.status("Sent")).messages == 2


async def test_an_upload_is_never_stored_twice(autojump_clock: Any) -> None:
    """Its link drops before the answer: it was stored, and the account cannot know."""
    async with opened() as (account, server, _):
        server.faults = [Drop(after=re.compile(rb"A\d+ OK \[APPENDUID"))]
        with pytest.raises(ConnectionLostError) as caught:
            await account.append("INBOX", b"Subject: once\r\n\r\n")
        assert caught.value.delivery is Delivery.WHOLE
        assert not caught.value.may_repeat
        server.faults = []
        assert (await account.status("INBOX")).messages == 1


async def test_an_upload_of_which_only_a_part_was_sent_is_repeated(autojump_clock: Any) -> None:
    """Without LITERAL+ the message waits for the server's word, and the link drops instead."""
    without = CAPABILITIES - {"LITERAL+"}
    async with opened(capabilities=without) as (account, server, _):
        server.faults = [Drop(of="client", after=b"{17}\r\n")]

        async def heal() -> None:
            await trio.sleep(0.9)
            server.faults = []
            await server.drop_connections()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(heal)
            await account.append("INBOX", b"Subject: once\r\n\r\n"[:17])
        assert (await account.status("INBOX")).messages == 1
        assert account.statistics().losses >= 1


async def test_what_was_not_sent_is_known_not_to_be_done(autojump_clock: Any) -> None:
    async with opened() as (account, _, road):
        async with account.connection() as imap:
            await road.cut()
            with pytest.raises(ConnectionLostError) as caught:
                await imap.append("INBOX", b"Subject: x\r\n\r\n")
            assert caught.value.delivery is Delivery.NOT_SENT
            assert caught.value.may_repeat


async def test_creating_a_mailbox_is_not_repeated_blindly(autojump_clock: Any) -> None:
    async with opened() as (account, server, _):
        server.faults = [Drop(after=re.compile(rb"A\d+ OK .*?CREATE completed"))]
        with pytest.raises(ConnectionLostError):
            await account.create("New")
        server.faults = []
        with pytest.raises(NoError):
            await account.create("New")


THROTTLED = "BAD Request is throttled. Suggested Backoff Time: 20000 milliseconds"


def refusing(said: str, **options: Any) -> On:
    return On("command", Send("{tag} " + said), Ignore(), **{"times": 1, **options})


@pytest.mark.parametrize("name", SAFE)
async def test_what_is_throttled_is_asked_again_when_the_server_says(
    name: str, autojump_clock: Any
) -> None:
    work = SAFE[name]
    first = refusing(THROTTLED, text=r"\AA\d+ (?!CAPA|LOGIN|AUTH|COMPR)")
    async with opened(messages=5, faults=[first]) as (account, _, _):
        begun = trio.current_time()
        throttled = await work(account)
        assert 20 <= trio.current_time() - begun < 25
        assert throttled == await work(account)
        assert account.statistics().losses == 0


async def test_others_use_the_connection_meanwhile(autojump_clock: Any) -> None:
    faults = [refusing(THROTTLED, command="STATUS")]
    async with (
        opened(faults=faults, max_connections=1) as (account, _, _),
        trio.open_nursery() as n,
    ):
        n.start_soon(account.status, "INBOX")
        await trio.sleep(5)
        with trio.fail_after(1):
            await account.list()


@pytest.mark.parametrize(
    "said", [THROTTLED, "NO [THROTTLED] slow down", "NO [OVERQUOTA] Account exceeded command or bandwidth limits."]
)  # fmt: skip
async def test_who_throttles_for_ever_is_believed(said: str, autojump_clock: Any) -> None:
    async with opened(faults=[refusing(said, command="STATUS", times=None)]) as (
        account,
        server,
        _,
    ):
        with pytest.raises(CommandError, match=said.partition(" ")[2][-10:]):
            await account.status("INBOX")
        assert sum("STATUS" in command for command in server.commands) == TRIES


@pytest.mark.parametrize("said", ["NO [LIMIT] too many mailboxes", "NO no", "BAD what?"])
async def test_what_waiting_does_not_mend_is_not_asked_again(
    said: str, autojump_clock: Any
) -> None:
    async with opened(faults=[refusing(said, command="CREATE")]) as (account, _, _):
        begun = trio.current_time()
        with pytest.raises(CommandError):
            await account.create("x")
        assert trio.current_time() == begun


async def test_selecting_is_throttled(autojump_clock: Any) -> None:
    throttled = refusing(THROTTLED, command="SELECT")
    async with opened(messages=1, faults=[throttled]) as (account, _, _):
        begun = trio.current_time()
        async with account.select("INBOX") as inbox:
            assert inbox.exists == 1
        assert trio.current_time() - begun >= 20


async def test_a_connection_that_serves_nothing_is_left(autojump_clock: Any) -> None:
    """Microsoft 365 takes one login too many, and then nothing else."""
    nothing = refusing("BAD User is authenticated but not connected.", command="STATUS")
    async with opened(faults=[nothing]) as (account, _, road):
        assert (await account.status("INBOX")).messages == 0
        assert len(road.tried) == 2
        assert account.statistics().losses == 1
