"""What the areas of a connection's methods share."""

from __future__ import annotations

from aimap._client.driver import Driver
from aimap._errors import CapabilityError
from aimap._model.capability import Capabilities


class Connected:
    """A part of :class:`aimap.Client`: a connection, and what its server offers."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    @property
    def capabilities(self) -> Capabilities:
        """What the server offers now (:rfc:`9051#section-6.1.1`)."""
        return self._driver.session.capabilities or Capabilities()

    def _has(self, *names: str) -> bool:
        """Tell whether the server offers one of them, be it with a value behind ``=``."""
        offered = self.capabilities
        return any(name in offered or offered.values(name) for name in names)

    def _need(self, name: str, rfc: str, *others: str) -> None:
        """Refuse what the server offers neither by *name* nor by another name."""
        if not self._has(name, *others):
            raise CapabilityError(name, f"it is needed for this ({rfc})")
