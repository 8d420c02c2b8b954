"""GSSAPI: Kerberos V5 (:rfc:`4752`), by the library ``gssapi``, an extra."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Protocol, final

from aimap._errors import InvalidArgumentError
from aimap._sasl.mechanism import Mechanism, misled, octets

_NO_LAYER = 1


class Wrapped(Protocol):
    """What wrapping and unwrapping return, as far as it matters."""

    @property
    def message(self) -> bytes:
        """The message."""
        ...


class SecurityContext(Protocol):
    """What is needed of a ``gssapi.SecurityContext``."""

    @property
    def complete(self) -> bool:
        """Whether the context is established."""
        ...

    def step(self, token: bytes | None = None) -> bytes | None:
        """Take the peer's token; return ours, if there is one."""
        ...

    def wrap(self, message: bytes, encrypt: bool) -> Wrapped:
        """Protect a message."""
        ...

    def unwrap(self, message: bytes) -> Wrapped:
        """Check a message, and take the protection off."""
        ...


def kerberos_context(service: str, host: str) -> SecurityContext:
    """Begin a context with the credentials of whoever runs the program.

    Raises:
        InvalidArgumentError: if the library is missing.
    """
    try:
        library = import_module("gssapi")
    except ImportError as error:
        raise InvalidArgumentError(
            "GSSAPI needs the library gssapi, which cannot be imported here; "
            "install 'trio-aimap[gssapi]'"
        ) from error
    name = library.Name(f"{service}@{host}", library.NameType.hostbased_service)
    context: SecurityContext = library.SecurityContext(
        name=name,
        usage="initiate",
        mech=library.MechType.kerberos,
        # RFC 4752 section 3.1: the server must prove itself, and messages be protected.
        flags=library.RequirementFlag.mutual_authentication | library.RequirementFlag.integrity,
    )
    return context


@final
class Gssapi(Mechanism):
    """One run of GSSAPI: tokens until both sides are sure, then no security layer.

    TLS protects what follows; the layers of GSSAPI are not used.
    """

    def __init__(self, context: SecurityContext, authzid: str = "") -> None:
        self._context = context
        self._authzid = octets("authorization identity", authzid)
        self._agreed = False

    def start(self) -> bytes:
        return self._call(self._context.step) or b""

    def respond(self, challenge: bytes) -> bytes:
        if self._agreed:
            raise misled("GSSAPI", "the server goes on behind its last message")
        if not self._context.complete:
            return self._call(lambda: self._context.step(challenge)) or b""
        offer = self._call(lambda: self._context.unwrap(challenge).message) or b""
        # RFC 4752 section 3.1: a bit-mask of layers, and three octets of a buffer size.
        if len(offer) != 4 or not offer[0] & _NO_LAYER:
            raise misled("GSSAPI", "the server demands a security layer besides TLS")
        self._agreed = True
        answer = bytes((_NO_LAYER, 0, 0, 0)) + self._authzid
        return self._call(lambda: self._context.wrap(answer, False).message) or b""

    def verify(self) -> None:
        if not self._agreed:
            raise misled("GSSAPI", "the server says OK without having proved who it is")

    def is_slow(self, challenge: bytes | None) -> bool:
        # The library asks the key distribution centre, over the network.
        del challenge
        return not self._agreed

    def _call(self, what: Callable[[], bytes | None]) -> bytes | None:
        try:
            return what()
        except Exception as error:
            if type(error).__module__.partition(".")[0] != "gssapi":
                raise
            raise misled("GSSAPI", str(error)) from error
