"""Quotas (:rfc:`9208`)."""

from __future__ import annotations

from typing import final

import attrs


@final
@attrs.frozen
class QuotaResource:
    """How much of a resource is used, and how much may be.

    Attributes:
        name: ``"STORAGE"`` (units of 1,024 octets), ``"MESSAGE"``, ``"MAILBOX"``,
            ``"ANNOTATION-STORAGE"`` or another, in upper case.
        usage: how much is used.
        limit: how much may be.
    """

    name: str
    usage: int
    limit: int


@final
@attrs.frozen
class QuotaResponse:
    """``* QUOTA`` (:rfc:`9208#section-4.2.1`).

    Attributes:
        root: the quota root's name.
        resources: its resources; none where nothing is limited.
    """

    root: str
    resources: tuple[QuotaResource, ...]

    def resource(self, name: str) -> QuotaResource | None:
        """Return the resource of that name, in any case, or ``None``."""
        for each in self.resources:
            if each.name == name.upper():
                return each
        return None


@final
@attrs.frozen
class QuotaRootResponse:
    """``* QUOTAROOT`` (:rfc:`9208#section-4.2.2`).

    Attributes:
        mailbox: the mailbox's name.
        roots: the quota roots that bind it.
    """

    mailbox: str
    roots: tuple[str, ...]
