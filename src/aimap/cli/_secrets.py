"""Where passwords and tokens come from. They are never part of what is printed."""

from __future__ import annotations

import os
import subprocess
from typing import Protocol, final

import attrs
import click
import trio

from aimap import Auth, OAuth, Password

KEYRING_SERVICE = "aimap"
_PATIENCE = 120.0


class SecretError(Exception):
    """A password or token cannot be had; the text says why."""


class Secret(Protocol):
    """A way to a password or a token."""

    async def auth(self, user: str) -> Auth:
        """Return what *user* logs in by.

        Raises:
            SecretError: if it cannot be had.
        """
        ...


@final
@attrs.frozen
class Given:
    """The password itself."""

    password: str = attrs.field(repr=False)

    async def auth(self, user: str) -> Auth:
        """Return what *user* logs in by."""
        await trio.lowlevel.checkpoint()
        return Password(user, self.password)


@final
@attrs.frozen
class FromVariable:
    """A variable of the environment."""

    name: str

    async def auth(self, user: str) -> Auth:
        """Return what *user* logs in by."""
        await trio.lowlevel.checkpoint()
        if self.name not in os.environ:
            raise SecretError(f"the environment has no variable {self.name}")
        return Password(user, os.environ[self.name])


@final
@attrs.frozen
class FromCommand:
    """The output of a command: a line for the shell, or its words."""

    command: str | tuple[str, ...]

    async def auth(self, user: str) -> Auth:
        """Return what *user* logs in by."""
        return Password(user, await output_of(self.command, "password"))


@final
@attrs.frozen
class TokenFromCommand:
    """An OAuth 2.0 access token, which a command prints; it is run for each login.

    If the server calls a token stale it is run once more.
    """

    command: str | tuple[str, ...]

    async def auth(self, user: str) -> Auth:
        """Return what *user* logs in by."""
        await trio.lowlevel.checkpoint()

        async def token() -> str:
            return await output_of(self.command, "token")

        return OAuth(user, token)


@final
@attrs.frozen
class FromKeyring:
    """The system's keyring."""

    service: str
    user: str

    async def auth(self, user: str) -> Auth:
        """Return what *user* logs in by."""
        # Some back ends ask another process, or the user.
        return Password(user, await trio.to_thread.run_sync(self._look_up))

    def _look_up(self) -> str:
        import keyring as rings  # noqa: PLC0415 (it looks for back ends when imported)
        from keyring.errors import KeyringError  # noqa: PLC0415

        try:
            found = rings.get_password(self.service, self.user)
        except KeyringError as error:
            raise SecretError(f"the keyring cannot be read: {error}") from None
        if found is None:
            raise SecretError(
                f"the keyring has no password for {self.user}: store it with "
                f"'keyring set {self.service} {self.user}'"
            )
        return found


def ask(whose: str) -> Given:
    """Ask for a password, without echo."""
    return Given(str(click.prompt(f"Password of {whose}", hide_input=True, err=True)))


async def output_of(command: str | tuple[str, ...], what: str) -> str:
    """Return what a command of the user's prints, without the end of its last line.

    It may talk to the terminal, to ask for a passphrase.

    Raises:
        SecretError: if it fails, prints nothing, or takes longer than two minutes.
    """
    words = command if isinstance(command, str) else list(command)
    try:
        with trio.fail_after(_PATIENCE):
            done = await trio.run_process(
                words, shell=isinstance(command, str), stdin=None, capture_stdout=True, check=False
            )
    except trio.TooSlowError:
        raise SecretError(f"the {what} command took longer than {_PATIENCE:g} seconds") from None
    except OSError as error:
        raise SecretError(f"the {what} command cannot be run: {error.strerror}") from None
    if done.returncode:
        raise SecretError(f"the {what} command failed with exit status {done.returncode}")
    return _line(done, what)


def _line(done: subprocess.CompletedProcess[bytes], what: str) -> str:
    try:
        text = done.stdout.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise SecretError(f"the {what} command printed what is no UTF-8") from None
    if not text:
        raise SecretError(f"the {what} command printed nothing")
    return text
