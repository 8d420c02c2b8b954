"""What a hostile server may say at the wrong time, as far as it is a matter of the session.

Each function is named after its attack.
"""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from aimap import (
    FLAGS,
    UID,
    ByeError,
    ConnectionLostError,
    Message,
    NoError,
    RemoteProtocolError,
    SeqNum,
    StateError,
    UIDSet,
)
from aimap._commands.append import Append
from aimap._commands.base import Command
from aimap._commands.connection import Idle, Noop, StartTLS
from aimap._commands.expunge import Expunge
from aimap._commands.fetch import Fetch
from aimap._commands.login import Authenticate, Login
from aimap._commands.mailboxes import Status
from aimap._commands.search import Search
from aimap._commands.select import Select
from aimap._model.search import ALL
from aimap._model.state import ConnectionState
from aimap._protocol.events import (
    Defect,
    MailboxClosed,
    MailboxGrew,
    MessageChanged,
    MessageExpunged,
    UnsolicitedResponse,
)
from aimap._protocol.pending import Pending

from .support import Talk

CLEAR = b"* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n"


def fetch(uids: str) -> tuple[Fetch, list[Message]]:
    got: list[Message] = []
    return Fetch(UIDSet(uids), [FLAGS], got.extend), got


def outcome(pending: Pending[Any]) -> object:
    """Return the result, or the error."""
    assert pending.done
    try:
        return pending.outcome()
    except Exception as error:  # noqa: BLE001
        return error


def defects(talk: Talk) -> list[str]:
    return [event.reason for event in talk.events if isinstance(event, Defect)]


# Continuation requests


@pytest.mark.parametrize("stray", [b"+ x\r\n", b"+\r\n", b"+ \r\n+ \r\n"])
def test_continuation_stray(stray: bytes) -> None:
    talk = Talk()
    talk.says(stray)
    assert talk.hears() == b""
    noop = talk.submit(Noop())
    assert talk.hears() == b"A1 NOOP\r\n"
    talk.says(stray)
    assert talk.hears() == b""
    talk.says(b"A1 OK x\r\n")
    assert outcome(noop) is None
    told = [reason for reason in defects(talk) if "nothing waits for" in reason]
    assert len(told) == 2 * stray.count(b"+")


def test_continuation_stray_twice() -> None:
    talk = Talk()
    append, status = talk.submit(Append("x", b"hello")), talk.submit(Noop())
    assert talk.hears() == b"A1 APPEND x {5}\r\n"
    talk.says(b"+ go\r\n+ go\r\n")
    assert talk.hears() == b"hello\r\nA2 NOOP\r\n"
    assert len(defects(talk)) == 1
    talk.says(b"A1 OK x\r\nA2 OK x\r\n")
    assert (outcome(append), outcome(status)) == (None, None)


def test_continuation_stray_after_no() -> None:
    talk = Talk()
    append = talk.submit(Append("x", b"hello"))
    talk.hears()
    talk.says(b"A1 NO x\r\n+ go\r\n")
    assert talk.hears() == b""
    assert isinstance(outcome(append), NoError)
    assert len(defects(talk)) == 1


def test_ok_before_literal() -> None:
    talk = Talk()
    pending = talk.submit(Append("x", b"hello"))
    talk.hears()
    talk.says(b"A1 OK [APPENDUID 1 2] done\r\n")
    error = outcome(pending)
    assert isinstance(error, RemoteProtocolError)
    assert "only a part was sent" in str(error)
    assert talk.hears() == b""


# Tags


@pytest.mark.parametrize("line", [b"A9 OK x", b"A1 OK x", b"A0 NO x", b"A99999999999999 BAD x"])
def test_tag_unknown(line: bytes) -> None:
    talk = Talk()
    first = talk.submit(Noop())
    talk.hears()
    talk.says(b"A1 OK x\r\n")
    others: list[Command[Any]] = [Noop(), Status("x", ["MESSAGES"]), Append("x", b"hello")]
    pending = [talk.submit(command) for command in others]
    talk.hears()
    talk.says(line + b"\r\nA2 OK x\r\n")
    assert outcome(first) is None
    errors = [outcome(each) for each in pending]
    assert all(isinstance(error, RemoteProtocolError) for error in errors)
    assert len({id(error) for error in errors}) == 3


