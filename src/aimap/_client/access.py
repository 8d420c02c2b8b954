"""Who may do what with a mailbox (:rfc:`4314`)."""

from __future__ import annotations

from typing import Literal

from aimap._client.base import Connected
from aimap._commands.acl import DeleteAcl, GetAcl, ListRights, MyRights, SetAcl
from aimap._model.acl import AclResponse, ListRightsResponse


class AccessControl(Connected):
    """The part of :class:`aimap.Client` that is about rights."""

    async def acl(self, name: str) -> AclResponse:
        """Ask who may do what with a mailbox (GETACL, :rfc:`4314#section-3.3`).

        Args:
            name: the mailbox.

        Returns:
            The rights by identifier; see :attr:`AclResponse.rights`.

        Raises:
            CapabilityError: if the server does not offer ACL.
            NoError: if there is no such mailbox, or we may not administer it.
            ConnectionLostError: if the connection is gone.
        """
        self._need_acl()
        return await self._driver.call(GetAcl(name)) or AclResponse(name, {})

    async def set_acl(
        self, name: str, identifier: str, rights: str, *, change: Literal["+", "-", ""] = ""
    ) -> None:
        """Change what somebody may do with a mailbox (SETACL, :rfc:`4314#section-3.1`).

        Args:
            name: the mailbox.
            identifier: whose rights: a user name, ``"anyone"``, or another of the server's.
                One that begins with ``-`` names rights that are taken away.
            rights: letters such as ``"lrs"`` (:rfc:`4314#section-2.1`).
            change: ``"+"`` adds them, ``"-"`` removes them, ``""`` sets just those.

        Raises:
            CapabilityError: if the server does not offer ACL.
            InvalidArgumentError: if a right is none, or none of this server's (``RIGHTS=``).
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._need_acl()
        await self._driver.call(SetAcl(name, identifier, rights, change=change))

    async def delete_acl(self, name: str, identifier: str) -> None:
        """Remove all that is said of somebody (DELETEACL, :rfc:`4314#section-3.2`).

        Args:
            name: the mailbox.
            identifier: whose rights; one that begins with ``-`` is another one.

        Raises:
            CapabilityError: if the server does not offer ACL.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._need_acl()
        await self._driver.call(DeleteAcl(name, identifier))

    async def list_rights(self, name: str, identifier: str) -> ListRightsResponse:
        """Ask which rights can be granted (LISTRIGHTS, :rfc:`4314#section-3.4`).

        Args:
            name: the mailbox.
            identifier: to whom.

        Returns:
            What the identifier always has, and what can be granted.

        Raises:
            CapabilityError: if the server does not offer ACL.
            NoError: if there is no such mailbox, or we may not administer it.
            ConnectionLostError: if the connection is gone.
        """
        self._need_acl()
        answer = await self._driver.call(ListRights(name, identifier))
        return answer or ListRightsResponse(name, identifier, frozenset(), ())

    async def my_rights(self, name: str) -> frozenset[str]:
        """Ask what we may do with a mailbox (MYRIGHTS, :rfc:`4314#section-3.5`).

        Args:
            name: the mailbox.

        Returns:
            Letters such as ``"r"`` (:rfc:`4314#section-2.1`).

        Raises:
            CapabilityError: if the server does not offer ACL.
            NoError: if there is no such mailbox.
            ConnectionLostError: if the connection is gone.
        """
        self._need_acl()
        answer = await self._driver.call(MyRights(name))
        return frozenset() if answer is None else answer.rights

    def _need_acl(self) -> None:
        self._need("ACL", "RFC 4314")
