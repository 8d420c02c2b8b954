"""What an account sends along with its login, since it knows the server from the last time.

A connection that is made again costs few round trips where commands follow each other
with no wait that an RFC demands: LOGIN does not wait for the greeting, nor ENABLE and
EXAMINE for the answer to LOGIN. They are barriers, since their answers change what may
follow; here it is known what the answers will be. That is checked: what holds is
only what the server says now. AUTHENTICATE is followed by nothing until it has ended
(:rfc:`9051#section-6.2.2`); then the others go together.

Nothing of this is done in clear.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, final

import attrs

from aimap._client.driver import CommandFuture, Driver
from aimap._commands.base import Command
from aimap._commands.connection import Capability
from aimap._model.capability import Capabilities
from aimap._model.profile import Profile
from aimap._protocol.events import SessionEvent
from aimap._protocol.session import Session
from aimap._protocol.view import MailboxView


@final
@attrs.frozen
class Learnt:
    """What a server showed itself to be.

    Attributes:
        before: what it offered before the login.
        after: what it offered behind it.
        told: whether it told that unasked, with its OK to the login.
        mechanism: by which the login was done.
        profile: what is peculiar about it.
    """

    before: Capabilities
    after: Capabilities
    told: bool
    mechanism: str
    profile: Profile


@final
class Ahead:
    """Commands that go along with the login, and what comes of them.

    Args:
        learnt: what the server was the last time.
        commands: what goes along, in this order.
        on_event: called with what the session tells from the beginning.

    Attributes:
        futures: the commands on their way.
    """

    def __init__(
        self,
        learnt: Learnt,
        commands: Sequence[Command[Any]],
        on_event: Callable[[SessionEvent], None],
    ) -> None:
        self.learnt = learnt
        self.commands: tuple[Command[Any], ...] = tuple(commands)
        self.on_event = on_event
        self.futures: tuple[CommandFuture[Any], ...] = ()
        self._session: Session | None = None

    def begin(self, driver: Driver) -> None:
        """Submit the commands, to go along with the login that is submitted next."""
        self._session = driver.session
        driver.session.on_event = self.on_event
        more = [] if self.learnt.told else [Capability()]
        self.futures = tuple(driver.submit_ahead(each) for each in (*self.commands, *more))

    @property
    def view(self) -> MailboxView | None:
        """The mailbox that is selected by now."""
        return None if self._session is None else self._session.view

    async def wait(self) -> None:
        """Wait until all of them are done, well or not."""
        for future in self.futures:
            await future.wait_done()
