"""Servers and settings that all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.servers import dovecot as dovecot_server
from tests.servers.dovecot import Dovecot

settings.register_profile(
    "aimap",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("aimap")


@pytest.fixture(scope="session")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    reason = dovecot_server.missing()
    if reason is not None:
        if "dovecot" in os.environ.get("AIMAP_REQUIRE_SERVERS", "").split(","):
            pytest.fail(reason)
        pytest.skip(reason)
    lab: Path = tmp_path_factory.mktemp("dovecot")
    with dovecot_server.running(lab) as server:
        yield server
