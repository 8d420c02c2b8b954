"""What discovery finds, and what it says when it finds nothing."""

from __future__ import annotations

from typing import Literal, TypeAlias, final

import attrs

from aimap._errors import ImapError, InvalidArgumentError

AuthKind: TypeAlias = Literal[
    "password", "encrypted-password", "oauth", "kerberos", "client-certificate"
]
Source: TypeAlias = Literal["table", "autoconfig", "srv", "ispdb", "mx"]

_PLACES: dict[Source, str] = {
    "table": "the built-in table",
    "autoconfig": "the domain's autoconfig document",
    "srv": "the domain's SRV records",
    "ispdb": "the database of providers",
    "mx": "the host that takes the domain's mail",
}
_LONGEST_NAME = 253


@final
@attrs.frozen(kw_only=True)
class ServerSettings:
    """One way to reach an account; made by :func:`aimap.discover`.

    ::

        aimap.connect(found.host, port=found.port, tls=found.tls,
                      auth=aimap.Password(found.username, password))

    Attributes:
        host: the server, whose certificate must bear this name.
        port: its port.
        tls: how TLS begins. Settings without TLS are never found.
        usernames: what to log in as: the first, and if the server refuses that, the next
            (:rfc:`6186#section-4`).
        auth: how one can log in, as far as the source tells, the preferred first: by
            ``"password"``, ``"encrypted-password"`` (SCRAM and the like), ``"oauth"``,
            ``"kerberos"`` or ``"client-certificate"``.
        source: who says so: ``"table"``, ``"autoconfig"``, ``"srv"``, ``"ispdb"`` or ``"mx"``.
        is_trusted: whether nobody could have put another host there by forging answers of
            DNS. Where it is false, show the host to the user before you send a password
            there (:rfc:`6186#section-6`, :rfc:`8314#section-5.1`).
    """

    host: str
    port: int
    tls: Literal["implicit", "starttls"]
    usernames: tuple[str, ...]
    auth: tuple[AuthKind, ...] = ()
    source: Source
    is_trusted: bool

    @property
    def username(self) -> str:
        """The first of :attr:`usernames`."""
        return self.usernames[0]

    def __str__(self) -> str:
        tls = "TLS" if self.tls == "implicit" else "STARTTLS"
        return f"{self.host}:{self.port} ({tls}, from {_PLACES[self.source]})"


@final
class DiscoveryError(ImapError):
    """No settings were found for an address.

    Attributes:
        address: the address.
        attempts: where was looked, and why that gave nothing, a line each.
    """

    def __init__(self, address: str, attempts: tuple[str, ...]) -> None:
        tried = "".join(f"\n  {attempt}" for attempt in attempts)
        super().__init__(f"no IMAP server could be found for {address}{tried}")
        self.address = address
        self.attempts = attempts


class LookupFailed(Exception):  # noqa: N818 (an outcome, and told as one)
    """One place gave nothing; the text says why."""


@final
@attrs.frozen
class Address:
    """An address in its two parts, the domain as DNS has it (:rfc:`5890#section-2.3.2.1`)."""

    whole: str
    local: str
    domain: str


def parse_address(address: str) -> Address:
    """Take an address apart.

    Raises:
        InvalidArgumentError: if it is not one.
    """
    import idna  # noqa: PLC0415 (an extra)

    local, at, domain = address.rpartition("@")
    bare = not any(c <= " " or c in '<>,;"\x7f' for c in address)
    if not (local and at and domain and bare and address.isprintable()):
        raise InvalidArgumentError(f"an address is like joe@example.org, not {address!r}")
    try:
        # Not by the codec "idna", which takes some domains for others (ß for ss).
        ascii_domain = idna.encode(domain, uts46=True).decode("ascii").lower()
    except idna.IDNAError:
        ascii_domain = ""
    if not is_host_name(ascii_domain):
        raise InvalidArgumentError(f"{domain!r} in {address!r} is not a domain")
    return Address(address, local, ascii_domain)


def is_host_name(name: str) -> bool:
    """Whether *name* is a host in a domain, and neither an address nor a single word."""
    labels = name.split(".")
    return (
        len(name) <= _LONGEST_NAME
        and len(labels) > 1
        and all(map(_is_label, labels))
        and not labels[-1].isdigit()
    )


def _is_label(label: str) -> bool:
    return (
        0 < len(label) <= 63
        and label.isascii()
        and label.replace("-", "").isalnum()
        and label[0] != "-" != label[-1]
    )
