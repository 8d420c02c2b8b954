"""A random server that keeps to the rules, whatever else it does.

It reads when it likes, carries commands out in any order in which none affects what
another returns (RFC 9051 section 5.5), mixes their answers, and tells news whenever it may.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from aimap._wire.encoder import Dialect
from tests.unit import reader

from .answering import ANSWERS, affects
from .listening import Ear, Job, ViolationError, check_together
from .model import NAMES, Box, Mail, Record, in_ranges

CAPABILITIES = (
    "IMAP4rev1 ESEARCH SORT THREAD=REFERENCES ENABLE CONDSTORE QRESYNC UTF8=ACCEPT UIDPLUS MOVE "
    "UNSELECT NAMESPACE ID IDLE QUOTA ACL LIST-EXTENDED LIST-STATUS SPECIAL-USE"
)


class LegalServer:
    """The far end of one connection.

    Attributes:
        said: all octets that it has said so far.
        given: how many of them the client has got.
        record: what was told.
        jobs: the commands that it has read and not answered.
        alerts: the texts that a person is to see.
    """

    def __init__(self, rng: Random, literals: str, depth: int) -> None:
        self.depth = depth
        self.rng = rng
        self.said = bytearray()
        self.given = 0
        self.record = Record()
        self.jobs: list[Job] = []
        self.finished: dict[str, Job] = {}
        self.alerts: list[str] = []
        self.capabilities = f"{CAPABILITIES} {literals}".strip()
        self.enabled: set[str] = set()
        self.boxes = {name: Box(name, 10 + at) for at, name in enumerate(NAMES)}
        self.selected: Box | None = None
        self.is_selecting = False
        self.read_only = False
        self.shown: list[Mail] = []
        self.untold: set[Mail] = set()
        self.ear = Ear()
        self._expunged_at = 0
        for box in self.boxes.values():
            for _ in range(rng.randint(0, 5)):
                self.new_mail(box)
        self.say(f"* PREAUTH [CAPABILITY {self.capabilities}] hello")

    # What is true

    def new_mail(self, box: Box) -> None:
        octets = b"Subject: %d\r\n\r\n" % self.rng.randint(0, 999)
        box.add(
            octets, self.rng.sample(("\\Seen", "\\Flagged", "\\Deleted"), self.rng.randint(0, 2))
        )

    @property
    def dialect(self) -> Dialect:
        return Dialect(
            literal_plus="LITERAL+" in self.capabilities,
            literal_minus="LITERAL-" in self.capabilities,
            utf8="UTF8=ACCEPT" in self.enabled,
            qresync="QRESYNC" in self.enabled,
        )

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is left to do that was asked for."""
        return not self.jobs and not self.ear.unread and self.given == len(self.said)

    # What it says

    def say(self, line: str | bytes) -> int:
        """Say a line; return where it ends."""
        self.said += (line.encode() if isinstance(line, str) else line) + b"\r\n"
        return len(self.said)

    def give(self, most: int) -> bytes:
        """Return the next octets of what was said."""
        data = bytes(self.said[self.given : self.given + most])
        self.given += len(data)
        return data

    def note_view(self) -> None:
        """Note what the client is to know of the selected mailbox from here on."""
        uids = None if self.selected is None else tuple(mail.uid for mail in self.shown)
        self.record.views.append((len(self.said), uids))

    def say_exists(self) -> None:
        assert self.selected is not None
        known = set(self.shown)
        self.shown += [mail for mail in self.selected.mails if mail not in known]
        self.say(f"* {len(self.shown)} EXISTS")
        self.note_view()

    def say_gone(self, mails: list[Mail]) -> None:
        """Say that messages are gone which the client was told of."""
        if "QRESYNC" in self.enabled:
            uids = in_ranges(sorted(mail.uid for mail in mails))
            self.shown = [mail for mail in self.shown if mail not in mails]
            self._expunged_at = self.say(f"* VANISHED {uids}")
            self.note_view()
            return
        for mail in mails:
            seq = self.shown.index(mail) + 1
            self.shown.remove(mail)
            self._expunged_at = self.say(f"* {seq} EXPUNGE")
            self.note_view()

    def say_fetch(self, mail: Mail, items: list[tuple[str, bytes]]) -> None:
        """Say a FETCH response, with such items in any order."""
        self.rng.shuffle(items)
        body = b" ".join(name.encode() + b" " + value for name, value in items)
        end = self.say(b"* %d FETCH (%s)" % (self.shown.index(mail) + 1, body))
        told: dict[str, object] = dict(items)
        if "FLAGS" in told:
            told["FLAGS"] = frozenset(mail.flags)
            self.untold.discard(mail)
        self.record.tell(end, mail, told)

    def flags(self, mail: Mail) -> tuple[str, bytes]:
        return "FLAGS", b"(%s)" % " ".join(sorted(mail.flags)).encode()

    def quoted(self, name: str) -> bytes:
        """Write a mailbox name in one of its forms."""
        coded = name.encode() if self.dialect.utf8 else reader_name(name)
        if self.rng.random() < 0.3:
            return b"{%d}\r\n%s" % (len(coded), coded)
        return b'"%s"' % coded

    # What it does

    def read(self, most: int) -> None:
        """Read some of what the client sent."""
        job = self.ear.read(most, self.dialect)
        if job is None:
            return
        if job.done_read:
            return
        in_flight = [
            other
            for other in (*self.jobs, *self.finished.values())
            if other.tagged_at is None or other.tagged_at > job.known
        ]
        if len(in_flight) >= self.depth:
            raise ViolationError("more commands in flight than there may be")
        for other in in_flight:
            check_together(job, other)
        if job.tag in self.finished or any(job.tag == other.tag for other in self.jobs):
            raise ViolationError(f"the tag {job.tag} a second time")
        if (job.is_in_mailbox and self.selected is None) or (
            job.verb == "ENABLE" and self.selected is not None
        ):
            raise ViolationError(f"{job.verb} in a state that does not allow it")
        job.box = self.selected
        self.jobs.append(job)

    def act(self) -> bool:
        """Do one thing of those that may be done; tell whether there was any."""
        doable: list[Callable[[], None]] = [
            lambda job=job: self._advance(job)  # type: ignore[misc]
            for job in self.jobs
            if self._may_advance(job)
        ]
        if self.ear.owes_continuation or (
            self.ear.idling is not None
            and self.ear.invited_at is None
            and self.ear.idling in self.jobs
        ):
            doable.append(self._invite)
        if not doable:
            return False
        self.rng.choice(doable)()
        return True

    def _invite(self) -> None:
        if self.ear.owes_continuation and self.rng.random() < 0.15:
            # A literal may be refused (RFC 9051 section 4.3).
            tag, known = self.ear.half_read()
            self.ear.refuse_literal()
            job = Job(tag, [reader.Bare("APPEND")], known, final=b"NO [LIMIT] too big")
            job.tagged_at = self.say(b"%s %s" % (tag.encode(), job.final))
            self.finished[tag] = job
            return
        self.ear.invite(self.say("+ go on"))

    def _may_advance(self, job: Job) -> bool:
        if job.verb == "IDLE" and not job.done_read:
            return False
        if job.started:
            return True
        earlier = self.jobs[: self.jobs.index(job)]
        return not any(affects(one, job) or affects(job, one) for one in earlier)

    def _advance(self, job: Job) -> None:
        if not job.started:
            if job.uses_numbers and self._expunged_at > job.known:
                raise ViolationError(f"numbers have changed since {job.tokens} was sent")
            job.started = True
            job.shown = list(self.shown)
            if self.rng.random() < 0.05 and not job.changes_mailbox and job.verb != "IDLE":
                job.final = b"NO not now"
                return
            ANSWERS[job.verb](self, job)
        elif job.lines:
            job.lines.pop(0)()
        else:
            self.jobs.remove(job)
            self.finished[job.tag] = job
            job.tagged_at = self.say(b"%s %s" % (job.tag.encode(), job.final))
            if job.changes_mailbox:
                self.is_selecting = False
                self.record.selected_at = job.tagged_at
                self.note_view()

    def news(self) -> None:
        """Say something that nobody asked for, as far as that is allowed just now."""
        choices: list[Callable[[], None]] = [self._alert]
        if self.selected is not None and not self.is_selecting:
            choices += [self._grow, self._flag, self._flag]
            # Also during COPY and the like: but what their numbers mean stays as it was.
            busy = bool(self.jobs) and not any(job.uses_numbers for job in self.jobs)
            if busy and self.shown:
                choices += [self._expunge, self._expunge]
        self.rng.choice(choices)()

    def _alert(self) -> None:
        text = f"mind {self.rng.randint(0, 99)}"
        self.alerts.append(text)
        self.say(f"* OK [ALERT] {text}")

    def _grow(self) -> None:
        assert self.selected is not None
        self.new_mail(self.selected)
        self.say_exists()

    def _flag(self) -> None:
        if not self.shown:
            return
        mail = self.rng.choice(self.shown)
        mail.flags ^= {self.rng.choice(("\\Seen", "\\Flagged", "$Junk"))}
        items = [self.flags(mail)]
        if self.rng.random() < 0.7 or "QRESYNC" in self.enabled:
            items.append(("UID", b"%d" % mail.uid))
        self.say_fetch(mail, items)

    def _expunge(self) -> None:
        mail = self.rng.choice(self.shown)
        if any(
            job.started and job.box is self.selected and job.verb != "IDLE" for job in self.jobs
        ):
            # Whoever has begun to answer about it does so first.
            return
        assert self.selected is not None
        self.selected.mails.remove(mail)
        self.untold.discard(mail)
        self.say_gone([mail])


def reader_name(name: str) -> bytes:
    """Write modified UTF-7 for the names of these tests (RFC 3501 section 5.1.3)."""
    coded = {"Entwürfe & Ähnliches": b"Entw&APw-rfe &- &AMQ-hnliches"}
    return coded.get(name) or name.encode("ascii")
