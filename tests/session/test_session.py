"""What the session promises (I1 to I5, I8, I9, I12), without any I/O."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimap import (
    FLAGS,
    UID,
    UNSEEN,
    BadError,
    ByeError,
    Capabilities,
    ConnectionLostError,
    LimitExceededError,
    Limits,
    Message,
    NoError,
    RemoteProtocolError,
    SeqSet,
    StateError,
    UIDSet,
)
from aimap._commands.append import Append
from aimap._commands.base import Command
from aimap._commands.connection import Capability, Enable, Idle, Logout, Noop
from aimap._commands.copy import Move
from aimap._commands.expunge import Expunge
from aimap._commands.fetch import Fetch
from aimap._commands.listing import List
from aimap._commands.login import Authenticate, Login
from aimap._commands.mailboxes import Status
from aimap._commands.search import Search
from aimap._commands.select import Unselect
from aimap._commands.store import Store
from aimap._protocol.events import (
    Alert,
    Defect,
    MailboxGrew,
    MessageChanged,
    UnsolicitedResponse,
)
from aimap._protocol.pending import Pending

from .support import Talk


def fetch(numbers: UIDSet | SeqSet) -> tuple[Fetch, list[Message]]:
    got: list[Message] = []
    return Fetch(numbers, [FLAGS], got.extend), got


# Pipelining and the gate


def test_commands_go_out_back_to_back() -> None:
    talk = Talk()
    pending = [talk.submit(Status(f"M{n}", ["MESSAGES"])) for n in range(3)]
    assert talk.hears() == (
        b"A1 STATUS M0 (MESSAGES)\r\nA2 STATUS M1 (MESSAGES)\r\nA3 STATUS M2 (MESSAGES)\r\n"
    )
    talk.says(b"* STATUS M2 (MESSAGES 2)\r\nA3 OK x\r\n")
    assert [each.done for each in pending] == [False, False, True]
    talk.says(b"* STATUS M0 (MESSAGES 0)\r\n* STATUS M1 (MESSAGES 1)\r\nA2 OK x\r\nA1 OK x\r\n")
    assert [each.outcome().messages for each in pending] == [0, 1, 2]


def test_two_plain_searches_wait_for_each_other_and_stop_nobody_else() -> None:
    talk = Talk()
    talk.in_mailbox()
    first = talk.submit(Search(UNSEEN, extended=False))
    second = talk.submit(Search(UNSEEN, extended=False))
    talk.submit(Noop())
    assert talk.hears() == b"A2 UID SEARCH UNSEEN\r\nA3 NOOP\r\n"
    talk.says(b"* SEARCH 1 2\r\nA2 OK x\r\n")
    assert talk.hears() == b"A4 UID SEARCH UNSEEN\r\n"
    talk.says(b"* SEARCH 2\r\nA4 OK x\r\n")
    assert (first.outcome(), second.outcome()) == (UIDSet("1:2"), UIDSet("2"))


def test_extended_searches_pipeline_and_the_tag_decides() -> None:
    talk = Talk()
    talk.in_mailbox()
    first = talk.submit(Search(UNSEEN, extended=True))
    second = talk.submit(Search(UNSEEN, extended=True))
    assert talk.hears().count(b"\r\n") == 2
    talk.says(
        b'* ESEARCH (TAG "A3") UID ALL 7:9\r\n* ESEARCH (TAG "A2") UID ALL 1\r\n'
        b"A3 OK x\r\nA2 OK x\r\n"
    )
    assert (first.outcome(), second.outcome()) == (UIDSet("1"), UIDSet("7:9"))


def test_esearch_without_a_hit_is_empty() -> None:
    talk = Talk()
    talk.in_mailbox()
    search = talk.submit(Search(UNSEEN, extended=True))
    talk.hears()
    talk.says(b'* ESEARCH (TAG "A2") UID\r\nA2 OK x\r\n')
    assert search.outcome() == UIDSet()


def test_a_barrier_waits_and_is_not_starved() -> None:
    talk = Talk()
    talk.in_mailbox()
    talk.submit(Search(UNSEEN, extended=False))
    talk.submit(Unselect())
    late = talk.submit(Search(UNSEEN, extended=False))
    talk.submit(Status("x", ["MESSAGES"]))
    # STATUS is affected by neither; the second SEARCH must not overtake UNSELECT.
    assert talk.hears() == b"A2 UID SEARCH UNSEEN\r\nA3 STATUS x (MESSAGES)\r\n"
    talk.says(b"* SEARCH\r\nA2 OK x\r\n")
    assert talk.hears() == b"A4 UNSELECT\r\n"
    talk.says(b"A4 OK x\r\n")
    assert talk.hears() == b""
    with pytest.raises(StateError, match="no mailbox is selected"):
        late.outcome()


def test_sequence_numbers_are_not_used_behind_what_may_expunge() -> None:
    talk = Talk()
    talk.in_mailbox()
    talk.submit(Noop())
    talk.submit(fetch(SeqSet("1"))[0])
    talk.submit(fetch(SeqSet("2"))[0])
    assert talk.hears() == b"A2 NOOP\r\n"
    talk.says(b"A2 OK x\r\n")
    assert talk.hears() == b"A3 FETCH 1 FLAGS\r\nA4 FETCH 2 FLAGS\r\n"


def test_nothing_follows_login_and_logout() -> None:
    barriers: list[Command[Any]] = [Logout(), Enable("X")]
    for barrier in barriers:
        talk = Talk()
        talk.submit(barrier)
        talk.submit(Noop())
        assert talk.hears().count(b"\r\n") == 1


def test_depth_is_bounded() -> None:
    talk = Talk(limits=Limits(pipeline_depth=2))
    for _ in range(3):
        talk.submit(Noop())
    assert talk.hears() == b"A1 NOOP\r\nA2 NOOP\r\n"
    talk.says(b"A2 OK x\r\n")
    assert talk.hears() == b"A3 NOOP\r\n"


# Claims


def test_the_set_decides_which_fetch_gets_a_message() -> None:
    # Dovecot 2.3 answers pipelined UID FETCHes in blocks: first the data, then the tags.
    talk = Talk()
    talk.in_mailbox()
    wanted = [fetch(UIDSet(uid)) for uid in (11, 12, 13)]
    pending = [talk.submit(command) for command, _ in wanted]
    talk.hears()
    talk.says(
        b"* 3 FETCH (UID 13 FLAGS ())\r\n* 1 FETCH (UID 11 FLAGS ())\r\n"
        b"* 2 FETCH (UID 12 FLAGS (\\Seen))\r\nA2 OK x\r\nA3 OK x\r\nA4 OK x\r\n"
    )
    assert [[m.uid for m in got] for _, got in wanted] == [[11], [12], [13]]
    assert [each.outcome() for each in pending] == [UIDSet(), UIDSet(), UIDSet()]


def test_unasked_data_in_a_fetch_are_news_and_not_its_answer() -> None:
    talk = Talk()
    talk.in_mailbox()
    command, got = fetch(UIDSet("5:6"))
    pending = talk.submit(command)
    talk.hears()
    talk.says(
        b"* 1 FETCH (UID 5 FLAGS ())\r\n"
        b"* 1 FETCH (UID 5 FLAGS (\\Seen))\r\n"
        b"* 9 FETCH (UID 99 FLAGS ())\r\n"
        b"* 2 FETCH (UID 6)\r\n"
        b"A2 OK x\r\n"
    )
    assert [m.uid for m in got] == [5]
    assert pending.outcome() == UIDSet("6")
    changed = [event.uid for event in talk.events if isinstance(event, MessageChanged)]
    assert changed == [5, 99, 6]


def test_flags_beyond_what_was_asked_are_news_too() -> None:
    from aimap import ENVELOPE

    got: list[Message] = []
    talk = Talk()
    talk.in_mailbox()
    talk.submit(Fetch(UIDSet("5"), [ENVELOPE], got.extend))
    talk.hears()
    envelope = b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"
    talk.says(b"* 1 FETCH (UID 5 FLAGS (\\Seen) ENVELOPE %s)\r\nA2 OK x\r\n" % envelope)
    assert len(got) == 1
    assert isinstance(talk.events[0], MessageChanged)


def test_a_late_answer_is_an_event_and_the_message_missing() -> None:
    # Apache James sends some FETCH responses behind the tagged OK.
    talk = Talk()
    talk.in_mailbox()
    command, got = fetch(UIDSet("9"))
    pending = talk.submit(command)
    talk.hears()
    talk.says(b"A2 OK FETCH done\r\n* 2 FETCH (UID 9 FLAGS ())\r\n")
    assert (got, pending.outcome()) == ([], UIDSet("9"))
    assert talk.events == [MessageChanged(talk.events[0].message, UID(9))]  # type: ignore[union-attr]


def test_status_answers_by_name_inbox_in_any_case() -> None:
    talk = Talk()
    pending = talk.submit(Status("inbox", ["MESSAGES"]))
    assert talk.hears() == b"A1 STATUS INBOX (MESSAGES)\r\n"
    talk.says(b"* STATUS other (MESSAGES 5)\r\n* STATUS Inbox (MESSAGES 3)\r\nA1 OK x\r\n")
    assert pending.outcome().messages == 3
    assert isinstance(talk.events[0], UnsolicitedResponse)


def test_unsolicited_list_is_an_event() -> None:
    talk = Talk()
    talk.says(b'* LIST () "/" x\r\n')
    pending = talk.submit(List("*"))
    talk.hears()
    talk.says(b'* LIST () "/" y\r\nA1 OK x\r\n')
    assert [info.name for info in pending.outcome()] == ["y"]
    assert len(talk.events) == 1


def test_copyuid_may_come_untagged_and_only_for_what_was_asked() -> None:
    talk = Talk()
    talk.in_mailbox()
    move = talk.submit(Move(UIDSet("3"), "x"))
    talk.hears()
    talk.says(
        b"* OK [COPYUID 13 9 44] not ours\r\n* OK [COPYUID 13 3 44] moved\r\n"
        b"* 1 EXPUNGE\r\nA2 OK x\r\n"
    )
    code = move.outcome()
    assert code is not None
    assert (code.source, code.destination) == (((3, 3),), ((44, 44),))


# Cancellation (I4)


def test_cancelled_before_it_is_sent_is_never_sent() -> None:
    talk = Talk()
    pending = talk.submit(Noop())
    talk.session.abandon(pending)
    assert talk.hears() == b""


def test_cancelled_while_queued_frees_what_waits_for_it() -> None:
    talk = Talk()
    talk.in_mailbox()
    talk.submit(Search(UNSEEN, extended=False))
    barrier = talk.submit(Unselect())
    talk.submit(Search(UNSEEN, extended=True))
    assert talk.hears() == b"A2 UID SEARCH UNSEEN\r\n"
    talk.session.abandon(barrier)
    assert talk.hears() == b"A3 UID SEARCH RETURN (ALL) UNSEEN\r\n"


def test_cancelled_in_flight_its_answers_are_its_own_still() -> None:
    talk = Talk()
    talk.in_mailbox()
    command, _ = fetch(UIDSet("1:2"))
    abandoned = talk.submit(command)
    talk.hears()
    talk.session.abandon(abandoned)
    other_command, got = fetch(UIDSet("3"))
    other = talk.submit(other_command)
    talk.hears()
    talk.says(
        b"* 1 FETCH (UID 1 FLAGS ())\r\n* 2 FETCH (UID 2 FLAGS ())\r\nA2 OK x\r\n"
        b"* 3 FETCH (UID 3 FLAGS ())\r\nA3 OK x\r\n"
    )
    assert not talk.events
    assert [m.uid for m in got] == [3]
    assert other.outcome() == UIDSet()


def test_an_abandoned_upload_is_still_sent_whole() -> None:
    talk = Talk()
    pending = talk.submit(Append("x", b"hello"))
    behind = talk.submit(Noop())
    assert talk.hears() == b"A1 APPEND x {5}\r\n"
    talk.session.abandon(pending)
    assert talk.hears() == b""
    talk.says(b"+ go on\r\n")
    assert talk.hears() == b"hello\r\nA2 NOOP\r\n"
    talk.says(b"A1 OK x\r\nA2 OK x\r\n")
    assert behind.done


# Literals


def test_literal_plus_needs_no_waiting() -> None:
    talk = Talk(capabilities="LITERAL+")
    talk.submit(Append("x", b"hello"))
    assert talk.hears() == b"A1 APPEND x {5+}\r\nhello\r\n"


def test_literal_minus_is_for_small_ones() -> None:
    talk = Talk(capabilities="LITERAL-")
    talk.submit(Append("x", b"h" * 4096))
    assert b"{4096+}" in talk.hears()
    talk.submit(Append("x", b"h" * 4097))
    assert talk.hears().endswith(b"{4097}\r\n")


def test_no_instead_of_a_continuation() -> None:
    talk = Talk()
    pending = talk.submit(Append("x", b"hello"))
    talk.submit(Noop())
    talk.hears()
    talk.says(b"A1 NO [TRYCREATE] no such mailbox\r\n")
    with pytest.raises(NoError):
        pending.outcome()
    assert talk.hears() == b"A2 NOOP\r\n"


# IDLE in the background


def test_idle_gives_way_and_comes_back() -> None:
    talk = Talk()
    talk.in_mailbox()
    talk.session.background = Idle
    assert talk.hears() == b"A2 IDLE\r\n"
    noop = talk.submit(Noop())
    assert talk.hears() == b""  # never DONE before the "+"
    talk.says(b"* 4 EXISTS\r\n+ idling\r\n")
    assert talk.hears() == b"DONE\r\nA3 NOOP\r\n"
    talk.says(b"A2 OK x\r\nA3 OK x\r\n")
    assert noop.done
    assert talk.hears() == b"A4 IDLE\r\n"
    talk.session.background = None
    talk.says(b"+ idling\r\n")
    assert talk.hears() == b"DONE\r\n"
    assert MailboxGrew(4, 4) in talk.events  # type: ignore[arg-type]


def test_idle_is_renewed_on_demand() -> None:
    talk = Talk()
    talk.in_mailbox()
    talk.session.background = Idle
    talk.hears()
    talk.says(b"+ idling\r\n")
    talk.session.end_background()
    assert talk.hears() == b"DONE\r\n"
    talk.says(b"A2 OK x\r\n")
    assert talk.hears() == b"A3 IDLE\r\n"


# Logging in


def test_capabilities_are_forgotten_on_login() -> None:
    talk = Talk(greeting=b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\r\n")
    login = talk.submit(Login("joe", "secret"))
    talk.hears()
    talk.says(b"A1 OK done\r\n")
    login.outcome()
    assert talk.session.capabilities is None
    capability = talk.submit(Capability())
    talk.hears()
    talk.says(b"* CAPABILITY IMAP4rev1 IDLE\r\nA2 OK x\r\n")
    assert capability.outcome() == Capabilities(["IMAP4rev1", "IDLE"])
    assert talk.session.capabilities == capability.outcome()


def test_a_refused_login_keeps_them_and_hides_the_password() -> None:
    talk = Talk(greeting=b"* OK [CAPABILITY IMAP4rev1 X] hi\r\n")
    login = talk.submit(Login("joe", "hunter2"))
    talk.hears()
    talk.says(b"A1 NO bad password hunter2\r\n")
    with pytest.raises(NoError) as caught:
        login.outcome()
    assert "hunter2" not in str(caught.value) + repr(caught.value)
    assert talk.session.capabilities is not None
    assert "X" in talk.session.capabilities


def test_authenticate_exchanges_base64() -> None:
    talk = Talk(greeting=b"* OK hi\r\n")
    pending = talk.submit(Authenticate("TEST", lambda c: c + b"!", initial=b"me"))
    assert talk.hears() == b"A1 AUTHENTICATE TEST\r\n"
    talk.says(b"+ \r\n")
    assert talk.hears() == b"bWU=\r\n"
    talk.says(b"+ aGk=\r\n")
    assert talk.hears() == b"aGkh\r\n"
    talk.says(b"A1 OK x\r\n")
    pending.outcome()


def test_authenticate_does_not_go_on_for_ever() -> None:
    talk = Talk(greeting=b"* OK hi\r\n")
    pending = talk.submit(Authenticate("TEST", lambda c: b"", max_challenges=2))
    talk.hears()
    for _ in range(3):
        talk.says(b"+ \r\n")
    assert talk.hears().endswith(b"*\r\n")
    talk.says(b"A1 BAD called off\r\n")
    with pytest.raises(NoError, match="does not stop asking"):
        pending.outcome()


def test_enabled_unasked_changes_nothing() -> None:
    talk = Talk()
    talk.says(b"* ENABLED UTF8=ACCEPT\r\n")
    assert not talk.session.enabled
    enable = talk.submit(Enable("UTF8=ACCEPT"))
    talk.hears()
    talk.says(b"* ENABLED UTF8=ACCEPT\r\nA1 OK x\r\n")
    assert "UTF8=ACCEPT" in enable.outcome()
    talk.submit(Status("Grüße", ["MESSAGES"]))
    assert talk.hears() == 'A2 STATUS "Grüße" (MESSAGES)\r\n'.encode()


# The end


def test_every_pending_command_gets_an_error_of_its_own() -> None:
    talk = Talk()
    pending: list[Pending[Any]] = [
        talk.submit(Noop()),
        talk.submit(Enable("X")),
        talk.submit(Noop()),
    ]
    talk.hears()
    talk.session.receive_eof()
    errors: list[Exception] = []
    for each in pending:
        with pytest.raises(ConnectionLostError) as caught:
            each.outcome()
        errors.append(caught.value)
    assert len({id(error) for error in errors}) == 3
    with pytest.raises(ConnectionLostError):
        talk.submit(Noop()).outcome()
    assert talk.hears() == b""


def test_bye_says_why_and_a_tagged_line_behind_it_is_read() -> None:
    talk = Talk()
    first, second = talk.submit(Noop()), talk.submit(Noop())
    talk.hears()
    talk.says(b"* BYE logging out\r\nA1 NO [LIMIT] Rate limit hit.\r\n")
    with pytest.raises(NoError, match="Rate limit"):
        first.outcome()
    assert not second.done
    talk.session.receive_eof()
    with pytest.raises(ByeError, match="logging out"):
        second.outcome()


def test_logout_succeeds_by_the_end_of_the_connection() -> None:
    talk = Talk()
    logout = talk.submit(Logout())
    talk.hears()
    talk.session.receive_eof()
    logout.outcome()


def test_a_tag_not_ours_is_a_defect() -> None:
    talk = Talk()
    talk.says(b"CAPABILITY completed.\r\nX1 OK x\r\n")
    assert [type(event) for event in talk.events] == [Defect, Defect]
    assert talk.session.lost is None


def test_a_response_that_does_not_parse_costs_itself() -> None:
    talk = Talk()
    noop = talk.submit(Noop())
    talk.hears()
    talk.says(b"* 3 FETCH (UID \r\n* SEARCH 99999999999\r\nA1 OK x\r\n")
    noop.outcome()
    assert [type(event) for event in talk.events] == [Defect, Defect]


def test_alert_reaches_the_user() -> None:
    talk = Talk()
    talk.says(b"* OK [ALERT] down at noon\r\n")
    assert talk.events == [Alert("down at noon")]


@pytest.mark.parametrize("greeting", [b"garbage\r\n", b"* NO x\r\n", b"* 1 EXISTS\r\n", b"+ x\r\n"])
def test_bad_greetings(greeting: bytes) -> None:
    assert isinstance(Talk(greeting=greeting).session.lost, RemoteProtocolError)


def test_endless_greeting() -> None:
    talk = Talk(greeting=b"* OK " + b"x" * 70_000)
    assert isinstance(talk.session.lost, LimitExceededError)


def test_bad_is_an_error_of_its_own() -> None:
    talk = Talk()
    noop = talk.submit(Noop())
    talk.hears()
    talk.says(b"A1 BAD what?\r\n")
    with pytest.raises(BadError, match="NOOP failed: what"):
        noop.outcome()


def test_an_argument_that_cannot_be_sent_sends_nothing() -> None:
    from aimap import InvalidArgumentError

    talk = Talk()
    pending = talk.submit(Append("x", b"a\0b"))
    talk.submit(Noop())
    assert talk.hears() == b"A1 NOOP\r\n"
    with pytest.raises(InvalidArgumentError, match="NUL"):
        pending.outcome()


SCRIPT = (
    b"* 4 EXISTS\r\n* 2 EXPUNGE\r\n* OK [ALERT] {3}\r\n* 1 FETCH (UID 5 FLAGS (\\Seen))\r\n"
    b"* 2 FETCH (UID 7 FLAGS () BODY[] {5}\r\na\r\n)\r)\r\n* STATUS x (MESSAGES 3)\r\n"
    b'* LIST () "/" {3}\r\na b\r\n* NONSENSE 1\r\ngarbage\r\nA2 OK done\r\n* BYE x\r\n'
)


@given(st.lists(st.integers(1, 12), min_size=1))
def test_any_chunking_gives_the_same_events(sizes: list[int]) -> None:
    def run(pieces: list[bytes]) -> tuple[object, ...]:
        talk = Talk()
        talk.in_mailbox()
        got: list[Message] = []
        pending = talk.submit(Fetch(UIDSet("5:7"), [FLAGS], got.extend))
        talk.hears()
        for piece in pieces:
            talk.session.receive_data(piece)
        return talk.events, got, pending.outcome(), talk.session.said_bye

    pieces: list[bytes] = []
    rest = SCRIPT
    while rest:
        for size in sizes:
            pieces.append(rest[:size])
            rest = rest[size:]
    assert run(pieces) == run([SCRIPT])


def test_store_and_expunge_by_uid_pipeline() -> None:
    talk = Talk()
    talk.in_mailbox()
    talk.submit(Store(UIDSet("1:3"), "+", ["\\Deleted"]))
    talk.submit(Expunge(UIDSet("1:3")))
    assert talk.hears() == (b"A2 UID STORE 1:3 +FLAGS.SILENT (\\Deleted)\r\nA3 UID EXPUNGE 1:3\r\n")


def test_inprogress_is_of_the_command_that_it_names() -> None:
    """RFC 9585 section 3."""
    talk = Talk()
    first, second = talk.submit(Noop()), talk.submit(Noop())
    talk.hears()
    talk.says(b'* OK [INPROGRESS ("A2" 454 1000)] working\r\n')
    assert first.progress is None
    assert second.progress is not None
    assert (second.progress.progress, second.progress.goal) == (454, 1000)
    assert talk.events == []
    talk.says(b'* OK [INPROGRESS ("A9" 1 2)] whose?\r\n* OK [INPROGRESS] x\r\n')
    assert len(talk.events) == 2
