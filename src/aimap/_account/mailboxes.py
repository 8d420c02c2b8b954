"""What an account can ask and change about its mailboxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Literal

from aimap._account.repeating import Repeating
from aimap._client.listing import COUNTS, Mailboxes
from aimap._commands.metadata import Metadata
from aimap._commands.quota import MailboxQuota
from aimap._model.acl import AclResponse, ListRightsResponse
from aimap._model.mailbox import MailboxInfo, MailboxStatus, Namespaces
from aimap._model.quota import QuotaResponse
from aimap._model.special_use import SpecialUse


class AboutMailboxes(Repeating):
    """The part of :class:`aimap.Account` that is about mailboxes.

    The methods do what those of :class:`Client` do that are called likewise, with the same
    arguments, results and errors; and raise :exc:`AccountError` if the account has given up.
    """

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
        """List mailboxes, as :meth:`Client.list` does. Repeated by itself.

        Raises:
            AccountError: if the account has given up.
            CapabilityError: if something needs what the server does not offer.
            InvalidArgumentError: if there is no pattern, or an item or entry is not one.
            NoError: if the server refuses.
        """
        found: Mailboxes = await self._ask(
            lambda imap: imap.list(
                pattern,
                reference=reference,
                special_use=special_use,
                subscribed=subscribed,
                subscriptions=subscriptions,
                recursive_match=recursive_match,
                remote=remote,
                status=status,
                my_rights=my_rights,
                metadata=metadata,
            ),
        )
        return found

    async def special_use(self, *, by_name: bool = True) -> dict[SpecialUse, MailboxInfo]:
        """Find the mailboxes that are for something, as :meth:`Client.special_use` does.

        Repeated by itself.

        Raises:
            AccountError: if the account has given up.
            NoError: if the server refuses.
        """
        return await self._ask(lambda imap: imap.special_use(by_name=by_name))

    async def mailbox_name(self, top: str, *below: str) -> str:
        """Return a mailbox's full name, as :meth:`Client.mailbox_name` does. Repeated by itself.

        Raises:
            AccountError: if the account has given up.
            InvalidArgumentError: if a level is empty or holds the delimiter, or there are
                several and the server has no hierarchy.
            NoError: if the server refuses.
        """
        return await self._ask(lambda imap: imap.mailbox_name(top, *below))

    async def status(self, name: str, items: Sequence[str] = COUNTS) -> MailboxStatus:
        """Ask for a mailbox's counts, as :meth:`Client.status` does. Repeated by itself.

        Raises:
            AccountError: if the account has given up.
            CapabilityError: if an item needs what the server does not offer.
            InvalidArgumentError: if an item is not one of STATUS.
            NoError: if there is no such mailbox, or the server refuses.
        """
        found: MailboxStatus = await self._repeating(
            partial(self._any_connection, name), lambda imap: imap.status(name, items)
        )
        return found

    async def namespace(self) -> Namespaces:
        """Ask where mailboxes live, as :meth:`Client.namespace` does. Repeated by itself.

        Raises:
            AccountError: if the account has given up.
            CapabilityError: if the server does not offer NAMESPACE.
            NoError: if the server refuses.
        """
        return await self._ask(lambda imap: imap.namespace())

    async def create(self, name: str, *, special_use: str | Sequence[str] = ()) -> str | None:
        """Create a mailbox, as :meth:`Client.create` does.

        Repeated only if it is known not to have been done.

        Raises:
            AccountError: if the account has given up.
            CapabilityError: if a use is given, and the server does not offer CREATE-SPECIAL-USE.
            InvalidArgumentError: if a use is not one, or a level of the name is empty.
            NoError: if the server refuses, for example because it exists.
            ConnectionLostError: if the link dropped, and whether it was done is not known.
        """
        return await self._ask(lambda imap: imap.create(name, special_use=special_use))

    async def delete(self, name: str) -> None:
        """Delete a mailbox and its messages; otherwise like :meth:`create`."""
        await self._ask(lambda imap: imap.delete(name))

    async def rename(self, name: str, new_name: str) -> None:
        """Rename a mailbox and what is below it; otherwise like :meth:`create`."""
        await self._ask(lambda imap: imap.rename(name, new_name))

    async def subscribe(self, name: str) -> None:
        """Add a mailbox to the subscribed ones, as :meth:`Client.subscribe` does.

        Repeated by itself.

        Raises:
            AccountError: if the account has given up.
            NoError: if the server refuses.
        """
        await self._ask(lambda imap: imap.subscribe(name))

    async def unsubscribe(self, name: str) -> None:
        """Take a mailbox out of the subscribed ones; otherwise like :meth:`subscribe`."""
        await self._ask(lambda imap: imap.unsubscribe(name))

    async def acl(self, name: str) -> AclResponse:
        """Ask who may do what with a mailbox, as :meth:`Client.acl` does. Repeated by itself.

        Raises:
            AccountError: if the account has given up.
            CapabilityError: if the server does not offer ACL.
            NoError: if there is no such mailbox, or we may not administer it.
        """
        return await self._ask(lambda imap: imap.acl(name))

    async def set_acl(
        self, name: str, identifier: str, rights: str, *, change: Literal["+", "-", ""] = ""
    ) -> None:
        """Change what somebody may do with a mailbox, as :meth:`Client.set_acl` does.

        Repeated only if it is known not to have been done.

        Raises:
            AccountError: if the account has given up.
            CapabilityError: if the server does not offer ACL.
            InvalidArgumentError: if a right is none, or none of this server's.
            NoError: if the server refuses.
            ConnectionLostError: if the link dropped, and whether it was done is not known.
        """
        await self._ask(lambda imap: imap.set_acl(name, identifier, rights, change=change))

    async def delete_acl(self, name: str, identifier: str) -> None:
        """Remove all that is said of somebody; otherwise like :meth:`acl`."""
        await self._ask(lambda imap: imap.delete_acl(name, identifier))

    async def list_rights(self, name: str, identifier: str) -> ListRightsResponse:
        """Ask which rights can be granted; otherwise like :meth:`acl`."""
        return await self._ask(lambda imap: imap.list_rights(name, identifier))

    async def my_rights(self, name: str) -> frozenset[str]:
        """Ask what we may do with a mailbox; otherwise like :meth:`acl`."""
        return await self._ask(lambda imap: imap.my_rights(name))

    async def quota(self, name: str = "INBOX") -> MailboxQuota:
        """Ask what binds a mailbox, as :meth:`Client.quota` does. Repeated by itself.

        Raises:
            AccountError: if the account has given up.
            CapabilityError: if the server does not offer QUOTA.
            NoError: if there is no such mailbox or root, or the server refuses.
        """
        return await self._ask(lambda imap: imap.quota(name))

    async def quota_root(self, root: str) -> QuotaResponse:
        """Ask for usage and limits of a quota root; otherwise like :meth:`quota`."""
        return await self._ask(lambda imap: imap.quota_root(root))

    async def set_quota(self, root: str, limits: Mapping[str, int]) -> QuotaResponse | None:
        """Change the limits of a quota root, as :meth:`Client.set_quota` does.

        Repeated by itself.

        Raises:
            AccountError: if the account has given up.
            CapabilityError: if the server does not offer QUOTASET, or not that resource.
            InvalidArgumentError: if a resource's name is not an atom, or a limit not a number.
            NoError: if we may not, or the server refuses.
        """
        return await self._ask(lambda imap: imap.set_quota(root, limits))

    async def metadata(
        self,
        name: str,
        entries: str | Sequence[str],
        *,
        max_size: int | None = None,
        depth: Literal[0, 1, "infinity"] = 0,
    ) -> Metadata:
        """Read notes on a mailbox or on the server, as :meth:`Client.metadata` does.

        Repeated by itself.

        Raises:
            AccountError: if the account has given up.
            CapabilityError: if the server does not offer METADATA.
            InvalidArgumentError: if an entry is not one, or there is none.
            NoError: if there is no such mailbox, or the server refuses.
        """
        return await self._ask(
            lambda imap: imap.metadata(name, entries, max_size=max_size, depth=depth)
        )

    async def set_metadata(self, name: str, values: Mapping[str, str | bytes | None]) -> None:
        """Write notes on a mailbox or on the server; otherwise like :meth:`metadata`."""
        await self._ask(lambda imap: imap.set_metadata(name, values))
