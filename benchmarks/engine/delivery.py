"""Delivers messages to some users, in a process of its own, and tells when each was there.

The clock is the system's monotonic one, which all processes share.
"""

from __future__ import annotations

import imaplib
import json
import sys
import time

from benchmarks.engine.mail import MESSAGE
from benchmarks.engine.task import HOST, Task

_APART = 0.02
"""Seconds between two messages."""


def _log_in(task: Task, user: str) -> imaplib.IMAP4:
    client = imaplib.IMAP4_SSL(HOST, task.port, ssl_context=task.ssl_context())
    client.login(user, task.password)
    return client


def _deliver(client: imaplib.IMAP4) -> float:
    answer = client.append("INBOX", "", "", MESSAGE % (0, 0))
    at = time.monotonic()
    assert answer[0] == "OK", answer
    time.sleep(_APART)
    return at


if __name__ == "__main__":
    task, *users = Task.load(sys.argv[1]), *sys.argv[2:]
    clients = {user: _log_in(task, user) for user in users}
    print(json.dumps({user: _deliver(client) for user, client in clients.items()}))
    for client in clients.values():
        client.logout()
