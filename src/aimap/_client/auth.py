"""Who logs in, and by which mechanism."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias, final

import attrs
import trio

from aimap._client.driver import Driver
from aimap._commands.login import Authenticate, Login
from aimap._errors import AuthenticationError, CapabilityError, InvalidArgumentError
from aimap._model.capability import Capabilities
from aimap._sasl.mechanisms import LoginMechanism, Mechanism, OAuthBearer, Plain, XOAuth2

TokenProvider: TypeAlias = Callable[[], Awaitable[str]]


@final
@attrs.frozen
class Password:
    """Log in by user name and password.

    PLAIN (:rfc:`4616`) is used where the server offers it, then LOGIN as a mechanism,
    then the LOGIN command unless the server forbids it (``LOGINDISABLED``).

    Attributes:
        username: the user's name, as the server knows it.
        password: never shown, not even in ``repr``.
    """

    username: str
    password: str = attrs.field(repr=False)


@final
@attrs.frozen
class OAuth:
    """Log in by an OAuth 2.0 access token: OAUTHBEARER (:rfc:`7628`) or XOAUTH2.

    Attributes:
        username: the user's name, mostly the mail address.
        token: the access token, or an async callable that returns a fresh one.
    """

    username: str
    token: str | TokenProvider = attrs.field(repr=False)


Auth: TypeAlias = Password | OAuth
"""Whatever :func:`aimap.connect` can log in by."""


async def log_in(driver: Driver, auth: Auth, *, host: str | None, port: int | None) -> None:
    """Log in by the best that the server offers.

    Raises:
        AuthenticationError: if the server does not accept the credentials.
        CapabilityError: if it offers nothing that *auth* can use.
    """
    offered = driver.session.capabilities or Capabilities()
    if isinstance(auth, Password):
        await _by_password(driver, auth, offered)
    else:
        await _by_token(driver, auth, offered, host, port)


async def _by_password(driver: Driver, auth: Password, offered: Capabilities) -> None:
    mechanism: Mechanism | None = None
    if "AUTH=PLAIN" in offered:
        mechanism = Plain(auth.username, auth.password)
    elif "AUTH=LOGIN" in offered:
        mechanism = LoginMechanism(auth.username, auth.password)
    if mechanism is not None:
        await _authenticate(driver, mechanism, offered, secrets=(auth.password,))
    elif "LOGINDISABLED" in offered:
        raise CapabilityError(
            "AUTH=PLAIN",
            "it offers neither PLAIN nor LOGIN, and forbids the LOGIN command"
            + _other_mechanisms(offered),
        )
    else:
        await driver.call(Login(auth.username, auth.password))


async def _by_token(
    driver: Driver, auth: OAuth, offered: Capabilities, host: str | None, port: int | None
) -> None:
    bearer = "AUTH=OAUTHBEARER" in offered
    if not bearer and "AUTH=XOAUTH2" not in offered:
        raise CapabilityError(
            "AUTH=OAUTHBEARER", "nor XOAUTH2, so no token can be used" + _other_mechanisms(offered)
        )
    if isinstance(auth.token, str):
        token = auth.token
        await trio.lowlevel.checkpoint()
    else:
        token = await auth.token()
        if not isinstance(token, str):
            raise InvalidArgumentError(f"a token provider returns a str, not {type(token)!r}")
    mechanism: Mechanism = (
        OAuthBearer(auth.username, token, host, port) if bearer else XOAuth2(auth.username, token)
    )
    await _authenticate(driver, mechanism, offered, secrets=(token,))


def _other_mechanisms(offered: Capabilities) -> str:
    others = ", ".join(offered.auth_mechanisms)
    return f"; it offers {others}" if others else ""


async def _authenticate(
    driver: Driver, mechanism: Mechanism, offered: Capabilities, *, secrets: tuple[str, ...]
) -> None:
    try:
        await driver.call(
            Authenticate(
                mechanism.name,
                mechanism.respond,
                initial=mechanism.initial,
                in_command="SASL-IR" in offered,
                max_challenges=driver.limits.max_challenges,
                secrets=secrets,
            )
        )
    except AuthenticationError as error:
        complaint = mechanism.complaint()
        if complaint is None:
            raise
        raise AuthenticationError(
            error.command, error.code, f"{error.text} ({complaint})"
        ) from None
