"""Whose an answer is, where servers carry commands out in another order (RFC 9051 section 5.5)."""

from __future__ import annotations

import pytest

from aimap import BODY_PEEK, FLAGS, SEEN, UNSEEN, Message, SeqNum, SeqSet, UIDSet
from aimap._commands.connection import Enable, Idle, Noop
from aimap._commands.copy import Copy, Move
from aimap._commands.fetch import Fetch
from aimap._commands.mailboxes import Status
from aimap._commands.quota import GetQuota, GetQuotaRoot
from aimap._commands.search import ESearch, Search
from aimap._commands.select import QResync, Select
from aimap._commands.store import Store
from aimap._protocol.events import Defect, MailboxClosed, MessageChanged

from .support import Talk


def test_who_asked_for_more_gets_what_has_more() -> None:
    talk = Talk()
    talk.in_mailbox()
    flags: list[Message] = []
    bodies: list[Message] = []
    stored: list[Message] = []
    store = Store(UIDSet("1"), "+", ["\\Seen"], silent=False, deliver=stored.extend)
    talk.submit(store)
    one = talk.submit(Fetch(UIDSet("1"), [FLAGS], flags.extend))
    two = talk.submit(Fetch(UIDSet("1"), [FLAGS, BODY_PEEK()], bodies.extend))
    talk.hears()
    talk.says(b"* 1 FETCH (UID 1 FLAGS (\\Seen) BODY[] {1}\r\nx)\r\nA4 OK x\r\n")
    assert (two.outcome(), len(bodies), stored, flags) == (UIDSet(), 1, [], [])
    talk.says(b"* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n" * 2 + b"A2 OK x\r\nA3 OK x\r\n")
    assert (one.outcome(), len(flags), len(stored)) == (UIDSet(), 1, 1)


def test_who_is_answered_more_than_it_asked_for_is_answered() -> None:
    talk = Talk()
    talk.in_mailbox()
    flags: list[Message] = []
    fetch = talk.submit(Fetch(UIDSet("1"), [FLAGS], flags.extend))
    talk.hears()
    talk.says(b"* 1 FETCH (UID 1 FLAGS () RFC822.SIZE 5)\r\nA2 OK x\r\n")
    assert (fetch.outcome(), len(flags)) == (UIDSet(), 1)


def test_a_plain_search_gets_its_answer_beside_extended_ones() -> None:
    talk = Talk()
    talk.in_mailbox()
    extended = talk.submit(Search(UNSEEN, extended=True))
    counting = talk.submit(ESearch(UNSEEN, ["COUNT"]))
    plain = talk.submit(Search(SEEN, extended=False))
    talk.hears()
    talk.says(b'* SEARCH 1 2\r\nA4 OK x\r\n* ESEARCH (TAG "A2") UID ALL 4\r\nA2 OK x\r\n')
    talk.says(b'* ESEARCH (TAG "A3") UID COUNT 1\r\nA3 OK x\r\n')
    assert (plain.outcome(), extended.outcome()) == (UIDSet("1,2"), UIDSet("4"))
    assert counting.outcome().count == 1


def test_status_of_one_mailbox_is_told_by_its_items() -> None:
    talk = Talk()
    one = talk.submit(Status("x", ["MESSAGES"]))
    two = talk.submit(Status("x", ["UIDNEXT"]))
    talk.hears()
    talk.says(b"* STATUS x (UIDNEXT 4)\r\nA2 OK x\r\n* STATUS x (MESSAGES 3)\r\nA1 OK x\r\n")
    assert (one.outcome().items, two.outcome().items) == ({"MESSAGES": 3}, {"UIDNEXT": 4})


def test_a_status_that_leaves_something_out_is_an_answer() -> None:
    talk = Talk()
    status = talk.submit(Status("x", ["MESSAGES", "HIGHESTMODSEQ"]))
    talk.hears()
    talk.says(b"* STATUS x (MESSAGES 3)\r\nA1 OK x\r\n")
    assert status.outcome().items == {"MESSAGES": 3}


def test_an_untagged_copyuid_is_of_a_move() -> None:
    talk = Talk()
    talk.in_mailbox(5)
    copy = talk.submit(Copy(UIDSet("1:5"), "x"))
    move = talk.submit(Move(UIDSet("1:2"), "y"))
    talk.hears()
    talk.says(b"* OK [COPYUID 9 1:2 7:8] x\r\n* 1 EXPUNGE\r\n* 1 EXPUNGE\r\nA3 OK x\r\n")
    talk.says(b"A2 OK [COPYUID 8 1:5 1:5] x\r\n")
    copied, moved = copy.outcome(), move.outcome()
    assert copied is not None
    assert moved is not None
    assert (copied.uid_validity, moved.uid_validity) == (8, 9)


def test_quotas_of_a_root_and_of_a_mailbox_are_not_asked_together() -> None:
    talk = Talk()
    talk.submit(GetQuota("r"))
    talk.submit(GetQuota("s"))
    talk.submit(GetQuotaRoot("x"))
    assert talk.hears() == b"A1 GETQUOTA r\r\nA2 GETQUOTA s\r\n"
    talk.says(b"A1 OK x\r\nA2 OK x\r\n")
    assert talk.hears() == b"A3 GETQUOTAROOT x\r\n"


def test_numbers_are_not_used_behind_done_before_idle_is_over() -> None:
    talk = Talk()
    talk.in_mailbox()
    talk.session.background = Idle
    talk.hears()
    talk.says(b"+ idling\r\n")
    talk.submit(Fetch(SeqSet("2"), [FLAGS], print))
    talk.submit(Noop())
    # By UID, NOOP could go at once; here it stands behind what has to wait.
    assert talk.hears() == b"DONE\r\n"
    talk.says(b"* 1 EXPUNGE\r\nA2 OK x\r\n")
    assert talk.hears() == b"A3 FETCH 2 FLAGS\r\n"


