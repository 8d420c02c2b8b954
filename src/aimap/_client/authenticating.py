"""Who uses the connection: logging in, and being nobody again."""

from __future__ import annotations

from aimap._client.ahead import Learnt
from aimap._client.auth import log_in
from aimap._client.base import Connected
from aimap._commands.connection import Capability, Enable, Id
from aimap._commands.login import Unauthenticate
from aimap._errors import CommandError, StateError
from aimap._model.capability import Capabilities
from aimap._model.code import CapabilityCode, ResponseCode
from aimap._model.state import ConnectionState
from aimap._sasl.auth import Auth


class Authenticating(Connected):
    """The part of :class:`aimap.Client` that is about who it is for.

    Attributes:
        login_code: the code in the server's OK to the login, or ``None``: such as a
            :class:`ReferralCode` (:rfc:`2221#section-4.1`), which nothing follows.
        learnt: what the server showed itself to be, for the next connection to it.
        host: the server's name, as it was given.
        port: its port.
    """

    login_code: ResponseCode | None = None
    learnt: Learnt | None = None
    host: str = ""
    port: int = 0

    async def log_in(self, auth: Auth) -> None:
        """Log in (:rfc:`9051#section-6.2`), where :func:`aimap.connect` got no ``auth``, or again.

        Args:
            auth: who logs in, as for :func:`aimap.connect`.

        Raises:
            StateError: if somebody is logged in: call :meth:`unauthenticate` before.
            AuthenticationError: if the server does not accept the credentials.
            CapabilityError: if it offers no way to log in that *auth* allows.
            InvalidArgumentError: if *auth* allows nothing on this connection.
            ConnectionLostError: if the connection is gone.
        """
        driver = self._driver
        if driver.session.state is not ConnectionState.NOT_AUTHENTICATED:
            raise StateError("somebody is logged in on this connection already")
        before = self.capabilities
        mechanism, self.login_code = await log_in(driver, auth, host=self.host, port=self.port)
        await self._learn(before, mechanism)
        if driver.profile.id_first and self.offers("ID"):
            await self._identify()
        await self._enable_what_is_demanded()

    async def unauthenticate(self) -> None:
        """Be nobody again, on the same connection (UNAUTHENTICATE, :rfc:`8437`).

        No mailbox is selected then, nothing is enabled, and nothing compressed;
        :meth:`log_in` is next.

        Raises:
            CapabilityError: if the server does not offer UNAUTHENTICATE.
            StateError: if nobody is logged in.
            NoError: if the server refuses.
            ConnectionLostError: if the connection is gone.
        """
        self._need("UNAUTHENTICATE", "RFC 8437")
        await self._driver.call(Unauthenticate())
        self.login_code = None
        if self._driver.session.capabilities is None:
            await self._driver.call(Capability())

    async def _learn(self, before: Capabilities, mechanism: str) -> None:
        """Note how the server showed itself at the login.

        Args:
            before: what it offered before.
            mechanism: by which the login was done.
        """
        driver = self._driver
        told = isinstance(self.login_code, CapabilityCode)
        if driver.session.capabilities is None:
            await driver.call(Capability())
        driver.recognise()
        self.learnt = Learnt(before, self.capabilities, told, mechanism, driver.profile)

    async def _enable_what_is_demanded(self) -> None:
        """Enable UTF8=ACCEPT where the server does nothing without it (:rfc:`9755#section-6`)."""
        if self.offers("UTF8=ONLY") and "UTF8=ACCEPT" not in self._driver.session.enabled:
            await self._driver.call(Enable("UTF8=ACCEPT"))

    async def _identify(self) -> None:
        try:
            fields = await self._driver.call(Id({"name": "aimap"}))
        except CommandError:
            # It wanted to hear it; whether it says anything is its own business.
            return
        self._driver.recognise(fields)
