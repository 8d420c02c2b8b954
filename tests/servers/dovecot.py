"""A private Dovecot on free loopback ports, in a temporary folder of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from .real import PASSWORD, RealServer, free_ports, make_secrets, wait_for

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
mail_fsync = never
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
auth_failure_delay = 0
service anvil {{
  # Without this listener nobody counts failed logins, and slows the next ones down.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
  client_limit = 20000
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  client_limit = 20000
}}
"""


@dataclass(kw_only=True)
class Dovecot(RealServer):
    """A running Dovecot. Any user name is good."""

    kind: ClassVar[str] = "dovecot"


def missing() -> str | None:
    """Return why Dovecot cannot be run here, or ``None``."""
    if _find() is None:
        return "Dovecot is not installed (apt-get install dovecot-imapd)"
    if os.geteuid() != 0:
        return "Dovecot is started for tests by root only"
    return None


def _find() -> str | None:
    return shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin")


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
    secrets = make_secrets(lab)
    (lab / "cert.pem").write_bytes(secrets.certificate)
    (lab / "key.pem").write_bytes(secrets.key)
    port, tls_port = free_ports()
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
    log = lab / "dovecot.log"
    server = subprocess.Popen([program, "-F", "-c", str(config)], stdin=subprocess.DEVNULL)
    try:
        wait_for(
            port,
            tls_port,
            alive=lambda: server.poll() is None,
            log=lambda: log.read_text() if log.exists() else "nothing in its log",
        )
        yield Dovecot(
            port=port,
            tls_port=tls_port,
            client_context=secrets.client_context,
            ca_file=secrets.ca_file,
        )
    finally:
        server.terminate()
        server.wait(20)
