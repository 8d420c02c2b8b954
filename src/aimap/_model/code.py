"""Response codes (:rfc:`9051#section-7.1`, :rfc:`5530`) as values."""

from __future__ import annotations

from typing import final

import attrs

from aimap._model.capability import Capabilities
from aimap._model.flag import Flags
from aimap._model.numbers import UID, ModSeq, SeqNum, UIDSet, UIDValidity


@attrs.frozen
class ResponseCode:
    """A response code: what stands in brackets before the text.

    Codes that carry data are subclasses with typed fields. A code that aimap does not
    know is a plain ``ResponseCode`` that keeps its arguments as they came.

    Attributes:
        name: the code's name in upper case, for example ``"NONEXISTENT"``.
        arguments: what follows the name, undecoded, or empty.
    """

    name: str
    arguments: bytes = b""


@final
@attrs.frozen
class CapabilityCode(ResponseCode):
    """``[CAPABILITY ...]``: what the server offers from here on."""

    capabilities: Capabilities = attrs.field(factory=Capabilities, kw_only=True)


@final
@attrs.frozen
class PermanentFlagsCode(ResponseCode):
    r"""``[PERMANENTFLAGS (...)]``: the flags that can be changed for good.

    Attributes:
        flags: those flags, without ``\*``.
        keywords_allowed: whether ``\*`` was among them: new keywords can be created.
    """

    flags: Flags = attrs.field(factory=Flags, kw_only=True)
    keywords_allowed: bool = attrs.field(default=False, kw_only=True)


@final
@attrs.frozen
class UIDValidityCode(ResponseCode):
    """``[UIDVALIDITY n]``; ``None`` where the server says that it has no stable UIDs."""

    uid_validity: UIDValidity | None = attrs.field(default=None, kw_only=True)


@final
@attrs.frozen
class UIDNextCode(ResponseCode):
    """``[UIDNEXT n]``: the UID that the next message will get or exceed."""

    uid_next: UID | None = attrs.field(default=None, kw_only=True)


@final
@attrs.frozen
class UnseenCode(ResponseCode):
    """``[UNSEEN n]``: the first message without the Seen flag (:rfc:`3501#section-7.1`)."""

    seq: SeqNum | None = attrs.field(default=None, kw_only=True)


@final
@attrs.frozen
class HighestModSeqCode(ResponseCode):
    """``[HIGHESTMODSEQ n]`` (:rfc:`7162#section-3.1.2.1`)."""

    modseq: ModSeq | None = attrs.field(default=None, kw_only=True)


@final
@attrs.frozen
class AppendUIDCode(ResponseCode):
    """``[APPENDUID validity uids]`` (:rfc:`4315#section-3`).

    Attributes:
        uid_validity: the UIDVALIDITY of the mailbox appended to.
        uids: the new UIDs.
    """

    uid_validity: UIDValidity = attrs.field(kw_only=True)
    uids: UIDSet = attrs.field(kw_only=True)


@final
@attrs.frozen
class CopyUIDCode(ResponseCode):
    """``[COPYUID validity from to]`` (:rfc:`4315#section-3`).

    Attributes:
        uid_validity: the UIDVALIDITY of the destination.
        source: the UIDs that were copied, in the order sent.
        destination: the new UIDs, in the same order: ranges, as the server sent them.
    """

    uid_validity: UIDValidity = attrs.field(kw_only=True)
    source: tuple[tuple[int, int], ...] = attrs.field(kw_only=True)
    destination: tuple[tuple[int, int], ...] = attrs.field(kw_only=True)
