"""Servers and settings that all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
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
def _running(kind: str, factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Run a server. Without it the test is skipped, or fails where it must not be missing."""
    reason = SERVERS[kind].missing()
    if reason is not None:
        if kind in os.environ.get("AIMAP_REQUIRE_SERVERS", "").split(","):
            pytest.fail(reason)
        pytest.skip(reason)
    with SERVERS[kind].running(factory.mktemp(kind)) as server:
        yield server


@pytest.fixture(scope="session")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dovecot_.Dovecot]:
    with _running("dovecot", tmp_path_factory) as server:
        yield server


@pytest.fixture(scope="session")
def cyrus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cyrus_.Cyrus]:
    with _running("cyrus", tmp_path_factory) as server:
        yield server


@pytest.fixture(scope="session")
def courier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[courier_.Courier]:
    with _running("courier", tmp_path_factory) as server:
        yield server


@pytest.fixture(scope="session", params=list(SERVERS))
def any_server(request: pytest.FixtureRequest) -> RealServer:
    """Each of them; a test that wants one runs with all."""
    server: RealServer = request.getfixturevalue(request.param)
    return server
