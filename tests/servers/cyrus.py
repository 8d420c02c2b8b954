"""A private Cyrus on free loopback ports, in a root of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from .chroot import CYRUS, Shell
from .real import RealServer, free_ports, make_secrets, wait_for

_IMAPD_CONF = """
servername: localhost
configdirectory: /var/lib/cyrus
partition-default: /var/spool/cyrus/mail
defaultpartition: default
admins: admin
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: /etc/aimap/sasldb2
sasl_mech_list: PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256
unixhierarchysep: yes
altnamespace: yes
autocreate_quota: 0
autocreate_post: yes
autocreate_inbox_folders: Drafts | Sent | Trash
autocreate_subscribe_folders: Drafts | Sent | Trash
xlist-drafts: Drafts
xlist-sent: Sent
xlist-trash: Trash
conversations: yes
specialusealways: yes
munge8bit: no
failedloginpause: 0
skiplist_unsafe: yes
tls_server_cert: /etc/aimap/cert.pem
tls_server_key: /etc/aimap/key.pem
"""

_CYRUS_CONF = """
START {{
  recover cmd="/usr/sbin/cyrus ctl_cyrusdb -r"
  idled cmd="/usr/lib/cyrus/bin/idled"
}}
SERVICES {{
  imap cmd="imapd -U 30" listen="127.0.0.1:{port}" prefork=1 maxchild=100
  imaps cmd="imapd -s -U 30" listen="127.0.0.1:{tls_port}" prefork=1 maxchild=100
}}
EVENTS {{
}}
"""

_START = """
chown -R cyrus:mail /etc/aimap
chmod 640 /etc/aimap/*
mkdir -p /run/cyrus/socket /run/cyrus/proc /run/cyrus/lock
chown -R cyrus:mail /run/cyrus
/usr/lib/cyrus/bin/master -p /run/cyrus-master.pid &
"""


@dataclass(kw_only=True)
class Cyrus(RealServer):
    """A running Cyrus."""

    kind: ClassVar[str] = "cyrus"
    refuses: ClassVar[str] = '"\\{}'
    shell: Shell

    def _add_user(self, name: str) -> None:
        database = "/etc/aimap/sasldb2"
        self.shell.run(
            f"echo {self.password} | saslpasswd2 -p -f {database} -u localhost -c {name}\n"
            f"chown cyrus:mail {database}"
        )

    def administrator(self) -> str:
        """Return the name of a user who may do everything."""
        self._add_user("admin")
        return "admin"


def missing() -> str | None:
    """Return why Cyrus cannot be run here, or ``None``."""
    return CYRUS.missing()


@contextmanager
def running(lab: Path) -> Iterator[Cyrus]:
    """Run Cyrus in the folder *lab*, which must be empty."""
    port, tls_port = free_ports()
    secrets = make_secrets(lab)
    files = {
        "/etc/aimap/cert.pem": secrets.certificate,
        "/etc/aimap/key.pem": secrets.key,
        "/etc/imapd.conf": _IMAPD_CONF.encode(),
        "/etc/cyrus.conf": _CYRUS_CONF.format(port=port, tls_port=tls_port).encode(),
    }
    with CYRUS.shell(lab, files) as shell:
        shell.run(_START)
        wait_for(port, tls_port, alive=lambda: shell.alive, log=lambda: shell.log)
        yield Cyrus(
            port=port,
            tls_port=tls_port,
            client_context=secrets.client_context,
            ca_file=secrets.ca_file,
            shell=shell,
        )
