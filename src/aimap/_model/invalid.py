"""What could not be read, and why."""

from __future__ import annotations

from typing import final

import attrs


@final
@attrs.frozen
class Invalid:
    """A data item that the server sent in a form that cannot be read.

    Attributes:
        raw: the octets, or the start of them.
        reason: what is wrong.
    """

    raw: bytes
    reason: str
