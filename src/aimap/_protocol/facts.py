"""What is known of the connection: its state, and what the server has told of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

from aimap._commands.base import SAVED_RESULT, Command, exclusive
from aimap._errors import ByeError, StateError
from aimap._model.capability import Capabilities
from aimap._model.offering import offers, speaks_rev2
from aimap._model.response import StatusResponse
from aimap._model.state import ConnectionState
from aimap._protocol.events import MailboxClosed, SessionEvent
from aimap._protocol.view import MailboxView
from aimap._wire.encoder import Dialect
from aimap._wire.reading import Reading

_SAVES = exclusive(SAVED_RESULT)
_NOTHING = Capabilities()
_NO_DELIMITERS: frozenset[str | None] = frozenset()


@final
class Facts:
    """What is known of the connection.

    Attributes:
        state: the connection's state (:rfc:`9051#section-3`).
        greeting: how the server greeted; ``None`` until it has.
        bye: the server's BYE, once it has said it.
        enabled: what was enabled (:rfc:`5161`).
        complaint: the text of an untagged NO or BAD that answered nobody, until a command
            ends.
        view: the selected mailbox.
        delimiters: the hierarchy delimiters that LIST has told.
        max_line: octets of a line that the server takes.

    Args:
        reading: how responses are read, which depends on what is enabled.
        emit: called with an event when the mailbox is left.
    """

    __slots__ = (
        "_before",
        "_capabilities",
        "_dialect",
        "_emit",
        "_reading",
        "bye",
        "complaint",
        "delimiters",
        "enabled",
        "greeting",
        "max_line",
        "state",
        "view",
    )

    def __init__(
        self, reading: Reading, emit: Callable[[SessionEvent], None], max_line: int
    ) -> None:
        self.state = ConnectionState.NOT_AUTHENTICATED
        self.greeting: StatusResponse | None = None
        self.bye: ByeError | None = None
        self.complaint = ""
        self._capabilities: Capabilities | None = None
        self.enabled = Capabilities()
        self.view: MailboxView | None = None
        self.delimiters = _NO_DELIMITERS
        self.max_line = max_line
        self._before: Capabilities | None = None
        self._dialect: tuple[tuple[object, ...], Dialect] | None = None
        self._reading = reading
        self._emit = emit

    @property
    def capabilities(self) -> Capabilities | None:
        """What the server offers; ``None`` while that is not known."""
        return self._capabilities

    @capabilities.setter
    def capabilities(self, offered: Capabilities | None) -> None:
        self._capabilities = offered
        self._read_as_sent()

    def offers(self, capability: str) -> bool:
        """Tell whether the server has *capability*, be it within another."""
        return offers(self._capabilities or _NOTHING, capability, self.enabled)

    def message_limit(self, *, saving: bool) -> int | None:
        """Return how many messages one command may be about (:rfc:`9738`), if that is bounded."""
        offered = self._capabilities or _NOTHING
        names = ("MESSAGELIMIT", "SAVELIMIT") if saving else ("MESSAGELIMIT",)
        limits = [limit for name in names if (limit := offered.number(name))]
        return min(limits, default=None)

    def enable(self, capabilities: Capabilities) -> None:
        """Note what was enabled (:rfc:`5161#section-3.2`)."""
        self._set_enabled(Capabilities(self.enabled | capabilities))

    def _set_enabled(self, enabled: Capabilities) -> None:
        self.enabled = enabled
        self._read_as_sent()

    def _read_as_sent(self) -> None:
        """Have mailbox names read as UTF-8 from when they are sent so."""
        rev2 = speaks_rev2(self._capabilities or _NOTHING, self.enabled)
        self._reading.utf8 = rev2 or "UTF8=ACCEPT" in self.enabled

    def dialect(self) -> Dialect:
        """Return what the server understands just now."""
        view = self.view
        facts = (
            self._capabilities,
            self.enabled,
            self.max_line,
            next(iter(self.delimiters)) if len(self.delimiters) == 1 else None,
            None if view is None else view.exists,
            view is not None and view.has_saved_result,
        )
        # It is asked for with each command, and costs as much as all else of a small one.
        if self._dialect is None or facts != self._dialect[0]:
            self._dialect = facts, self._dialect_of(*facts)
        return self._dialect[1]

    def _dialect_of(
        self,
        capabilities: Capabilities | None,
        enabled: Capabilities,
        max_line: int,
        delimiter: str | None,
        exists: int | None,
        saved_result: bool,
    ) -> Dialect:
        offered = capabilities or _NOTHING
        return Dialect(
            literal_plus="LITERAL+" in offered,
            literal_minus=offers(offered, "LITERAL-", enabled),
            utf8=self._reading.utf8,
            binary=offers(offered, "BINARY", enabled),
            rev2=speaks_rev2(offered, enabled),
            qresync="QRESYNC" in enabled,
            uid_only="UIDONLY" in enabled,
            rights=next(iter(offered.values("RIGHTS")), "").lower() or None,
            max_line=max_line,
            multiappend="MULTIAPPEND" in offered,
            login_disabled="LOGINDISABLED" in offered,
            delimiter=delimiter,
            exists=exists,
            saved_result=saved_result,
        )

    def check(self, command: Command[Any]) -> None:
        """Check that a command is legal in the present state.

        Raises:
            StateError: if it is not, or would change a mailbox that is open for reading.
        """
        if self.state not in command.states:
            in_words = (
                "no mailbox is selected"
                if self.state is ConnectionState.AUTHENTICATED
                and ConnectionState.SELECTED in command.states
                else f"the state is {self.state.value}"
            )
            raise StateError(f"{command.name} is not possible: {in_words}")
        if command.changes_messages and self.view is not None and self.view.read_only:
            raise StateError(
                f"{command.name} is not possible: {self.view.mailbox!r} is open for reading only"
            )

    def sent(self, command: Command[Any]) -> None:
        """Note that a command goes out."""
        if command.opens is not None:
            opening = self.view is not None
            self.close_view()
            self.view = MailboxView(
                command.opens, self._emit, examined=command.opens_read_only, opening=opening
            )
        if self._changes_user(command):
            self._before, self.capabilities = self.capabilities, None

    def answered(self, command: Command[Any], *, succeeded: bool) -> None:
        """Note what a command did to the state."""
        self.complaint = ""
        if self._changes_user(command) and not succeeded and self.capabilities is None:
            self.capabilities = self._before
        if succeeded and self.view is not None and _SAVES in command.claims:
            self.view.has_saved_result = True
        state = command.enters if succeeded else command.falls_to
        if state is None:
            return
        if state is ConnectionState.NOT_AUTHENTICATED:
            # Of all that was enabled nothing holds (RFC 8437 section 4.1).
            self._set_enabled(Capabilities())
            self.delimiters = _NO_DELIMITERS
        self.state = state
        if self.view is not None and command.opens is not None:
            self.view.opening = False
        if state is not ConnectionState.SELECTED:
            self.close_view()

    def end_selection(self) -> None:
        """Have no mailbox selected any more, whatever the server thinks."""
        self.state = ConnectionState.AUTHENTICATED
        self.close_view()

    def closed_before(self) -> None:
        """Note that all behind is of the mailbox that is opening (:rfc:`7162#section-3.2.11`)."""
        view = self.view
        if view is not None and view.opening:
            self.view = MailboxView(view.mailbox, self._emit, examined=view.examined)

    def close_view(self) -> None:
        """Have no mailbox selected."""
        if self.view is not None:
            self.view = None
            self._emit(MailboxClosed())

    def _changes_user(self, command: Command[Any]) -> bool:
        """Tell whether what the server offers may be another thing behind a command's OK."""
        return command.enters is ConnectionState.NOT_AUTHENTICATED or (
            command.enters is ConnectionState.AUTHENTICATED
            and self.state is ConnectionState.NOT_AUTHENTICATED
        )
