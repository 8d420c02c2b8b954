"""Fixtures for pytest: an IMAP server to test against, and a client of it.

pytest loads this wherever aimap is installed, so it imports nothing of it until a fixture
is asked for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from aimap import Client
    from aimap.testing import Server, ServerInThread, Violation

_USER, _PASSWORD = "joe", "secret"
_MARK = "aimap_server"


def pytest_configure(config: pytest.Config) -> None:
    """Tell of the marker."""
    config.addinivalue_line(
        "markers",
        f"{_MARK}(**options): what aimap.testing.serve takes; accounts=, a mapping; and "
        "check=False where clients may break rules",
    )


def _options(request: pytest.FixtureRequest, **defaults: Any) -> tuple[dict[str, str], bool, Any]:
    """Return accounts, whether rules are checked, and what else serve takes."""
    options: dict[str, Any] = dict(defaults)
    for mark in reversed(list(request.node.iter_markers(_MARK))):
        options.update(mark.kwargs)
    accounts = options.pop("accounts", {_USER: _PASSWORD})
    return accounts, options.pop("check", True), options


def _check(violations: list[Violation]) -> None:
    if violations:
        lines = [f"{violation.rule}: {violation} in: {violation.line}" for violation in violations]
        pytest.fail("\n".join(["clients broke rules of IMAP:", *lines]), pytrace=False)


def _is_on_trio(request: pytest.FixtureRequest) -> bool:
    return request.node.get_closest_marker("trio") is not None


@pytest.fixture
def aimap_server(request: pytest.FixtureRequest) -> Iterator[Server | ServerInThread]:
    """An IMAP server with the account ``joe``, whose password is ``secret``.

    In a test that pytest-trio runs it is an :class:`aimap.testing.Server` on the test's own
    clock, in memory only (``aimap_server.connect()``). In any other test it is an
    :class:`aimap.testing.ServerInThread`, without TLS, which listens. The marker
    ``aimap_server`` changes that. Clients that break a rule fail the test.
    """
    if _is_on_trio(request):
        # pytest-trio puts the server in place of this once the test runs.
        yield request.getfixturevalue("_aimap_server_on_trio")
        return
    from aimap.testing import serve_in_thread  # noqa: PLC0415

    accounts, check, options = _options(request, tls="insecure")
    with serve_in_thread(accounts, **options) as server:
        yield server
        violations = server.violations
    if check:
        _check(violations)


@pytest.fixture
async def _aimap_server_on_trio(request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    from aimap.testing import serve  # noqa: PLC0415

    accounts, check, options = _options(request, tls="insecure", host=None)
    async with serve(accounts, **options) as server:
        yield server
    if check:
        _check(server.violations)


@pytest.fixture
def aimap_client(request: pytest.FixtureRequest) -> Client:
    """An :class:`aimap.Client` that is logged in to ``aimap_server`` as its first account.

    For tests that pytest-trio runs.
    """
    if not _is_on_trio(request):
        pytest.fail(
            "aimap_client is for tests that pytest-trio runs: have your own client connect to "
            "aimap_server.host and aimap_server.port",
            pytrace=False,
        )
    client: Client = request.getfixturevalue("_aimap_client_on_trio")
    return client


@pytest.fixture
async def _aimap_client_on_trio(
    request: pytest.FixtureRequest, _aimap_server_on_trio: Server
) -> AsyncIterator[Client]:
    import aimap  # noqa: PLC0415

    accounts, _, _ = _options(request)
    user, password = next(iter(accounts.items()))
    server = _aimap_server_on_trio
    async with aimap.connect(
        "localhost",
        tls=server.tls,
        ssl_context=None if server.tls == "insecure" else server.client_ssl_context,
        stream=server.connect(),
        auth=aimap.Password(user, password),
    ) as imap:
        yield imap
