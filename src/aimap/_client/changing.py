"""What changes messages of the selected mailbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage
from typing import Any, Literal

from aimap._client.finding import search
from aimap._client.limiting import stuck
from aimap._client.live import SearchUpdates
from aimap._client.parts import carry_out
from aimap._client.selected import Messages, Selected
from aimap._client.uploading import message_octets
from aimap._commands.append import Append, Replace
from aimap._commands.base import SelectedCommand
from aimap._commands.convert import Convert
from aimap._commands.copy import Copy, Move
from aimap._commands.expunge import Expunge
from aimap._commands.store import Store, StoreAnnotations, StoreLabels
from aimap._errors import CapabilityError, InvalidArgumentError
from aimap._model.appending import Annotations, AppendMessage
from aimap._model.code import AppendUIDCode, CopyUIDCode
from aimap._model.convert import ConvertedResponse
from aimap._model.converting import ConvertItem
from aimap._model.copied import CopyResult
from aimap._model.flag import COLOR_BITS, COLORS, Flag, FlagColor
from aimap._model.numbers import UIDSet
from aimap._model.saved import SavedResult
from aimap._model.search import DELETED, IN

_Change = Literal["+", "-", ""]


class Changing(Selected):
    """Flags, labels and annotations; copies and moves; and the end of messages."""

    async def add_flags(
        self, uids: Messages, *flags: str, unchanged_since: int | None = None
    ) -> UIDSet:
        """Add flags to messages (:rfc:`9051#section-6.4.6`).

        Args:
            uids: which messages.
            flags: such as ``Flag.SEEN``; at least one.
            unchanged_since: leave messages alone that have changed since this
                mod-sequence (:rfc:`7162#section-3.1.3`; needs CONDSTORE).

        Returns:
            The messages that were left alone, as somebody had changed them; empty without
            *unchanged_since*.

        Raises:
            StateError: if the mailbox is read-only, or not selected any more.
            InvalidArgumentError: if a flag is not one; nothing is sent then.
            CapabilityError: if *unchanged_since* is given, and the server has no CONDSTORE.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        return await self._store_flags(uids, "+", flags, unchanged_since)

    async def remove_flags(
        self, uids: Messages, *flags: str, unchanged_since: int | None = None
    ) -> UIDSet:
        """Remove flags (:rfc:`9051#section-6.4.6`); otherwise like :meth:`add_flags`."""
        return await self._store_flags(uids, "-", flags, unchanged_since)

    async def set_flags(
        self, uids: Messages, *flags: str, unchanged_since: int | None = None
    ) -> UIDSet:
        """Set just those flags (:rfc:`9051#section-6.4.6`); otherwise like :meth:`add_flags`."""
        return await self._store_flags(uids, "", flags, unchanged_since)

    async def set_color(self, uids: Messages, color: FlagColor | str | None) -> None:
        r"""Give messages a flag of a colour, as Apple Mail and others show it.

        Args:
            uids: which messages.
            color: such as ``FlagColor.GREEN``, or ``"green"``; ``None`` takes the flag and its
                colour away.

        Raises:
            InvalidArgumentError: if there is no such colour.
            StateError: if the mailbox is read-only, or not selected any more.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        if color is not None and color not in COLORS:
            raise InvalidArgumentError(f"a flag is {', '.join(COLORS)} or None, not {color!r}")
        bits = 0 if color is None else COLORS.index(FlagColor(color))
        keywords = [each for bit, each in enumerate(COLOR_BITS) if bits >> bit & 1]
        others = [each for each in COLOR_BITS if each not in keywords]
        if color is None:
            others.append(Flag.FLAGGED)
        else:
            keywords.append(Flag.FLAGGED)
        messages = await self._known(uids)
        if keywords:
            await self.add_flags(messages, *keywords)
        await self.remove_flags(messages, *others)

    async def _store_flags(
        self, uids: Messages, change: _Change, flags: Sequence[str], since: int | None
    ) -> UIDSet:
        return await self._store(
            uids, lambda piece: Store(piece, change, flags, unchanged_since=since), since
        )

    async def add_labels(self, uids: Messages, *labels: str) -> None:
        r"""Add labels of Gmail's to messages (needs X-GM-EXT-1).

        Args:
            uids: which messages.
            labels: names of labels, which need not exist yet, or Gmail's own such as
                ``"\\Starred"``; at least one.

        Raises:
            CapabilityError: if the server is not Gmail: it has no X-GM-EXT-1.
            StateError: if the mailbox is read-only, or not selected any more.
            InvalidArgumentError: if there is no label.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        await self._store_labels(uids, "+", labels)

    async def remove_labels(self, uids: Messages, *labels: str) -> None:
        """Remove labels of Gmail's from messages; otherwise like :meth:`add_labels`."""
        await self._store_labels(uids, "-", labels)

    async def set_labels(self, uids: Messages, *labels: str) -> None:
        """Give messages just those labels of Gmail's; otherwise like :meth:`add_labels`."""
        await self._store_labels(uids, "", labels)

    async def _store_labels(self, uids: Messages, change: _Change, labels: Sequence[str]) -> None:
        self._need("X-GM-EXT-1", "labels are Gmail's alone; elsewhere there are keywords")
        await self._store(uids, lambda piece: StoreLabels(piece, change, labels), None)

    async def store_annotations(
        self, uids: Messages, annotations: Annotations, *, unchanged_since: int | None = None
    ) -> UIDSet:
        """Store annotations of messages (:rfc:`5257#section-4.5`).

        Args:
            uids: which messages.
            annotations: values by entry and attribute, such as
                ``{"/comment": {"value.priv": "call back"}}``; ``None`` removes one.
            unchanged_since: as of :meth:`add_flags`.

        Returns:
            As :meth:`add_flags`.

        Raises:
            CapabilityError: if the server has no ANNOTATE-EXPERIMENT-1.
            StateError: if the mailbox is read-only, or not selected any more.
            InvalidArgumentError: if there is no annotation, or a name is not one.
            NoError: if the server refuses; its code ``ANNOTATE`` says why.
            ConnectionLostError: if the connection is gone.
        """
        self._need("ANNOTATE-EXPERIMENT-1", "RFC 5257")
        return await self._store(
            uids,
            lambda piece: StoreAnnotations(piece, annotations, unchanged_since=unchanged_since),
            unchanged_since,
        )

    async def _store(
        self,
        uids: Messages,
        make: Callable[[UIDSet | SavedResult], SelectedCommand[Any]],
        unchanged_since: int | None,
    ) -> UIDSet:
        self._check_writable()
        if unchanged_since is not None:
            self._need("CONDSTORE", "RFC 7162")
        modified: list[UIDSet] = []
        await carry_out(
            self._driver,
            self._view,
            self._messages(uids),
            make,
            lambda _, left_alone: modified.append(left_alone),
            # What was changed a moment ago would be taken for changed by somebody else.
            again=unchanged_since is None,
        )
        for listener in self._listeners:
            if isinstance(listener, SearchUpdates):
                listener.on_change()
        return _union(modified)

    async def copy(self, uids: Messages, name: str) -> CopyResult:
        """Copy messages to another mailbox (:rfc:`9051#section-6.4.7`).

        What the server says that it has not copied, though it is there, is asked for
        once more.

        Args:
            uids: which messages.
            name: the mailbox that they go to.

        Returns:
            The UIDs of the copies by those of the messages, where the server has UIDPLUS;
            and which messages were missing.

        Raises:
            StateError: if the mailbox is not selected any more.
            NoError: if the server refuses; its code ``TRYCREATE`` says that the other
                mailbox would first have to be created. A note on it tells what was
                copied before, where it took several commands.
            ConnectionLostError: if the connection is gone.
        """
        self._check()
        return (await self._transfer(self._messages(uids), name, Copy))[0]

    async def move(self, uids: Messages, name: str) -> CopyResult:
        r"""Move messages to another mailbox (:rfc:`6851`).

        Without MOVE on the server, they are copied, then marked ``\Deleted`` and, with
        UIDPLUS, expunged: just those of which the server says that it has copied them.
        With neither, this is a :exc:`CapabilityError`. Cancelling that in between leaves
        messages in both mailboxes; with MOVE each is in one of them.

        Args:
            uids: which messages.
            name: the mailbox that they go to.

        Returns:
            Which UIDs the messages got, as :meth:`copy`.

        Raises:
            CapabilityError: if the server has neither MOVE nor UIDPLUS.
            StateError: if the mailbox is read-only, or not selected any more.
            NoError: if the server refuses, as :meth:`copy`.
            ConnectionLostError: if the connection is gone.
        """
        self._check_writable()
        messages = self._messages(uids)
        if self._offers("MOVE"):
            return (await self._transfer(messages, name, Move))[0]
        self._need_uidplus("MOVE, nor UIDPLUS to do it safely by COPY and UID EXPUNGE")
        result, copied = await self._transfer(await self._known(messages), name, Copy)
        # What was not copied stays, whatever the reason.
        await self._delete(copied)
        return result

    async def _transfer(
        self, messages: UIDSet | SavedResult, name: str, kind: type[Copy | Move]
    ) -> tuple[CopyResult, UIDSet]:
        """Return the result, and which messages were dealt with."""
        codes: list[CopyUIDCode] = []
        done: list[UIDSet] = []
        untold: list[UIDSet] = []

        def note(command: Copy | Move, code: CopyUIDCode | None) -> None:
            if code is not None:
                codes.append(code)
            elif not asked_again:
                untold.append(command.processed)
            else:
                # It has told what it copied, and tells of nothing more now: so that was nothing.
                return
            done.append(command.processed)

        async def transfer(some: UIDSet | SavedResult) -> UIDSet:
            await carry_out(
                self._driver, self._view, some, lambda piece: kind(piece, name), note, saving=True
            )
            return _union(done)

        asked_again = False
        dealt_with = await transfer(messages)
        missing = UIDSet() if isinstance(messages, SavedResult) else messages - dealt_with
        if missing and (there := await search(self._driver, IN(missing))):
            asked_again = True
            dealt_with = await transfer(there)
            missing -= dealt_with
        return CopyResult(codes, untold=_union(untold), missing=missing), dealt_with

    async def delete(self, uids: Messages) -> None:
        r"""Remove messages for good: mark and expunge just those (:rfc:`4315#section-2.1`).

        Args:
            uids: which messages.

        Raises:
            CapabilityError: if the server has no UIDPLUS, and other messages are marked
                ``\Deleted``: EXPUNGE would remove those as well. Nothing is marked then.
            StateError: if the mailbox is read-only, or not selected any more.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._check_writable()
        messages = await self._known(uids)
        if messages and not self._offers("UIDPLUS"):
            await self._check_no_other_marked(messages)
        await self._delete(messages)

    async def _delete(self, messages: UIDSet) -> None:
        await self.add_flags(messages, Flag.DELETED)
        await self.expunge(messages)

    async def expunge(self, uids: Messages | None = None) -> None:
        r"""Remove messages that are marked ``\Deleted`` (:rfc:`4315#section-2.1`).

        Args:
            uids: only those of them; ``None`` removes all that are marked. Without
                UIDPLUS on the server, the others that are marked must be none.

        Raises:
            CapabilityError: if *uids* are given, the server has no UIDPLUS, and other
                messages are marked too: EXPUNGE would remove those as well.
            StateError: if the mailbox is read-only, or not selected any more.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._check_writable()
        if uids is None:
            await self._expunge_all()
            return
        messages = self._messages(uids)
        if isinstance(messages, UIDSet) and messages and not self._offers("UIDPLUS"):
            await self._check_no_other_marked(messages)
            await self._expunge_all()
            return
        if isinstance(messages, SavedResult):
            self._need_uidplus("UIDPLUS, which expunges by UID")
        await carry_out(self._driver, self._view, messages, Expunge)

    async def _expunge_all(self) -> None:
        while True:
            before = self.exists
            command = Expunge()
            await self._driver.call(command)
            if command.limit is None:
                return
            if self.exists >= before:
                raise stuck(command, command.limit)

    async def _check_no_other_marked(self, messages: UIDSet) -> None:
        if await search(self._driver, DELETED) - messages:
            self._need_uidplus("UIDPLUS, and other messages are marked \\Deleted too")

    def _need_uidplus(self, reason: str) -> None:
        if not self._offers("UIDPLUS"):
            raise CapabilityError("UIDPLUS", f"it has no {reason}")

    async def replace(
        self,
        uid: int,
        message: bytes | EmailMessage | AppendMessage,
        *,
        name: str | None = None,
        flags: Iterable[str] = (),
        date: datetime | None = None,
    ) -> AppendUIDCode | None:
        """Put a message in another one's place, such as a new version of a draft.

        By REPLACE (:rfc:`8508`), which does it in one step. Without that on the server, the
        new one is appended, and then the old one expunged, for which UIDPLUS is needed: there
        may be both for a while, and never neither.

        Args:
            uid: the old one.
            message: the new one, as octets or an ``EmailMessage``; or an
                :class:`aimap.commands.AppendMessage`, which has flags and date in itself.
            name: the mailbox that it goes to; this one, if not given.
            flags: flags that it gets. Those of the old one are gone.
            date: its internal date, with a time zone; the server's clock if not given.

        Returns:
            The new UID with the mailbox's UIDVALIDITY, where the server says it.

        Raises:
            CapabilityError: if the server has neither REPLACE nor UIDPLUS.
            InvalidArgumentError: if there is no such message to replace, a flag is not one, or
                *date* has no time zone.
            StateError: if the mailbox is read-only, or not selected any more.
            NoError: if the server refuses; the old message is still there then.
            ConnectionLostError: if the connection is gone.
        """
        self._check_writable()
        old, target = UIDSet(uid), self.name if name is None else name
        data = message_octets(message) if isinstance(message, EmailMessage) else message
        if self._offers("REPLACE"):
            return await self._driver.call(Replace(old, target, data, flags=flags, date=date))
        self._need_uidplus("REPLACE, nor UIDPLUS to do it safely by APPEND and UID EXPUNGE")
        append = Append(target, data, flags=flags, date=date)
        if not await search(self._driver, IN(old)):
            raise InvalidArgumentError(f"there is no message {uid} in {self.name!r} to replace")
        appended = await self._driver.call(append)
        await self._delete(old)
        return appended

    async def convert(
        self,
        uids: Messages,
        target: str | None,
        *items: ConvertItem,
        parameters: Mapping[str, str] | None = None,
    ) -> tuple[ConvertedResponse, ...]:
        """Have the server convert parts of messages (:rfc:`5259#section-6`).

        ::

            await inbox.convert(7, "image/jpeg", ConvertItem.binary("2"))

        Args:
            uids: which messages.
            target: the media type wished for; ``None`` for what the server thinks best.
            items: what to return of each; at least one.
            parameters: of the conversion, by name.

        Returns:
            What the server made, or why it did not, of each message.

        Raises:
            CapabilityError: if the server has no CONVERT.
            InvalidArgumentError: if *target* is not a media type, or there is no item.
            StateError: if the mailbox is not selected any more.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._check()
        self._need("CONVERT", "RFC 5259")
        found: list[ConvertedResponse] = []
        await carry_out(
            self._driver,
            self._view,
            self._messages(uids),
            lambda piece: Convert(piece, target, items, parameters=parameters),
            lambda _, converted: found.extend(converted),
        )
        return tuple(found)


def _union(sets: Iterable[UIDSet]) -> UIDSet:
    return UIDSet.from_ranges(pair for each in sets for pair in each.ranges)
