"""What goes wrong on a connection, and that the client bears it.

Each fault strikes while many commands are pending. Each of them then ends with one error
of its own, or goes on right; nothing hangs in virtual time, and nothing grows.
"""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest
import trio
import trio.testing

import aimap
import aimap.testing
from aimap import Timeouts
from aimap.items import BODY_PEEK
from aimap.testing import (
    Drip,
    Drop,
    Fault,
    FaultyStream,
    Insert,
    Moment,
    Repeat,
    Server,
    Stall,
    serve,
)
from aimap.testing._faulty import ServersEnd

JOE = aimap.Password("joe", "secret")
LATENCY = 0.1
FOR_EVER = 10_000
UPLOAD = b"Subject: up\r\n\r\n" + b"x" * 50_000 + b"\r\n"
BODIES = [b"Subject: %d\r\n\r\nbody of %d\r\n" % (number, number) for number in range(1, 21)]


@asynccontextmanager
async def serving(**options: Any) -> AsyncGenerator[Server]:
    # Without LITERAL+, so that an upload has to wait for the server's word.
    async with serve(
        tls=options.pop("tls", "insecure"),
        host=options.pop("host", None),
        latency=LATENCY,
        capabilities=aimap.testing.CAPABILITIES - {"LITERAL+"},
        **options,
    ) as server:
        for body in BODIES:
            server.deliver("joe", body)
        yield server


class Scene:
    """One connection with many tasks on it, and how each of them ended.

    ``right`` is what each task returns where nothing goes wrong.
    """

    right: ClassVar[Mapping[str, object]] = {
        "open": "opened",
        "fetch": BODIES,
        "status": 0,
        "append": True,
        "watch": 21,
        "close": "closed",
    }

    def __init__(self) -> None:
        self.ended: dict[str, object] = {}
        self.seconds = 0.0
        self.counters: Any = None

    async def _note(self, name: str, task: Callable[[], Awaitable[object]]) -> None:
        assert name not in self.ended
        try:
            self.ended[name] = await task()
        except aimap.ImapError as error:
            self.ended[name] = error

    async def play(
        self, server: Server, stream: trio.abc.Stream, *, limits: aimap.Limits | None = None
    ) -> None:
        begin = trio.current_time()
        with trio.fail_after(FOR_EVER):
            await self._note("close", lambda: self._connect(server, stream, limits))
        self.seconds = trio.current_time() - begin

    async def _connect(
        self, server: Server, stream: trio.abc.Stream, limits: aimap.Limits | None
    ) -> object:
        timeouts = Timeouts(connect=30, response=30, idle_renewal=240, idle_probe=20)
        try:
            async with aimap.connect(
                "localhost",
                tls="insecure",
                stream=stream,
                auth=JOE,
                timeouts=timeouts,
                limits=limits,
            ) as imap:
                try:
                    async with imap.select("INBOX") as inbox:
                        self.ended["open"] = "opened"
                        async with trio.open_nursery() as nursery:
                            for name, task in {
                                "fetch": lambda: self._fetch(inbox),
                                "status": lambda: self._status(imap),
                                "append": lambda: self._append(imap),
                                "watch": lambda: self._watch(server, inbox),
                            }.items():
                                nursery.start_soon(self._note, name, task)
                finally:
                    self.counters = imap.statistics()
        except aimap.ImapError as error:
            self.ended.setdefault("open", error)
            raise
        return "closed"

    async def _fetch(self, inbox: aimap.Mailbox) -> object:
        async with inbox.fetch("1:20", BODY_PEEK()) as messages:
            return [message.body() async for message in messages]

    async def _status(self, imap: aimap.Client) -> object:
        return (await imap.status("Drafts")).messages

    async def _append(self, imap: aimap.Client) -> object:
        return await imap.append("Sent", UPLOAD) is not None

    async def _watch(self, server: Server, inbox: aimap.Mailbox) -> object:
        async with inbox.watch() as watcher:
            while len(self.ended) < 4:
                # IDLE goes on, and comes to an end, and goes on.
                with trio.move_on_after(1):
                    await anext(watcher)
            server.deliver("joe", b"Subject: 21\r\n\r\n")
            while not isinstance(event := await anext(watcher), aimap.Arrived):
                pass
            return event.uid


