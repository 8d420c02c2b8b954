"""One way from a server into a store: what is new, what changed, what is gone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import final

import attrs

from aimap._client.client import Client
from aimap._client.mailbox import Mailbox
from aimap._errors import CommandError, NotFetchedError, StateError
from aimap._model.fetch import BODY_PEEK, FLAGS, INTERNALDATE
from aimap._model.flag import Flag, Flags
from aimap._model.mailbox import MailboxInfo
from aimap._model.message import Message
from aimap._model.numbers import UID, UIDSet, UIDValidity
from aimap.sync._store import MailboxStore, MirroredMessage, Store

_BATCH_MESSAGES = 200
_BATCH_OCTETS = 4 * 1024 * 1024


@final
@attrs.frozen
class Progress:
    """How far a mirror has come.

    Attributes:
        mailbox: the mailbox that it is at.
        fetched: messages fetched so far, of all mailboxes.
        expected: messages known to be new so far, of all mailboxes.
        octets: octets of the messages fetched.
    """

    mailbox: str
    fetched: int
    expected: int
    octets: int


@final
@attrs.frozen
class MailboxFailure:
    """A mailbox that could not be mirrored; the others were."""

    mailbox: str
    error: CommandError | StateError


@final
@attrs.define
class MirrorReport:
    """What a mirror did.

    Attributes:
        mailboxes: mailboxes that are equal now.
        fetched: messages that were new.
        octets: octets of those.
        flags_changed: messages whose flags had changed.
        removed: messages that were gone.
        mailboxes_removed: mailboxes that were gone.
        missing: messages that the server lists and does not give out.
        failures: mailboxes that could not be mirrored.
    """

    mailboxes: int = 0
    fetched: int = 0
    octets: int = 0
    flags_changed: int = 0
    removed: int = 0
    mailboxes_removed: int = 0
    missing: int = 0
    failures: list[MailboxFailure] = attrs.field(factory=list[MailboxFailure])

    @property
    def is_current(self) -> bool:
        """Whether everything is equal now."""
        return not self.failures and not self.missing


async def mirror(
    imap: Client,
    store: Store,
    *,
    pattern: str = "*",
    on_progress: Callable[[Progress], None] | None = None,
) -> MirrorReport:
    """Make a store equal to the mailboxes of a server, fetching only what is new.

    Nothing is changed on the server: mailboxes are opened by EXAMINE, messages are
    fetched by ``BODY.PEEK[]`` (:rfc:`4549#section-3` says how). Message bodies come
    in pipelined slices.

    Args:
        imap: a connection that is logged in and has no mailbox selected.
        store: where to keep the messages, such as a :class:`MaildirStore`.
        pattern: which mailboxes; with ``"*"``, all, those that the server has no more
            are removed from the store.
        on_progress: called now and then with how far it has come.

    Returns:
        What was done. A mailbox that the server refuses does not stop the others.

    Raises:
        ConnectionLostError: if the connection is gone. What was stored is good; run it
            again to go on.
        OSError: if the store cannot be written.

    Cancelling leaves the store consistent: run it again to go on.
    """
    work = _Mirror(imap, store, on_progress or _tell_nobody)
    mailboxes = await imap.list(pattern)
    for info in mailboxes:
        if info.selectable:
            await work.mailbox(info)
    if pattern == "*":
        gone = await store.remove_others([info.name for info in mailboxes])
        work.report.mailboxes_removed = len(gone)
    return work.report


def _tell_nobody(progress: Progress) -> None:
    del progress


class _Mirror:
    def __init__(self, imap: Client, store: Store, on_progress: Callable[[Progress], None]) -> None:
        self.report = MirrorReport()
        self._imap = imap
        self._store = store
        self._on_progress = on_progress
        self._expected = 0

    async def mailbox(self, info: MailboxInfo) -> None:
        """Mirror one mailbox; a refusal is noted."""
        try:
            async with self._imap.examine(info.name) as mailbox:
                await self._mailbox(info, mailbox)
        except (CommandError, StateError) as error:
            self.report.failures.append(MailboxFailure(info.name, error))
        else:
            self.report.mailboxes += 1

    async def _mailbox(self, info: MailboxInfo, mailbox: Mailbox) -> None:
        validity = mailbox.uid_validity
        if validity is None:
            raise StateError("the server has no stable UIDs in it, so it cannot be mirrored")
        kept = await self._store.mailbox(info, UIDValidity(validity))
        known = await kept.known()
        current = await self._flags(mailbox)
        gone = UIDSet(uid for uid in known if uid not in current)
        if gone:
            # Nothing is removed on the word of what came unasked, or of what did not come.
            gone -= await mailbox.search()
        if gone:
            await kept.remove(gone)
            self.report.removed += len(gone)
        changed = {
            uid: flags for uid, flags in current.items() if uid in known and known[uid] != flags
        }
        if changed:
            await kept.set_flags(changed)
            self.report.flags_changed += len(changed)
        new = UIDSet(uid for uid in current if uid not in known)
        self._expected += len(new)
        self._tell(info.name)
        if new:
            missing = await self._fetch(info.name, mailbox, kept, new)
            if missing:
                # Some servers answer late, or not at first (RFC 2180 section 4.1).
                missing = await self._fetch(info.name, mailbox, kept, missing)
            self.report.missing += len(missing)

    @staticmethod
    async def _flags(mailbox: Mailbox) -> dict[UID, Flags]:
        if not mailbox.exists:
            return {}
        async with mailbox.fetch("1:*", FLAGS) as messages:
            return {message.uid: _lasting(message.flags) async for message in messages}

    async def _fetch(self, name: str, mailbox: Mailbox, kept: MailboxStore, uids: UIDSet) -> UIDSet:
        batch: list[MirroredMessage] = []
        octets = 0
        async with mailbox.fetch(uids, FLAGS, INTERNALDATE, BODY_PEEK()) as messages:
            async for message in messages:
                batch.append(_mirrored(message))
                octets += message.octets
                if octets >= _BATCH_OCTETS or len(batch) >= _BATCH_MESSAGES:
                    await self._keep(name, kept, batch)
                    batch, octets = [], 0
            if batch:
                await self._keep(name, kept, batch)
            return messages.missing

    async def _keep(self, name: str, kept: MailboxStore, batch: Sequence[MirroredMessage]) -> None:
        await kept.add(batch)
        self.report.fetched += len(batch)
        self.report.octets += sum(len(message.octets) for message in batch)
        self._tell(name)

    def _tell(self, name: str) -> None:
        report = self.report
        self._on_progress(Progress(name, report.fetched, self._expected, report.octets))


def _lasting(flags: Flags) -> Flags:
    r"""Leave out ``\Recent``, which is a session's and not the message's."""
    return Flags(flag for flag in flags if flag != Flag.RECENT) if Flag.RECENT in flags else flags


def _mirrored(message: Message) -> MirroredMessage:
    try:
        date = message.internal_date
    except NotFetchedError:
        date = None
    return MirroredMessage(message.uid, message.body(), _lasting(message.flags), date)
