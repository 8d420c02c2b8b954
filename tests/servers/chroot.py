"""Servers that cannot be installed side by side: each runs in a root of its own.

Debian's packages of IMAP servers conflict with one another. So each server that is not the
machine's own is installed once into a *layer*: what ``apt-get`` changes, kept by an overlay
mount over ``/``. A run of the tests puts one more layer on top, in its own folder, so that
what is installed never changes, and each run begins with it as new.

Everything runs in namespaces of its own for mounts and processes, with a shell as the
first process. That shell reads its commands from a pipe. When the pipe closes, be it that
the tests were killed, the shell ends, and with it, whatever runs in there and is mounted.

``python -m tests.servers.chroot cyrus courier`` installs, and needs the standard library only.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

# Of the machine and not of the checkout: a clone of its own does not install again.
LAYERS = Path("/var/lib/aimap-test-servers")

# Where the server is installed into, "top" keeps what is changed; where it runs, that is
# in memory, and gone with the mount: it need not outlast anything, and servers wait for
# each message to be on the disk.
#
# A layer lies within "/", and the kernel wants no layer within another of the same mount:
# so what is installed is a mount of its own, which nothing writes to. It may well be
# mounted by another run of the tests at the same time, hence "index=off".
_ROOT = """
set -e
cd "$AIMAP_LAB"
mkdir -p below top root
below=/
if [ -n "$AIMAP_LAYER" ]; then
    mount -t overlay overlay -o \\
        "ro,index=off,lowerdir=/,upperdir=$AIMAP_LAYER/top/upper,workdir=$AIMAP_LAYER/top/work" \\
        below
    mount -t tmpfs tmpfs -o mode=755 top
    below="$PWD/below"
fi
mkdir -m 755 top/upper top/work
[ ! -d files ] || cp -R files/. top/upper
mount -t overlay overlay -o "lowerdir=$below,upperdir=$PWD/top/upper,workdir=$PWD/top/work" root
mount --rbind /dev root/dev
mount -t proc proc root/proc
exec chroot root /bin/sh
"""

_INSTALL = """
printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends {packages}
apt-get clean
"""


class Layer(NamedTuple):
    """A server's packages in a root of their own."""

    name: str
    packages: tuple[str, ...]

    @property
    def folder(self) -> Path:
        return LAYERS / self.name

    @property
    def _mark(self) -> Path:
        return self.folder / "installed"

    @property
    def installed(self) -> bool:
        """Whether it is there, of the packages that are wanted, and made for this system."""
        return self._mark.exists() and self._mark.read_text() == self._made_of()

    def _made_of(self) -> str:
        return " ".join((Path("/etc/debian_version").read_text().strip(), *self.packages))

    def missing(self) -> str | None:
        """Return why the server cannot be run here, or ``None``."""
        if self.installed and os.geteuid() == 0:
            return None
        reason = _impossible() or f"it is not installed: make servers ({self.folder})"
        return f"{self.name.title()} is not here: {reason}"

    def install(self) -> None:
        """Install it, unless that is done."""
        LAYERS.mkdir(parents=True, exist_ok=True)
        with (LAYERS / f"{self.name}.lock").open("w") as lock:
            # Checkouts share what is installed, and may be at it at the same time.
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self.installed:
                return
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir()
            with _shell(self.folder) as inside:
                inside.run(_INSTALL.format(packages=" ".join(self.packages)))
            self._mark.write_text(self._made_of())

    def shell(self, lab: Path, files: Mapping[str, bytes]) -> AbstractContextManager[Shell]:
        """Run a shell where the server is installed.

        Args:
            lab: an empty folder.
            files: files that are there from the start.
        """
        for name, content in files.items():
            path = lab / "files" / name.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return _shell(lab, self.folder)


CYRUS = Layer(
    "cyrus",
    ("cyrus-imapd", "cyrus-admin", "sasl2-bin", "libsasl2-modules", "libsasl2-modules-db"),
)
# msmtp-mta stands for a mail server, which Courier's package wants and its IMAP does not.
COURIER = Layer(
    "courier", ("courier-imap", "courier-authdaemon", "courier-authlib-userdb", "msmtp-mta")
)
_LAYERS = {layer.name: layer for layer in (CYRUS, COURIER)}


def _impossible() -> str | None:
    """Return why nothing can be installed or run here, or ``None``."""
    if os.geteuid() != 0:
        return "only root can mount a root for it"
    for program in ("apt-get", "unshare", "chroot"):
        if shutil.which(program) is None:
            return f"there is no {program} on this machine"
    return None


class Shell:
    """A shell that is the first process in a root of its own."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def log(self) -> str:
        """What the shell's commands complained of."""
        return self._log.read_text(errors="replace")

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def run(self, script: str) -> None:
        """Run *script*, and wait for its end. What it leaves behind goes on running."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            # A subshell is read as a whole before it runs, so nothing in it can read what
            # follows from the same pipe. It is not the condition of anything: "set -e"
            # would mean nothing there.
            self._process.stdin.write(f"(set -e\n{script}\n) </dev/null >&2\necho $?\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if answer != "0\n":
            raise RuntimeError(f"this failed in {self._log.parent}: {script}\n{self.log}")


@contextmanager
def _shell(lab: Path, layer: Path | None = None) -> Iterator[Shell]:
    """Run a shell in a root that is ``/``, and *layer*, and something new on top of that."""
    log = lab / "log"
    environment = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "LC_ALL": "C",
        "AIMAP_LAYER": str(layer or ""),
        "AIMAP_LAB": str(lab),
    }
    proxies = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    with log.open("w") as complaints:
        process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", _ROOT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            env=environment | proxies,
        )
    try:
        yield Shell(process, log)
    finally:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.wait(30)
        process.stdout.close()


def main(names: Sequence[str]) -> int:
    """Install what can be; where that fails, the tests decide what it means."""
    reason = _impossible()
    for name in names:
        layer = _LAYERS[name]
        if reason is not None and not layer.installed:
            print(f"no {name.title()} here, its tests will be skipped: {reason}")
            continue
        try:
            layer.install()
        except RuntimeError as error:
            print(f"no {name.title()} here, its tests will be skipped: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