async def play(*faults: Fault, limits: aimap.Limits | None = None) -> Scene:
    scene = Scene()
    async with serving() as server:
        await scene.play(server, FaultyStream(server.connect(), *faults), limits=limits)
    return scene


async def test_nothing_goes_wrong(autojump_clock: Any) -> None:
    scene = await play()
    assert scene.ended == Scene.right
    assert scene.seconds < 10


MOMENTS: dict[str, Moment] = {
    "before the greeting": 0,
    "in the greeting": 10,
    "in the login": re.compile(rb"A1 O"),
    "in SELECT": b"EXISTS",
    "in the literal of a FETCH": re.compile(rb"\{\d+\}\r\nSubj"),
    "behind a FETCH": re.compile(rb"\* 20 FETCH .*?\)\r\n", re.DOTALL),
    "in STATUS": b"* STATUS ",
    "where an upload may go": b"+ go on\r\n",
    "at the end of the upload": b"APPENDUID",
    "in IDLE": b"+ idling\r\n",
}
"""Behind which octets of the server."""

LINES = {
    "behind the greeting": re.compile(rb"\* OK .*?\r\n"),
    "behind the login": re.compile(rb"A1 OK .*?\r\n"),
    "behind SELECT": re.compile(rb"A2 OK .*?\r\n"),
    "behind a FETCH": MOMENTS["behind a FETCH"],
    "behind STATUS": re.compile(rb"\* STATUS .*?\r\n"),
    "where an upload may go": MOMENTS["where an upload may go"],
    "in IDLE": MOMENTS["in IDLE"],
}
"""The same, between responses."""

each_moment = pytest.mark.parametrize("moment", MOMENTS.values(), ids=list(MOMENTS))
each_line = pytest.mark.parametrize("moment", LINES.values(), ids=list(LINES))


def errors_of(scene: Scene) -> list[aimap.ConnectionLostError]:
    """Return what the tasks ended with that did not end right."""
    wrong = {name: end for name, end in scene.ended.items() if end != Scene.right[name]}
    for end in wrong.values():
        assert isinstance(end, aimap.ConnectionLostError), wrong
    errors = [end for end in wrong.values() if isinstance(end, aimap.ConnectionLostError)]
    # Whoever opens the connection sees what ended it twice: it is told, and it is the result.
    assert len({id(error) for error in errors}) >= len(errors) - ("open" in wrong)
    return errors


@each_moment
@pytest.mark.parametrize("reset", [False, True])
async def test_drop(moment: Moment, reset: bool, autojump_clock: Any) -> None:
    scene = await play(Drop(after=moment, reset=reset))
    errors = errors_of(scene)
    assert errors
    assert {type(error) for error in errors} == {aimap.ConnectionLostError}
    assert scene.seconds < 10


@pytest.mark.parametrize("after", [b"SELECT", b" FETCH ", b"x" * 20_000, b"IDLE\r\n", b"DONE\r\n"])
async def test_drop_at_what_the_client_sends(after: bytes, autojump_clock: Any) -> None:
    scene = await play(Drop(after=after, of="client"))
    assert {type(error) for error in errors_of(scene)} == {aimap.ConnectionLostError}
    assert scene.seconds < 10


@each_moment
async def test_stall(moment: Moment, autojump_clock: Any) -> None:
    scene = await play(Stall(after=moment))
    assert {type(error) for error in errors_of(scene)} == {aimap.ConnectionLostError}
    # The silence that is borne: in IDLE until it is renewed, and a probe.
    assert 20 < scene.seconds < 300


@each_moment
async def test_a_pause_that_is_borne(moment: Moment, autojump_clock: Any) -> None:
    scene = await play(Stall(after=moment, seconds=19))
    assert scene.ended == Scene.right


