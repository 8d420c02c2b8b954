"""How far a watch has come, to be saved and gone on from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, final

import attrs

from aimap._errors import InvalidArgumentError
from aimap._model.flag import Flags
from aimap._model.numbers import MAX_MODSEQ, MAX_NUMBER, UID, ModSeq, UIDSet, UIDValidity

_VERSION = 1


def _above(value: Mapping[UID, ModSeq]) -> Mapping[UID, ModSeq]:
    return MappingProxyType(dict(value))


def _flags(value: Mapping[Flags, UIDSet]) -> Mapping[Flags, UIDSet]:
    return MappingProxyType(dict(value))


def _mailboxes(value: Mapping[str, MailboxPosition]) -> Mapping[str, MailboxPosition]:
    return MappingProxyType(dict(value))


@final
@attrs.frozen
class MailboxPosition:
    """What is known of one mailbox, after the events that were given out.

    Attributes:
        uid_validity: the epoch of the UIDs; ``None`` where the server has no stable UIDs.
        uids: the messages that there are.
        modseq: everything up to this mod-sequence is known; ``None`` without CONDSTORE.
        above: of single messages, the mod-sequence above that one which is known too.
        flags: which messages have which flags; empty with CONDSTORE, which needs none.
    """

    uid_validity: UIDValidity | None
    uids: UIDSet
    modseq: ModSeq | None = None
    above: Mapping[UID, ModSeq] = attrs.field(factory=dict[UID, ModSeq], converter=_above)
    flags: Mapping[Flags, UIDSet] = attrs.field(factory=dict[Flags, UIDSet], converter=_flags)


@final
@attrs.frozen
class Position:
    """How far a watch has come, mailbox by mailbox.

    Everything before it was given out, and nothing behind it: a watch that begins at it
    gives what comes next, also in another process, years later.

    Attributes:
        mailboxes: by name; one that the watch has not yet looked at is missing.
    """

    mailboxes: Mapping[str, MailboxPosition] = attrs.field(
        factory=dict[str, MailboxPosition], converter=_mailboxes
    )

    def to_json(self) -> str:
        """Return it as JSON text, of a size that follows the gaps between UIDs, mostly few."""
        return json.dumps(
            {
                "version": _VERSION,
                "mailboxes": {name: _write(known) for name, known in self.mailboxes.items()},
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, text: str) -> Position:
        """Return what :meth:`to_json` wrote.

        Raises:
            InvalidArgumentError: if it did not write that.
        """
        try:
            read = json.loads(text)
            if read["version"] != _VERSION:
                raise InvalidArgumentError(
                    f"a position of version {_VERSION}, not {read['version']!r}"
                )
            return cls({str(name): _read(known) for name, known in read["mailboxes"].items()})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidArgumentError(f"not a position that was saved: {error}") from error


def _write(known: MailboxPosition) -> dict[str, Any]:
    return {
        "uid_validity": known.uid_validity,
        "uids": str(known.uids),
        "modseq": known.modseq,
        "above": {str(uid): modseq for uid, modseq in known.above.items()},
        "flags": [[sorted(flags), str(uids)] for flags, uids in known.flags.items()],
    }


def _read(saved: dict[str, Any]) -> MailboxPosition:
    return MailboxPosition(
        _number(saved["uid_validity"], MAX_NUMBER),
        _uids(saved["uids"]),
        _number(saved["modseq"], MAX_MODSEQ),
        {
            UID(int(uid)): ModSeq(_number(modseq, MAX_MODSEQ) or 0)
            for uid, modseq in saved["above"].items()
        },
        {Flags(flags): _uids(uids) for flags, uids in saved["flags"]},
    )


def _uids(text: str) -> UIDSet:
    return UIDSet(text) if text else UIDSet()


def _number(value: Any, most: int) -> Any:
    if value is not None and not (isinstance(value, int) and 1 <= value <= most):
        raise InvalidArgumentError(f"a number from 1 to {most}, not {value!r}")
    return value
