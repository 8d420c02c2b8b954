"""The programs that are compared: how each mirrors accounts into a folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.servers.real import PASSWORD

from benchmarks.turns import FailedError


@dataclass(frozen=True)
class Job:
    """What to mirror.

    Attributes:
        port: of the server or the link, on this machine, in clear.
        users: whose accounts.
        folder: where all that the program keeps goes.
        connections: how many an account may use.
    """

    port: int
    users: tuple[str, ...]
    folder: Path
    connections: int = 1


@dataclass(frozen=True)
class Run:
    """What one run took.

    Attributes:
        seconds: on the wall, from the start of the program to its end.
        start: those before it begins to work, or ``None`` if it does not tell.
        cpu: seconds of the processor, its children's too.
        memory: resident octets at most.
    """

    seconds: float
    start: float | None
    cpu: float
    memory: int


@dataclass(frozen=True)
class Tool:
    """A program.

    Attributes:
        name: with its version, where that matters.
        command: makes what runs it.
        missing: why it cannot be had, or empty.
    """

    name: str
    command: Callable[[Job], list[str]]
    missing: str = ""

    def run(self, job: Job, patience: float) -> Run:
        """Run it.

        Raises:
            FailedError: if it fails, or takes too long.
        """
        log = job.folder / f"{self.name.split()[0]}.log"
        with log.open("wb") as output:
            memory = 0
            begin = time.perf_counter()
            child = subprocess.Popen(
                self.command(job), stdout=output, stderr=output, env={**os.environ, "LC_ALL": "C"}
            )
            while True:
                pid, status, usage = os.wait4(child.pid, os.WNOHANG)
                if pid:
                    break
                memory = max(memory, _most_memory(child.pid))
                if time.perf_counter() - begin > patience:
                    child.kill()
                    child.wait()
                    raise FailedError(f"not ready within {patience:.0f} s")
                time.sleep(0.005)
            seconds = time.perf_counter() - begin
            child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            lines = log.read_text(errors="replace").strip().splitlines() or ["no reason"]
            raise FailedError(f"fails ({child.returncode}): {lines[-1][:100]}")
        told = re.search(rb"^working: ([0-9.]+)$", log.read_bytes(), re.MULTILINE)
        start = seconds - float(told[1]) if told else None
        return Run(seconds, start, usage.ru_utime + usage.ru_stime, memory)


def _most_memory(pid: int) -> int:
    """Return how much memory a process has had resident so far, at most."""
    # What wait4 tells includes what the parent had when it forked.
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"^VmHWM:\s+([0-9]+) kB$", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def aimap(**options: object) -> Tool:
    """Make ours, with options of :mod:`benchmarks.mirror_aimap`."""

    def command(job: Job) -> list[str]:
        task = {
            "port": job.port,
            "users": job.users,
            "folder": str(job.folder),
            "connections": job.connections,
            **options,
        }
        return [sys.executable, "-m", "benchmarks.mirror_aimap", json.dumps(task)]

    words = [f"{name}={value}" for name, value in options.items()]
    return Tool(" ".join(["aimap", *words]), command)


_CHANNEL = """
IMAPAccount {user}
Host 127.0.0.1
Port {port}
User {user}
Pass {password}
SSLType None
AuthMechs LOGIN

IMAPStore {user}-far
Account {user}

MaildirStore {user}-near
Path {folder}/{user}/
Inbox {folder}/{user}/INBOX
SubFolders Verbatim

Channel {user}
Far :{user}-far:
Near :{user}-near:
Patterns *
Create Near
Remove Near
Expunge Near
Sync Pull
SyncState *
"""


def mbsync() -> Tool:
    """Find mbsync."""

    def command(job: Job) -> list[str]:
        for user in job.users:
            (job.folder / user).mkdir(exist_ok=True)
        config = job.folder / "mbsyncrc"
        config.write_text(
            "".join(
                _CHANNEL.format(user=user, port=job.port, password=PASSWORD, folder=job.folder)
                for user in job.users
            )
        )
        return ["mbsync", "-q", "-c", str(config), "-a"]

    return Tool("mbsync", command, _missing("mbsync", "isync"))


_ACCOUNT = """
[Account {user}]
localrepository = {user}-near
remoterepository = {user}-far

[Repository {user}-near]
type = Maildir
localfolders = {folder}/{user}

[Repository {user}-far]
type = IMAP
remotehost = 127.0.0.1
remoteport = {port}
remoteuser = {user}
remotepass = {password}
ssl = no
starttls = no
auth_mechanisms = LOGIN
readonly = True
maxconnections = {connections}
"""


def offlineimap() -> Tool:
    """Find OfflineIMAP."""

    def command(job: Job) -> list[str]:
        config = job.folder / "offlineimaprc"
        general = (
            f"[general]\naccounts = {','.join(job.users)}\nmetadata = {job.folder}/metadata\n"
            f"maxsyncaccounts = {len(job.users)}\n"
        )
        accounts = "".join(
            _ACCOUNT.format(
                user=user,
                port=job.port,
                password=PASSWORD,
                folder=job.folder,
                connections=job.connections,
            )
            for user in job.users
        )
        config.write_text(general + accounts)
        return ["offlineimap", "-o", "-u", "quiet", "-c", str(config)]

    return Tool("offlineimap", command, _missing("offlineimap", "offlineimap3"))


def _missing(program: str, package: str) -> str:
    return "" if shutil.which(program) else f"not installed (apt-get install {package})"


def messages_in(folder: Path, users: Sequence[str]) -> int:
    """Return how many messages there are in the Maildirs of those accounts."""
    return sum(
        len(names)
        for user in users
        for at, _, names in os.walk(folder / user)
        if Path(at).name in {"cur", "new"}
    )