def test_tag_of_queued() -> None:
    talk = Talk()
    talk.in_mailbox()
    select, gated = talk.submit(Select("x")), talk.submit(Expunge())
    assert talk.hears() == b"A2 SELECT x\r\n"
    talk.says(b"A3 OK done\r\n")
    assert isinstance(outcome(gated), RemoteProtocolError)
    assert isinstance(outcome(select), RemoteProtocolError)
    assert talk.hears() == b""


# The end


def anywhere() -> list[Any]:
    """Return what is in flight, what the server says of it, and what is heard before."""
    authenticate = Authenticate("PLAIN", lambda _: None, initial=b"x", in_command=False)
    return [
        pytest.param(None, [fetch("1:3")[0]], b"* 1 FETCH (UID 1 FLAGS ())\r\n", id="in a FETCH"),
        pytest.param(None, [Append("x", b"hello")], b"+ go\r\n", id="after +"),
        pytest.param(None, [Append("x", b"hello"), Noop()], b"", id="before +"),
        pytest.param(None, [Idle()], b"+ idling\r\n", id="in IDLE"),
        pytest.param(CLEAR, [StartTLS()], b"", id="in the start of TLS"),
        pytest.param(CLEAR, [Login("joe", "secret")], b"", id="in LOGIN"),
        pytest.param(CLEAR, [authenticate], b"+ \r\n", id="in AUTHENTICATE"),
        pytest.param(None, [Noop() for _ in range(9)], b"A2 OK x\r\n", id="with many in flight"),
    ]


@pytest.mark.parametrize(("greeting", "commands", "said"), anywhere())
def test_bye_anywhere(greeting: bytes | None, commands: list[Command[Any]], said: bytes) -> None:
    talk = Talk(greeting=greeting)
    if greeting is None:
        talk.in_mailbox()
    pending = [talk.submit(command) for command in commands]
    talk.hears()
    talk.session.receive_data(said)
    talk.hears()
    talk.says(b"* BYE [UNAVAILABLE] going down\r\n")
    late = talk.submit(Noop())
    assert talk.hears() == b""
    talk.session.receive_eof()
    assert isinstance(talk.session.lost, ByeError)
    ended = [outcome(each) for each in (*pending, late)]
    for error in ended:
        if error is not None:
            assert isinstance(error, ByeError)
            assert error.text == "going down"
    assert ended.count(None) == said.count(b" OK ")


def test_bye_anywhere_as_the_greeting() -> None:
    talk = Talk(greeting=b"* BYE [UNAVAILABLE] not today\r\n")
    assert isinstance(outcome(talk.submit(Noop())), ByeError)
    assert talk.hears() == b""


def test_eof_as_empty() -> None:
    talk = Talk()
    talk.in_mailbox()
    command, got = fetch("1:3")
    pending: list[Pending[Any]] = [
        talk.submit(command),
        talk.submit(Search(ALL, extended=False)),
    ]
    talk.hears()
    talk.says(b"* 1 FETCH (UID 1 FLAGS ())\r\n* SEARCH 1\r\n* 2 FETCH (UID 2 FLAGS (")
    talk.session.receive_eof()
    for each in pending:
        assert isinstance(outcome(each), ConnectionLostError)
    assert [message.uid for message in got] == [1]


# The mailbox


@pytest.mark.parametrize("lie", [b"* 0 EXPUNGE", b"* 4 EXPUNGE", b"* 4294967295 EXPUNGE"])
@pytest.mark.parametrize("tracking", [True, False])
def test_expunge_lies(lie: bytes, tracking: bool) -> None:
    talk = Talk()
    talk.in_mailbox(exists=3)
    view = talk.session.view
    assert view is not None
    if tracking:
        assert view.track(UIDSet("5,6,9"))
    talk.says(lie + b"\r\n" + lie + b"\r\n")
    assert view.exists == 3
    assert len(defects(talk)) == 2
    assert not any(isinstance(event, MessageExpunged) for event in talk.events)
    # Which UID a number means is not known any more.
    assert not view.tracking or not lie.startswith(b"* 4")
    talk.says(b"* 1 EXPUNGE\r\n" * 4)
    assert view.exists == 0


