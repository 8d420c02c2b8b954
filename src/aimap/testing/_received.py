"""What clients sent, command by command, as tests look at it."""

from __future__ import annotations

from typing import final

import attrs


@final
@attrs.frozen(kw_only=True)
class ReceivedCommand:
    """A command that a client sent, and how it was answered.

    Attributes:
        session: the number of the connection; the first one is 1.
        user: who was logged in, or an empty string.
        state: in which state, such as ``"selected"``.
        mailbox: the selected mailbox, or an empty string.
        tag: its tag.
        name: its name, with ``UID``.
        line: the beginning of it, without literals and credentials.
        time: when its first octet came in, on Trio's clock.
        answer: ``"OK"``, ``"NO"`` or ``"BAD"``; empty while it is not answered.
        text: what stands behind that.
    """

    session: int
    user: str
    state: str
    mailbox: str
    tag: str
    name: str
    line: str
    time: float
    answer: str = ""
    text: str = ""
