"""Servers and settings that all tests share."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings

from aimap.testing import Rule, Server, Violation
from tests.servers import courier as courier_
from tests.servers import cyrus as cyrus_
from tests.servers import dovecot as dovecot_
from tests.servers.real import RealServer
from tests.servers.tap import Tap, not_understood

settings.register_profile(
    "aimap",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
# What is in a package does not depend on examples.
settings.register_profile("few", settings.get_profile("aimap"), max_examples=10)
settings.load_profile("aimap")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what the tests of features have."""
    parser.addoption(
        "--write-matrix",
        action="store_true",
        help="write docs/reference/servers.md as the tests in tests/features see it",
    )


@pytest.fixture(autouse=True)
def nobody_breaks_a_rule(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Fail every test during which a client breaks a rule that the test does not ask for.

    A test asks with ``@pytest.mark.breaks(...)``: by names of rules, and by ``"BAD"`` for
    a BAD or a CLIENTBUG of a real server. What it asks for of the embedded server must
    happen, too.
    """
    servers = _made(monkeypatch, Server)
    taps = _made(monkeypatch, Tap)
    yield
    asked = {name for mark in request.node.iter_markers("breaks") for name in mark.args}
    found = [violation for server in servers for violation in server.violations]
    wrong = [
        f"{violation.rule}: {violation} in: {violation.line}"
        for violation in found
        if violation.rule not in asked
    ]
    if "BAD" not in asked:
        wrong += [str(line) for tap in taps for line in not_understood(tap.received)]
    wrong += [f"{rule}: asked for, and broken by nobody" for rule in _missing(asked, found)]
    assert not wrong, "\n".join(["what clients must not do:", *wrong])


def _missing(asked: set[str], found: list[Violation]) -> list[str]:
    return [Rule(name) for name in asked - {"BAD"} - {violation.rule for violation in found}]


T = TypeVar("T")


def _made(monkeypatch: pytest.MonkeyPatch, kind: type[T]) -> list[T]:
    """Return a list that will hold all objects of that class that are made."""
    made: list[T] = []
    original = kind.__init__

    def init(self: T, *args: Any, **options: Any) -> None:
        made.append(self)
        original(self, *args, **options)

    monkeypatch.setattr(kind, "__init__", init)
    return made


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
