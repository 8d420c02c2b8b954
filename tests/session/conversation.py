"""A session and the random legal server, with octets under way in both directions."""

from __future__ import annotations

from random import Random
from typing import Any

from aimap import InvalidArgumentError, Limits, Message, SeqNum, StateError, UIDSet
from aimap._commands.connection import Idle
from aimap._model.state import ConnectionState
from aimap._protocol.events import Alert, Defect, MailboxClosed, MessageChanged, SessionEvent
from aimap._protocol.pending import Pending
from aimap._protocol.session import Session

from .asking import FAMILIES, KINDS, Asked, Asker
from .server import LegalServer


class Conversation:
    """What one run of the machine is about.

    Attributes:
        asked: all that was asked for.
        open: what of it has no outcome.
    """

    def __init__(self, rng: Random, literals: str, *, depth: int = 1000) -> None:
        self.rng = rng
        self.server = LegalServer(rng, literals, depth)
        self.session = Session(Limits(pipeline_depth=depth), on_event=self._on_event)
        self.asked: list[Asked] = []
        self.open: list[Asked] = []
        self.alerts: list[str] = []
        self._withdrawn: list[Pending[Any]] = []
        self.known_flags: dict[int, frozenset[str]] | None = {}
        self.receive(10_000)
        # Kinds that have to do with each other meet far more often than all of them do.
        self._kinds = [kind for family in rng.sample(FAMILIES, 2) for kind in family]
        self._kinds += rng.sample(KINDS, rng.choice((0, 0, 2, len(KINDS))))
        if rng.random() < 0.3:
            self.ask("enable")
        self.ask("select")

    # What the client does

    def ask(self, kind: str) -> Asked:
        view = self.session.view
        highest = max(
            (mail.uid for box in self.server.boxes.values() for mail in box.mails), default=1
        )
        asker = Asker(self.rng, view.exists if view else 0, highest, self._learn)
        asked = asker.make(kind)
        asked.pending = self.session.submit(asked.command)
        self.asked.append(asked)
        self.open.append(asked)
        return asked

    def abandon(self, at: int) -> None:
        asked = self.open.pop(at % len(self.open))
        assert asked.pending is not None
        if not asked.pending.tag:
            self._withdrawn.append(asked.pending)
        self.session.abandon(asked.pending)

    def set_background(self, wanted: bool) -> None:
        self.session.background = Idle if wanted else None
        if not wanted:
            self.session.end_background()

    def send(self) -> None:
        data = self.session.data_to_send()
        if data:
            self.server.ear.take(data, self.server.given)
        self._compare()

    def receive(self, most: int) -> None:
        self.session.receive_data(self.server.give(most))
        self._compare()

    def track(self) -> None:
        """Have the view track UIDs, where it can be told now what they are."""
        uids = self._expected_view()
        view = self.session.view
        if uids is not None and view is not None and not view.tracking and len(uids):
            assert view.track(UIDSet(uids))

    def go_on(self) -> bool:
        """Have one of the two do something; tell whether anything was to be done."""
        server = self.server
        doable: list[Any] = [self.send] if self.session.wants_to_send else []
        if server.ear.unread and not server.ear.owes_continuation:
            doable.append(lambda: server.read(self.rng.randint(1, 200)))
        if server.given < len(server.said):
            doable.append(lambda: self.receive(self.rng.randint(1, 300)))
        acts = bool(server.jobs) or server.ear.owes_continuation
        if acts:
            doable += [server.act, server.act]
            if self.rng.random() < 0.2:
                doable.append(server.news)
        if not doable:
            return False
        self.rng.choice(doable)()
        self.check()
        return True

    def wander(self) -> None:
        """Have anybody do anything."""
        chance = self.rng.random()
        if chance < 0.35:
            self.ask(self.rng.choice(self._kinds))
        elif chance < 0.38 and self.open:
            self.abandon(self.rng.randint(0, 99))
        elif chance < 0.4:
            self.set_background(self.rng.random() < 0.5)
        elif chance < 0.42:
            self.track()
        elif chance < 0.45:
            self.server.news()
        else:
            self.go_on()
        self.check()

    def settle(self) -> None:
        """Go on until nothing more happens, and see that everything asked for is done."""
        self.set_background(False)
        for _ in range(5_000 + 200 * len(self.open)):
            if not self.go_on():
                break
        else:
            raise AssertionError("it never comes to an end")
        server = self.server
        assert not server.jobs, [job.tokens for job in server.jobs]
        assert server.ear.is_between_commands, "a command was left half sent"
        undone = [asked.kind for asked in self.open]
        assert not undone, f"without an outcome: {undone}"
        assert self.session.in_flight == 0
        assert self.alerts == server.alerts

    def check_end(self) -> None:
        assert not any(pending.tag for pending in self._withdrawn), "sent after it was withdrawn"
        sent = {asked.pending.tag for asked in self.asked if asked.pending and asked.pending.tag}
        assert sent <= set(self.server.finished), "sent, and never heard"

    # What has to hold

    def check(self) -> None:
        lost = self.session.lost
        assert lost is None, repr(lost)
        expected = self._expected_view()
        view = self.session.view
        if expected is None:
            return
        assert view is not None
        assert view.exists == len(expected)
        if view.tracking:
            for seq, uid in enumerate(expected, 1):
                assert view.uid(SeqNum(seq)) in (uid, None)
        if self.known_flags is not None:
            assert self.known_flags == self.server.record.last_flags(self.server.given)

    def _expected_view(self) -> tuple[int, ...] | None:
        """Return the UIDs that the client must know of now, if that can be said."""
        if self.session.unread or self.session.state is not ConnectionState.SELECTED:
            return None
        for pending in self.session._sender.in_flight.values():
            if pending.command.enters is not None:
                return None
        return self.server.record.view(self.server.given)

    def _compare(self) -> None:
        """Hold what has an outcome now against what is true."""
        for asked in [*self.open]:
            pending = asked.pending
            assert pending is not None
            if not pending.done:
                continue
            self.open.remove(asked)
            if pending.tag:
                job = self.server.finished.get(pending.tag)
                assert job is not None, f"{asked.kind} is done before it was answered"
                assert job.tagged_at is not None
                assert job.tagged_at <= self.server.given
                asked.compare(job, self.server.record)
            else:
                self._check_unsent(asked)

    def _check_unsent(self, asked: Asked) -> None:
        """See that a command was refused on this side for its state alone."""
        assert asked.pending is not None
        try:
            asked.pending.outcome()
        except (StateError, InvalidArgumentError):
            return
        raise AssertionError(f"{asked.kind} has an outcome and was never sent")

    def _learn(self, messages: list[Message]) -> None:
        """Note the flags of messages, whether somebody asked for them or not."""
        view = self.session.view
        if view is None or view.opening:
            return
        for message in messages:
            if not message.has_all(("FLAGS",)):
                continue
            uid = message.uid_or_none
            if uid is None and message.seq is not None:
                uid = view.uid(message.seq)
            if uid is None:
                # Whose they are is not known, since UIDs are not tracked.
                self.known_flags = None
            elif self.known_flags is not None:
                self.known_flags[uid] = frozenset(map(str, message.flags))

    def _on_event(self, event: SessionEvent) -> None:
        if isinstance(event, Defect):
            raise AssertionError(f"a defect of a legal server: {event}")  # noqa: TRY004
        if isinstance(event, Alert):
            self.alerts.append(event.text)
        if isinstance(event, MessageChanged):
            self._learn([event.message])
        if isinstance(event, MailboxClosed):
            self.known_flags = {}
