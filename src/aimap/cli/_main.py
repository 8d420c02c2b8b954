"""The commands of the program."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import attrs
import click
from click.shell_completion import get_completion_class

from aimap import ServerSettings, discover
from aimap._client.connect import TLSMode
from aimap.cli._config import default_config
from aimap.cli._failures import Failure, failures_in_words
from aimap.cli._mirroring import mirror_command
from aimap.cli._options import road_options
from aimap.cli._reading import get, ls, search
from aimap.cli._remembered import cache_folder
from aimap.cli._running import run
from aimap.cli._show import plain, rows
from aimap.cli._target import Options
from aimap.cli._watch import watch

_EPILOG = f"""
ACCOUNT is an address (joe@example.org), whose server is looked up; a name in the
configuration file; or a URL: imaps://user@host[:port]/[mailbox] for TLS, imap:// for
STARTTLS, imap+insecure:// for neither, where user is written with %40 for "@".

\b
Exit status:
  0    all is well
  1    not all is current, or there is no password
  2    wrong usage, or a wrong configuration file
  3    the login was refused
  4    the server cannot be reached, went away, or is not known
  5    its certificate is not valid
  6    a file or folder cannot be written
  7    the server refused something else, or cannot do it
  130  interrupted (SIGINT); 143 ended (SIGTERM)

\b
Files and variables:
  {default_config()}
                   the accounts, unless --config or AIMAP_CONFIG says otherwise
  {cache_folder()}
                   what was looked up, unless AIMAP_CACHE says otherwise

'aimap COMMAND --help' tells of each command.
"""


_MECHANISMS = (
    "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "OAUTHBEARER", "XOAUTH2",
    "ANONYMOUS",
)  # fmt: skip


@click.group(epilog=_EPILOG)
@click.version_option(package_name="trio-aimap", prog_name="aimap")
def program() -> None:
    """Read IMAP accounts: mirror them, watch them, list them, search them."""


program.add_command(mirror_command)
program.add_command(watch)
program.add_command(ls)
program.add_command(search)
program.add_command(get)


@program.command("discover")
@click.argument("address")
@click.option("--toml", "as_toml", is_flag=True, help="As an account for the configuration file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@road_options
def discover_command(
    address: str, as_toml: bool, as_json: bool, ca_file: str | None, proxy: str | None
) -> None:
    """Find the IMAP servers for ADDRESS.

    Where "trusted" is false only DNS vouches for the host, and DNS can be forged.
    """

    async def look() -> tuple[ServerSettings, ...]:
        options = Options(ca_file=ca_file, proxy=proxy)
        return await discover(address, proxy=proxy, ssl_context=options.ssl_context())

    with failures_in_words(address):
        found = run(look)
    if as_toml:
        click.echo(_as_toml(address, found[0]))
        return
    columns = ("host", "port", "tls", "usernames", "auth", "source", "trusted")
    rows(columns, (_settings_row(one, as_json=as_json) for one in found), as_json=as_json)


def _settings_row(found: ServerSettings, *, as_json: bool) -> dict[str, object]:
    row: dict[str, object] = attrs.asdict(found)
    row["trusted"] = row.pop("is_trusted")
    if as_json:
        return row
    return row | {"usernames": ", ".join(found.usernames), "auth": ", ".join(found.auth)}


def _as_toml(address: str, found: ServerSettings) -> str:
    way = 'oauth_command = "..."' if found.auth[:1] == ("oauth",) else "keyring = true"
    lines = [
        f'[accounts."{address}"]'.replace("\\", "\\\\"),
        f'host = "{found.host}"',
        f"port = {found.port}",
        f'tls = "{found.tls}"',
        'user = "{}"'.format(found.username.replace("\\", "\\\\").replace('"', '\\"')),
        way,
    ]
    if not found.is_trusted:
        lines.insert(0, "# Only DNS vouches for this host: make sure that it is right.")
    return "\n".join(map(plain, lines))


@program.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes SHELL complete commands, options, accounts and mailboxes.

    \b
      bash: eval "$(aimap completion bash)"    in ~/.bashrc
      zsh:  eval "$(aimap completion zsh)"     in ~/.zshrc
      fish: aimap completion fish > ~/.config/fish/completions/aimap.fish
    """  # noqa: D301 (click's mark)
    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(program, {}, "aimap", "_AIMAP_COMPLETE").source())


