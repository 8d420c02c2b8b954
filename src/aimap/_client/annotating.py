"""Notes on mailboxes and on the server (:rfc:`5464`), and what is kept in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from aimap._client.base import Connected
from aimap._commands.criteria import criteria_text
from aimap._commands.metadata import GetMetadata, Metadata, SetMetadata
from aimap._errors import CapabilityError
from aimap._model.entry import filter_name
from aimap._model.search import SearchCriteria
from aimap._model.text import decode_raw

_SIEVE_SCRIPT = "/shared/imapsieve/script"


class Annotating(Connected):
    """The part of :class:`aimap.Client` that is about metadata."""

    async def metadata(
        self,
        name: str,
        entries: str | Sequence[str],
        *,
        max_size: int | None = None,
        depth: Literal[0, 1, "infinity"] = 0,
    ) -> Metadata:
        """Read notes on a mailbox, or on the server (GETMETADATA, :rfc:`5464#section-4.2`).

        Args:
            name: the mailbox; ``""`` for the server.
            entries: what to read: names below ``/private`` or ``/shared``, such as
                ``"/private/comment"``.
            max_size: octets of a value at most; longer ones are left out, and
                :attr:`aimap.commands.Metadata.longest` tells of them.
            depth: how far below the entries: 0, 1 or ``"infinity"``.

        Returns:
            The values by entry; ``None`` where an entry has no value.

        Raises:
            CapabilityError: if the server does not offer METADATA, or METADATA-SERVER where
                its own notes are asked for.
            InvalidArgumentError: if an entry is not one, or there is none.
            NoError: if there is no such mailbox, or the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._need_metadata(name)
        return await self._driver.call(GetMetadata(name, entries, max_size=max_size, depth=depth))

    async def set_metadata(self, name: str, values: Mapping[str, str | bytes | None]) -> None:
        """Write notes on a mailbox, or on the server (SETMETADATA, :rfc:`5464#section-4.3`).

        Args:
            name: the mailbox; ``""`` for the server.
            values: the values by entry; ``None`` removes one. Text goes out as UTF-8.

        Raises:
            CapabilityError: if the server does not offer METADATA, or METADATA-SERVER where
                its own notes are written.
            InvalidArgumentError: if an entry is not one, or there is none.
            NoError: if there is no such mailbox, or the server refuses; a
                :class:`MetadataCode` says whether a value is too long, or there are too many.
            ConnectionLostError: if the connection is gone.
        """
        self._need_metadata(name)
        await self._driver.call(SetMetadata(name, values))

    async def filters(self) -> dict[str, str]:
        """Return the searches that the server keeps (:rfc:`5466#section-3.2`).

        Returns:
            By name, the search keys as IMAP writes them. A private one hides a shared one of
            its name.

        Raises:
            CapabilityError: if the server does not offer FILTERS.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._need("FILTERS", "RFC 5466")
        found: dict[str, str] = {}
        for root in ("/shared", "/private"):
            below = f"{root}/filters/values/"
            answer = await self._driver.call(GetMetadata("", below[:-1], depth=1))
            found |= {
                entry[len(below) :]: decode_raw(value)
                for entry, value in answer.values.items()
                if value is not None and entry.lower().startswith(below)
            }
        return found

    async def set_filter(
        self, name: str, criteria: SearchCriteria | None, *, shared: bool = False
    ) -> None:
        """Keep a search on the server, for ``FILTER(name)`` (:rfc:`5466#section-3.2`).

        Args:
            name: its name.
            criteria: the search; ``None`` removes it.
            shared: whether it is everybody's.

        Raises:
            CapabilityError: if the server does not offer FILTERS.
            InvalidArgumentError: if the name is not one, or the search has in it what is of
                one mailbox or connection only: sequence numbers, or the saved result.
            NoError: if the server refuses; a :class:`MetadataCode` says whether there are too
                many.
            ConnectionLostError: if the connection is gone.
        """
        self._need("FILTERS", "RFC 5466")
        root = "/shared" if shared else "/private"
        value = None if criteria is None else criteria_text(criteria)
        entry = f"{root}/filters/values/{filter_name(name)}"
        await self._driver.call(SetMetadata("", {entry: value}))

    async def sieve_script(self, name: str) -> str | None:
        """Return the name of the script that runs on a mailbox (:rfc:`6785#section-3.3`).

        Args:
            name: the mailbox; ``""`` for those that have none of their own.

        Returns:
            The script's name on the ManageSieve server, which the capability ``IMAPSIEVE=``
            names; ``None`` if there is none.

        Raises:
            CapabilityError: if the server does not offer IMAPSIEVE.
            NoError: if there is no such mailbox, or the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._need("IMAPSIEVE", "RFC 6785")
        answer = await self._driver.call(GetMetadata(name, _SIEVE_SCRIPT))
        value = next(iter(answer.values.values()), None)
        return None if value is None else decode_raw(value)

    async def set_sieve_script(self, name: str, script: str | None) -> None:
        """Have a script run on what happens in a mailbox (:rfc:`6785#section-3.3`).

        Args:
            name: the mailbox; ``""`` for those that have none of their own.
            script: the script's name on the ManageSieve server; ``None`` for none.

        Raises:
            CapabilityError: if the server does not offer IMAPSIEVE.
            NoError: if there is no such mailbox, or the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._need("IMAPSIEVE", "RFC 6785")
        await self._driver.call(SetMetadata(name, {_SIEVE_SCRIPT: script}))

    def _need_metadata(self, name: str) -> None:
        if name:
            self._need("METADATA", "RFC 5464")
        elif not self.offers("METADATA-SERVER"):
            raise CapabilityError("METADATA-SERVER", "nor METADATA (RFC 5464)")
