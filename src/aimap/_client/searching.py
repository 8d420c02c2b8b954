"""What finds messages in the selected mailbox."""

from __future__ import annotations

from aimap._client.finding import search
from aimap._client.selected import Selected
from aimap._model.numbers import UIDSet
from aimap._model.search import ALL, SearchCriteria


class Searching(Selected):
    """Searches, sorted or not, and threads."""

    async def search(self, criteria: SearchCriteria = ALL) -> UIDSet:
        """Search for messages (:rfc:`9051#section-6.4.4`).

        Args:
            criteria: such as ``UNSEEN & FROM("joe")``.

        Returns:
            The UIDs of the messages that match.

        Raises:
            StateError: if the mailbox is not selected any more.
            NoError: if the server refuses, for example the charset.
            ConnectionLostError: if the connection is gone.
        """
        self._check()
        return await search(self._driver, criteria)
