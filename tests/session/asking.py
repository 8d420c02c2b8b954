"""What the client asks for, at random, and how its result is held against the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from aimap import (
    BODY_PEEK,
    DELETED,
    FLAGGED,
    FLAGS,
    IN,
    RFC822_SIZE,
    SEEN,
    UNSEEN,
    BadError,
    CommandError,
    Message,
    NoError,
    SeqSet,
    UIDSet,
    commands,
)
from aimap._model.fetch import UID_ITEM, FetchItem
from aimap._model.returning import ReturnOption
from aimap._model.search import ALL
from aimap._protocol.pending import Pending

from .listening import Job
from .model import FLAGS as FLAG_NAMES
from .model import NAMES, Mail, Record

Check = Callable[[Any, Job, Record], None]
KEYS = (ALL, SEEN, UNSEEN, FLAGGED, DELETED, FLAGGED & UNSEEN)
_OPTIONS: tuple[ReturnOption, ...] = ("MIN", "MAX", "COUNT", "ALL")
ITEMS: tuple[FetchItem[Any], ...] = (FLAGS, UID_ITEM, RFC822_SIZE, BODY_PEEK())


@dataclass(eq=False)
class Asked:
    """A command of the client's, and what it was given while it went on."""

    kind: str
    command: commands.Command[Any]
    check: Check
    got: list[Message] = field(default_factory=list[Message])
    pending: Pending[Any] | None = None

    def compare(self, job: Job, record: Record) -> None:
        """See that the outcome is what the server's truth makes it.

        Raises:
            AssertionError: if it is not.
        """
        assert self.pending is not None
        try:
            outcome = self.pending.outcome()
        except CommandError as error:
            kind = {b"N": NoError, b"B": BadError}.get(job.final[:1])
            assert kind is not None, f"{self.kind} failed: {error!r}"
            assert isinstance(error, kind)
            return
        assert job.final.startswith(b"OK"), f"{self.kind} succeeded in spite of {job.final!r}"
        self.check(outcome, job, record)


def same(shape: Callable[[Any], Any] = lambda outcome: outcome) -> Check:
    def check(outcome: Any, job: Job, record: Record) -> None:
        assert shape(outcome) == job.value

    return check


