"""What commands of your own are made of, for extensions of IMAP that aimap does not know.

A command is a class: what it sends, which responses answer it, what comes of them, and what
it claims while it is in flight. ``Client.submit`` sends it, like those of
:mod:`aimap.commands`. What its responses, response codes and FETCH data items are read into,
:class:`aimap.Extension` says; what is to be fetched is a :class:`aimap.FetchItem`.
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
from aimap._model.extension import Extension, ReadCode, ReadItem, ReadResponse
from aimap._model.fetch import FetchItem
from aimap._wire.encoder import Encoder

__all__ = [
    "IN_MAILBOX",
    "ORDINARY",
    "Claim",
    "Command",
    "Encoder",
    "Extension",
    "FetchItem",
    "Mode",
    "OneOfAKind",
    "ReadCode",
    "ReadItem",
    "ReadResponse",
    "SelectedCommand",
    "Verdict",
    "exclusive",
]