@each_moment
@pytest.mark.parametrize("size", [1, 7])
async def test_split(moment: Moment, size: int, autojump_clock: Any) -> None:
    scene = await play(Drip(after=moment, size=size))
    assert scene.ended == Scene.right


async def test_slow_but_sure(autojump_clock: Any) -> None:
    scene = await play(Drip(after=b"A2 OK", size=100, seconds=1))
    assert scene.ended == Scene.right
    assert scene.seconds > 20


@each_line
@pytest.mark.parametrize("then", [None, Stall, Drop])
async def test_bye(moment: Moment, then: type[Stall | Drop] | None, autojump_clock: Any) -> None:
    bye = Insert(b"* BYE [UNAVAILABLE] going down\r\n", after=moment)
    scene = await play(bye, *([then(after=moment)] if then else []))
    errors = errors_of(scene)
    assert errors or not then
    for error in errors:
        if isinstance(error, aimap.ByeError):
            assert error.text == "going down"
        else:
            # What was being sent failed before the reason was read.
            assert then is Drop
            assert "while sending" in str(error)
    assert scene.seconds < 30


@each_line
async def test_unknown_tag(moment: Moment, autojump_clock: Any) -> None:
    scene = await play(Insert(b"A99 OK done\r\n", after=moment))
    errors = errors_of(scene)
    assert errors
    assert {type(error) for error in errors} == {aimap.RemoteProtocolError}


@pytest.mark.parametrize("tag", [1, 2, 3, 4])
async def test_duplicate_tagged_line(tag: int, autojump_clock: Any) -> None:
    scene = await play(Repeat(after=re.compile(rb"A%d OK.*?\r\n" % tag)))
    errors = errors_of(scene)
    assert errors
    assert {type(error) for error in errors} == {aimap.RemoteProtocolError}


@each_line
async def test_continuation_out_of_turn(
    moment: Moment, request: pytest.FixtureRequest, autojump_clock: Any
) -> None:
    scene = await play(Insert(b"+ go on\r\n", after=moment))
    if moment is LINES["behind the greeting"]:
        # AUTHENTICATE may be answered like this, but not with what is no base64. The server
        # knows of nothing that the client could call off.
        request.applymarker(pytest.mark.breaks("syntax"))
        assert isinstance(scene.ended["open"], aimap.AuthenticationError)
    else:
        assert scene.ended == Scene.right


async def test_late_tag_of_an_abandoned_command(autojump_clock: Any) -> None:
    late = Stall(after=re.compile(rb"\* STATUS .*?\r\n"), seconds=20)
    async with serving() as server:
        async with aimap.connect(
            "x", tls="insecure", stream=FaultyStream(server.connect(), late), auth=JOE
        ) as imap:
            with trio.move_on_after(5) as scope:
                await imap.status("Drafts")
            assert scope.cancelled_caught
            assert (await imap.status("Sent")).messages == 0
            assert trio.current_time() > 20
        assert server.violations == []


@each_line
async def test_flood(moment: Moment, autojump_clock: Any) -> None:
    # As many octets as it takes to tell what grows from what does not.
    flood = b"* OK still here\r\n* 7 FETCH (FLAGS (\\Seen))\r\n* X-NEWS (a b c)\r\n" * 100
    tracemalloc.start()
    try:
        scene = await play(Insert(flood, after=moment, times=500))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    if scene.ended == Scene.right:
        assert scene.counters.octets_received > 3_000_000
    for error in errors_of(scene):
        # Somebody watches, who would have to be told of each.
        assert isinstance(error, aimap.LimitExceededError)
        assert error.limit == "max_events"
    assert peak < 3_000_000


@each_line
async def test_a_line_without_end(moment: Moment, autojump_clock: Any) -> None:
    scene = await play(
        Insert(b"* OK " + b"x" * 5_000, after=moment),
        Insert(b"x" * 5_000, after=moment, times=10**9),
        limits=aimap.Limits(max_line=1_000_000, max_greeting=100_000),
    )
    for error in errors_of(scene):
        assert isinstance(error, aimap.LimitExceededError)


