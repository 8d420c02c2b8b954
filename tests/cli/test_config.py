"""``accounts.toml``: what is read, and what is said of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio

from aimap import Auth, OAuth, Password
from aimap.cli._account import Account
from aimap.cli._config import ConfigError, read_config
from aimap.cli._secrets import SecretError


def write(tmp_path: Path, text: str, mode: int = 0o600) -> Path:
    path = tmp_path / "accounts.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def read(tmp_path: Path, text: str, mode: int = 0o600) -> dict[str, Account]:
    return read_config(write(tmp_path, text, mode))


def test_a_whole_file(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    accounts = read(
        tmp_path,
        """
        [defaults]
        timeout = 30
        proxy = "socks5://mary:sesame@127.0.0.1:1080"

        [accounts.work]
        host = "imap.example.org"
        user = "joe@example.org"
        port = 1143
        tls = "starttls"
        ca_file = "ca.pem"
        password_command = ["pass", "show", "mail/joe"]
        mailboxes = ["INBOX", "Archive/*"]
        folder = "joe/work"

        [accounts."joe@example.net"]
        host = "imap.example.net"
        user = "joe"
        keyring = true
        compress = false
        timeout = 5.5
        """,
    )
    work, home = accounts["work"], accounts["joe@example.net"]
    assert (work.host, work.users, work.port) == ("imap.example.org", ("joe@example.org",), 1143)
    assert (work.tls, work.timeout, work.compress) == ("starttls", 30.0, True)
    assert work.ca_file == str(tmp_path / "ca.pem")
    assert (work.mailboxes, work.folder) == (("INBOX", "Archive/*"), "joe/work")
    assert (home.folder, home.compress, home.timeout) == ("joe@example.net", False, 5.5)
    assert home.timeouts.connect == home.timeouts.response == 5.5
    assert "sesame" not in repr(work)


GOOD = '[accounts.a]\nhost = "h.test"\nuser = "joe"\nkeyring = true\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[accounts\n", "not TOML: .*line 1"),
        ("", "there is no account: one begins with"),
        ("[account.a]\nhost = 'h'", "no key 'account': did you mean 'accounts'"),
        (GOOD + "hots = 'x'", "account 'a': there is no key 'hots': did you mean 'host'"),
        (GOOD + "colour = 'x'", "no key 'colour': there are host, user"),
        (GOOD.replace('host = "h.test"', ""), "account 'a': 'host' is missing, such as host ="),
        (
            GOOD + "port = 99999",
            "account 'a': 'port' is wrong: a number from 1 to 65535, not 99999",
        ),
        (GOOD + "port = true", "'port' is wrong: a number"),
        (GOOD + "tls = 'none'", "'tls' is wrong: 'implicit', 'starttls' or 'insecure', not 'none'"),
        (GOOD + "timeout = 0", "'timeout' is wrong: a number of seconds, not 0"),
        (GOOD + "compress = 'yes'", "'compress' is wrong: true or false, not 'yes'"),
        (GOOD + "mailboxes = 'INBOX'", "'mailboxes' is wrong: a list"),
        (GOOD + "mailboxes = [1]", "'mailboxes' is wrong: some text in quotes, not 1"),
        (GOOD + "ca_file = 'gone.pem'", "'ca_file' is wrong: an existing file, not 'gone.pem'"),
        (GOOD + "proxy = 'ftp://x'", "'proxy' is wrong: a URL such as"),
        (GOOD + "since = 0", "'since' is wrong: a number of days, not 0"),
        (GOOD + "largest = 'big'", "'largest' is wrong: a size is like 5000"),
        (GOOD + "connections = 0", "'connections' is wrong: a number from 1 to 100"),
        (GOOD + "largest = 0", "'largest' is wrong: more than 0"),
        (GOOD + "store = 'mbox'", "'store' is wrong: 'maildir' or 'sqlite', not 'mbox'"),
        (GOOD + "folder = '../x'", "'folder' is wrong: a folder below"),
        (GOOD + "folder = '/x'", "'folder' is wrong: a folder below"),
        (GOOD + "password = 'x'", "here is password and keyring"),
        (GOOD.replace("keyring = true", ""), "one of password, password_env, .* here is none"),
        (GOOD.replace("keyring = true", "keyring = 3"), "'keyring' is wrong: some text"),
        (GOOD.replace("accounts.a", 'accounts.".."'), "is no name of a folder, so 'folder' has"),
        (GOOD + GOOD.replace("accounts.a", "accounts.A"), "'folder' 'A' overlaps that of 'a'"),
        (
            GOOD + GOOD.replace("s.a]", "s.b]\nfolder = 'a/x'"),
            "'folder' 'a/x' overlaps that of 'a'",
        ),
        ("defaults = 1\n" + GOOD, "'defaults' is a table"),
        ("[defaults]\nuser = 'x'\n" + GOOD, "defaults: there is no key 'user'"),
        ("accounts.a = 1", r"account 'a': it is a table, as in \[accounts.a\]"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        read(tmp_path, text)
    assert all(
        line.startswith(f"{tmp_path / 'accounts.toml'}: ")
        for line in caught.value.message.splitlines()
    )
    assert caught.value.exit_code == 2


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(
            tmp_path,
            GOOD + "port = 0\ntls = 1\n" + GOOD.replace("accounts.a", "accounts.b") + "x = 1",
        )
    assert len(caught.value.message.splitlines()) == 3


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_config(tmp_path / "gone.toml")


def test_a_password_stands_only_where_others_cannot_read_it(tmp_path: Path) -> None:
    text = GOOD.replace("keyring = true", 'password = "hunter2"')
    accounts = read(tmp_path, text, 0o600)
    assert "hunter2" not in repr(accounts)
    with pytest.raises(
        ConfigError, match=r"others can read it here: 'chmod 600 .*accounts.toml'"
    ) as caught:
        read(tmp_path, text, 0o644)
    assert "hunter2" not in str(caught.value)
    # Nothing is secret in the others.
    assert read(tmp_path, GOOD, 0o644)


async def _auth(tmp_path: Path, way: str) -> Auth:
    account = read(tmp_path, GOOD.replace("keyring = true", way))["a"]
    return await account.secret.auth("joe")


async def test_ways_to_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PW", "s\u00e9same")
    assert await _auth(tmp_path, 'password = "x y"') == Password("joe", "x y")
    assert await _auth(tmp_path, 'password_env = "PW"') == Password("joe", "s\u00e9same")
    assert await _auth(tmp_path, 'password_command = "echo $PW"') == Password("joe", "s\u00e9same")
    # Words go to no shell.
    assert await _auth(tmp_path, 'password_command = ["echo", "$PW;x"]') == Password("joe", "$PW;x")


@pytest.mark.parametrize(
    ("way", "told"),
    [
        ('password_env = "NO_SUCH_VARIABLE"', "the environment has no variable NO_SUCH_VARIABLE"),
        ('password_command = "exit 3"', "the password command failed with exit status 3"),
        ('password_command = "true"', "the password command printed nothing"),
        ('password_command = ["/no/such"]', "cannot be run: No such file"),
        (r"""password_command = 'printf "\377"'""", "printed what is no UTF-8"),
    ],
)
async def test_secrets_that_cannot_be_had(tmp_path: Path, way: str, told: str) -> None:
    with pytest.raises(SecretError, match=told):
        await _auth(tmp_path, way)


async def test_a_token_is_asked_for_anew_each_time(tmp_path: Path) -> None:
    count = tmp_path / "count"
    auth = await _auth(tmp_path, f"oauth_command = 'echo x >> {count}; wc -l < {count}'")
    assert isinstance(auth, OAuth)
    assert callable(auth.token)
    assert [(await auth.token()).strip() for _ in range(2)] == ["1", "2"]


async def test_a_command_that_hangs_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aimap.cli._secrets._PATIENCE", 0.01)
    with trio.fail_after(30), pytest.raises(SecretError, match="took longer"):
        await _auth(tmp_path, 'password_command = ["sleep", "60"]')
