"""``aimap serve``: the embedded server, for programs in any language."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import final

import attrs
import click
import trio

from aimap import InvalidArgumentError
from aimap.cli._failures import Failure
from aimap.cli._running import run
from aimap.cli._show import plain
from aimap.testing import (
    CAPABILITIES,
    Fault,
    Logins,
    On,
    Server,
    load_accounts,
    serve,
)
from aimap.testing._capabilities import check_capabilities
from aimap.testing._presets import preset_of
from aimap.testing._server import TLSMode

_USER, _PASSWORD = "joe", "secret"


@final
@attrs.frozen(kw_only=True)
class ServeWish:
    """What is to be served, and how."""

    source: Path | None
    users: dict[str, str]
    host: str
    port: int
    tls: TLSMode
    ca_file: Path | None
    capabilities: set[str] | None
    preset: str | None
    logins: Logins
    strict: bool
    latency: float
    faults: list[Fault | On]
    check: bool
    as_json: bool


def wished_capabilities(
    preset: str | None, offered: Iterable[str], withheld: Iterable[str]
) -> set[str] | None:
    """Return what is to be offered; ``None`` for what is offered anyway.

    Raises:
        InvalidArgumentError: if one is not to be had, or there is no such preset.
    """
    more, less = check_capabilities(offered), check_capabilities(withheld)
    if not more and not less:
        return None
    return set(preset_of(preset).capabilities if preset else CAPABILITIES) - less | more


def serve_until_interrupted(wish: ServeWish) -> None:
    """Serve until a signal comes.

    Raises:
        Failure: if that is not possible; or, where that was wished for, if a client broke a
            rule.
    """
    servers: list[Server] = []

    async def main() -> None:
        async with serve(
            wish.users,
            tls=wish.tls,
            host=wish.host,
            port=wish.port,
            capabilities=wish.capabilities,
            preset=wish.preset,
            logins=wish.logins,
            strict=wish.strict,
            latency=wish.latency,
            faults=wish.faults,
        ) as server:
            servers.append(server)
            _fill(server, wish)
            if wish.ca_file is not None and wish.tls != "insecure":
                wish.ca_file.write_bytes(server.ca_pem)
            _announce(server, wish)
            await trio.sleep_forever()

    try:
        run(main)
    except InvalidArgumentError as error:
        raise Failure(str(error), "usage") from None
    except OSError as error:
        kind = "network" if error.filename is None else "files"
        raise Failure(f"{error.filename or wish.host}: {error.strerror or error}", kind) from None
    finally:
        for server in servers:
            for violation in server.violations:
                click.echo(plain(f"{violation.rule}: {violation} in: {violation.line}"), err=True)
            if wish.check and server.violations:
                raise Failure("clients broke rules", "not all is current")


def _fill(server: Server, wish: ServeWish) -> None:
    if wish.source is None:
        return
    if wish.source.suffix == ".toml":
        load_accounts(server, wish.source)
        return
    for user in wish.users:
        server.load(user, wish.source)


def _announce(server: Server, wish: ServeWish) -> None:
    accounts = {user: account.password for user, account in server.accounts.items()}
    found: dict[str, object] = {
        "host": server.host,
        "port": server.port,
        "tls": wish.tls,
        "ca_file": None if wish.ca_file is None else str(wish.ca_file),
        "accounts": accounts,
    }
    if wish.as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        click.echo(f"listening on {server.host} port {server.port}, tls {wish.tls}")
        if wish.ca_file is not None:
            click.echo(f"its authority's certificate is in {wish.ca_file}")
        for user, password in accounts.items():
            messages = sum(len(box.messages) for box in server.accounts[user].mailboxes.values())
            click.echo(plain(f"user {user}, password {password}, {messages} messages"))
