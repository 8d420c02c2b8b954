"""A server that refuses many messages for the sake of some: the others are fetched."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager

import pytest
import trio

import aimap
from aimap import FLAGS, NoError, UIDSet
from aimap._client import fetching

from .support import connected, played

Answers = Callable[[Sequence[int], set[int]], Iterable[int]]
"""Which messages a server gives out that cannot give out all: of those asked for, those bad."""


def none(asked: Sequence[int], bad: set[int]) -> Iterable[int]:
    return []


def those_before(asked: Sequence[int], bad: set[int]) -> Iterable[int]:
    return asked[: next(at for at, uid in enumerate(asked) if uid in bad)]


def the_others(asked: Sequence[int], bad: set[int]) -> Iterable[int]:
    return [uid for uid in asked if uid not in bad]


@asynccontextmanager
async def inbox_with(
    bad: Iterable[int], answers: Answers, said: bytes = b"NO cannot be read", exists: int = 100
) -> AsyncGenerator[tuple[aimap.Mailbox, list[bytes]]]:
    """Select a mailbox of a server that cannot give out some; and tell what it is asked."""
    damaged, asked = set(bad), list[bytes]()
    async with played() as (imap, server), trio.open_nursery() as nursery:

        async def serve_it() -> None:
            while True:
                tag, command = (await server.hears()).split(b" ", 1)
                if command == b"SELECT INBOX":
                    await server.says(b"* %d EXISTS\r\n" % exists)
                if not command.startswith(b"UID FETCH "):
                    await server.says(tag + b" OK done\r\n")
                    continue
                asked.append(command.split()[2])
                uids = list(UIDSet(asked[-1].decode()))
                refuses = not damaged.isdisjoint(uids)
                given = answers(uids, damaged) if refuses else uids
                fetched = b"".join(b"* %d FETCH (UID %d FLAGS ())\r\n" % (n, n) for n in given)
                outcome = said if refuses else b"OK done"
                await server.says(fetched + tag + b" " + outcome + b"\r\n")

        nursery.start_soon(serve_it)
        async with imap.select("INBOX") as inbox:
            yield inbox, asked
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("answers", [none, those_before, the_others])
@pytest.mark.parametrize("slice_octets", [10**6, 400 * 20], ids=["one slice", "slices"])
@pytest.mark.parametrize("bad", [{1}, {57}, {100}, {3, 4, 5, 80}, set(range(30, 50))])
async def test_the_others_are_fetched(
    bad: set[int], slice_octets: int, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_FIRST_SLICE_OCTETS", slice_octets)
    monkeypatch.setattr(fetching, "_SLICE_OCTETS", slice_octets)
    async with inbox_with(bad, answers) as (inbox, asked):
        found = await inbox.fetch_all("1:100", FLAGS)
        assert [m.uid for m in found] == [uid for uid in range(1, 101) if uid not in bad]
        assert found.missing == UIDSet(bad)
        assert found.refused.keys() == bad
        assert {error.text for error in found.refused.values()} == {"cannot be read"}
        # Not one by one.
        assert len(asked) <= 15 + len(bad) * 2 * math.ceil(math.log2(100))


@pytest.mark.parametrize("answers", [none, those_before, the_others])
async def test_one_alone_is_refused_as_ever(answers: Answers) -> None:
    async with inbox_with([7], answers) as (inbox, asked):
        with pytest.raises(NoError, match="UID FETCH 7 failed: cannot be read"):
            await inbox.fetch_all(7, FLAGS)
        assert asked == [b"7"]


async def test_who_gives_out_none_of_them_refuses() -> None:
    async with inbox_with(range(1, 6), none) as (inbox, _):
        with pytest.raises(NoError, match="cannot be read"):
            await inbox.fetch_all("1:5", FLAGS)


@pytest.mark.parametrize("answers", [none, those_before, the_others])
async def test_who_refuses_many_is_believed_soon(answers: Answers) -> None:
    async with inbox_with(range(2, 5000), answers, exists=5000) as (inbox, asked):
        with pytest.raises(NoError, match="cannot be read"):
            await inbox.fetch_all("1:5000", FLAGS)
        assert len(asked) < 100


@pytest.mark.parametrize(
    "said",
    [
        b"NO [NOPERM] you may not",
        b"NO [LIMIT] slow down",
        b"NO Request is throttled. Suggested Backoff Time: 2000 milliseconds",
        b"BAD what?",
    ],
)
async def test_what_is_not_about_a_message_is_not_asked_again(said: bytes) -> None:
    async with inbox_with([57], the_others, said) as (inbox, asked):
        with pytest.raises(aimap.CommandError, match=said.split()[-1].decode()):
            await inbox.fetch_all("1:100", FLAGS)
        assert asked == [b"1:100"]


def every_other(asked: Sequence[int], bad: set[int]) -> Iterable[int]:
    return [uid for uid in asked if uid not in bad and not uid % 2]


async def test_no_line_gets_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_FIRST_SLICE_OCTETS", 10**7)
    monkeypatch.setattr(fetching, "_SLICE_OCTETS", 10**7)
    async with inbox_with([4999], every_other, exists=5000) as (inbox, asked):
        found = await inbox.fetch_all("1:5000", FLAGS)
        assert (len(found), list(found.refused)) == (4999, [4999])
        assert max(map(len, asked)) <= 4096


async def test_those_gone_are_missing_and_not_refused() -> None:
    async with inbox_with([3, 5], the_others, b"NO [EXPUNGEISSUED] some are gone") as (inbox, _):
        found = await inbox.fetch_all("1:10", FLAGS)
        assert [message.uid for message in found] == [1, 2, 4, 6, 7, 8, 9, 10]
        assert found.missing == UIDSet("3,5")
        assert not found.refused


async def test_leaving_gives_up_the_rest() -> None:
    async with inbox_with([57], those_before) as (inbox, asked):
        async with inbox.fetch("1:100", FLAGS) as messages:
            async for message in messages:
                assert message.uid == 1
                break
        await trio.testing.wait_all_tasks_blocked()
        # The one that is refused may be asked for before the first is taken; what is left is not.
        assert set(asked) <= {b"1:100", b"57"}


IN_ONE_PART = (
    b"Subject: 9\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n"
)


@pytest.mark.parametrize("stage", ["BODYSTRUCTURE", "BODY.PEEK"])
async def test_one_that_cannot_be_read(stage: str) -> None:
    """Its structure, or its text: the others are read, and it is told which it is."""
    refusing = aimap.testing.On(
        "command",
        aimap.testing.Send("{tag} NO [SERVERBUG] it is damaged"),
        aimap.testing.Ignore(),
        command="FETCH",
        text=rf"FETCH (?:[0-9:,]*[,:])?(?:2|1:3|2:3|1:4|2:4)[, ].*{stage}",
    )
    without = aimap.testing.CAPABILITIES - {"PREVIEW"}
    async with connected(messages=3, faults=[refusing], capabilities=without) as (imap, server):
        server.deliver("joe", IN_ONE_PART)
        async with imap.select("INBOX") as inbox:
            found = await inbox.read("1:4")
            assert [content.text.split() for content in found] == [
                ["body", "of", "1"], ["body", "of", "3"], ["x"],
            ]  # fmt: skip
            assert found.missing == UIDSet(2)
            assert found.refused[aimap.UID(2)].text == "it is damaged"
            assert set(await inbox.previews("1:4")) == {1, 3, 4}
            with pytest.raises(NoError, match="it is damaged"):
                await inbox.read(2)
