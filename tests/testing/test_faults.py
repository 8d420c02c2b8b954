"""What goes wrong on a connection, and that the client bears it.

Each fault strikes while many commands are pending. Each of them then ends with one error
of its own, or goes on right; nothing hangs in virtual time, and nothing grows.
"""

from __future__ import annotations

import re
import tracemalloc
from typing import Any

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
    Stall,
    serve,
)

from .scene import (
    BODIES,
    JOE,
    LINES,
    Scene,
    each_line,
    each_moment,
    play,
    serving,
)


async def test_nothing_goes_wrong(autojump_clock: Any) -> None:
    scene = await play()
    assert scene.ended == Scene.right
    assert scene.seconds < 10


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


@pytest.mark.exhaustive
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


@pytest.mark.exhaustive
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
