"""Commands as octets, for what the client has no method for, and what comes back."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from aimap._model.limits import Limits
from aimap._wire.framer import Framer
from aimap._wire.reading import Reading

from .real import RealServer
from .tap import Tap, check

RECORDS = Path(__file__).parents[1] / "data" / "servers"


class RawConnection:
    """A connection on which one command goes at a time."""

    def __init__(self, tap: Tap) -> None:
        self._tap = tap
        self._framer = Framer(Reading(Limits(), strict=True))
        self._tags = 0
        self.record: list[str] = []

    async def receive(self) -> bytes:
        """Wait for one whole response."""
        while (frame := self._framer.next_frame()) is None:
            data = await self._tap.receive_some()
            assert data, "the server closed the connection"
            self._framer.receive_data(data)
        self.record.append("S: " + escaped(frame))
        return frame

    async def _send(self, octets: bytes) -> None:
        self.record.append("C: " + escaped(octets.removesuffix(b"\r\n")))
        await self._tap.send_all(octets)

    async def __call__(self, *pieces: str | bytes) -> list[bytes]:
        """Send a command, and return its answers, the tagged one last.

        Args:
            pieces: its text; each ``bytes`` goes as a synchronising literal, and ends in
                a line end where it is not one but the answer to a continuation request.
        """
        self._tags += 1
        tag = b"R%d " % self._tags
        line = tag
        answers: list[bytes] = []
        for piece in pieces:
            if isinstance(piece, str):
                line += piece.encode()
                continue
            literal = not piece.endswith(b"\r\n") or b"\r\n" in piece[:-2]
            await self._send(line + (b"{%d}\r\n" % len(piece) if literal else b"\r\n"))
            while True:
                answer = await self.receive()
                if answer.startswith(tag):
                    return [*answers, answer]
                if answer.startswith(b"+"):
                    break
                answers.append(answer)
            line = piece if literal else piece[:-2]
        await self._send(line + b"\r\n")
        while True:
            answer = await self.receive()
            answers.append(answer)
            if answer.startswith(tag):
                return answers

    async def ok(self, *pieces: str | bytes) -> list[bytes]:
        """Send a command that must succeed."""
        answers = await self(*pieces)
        assert answers[-1].split(b" ")[1] == b"OK", (pieces, answers)
        return answers


@asynccontextmanager
async def raw_connection(server: RealServer, user: str) -> AsyncGenerator[RawConnection]:
    """Log in, and see to it that all that comes back is read by the letter."""
    tap = Tap(await trio.open_tcp_stream(server.host, server.port))
    async with tap:
        connection = RawConnection(tap)
        await connection.receive()
        await connection.ok(f"LOGIN {user} {server.password}")
        yield connection
        await connection.ok("LOGOUT")
    check(server.kind, tap.received)


def escaped(octets: bytes) -> str:
    """Return *octets* as one line of ASCII."""
    return octets.decode("latin-1").encode("unicode_escape").decode("ascii")


def unescaped(line: str) -> bytes:
    """Return the octets that :func:`escaped` made *line* of."""
    return line.encode("ascii").decode("unicode_escape").encode("latin-1")
