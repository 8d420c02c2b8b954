"""What went wrong, in one line, and the exit status that says so."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from typing import cast

import click

from aimap import (
    AuthenticationError,
    CapabilityError,
    ConnectionLostError,
    ImapError,
)
from aimap.cli._show import plain

STATUS = {
    "ok": 0,
    "not all is current": 1,
    "usage": 2,
    "login": 3,
    "network": 4,
    "certificate": 5,
    "files": 6,
    "server": 7,
    "interrupted": 130,
}


class Failure(click.ClickException):
    """An error with its own exit status."""

    def __init__(self, message: str, status: str) -> None:
        super().__init__(plain(message))
        self.status = STATUS[status]

    @property
    def exit_code(self) -> int:  # type: ignore[override]
        """The status for the program to exit with."""
        return self.status

    def show(self, file: object = None) -> None:
        """Print it, in one line."""
        click.echo(f"aimap: {self.message}", err=True)


@contextmanager
def failures_in_words(host: str) -> Generator[None]:
    """Turn what a connection or a file can fail with into one line each."""
    try:
        yield
    except AuthenticationError as error:
        raise Failure(f"{host} does not accept the login: {error.text}", "login") from None
    except CapabilityError as error:
        raise Failure(f"{host}: {error}", "server") from None
    except ConnectionLostError as error:
        kind = "certificate" if _is_certificate(error) else "network"
        raise Failure(f"{host}: {error}", kind) from None
    except ImapError as error:
        raise Failure(f"{host}: {error}", "server") from None
    except socket.gaierror as error:
        raise Failure(f"there is no host {host}: {error.strerror}", "network") from None
    except (ConnectionError, TimeoutError) as error:
        raise Failure(f"{host} cannot be reached: {_reason(error)}", "network") from None
    except OSError as error:
        if error.filename is None:
            raise Failure(f"{host} cannot be reached: {_reason(error)}", "network") from None
        raise Failure(f"{error.filename}: {error.strerror}", "files") from None


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
            return cause.strerror or str(cause)
        if isinstance(cause, BaseExceptionGroup):
            waiting.extend(cast("BaseExceptionGroup[BaseException]", cause).exceptions)
    return error.strerror or str(error)
