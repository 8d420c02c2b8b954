"""Run the benchmarks against a private Dovecot, and print what was measured."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.servers import dovecot

from benchmarks import status


def main() -> None:
    """Run them all."""
    reason = dovecot.missing()
    if reason is not None:
        sys.exit(reason)
    with tempfile.TemporaryDirectory() as lab, dovecot.running(Path(lab)) as server:
        print(status.run(server))


main()