@dataclass
class Asker:
    """Makes commands; what they name is what the view knows of."""

    rng: Random
    exists: int
    highest_uid: int
    on_messages: Callable[[list[Message]], None]

    def make(self, kind: str) -> Asked:
        asked: Asked = getattr(self, f"_{kind}")()
        asked.kind = kind
        return asked

    # Names, sets, flags

    def _mailbox(self) -> str:
        name = self.rng.choice(NAMES)
        return self.rng.choice(("INBOX", "inbox", "Inbox")) if name == "INBOX" else name

    def _uids(self) -> UIDSet:
        most = self.highest_uid + 1
        return UIDSet({self.rng.randint(1, most) for _ in range(self.rng.randint(1, 4))})

    def _numbers(self) -> UIDSet | SeqSet:
        if self.exists and self.rng.random() < 0.5:
            count = self.rng.randint(1, 4)
            return SeqSet({self.rng.randint(1, self.exists) for _ in range(count)})
        return self._uids()

    def _criteria(self) -> Any:
        criteria = self.rng.choice(KEYS)
        if self.rng.random() < 0.3:
            criteria = IN(self._numbers()) & criteria
        return criteria

    def _kind_of_set(self) -> type[UIDSet | SeqSet]:
        return self.rng.choice((UIDSet, SeqSet))

    def _deliver(self, got: list[Message]) -> Callable[[list[Message]], None]:
        def deliver(messages: list[Message]) -> None:
            got.extend(messages)
            self.on_messages(messages)

        return deliver

    # About messages

    def _fetch(self) -> Asked:
        items = self.rng.sample(ITEMS, self.rng.randint(1, 3))
        got: list[Message] = []
        numbers = self._numbers()
        command = commands.Fetch(numbers, items, self._deliver(got))
        keys = {item.key for item in items}
        return Asked("", command, _check_messages(numbers, keys, got), got)

    def _store(self) -> Asked:
        numbers = self._numbers()
        got: list[Message] = []
        silent = self.rng.random() < 0.5
        command = commands.Store(
            numbers,
            self.rng.choice(("+", "-", "")),
            self.rng.sample(FLAG_NAMES, self.rng.randint(1, 2)),
            silent=silent,
            deliver=None if silent else self._deliver(got),
        )
        check = _check_messages(numbers, {"FLAGS"}, got, complete=False)
        return Asked("", command, check, got)

    def _search(self) -> Asked:
        if self.rng.random() < 0.5:
            return Asked("", commands.Search(self._criteria(), extended=False), same(set))
        return Asked("", commands.SeqSearch(self._criteria(), extended=False), same(set))

    def _extended_search(self) -> Asked:
        kind = self.rng.choice((commands.Search, commands.SeqSearch))
        command = kind(self._criteria(), extended=True)
        return Asked("", command, same(lambda found: {"ALL": set(found)} if found else {}))

    def _esearch(self) -> Asked:
        options = self.rng.sample(_OPTIONS, self.rng.randint(1, 4))
        command = commands.ESearch(self._criteria(), options, numbers=self._kind_of_set())
        return Asked("", command, same(_esearch_shape))

    def _sort(self) -> Asked:
        command = commands.Sort(
            [commands.SortKey.SUBJECT], self._criteria(), numbers=self._kind_of_set()
        )
        return Asked("", command, same(lambda sorted_: list(sorted_.numbers)))

    def _thread(self) -> Asked:
        command = commands.ThreadSearch("REFERENCES", self._criteria(), numbers=self._kind_of_set())
        return Asked(
            "", command, same(lambda threads: [n for each in threads for n in each.members])
        )

    def _copy(self) -> Asked:
        return Asked("", commands.Copy(self._numbers(), self._mailbox()), same(_copied))

    def _move(self) -> Asked:
        return Asked("", commands.Move(self._numbers(), self._mailbox()), same(_copied))

    def _expunge(self) -> Asked:
        return Asked("", commands.Expunge(), same())

    def _uid_expunge(self) -> Asked:
        return Asked("", commands.Expunge(self._uids()), same())

    def _append(self) -> Asked:
        octets = b"Subject: new\r\n\r\n" + b"x" * self.rng.choice((1, 100, 5000))
        command = commands.Append(self._mailbox(), octets)
        return Asked("", command, same(lambda code: (code.uid_validity, *code.uids)))

    # About mailboxes and the connection

    def _status(self) -> Asked:
        items = self.rng.sample(
            ("MESSAGES", "UNSEEN", "UIDNEXT", "UIDVALIDITY"), self.rng.randint(1, 3)
        )
        command = commands.Status(self._mailbox(), items)
        return Asked("", command, same(lambda status: dict(status.items)))

    def _list(self) -> Asked:
        return Asked("", commands.List("*"), same(_names))

    def _lsub(self) -> Asked:
        return Asked("", commands.Lsub("*"), same(_names))

    def _list_status(self) -> Asked:
        command = commands.ListExtended("*", status=["MESSAGES", "UNSEEN"])
        return Asked("", command, same(_statuses))

    def _select(self) -> Asked:
        return Asked("", commands.Select(self._mailbox()), _nothing)

    def _examine(self) -> Asked:
        return Asked("", commands.Examine(self._mailbox()), _nothing)

    def _select_missing(self) -> Asked:
        return Asked("", commands.Select("nowhere"), _nothing)

    def _unselect(self) -> Asked:
        return Asked("", commands.Unselect(), same())

    def _close(self) -> Asked:
        return Asked("", commands.Close(), same())

    def _check(self) -> Asked:
        return Asked("", commands.Check(), same())

    def _noop(self) -> Asked:
        return Asked("", commands.Noop(), same())

    def _capability(self) -> Asked:
        return Asked("", commands.Capability(), same(set))

    def _namespace(self) -> Asked:
        return Asked("", commands.Namespace(), _is_there)

    def _id(self) -> Asked:
        return Asked("", commands.Id(), same(dict))

    def _getquota(self) -> Asked:
        return Asked("", commands.GetQuota("user"), same(lambda quota: quota and quota.root))

    def _getquotaroot(self) -> Asked:
        return Asked("", commands.GetQuotaRoot(self._mailbox()), _has_quota)

    def _getacl(self) -> Asked:
        return Asked("", commands.GetAcl(self._mailbox()), same(_mailbox_of))

    def _myrights(self) -> Asked:
        return Asked("", commands.MyRights(self._mailbox()), same(_mailbox_of))

    def _enable(self) -> Asked:
        names = self.rng.sample(("CONDSTORE", "QRESYNC", "UTF8=ACCEPT"), 1)
        return Asked("", commands.Enable(*names), same(set))

    def _idle(self) -> Asked:
        return Asked("", commands.Idle(), same())


