"""Which account: a URL (:rfc:`5092`), and where its password comes from."""

from __future__ import annotations

import os
import ssl
import subprocess
from contextlib import AbstractAsyncContextManager
from typing import Literal
from urllib.parse import unquote, urlsplit

import attrs
import click

from aimap import Client, Password, connect

_TLS: dict[str, Literal["implicit", "starttls", "insecure"]] = {
    "imaps": "implicit",
    "imap": "starttls",
    "imap+insecure": "insecure",
}
KEYRING_SERVICE = "aimap"


@attrs.frozen
class Target:
    """Where to connect to, and as whom."""

    user: str
    host: str
    port: int | None
    tls: Literal["implicit", "starttls", "insecure"]
    mailbox: str

    def __str__(self) -> str:
        return f"{self.user}@{self.host}"


def parse_url(url: str) -> Target:
    """Read an account's URL.

    Raises:
        click.BadParameter: if it is not one, with what would be right.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise click.BadParameter(f"not a URL: {error}") from None
    if parts.scheme not in _TLS:
        raise click.BadParameter(
            "it begins with imaps:// (TLS), imap:// (STARTTLS) or imap+insecure:// (no TLS)"
        )
    if parts.password is not None:
        raise click.BadParameter(
            "no password belongs here, where other users can see it: "
            "see --password-env, --password-command and --keyring"
        )
    if not parts.username or not parts.hostname:
        raise click.BadParameter("it looks like imaps://user@host/")
    return Target(
        unquote(parts.username),
        parts.hostname,
        port,
        _TLS[parts.scheme],
        unquote(parts.path.strip("/")) or "INBOX",
    )


def read_password(target: Target, *, env: str | None, command: str | None, keyring: bool) -> str:
    """Get the password from where the user said, or ask for it.

    Raises:
        click.ClickException: if it is not there.
    """
    if env is not None:
        if env not in os.environ:
            raise click.ClickException(f"the environment has no variable {env}")
        return os.environ[env]
    if command is not None:
        done = subprocess.run(  # noqa: S602 (the user's own command)
            command, shell=True, stdout=subprocess.PIPE, check=False
        )
        if done.returncode:
            raise click.ClickException(
                f"the password command failed with exit status {done.returncode}"
            )
        return done.stdout.decode("utf-8").removesuffix("\n").removesuffix("\r")
    if keyring:
        return _from_keyring(target)
    prompt = f"Password of {target}"
    return str(click.prompt(prompt, hide_input=True, err=True))


def _from_keyring(target: Target) -> str:
    import keyring as rings  # noqa: PLC0415 (it looks for back ends when imported)
    from keyring.errors import KeyringError  # noqa: PLC0415

    try:
        found = rings.get_password(KEYRING_SERVICE, str(target))
    except KeyringError as error:
        raise click.ClickException(f"the keyring cannot be read: {error}") from None
    if found is None:
        raise click.ClickException(
            f"the keyring has no password for {target}: store it with "
            f"'keyring set {KEYRING_SERVICE} {target}'"
        )
    return found


def open_connection(
    target: Target, password: str, ca_file: str | None
) -> AbstractAsyncContextManager[Client]:
    """Return a connection to be opened by ``async with``."""
    return connect(
        target.host,
        port=target.port,
        tls=target.tls,
        ssl_context=ssl.create_default_context(cafile=ca_file) if ca_file else None,
        auth=Password(target.user, password),
    )
