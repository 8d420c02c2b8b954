"""What a strict server hears: commands, read independently, and what a client must not do.

The rules are those of RFC 9051 sections 5.5, 7.5.1, 4.3 and of RFC 2177, told by what goes
over the wire; nothing here knows what the session's commands claim.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from aimap._wire.encoder import Dialect
from tests.unit import reader
from tests.unit.reader import Bare, Token

from .model import Box, Mail

_LITERAL_END = re.compile(rb"~?\{([0-9]+)(\+?)\}\r\n\Z")

_IN_MAILBOX = frozenset(
    [
        "FETCH",
        "STORE",
        "SEARCH",
        "SORT",
        "THREAD",
        "COPY",
        "MOVE",
        "EXPUNGE",
        "CHECK",
        "CLOSE",
        "UNSELECT",
    ]
)
_CHANGE_MAILBOX = frozenset(["SELECT", "EXAMINE", "CLOSE", "UNSELECT"])
_KEEP_NUMBERS = frozenset(["FETCH", "STORE", "SEARCH"])
_ALONE = frozenset(
    ["ENABLE", "LOGIN", "AUTHENTICATE", "STARTTLS", "COMPRESS", "LOGOUT", "UNAUTHENTICATE", "IDLE"]
)
# The answers to these name neither a command nor what it was about.
_ONE_AT_A_TIME = frozenset(
    ["CAPABILITY", "NAMESPACE", "ID", "LIST", "LSUB", "THREAD", "SORT", "SEARCH", "GETQUOTAROOT"]
)


class ViolationError(AssertionError):
    """The client did what it must not do."""


@dataclass(eq=False)
class Job:
    """A command as the server read it, and how far it has come with it.

    Attributes:
        known: how much of what the server says the client had got when it sent this.
        lines: what makes the answers that are still due, in their order.
        value: what the command must return.
        answered: the messages that its FETCH responses were about.
    """

    tag: str
    tokens: list[Token]
    known: int
    box: Box | None = None
    started: bool = False
    lines: list[Any] = field(default_factory=list[Any])
    final: bytes = b"OK done"
    value: Any = None
    shown: list[Mail] = field(default_factory=list[Mail])
    answered: set[Mail] = field(default_factory=set[Mail])
    tagged_at: int | None = None
    done_read: bool = False

    @property
    def is_by_uid(self) -> bool:
        return reader.atom(self.tokens[0]) == "UID"

    @property
    def verb(self) -> str:
        return reader.atom(self.tokens[self.is_by_uid])

    @property
    def arguments(self) -> list[Token]:
        return self.tokens[1 + self.is_by_uid :]

    @property
    def returns(self) -> list[Token] | None:
        """The return options of a search."""
        arguments = self.arguments
        if len(arguments) > 1 and arguments[0] == Bare("RETURN"):
            return reader.listed(arguments[1])
        return None

    @property
    def kind(self) -> str:
        """What its answers are, where they name nothing else; empty if they do."""
        if self.verb in ("SEARCH", "SORT") and self.returns is not None:
            return ""
        return self.verb if self.verb in _ONE_AT_A_TIME else ""

    @property
    def uses_numbers(self) -> bool:
        if self.verb not in _IN_MAILBOX or self.verb in ("EXPUNGE", "CHECK", *_CHANGE_MAILBOX):
            return False
        return not self.is_by_uid or any(_is_set(token) for token in _flat(self._keys()))

    def _keys(self) -> list[Token]:
        # A bare set in a search; but the first argument of UID FETCH and the like is of UIDs.
        arguments = self.arguments
        if self.verb not in ("SEARCH", "SORT", "THREAD"):
            return []
        return [
            token
            for before, token in zip([None, *arguments], arguments, strict=False)
            if before != Bare("UID")
        ]

    @property
    def may_expunge(self) -> bool:
        """Whether EXPUNGE may come while it is in progress (RFC 9051 section 7.5.1)."""
        return self.is_by_uid or self.verb not in _KEEP_NUMBERS

    @property
    def is_in_mailbox(self) -> bool:
        return self.verb in _IN_MAILBOX

    @property
    def changes_mailbox(self) -> bool:
        return self.verb in _CHANGE_MAILBOX or (self.verb == "ENABLE" and not self.goes_alone)

    @property
    def goes_alone(self) -> bool:
        # These two are of no concern to what is not about the messages of a mailbox.
        about_messages = self.verb == "ENABLE" and all(
            reader.atom(token) in ("CONDSTORE", "QRESYNC") for token in self.arguments
        )
        return self.verb in _ALONE and not about_messages


def _is_set(token: Token) -> bool:
    return isinstance(token, Bare) and re.fullmatch(r"[0-9*][0-9:,*]*", token.text) is not None


def _flat(tokens: Iterable[Token]) -> Iterable[Token]:
    for token in tokens:
        if isinstance(token, list):
            yield from _flat(token)
        else:
            yield token


def check_together(job: Job, other: Job) -> None:
    """See that a command may be sent while another, sent before it, is in flight.

    Raises:
        ViolationError: if it must not.
    """

    def wrong(rule: str) -> ViolationError:
        return ViolationError(f"{rule}: {job.tokens} behind {other.tokens}")

    for one in (job, other):
        # Behind DONE, which ends IDLE, anything may follow (RFC 2177 section 3).
        if one.goes_alone and not one.done_read and not other.done_read:
            raise wrong(f"{one.verb} goes alone")
    if job.kind and job.kind == other.kind:
        raise wrong("their answers cannot be told apart")
    for one, two in ((job, other), (other, job)):
        if one.uses_numbers and two.may_expunge:
            raise wrong("EXPUNGE may come while sequence numbers are in use")
        if one.changes_mailbox and (two.is_in_mailbox or two.changes_mailbox):
            raise wrong("the selected mailbox changes meanwhile")


class Ear:
    """Cuts what the client sends into commands, as they arrive.

    Attributes:
        owes_continuation: whether a literal is announced that waits for a ``+``.
        idling: the IDLE in progress: nothing but DONE may come.
    """

    def __init__(self) -> None:
        self.owes_continuation = False
        self.idling: Job | None = None
        self.invited_at: int | None = None
        self._inbox = bytearray()
        self._sent: list[tuple[int, int]] = []
        self._position = 0
        self._parts: list[bytes] = [b""]
        self._literal = 0
        self._line = bytearray()
        self._begun_at: int | None = None
        self._plus_at: int | None = None

    @property
    def unread(self) -> int:
        return len(self._inbox)

    @property
    def is_between_commands(self) -> bool:
        return self._begun_at is None

    def take(self, data: bytes, known: int) -> None:
        """Take octets that the client sent when it had got so much of what was said."""
        if self.owes_continuation:
            raise ViolationError(f"octets before the + of a literal: {data[:60]!r}")
        self._inbox += data
        self._sent.append((self._position + len(self._inbox), known))

    def _known_at(self, position: int) -> int:
        return next(known for end, known in self._sent if position < end)

    def read(self, most: int, dialect: Dialect) -> Job | None:
        """Read up to so many octets; return a command if one is complete."""
        while most > 0 and self._inbox:
            if self.owes_continuation:
                raise ViolationError(f"octets before the + of a literal: {self._inbox[:60]!r}")
            if self._begun_at is None:
                self._begun_at = self._position
            if self._plus_at is not None and self._known_at(self._position) < self._plus_at:
                raise ViolationError("octets of a literal before the + was there")
            self._plus_at = None
            size = self._literal or self._inbox.find(b"\n") + 1 or len(self._inbox)
            size = min(size, most)
            piece = bytes(self._inbox[:size])
            del self._inbox[:size]
            self._position += size
            most -= size
            self._parts[-1] += piece
            if self._literal:
                self._literal -= size
                continue
            self._line += piece
            if self._line.endswith(b"\r\n") and (job := self._on_line(dialect)) is not None:
                return job
        return None

    def _on_line(self, dialect: Dialect) -> Job | None:
        line = bytes(self._line)
        self._line.clear()
        begun_at = self._begun_at
        assert begun_at is not None
        known = self._known_at(begun_at)
        if self.idling is not None:
            if line != b"DONE\r\n":
                raise ViolationError(f"{line!r} instead of DONE")
            if self.invited_at is None or known < self.invited_at:
                raise ViolationError("DONE before the +")
            job, self.idling, self.invited_at = self.idling, None, None
            self._forget()
            job.done_read = True
            return job
        if (literal := _LITERAL_END.search(line)) is not None:
            self._literal = int(literal[1])
            if not literal[2]:
                self._parts.append(b"")
                self.owes_continuation = True
            return None
        tag, _, rest = self._parts[0].partition(b" ")
        tokens = reader.read([rest, *self._parts[1:]], dialect)
        self._forget()
        job = Job(tag.decode(), tokens, known)
        if job.verb == "IDLE":
            self.idling = job
        return job

    def invite(self, end: int) -> None:
        """Note that a ``+`` was said, and where in what is said it ends."""
        if self.owes_continuation:
            self.owes_continuation = False
            self._plus_at = end
        else:
            self.invited_at = end

    def refuse_literal(self) -> str:
        """Let the client not send the literal that it announced; return the command's tag."""
        tag = self._parts[0].partition(b" ")[0].decode()
        self.owes_continuation = False
        self._literal = 0
        self._forget()
        return tag

    def half_read(self) -> tuple[str, int]:
        """Return the tag of the command of which a part was read, and what was known then."""
        assert self._begun_at is not None
        return self._parts[0].partition(b" ")[0].decode(), self._known_at(self._begun_at)

    def _forget(self) -> None:
        self._parts = [b""]
        self._begun_at = None