@pytest.mark.parametrize("closed", [b"", b"* OK [CLOSED] x\r\n"])
def test_news_of_the_mailbox_before_are_not_of_the_next(closed: bytes) -> None:
    talk = Talk()
    talk.in_mailbox(5)
    talk.submit(Noop())
    talk.submit(Select("x"))
    assert talk.hears() == b"A2 NOOP\r\nA3 SELECT x\r\n"
    # All this was under way as SELECT was sent.
    talk.says(b"* 6 EXISTS\r\n* 6 EXPUNGE\r\n* 9 EXPUNGE\r\nA2 OK x\r\n")
    talk.says(b"* 1 FETCH (FLAGS ())\r\n* 9 FETCH (FLAGS ())\r\n" + closed)
    talk.says(b"* 2 EXISTS\r\nA3 OK x\r\n")
    assert talk.events == [MailboxClosed()]
    view = talk.session.view
    assert view is not None
    assert view.exists == 2


def test_the_mod_sequence_of_the_mailbox_before_is_not_of_the_next() -> None:
    talk = Talk()
    talk.in_mailbox(5)
    talk.submit(Select("x"))
    talk.hears()
    talk.says(b"* OK [HIGHESTMODSEQ 99] x\r\n* OK [CLOSED] x\r\n")
    talk.says(b"* 2 EXISTS\r\n* OK [HIGHESTMODSEQ 5] x\r\nA2 OK x\r\n")
    view = talk.session.view
    assert view is not None
    assert view.highest_modseq == 5


def test_what_is_told_before_closed_is_no_answer_to_qresync() -> None:
    talk = Talk()
    talk.submit(Enable("QRESYNC"))
    talk.hears()
    talk.says(b"* ENABLED QRESYNC\r\nA1 OK x\r\n")
    talk.in_mailbox(5)
    pending = talk.submit(Select("x", qresync=QResync(1, 2)))
    talk.hears()
    talk.says(b"* 1 FETCH (UID 4 FLAGS ())\r\n* VANISHED (EARLIER) 3\r\n* OK [CLOSED] x\r\n")
    talk.says(b"* 1 EXISTS\r\n* VANISHED (EARLIER) 7\r\n* 1 FETCH (UID 8 FLAGS ())\r\nA3 OK x\r\n")
    result = pending.outcome()
    assert result.vanished == UIDSet(7)
    assert [message.uid for message in result.changed] == [8]


@pytest.mark.parametrize("name", ["QRESYNC", "CONDSTORE", "UIDONLY"])
def test_to_enable_what_is_about_messages_lets_others_pass(name: str) -> None:
    talk = Talk()
    talk.submit(Enable(name))
    talk.submit(Status("x", ["MESSAGES"]))
    talk.submit(Select("x"))
    assert talk.hears() == b"A1 ENABLE %s\r\nA2 STATUS x (MESSAGES)\r\n" % name.encode()
    talk.says(b"* ENABLED %s\r\nA1 OK x\r\n" % name.encode())
    assert talk.hears() == b"A3 SELECT x\r\n"


def test_to_enable_what_is_about_names_goes_alone() -> None:
    talk = Talk()
    talk.submit(Enable("QRESYNC", "UTF8=ACCEPT"))
    talk.submit(Status("x", ["MESSAGES"]))
    assert talk.hears() == b"A1 ENABLE QRESYNC UTF8=ACCEPT\r\n"


@pytest.mark.parametrize(
    "answer", [b"* OK [CLOSED] x\r\n* 2 EXISTS\r\n", b"* 2 EXISTS\r\nA2 OK x\r\n"]
)
def test_what_comes_behind_is_of_the_next_mailbox(answer: bytes) -> None:
    talk = Talk()
    talk.in_mailbox(5)
    talk.submit(Select("x"))
    talk.hears()
    talk.says(answer)
    talk.events.clear()
    talk.says(b"* 1 EXISTS\r\n")
    assert isinstance(talk.events[-1], Defect)
    talk.says(b"* 1 FETCH (FLAGS ())\r\n")
    assert isinstance(talk.events[-1], MessageChanged)


def test_vanished_counts_messages_whose_uids_are_not_known_yet() -> None:
    talk = Talk()
    talk.in_mailbox(2)
    view = talk.session.view
    assert view is not None
    assert view.track(UIDSet("1:2"))
    talk.says(b"* 4 EXISTS\r\n* VANISHED 2:3\r\n")
    assert (view.exists, view.uid(SeqNum(1)), view.uid(SeqNum(2))) == (2, 1, None)


def test_more_than_was_asked_goes_to_one_of_several_fetches() -> None:
    """A server that adds an item of its own answers the first; nothing is left for the next."""
    talk = Talk()
    talk.in_mailbox(2)
    found: list[list[Message]] = [[], []]
    for at, taken in enumerate(found, 1):
        talk.submit(Fetch(UIDSet(at), [FLAGS], taken.extend))
    talk.hears()
    talk.says(b"* 1 FETCH (UID 1 FLAGS () X-MOOD 3)\r\nA2 OK x\r\n")
    talk.says(b"* 2 FETCH (UID 2 FLAGS () X-MOOD 4)\r\nA3 OK x\r\n")
    assert [[message.uid for message in taken] for taken in found] == [[1], [2]]
