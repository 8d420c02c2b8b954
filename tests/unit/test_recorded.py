"""What real servers said, as ``tests/servers/test_by_the_letter.py`` recorded it."""

from __future__ import annotations

import pytest

from tests.servers.raw import RECORDS, unescaped
from tests.servers.tap import DEVIATIONS, check


@pytest.mark.parametrize("kind", ["dovecot", "cyrus", "courier"])
def test_it_is_read_by_the_letter(kind: str) -> None:
    lines = (RECORDS / f"{kind}.txt").read_text("ascii").splitlines()
    said = [unescaped(line.removeprefix("S: ")) for line in lines if line.startswith("S: ")]
    assert len(said) > 150
    seen = check(kind, b"".join(frame + b"\r\n" for frame in said))
    # What no server does any more has no place in the list.
    assert seen == {known for known in DEVIATIONS if known.kind == kind}
