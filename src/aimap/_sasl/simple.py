"""Mechanisms of one or two messages: PLAIN, LOGIN, CRAM-MD5, EXTERNAL, ANONYMOUS."""

from __future__ import annotations

import hmac
from typing import final

from aimap._errors import InvalidArgumentError
from aimap._sasl.mechanism import Mechanism, misled, octets


@final
class Plain(Mechanism):
    """PLAIN (:rfc:`4616`): one message, the octets as the user gave them.

    :rfc:`4616#section-2` has the *server* prepare them; most compare octets, so
    preparing here makes logins fail that would succeed.
    """

    def __init__(self, username: str, password: str, authzid: str = "") -> None:
        self._secrets = (password,)
        self._message = b"\0".join(
            (
                octets("authorization identity", authzid),
                octets("user name", username),
                octets("password", password),
            )
        )

    def start(self) -> bytes:
        return self._message

    def respond(self, challenge: bytes) -> bytes:
        # Nothing more is due; the server then says what it makes of nothing.
        del challenge
        return b""

    def secrets(self) -> tuple[str, ...]:
        return self._secrets


@final
class LoginMechanism(Mechanism):
    r"""LOGIN: two prompts, whatever their text. Older than SASL, and widely offered.

    Prompts were seen as ``User Name\0``, ``Username:``, ``Login:`` and empty, so their
    order is all that counts.
    """

    def __init__(self, username: str, password: str) -> None:
        self._secrets = (password,)
        self._answers = [octets("password", password), octets("user name", username)]

    def respond(self, challenge: bytes) -> bytes:
        del challenge
        if not self._answers:
            raise misled("LOGIN", "the server asks for more than a user name and a password")
        return self._answers.pop()

    def secrets(self) -> tuple[str, ...]:
        return self._secrets


@final
class LoginCommand(Mechanism):
    """IMAP's own LOGIN command, which is no SASL at all; it has no messages."""

    def __init__(self, username: str, password: str) -> None:
        self.username = username
        self.password = password

    def respond(self, challenge: bytes) -> bytes:
        del challenge
        raise misled("LOGIN", "the server asks where nothing is to be asked")

    def secrets(self) -> tuple[str, ...]:
        return (self.password,)


@final
class CramMD5(Mechanism):
    """CRAM-MD5 (:rfc:`2195`): MD5 of the password and a challenge.

    Whoever listens can try passwords against it offline, as fast as MD5 is.
    """

    def __init__(self, username: str, password: str) -> None:
        self._secrets = (password,)
        self._user = octets("user name", username)
        self._key = octets("password", password)
        self._answered = False

    def respond(self, challenge: bytes) -> bytes:
        if self._answered:
            raise misled("CRAM-MD5", "the server sends a second challenge")
        self._answered = True
        return self._user + b" " + hmac.new(self._key, challenge, "md5").hexdigest().encode()

    def secrets(self) -> tuple[str, ...]:
        return self._secrets


@final
class ExternalMechanism(Mechanism):
    """EXTERNAL (:rfc:`4422#appendix-A`): who logs in is known from elsewhere."""

    def __init__(self, authzid: str = "") -> None:
        self._message = octets("authorization identity", authzid)

    def start(self) -> bytes:
        return self._message

    def respond(self, challenge: bytes) -> bytes:
        del challenge
        return self._message


@final
class AnonymousMechanism(Mechanism):
    """ANONYMOUS (:rfc:`4505`): nobody in particular, who may leave a trace."""

    def __init__(self, trace: str = "") -> None:
        if len(trace) > 255:
            # RFC 4505 section 2: token = 1*255TCHAR.
            raise InvalidArgumentError(f"a trace has at most 255 characters, not {len(trace)}")
        self._message = octets("trace", trace)

    def start(self) -> bytes:
        return self._message

    def respond(self, challenge: bytes) -> bytes:
        del challenge
        return b""
