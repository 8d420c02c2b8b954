"""What is used, and what may be (:rfc:`9208`)."""

from __future__ import annotations

from collections.abc import Mapping

from aimap._client.base import Connected
from aimap._commands.quota import GetQuota, GetQuotaRoot, MailboxQuota, SetQuota
from aimap._errors import CapabilityError
from aimap._model.quota import QuotaResponse


class Quotas(Connected):
    """The part of :class:`aimap.Client` that is about quotas."""

    async def quota(self, name: str = "INBOX") -> MailboxQuota:
        """Ask what binds a mailbox (GETQUOTAROOT, :rfc:`9208#section-4.1.2`).

        Args:
            name: the mailbox.

        Returns:
            Its quota roots, with usage and limits of each. ``STORAGE`` is in units of
            1,024 octets.

        Raises:
            CapabilityError: if the server does not offer QUOTA.
            NoError: if there is no such mailbox, or the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._need("QUOTA", "RFC 9208")
        return await self._driver.call(GetQuotaRoot(name))

    async def quota_root(self, root: str) -> QuotaResponse:
        """Ask for usage and limits of a quota root (GETQUOTA, :rfc:`9208#section-4.1.1`).

        Args:
            root: the root's name, as :meth:`quota` tells it; often empty.

        Returns:
            Its resources; none where nothing is limited.

        Raises:
            CapabilityError: if the server does not offer QUOTA.
            NoError: if there is no such root, or the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._need("QUOTA", "RFC 9208")
        return await self._driver.call(GetQuota(root)) or QuotaResponse(root, ())

    async def set_quota(self, root: str, limits: Mapping[str, int]) -> QuotaResponse | None:
        """Change the limits of a quota root (SETQUOTA, :rfc:`9208#section-4.1.3`).

        Mostly for administrators. Servers of :rfc:`2087`, which offer no ``QUOTA=RES-``, have
        it without saying so.

        Args:
            root: the root's name.
            limits: the limit of each resource by name, such as ``{"STORAGE": 1024}`` for a
                mebibyte. What is not named has no limit afterwards.

        Returns:
            The limits as the server has set them, which may be others, if it tells.

        Raises:
            CapabilityError: if the server does not offer QUOTASET, or not that resource.
            InvalidArgumentError: if a resource's name is not an atom, or a limit not a number.
            NoError: if we may not, or the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._need("QUOTA", "RFC 9208")
        resources = [name[len("RES-") :] for name in self.capabilities.values("QUOTA")]
        if resources:
            self._need("QUOTASET", "RFC 9208")
            for resource in limits:
                if resource.upper() not in resources:
                    raise CapabilityError(
                        f"QUOTA=RES-{resource.upper()}",
                        f"its resources are {', '.join(resources)} (RFC 9208)",
                    )
        return await self._driver.call(SetQuota(root, limits))
