"""Logging in: LOGIN and AUTHENTICATE (:rfc:`9051#section-6.2`)."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, final

from aimap._commands.base import BARRIER, Claim, Command, PlainCommand
from aimap._commands.login_failures import explain
from aimap._errors import (
    AuthenticationError,
    BadError,
    CommandError,
    ImapError,
    InvalidArgumentError,
    LoginFailure,
    RemoteProtocolError,
    StateError,
    redact,
)
from aimap._model.code import ResponseCode, WebAlertCode
from aimap._model.response import (
    ContinuationRequest,
    StatusResponse,
    TaggedResponse,
    Untagged,
)
from aimap._model.state import LOGGED_IN, LOGGED_OUT, ConnectionState

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder


class _LoginCommand(Command["ResponseCode | None"]):
    """The result is the code that the server's OK bears: ``REFERRAL``, for example."""

    states = LOGGED_OUT
    answers: ClassVar[tuple[type, ...]] = (StatusResponse,)
    enters: ClassVar[ConnectionState | None] = ConnectionState.AUTHENTICATED
    secret = True

    @property
    def claims(self) -> tuple[Claim, ...]:
        return BARRIER

    def result(self, response: TaggedResponse) -> ResponseCode | None:
        return response.code

    def __init__(self, secrets: Sequence[str]) -> None:
        self.secrets: tuple[str, ...] = tuple(secrets)
        self._url: str | None = None

    def claim(self, response: Untagged) -> bool:
        # Gmail sends "* NO [WEBALERT https://...]" before the tagged NO. It stays an event.
        if isinstance(response, StatusResponse) and isinstance(response.code, WebAlertCode):
            self._url = response.code.url
        return False

    def failure(self, response: TaggedResponse) -> CommandError:
        text = redact(response.text, self.secrets)
        error: CommandError = BadError(self.name, response.code, text)
        if response.condition == "NO":
            error = AuthenticationError(self.name, response.code, text, url=self._url)
        return explain(error, {}, self.secrets) or error


@final
class Login(_LoginCommand):
    """LOGIN (:rfc:`9051#section-6.2.3`): the password goes over the stream as it is.

    Args:
        username: in ASCII.
        password: in ASCII.

    Raises:
        InvalidArgumentError: if one has other characters (:rfc:`9755#section-5`).
        StateError: as its outcome, if the server has LOGINDISABLED.
    """

    name = "LOGIN"

    def __init__(self, username: str, password: str) -> None:
        for value in (username, password):
            if not value.isascii():
                # RFC 9755 section 5: 8-bit in LOGIN needs AUTHENTICATE instead.
                raise InvalidArgumentError(
                    "LOGIN takes ASCII only; the server offers no mechanism that takes more"
                )
        super().__init__((password,))
        self._username = username
        self._password = password

    def write(self, wire: Encoder) -> None:
        if wire.dialect.login_disabled:
            raise StateError(
                "the server has LOGINDISABLED: log in by AUTHENTICATE, or STARTTLS first"
            )
        wire.atom(self.name)
        wire.astring(self._username)
        wire.astring(self._password)


@final
class Authenticate(_LoginCommand):
    """AUTHENTICATE (:rfc:`9051#section-6.2.2`), by a function from challenge to response.

    Args:
        mechanism: the SASL mechanism's name.
        respond: given a decoded challenge, returns the response, or ``None`` if it
            comes later by ``Session.answer``, made by ``encode`` or
            ``call_off``. It may raise an :exc:`aimap.ImapError`: the exchange is then
            called off with ``*`` and the error is the command's outcome.
        initial: what to send first, or ``None`` where the server speaks first.
        in_command: send *initial* in the command itself (:rfc:`4959`).
        max_challenges: challenges to answer before giving up.
        secrets: what must not appear in an error, should the server repeat it.
        verify: called when the server says OK; what it raises is the outcome instead.
    """

    name = "AUTHENTICATE"
    converses = True

    def __init__(
        self,
        mechanism: str,
        respond: Callable[[bytes], bytes | None],
        *,
        initial: bytes | None = None,
        in_command: bool = False,
        max_challenges: int = 16,
        secrets: Sequence[str] = (),
        verify: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(secrets)
        self._mechanism = mechanism
        self._respond = respond
        self._in_command = initial if in_command else None
        self._held_back = None if in_command else initial
        self._left = self._patience = max_challenges
        self._verify = verify
        self._error: ImapError | None = None

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        wire.atom(self._mechanism)
        if self._in_command is not None:
            # RFC 4959 section 3: an empty initial response is sent as "=".
            wire.item(b64encode(self._in_command).decode("ascii") or "=")

    def encode(self, response: bytes) -> bytes:
        """Return a response as it is sent."""
        return b64encode(response) + b"\r\n"

    @property
    def called_off(self) -> bool:
        """Whether the exchange was called off: nothing more is to be sent."""
        return self._error is not None

    def call_off(self, error: ImapError) -> bytes:
        """Make *error* the outcome, and return what calls the exchange off."""
        self._error = error
        return b"*\r\n"

    def respond(self, request: ContinuationRequest) -> bytes | None:
        if self._error is not None:
            # "*" was the last word; who asks on for long will ask for ever.
            self._patience -= 1
            if self._patience < 0:
                raise RemoteProtocolError("challenges without end, behind the client's '*'")
            return None
        try:
            response = self._answer(request.data)
        except ImapError as error:
            return self.call_off(error)
        return None if response is None else self.encode(response)

    def _answer(self, data: bytes) -> bytes | None:
        if self._held_back is not None:
            initial, self._held_back = self._held_back, None
            return initial
        self._left -= 1
        if self._left < 0:
            raise self._misled("the server does not stop asking")
        try:
            challenge = b64decode(data.strip(), validate=True)
        except Base64Error:
            raise self._misled("the server's challenge is not base64") from None
        return self._respond(challenge)

    def _misled(self, reason: str) -> AuthenticationError:
        return AuthenticationError(self.name, None, reason, reason=LoginFailure.SERVER_NOT_TRUSTED)

    def finish(self, response: TaggedResponse) -> ResponseCode | None:
        if self._error is not None:
            raise self._error
        if response.condition == "OK" and self._verify is not None:
            self._verify()
        return super().finish(response)


@final
class Unauthenticate(PlainCommand):
    """UNAUTHENTICATE (:rfc:`8437#section-2`): the connection is as it was before logging in.

    Nothing of before holds behind its OK: no selected mailbox, no enabled extension, no
    capability. Needs UNAUTHENTICATE.
    """

    name = "UNAUTHENTICATE"
    states = LOGGED_IN
    enters: ClassVar[ConnectionState | None] = ConnectionState.NOT_AUTHENTICATED

    @property
    def claims(self) -> tuple[Claim, ...]:
        return BARRIER
