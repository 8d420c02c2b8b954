"""Metadata of mailboxes and of the server (:rfc:`5464`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import attrs


@final
@attrs.frozen
class MetadataResponse:
    """``* METADATA`` (:rfc:`5464#section-4.4`).

    Attributes:
        mailbox: the mailbox's name; empty for the server.
        values: the values by entry name; ``None`` where an entry has no value.
        changed: names of entries that changed, where the server tells only that.
    """

    mailbox: str
    values: Mapping[str, bytes | None]
    changed: tuple[str, ...] = ()
