"""Response codes (:rfc:`9051#section-7.1`, :rfc:`5530`) as values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import attrs

from aimap._model.capability import Capabilities
from aimap._model.flag import Flags
from aimap._model.numbers import UID, ModSeq, SeqNum, UIDSet, UIDValidity


@attrs.frozen
class ResponseCode:
    """A response code (:rfc:`9051#section-7.1`): what stands in brackets before the text.

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
    """``[CAPABILITY ...]``: what the server offers from here on (:rfc:`9051#section-7.1`)."""

    capabilities: Capabilities = attrs.field(factory=Capabilities, kw_only=True)


@final
@attrs.frozen
class PermanentFlagsCode(ResponseCode):
    r"""``[PERMANENTFLAGS (...)]``: what can be changed for good (:rfc:`9051#section-7.1`).

    Attributes:
        flags: those flags, without ``\*``.
        keywords_allowed: whether ``\*`` was among them: new keywords can be created.
    """

    flags: Flags = attrs.field(factory=Flags, kw_only=True)
    keywords_allowed: bool = attrs.field(default=False, kw_only=True)


@final
@attrs.frozen
class UIDValidityCode(ResponseCode):
    """``[UIDVALIDITY n]`` (:rfc:`9051#section-7.1`); ``None`` where UIDs are not stable."""

    uid_validity: UIDValidity | None = attrs.field(default=None, kw_only=True)


@final
@attrs.frozen
class UIDNextCode(ResponseCode):
    """``[UIDNEXT n]``: what the next UID will be, or exceed (:rfc:`9051#section-7.1`)."""

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


@final
@attrs.frozen
class BadCharsetCode(ResponseCode):
    """``[BADCHARSET (...)]``: the charsets for searches, if it says (:rfc:`9051#section-7.1`)."""

    charsets: tuple[str, ...] = attrs.field(default=(), kw_only=True)


@final
@attrs.frozen
class BadEventCode(ResponseCode):
    """``[BADEVENT (...)]``: the events that NOTIFY knows here (:rfc:`5465#section-3.1`)."""

    events: tuple[str, ...] = attrs.field(default=(), kw_only=True)


@final
@attrs.frozen
class BadUrlCode(ResponseCode):
    """``[BADURL url]``: the URL in a CATENATE that failed (:rfc:`4469#section-4`)."""

    url: str = attrs.field(kw_only=True)


@final
@attrs.frozen
class ModifiedCode(ResponseCode):
    """``[MODIFIED set]``: messages that a conditional STORE left alone.

    Somebody had changed them (:rfc:`7162#section-3.1.3`).

    Attributes:
        ranges: sequence numbers, or UIDs where the command was by UID.
    """

    ranges: tuple[tuple[int, int], ...] = attrs.field(kw_only=True)


@final
@attrs.frozen
class MailboxIdCode(ResponseCode):
    """``[MAILBOXID (id)]``: what names the mailbox for ever (:rfc:`8474#section-4`)."""

    mailbox_id: str = attrs.field(kw_only=True)


@final
@attrs.frozen
class MetadataCode(ResponseCode):
    """``[METADATA ...]`` (:rfc:`5464#section-4.2.1`, :rfc:`5464#section-4.3`).

    Attributes:
        problem: ``"LONGENTRIES"``, ``"MAXSIZE"``, ``"TOOMANY"`` or ``"NOPRIVATE"``.
        size: octets: of the longest entry left out, or of the longest that is taken.
    """

    problem: str = attrs.field(kw_only=True)
    size: int | None = attrs.field(default=None, kw_only=True)


@final
@attrs.frozen
class AnnotateCode(ResponseCode):
    """``[ANNOTATE TOOBIG]`` or ``[ANNOTATE TOOMANY]`` (:rfc:`5257#section-4.5`)."""

    problem: str = attrs.field(kw_only=True)


