"""One command on its way through the session."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Generic, TypeVar, final

from aimap._commands.base import Claim, Command
from aimap._errors import ImapError
from aimap._model.code import InProgressCode
from aimap._model.upload import Upload
from aimap._wire.encoder import Part, Streamed

T = TypeVar("T")


class Stage(Enum):
    """How far a command has come."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DONE = "done"


@final
class Pending(Generic[T]):
    """A command that was submitted, and its outcome once there is one.

    Attributes:
        command: the command.
        claims: what it claims, as it said on submission.
        tag: its tag, once it is sent.
        stage: how far it has come.
        abandoned: whether nobody wants its outcome any more.
        parts: what of it was not sent yet.
        upload: the upload that has its turn.
        progress: how far the server says that it is (:rfc:`9585`).
    """

    __slots__ = (
        "_error",
        "_on_done",
        "_value",
        "abandoned",
        "claims",
        "command",
        "parts",
        "progress",
        "stage",
        "tag",
        "upload",
    )

    _value: T

    def __init__(self, command: Command[T], on_done: Callable[[], None] | None) -> None:
        self.command: Command[T] = command
        self.claims: tuple[Claim, ...] = command.claims
        self.tag: str = ""
        self.stage: Stage = Stage.QUEUED
        self.abandoned: bool = False
        self.parts: list[Part] = []
        self.upload: Upload | None = None
        self.progress: InProgressCode | None = None
        self._on_done = on_done
        self._error: ImapError | None = None

    @property
    def is_half_sent(self) -> bool:
        """Whether the server was told of more than it has got."""
        return self.stage is Stage.SENDING and bool(self.parts or self.upload)

    @property
    def owes_upload(self) -> bool:
        """Whether the server was told of an upload that it has not got all of."""
        return self.upload is not None or (
            self.stage is Stage.SENDING and any(isinstance(part, Streamed) for part in self.parts)
        )

    @property
    def done(self) -> bool:
        """Whether there is an outcome."""
        return self.stage is Stage.DONE

    def outcome(self) -> T:
        """Return the command's result.

        Raises:
            ImapError: what the command failed with.
        """
        if self._error is not None:
            raise self._error
        return self._value

    def succeed(self, value: T) -> None:
        """Record the result."""
        self._value = value
        self._finish()

    def fail(self, error: ImapError) -> None:
        """Record the error."""
        self._error = error
        self._finish()

    def _finish(self) -> None:
        self.stage = Stage.DONE
        on_done, self._on_done = self._on_done, None
        if on_done is not None and not self.abandoned:
            on_done()
