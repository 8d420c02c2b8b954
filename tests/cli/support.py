"""The program beside a server in the same process, which is soon done."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, final

import attrs
import trio
import trustme
from click.testing import CliRunner, Result

from aimap.testing import Server, serve

PASSWORD = "secret"


@final
@attrs.frozen
class Program:
    """The program, with what it needs to trust and to find the server."""

    server: Server
    folder: Path
    ca_file: str

    @property
    def url(self) -> str:
        return f"imaps://joe@localhost:{self.server.port}/"

    async def __call__(self, *arguments: str, **environment: str) -> Result:
        """Run it in a thread, with a Trio of its own."""
        from aimap.cli._main import program

        variables = {
            "PW": PASSWORD,
            "AIMAP_CACHE": str(self.folder / "cache"),
            "AIMAP_CONFIG": None,
            "COLUMNS": "120",
            **environment,
        }

        def invoke() -> Result:
            return CliRunner().invoke(
                program, arguments, env=variables, prog_name="aimap", catch_exceptions=False
            )

        with trio.fail_after(60):
            return await trio.to_thread.run_sync(invoke, abandon_on_cancel=True)

    async def on_joe(self, command: str, *arguments: str, **environment: str) -> Result:
        """Run a command on the account of joe."""
        options = ("--password-env", "PW", "--ca-file", self.ca_file)
        return await self(command, *options, self.url, *arguments, **environment)

    def config(self, accounts: Mapping[str, Mapping[str, object]]) -> str:
        """Write a file of accounts on this server, and return its path."""
        lines: list[str] = []
        for name, keys in accounts.items():
            table = {
                "host": "localhost",
                "port": self.server.port,
                "user": name,
                "password_env": "PW",
                "ca_file": self.ca_file,
                **keys,
            }
            lines.append(f'[accounts."{name}"]')
            lines += [
                f"{key} = {_toml(value)}" for key, value in table.items() if value is not None
            ]
        path = self.folder / "accounts.toml"
        path.write_text("\n".join(lines), encoding="utf-8")
        return str(path)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return str(value) if isinstance(value, int) else f'"{value}"'


@asynccontextmanager
async def running(
    tmp_path: Path, accounts: Mapping[str, str] | None = None, **options: Any
) -> AsyncGenerator[Program]:
    """Run a server whose certificate an authority signed that the program can be told of."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    contexts = (context, ssl.create_default_context())
    async with serve(
        dict(accounts or {"joe": PASSWORD}), ssl_contexts=contexts, **options
    ) as server:
        yield Program(server, tmp_path, str(tmp_path / "ca.pem"))


def failure(result: Result) -> str:
    """Return what it complains of, in one line."""
    assert result.exit_code, result.output
    lines = [line for line in result.stderr.splitlines() if line]
    assert len(lines) == 1, result.stderr
    return lines[0]