@final
@attrs.frozen
class AnnotationsCode(ResponseCode):
    """``[ANNOTATIONS ...]``: what a mailbox can do about annotations (:rfc:`5257#section-4.1`).

    Attributes:
        supported: whether there are any.
        read_only: whether they cannot be changed.
        size: octets that a value may have; ``None`` where none can be stored.
        private: whether there are private ones.
    """

    supported: bool = attrs.field(kw_only=True)
    read_only: bool = attrs.field(kw_only=True)
    size: int | None = attrs.field(kw_only=True)
    private: bool = attrs.field(kw_only=True)


@final
@attrs.frozen
class NoUpdateCode(ResponseCode):
    """``[NOUPDATE tag]``: that search is updated no more (:rfc:`5267#section-4.3.1`)."""

    tag: str = attrs.field(kw_only=True)


@final
@attrs.frozen
class ReferralCode(ResponseCode):
    """``[REFERRAL url ...]``: look there instead (:rfc:`2221`, :rfc:`2193`). Never followed."""

    urls: tuple[str, ...] = attrs.field(kw_only=True)


@final
@attrs.frozen
class UrlMechCode(ResponseCode):
    """``[URLMECH ...]``: mechanisms for authorized URLs (:rfc:`4467#section-7`).

    Attributes:
        mechanisms: by name in upper case, with the data that the server gave, in base64.
    """

    mechanisms: Mapping[str, str | None] = attrs.field(kw_only=True)


@final
@attrs.frozen
class InProgressCode(ResponseCode):
    """``[INPROGRESS ...]``: a command takes its time (:rfc:`9585#section-3`).

    Attributes:
        tag: the command's, or ``None``.
        progress: how far it is, or ``None``.
        goal: how far it has to go, in the same unit, or ``None`` where that is not known
            or makes no sense.
    """

    tag: str | None = attrs.field(default=None, kw_only=True)
    progress: int | None = attrs.field(default=None, kw_only=True)
    goal: int | None = attrs.field(default=None, kw_only=True)


@final
@attrs.frozen
class MessageLimitCode(ResponseCode):
    """``[MESSAGELIMIT n uid]``: only part of the work was done (:rfc:`9738#section-3`).

    Attributes:
        limit: how many messages one command may process.
        lowest_uid: the lowest UID that was processed; ``None`` if none was.
    """

    limit: int = attrs.field(kw_only=True)
    lowest_uid: UID | None = attrs.field(default=None, kw_only=True)


@final
@attrs.frozen
class ConvertLimitCode(ResponseCode):
    """``[MAXCONVERTMESSAGES n]`` or ``[MAXCONVERTPARTS n]`` (:rfc:`5259#section-9`)."""

    limit: int = attrs.field(kw_only=True)


@final
@attrs.frozen
class UndefinedFilterCode(ResponseCode):
    """``[UNDEFINED-FILTER name]`` (:rfc:`5466#section-3.1`)."""

    filter_name: str = attrs.field(kw_only=True)


@final
@attrs.frozen
class WebAlertCode(ResponseCode):
    """``[WEBALERT url]``: Gmail wants the user in a web browser. The URL is never opened."""

    url: str = attrs.field(kw_only=True)


@final
@attrs.frozen
class DowngradedCode(ResponseCode):
    """``[DOWNGRADED set]``: messages shown with their headers simplified (:rfc:`6858#section-4`).

    Attributes:
        ranges: their UIDs.
    """

    ranges: tuple[tuple[int, int], ...] = attrs.field(kw_only=True)


@final
@attrs.frozen
class NewNameCode(ResponseCode):
    """``[NEWNAME old new]``: the mailbox was renamed (:rfc:`2180#section-3.4`; obsolete).

    Attributes:
        old_name: the name that was asked for.
        new_name: the name that it has now.
    """

    old_name: str = attrs.field(kw_only=True)
    new_name: str = attrs.field(kw_only=True)
