"""What a hostile server, or a dead one, can do to a connection: each under its name."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
import trio

import aimap
from aimap import Timeouts
from aimap.items import BODY_PEEK
from aimap.testing import Drip, Drop, Fault, FaultyStream, Insert, Moment, Stall, serve

from .support import JOE

TIMEOUTS = Timeouts(connect=60, response=30, idle_renewal=240, idle_probe=20, logout=5)


async def session(
    *faults: Fault,
    tls: Any = "implicit",
    below: bool = False,
    wire_log: Callable[[str], object] | None = None,
) -> list[object]:
    """Do a little of everything; return what ended it, if anything did."""
    came: list[object] = []
    async with serve(tls=tls, host=None, faults=() if below else faults) as server:
        server.deliver("joe", b"Subject: one\r\n\r\n" + b"x" * 5000)
        stream = server.connect()
        try:
            async with aimap.connect(
                "localhost",
                tls=tls,
                ssl_context=None if tls == "insecure" else server.client_ssl_context,
                stream=FaultyStream(stream, *faults) if below else stream,
                auth=JOE,
                timeouts=TIMEOUTS,
                wire_log=wire_log,
            ) as imap:
                await imap.append("Sent", b"Subject: x\r\n\r\n" + b"x" * 5000)
                async with imap.select("INBOX") as inbox:
                    (message,) = await inbox.fetch_all("1", BODY_PEEK())
                    came.append(len(message.body()))
                    async with inbox.watch() as watcher:
                        with trio.move_on_after(500):
                            await anext(watcher)
                        # What is asked now ends IDLE.
                        await imap.status("Sent")
                came.append("all")
        except aimap.ConnectionLostError as error:
            came.append(error)
    return came


MOMENTS: dict[str, Moment] = {
    "greeting": 0,
    "half a greeting": 5,
    "login": b"aimap test server ready\r\n",
    "command": b"UIDNEXT",
    "literal": b"Subject: one",
    "IDLE": b"+ idling\r\n",
}


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=list(MOMENTS))
async def test_never_answer(moment: Moment, autojump_clock: Any) -> None:
    came = await session(Stall(after=moment))
    assert isinstance(came[-1], aimap.ConnectionLostError)
    assert trio.current_time() < 500


@pytest.mark.parametrize("octets", [0, 1, 100, 1000])
@pytest.mark.parametrize("tls", ["implicit", "starttls"])
async def test_never_answer_in_tls(octets: int, tls: Any, autojump_clock: Any) -> None:
    came = await session(Stall(after=octets), tls=tls, below=True)
    assert isinstance(came[-1], aimap.ConnectionLostError)
    assert "not ready within 60 seconds" in str(came[-1])
    assert trio.current_time() < 70


async def test_never_answer_to_logout(autojump_clock: Any) -> None:
    assert await session(Stall(after=b"LOGOUT", of="client")) == [5016, "all"]
    # The watch, and what the user of the block does not wait for any longer.
    assert 500 < trio.current_time() < 510


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=list(MOMENTS))
async def test_slow_drip(moment: Moment, autojump_clock: Any) -> None:
    came = await session(Drip(after=moment, seconds=60))
    assert isinstance(came[-1], aimap.ConnectionLostError)
    assert trio.current_time() < 600


async def test_slow_drip_below_tls(autojump_clock: Any) -> None:
    came = await session(Drip(after=3, seconds=1), below=True)
    assert isinstance(came[-1], aimap.ConnectionLostError)
    assert trio.current_time() < 70


async def test_tls_truncation(autojump_clock: Any) -> None:
    # The end of TCP inside of a literal, without TLS being closed before.
    for size in (0, 1, 4000, 5000):
        came = await session(Drop(after=b"Subject: one\r\n\r\n" + b"x" * size))
        (error,) = came
        assert isinstance(error, aimap.ConnectionLostError)


async def test_log_injection(autojump_clock: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    hostile = b"%s%n%d {x} \x1b[2J\x00\rCRITICAL:root:owned"
    came = await session(
        Insert(b"* NO [ALERT] " + hostile + b"\r\n", after=b"UIDNEXT"),
        Insert(b"* BYE " + hostile + b"\r\n", after=b"+ idling\r\n"),
        Drop(after=b"+ idling\r\n"),
        wire_log=logging.getLogger("mail").debug,
    )
    assert isinstance(came[-1], aimap.ByeError)
    logged = [record.getMessage() for record in caplog.records if record.name == "mail"]
    assert len([line for line in logged if "owned" in line]) == 2
    assert all(line.isprintable() for line in logged)
    assert all(not record.args for record in caplog.records if record.name == "mail")
