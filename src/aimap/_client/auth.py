"""Logging in: a mechanism is chosen, and its exchange with the server is carried out.

The mechanism is the best of those that the user allows and the server offers. If the
server refuses, that is the outcome: to try a weaker one is what an attacker would like.
"""

from __future__ import annotations

import math
from base64 import b64encode
from typing import Protocol, cast, runtime_checkable

import trio

from aimap._client.ahead import Learnt
from aimap._client.driver import CommandFuture, Driver
from aimap._commands.login import Authenticate, Login
from aimap._commands.login_failures import explain, hide
from aimap._errors import (
    AuthenticationError,
    CapabilityError,
    CommandError,
    ConnectionLostError,
    ImapError,
    InvalidArgumentError,
)
from aimap._model.capability import Capabilities
from aimap._model.code import ResponseCode
from aimap._model.offering import offers
from aimap._sasl.auth import Auth
from aimap._sasl.binding import (
    EXPORTER,
    EXPORTER_LABEL,
    EXPORTER_LENGTH,
    SERVER_END_POINT,
    server_end_point,
)
from aimap._sasl.mechanism import LOGIN_COMMAND, Channel, Mechanism
from aimap._sasl.simple import LoginCommand

# Base64 makes four octets of three, and a command line has 8192 (RFC 7162 section 4).
_LONGEST_IN_COMMAND = 6000


@runtime_checkable
class Exporting(Protocol):
    """A stream under TLS that can export keying material, as Python's own cannot."""

    def export_keying_material(self, label: bytes, length: int, context: bytes) -> bytes:
        """Return *length* octets that only the two ends of the connection know."""
        ...


async def log_in(
    driver: Driver,
    auth: Auth,
    *,
    host: str,
    port: int,
    learnt: Learnt | None = None,
) -> tuple[str, ResponseCode | None]:
    """Log in by the best that the server offers.

    Args:
        driver: the connection.
        auth: who logs in.
        host: the server's name.
        port: its port.
        learnt: what it was the last time, to go by that before it has greeted.

    Returns:
        The mechanism, and what the server's OK said besides.

    Raises:
        AuthenticationError: if the server does not accept the credentials.
        CapabilityError: if it offers nothing that *auth* can use.
        InvalidArgumentError: if *auth* allows nothing on this connection.
    """
    offered = driver.session.capabilities or Capabilities()
    if learnt is not None:
        offered = learnt.before
    channel = _channel(driver, offered, host, port)
    name = _choose(auth, channel, offered)
    mechanism: Mechanism | None = None
    if learnt is not None:
        mechanism = await _followed_login(auth, channel, name)
    login = _Login(driver, name, mechanism or await auth.begin(name, channel))
    refusal = await login.attempt(offered)
    if refusal is None:
        return name, login.code
    if auth.try_again(refusal):
        again = _Login(driver, name, await auth.begin(name, channel))
        if again.mechanism.secrets() != login.mechanism.secrets():
            again.secrets += login.secrets
            try:
                if (second := await again.attempt(offered)) is None:
                    return name, again.code
            except ConnectionLostError:
                # Some servers close the door after a refusal: that is what to tell.
                raise refusal from None
            refusal = second
    raise refusal


async def _followed_login(auth: Auth, channel: Channel, name: str) -> LoginCommand | None:
    """Return the LOGIN command's run, where that does as well as the mechanism *name*.

    Other commands may follow it at once. Either gives the password to the server as it is;
    neither user nor server may have excluded it.
    """
    if name not in ("PLAIN", "LOGIN", LOGIN_COMMAND) or not channel.encrypted:
        return None
    if LOGIN_COMMAND not in channel.offered or LOGIN_COMMAND not in auth.choices(channel):
        return None
    login = await auth.begin(LOGIN_COMMAND, channel)
    # RFC 9755 section 5: LOGIN is for ASCII.
    if isinstance(login, LoginCommand) and (login.username + login.password).isascii():
        return login
    return None


