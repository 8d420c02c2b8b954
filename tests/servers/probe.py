"""Which objects of :mod:`aimap.commands` have reached which real server, and came back well."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

import attrs
import pytest

import aimap
import aimap.commands
from aimap import FetchItem, Message, UIDSet
from aimap._protocol.events import Defect, SessionEvent, UnsolicitedResponse
from aimap._protocol.pending import Pending
from aimap._protocol.session import Session
from aimap.commands import Command, Fetch
from aimap.items import UID_ITEM

from .real import RealServer
from .tap import is_known

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., object])

EVERYWHERE = ("dovecot", "cyrus", "courier")
NOT_COURIER = ("dovecot", "cyrus")
DOVECOT = ("dovecot",)
CYRUS = ("cyrus",)
COURIER = ("courier",)


class Sending(NamedTuple):
    """What a test sends.

    Attributes:
        names: of the things of :mod:`aimap.commands`.
        needs: the capability without which a server cannot take part, or nothing.
        servers: those that see it.
        because: why that is not just those that offer it, or nothing.
    """

    names: frozenset[str]
    needs: str
    servers: tuple[str, ...]
    because: str


SENDING: dict[str, Sending] = {}


def sends(
    *things: object, needs: str = "", on: tuple[str, ...] = EVERYWHERE, because: str = ""
) -> Callable[[F], F]:
    """Have a test run with the servers *on*, and fail if it does not send *things*.

    Args:
        things: of :mod:`aimap.commands`: commands, what goes in them and what comes of them.
        needs: the capability that those servers offer, and the others do not.
        on: the servers.
        because: why those are not just the ones that offer what it *needs*.
    """
    names = frozenset(
        next(name for name in aimap.commands.__all__ if getattr(aimap.commands, name) is thing)
        for thing in things
    )

    def mark(test: F) -> F:
        SENDING[test.__name__] = Sending(names, needs, on, because)
        marked: F = pytest.mark.parametrize("any_server", on, indirect=True)(test)
        return marked

    return mark


class Recorder:
    """Keeps every command that any session takes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._taken: list[Pending[Any]] = []
        submit = Session.submit

        def recording(
            session: Session, command: Command[T], on_done: Callable[[], None] | None = None
        ) -> Pending[T]:
            pending = submit(session, command, on_done)
            self._taken.append(pending)
            return pending

        monkeypatch.setattr(Session, "submit", recording)

    def seen(self) -> frozenset[str]:
        """Return the names of all that went with commands that succeeded, and came of them."""
        things: list[object] = []
        for pending in self._taken:
            try:
                result: object = pending.outcome() if pending.done else None
            except aimap.ImapError:
                continue
            if pending.done:
                things += _within(pending.command)
                things += _within(result)
        return frozenset(
            name
            for name in aimap.commands.__all__
            for known in [getattr(aimap.commands, name)]
            if any(thing is known or type(thing) is known for thing in things)
        )


def _within(value: object) -> Iterator[object]:
    """Iterate over *value* and what it is made of."""
    yield value
    parts: Iterable[object] = ()
    if isinstance(value, Command):
        parts = vars(value).values()
    elif isinstance(value, Mapping):
        parts = value.values()
    elif isinstance(value, (tuple, list)):
        parts = value
    else:
        fields: Iterable[attrs.Attribute[object]] = getattr(value, "__attrs_attrs__", ())
        parts = (getattr(value, field.name) for field in fields)
    for part in parts:
        yield from _within(part)


class Probe:
    """A connection of a new user, whose every answer has to be asked for.

    Attributes:
        server: the server.
        user: the user.
        imap: the connection.
    """

    def __init__(self, server: RealServer, user: str, imap: aimap.Client) -> None:
        self.server = server
        self.user = user
        self.imap = imap
        self._news: list[UnsolicitedResponse | Defect] = []
        session = imap._driver.session
        self._hear: Callable[[SessionEvent], None] = session.on_event
        session.on_event = self._on_event

    def _on_event(self, event: SessionEvent) -> None:
        match event:
            case UnsolicitedResponse(aimap.StatusResponse("OK")):
                pass
            case Defect(reason) if is_known(self.server.kind, reason):
                pass
            case UnsolicitedResponse() | Defect():
                self._news.append(event)
            case _:
                pass
        self._hear(event)

    def news(self) -> list[aimap.Untagged]:
        """Return what came since the last time, and answered no command.

        Without the texts of which a server has many, and each its own: untagged OKs.
        """
        told, self._news = self._news, []
        assert [event for event in told if isinstance(event, Defect)] == []
        return [event.response for event in told if isinstance(event, UnsolicitedResponse)]

    async def __call__(self, command: Command[T]) -> T:
        """Send a command object, and return its result."""
        return await self.imap.submit(command).wait()

    async def ask(self, messages: UIDSet, *wanted: FetchItem[Any]) -> list[Message]:
        """Fetch from messages, in the order of their UIDs."""
        found: list[Message] = []
        await self(Fetch(messages, [*wanted, UID_ITEM], found.extend))
        return sorted(found, key=lambda message: message.uid)

    def name(self, *levels: str) -> str:
        """Return the name of a mailbox."""
        return self.server.prefix + self.server.delimiter.join(levels)

    def offers(self, capability: str) -> bool:
        """Tell whether the server does."""
        return capability in self.imap.capabilities
