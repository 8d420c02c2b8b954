"""Who logs in, and by which mechanisms: what users pass to :func:`aimap.connect`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Protocol, TypeAlias, final, runtime_checkable

import attrs

from aimap._errors import AuthenticationError, InvalidArgumentError, LoginFailure
from aimap._sasl.bearer import OAuthBearer, XOAuth2
from aimap._sasl.binding import EXPORTER
from aimap._sasl.gssapi import Gssapi, SecurityContext, kerberos_context
from aimap._sasl.mechanism import LOGIN_COMMAND, Channel, Mechanism
from aimap._sasl.scram import Scram
from aimap._sasl.simple import (
    AnonymousMechanism,
    CramMD5,
    ExternalMechanism,
    LoginCommand,
    LoginMechanism,
    Plain,
)

TokenProvider: TypeAlias = Callable[[], Awaitable[str]]

# Best first. The server proves itself in SCRAM only, and in -PLUS also that nobody sits
# in between; SHA-256 before SHA-1 within each.
_BY_PASSWORD = (
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-256",
    "SCRAM-SHA-1",
    "CRAM-MD5",
    "PLAIN",
    "LOGIN",
    LOGIN_COMMAND,
)
_IN_CLEAR = frozenset({"PLAIN", "LOGIN", LOGIN_COMMAND})
# No server says which channel bindings it knows. Cyrus offers -PLUS and knows only
# tls-unique, which TLS 1.3 does not have; and a refusal is final.
_ON_DEMAND = frozenset({"CRAM-MD5", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"})
_BY_TOKEN = ("OAUTHBEARER", "XOAUTH2")


@runtime_checkable
class Auth(Protocol):
    """Whatever :func:`aimap.connect` can log in by: :class:`aimap.Password` and others.

    Write one of your own only where :class:`aimap.SASL` is not enough.
    """

    def choices(self, channel: Channel) -> Sequence[str]:
        """Return the mechanisms that may be used on this connection, best first.

        The first that the server offers is used, and no other: a refusal is final.
        """
        ...

    async def begin(self, mechanism: str, channel: Channel) -> Mechanism:
        """Return a new run of the mechanism that was chosen."""
        ...

    def try_again(self, error: AuthenticationError) -> bool:
        """Whether, after that refusal, :meth:`begin` may give better credentials."""
        ...


def _named(
    mechanisms: Collection[str] | None, known: tuple[str, ...], default: Collection[str]
) -> tuple[str, ...]:
    """Return those of *known*, in its order, that the user allows."""
    if mechanisms is None:
        return tuple(name for name in known if name in default)
    allowed = {name.upper() for name in mechanisms}
    return tuple(name for name in known if name in allowed)


def _check_mechanisms(
    known: tuple[str, ...],
) -> Callable[[object, attrs.Attribute[Collection[str] | None], Collection[str] | None], None]:
    def check(_: object, __: object, value: Collection[str] | None) -> None:
        if value is None:
            return
        if isinstance(value, str) or not isinstance(value, Collection):
            raise InvalidArgumentError(f"mechanisms is a collection of names, not {value!r}")
        unknown = [name for name in value if str(name).upper() not in known]
        if unknown or not value:
            raise InvalidArgumentError(
                f"mechanisms names some of {', '.join(known)}; not {unknown!r}"
            )

    return check


@final
@attrs.frozen
class Password:
    """Log in by user name and password.

    Of the mechanisms that the server offers the best is used: SCRAM-SHA-256,
    SCRAM-SHA-1 (:rfc:`5802`, :rfc:`7677`), then, which give the password to the server,
    PLAIN (:rfc:`4616`), LOGIN as a mechanism, and the LOGIN command unless the server
    forbids it (``LOGINDISABLED``, :rfc:`9051#section-6.2.3`). If the server refuses, no
    other is tried.

    Those with ``-PLUS`` are used unasked only where the stream can give ``tls-exporter``
    (:rfc:`9266`), which Python's :mod:`ssl` cannot. Named in *mechanisms*, they use
    ``tls-server-end-point`` (:rfc:`5929`), which some servers do not take.

    Attributes:
        username: the user's name, as the server knows it.
        password: never shown, not even in ``repr``.
        authzid: whom to act for, if it is another user (SCRAM and PLAIN only).
        mechanisms: those that may be used; the best of them is. Beside the names above
            there are ``"SCRAM-SHA-256-PLUS"`` and ``"SCRAM-SHA-1-PLUS"``, bound to the TLS
            connection, and ``"CRAM-MD5"`` (:rfc:`2195`), which are used only if named, and
            ``"LOGIN-COMMAND"`` for IMAP's own command.
        allow_plaintext: ``False`` never lets the password be sent as it is over a
            connection without TLS, not even with ``tls="insecure"``.
        saslprep: whether to prepare user name and password by SASLprep (:rfc:`4013`).
            ``None`` does as the mechanism prescribes: SCRAM does, except for a password
            that SASLprep knows nothing of, the others do not. ``True`` does always,
            ``False`` never does.
    """

    username: str
    password: str = attrs.field(repr=False)
    authzid: str = attrs.field(default="", kw_only=True)
    mechanisms: Collection[str] | None = attrs.field(
        default=None, kw_only=True, validator=_check_mechanisms(_BY_PASSWORD)
    )
    allow_plaintext: bool = attrs.field(default=True, kw_only=True)
    saslprep: bool | None = attrs.field(default=None, kw_only=True)

    def choices(self, channel: Channel) -> Sequence[str]:
        """Return the mechanisms that may be used on this connection, best first."""
        # Cyrus (3.6 with SASL 2.1.28, as Debian has it) offers -PLUS over TLS 1.3 and takes
        # no tls-server-end-point: "bad protocol / cancel", and that refusal would be final.
        # RFC 9266 section 3 names the type that can be relied on; another is on demand.
        plus = EXPORTER in channel.bindings
        default = [
            name
            for name in _BY_PASSWORD
            if name not in _ON_DEMAND and (plus or not name.endswith("-PLUS"))
        ]
        return [
            name
            for name in _named(self.mechanisms, _BY_PASSWORD, default)
            if (channel.bindings or not name.endswith("-PLUS"))
            and (channel.encrypted or self.allow_plaintext or name not in _IN_CLEAR)
            # Acting for another user can only be said in these.
            and (not self.authzid or name.startswith("SCRAM") or name == "PLAIN")
        ]

    async def begin(self, mechanism: str, channel: Channel) -> Mechanism:
        """Return a new run of *mechanism*.

        Raises:
            InvalidArgumentError: if the user name or the password cannot be sent.
        """
        if mechanism.startswith("SCRAM"):
            return Scram(
                mechanism,
                self.username,
                self.password,
                channel,
                authzid=self.authzid,
                prepare=self.saslprep,
            )
        username, password = self.username, self.password
        if self.saslprep:
            username = _prepare("user name", username)
            password = _prepare("password", password)
        if mechanism == "PLAIN":
            return Plain(username, password, self.authzid)
        if mechanism == "CRAM-MD5":
            return CramMD5(username, password)
        if mechanism == "LOGIN":
            return LoginMechanism(username, password)
        return LoginCommand(username, password)

    def try_again(self, error: AuthenticationError) -> bool:
        """Return ``False``: a password does not get better."""
        del error
        return False


def _prepare(what: str, value: str) -> str:
    from aimap._sasl.saslprep import saslprep  # noqa: PLC0415 (its tables are large)

    return saslprep(value, what=what)


@final
@attrs.frozen
class OAuth:
    """Log in by an OAuth 2.0 access token: OAUTHBEARER (:rfc:`7628`) or XOAUTH2.

    When the server says that the token is stale, an async callable is asked for another
    one, once. What the server says of the token is in
    :attr:`aimap.AuthenticationError.details`.

    Attributes:
        username: the user's name, mostly the mail address.
        token: the access token, or an async callable that returns a fresh one.
        mechanisms: those that may be used: both, if not given.
        allow_plaintext: ``False`` never lets the token be sent over a connection
            without TLS, not even with ``tls="insecure"``.
    """

    username: str
    token: str | TokenProvider = attrs.field(repr=False)
    mechanisms: Collection[str] | None = attrs.field(
        default=None, kw_only=True, validator=_check_mechanisms(_BY_TOKEN)
    )
    allow_plaintext: bool = attrs.field(default=True, kw_only=True)

    def choices(self, channel: Channel) -> Sequence[str]:
        """Return the mechanisms that may be used on this connection, best first."""
        if not channel.encrypted and not self.allow_plaintext:
            return ()
        return _named(self.mechanisms, _BY_TOKEN, _BY_TOKEN)

    async def begin(self, mechanism: str, channel: Channel) -> Mechanism:
        """Return a new run of *mechanism*, with a token asked for just now.

        Raises:
            InvalidArgumentError: if the token cannot be sent.
        """
        token = self.token if isinstance(self.token, str) else await self.token()
        if not isinstance(token, str):
            raise InvalidArgumentError(f"a token provider returns a str, not {type(token)!r}")
        if mechanism == "OAUTHBEARER":
            return OAuthBearer(self.username, token, channel.host, channel.port)
        return XOAuth2(self.username, token)

    def try_again(self, error: AuthenticationError) -> bool:
        """Return whether there may be a fresh token, and the server wants one."""
        return not isinstance(self.token, str) and (
            error.reason in (LoginFailure.WRONG_CREDENTIALS, LoginFailure.EXPIRED)
        )


class _OneMechanism:
    def try_again(self, error: AuthenticationError) -> bool:
        """Return ``False``: trying again would change nothing."""
        del error
        return False


@final
@attrs.frozen
class External(_OneMechanism):
    """Log in as whom the server knows already: EXTERNAL (:rfc:`4422#appendix-A`).

    That is mostly by a client certificate: load one into the ``ssl_context`` that you
    give to :func:`aimap.connect`.

    Attributes:
        authzid: whom to act for; if empty the server derives it from the certificate.
    """

    authzid: str = ""

    def choices(self, channel: Channel) -> Sequence[str]:
        """Return the one mechanism."""
        del channel
        return ("EXTERNAL",)

    async def begin(self, mechanism: str, channel: Channel) -> Mechanism:
        """Return a new run of it."""
        del mechanism, channel
        return ExternalMechanism(self.authzid)


@final
@attrs.frozen
class Anonymous(_OneMechanism):
    """Log in as nobody: ANONYMOUS (:rfc:`4505`), for public archives.

    Attributes:
        trace: what the administrator may know of you, such as a mail address; sent in
            clear, 255 characters at most.
    """

    trace: str = ""

    def choices(self, channel: Channel) -> Sequence[str]:
        """Return the one mechanism."""
        del channel
        return ("ANONYMOUS",)

    async def begin(self, mechanism: str, channel: Channel) -> Mechanism:
        """Return a new run of it."""
        del mechanism, channel
        return AnonymousMechanism(self.trace)


@final
@attrs.frozen
class GSSAPI(_OneMechanism):
    """Log in by Kerberos V5: GSSAPI (:rfc:`4752`). Needs the extra ``gssapi``.

    The credentials are those of whoever runs the program (``kinit``). The library is
    called in a thread, as it talks to the key distribution centre.

    Attributes:
        authzid: whom to act for, if not for the Kerberos principal itself.
        service: the service's name in Kerberos.
        hostname: the server's name in Kerberos; as it was connected to, if not given.
        context: makes a security context of your own, for other credentials than the
            default ones: called with *service* and the server's name.
    """

    authzid: str = ""
    service: str = attrs.field(default="imap", kw_only=True)
    hostname: str | None = attrs.field(default=None, kw_only=True)
    context: Callable[[str, str], SecurityContext] = attrs.field(
        default=kerberos_context, kw_only=True, repr=False
    )

    def choices(self, channel: Channel) -> Sequence[str]:
        """Return the one mechanism."""
        del channel
        return ("GSSAPI",)

    async def begin(self, mechanism: str, channel: Channel) -> Mechanism:
        """Return a new run of it.

        Raises:
            InvalidArgumentError: if the library is missing.
        """
        del mechanism
        return Gssapi(self.context(self.service, self.hostname or channel.host), self.authzid)


@final
@attrs.frozen
class SASL(_OneMechanism):
    """Log in by a SASL mechanism of your own.

    Attributes:
        name: the mechanism's name, as the server offers it behind ``AUTH=``.
        make: called for each login with the :class:`aimap.Channel`; returns a new
            :class:`aimap.Mechanism`.
    """

    name: str
    make: Callable[[Channel], Mechanism] = attrs.field(repr=False)

    def choices(self, channel: Channel) -> Sequence[str]:
        """Return the one mechanism."""
        del channel
        return (self.name.upper(),)

    async def begin(self, mechanism: str, channel: Channel) -> Mechanism:
        """Return a new run of it."""
        del mechanism
        return self.make(channel)
