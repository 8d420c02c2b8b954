"""STORE and UID STORE (:rfc:`9051#section-6.4.6`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, final

from aimap._commands.base import IN_MAILBOX, IN_MAILBOX_BY_NUMBER, Claim, SelectedCommand
from aimap._errors import InvalidArgumentError
from aimap._model.flag import Flag
from aimap._model.numbers import SeqSet, UIDSet
from aimap._model.response import TaggedResponse

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder


@final
class Store(SelectedCommand[None]):
    """STORE, or UID STORE if the messages are a :class:`UIDSet`, in its ``.SILENT`` form.

    Args:
        messages: which ones; not empty.
        change: ``"+"`` adds the flags, ``"-"`` removes them, ``""`` sets just those.
        flags: the flags; none only where they are set, which then clears them all.
    """

    def __init__(
        self, messages: UIDSet | SeqSet, change: Literal["+", "-", ""], flags: Iterable[str]
    ) -> None:
        self._messages = messages
        self._change = change
        self._flags = [Flag(flag).check() for flag in flags]
        if change and not self._flags:
            raise InvalidArgumentError("name at least one flag to add or remove")
        self._by_uid = isinstance(messages, UIDSet)

    @property
    def name(self) -> str:  # type: ignore[override]
        """``UID STORE`` or ``STORE``."""
        return "UID STORE" if self._by_uid else "STORE"

    @property
    def claims(self) -> tuple[Claim, ...]:
        return IN_MAILBOX if self._by_uid else IN_MAILBOX_BY_NUMBER

    def write(self, wire: Encoder) -> None:
        if self._by_uid:
            wire.atom("UID")
        wire.atom("STORE")
        wire.numbers(self._messages)
        wire.atom(f"{self._change}FLAGS.SILENT")
        wire.flags(self._flags)

    def result(self, response: TaggedResponse) -> None:
        del response
