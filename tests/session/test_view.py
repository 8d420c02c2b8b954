"""The mailbox view, kept right whatever the server claims (I3)."""

from __future__ import annotations

import pytest

from aimap import UID, NoError, SeqSet, UIDSet
from aimap._commands.connection import Noop
from aimap._commands.fetch import Fetch
from aimap._commands.select import Select
from aimap._model.fetch import FLAGS
from aimap._model.message import Message
from aimap._model.state import ConnectionState
from aimap._protocol.events import (
    Defect,
    MailboxClosed,
    MailboxDoubtful,
    MailboxGrew,
    MessageExpunged,
    MessagesVanished,
)
from aimap._protocol.view import MailboxView

from .support import Talk


def selected(exists: int = 3, uids: str | None = "5,6,9") -> tuple[Talk, MailboxView]:
    talk = Talk()
    talk.in_mailbox(exists)
    view = talk.session.view
    assert view is not None
    if uids is not None:
        assert view.track(UIDSet(uids))
    return talk, view


def test_vanished_counts_what_was_there() -> None:
    talk, view = selected()
    talk.says(b"* VANISHED 1:6\r\n")
    assert (view.exists, view.uids) == (1, UIDSet("9"))
    assert talk.events == [MessagesVanished(UIDSet("5:6"))]


def test_vanished_of_an_arrival_that_nobody_has_looked_at() -> None:
    talk, view = selected()
    talk.says(b"* 5 EXISTS\r\n* VANISHED 6,12\r\n")
    assert (view.exists, view.uids) == (3, UIDSet("5,9"))
    assert talk.events[-1] == MessagesVanished(UIDSet("6,12"))


def test_vanished_of_more_arrivals_than_there_are_is_of_none() -> None:
    talk, view = selected()
    talk.says(b"* 4 EXISTS\r\n* VANISHED 6,12:4294967295\r\n")
    assert (view.exists, view.uids) == (3, UIDSet("5,9"))
    assert talk.events[-1] == MessagesVanished(UIDSet("6"))


def test_vanished_where_uids_are_not_tracked() -> None:
    talk, view = selected(uids=None)
    talk.says(b"* VANISHED 20,30\r\n")
    assert view.exists == 1
    talk.says(b"* VANISHED 1:4294967295\r\n")
    assert view.exists == 1
    assert isinstance(talk.events[-1], Defect)


@pytest.mark.parametrize(
    "lie",
    [
        b"* -1 EXPUNGE",
        b"* 0 EXPUNGE",
        b"* 4 EXPUNGE",
        b"* 99999999999 EXISTS",
        b"* VANISHED 1:x",
        b"* 2 EXISTS",
    ],
)
def test_what_cannot_be_true_makes_the_view_doubtful(lie: bytes) -> None:
    """The attack expunge-lies, the quirks seq-negative and expunge-above-exists."""
    talk, view = selected()
    talk.says(lie + b"\r\n")
    assert not view.tracking
    assert isinstance(talk.events[0], Defect)
    assert talk.events[1:] == [MailboxDoubtful(UIDSet("5,6,9"))]
    assert view.exists >= 2


def test_what_is_not_about_counts_does_not() -> None:
    talk, view = selected()
    talk.says(b"* 1 FETCH (UID x)\r\n* EXPUNGED 1:x (\r\n")
    assert view.tracking


def test_expunge_while_messages_are_named_by_number() -> None:
    """Forbidden by RFC 9051 section 7.5.1: what the numbers meant is unknown."""
    talk, view = selected()
    talk.submit(Fetch(SeqSet("2"), [FLAGS], print))
    talk.hears()
    talk.says(b"* 1 EXPUNGE\r\n")
    assert not view.tracking
    assert view.exists == 2
    assert MailboxDoubtful(UIDSet("5,6,9")) in talk.events


def test_expunge_while_it_may_come() -> None:
    talk, view = selected()
    talk.submit(Noop())
    talk.hears()
    talk.says(b"* 1 EXPUNGE\r\n")
    assert view.uids == UIDSet("6,9")
    assert talk.events == [MessageExpunged(1, 5)]  # type: ignore[arg-type]


def test_another_uidvalidity_ends_the_selection() -> None:
    """The attack uidvalidity-change."""
    talk, _ = selected()
    talk.says(b"* OK [UIDVALIDITY 7] as it was\r\n")
    assert talk.session.view is not None
    talk.says(b"* OK [UIDVALIDITY 8] anew\r\n")
    assert talk.session.view is None
    assert talk.events[-1] == MailboxClosed()
    assert any(isinstance(event, Defect) for event in talk.events)


def test_the_view_follows_in_the_midst_of_any_command() -> None:
    talk = Talk()
    talk.in_mailbox(exists=3)
    view = talk.session.view
    assert view is not None
    assert view.track(UIDSet("5,6,9"))
    got: list[Message] = []
    command = Fetch(UIDSet("9"), [FLAGS], got.extend)
    talk.submit(command)
    talk.hears()
    talk.says(
        b"* 2 EXPUNGE\r\n* 4 EXISTS\r\n* 2 FETCH (UID 9 FLAGS ())\r\n"
        b"* 3 FETCH (UID 12 FLAGS ())\r\nA2 OK x\r\n"
    )
    assert [m.uid for m in got] == [9]
    assert talk.events[0] == MessageExpunged(2, UID(6))  # type: ignore[arg-type]
    assert talk.events[1] == MailboxGrew(3, 4)  # type: ignore[arg-type]
    assert [view.uid(seq) for seq in (1, 2, 3, 4)] == [5, 9, 12, None]  # type: ignore[arg-type]


@pytest.mark.parametrize("lie", [b"* 0 EXPUNGE", b"* 4 EXPUNGE", b"* 2 EXISTS", b"* -1 EXPUNGE"])
def test_lies_about_the_mailbox_are_defects(lie: bytes) -> None:
    talk = Talk()
    talk.in_mailbox(exists=3)
    talk.says(lie + b"\r\n")
    assert talk.session.view is not None
    assert talk.session.view.exists in (2, 3)
    assert any(isinstance(event, Defect) for event in talk.events)
    assert talk.session.lost is None


def test_a_failed_select_leaves_no_mailbox() -> None:
    talk = Talk()
    talk.in_mailbox()
    pending = talk.submit(Select("gone"))
    talk.hears()
    talk.says(b"A2 NO [NONEXISTENT] no such mailbox\r\n")
    with pytest.raises(NoError, match="no such mailbox") as caught:
        pending.outcome()
    assert caught.value.code is not None
    assert caught.value.code.name == "NONEXISTENT"
    assert talk.session.state is ConnectionState.AUTHENTICATED
    assert talk.session.view is None