@program.command("serve")
@click.argument("source", required=False, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--user",
    "users",
    multiple=True,
    metavar="NAME[:PASSWORD]",
    help='An account; "joe:secret" if there is none.',
)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, help="A free one if not given.")
@click.option(
    "--tls",
    type=click.Choice(["implicit", "starttls", "insecure"]),
    default="implicit",
    show_default=True,
)
@click.option(
    "--ca-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the certificate there that clients have to trust.",
)
@click.option("--with", "offered", multiple=True, metavar="CAPABILITY", help="Offer this too.")
@click.option("--without", "withheld", multiple=True, metavar="CAPABILITY", help="Not this.")
@click.option("--preset", help="Go after the ways of a known server, such as gmail or yahoo.")
@click.option(
    "--mechanism",
    "mechanisms",
    multiple=True,
    type=click.Choice(_MECHANISMS, case_sensitive=False),
    help="How one can log in; PLAIN if there is none.",
)
@click.option("--token", "tokens", multiple=True, metavar="USER:TOKEN", help="An OAuth token.")
@click.option("--lenient", is_flag=True, help="Take what lenient servers take.")
@click.option("--latency", default=0.0, metavar="SECONDS", help="What octets take each way.")
@click.option("--faults", type=click.Path(exists=True, path_type=Path), help="What goes wrong.")
@click.option("--check", is_flag=True, help="Exit with 1 if a client has broken a rule of IMAP.")
@click.option("--json", "as_json", is_flag=True, help="Tell host, port and accounts in JSON.")
def serve_command(
    source: Path | None,
    users: tuple[str, ...],
    host: str,
    port: int,
    tls: str,
    ca_file: Path | None,
    offered: tuple[str, ...],
    withheld: tuple[str, ...],
    preset: str | None,
    mechanisms: tuple[str, ...],
    tokens: tuple[str, ...],
    lenient: bool,
    latency: float,
    faults: Path | None,
    check: bool,
    as_json: bool,
) -> None:
    """Run an IMAP server in memory, to test programs against, until it is interrupted.

    SOURCE is the mail of each user: a folder of .eml files, an mbox or a Maildir; or a TOML
    file of accounts. What clients do wrong is printed on standard error when it ends.
    """
    from aimap.cli._serve import (  # noqa: PLC0415 (of use to no other command)
        ServeWish,
        serve_until_interrupted,
        wished_capabilities,
    )
    from aimap.testing import Logins, load_faults  # noqa: PLC0415

    accounts = dict(_user(each) for each in users)
    from_file = source is not None and source.suffix == ".toml"
    with failures_in_words(host):
        wish = ServeWish(
            source=source,
            users=accounts or ({} if from_file else {"joe": "secret"}),
            host=host,
            port=port,
            tls=cast("TLSMode", tls),
            ca_file=ca_file,
            capabilities=wished_capabilities(preset, offered, withheld),
            preset=preset,
            logins=Logins(
                mechanisms=mechanisms or ("PLAIN",), tokens=dict(_user(each) for each in tokens)
            ),
            strict=not lenient,
            latency=latency,
            faults=[] if faults is None else load_faults(faults),
            check=check,
            as_json=as_json,
        )
    serve_until_interrupted(wish)


def _user(text: str) -> tuple[str, str]:
    name, _, password = text.partition(":")
    return name, password or "secret"


@program.command()
@click.option("--accounts", default=4, show_default=True, type=click.IntRange(1, 100))
@click.option("--messages", default=800, show_default=True, type=click.IntRange(1, 100_000))
def demo(accounts: int, messages: int) -> None:
    """Show it all on an embedded server: no account is needed, nothing is kept."""
    from aimap.cli._demo import run_demo  # noqa: PLC0415 (of use to no other command)

    if not run_demo(accounts, messages):
        raise Failure("the Maildirs are not equal to the server", "not all is current")