def _channel(driver: Driver, offered: Capabilities, host: str, port: int) -> Channel:
    stream, encrypted = driver.stream, False
    bindings: dict[str, bytes] = {}
    if isinstance(stream, Exporting):
        encrypted = True
        bindings[EXPORTER] = stream.export_keying_material(EXPORTER_LABEL, EXPORTER_LENGTH, b"")
    if isinstance(stream, trio.SSLStream):
        encrypted = True
        certificate = cast("bytes | None", stream.getpeercert(binary_form=True))
        end_point = server_end_point(certificate) if certificate else None
        if end_point is not None:
            bindings[SERVER_END_POINT] = end_point
    names = set(offered.auth_mechanisms)
    if "LOGINDISABLED" not in offered:
        names.add(LOGIN_COMMAND)
    return Channel(
        host=host,
        port=port,
        encrypted=encrypted,
        offered=frozenset(names),
        bindings=bindings,
        min_scram_iterations=driver.limits.min_scram_iterations,
        max_scram_iterations=driver.limits.max_scram_iterations,
    )


def _choose(auth: Auth, channel: Channel, offered: Capabilities) -> str:
    choices = list(auth.choices(channel))
    if not choices:
        raise InvalidArgumentError(
            "of the mechanisms that auth allows, none may be used on this connection: "
            f"it is {'' if channel.encrypted else 'not '}encrypted"
        )
    for name in choices:
        if name in channel.offered:
            return name
    first, *others = [f"AUTH={name}" for name in choices if name != LOGIN_COMMAND] or ["LOGIN"]
    reason = f"nor {', '.join(others)}" if others else "and nothing else is allowed"
    if LOGIN_COMMAND in choices and first != "LOGIN":
        reason += ", and it forbids the LOGIN command"
    there = ", ".join(offered.auth_mechanisms)
    raise CapabilityError(first, reason + (f"; it offers {there}" if there else ""))


class _Login:
    """One attempt, by one run of a mechanism."""

    def __init__(self, driver: Driver, name: str, mechanism: Mechanism) -> None:
        self.mechanism = mechanism
        self.secrets = list(mechanism.secrets())
        self.code: ResponseCode | None = None
        self._driver = driver
        self._name = name

    async def attempt(self, offered: Capabilities) -> AuthenticationError | None:
        """Try to log in; return why the server refused, if it did."""
        failure: ImapError
        try:
            self.code = await self._run(offered)
            return None
        except CommandError as error:
            refusal = explain(error, self.mechanism.complaint(), self.secrets)
            if refusal is not None:
                return refusal
            failure = error
        except ImapError as error:
            failure = error
        hide(failure, self.secrets)
        raise failure

    async def _run(self, offered: Capabilities) -> ResponseCode | None:
        mechanism = self.mechanism
        if isinstance(mechanism, LoginCommand):
            return await self._driver.call(Login(mechanism.username, mechanism.password))
        challenges, asked = trio.open_memory_channel[bytes](math.inf)
        if mechanism.is_slow(None):
            initial = await trio.to_thread.run_sync(mechanism.start, abandon_on_cancel=True)
        else:
            initial = mechanism.start()
        if initial is not None:
            self._sends(initial)
        command = Authenticate(
            self._name,
            challenges.send_nowait,
            initial=initial,
            in_command=self._driver.profile.sasl_ir
            and offers(offered, "SASL-IR")
            and len(initial or b"") <= _LONGEST_IN_COMMAND,
            max_challenges=self._driver.limits.max_challenges,
            secrets=self.secrets,
            verify=mechanism.verify,
        )
        future = self._driver.submit(command)
        future.call_when_done(lambda _: challenges.close())
        try:
            async for challenge in asked:
                if not future.done and not command.called_off:
                    await self._answer(future, command, challenge)
            return await future.wait()
        finally:
            asked.close()
            if not future.done:
                future.cancel()

    async def _answer(
        self, future: CommandFuture[ResponseCode | None], command: Authenticate, challenge: bytes
    ) -> None:
        mechanism = self.mechanism
        try:
            if mechanism.is_slow(challenge):
                response = await trio.to_thread.run_sync(
                    mechanism.respond, challenge, abandon_on_cancel=True
                )
            else:
                response = mechanism.respond(challenge)
        except ImapError as error:
            self._driver.answer(future, command.call_off(error))
        else:
            self._sends(response)
            self._driver.answer(future, command.encode(response))

    def _sends(self, response: bytes) -> None:
        # A server may repeat the line that it did not like, with the secret inside.
        if response:
            self.secrets.append(b64encode(response).decode("ascii"))
