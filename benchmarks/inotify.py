"""What Dovecot needs of the system to tell at once of new messages."""

from __future__ import annotations

from pathlib import Path


def let_dovecot_watch(connections: int) -> None:
    """Raise the number of inotify instances: without one, Dovecot looks every 30 seconds.

    Raises:
        OSError: if that is not allowed.
    """
    limit = Path("/proc/sys/fs/inotify/max_user_instances")
    if int(limit.read_text(encoding="ascii")) < 2 * connections:
        limit.write_text(str(2 * connections), encoding="ascii")
