"""A private Dovecot on free loopback ports, in a temporary folder of its own."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trustme

PASSWORD = "pass"

_CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {lab}/run
state_dir = {lab}/state
log_path = {lab}/dovecot.log
ssl = yes
ssl_cert = <{lab}/cert.pem
ssl_key = <{lab}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
auth_failure_delay = 0
first_valid_uid = 1
default_login_user = {login_user}
default_internal_user = {internal_user}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={lab}/mail/%u
}}
mail_location = mdbox:~/mdbox
mail_plugins = acl quota
mail_max_userip_connections = 10000
mail_attribute_dict = file:%h/dovecot-attributes
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Drafts {{
    special_use = \\Drafts
    auto = create
  }}
}}
protocol imap {{
  mail_plugins = $mail_plugins imap_acl imap_quota imap_zlib
  imap_metadata = yes
}}
plugin {{
  acl = vfile
  quota = count:User quota
  quota_rule = *:storage=10G
  quota_vsizes = yes
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
  service_count = 0
  client_limit = 10000
  chroot =
}}
service imap {{
  process_limit = 4000
}}
service auth {{
  client_limit = 20000
}}
service anvil {{
  # Without this listener nobody counts failed logins, and slows the next ones down.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
  client_limit = 20000
}}
service stats {{
  client_limit = 20000
}}
"""


@dataclass
class Dovecot:
    """A running server. Any user name is good; the password is :data:`PASSWORD`."""

    host: str
    port: int
    tls_port: int
    client_context: ssl.SSLContext
    ca_file: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def new_user(self) -> str:
        """Return a user name that nobody has used yet."""
        return f"user{next(self._numbers)}"


def missing() -> str | None:
    """Return why Dovecot cannot be run here, or ``None``."""
    if _find() is None:
        return "Dovecot is not installed (apt-get install dovecot-imapd)"
    if os.geteuid() != 0:
        return "Dovecot is started for tests by root only"
    return None


def _find() -> str | None:
    return shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _mail_user() -> pwd.struct_passwd:
    for name in ("vmail", "mail", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("no user to own the mail")


@contextmanager
def running(lab: Path) -> Iterator[Dovecot]:
    """Run Dovecot in the folder *lab*, which must be empty."""
    program = _find()
    assert program is not None
    owner = _mail_user()
    lab.chmod(0o755)
    for parent in lab.parents[:2]:
        parent.chmod(parent.stat().st_mode | 0o011)
    (lab / "mail").mkdir()
    os.chown(lab / "mail", owner.pw_uid, owner.pw_gid)
    ca = trustme.CA()
    certificate = ca.issue_cert("localhost", "127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(str(lab / "cert.pem"))
    certificate.private_key_pem.write_to_path(str(lab / "key.pem"))
    ca.cert_pem.write_to_path(str(lab / "ca.pem"))
    context = ssl.create_default_context(cafile=str(lab / "ca.pem"))
    port, tls_port = _free_port(), _free_port()
    config = lab / "dovecot.conf"
    config.write_text(
        _CONFIG.format(
            lab=lab,
            port=port,
            tls_port=tls_port,
            password=PASSWORD,
            uid=owner.pw_uid,
            gid=owner.pw_gid,
            login_user="dovenull",
            internal_user="dovecot",
        )
    )
    server = subprocess.Popen([program, "-F", "-c", str(config)], stdin=subprocess.DEVNULL)
    try:
        _wait_for(port, server, lab / "dovecot.log")
        yield Dovecot("localhost", port, tls_port, context, lab / "ca.pem")
    finally:
        server.terminate()
        server.wait(20)


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as probe:
                if probe.recv(4) == b"* OK":
                    return
        except OSError:
            time.sleep(0.05)
    told = log.read_text() if log.exists() else "nothing in its log"
    raise RuntimeError(f"Dovecot did not start: {told}")
