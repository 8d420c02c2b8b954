"""A private Courier on free loopback ports, in a root of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from .chroot import COURIER, Shell
from .real import PASSWORD, RealServer, free_ports, make_secrets, wait_for

# Behind the package's own settings, which shell scripts read: the last one counts. Where the
# system cannot tell it of changes, and so now and then, IDLE has it look for them by itself.
_START = """
cd /etc/courier
echo 'authmodulelist="authuserdb"' >>authdaemonrc
cat >>imapd <<'END'
ADDRESS=127.0.0.1
PORT={port}
MAXDAEMONS=200
MAXPERIP=200
IMAP_ENHANCEDIDLE=1
IMAP_IDLE_TIMEOUT=1
END
cat >>imapd-ssl <<'END'
SSLADDRESS=127.0.0.1
SSLPORT={tls_port}
TLS_CERTFILE=/etc/aimap/server.pem
END
chown courier /etc/aimap/server.pem
chmod 600 /etc/aimap/server.pem
mkdir -p /run/courier/authdaemon /srv/mail
chown -R courier /run/courier
chown mail:mail /srv/mail
touch userdb
chmod 600 userdb
makeuserdb
openssl passwd -1 {password} >secret
/usr/sbin/authdaemond start
/usr/sbin/imapd start
/usr/sbin/imapd-ssl start
"""

_ADD_USER = """
home=/srv/mail/{name}
mkdir "$home"
maildirmake "$home/Maildir"
chown -R mail:mail "$home"
cd /etc/courier
printf '%s\\tuid=%s|gid=%s|home=%s|imappw=%s\\n' \
    {name} "$(id -u mail)" "$(id -g mail)" "$home" "$(cat secret)" >>userdb
makeuserdb
"""


@dataclass(kw_only=True)
class Courier(RealServer):
    """A running Courier."""

    kind: ClassVar[str] = "courier"
    prefix: ClassVar[str] = "INBOX."
    delimiter: ClassVar[str] = "."
    ends_messages: ClassVar[bool] = True
    shell: Shell

    def _add_user(self, name: str) -> None:
        self.shell.run(_ADD_USER.format(name=name))


def missing() -> str | None:
    """Return why Courier cannot be run here, or ``None``."""
    return COURIER.missing()


@contextmanager
def running(lab: Path) -> Iterator[Courier]:
    """Run Courier in the folder *lab*, which must be empty."""
    port, tls_port = free_ports()
    secrets = make_secrets(lab)
    # One file holds both: couriertls wants it so.
    files = {"/etc/aimap/server.pem": secrets.key + secrets.certificate}
    with COURIER.shell(lab, files) as shell:
        shell.run(_START.format(port=port, tls_port=tls_port, password=PASSWORD))
        wait_for(port, tls_port, alive=lambda: shell.alive, log=lambda: shell.log)
        yield Courier(
            port=port,
            tls_port=tls_port,
            client_context=secrets.client_context,
            ca_file=secrets.ca_file,
            shell=shell,
        )