async def test_tls_closed_without_close_notify(autojump_clock: Any) -> None:
    in_a_literal = Drop(after=re.compile(rb"\{\d+\}\r\nSubj"))
    async with serving(tls="implicit", faults=[in_a_literal]) as server:
        async with aimap.connect(
            "localhost", stream=server.connect(), ssl_context=server.client_ssl_context, auth=JOE
        ) as imap:
            with pytest.raises(aimap.ConnectionLostError, match="closed"):
                async with imap.select("INBOX") as inbox:
                    async with inbox.fetch("1:20", BODY_PEEK()) as messages:
                        async for message in messages:
                            pytest.fail(f"{message} was not whole")


# At every octet


async def dialogue(stream: trio.abc.Stream) -> tuple[list[object], aimap.Client | None]:
    """Hold a short dialogue, up to the first error; return what came of it."""
    came: list[object] = []
    imap = None
    try:
        async with aimap.connect(
            "x", tls="insecure", stream=stream, auth=JOE, timeouts=Timeouts(connect=9, response=9)
        ) as imap:
            came.append(sorted(info.name for info in await imap.list()))
            async with imap.select("INBOX") as inbox:
                came.append(inbox.exists)
                came.append((await inbox.fetch_all("1", BODY_PEEK()))[0].body())
                came.append(await inbox.search())
                await inbox.add_flags("1", "\\Seen")
            await imap.append("Sent", BODIES[0])
            came.append("stored")
        came.append("logged out")
    except aimap.ImapError as error:
        came.append(error)
    return came, imap


@pytest.mark.parametrize("after", ["drop", "reset", "stall", "bye", "bye on a line of its own"])
async def test_at_every_octet(after: str, autojump_clock: Any) -> None:
    capabilities = {"UIDPLUS", "UNSELECT", "SASL-IR"}

    async def run(*faults: Fault) -> tuple[list[object], aimap.Client | None]:
        async with serve(tls="insecure", host=None, capabilities=capabilities) as server:
            server.deliver("joe", BODIES[0])
            with trio.fail_after(60):
                return await dialogue(FaultyStream(server.connect(), *faults))

    right, imap = await run()
    assert right[-1] == "logged out"
    assert imap is not None
    octets = imap.statistics().octets_received
    assert octets > 500
    for position in range(octets):
        bye = b"* BYE x\r\n" if after == "bye" else b"\r\n* BYE x\r\n"
        faults: dict[str, list[Fault]] = {
            "drop": [Drop(after=position)],
            "reset": [Drop(after=position, reset=True)],
            "stall": [Stall(after=position)],
            "bye": [Insert(bye, after=position), Drop(after=position)],
            "bye on a line of its own": [Insert(bye, after=position), Drop(after=position)],
        }
        came, _ = await run(*faults[after])
        if came != right:
            assert came[:-1] == right[: len(came) - 1], position
            assert isinstance(came[-1], aimap.ConnectionLostError), (position, came[-1])


# What each of them does to a stream


async def received(*faults: Fault, sent: bytes = b"") -> list[tuple[float, bytes]]:
    """Return what a client gets of a server that greets and leaves, and when."""
    ours, theirs = trio.testing.memory_stream_pair()
    stream = FaultyStream(ours, *faults)
    await theirs.send_all(b"* OK one\r\n")
    await theirs.send_all(b"* OK two\r\n")
    await theirs.send_eof()
    begin = trio.current_time()
    came: list[tuple[float, bytes]] = []
    if sent:
        await stream.send_all(sent)
    while data := await stream.receive_some():
        came.append((trio.current_time() - begin, data))
    return came


