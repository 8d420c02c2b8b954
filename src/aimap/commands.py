"""Command objects, for :meth:`aimap.Client.submit`; each is used once."""

from aimap._commands.append import Append
from aimap._commands.base import Command
from aimap._commands.connection import Capability, Enable, Id, Noop
from aimap._commands.copy import Copy, Move
from aimap._commands.expunge import Expunge
from aimap._commands.fetch import Fetch
from aimap._commands.mailboxes import (
    Create,
    Delete,
    List,
    Lsub,
    Namespace,
    Rename,
    Status,
    Subscribe,
    Unsubscribe,
)
from aimap._commands.search import Search
from aimap._commands.store import Store

__all__ = [
    "Append",
    "Capability",
    "Command",
    "Copy",
    "Create",
    "Delete",
    "Enable",
    "Expunge",
    "Fetch",
    "Id",
    "List",
    "Lsub",
    "Move",
    "Namespace",
    "Noop",
    "Rename",
    "Search",
    "Status",
    "Store",
    "Subscribe",
    "Unsubscribe",
]