KINDS = sorted(
    name[1:]
    for name, method in vars(Asker).items()
    if name.startswith("_")
    and not name.startswith("__")
    and name not in ("_mailbox", "_uids", "_numbers", "_criteria", "_kind_of_set", "_deliver")
    and callable(method)
)


FAMILIES = (
    ("search", "extended_search", "esearch", "sort"),
    ("status", "list_status", "list", "myrights", "status"),
    ("fetch", "store", "fetch", "noop"),
    ("copy", "move", "move", "copy", "append"),
    ("getquota", "getquotaroot", "getquota"),
    ("select", "examine", "unselect", "close", "noop", "enable"),
    ("append", "idle", "fetch"),
    ("enable", "unselect", "capability", "noop"),
    ("expunge", "uid_expunge", "store", "fetch", "thread"),
    ("append", "status", "list_status"),
)


def _nothing(outcome: Any, job: Job, record: Record) -> None:
    """Nothing is to be compared: what it says is in the view."""


def _is_there(outcome: Any, job: Job, record: Record) -> None:
    assert [each.prefix for each in outcome.personal] == [""]


def _has_quota(outcome: Any, job: Job, record: Record) -> None:
    assert outcome.roots == ("user",)
    assert [quota.root for quota in outcome.quotas] == ["user"]


def _mailbox_of(answer: Any) -> str | None:
    if answer is None:
        return None
    name: str = answer.mailbox
    return name


def _names(listed: Any) -> dict[str, None]:
    assert len(listed) == len(NAMES)
    return {info.name: None for info in listed}


def _statuses(listed: Any) -> dict[str, dict[str, object]]:
    return {each.name: dict(each.status.items) if each.status else {} for each in listed}


def _copied(code: Any) -> tuple[int, list[int], list[int]] | None:
    if code is None:
        return None
    source, destination = (
        [number for low, high in ranges for number in range(low, high + 1)]
        for ranges in (code.source, code.destination)
    )
    return code.uid_validity, source, destination


def _esearch_shape(answer: Any) -> dict[str, object]:
    shape = {
        "MIN": answer.min,
        "MAX": answer.max,
        "COUNT": answer.count,
        "ALL": set(answer.all) if answer.all else None,
    }
    return {name: value for name, value in shape.items() if value is not None}


def _check_messages(
    numbers: UIDSet | SeqSet, keys: set[str], got: list[Message], *, complete: bool = True
) -> Check:
    """Check the messages that a FETCH or a STORE was given.

    Each that the server answered is there once. A value that changes is one that the server
    told while the command was in flight: an update that has all that was asked for cannot
    be told from an answer.
    """
    by_uid = isinstance(numbers, UIDSet)

    def check(outcome: Any, job: Job, record: Record) -> None:
        by_number: dict[int, Mail] = {
            mail.uid if by_uid else seq: mail for seq, mail in enumerate(job.shown, 1)
        }
        found: dict[int, Message] = {}
        for message in got:
            number = message.uid_or_none if by_uid else message.seq
            assert number is not None
            assert number in numbers, f"{message!r} is none of {numbers}"
            assert number not in found, f"{message!r} a second time"
            found[number] = message
            _check_message(message, by_number.get(number), keys, job, record)
        answered = {number for number, mail in by_number.items() if mail in job.answered}
        assert answered <= set(found), f"answered, and not given: {answered - set(found)}"
        if complete:
            assert set(outcome) == set(numbers) - set(found)

    return check


def _check_message(
    message: Message, mail: Mail | None, keys: set[str], job: Job, record: Record
) -> None:
    assert message.has_all(keys), f"{message!r} without {keys}"
    if mail is None:
        # It came and went meanwhile.
        return
    assert job.tagged_at is not None
    told_items = message.items
    if "UID" in told_items:
        assert message.uid == mail.uid
    if "RFC822.SIZE" in told_items:
        assert message.size == len(mail.octets)
    if "BODY[]" in told_items:
        assert message.body() == mail.octets
    if "FLAGS" in told_items:
        told = [
            items["FLAGS"]
            for items in record.told(mail, job.known, job.tagged_at)
            if "FLAGS" in items
        ]
        assert frozenset(map(str, message.flags)) in told, f"{message.flags} never told: {told}"