async def test_octets_as_they_come(autojump_clock: Any) -> None:
    def octets(came: list[tuple[float, bytes]]) -> bytes:
        return b"".join(data for _, data in came)

    both = b"* OK one\r\n* OK two\r\n"
    assert octets(await received()) == both
    assert octets(await received(Drop(after=3))) == b"* O"
    assert octets(await received(Drop(after=b"two"))) == both[:-2]
    assert octets(await received(Drop(after=re.compile(b"OK t")), Drop(after=19))) == both[:16]
    assert octets(await received(Insert(b"x", after=5), Insert(b"y", times=2, after=5))) == (
        both[:5] + b"xyy" + both[5:]
    )
    assert octets(await received(Repeat(after=b"two\r\n", times=2))) == both + b"two\r\n" * 2
    assert octets(await received(Drop(after=b"BAD"), Drop(after=10**6))) == both
    assert await received(Drip(size=15)) == [(0, both[:15]), (0, both[15:])]
    assert await received(Drip(size=15, seconds=2, after=0)) == [(2, both[:15]), (4, both[15:])]
    assert await received(Stall(seconds=3, after=5)) == [(0, both[:5]), (3, both[5:])]
    assert octets(await received(Insert(b"x", after=b"b", of="client"), sent=b"abc")) == b"x" + both
    assert octets(await received(Insert(b"x", after=b"B", of="client"), sent=b"abc")) == both


async def test_without_faults_it_is_a_stream_like_any(autojump_clock: Any) -> None:
    def maker(
        pair: Callable[[], tuple[trio.abc.Stream, trio.abc.Stream]],
    ) -> Callable[[], Awaitable[tuple[trio.abc.Stream, trio.abc.Stream]]]:
        async def make() -> tuple[trio.abc.Stream, trio.abc.Stream]:
            await trio.lowlevel.checkpoint()
            one, other = pair()
            return FaultyStream(one), FaultyStream(other)

        return make

    await trio.testing.check_two_way_stream(
        maker(trio.testing.memory_stream_pair), maker(trio.testing.lockstep_stream_pair)
    )


async def test_a_moment_in_several_pieces(autojump_clock: Any) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    stream = FaultyStream(ours, Drop(after=b"+ go", reset=True))
    received = b""
    for octet in b"* OK\r\n+ go":
        await theirs.send_all(bytes([octet]))
        received += await stream.receive_some()
    assert received == b"* OK\r\n+ go"
    with pytest.raises(trio.BrokenResourceError, match="reset"):
        await stream.receive_some()
    with pytest.raises(trio.BrokenResourceError):
        await stream.send_all(b"x")
    assert await theirs.receive_some() == b""


async def test_a_client_that_is_cut_off(autojump_clock: Any) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    stream = FaultyStream(ours, Drop(after=b"b", of="client"))
    with pytest.raises(trio.BrokenResourceError):
        await stream.send_all(b"abc")
    assert await theirs.receive_some() == b"ab"
    assert await stream.receive_some() == b""


async def test_what_the_client_sends_wakes_who_receives(autojump_clock: Any) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    stream = FaultyStream(
        ours, Insert(b"hello", after=b"a", of="client"), Drop(after=b"b", of="client")
    )
    came: list[bytes] = []
    async with trio.open_nursery() as nursery:

        async def receive() -> None:
            while data := await stream.receive_some():
                came.append(data)

        nursery.start_soon(receive)
        await trio.sleep(1)
        await stream.send_all(b"a")
        await trio.sleep(1)
        assert came == [b"hello"]
        with pytest.raises(trio.BrokenResourceError):
            await stream.send_all(b"b")
    assert await theirs.receive_some() == b"ab"


async def test_the_moment_is_when_the_last_octet_has_passed(autojump_clock: Any) -> None:
    for moment in (3, b"abc", re.compile(b"b.")):
        ours, theirs = trio.testing.memory_stream_pair()
        stream = FaultyStream(ours, Drop(after=moment))
        await theirs.send_all(b"abc")
        assert await stream.receive_some() == b"abc"
        with trio.fail_after(1):
            assert await stream.receive_some() == b""


async def test_the_server_takes_turns(autojump_clock: Any) -> None:
    ours, theirs = trio.testing.lockstep_stream_pair()
    stream = ServersEnd(ours, [Stall(seconds=10)])
    async with trio.open_nursery() as nursery:
        with trio.move_on_after(4):
            # Cancelled, it has to be sent all the same: others follow.
            await stream.send_all(b"a")
        nursery.start_soon(stream.send_all, b"b")
        nursery.start_soon(stream.send_all, b"c")
        received = b""
        while len(received) < 3:
            received += await theirs.receive_some()
            assert trio.current_time() == pytest.approx(10)
        assert received in (b"abc", b"acb")