def test_exists_lies() -> None:
    tracemalloc.start()
    try:
        talk = Talk()
        talk.in_mailbox(exists=1)
        view = talk.session.view
        assert view is not None
        assert view.track(UIDSet("5"))
        talk.says(b"* 4294967295 EXISTS\r\n")
        assert view.exists == 4294967295
        assert talk.events == [MailboxGrew(SeqNum(2), SeqNum(4294967295))]
        talk.says(b"* 10000000 FETCH (UID 4000000000 FLAGS ())\r\n")
        talk.says(b"* 3 EXISTS\r\n")
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
    assert view.exists == 3
    assert "EXISTS lower than before without EXPUNGE" in defects(talk)
    assert not view.tracking


def test_uidvalidity_change() -> None:
    talk = Talk()
    talk.in_mailbox()
    view = talk.session.view
    assert view is not None
    talk.says(b"* OK [UIDVALIDITY 7] the same\r\n")
    assert talk.session.view is view
    queued = talk.submit(Append("x", b"hello")), talk.submit(fetch("1")[0])
    talk.hears()
    talk.says(b"* OK [UIDVALIDITY 8] new ones\r\n")
    assert view.uid_validity == 7
    assert MailboxClosed() in talk.events
    assert len(defects(talk)) == 1
    assert talk.session.state is ConnectionState.AUTHENTICATED
    # No UID of before is sent any more.
    talk.says(b"+ go\r\n")
    assert talk.hears() == b"hello\r\n"
    assert isinstance(outcome(queued[1]), StateError)
    # Selected anew, all is well.
    talk.in_mailbox()


def test_uid_reuse() -> None:
    lies = (
        b"* 2 FETCH (UID 5 FLAGS ())\r\n",
        b"* 2 FETCH (UID 7 FLAGS ())\r\n",
        b"* 4 FETCH (UID 8 FLAGS ())\r\n",
        b"* 4 FETCH (UID 9 FLAGS ())\r\n",
    )
    for lie in lies:
        talk = Talk()
        talk.in_mailbox(exists=3)
        view = talk.session.view
        assert view is not None
        assert view.track(UIDSet("5,6,9"))
        talk.says(b"* 4 EXISTS\r\n* 2 FETCH (UID 6 FLAGS ())\r\n")
        assert defects(talk) == []
        talk.says(lie)
        assert defects(talk) == ["UIDs that do not ascend, or have changed"]
        # Nothing is told of a message by a UID that may be another's.
        assert not view.tracking
        assert talk.session.lost is None


def test_uid_reuse_is_no_arrival() -> None:
    talk = Talk()
    talk.in_mailbox(exists=3)
    view = talk.session.view
    assert view is not None
    assert view.track(UIDSet("5,6,9"))
    talk.says(b"* 5 EXISTS\r\n* 5 FETCH (UID 12 FLAGS ())\r\n* 4 FETCH (UID 10 FLAGS ())\r\n")
    assert defects(talk) == []
    assert [view.uid(SeqNum(seq)) for seq in (3, 4, 5)] == [9, 10, 12]


def test_appenduid_unasked() -> None:
    talk = Talk()
    talk.in_mailbox()
    noop, append = talk.submit(Noop()), talk.submit(Append("x", b"hello"))
    talk.hears()
    talk.says(b"* OK [APPENDUID 1 2] x\r\nA2 OK [APPENDUID 1 2] x\r\n+ go\r\n")
    assert outcome(noop) is None
    assert [type(event) for event in talk.events] == [UnsolicitedResponse]
    talk.hears()
    talk.says(b"A3 OK x\r\n")
    assert outcome(append) is None
    assert talk.session.view is not None
    assert talk.session.view.uid_validity == 7


def test_fetch_other_uid() -> None:
    talk = Talk()
    talk.in_mailbox(exists=9)
    command, got = fetch("2,4")
    pending = talk.submit(command)
    talk.hears()
    talk.says(
        b"* 1 FETCH (UID 1 FLAGS ())\r\n"  # a UID that was not asked for
        b'* 2 FETCH (UID 2 BODY[] "evil")\r\n'  # a section that was not asked for
        b"* 3 FETCH (FLAGS ())\r\n"  # no UID at all
        b"* 4 FETCH (UID 4 FLAGS ())\r\n"
        b"* 4 FETCH (UID 4 FLAGS (again))\r\n"  # once more
        b"A2 OK x\r\n"
    )
    assert [(message.uid, dict(message.items).keys()) for message in got] == [(4, {"UID", "FLAGS"})]
    assert outcome(pending) == UIDSet("2")
    news = [event for event in talk.events if isinstance(event, MessageChanged)]
    assert [event.uid for event in news] == [UID(1), UID(2), None, UID(4)]
