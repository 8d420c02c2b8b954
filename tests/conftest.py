"""Servers and settings that all tests share."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.servers import courier as courier_
from tests.servers import cyrus as cyrus_
from tests.servers import dovecot as dovecot_
from tests.servers.real import RealServer

settings.register_profile(
    "aimap",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("aimap")


SERVERS: dict[str, Any] = {"dovecot": dovecot_, "cyrus": cyrus_, "courier": courier_}


@contextmanager
def _running(kind: str) -> Iterator[Any]:
    """Run a server. Without it the test is skipped, or fails where it must not be missing."""
    reason = SERVERS[kind].missing()
    if reason is not None:
        if kind in os.environ.get("AIMAP_REQUIRE_SERVERS", "").split(","):
            pytest.fail(reason)
        pytest.skip(reason)
    # Not in pytest's own folder, which each run of pytest shuts to a server's users.
    with (
        tempfile.TemporaryDirectory(prefix=f"aimap-{kind}-") as lab,
        SERVERS[kind].running(Path(lab)) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def dovecot() -> Iterator[dovecot_.Dovecot]:
    with _running("dovecot") as server:
        yield server


@pytest.fixture(scope="session")
def cyrus() -> Iterator[cyrus_.Cyrus]:
    with _running("cyrus") as server:
        yield server


@pytest.fixture(scope="session")
def courier() -> Iterator[courier_.Courier]:
    with _running("courier") as server:
        yield server


@pytest.fixture(scope="session", params=list(SERVERS))
def any_server(request: pytest.FixtureRequest) -> RealServer:
    """Each of them; a test that wants one runs with all."""
    server: RealServer = request.getfixturevalue(request.param)
    return server
