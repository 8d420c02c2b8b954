r"""Dialogues as text: recorded from a client and a server, and played to a client.

::

    S: * OK ready
    C: A1 LOGIN [hidden]
    S: A1 OK logged in
    C: A2 FETCH 1 BODY[]
    S: * 1 FETCH (BODY[] {7}
    S= hello\r\n
    S: )
    S: A2 OK done

``C:`` and ``S:`` are lines of the client and the server; ``C=`` and ``S=`` the octets of the
literal that the line before announced, with Python's escapes. Without those, as in
``wire_log`` of :func:`aimap.connect`, a literal is anything of its length. ``[hidden]`` and
``[any]`` stand for anything. Lines that begin with ``#`` are comments.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Literal, TypeAlias, final

import attrs
import trio

from aimap._errors import InvalidArgumentError
from aimap._nursery import PrivateNursery
from aimap.testing._link import memory_link

Party: TypeAlias = Literal["C", "S"]

_LINE = re.compile(r"([CS])([:=]) ?(.*)")
_LITERAL = re.compile(rb"\{([0-9]{1,19})\+?\}\Z")
_ANYTHING = re.compile(rb"\\\[(?:hidden|any)\\\]")
_TAG = re.compile(rb'\(TAG "([^"]+)"\)')
_LENGTH = re.compile(r"\[literal of ([0-9]{1,10}) octets\]")
_FILLING = b"x"
_READ_SIZE = 65536


@final
class TranscriptError(Exception):
    """The client did not say what stands in the transcript.

    Attributes:
        number: in which line of the transcript that stands.
        expected: what stands there.
        said: what the client said instead; ``None`` if it said nothing.
    """

    def __init__(self, number: int, expected: str, said: str | None) -> None:
        self.number = number
        self.expected = expected
        self.said = said
        instead = "it said nothing" if said is None else f"it said {said!r}"
        super().__init__(
            f"line {number} of the transcript: the client was to say {expected!r}; {instead}"
        )


def _escaped(octets: bytes) -> str:
    return octets.decode("latin-1").encode("unicode_escape").decode("ascii")


def _octets(text: str, *, literal: bool) -> bytes:
    octets = text.encode("utf-8", "surrogateescape")
    return octets.decode("unicode_escape").encode("latin-1") if literal else octets


@final
@attrs.frozen
class Piece:
    """A line of a transcript.

    Attributes:
        party: who says it: ``"C"`` or ``"S"``.
        octets: what is said, without the line's end.
        literal: whether these are the octets of a literal.
        number: where it stands in the text.
    """

    party: Party
    octets: bytes
    literal: bool = False
    number: int = 0

    def __str__(self) -> str:
        """Return the line."""
        if self.literal:
            return f"{self.party}= {_escaped(self.octets)}"
        return f"{self.party}: {self.octets.decode('utf-8', 'surrogateescape')}"

    @property
    def announced(self) -> int | None:
        """How many octets of a literal follow, if one does."""
        match = None if self.literal else _LITERAL.search(self.octets)
        return None if match is None else int(match[1])


@final
class Transcript:
    """A dialogue of a client and a server.

    Args:
        pieces: what is said, in order.

    Raises:
        InvalidArgumentError: if a literal of the server is not as long as it was announced.
    """

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self.pieces: tuple[Piece, ...] = tuple(pieces)
        for piece, following in pairwise(self.pieces):
            announced = piece.announced if piece.party == "S" else None
            if announced is None or not following.literal or following.party != "S":
                continue
            if len(following.octets) != announced:
                raise InvalidArgumentError(
                    f"line {following.number} has {len(following.octets)} octets, and {announced} "
                    "were announced"
                )

    @classmethod
    def parse(cls, text: str) -> Transcript:
        """Read a transcript.

        Args:
            text: its lines; what stands before ``C:`` or ``S:``, as in a log, is left out if
                it ends in a colon or a space.

        Raises:
            InvalidArgumentError: if a line is none, or a literal has another length than was
                announced.
        """
        pieces: list[Piece] = []
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            match = _LINE.match(line.lstrip())
            if match is None:
                log = re.match(r".*?[: ](?=[CS]: )", line)
                match = None if log is None else _LINE.match(line[log.end() :])
            if match is None:
                raise InvalidArgumentError(f"line {number} is none of a transcript: {line!r}")
            party: Party = "C" if match[1] == "C" else "S"
            told = _LENGTH.fullmatch(match[3])
            if told is not None:
                filling = b"[any]" if party == "C" else _FILLING * int(told[1])
                pieces.append(Piece(party, filling, literal=True, number=number))
                continue
            literal = match[2] == "="
            try:
                octets = _octets(match[3], literal=literal)
            except UnicodeError as error:
                raise InvalidArgumentError(f"line {number}: {error}") from None
            pieces.append(Piece(party, octets, literal, number))
        return cls(pieces)

    @classmethod
    def load(cls, path: str | Path) -> Transcript:
        """Read a transcript from a file.

        Raises:
            InvalidArgumentError: if a line is none.
            OSError: if it cannot be read.
        """
        return cls.parse(Path(path).read_text(encoding="utf-8", errors="surrogateescape"))

    def save(self, path: str | Path) -> None:
        """Write it to a file.

        Raises:
            OSError: if that is not possible.
        """
        Path(path).write_text(str(self), encoding="utf-8", errors="surrogateescape")

    def __str__(self) -> str:
        """Return it as text."""
        return "".join(f"{piece}\n" for piece in self.pieces)

    async def play(self, stream: trio.abc.Stream) -> None:
        """Be the server of this dialogue.

        The client's tags may be others than those of the transcript.

        Args:
            stream: the server's end of a connection.

        Raises:
            TranscriptError: if the client says anything else, or nothing more.
        """
        await _Player(self.pieces, stream).run()

    @asynccontextmanager
    async def served(self) -> AsyncGenerator[trio.abc.Stream]:
        """Play it to a client in memory.

        Yields:
            The client's end of the connection.

        Raises:
            TranscriptError: if the client said anything else, or had not said all when the
                block was left; in place of what left the block.
        """
        ours, theirs = memory_link()
        errors: list[TranscriptError] = []

        async def play() -> None:
            try:
                await self.play(ours)
            except TranscriptError as error:
                errors.append(error)
            finally:
                await trio.aclose_forcefully(ours)

        try:
            async with PrivateNursery() as nursery:
                done = trio.Event()

                async def run() -> None:
                    await play()
                    done.set()

                nursery.start_soon(run)
                yield theirs
                await trio.aclose_forcefully(theirs)
                await done.wait()
        finally:
            if errors:
                raise errors[0]

    @asynccontextmanager
    async def listening(self, port: int = 0) -> AsyncGenerator[tuple[str, int]]:
        """Play it to whoever connects, without TLS; to each one from the beginning.

        Args:
            port: the port to listen on; 0 takes a free one.

        Yields:
            The host and the port.

        Raises:
            TranscriptError: if a client said anything else, or had not said all when the
                block was left; or if none came.
            OSError: if the port cannot be used.
        """
        errors: list[TranscriptError] = []
        players: list[_Player] = []

        async def play(stream: trio.SocketStream) -> None:
            player = _Player(self.pieces, stream)
            players.append(player)
            try:
                async with stream:
                    await player.run()
            except TranscriptError as error:
                errors.append(error)
            player.done.set()

        async with PrivateNursery() as nursery:
            listeners = await nursery.start(
                partial(trio.serve_tcp, play, port, host="127.0.0.1", handler_nursery=nursery)
            )
            yield "localhost", listeners[0].socket.getsockname()[1]
            with trio.move_on_after(_PATIENCE):
                for player in players:
                    await player.done.wait()
        if not players:
            players.append(_Player(self.pieces, memory_link()[0]))
        errors += [error for player in players if (error := player.unsaid()) is not None]
        if errors:
            raise errors[0]


_PATIENCE = 2.0
"""Seconds in which a client that has been left may still say something."""


class _Player:
    """Says what the server says, and checks what the client says."""

    def __init__(self, pieces: Iterable[Piece], stream: trio.abc.Stream) -> None:
        self._pieces = list(pieces)
        self._stream = stream
        self._buffer = bytearray()
        self._tags: dict[bytes, bytes] = {}
        self._due: int | None = None
        self._at = 0
        self.done = trio.Event()

    def unsaid(self) -> TranscriptError | None:
        """Return the error of what the client has not said yet, if there is anything."""
        if self.done.is_set():
            return None
        piece = next((each for each in self._pieces[self._at :] if each.party == "C"), None)
        return (
            None if piece is None else TranscriptError(piece.number, _escaped(piece.octets), None)
        )

    async def run(self) -> None:
        for at, (piece, following) in enumerate(zip_longest(self._pieces, self._pieces[1:])):
            self._at = at
            if piece.party == "C":
                await self._hear(piece)
                continue
            await self._say(piece)
            told = following is not None and following.literal and following.party == "S"
            if piece.announced is not None and not told:
                await self._send(_FILLING * piece.announced)

    async def _say(self, piece: Piece) -> None:
        octets = piece.octets
        if not piece.literal:
            word, space, rest = octets.partition(b" ")
            octets = self._tags.get(word, word) + space + rest
            octets = _TAG.sub(self._own_tag, octets) + b"\r\n"
        await self._send(octets)

    async def _send(self, octets: bytes) -> None:
        # A client that has left may do so, unless it is to say something yet.
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            await self._stream.send_all(octets)

    def _own_tag(self, match: re.Match[bytes]) -> bytes:
        return b'(TAG "%s")' % self._tags.get(match[1], match[1])

    async def _hear(self, piece: Piece) -> None:
        goes_on = self._due is not None
        if piece.literal or goes_on:
            due = len(piece.octets) if self._due is None else self._due
            self._due = None
            literal = await self._octets(due, piece)
            if piece.literal:
                self._compare(piece, piece.octets, literal)
                return
        said = await self._line(piece)
        expected = piece.octets if goes_on else self._with_own_tag(piece.octets, said)
        self._compare(piece, expected, said)
        announced = _LITERAL.search(said)
        self._due = None if announced is None else int(announced[1])

    @staticmethod
    def _compare(piece: Piece, expected: bytes, said: bytes) -> None:
        pattern = _ANYTHING.sub(b".*", re.escape(expected))
        if not re.fullmatch(pattern, said, re.DOTALL):
            raise TranscriptError(piece.number, _escaped(piece.octets), _escaped(said))

    def _with_own_tag(self, expected: bytes, said: bytes) -> bytes:
        """Learn the client's tag at the beginning of a command."""
        tag, space, rest = expected.partition(b" ")
        own, _, said_rest = said.partition(b" ")
        if not space or rest.partition(b" ")[0] != said_rest.partition(b" ")[0]:
            return expected
        self._tags[tag] = own
        return own + space + rest

    async def _line(self, piece: Piece) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            await self._more(piece)
        line = bytes(self._buffer[:end]).removesuffix(b"\r")
        del self._buffer[: end + 1]
        return line

    async def _octets(self, count: int, piece: Piece) -> bytes:
        while len(self._buffer) < count:
            await self._more(piece)
        octets = bytes(self._buffer[:count])
        del self._buffer[:count]
        return octets

    async def _more(self, piece: Piece) -> None:
        try:
            data = await self._stream.receive_some(_READ_SIZE)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            data = b""
        if not data:
            said = _escaped(bytes(self._buffer)) if self._buffer else None
            raise TranscriptError(piece.number, _escaped(piece.octets), said)
        self._buffer += data


def cut_into_pieces(party: Party, buffer: bytearray, pending: list[int]) -> Iterator[Piece]:
    """Take whole lines and literals out of a buffer.

    Args:
        party: whose they are.
        buffer: the octets; what is taken is removed.
        pending: the length of the literal that is due, if one is; it is kept here.
    """
    while True:
        if pending:
            if len(buffer) < pending[0]:
                return
            octets = bytes(buffer[: pending[0]])
            del buffer[: pending.pop()]
            yield Piece(party, octets, literal=True)
            continue
        end = buffer.find(b"\n")
        if end < 0:
            return
        piece = Piece(party, bytes(buffer[:end]).removesuffix(b"\r"))
        del buffer[: end + 1]
        if piece.announced is not None:
            pending.append(piece.announced)
        yield piece
