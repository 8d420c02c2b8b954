"""What the tests of features share.

Each test shows one feature, or several, by public methods, on each of four servers, and says
what it has seen there: that is the matrix in docs/reference/servers.md.

::

    @feature("SORT")
    async def test_sorts(scene: Scene) -> None:
        async with scene.imap.select("INBOX") as inbox:
            found = await inbox.sort(...)
        assert found == ...
        scene.saw("SORT", WORKS if scene.offers("SORT") else FALLS_BACK)

    @feature("QUOTA")
    async def test_tells_quotas(scene: Scene) -> None:
        if not scene.offers("QUOTA"):
            await scene.refuses("QUOTA", lambda: scene.imap.quota("INBOX"))
            return
        ...
        scene.saw("QUOTA", WORKS)
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias, TypeVar

import pytest
import trio
from attrs import frozen

import aimap
from aimap import WatchEvent
from aimap.testing import CAPABILITIES, Server, serve
from tests.servers.real import RealServer
from tests.servers.support import tapped

from .rows import ROWS

F = TypeVar("F", bound=Callable[..., object])

KINDS = ("dovecot", "cyrus", "courier", "embedded")

EVERYTHING = CAPABILITIES | {
    "APPENDLIMIT=100000000",
    "IMAP4REV2",
    "MESSAGELIMIT=1000",
    "NOTIFY",
    "X-GM-EXT-1",
    "XLIST",
}

PATIENCE = 20

TLSMode: TypeAlias = Literal["implicit", "starttls", "insecure"]
Verdict: TypeAlias = Literal["works", "falls back", "not offered"]
WORKS: Verdict = "works"
FALLS_BACK: Verdict = "falls back"
NOT_OFFERED: Verdict = "not offered"


class Shown(NamedTuple):
    """A test, and the features that it shows."""

    test: str
    features: tuple[str, ...]


SHOWN: list[Shown] = []


def feature(*names: str) -> Callable[[F], F]:
    """Have a test run on each server, and fail if it does not say what it has seen of each.

    Args:
        names: of the features, as :mod:`tests.features.rows` has them.
    """
    for name in names:
        assert name in ROWS, f"{name!r} is not a row of tests/features/rows.py"

    def mark(test: F) -> F:
        SHOWN.append(Shown(f"{test.__module__}.{test.__name__}", names))
        marked: F = pytest.mark.parametrize("scene", KINDS, indirect=True)(test)
        return marked

    return mark


class Recorder:
    """What all tests have seen, of one run.

    Attributes:
        seen: verdicts, by feature and server.
        passed: which tests have passed on which server.
    """

    def __init__(self) -> None:
        self.seen: dict[tuple[str, str], Verdict] = {}
        self.passed: set[tuple[str, str]] = set()

    def record(self, name: str, kind: str, verdict: Verdict) -> None:
        """Take what a test has seen; no two may see different things."""
        known = self.seen.setdefault((name, kind), verdict)
        assert known == verdict, f"{name} on {kind}: {verdict} here, and {known} in another test"

    def is_whole(self) -> bool:
        """Tell whether all tests have passed on all servers."""
        return all((shown.test, kind) in self.passed for shown in SHOWN for kind in KINDS)


RECORDER = Recorder()


@frozen(slots=False)
class Scene:
    """A server, and a connection of a user who has never been there.

    Attributes:
        server: the server.
        user: the user.
        imap: the connection, in clear, with a tap on it.
    """

    server: RealServer
    user: str
    imap: aimap.Client
    shows: tuple[str, ...]
    said: set[str]

    @property
    def kind(self) -> str:
        """Which server it is."""
        return self.server.kind

    @property
    def embedded(self) -> Server:
        """The embedded server."""
        assert isinstance(self.server, Embedded)
        return self.server.embedded

    def offers(self, capability: str) -> bool:
        """Tell whether the server does."""
        return capability in self.imap.capabilities

    def name(self, *levels: str) -> str:
        """Return the name of a mailbox."""
        return self.server.prefix + self.server.delimiter.join(levels)

    def saw(self, name: str, verdict: Verdict) -> None:
        """Say what became of a feature."""
        assert name in self.shows, f"the test is not marked to show {name}"
        RECORDER.record(name, self.kind, verdict)
        self.said.add(name)

    async def refuses(
        self, name: str, call: Callable[[], Awaitable[Any]], *, capability: str | None = None
    ) -> None:
        """See that *call* names the missing capability and its RFC, and sends nothing.

        Args:
            name: the feature.
            call: what needs it.
            capability: what the error names; the feature itself if not given.
        """
        before = self.imap.statistics().commands
        with pytest.raises(aimap.CapabilityError) as caught:
            await call()
        assert self.imap.statistics().commands == before
        assert caught.value.capability == (capability or name)
        assert "RFC" in str(caught.value) or not ROWS[name].rfc
        self.saw(name, NOT_OFFERED)

    @asynccontextmanager
    async def another(self) -> AsyncGenerator[aimap.Client]:
        """Open one more connection of the same user, with a tap as well."""
        async with tapped(self.server, self.user) as imap:
            yield imap


@asynccontextmanager
async def connected_anew(
    scene: Scene, auth: aimap.Auth | None, *, tls: TLSMode = "implicit", **options: Any
) -> AsyncGenerator[aimap.Client]:
    """Connect to the same server, under TLS if you like; or to another embedded one.

    Args:
        scene: the scene.
        auth: who logs in.
        tls: as of :func:`aimap.connect`.
        options: further ones of it; ``serving`` are those of :func:`aimap.testing.serve`.
    """
    serving = options.pop("serving", {})
    server = scene.server
    if isinstance(server, Embedded):
        users = {scene.user: server.password, "anonymous": "", "joe": ""}
        serving = {"capabilities": EVERYTHING, **serving}
        async with serve(users, tls=tls, **serving) as another:
            context = options.pop("ssl_context", None)
            if tls != "insecure" and context is None:
                context = another.client_ssl_context
                if isinstance(auth, aimap.External):
                    context = another.client_ssl_context_for(scene.user)
            async with aimap.connect(
                another.host, port=another.port, tls=tls, ssl_context=context, auth=auth, **options
            ) as imap:
                yield imap
        return
    async with aimap.connect(
        server.host,
        port=server.tls_port if tls == "implicit" else server.port,
        tls=tls,
        ssl_context=options.pop(
            "ssl_context", None if tls == "insecure" else server.client_context
        ),
        auth=auth,
        **options,
    ) as imap:
        yield imap


@dataclass(kw_only=True)
class Embedded(RealServer):
    """The embedded server, as the real ones look to tests."""

    kind: ClassVar[str] = "embedded"
    embedded: Server

    def _add_user(self, name: str) -> None:
        self.embedded.add_account(name, self.password)


@asynccontextmanager
async def running_embedded(**options: Any) -> AsyncGenerator[Embedded]:
    """Run the embedded server in clear, with all that it can offer at once."""
    async with serve({}, tls="insecure", capabilities=EVERYTHING, **options) as server:
        yield Embedded(
            embedded=server,
            port=server.port,
            tls_port=0,
            client_context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            ca_file=Path(),
        )


@asynccontextmanager
async def scene_on(server: RealServer, shows: tuple[str, ...]) -> AsyncGenerator[Scene]:
    """Connect a new user. All that *shows* names has to be told of by the end."""
    user = server.new_user()
    async with tapped(server, user) as imap:
        scene = Scene(server, user, imap, shows, set())
        yield scene
    assert scene.said == set(shows), f"nothing said of {set(shows) - scene.said}"


async def happens(
    imap: aimap.Client, events: aimap.Watcher, wanted: Callable[[WatchEvent], bool]
) -> None:
    """Wait for an event; others may come before it."""
    with trio.fail_after(PATIENCE):
        while True:
            with trio.move_on_after(PATIENCE / 4):
                async for event in events:
                    if wanted(event):
                        return
            # Where the system does not tell it of a change, Courier finds it now and then.
            await imap.noop()
