"""Access control (:rfc:`4314`). Rights are letters, in a set: their order means nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import attrs


@final
@attrs.frozen
class AclResponse:
    """``* ACL`` (:rfc:`4314#section-3.6`).

    Attributes:
        mailbox: the mailbox's name.
        rights: the rights by identifier; one that begins with ``-`` names rights taken away.
    """

    mailbox: str
    rights: Mapping[str, frozenset[str]]


@final
@attrs.frozen
class ListRightsResponse:
    """``* LISTRIGHTS`` (:rfc:`4314#section-3.7`).

    Attributes:
        mailbox: the mailbox's name.
        identifier: whose rights.
        required: rights that the identifier always has.
        optional: rights that can be granted; those of one set only together.
    """

    mailbox: str
    identifier: str
    required: frozenset[str]
    optional: tuple[frozenset[str], ...]


@final
@attrs.frozen
class MyRightsResponse:
    """``* MYRIGHTS`` (:rfc:`4314#section-3.8`).

    Attributes:
        mailbox: the mailbox's name.
        rights: what the user may do with it.
    """

    mailbox: str
    rights: frozenset[str]
