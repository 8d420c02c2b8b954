"""What commands of your own are made of, for extensions of IMAP that aimap does not know.

A command is a class: what it sends, which responses answer it, what comes of them, and what
it claims while it is in flight. ``Client.submit`` sends it, like those of
:mod:`aimap.commands`. What its responses are read into, :class:`aimap.Extension` says.
"""

from aimap._commands.base import (
    IN_MAILBOX,
    ORDINARY,
    Claim,
    Command,
    Mode,
    OneOfAKind,
    SelectedCommand,
    Verdict,
    exclusive,
)
from aimap._model.extension import Extension, ReadResponse
from aimap._wire.encoder import Encoder

__all__ = [
    "IN_MAILBOX",
    "ORDINARY",
    "Claim",
    "Command",
    "Encoder",
    "Extension",
    "Mode",
    "OneOfAKind",
    "ReadResponse",
    "SelectedCommand",
    "Verdict",
    "exclusive",
]
