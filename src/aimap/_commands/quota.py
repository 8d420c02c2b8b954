"""Quotas (:rfc:`9208#section-4.1`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, final

import attrs

from aimap._commands.base import ORDINARY, Claim, Command, Mode, OneOfAKind, same_mailbox
from aimap._model.quota import QuotaResponse, QuotaRootResponse
from aimap._model.response import TaggedResponse, Untagged

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder


class _OnRoot(Command[QuotaResponse | None]):
    answers: ClassVar[tuple[type, ...]] = (QuotaResponse,)

    @property
    def claims(self) -> tuple[Claim, ...]:
        # QUOTA answers GETQUOTAROOT too, and says nowhere which of them.
        return (*ORDINARY, Claim(GetQuotaRoot.name, Mode.SHARED))

    def __init__(self, root: str) -> None:
        self._root = root
        self._answer: QuotaResponse | None = None

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        wire.astring(self._root)

    def claim(self, response: Untagged) -> bool:
        if (
            self._answer is not None
            or not isinstance(response, QuotaResponse)
            or response.root != self._root
        ):
            return False
        self._answer = response
        return True

    def result(self, response: TaggedResponse) -> QuotaResponse | None:
        return self._answer


@final
class GetQuota(_OnRoot):
    """GETQUOTA (:rfc:`9208#section-4.1.1`; needs QUOTA): usage and limits of a quota root.

    Its result is the QUOTA response; ``None`` if the server sends none.

    Args:
        root: the root's name; often empty.
    """

    name = "GETQUOTA"
    repeatable = True


@final
class SetQuota(_OnRoot):
    """SETQUOTA (:rfc:`9208#section-4.1.3`; needs QUOTASET): ``SETQUOTA "" (STORAGE 512)``.

    Its result is the QUOTA response, if the server sends one: limits may be rounded.

    Args:
        root: the root's name.
        limits: the limit of each resource by name; ``STORAGE`` in units of 1,024 octets.
            What is not named has no limit afterwards.

    Raises:
        InvalidArgumentError: on sending, if a name is not an atom or a limit not a number.
    """

    name = "SETQUOTA"
    repeatable = True

    def __init__(self, root: str, limits: Mapping[str, int]) -> None:
        super().__init__(root)
        self._limits = dict(limits)

    def write(self, wire: Encoder) -> None:
        super().write(wire)
        with wire.parentheses():
            for resource, limit in self._limits.items():
                wire.atom(resource)
                wire.number64(limit)


@final
@attrs.frozen
class MailboxQuota:
    """What binds a mailbox.

    Attributes:
        roots: the names of its quota roots.
        quotas: what the server told of them.
    """

    roots: tuple[str, ...]
    quotas: tuple[QuotaResponse, ...]


@final
class GetQuotaRoot(OneOfAKind[MailboxQuota]):
    """GETQUOTAROOT (:rfc:`9208#section-4.1.2`; needs QUOTA): what binds a mailbox.

    Its answers are a QUOTAROOT and a QUOTA for each root, and those are of one GETQUOTAROOT
    at a time.

    Args:
        mailbox: the mailbox.
    """

    name = "GETQUOTAROOT"
    repeatable = True
    answers: ClassVar[tuple[type, ...]] = (QuotaRootResponse, QuotaResponse)

    def __init__(self, mailbox: str) -> None:
        self._mailbox = mailbox
        self._roots: tuple[str, ...] | None = None
        self._quotas: list[QuotaResponse] = []

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        wire.mailbox(self._mailbox)

    def claim(self, response: Untagged) -> bool:
        if isinstance(response, QuotaRootResponse):
            if self._roots is not None or not same_mailbox(response.mailbox, self._mailbox):
                return False
            self._roots = response.roots
            return True
        if isinstance(response, QuotaResponse):
            # Those come behind QUOTAROOT, each once; before it they answer a GETQUOTA.
            told = {quota.root for quota in self._quotas}
            if response.root in told or response.root not in (self._roots or ()):
                return False
            self._quotas.append(response)
            return True
        return False

    def result(self, response: TaggedResponse) -> MailboxQuota:
        return MailboxQuota(self._roots or (), tuple(self._quotas))
