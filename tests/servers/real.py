"""What tests see of a real server, and what starting each of them takes."""

from __future__ import annotations

import itertools
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import trustme

PASSWORD = "pass"


@dataclass(kw_only=True)
class RealServer:
    """A running server, the same for all kinds of them.

    Attributes:
        kind: its name.
        prefix: what the names of a user's mailboxes begin with.
        delimiter: what separates the levels of a name.
        ends_messages: whether it ends the last line of a message that does not do it.
        refuses: what must not be in the name of a mailbox.
    """

    kind: ClassVar[str]
    prefix: ClassVar[str] = ""
    delimiter: ClassVar[str] = "/"
    ends_messages: ClassVar[bool] = False
    refuses: ClassVar[str] = ""
    host: str = "localhost"
    port: int
    tls_port: int
    client_context: ssl.SSLContext
    ca_file: Path
    password: str = PASSWORD
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def new_user(self) -> str:
        """Return the name of a user who can log in, and has never done it."""
        name = f"user{next(self._numbers)}"
        self._add_user(name)
        return name

    def administrator(self) -> str:
        """Return the name of a user who may do everything, where there is one."""
        raise NotImplementedError

    def _add_user(self, name: str) -> None:
        """Make *name* one who can log in."""


@dataclass
class Secrets:
    """A throw-away authority, and what it says of the server."""

    client_context: ssl.SSLContext
    ca_file: Path
    certificate: bytes
    key: bytes


def make_secrets(lab: Path) -> Secrets:
    """Make the server's certificate, and leave its authority's in *lab*."""
    ca = trustme.CA()
    issued = ca.issue_cert("localhost", "127.0.0.1")
    ca_file = lab / "ca.pem"
    ca.cert_pem.write_to_path(str(ca_file))
    return Secrets(
        ssl.create_default_context(cafile=str(ca_file)),
        ca_file,
        issued.cert_chain_pems[0].bytes(),
        issued.private_key_pem.bytes(),
    )


def free_ports() -> tuple[int, int]:
    """Find two ports that nobody listens on."""
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return int(first.getsockname()[1]), int(second.getsockname()[1])


def wait_for(
    port: int, tls_port: int, *, alive: Callable[[], bool], log: Callable[[], str]
) -> None:
    """Wait until a server greets on *port*, and listens on *tls_port*.

    Raises:
        RuntimeError: if it ends, or does not within half a minute.
    """
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and alive():
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as probe:
                greeted = probe.recv(4) == b"* OK"
            socket.create_connection(("127.0.0.1", tls_port), 5).close()
            if greeted:
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start: {log()}")