async def test_a_stream_closed_while_it_stalls(autojump_clock: Any) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    stream = FaultyStream(ours, Stall())
    async with trio.open_nursery() as nursery:

        async def receive() -> None:
            with pytest.raises(trio.ClosedResourceError):
                await stream.receive_some()

        nursery.start_soon(receive)
        await trio.sleep(1)
        await stream.aclose()
    assert await theirs.receive_some() == b""


async def test_a_pause_outlives_who_was_cancelled_in_it(autojump_clock: Any) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    stream = FaultyStream(ours, Stall(seconds=10))
    await theirs.send_all(b"x")
    with trio.move_on_after(4):
        await stream.receive_some()
    assert await stream.receive_some() == b"x"
    assert trio.current_time() == pytest.approx(10)


@pytest.mark.parametrize("tls", ["implicit", "starttls", "insecure"])
async def test_over_tcp_under_tls(tls: Any) -> None:
    """What is sent goes wrong before it is encrypted; TCP is reset for real."""
    faults = [Drop(after=b"* STATUS", reset=True)]
    async with serve(tls=tls, faults=faults) as server:

        def connect() -> Any:
            context = None if tls == "insecure" else server.client_ssl_context
            return aimap.connect(
                server.host, port=server.port, tls=tls, ssl_context=context, auth=JOE
            )

        async with connect() as imap:
            with pytest.raises(aimap.ConnectionLostError, match="reset"):
                await imap.status("INBOX")
        server.faults = ()
        async with connect() as imap:
            assert (await imap.status("INBOX")).messages == 0


@pytest.mark.parametrize("after", [b"STATUS", b"DONE"])
async def test_the_server_goes_wrong_at_what_it_hears(after: bytes, autojump_clock: Any) -> None:
    bye = Insert(b"* BYE enough\r\n", after=after, of="client")
    async with serving(faults=[bye, Drop(after=after, of="client")]) as server:
        async with (
            aimap.connect("x", tls="insecure", stream=server.connect(), auth=JOE) as imap,
            imap.select("INBOX") as inbox,
            inbox.watch(),
        ):
            await trio.sleep(1)
            with pytest.raises(aimap.ByeError, match="enough"):
                await imap.status("Sent")
        assert "STATUS" not in server.commands


async def test_the_server_drips_in_idle(autojump_clock: Any) -> None:
    # What is cut off in the midst of its drops by the end of IDLE comes first then.
    drip = Drip(after=b"+ idling\r\n", seconds=0.1)
    async with serving(faults=[drip]) as server:
        async with (
            aimap.connect("x", tls="insecure", stream=server.connect(), auth=JOE) as imap,
            imap.select("INBOX") as inbox,
            inbox.watch() as watcher,
        ):
            await trio.sleep(1)
            server.deliver("joe", b"Subject: 21\r\n\r\n")
            await trio.sleep(0.5)
            assert (await imap.status("Drafts")).messages == 0
            event = await anext(watcher)
            assert isinstance(event, aimap.Arrived)
            assert event.uid == 21
    assert server.violations == []


@pytest.mark.parametrize("after", [-1, b"", "BYE", re.compile("B.E")])
def test_moments_that_make_no_sense(after: Any) -> None:
    with pytest.raises(aimap.InvalidArgumentError, match="number of octets"):
        Drop(after=after)


def test_faults_that_make_no_sense() -> None:
    with pytest.raises(aimap.InvalidArgumentError, match="'server' or 'client'"):
        Drop(of="proxy")  # type: ignore[arg-type]
    with pytest.raises(aimap.InvalidArgumentError, match="'size' is at least 1"):
        Drip(size=0)
    with pytest.raises(aimap.InvalidArgumentError, match="'times' is at least 1"):
        Insert(b"x", times=0)
