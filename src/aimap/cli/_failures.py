"""What went wrong, in one line, and the exit status that says so."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from typing import cast

import click

from aimap import (
    AccountError,
    AuthenticationError,
    CapabilityError,
    ConnectionLostError,
    DiscoveryError,
    ImapError,
    InvalidArgumentError,
    LimitExceededError,
    RemoteProtocolError,
)
from aimap._account.failures import NoCredentialsError
from aimap.cli._secrets import SecretError
from aimap.cli._show import plain

STATUS = {
    "ok": 0,
    "not all is current": 1,
    "no password": 1,
    "usage": 2,
    "login": 3,
    "network": 4,
    "certificate": 5,
    "files": 6,
    "server": 7,
}


class Failure(click.ClickException):
    """An error with its own exit status."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__("\n".join(map(plain, message.splitlines())))
        self.kind = kind

    @property
    def exit_code(self) -> int:  # type: ignore[override]
        """The status for the program to exit with."""
        return STATUS[self.kind]

    def show(self, file: object = None) -> None:
        """Print it; each line says whose it is."""
        for line in self.message.splitlines():
            click.echo(f"aimap: {line}", err=True)


@contextmanager
def failures_in_words(host: str) -> Generator[None]:
    """Turn what a connection or a file can fail with into one line each.

    Raises:
        Failure: instead of it.
    """
    try:
        yield
    except Exception as error:
        failure = in_words(host, error)
        if failure is None:
            raise
        raise failure from None


def in_words(host: str, error: BaseException) -> Failure | None:
    """Return what to say of an error of that host's; nothing of a mistake in the program."""
    if isinstance(error, BaseExceptionGroup):
        # Tasks that shared a connection all fail when it does.
        for one in cast("BaseExceptionGroup[BaseException]", error).exceptions:
            found = in_words(host, one)
            if found is not None:
                return found
        return None
    if isinstance(error, (SecretError, DiscoveryError)):
        return Failure(str(error), "no password" if isinstance(error, SecretError) else "network")
    if isinstance(error, AccountError):
        return in_words(host, error.failure.error)
    if isinstance(error, NoCredentialsError) and error.__cause__ is not None:
        return in_words(host, error.__cause__)
    if isinstance(error, ImapError):
        return _of_imap(host, error)
    if isinstance(error, BrokenPipeError) or not isinstance(error, OSError):
        # Whoever reads our output has had enough: click ends the program.
        return None
    if isinstance(error, socket.gaierror):
        return Failure(f"there is no host {host}: {error.strerror}", "network")
    if isinstance(error, (ssl.SSLError, BlockingIOError)) or error.filename is not None:
        return Failure(f"{error.filename or 'the CA file'}: {error.strerror or error}", "files")
    return Failure(f"{host} cannot be reached: {_reason(error)}", "network")


def _of_imap(host: str, error: ImapError) -> Failure:
    if isinstance(error, AuthenticationError):
        return Failure(f"{host} does not accept the login: {error.text}", "login")
    if isinstance(error, InvalidArgumentError):
        return Failure(str(error), "usage")
    if isinstance(error, (LimitExceededError, RemoteProtocolError, CapabilityError)):
        return Failure(f"{host}: {error}", "server")
    if isinstance(error, ConnectionLostError):
        return Failure(f"{host}: {error}", "certificate" if _is_certificate(error) else "network")
    return Failure(f"{host}: {error}", "server")


def _is_certificate(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__
    return False


def _reason(error: OSError) -> str:
    # Where every address of a host was tried, the cause is a group of their errors.
    waiting: list[BaseException | None] = [error.__cause__]
    while waiting:
        cause = waiting.pop()
        if isinstance(cause, OSError):
            return _said(cause)
        if isinstance(cause, BaseExceptionGroup):
            waiting.extend(cast("BaseExceptionGroup[BaseException]", cause).exceptions)
    return _said(error)


def _said(error: OSError) -> str:
    # Trio puts the address before what the system says.
    return os.strerror(error.errno) if error.errno else error.strerror or str(error)
