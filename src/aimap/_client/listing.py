"""Which mailboxes there are, what they are for, and how much is in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import attrs

from aimap._client.opening import Opening
from aimap._commands.acl import MyRights
from aimap._commands.listing import List, ListExtended, Lsub, RList, RLsub, XList
from aimap._commands.login_failures import said_in_words
from aimap._commands.mailboxes import Namespace, Status, status_items
from aimap._commands.metadata import GetMetadata
from aimap._errors import CapabilityError, CommandError, InvalidArgumentError, LoginFailure
from aimap._model.entry import metadata_entry
from aimap._model.flag import Flags
from aimap._model.mailbox import MailboxInfo, MailboxStatus, Namespaces
from aimap._model.special_use import SpecialUse, use_by_attribute, use_by_name

# What STATUS items need: a capability, its RFC, and others that bring the item too.
_STATUS_NEEDS = {
    "SIZE": ("STATUS=SIZE", "RFC 8438"),
    "HIGHESTMODSEQ": ("CONDSTORE", "RFC 7162"),
    "MAILBOXID": ("OBJECTID", "RFC 8474"),
    "APPENDLIMIT": ("APPENDLIMIT", "RFC 7889"),
    "DELETED": ("QUOTA=RES-MESSAGE", "RFC 9208", "STATUS=DELETED"),
    "DELETED-STORAGE": ("QUOTA=RES-STORAGE", "RFC 9208"),
}
# Within the class, "list" is the method.
Mailboxes: TypeAlias = list[MailboxInfo]
_LIMIT = "APPENDLIMIT"
COUNTS = ("MESSAGES", "UNSEEN", "UIDNEXT", "UIDVALIDITY")


class Listing(Opening):
    """The part of :class:`aimap.Client` that tells of mailboxes."""

    async def list(
        self,
        pattern: str | Sequence[str] = "*",
        *,
        reference: str = "",
        special_use: bool = True,
        subscribed: bool = False,
        subscriptions: bool = False,
        recursive_match: bool = False,
        remote: bool = False,
        status: Sequence[str] = (),
        my_rights: bool = False,
        metadata: Sequence[str] = (),
    ) -> list[MailboxInfo]:
        r"""List mailboxes (:rfc:`9051#section-6.3.9`).

        With LIST-EXTENDED (:rfc:`5258`) and its kin this is one command, whatever is asked for.
        Without them what is missing is asked for each mailbox, all at once, and the result is
        the same.

        Args:
            pattern: ``*`` matches everything, ``%`` everything up to the hierarchy
                delimiter; or several patterns.
            reference: what the patterns are relative to, mostly nothing.
            special_use: ask for the special-use attributes (:rfc:`6154`) where the
                server offers that by LIST-EXTENDED.
            subscribed: list the subscribed ones, be they there or not: by LIST (SUBSCRIBED)
                where the server has that, else by LSUB.
            subscriptions: mark the subscribed ones by the attribute ``\Subscribed``.
            recursive_match: with *subscribed*, list those too that have a subscribed one below
                them that does not match: :attr:`MailboxInfo.child_info` says so (needs
                LIST-EXTENDED).
            remote: list mailboxes of other servers too (:rfc:`5258#section-3.1`,
                :rfc:`2193#section-5`; needs LIST-EXTENDED or MAILBOX-REFERRALS). What is there
                is refused with a :class:`ReferralCode` when it is used, which nothing follows.
            status: STATUS items of each, as :meth:`status` takes them: in
                :attr:`MailboxInfo.status` (:rfc:`5819`).
            my_rights: what we may do with each: in :attr:`MailboxInfo.my_rights` (:rfc:`8440`;
                needs ACL).
            metadata: metadata entries of each: in :attr:`MailboxInfo.metadata` (:rfc:`9590`;
                needs METADATA).

        Returns:
            The mailboxes in the server's order.

        Raises:
            CapabilityError: if something needs what the server does not offer.
            InvalidArgumentError: if there is no pattern, or an item or entry is not one.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        wanted = _Wanted(
            patterns=(pattern,) if isinstance(pattern, str) else tuple(pattern),
            reference=reference,
            special_use=special_use,
            subscribed=subscribed,
            subscriptions=subscriptions,
            recursive_match=recursive_match,
            remote=remote,
            status=status_items(status) if status else (),
            my_rights=my_rights,
            metadata=tuple(metadata_entry(entry) for entry in metadata),
        )
        self._need_for(wanted)
        asked = wanted
        if wanted.status:
            asked = attrs.evolve(wanted, status=self._to_ask(wanted.status))
        if self.offers("LIST-EXTENDED"):
            found = await self._list_extended(asked)
        else:
            found = await self._list_plainly(asked)
        if asked.status == wanted.status:
            return found
        return [
            attrs.evolve(info, status=self._with_limit(info.status, wanted.status))
            if info.status is not None
            else info
            for info in found
        ]

    def _need_for(self, wanted: _Wanted) -> None:
        if not wanted.patterns:
            raise InvalidArgumentError("LIST needs at least one pattern, such as '*'")
        if wanted.recursive_match:
            if not wanted.subscribed:
                raise InvalidArgumentError("recursive_match is about subscribed mailboxes")
            self._need("LIST-EXTENDED", "RFC 5258")
        if wanted.remote:
            self._need("MAILBOX-REFERRALS", "RFC 2193", "LIST-EXTENDED")
        self._need_status(wanted.status)
        if wanted.my_rights:
            self._need("ACL", "RFC 4314")
        if wanted.metadata:
            self._need("METADATA", "RFC 5464")

    async def _list_extended(self, wanted: _Wanted) -> Mailboxes:
        returning: list[str] = []
        if wanted.special_use and self.offers("SPECIAL-USE") and not wanted.subscribed:
            returning += ["CHILDREN", "SPECIAL-USE"]
        if wanted.subscriptions:
            returning.append("SUBSCRIBED")
        selection = [
            word
            for word, chosen in (
                ("SUBSCRIBED", wanted.subscribed),
                ("REMOTE", wanted.remote),
                ("RECURSIVEMATCH", wanted.recursive_match),
            )
            if chosen
        ]
        at_once = attrs.evolve(
            wanted,
            status=wanted.status if self.offers("LIST-STATUS") else (),
            my_rights=wanted.my_rights and self.offers("LIST-MYRIGHTS"),
            metadata=wanted.metadata if self.offers("LIST-METADATA") else (),
        )
        try:
            found = await self._driver.call(
                ListExtended(
                    wanted.patterns,
                    wanted.reference,
                    selection=selection,
                    returning=returning,
                    status=at_once.status,
                    my_rights=at_once.my_rights,
                    metadata=at_once.metadata,
                )
            )
        except CommandError as error:
            # One that throttles refuses whatever it is.
            throttled = said_in_words(error.text) is LoginFailure.THROTTLED
            if throttled or selection or not (returning or at_once.has_details):
                raise
            found = []
        # Some servers refuse what they offer, and some answer nothing to it.
        if not found and not selection and (returning or at_once.has_details):
            return await self._list_plainly(wanted)
        later = attrs.evolve(
            wanted,
            status=() if at_once.status else wanted.status,
            my_rights=wanted.my_rights and not at_once.my_rights,
            metadata=() if at_once.metadata else wanted.metadata,
        )
        return await self._detail(found, later)

    async def _list_plainly(self, wanted: _Wanted) -> Mailboxes:
        kind: type[Lsub | RLsub | List | RList]
        if wanted.subscribed:
            kind = RLsub if wanted.remote else Lsub
        else:
            kind = RList if wanted.remote else List
        mailboxes = await self._list_each(kind, wanted)
        if wanted.subscribed:
            # What is above a subscribed one is marked so (RFC 3501 section 6.3.9).
            mailboxes = [info for info in mailboxes if info.selectable]
        elif wanted.subscriptions:
            answer = await self._list_each(Lsub, wanted)
            subscribed = {info.name for info in answer if info.selectable}
            mailboxes = [
                attrs.evolve(info, attributes=Flags([*info.attributes, "\\Subscribed"]))
                if info.name in subscribed
                else info
                for info in mailboxes
            ]
        return await self._detail(mailboxes, wanted)

    async def _list_each(
        self, kind: type[List | Lsub | RList | RLsub], wanted: _Wanted
    ) -> Mailboxes:
        """Ask for each pattern; what matches several is listed once."""
        found: dict[str, MailboxInfo] = {}
        for pattern in wanted.patterns:
            for info in await self._driver.call(kind(pattern, wanted.reference)):
                found.setdefault(info.name, info)
        return list(found.values())

    async def _detail(self, found: Mailboxes, wanted: _Wanted) -> Mailboxes:
        """Ask for what LIST has not told, all at once; what is refused is left out."""
        if not wanted.has_details:
            return found
        there = [info for info in found if info.selectable]
        details: dict[str, dict[str, Any]] = {info.name: {} for info in found}
        if wanted.status:
            view = self._driver.session.view
            if view is not None:
                await self._let_go(view.mailbox)
            answers = await self._call_all(Status(info.name, wanted.status) for info in there)
            for info, answer in zip(there, answers, strict=True):
                details[info.name]["status"] = answer
        if wanted.my_rights:
            rights = await self._call_all(MyRights(info.name) for info in there)
            for info, right in zip(there, rights, strict=True):
                details[info.name]["my_rights"] = right.rights if right else None
        if wanted.metadata:
            values = await self._call_all(GetMetadata(info.name, wanted.metadata) for info in there)
            for info, value in zip(there, values, strict=True):
                details[info.name]["metadata"] = value.values if value else {}
        return [attrs.evolve(info, **details[info.name]) for info in found]

    async def special_use(self, *, by_name: bool = True) -> dict[SpecialUse, MailboxInfo]:
        """Find the mailboxes that are for something: drafts, what was sent, and so on.

        By the attributes of LIST (:rfc:`6154#section-2`), or of XLIST where the server has only
        that. What these leave open is found by names, in many languages.

        Args:
            by_name: whether names count where the server says nothing.

        Returns:
            By use, the mailbox; the first that the server lists, if there are several. What
            cannot be found is not in it.

        Raises:
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        mailboxes = await self.list()
        by_attribute = [use for info in mailboxes for use in _uses(info)]
        if not by_attribute and self.offers("XLIST"):
            mailboxes = await self._driver.call(XList("*"))
        found: dict[SpecialUse, MailboxInfo] = {}
        for info in mailboxes:
            for use in _uses(info):
                found.setdefault(use, info)
        if by_name:
            # The highest level comes first: what is called so further down is another's.
            for info in sorted(mailboxes, key=_depth):
                called = None if _uses(info) else use_by_name(_last_level(info))
                if called is not None and info.selectable:
                    found.setdefault(called, info)
        return found

    async def status(self, name: str, items: Sequence[str] = COUNTS) -> MailboxStatus:
        """Ask for a mailbox's counts without selecting it (:rfc:`9051#section-6.3.11`).

        Args:
            name: the mailbox.
            items: such as ``"MESSAGES"`` or ``"UNSEEN"``. Some need an extension: ``"SIZE"``
                (:rfc:`8438`), ``"HIGHESTMODSEQ"`` (:rfc:`7162`), ``"MAILBOXID"``
                (:rfc:`8474`), ``"APPENDLIMIT"`` (:rfc:`7889`), ``"DELETED"``
                (:rfc:`9051`, or :rfc:`9208`) and ``"DELETED-STORAGE"`` (:rfc:`9208`).

        Raises:
            InvalidArgumentError: if an item is not one of STATUS.
            CapabilityError: if one needs what the server does not offer.
            NoError: if there is no such mailbox, or the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        wanted = status_items(items)
        self._need_status(wanted)
        return self._with_limit(await self._driver.call(Status(name, self._to_ask(wanted))), wanted)

    def _need_status(self, items: Iterable[str]) -> None:
        for item in items:
            if item in _STATUS_NEEDS:
                self._need(*_STATUS_NEEDS[item])

    def _to_ask(self, items: tuple[str, ...]) -> tuple[str, ...]:
        """Return what STATUS has to be asked for, where the limit is the same everywhere.

        The capability tells it then (:rfc:`7889#section-3`), and Cyrus takes no such item.
        """
        if self.capabilities.number(_LIMIT) is None:
            return items
        return tuple(item for item in items if item != _LIMIT) or ("UIDVALIDITY",)

    def _with_limit(self, status: MailboxStatus, items: tuple[str, ...]) -> MailboxStatus:
        limit = self.capabilities.number(_LIMIT)
        if limit is None or _LIMIT not in items:
            return status
        return MailboxStatus(status.mailbox, {**status.items, _LIMIT: limit})

    async def namespace(self) -> Namespaces:
        """Ask where mailboxes live (:rfc:`9051#section-6.3.10`).

        Raises:
            CapabilityError: if the server does not offer NAMESPACE.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._need("NAMESPACE", "RFC 2342")
        if not self.profile.namespace:
            raise CapabilityError(
                "NAMESPACE", f"{self.profile.name} ends the connection at it (RFC 2342)"
            )
        return await self._driver.call(Namespace())

    async def mailbox_name(self, top: str, *below: str) -> str:
        """Return the full name of one of the user's own mailboxes.

        ``await imap.mailbox_name("Archive", "2026")`` is ``"Archive/2026"`` on one server and
        ``"INBOX.Archive.2026"`` on another. The server is asked each time, by NAMESPACE
        (:rfc:`2342`) or, where that is missing, by LIST for its delimiter.

        Args:
            top: the highest level of the name; ``"INBOX"`` stands for itself.
            below: the levels below it.

        Raises:
            InvalidArgumentError: if a level is empty or holds the delimiter, or there are
                several and the server has no hierarchy.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        levels = (top, *below)
        if not all(levels):
            raise InvalidArgumentError(f"a mailbox's name has no empty level: not {levels!r}")
        prefix, delimiter = await self._personal()
        if delimiter is None and below:
            raise InvalidArgumentError(f"this server has no levels: {levels!r} is no name")
        for level in levels:
            if delimiter is not None and delimiter in level:
                raise InvalidArgumentError(f"{level!r} holds the delimiter {delimiter!r}")
        if top.upper() == "INBOX":
            return (delimiter or "").join(("INBOX", *below))
        return prefix + (delimiter or "").join(levels)

    async def _personal(self) -> tuple[str, str | None]:
        """Return the prefix and the delimiter of the user's own mailboxes."""
        if self.offers("NAMESPACE") and self.profile.namespace:
            personal = (await self._driver.call(Namespace())).personal
            if personal:
                return personal[0].prefix, personal[0].delimiter
        roots = await self._driver.call(List(""))
        return "", roots[0].delimiter if roots else None


@attrs.frozen(kw_only=True)
class _Wanted:
    """The arguments of :meth:`Listing.list`."""

    patterns: tuple[str, ...]
    reference: str
    special_use: bool
    subscribed: bool
    subscriptions: bool
    recursive_match: bool
    remote: bool
    status: tuple[str, ...]
    my_rights: bool
    metadata: tuple[str, ...]

    @property
    def has_details(self) -> bool:
        return bool(self.status or self.my_rights or self.metadata)


def _uses(info: MailboxInfo) -> list[SpecialUse]:
    uses = (use_by_attribute(attribute) for attribute in info.attributes)
    return [use for use in uses if use is not None]


def _depth(info: MailboxInfo) -> int:
    return info.name.count(info.delimiter) if info.delimiter else 0


def _last_level(info: MailboxInfo) -> str:
    return info.name.rsplit(info.delimiter, 1)[-1] if info.delimiter else info.name
