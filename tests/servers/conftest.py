"""What the tests of command objects share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from .probe import SENDING, Probe, Recorder
from .real import RealServer
from .support import tapped


@pytest.fixture
async def probe(
    any_server: RealServer, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Probe]:
    """A connection of a new user; the test must send what it says that it sends."""
    recorder = Recorder(monkeypatch)
    user = any_server.new_user()
    async with tapped(any_server, user) as imap:
        probe = Probe(any_server, user, imap)
        yield probe
        assert probe.news() == []
    assert SENDING[request.node.originalname].names - recorder.seen() == set()
