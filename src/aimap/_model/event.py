"""What a watcher of a mailbox is told."""

from __future__ import annotations

from typing import TypeAlias, final

import attrs

from aimap._model.flag import Flags
from aimap._model.numbers import UID


@final
@attrs.frozen
class Arrived:
    """A message is new in the mailbox.

    Attributes:
        uid: its UID.
        flags: the flags that it came with.
    """

    uid: UID
    flags: Flags


@final
@attrs.frozen
class FlagsChanged:
    """A message has other flags than before, or the server says once more which it has.

    Attributes:
        uid: its UID.
        flags: all flags that it has now.
    """

    uid: UID
    flags: Flags


@final
@attrs.frozen
class Expunged:
    """A message is gone.

    Attributes:
        uid: the UID that it had; it is never used again.
    """

    uid: UID


WatchEvent: TypeAlias = Arrived | FlagsChanged | Expunged
"""An event of :meth:`aimap.Mailbox.watch`."""
