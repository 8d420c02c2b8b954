"""The demonstration: an embedded server, mirrored, watched, mirrored again, compared."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import final

import trio
from rich.console import Console

from aimap import UID, Client, Flag, Password, connect
from aimap.cli._progress import MirrorDisplay
from aimap.cli._show import event_line, octets
from aimap.sync import MaildirMailbox, MaildirStore, MirrorReport, mirror
from aimap.testing import Server, StoredMailbox, sample_messages, serve

_PASSWORD = "demo"  # noqa: S105 (of accounts that live as long as the demonstration)
_MAILBOXES = ("INBOX", "Archive/2025", "Grüße & Küsse", "日本語")
_LARGE = 3_000_000
_LATENCY = 0.005
_ARRIVALS = 3
_PATIENCE = 10.0


@final
class _Totals:
    def __init__(self) -> None:
        self.round_trips = 0
        self.received = 0
        self.most_in_flight = 0
        self.commands = 0

    def add(self, imap: Client) -> None:
        counters = imap.statistics()
        self.round_trips += counters.flights
        self.received += counters.octets_received
        self.commands += counters.commands
        self.most_in_flight = max(self.most_in_flight, counters.most_in_flight)


def run_demo(accounts: int, messages: int) -> bool:
    """Run the demonstration; tell whether all is equal in the end.

    Args:
        accounts: how many accounts.
        messages: messages of each.
    """
    with tempfile.TemporaryDirectory(prefix="aimap-demo-") as folder:
        return trio.run(_Demo(accounts, messages, Path(folder)).run)


@final
class _Demo:
    def __init__(self, accounts: int, messages: int, folder: Path) -> None:
        self._users = [f"user{number}" for number in range(1, accounts + 1)]
        self._messages = messages
        self._folder = folder
        self._console = Console(highlight=False, markup=False, emoji=False)
        self._totals = _Totals()

    async def run(self) -> bool:
        """Run it."""
        accounts = dict.fromkeys(self._users, _PASSWORD)
        async with serve(accounts, latency=_LATENCY) as server:
            stored = self._fill(server)
            self._say(
                f"An IMAP server with {len(accounts)} accounts and {stored} messages listens on "
                f"port {server.port} (TLS, {2000 * _LATENCY:.0f} ms added to each round trip)."
            )
            begin = trio.current_time()
            first = await self._mirror_all(server, "Mirroring all of it, all at once:")
            seconds = trio.current_time() - begin
            self._say(
                f"{first.fetched} messages, {octets(first.octets)} in {seconds:.1f} s "
                f"({first.fetched / seconds:.0f} a second).\n\n"
                "Watching by IDLE, while mail comes and flags change:"
            )
            await self._watch_all(server)
            begin = trio.current_time()
            again = await self._mirror_all(server, "\nMirroring again, only what is new:")
            self._say(
                f"{again.fetched} new messages, {again.flags_changed} with new flags, "
                f"{again.removed} removed in {trio.current_time() - begin:.2f} s."
            )
            equal = await self._compare(server)
            self._summarize(
                first, again, seconds, equal=equal, violations=map(str, server.violations)
            )
            return equal and not server.violations

    def _say(self, text: str) -> None:
        self._console.print(text, soft_wrap=True)

    def _fill(self, server: Server) -> int:
        count = 0
        for number, user in enumerate(self._users):
            samples = sample_messages(self._messages, seed=number, large=_LARGE)
            for at, message in enumerate(samples):
                flags = [Flag.SEEN] if at % 3 else [Flag.FLAGGED, "$Important"]
                server.deliver(user, message, mailbox=_MAILBOXES[at % 4], flags=flags)
                count += 1
        return count

    def _connect(self, server: Server, user: str) -> AbstractAsyncContextManager[Client]:
        return connect(
            server.host,
            port=server.port,
            ssl_context=server.client_ssl_context,
            auth=Password(user, _PASSWORD),
        )

    async def _mirror_all(self, server: Server, title: str) -> MirrorReport:
        self._say(title)
        total = MirrorReport()
        with MirrorDisplay(self._users, self._console) as display:
            async with trio.open_nursery() as nursery:
                for user in self._users:
                    nursery.start_soon(self._mirror_one, server, user, display, total)
        return total

    async def _mirror_one(
        self, server: Server, user: str, display: MirrorDisplay, total: MirrorReport
    ) -> None:
        async with self._connect(server, user) as imap:
            report = await mirror(
                imap, MaildirStore(self._folder / user), on_progress=display.of(user)
            )
            self._totals.add(imap)
        total.fetched += report.fetched
        total.octets += report.octets
        total.flags_changed += report.flags_changed
        total.removed += report.removed

    async def _watch_all(self, server: Server) -> None:
        with trio.fail_after(_PATIENCE):
            async with trio.open_nursery() as nursery:
                for user in self._users:
                    await nursery.start(self._watch_one, server, user)
                for number in range(_ARRIVALS):
                    for user in self._users:
                        nursery.start_soon(self._change, server, user, number)
                    await trio.sleep(0.15)

    async def _watch_one(
        self, server: Server, user: str, task_status: trio.TaskStatus[None]
    ) -> None:
        async with self._connect(server, user) as imap:
            async with imap.examine("INBOX") as inbox, inbox.watch() as events:
                task_status.started()
                expected = _ARRIVALS + 2
                async for event in events:
                    self._say(f"  {user} {event_line(inbox.name, event, as_json=False)}")
                    expected -= 1
                    if not expected:
                        break
            self._totals.add(imap)

    async def _change(self, server: Server, user: str, number: int) -> None:
        await trio.lowlevel.checkpoint()
        message = next(iter(sample_messages(1, seed=1000 + number)))
        server.deliver(user, message, flags=[])
        if number == 1:
            server.set_flags(user, 1, [Flag.SEEN, Flag.ANSWERED])
        if number == 2:
            server.expunge(user, [2])

    async def _compare(self, server: Server) -> bool:
        """Compare every Maildir with the server's mailbox: octets and flags."""
        for user in self._users:
            store = MaildirStore(self._folder / user)
            async with self._connect(server, user) as imap:
                for info in await imap.list():
                    box = server.mailbox(user, info.name)
                    async with imap.examine(info.name) as mailbox:
                        assert mailbox.uid_validity is not None
                        kept = await store.mailbox(info, mailbox.uid_validity)
                    if not await _equal(kept, box):
                        self._say(f"NOT EQUAL: {user} {info.name}")
                        return False
        return True

    def _summarize(
        self,
        first: MirrorReport,
        again: MirrorReport,
        seconds: float,
        *,
        equal: bool,
        violations: Iterable[str],
    ) -> None:
        totals = self._totals
        lines = [
            "",
            f"messages             {first.fetched + again.fetched}",
            (
                f"octets               {octets(first.octets + again.octets)} of messages, "
                f"{octets(totals.received)} received"
            ),
            f"first mirror         {seconds:.1f} s",
            f"commands             {totals.commands}",
            f"round trips          {totals.round_trips}",
            f"commands in flight   {totals.most_in_flight} at most on one connection",
            "Maildirs             "
            + ("equal to the server, octet by octet" if equal else "DIFFER"),
        ]
        lines += [f"rule broken          {violation}" for violation in violations]
        self._say("\n".join(lines))


async def _equal(kept: MaildirMailbox, box: StoredMailbox) -> bool:
    known = await kept.known()
    if sorted(known) != [message.uid for message in box.messages]:
        return False
    for message in box.messages:
        uid = UID(message.uid)
        if set(known[uid]) != message.flags or await kept.read(uid) != message.octets:
            return False
    return True
