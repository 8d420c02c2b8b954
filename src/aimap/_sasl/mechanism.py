"""What a SASL mechanism is, and what it may know of the connection (:rfc:`4422`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, final

import attrs

from aimap._errors import AuthenticationError, InvalidArgumentError, LoginFailure

LOGIN_COMMAND = "LOGIN-COMMAND"
"""Stands for IMAP's own LOGIN command among the names of SASL mechanisms."""


@final
@attrs.frozen(kw_only=True)
class Channel:
    """The connection, as far as it matters for logging in.

    Attributes:
        host: the server's name, as it was connected to.
        port: the server's port.
        encrypted: whether there is TLS.
        offered: the mechanisms that the server offers, in upper case, and
            ``"LOGIN-COMMAND"`` unless it forbids the LOGIN command.
        bindings: what can bind a login to this TLS connection, best first: channel
            binding data by type (:rfc:`5056`).
        min_scram_iterations: from :class:`aimap.Limits`.
        max_scram_iterations: from :class:`aimap.Limits`.
    """

    host: str = ""
    port: int = 0
    encrypted: bool = False
    offered: frozenset[str] = frozenset()
    bindings: Mapping[str, bytes] = attrs.field(factory=dict[str, bytes], repr=False)
    min_scram_iterations: int = 4096
    max_scram_iterations: int = 2_000_000


class Mechanism(Protocol):
    """One run of a SASL mechanism, as the client (:rfc:`4422`).

    For a mechanism of your own inherit from this class and write :meth:`respond`; all
    else has a default. A method that raises an :exc:`aimap.ImapError` calls the login
    off, and the user gets that error.
    """

    def start(self) -> bytes | None:
        """Return what the client sends first, or ``None`` where the server begins."""
        return None

    def respond(self, challenge: bytes) -> bytes:
        """Return the answer to a challenge; both are octets, base64 is not your concern."""
        ...

    def verify(self) -> None:
        """Check, once the server has said OK, that it may be believed.

        Raises:
            AuthenticationError: if the server did not prove what the mechanism has it prove.
        """
        return None  # noqa: RET501 (an empty body would make it abstract)

    def complaint(self) -> Mapping[str, str]:
        """Return what the server said was wrong, inside the exchange, by name."""
        return {}

    def secrets(self) -> tuple[str, ...]:
        """Return what must not be shown, should the server repeat it in its texts."""
        return ()

    def is_slow(self, challenge: bytes | None) -> bool:
        """Whether :meth:`respond` may take long, or block; then it is called in a thread.

        Args:
            challenge: the challenge to come; ``None`` for :meth:`start`.
        """
        del challenge
        return False


def octets(what: str, value: str) -> bytes:
    """Return *value* in UTF-8.

    Raises:
        InvalidArgumentError: if it holds NUL, or no Unicode text; it is not shown.
    """
    if "\0" in value:
        raise InvalidArgumentError(f"a {what} cannot hold NUL")
    try:
        return value.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidArgumentError(f"the {what} is not a Unicode text") from None


def misled(mechanism: str, reason: str) -> AuthenticationError:
    """Return the error for a server that does not follow the mechanism."""
    return AuthenticationError(
        "AUTHENTICATE", None, f"{mechanism}: {reason}", reason=LoginFailure.SERVER_NOT_TRUSTED
    )
