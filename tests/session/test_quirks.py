"""What real servers send, row by row: what the session makes of it.

``tests/unit/test_quirks.py`` has the list of rows, and tests how their octets are read. Each
function here is named after its row.
"""

from __future__ import annotations

from typing import Any

import pytest

from aimap import (
    BODY_PEEK,
    FLAGS,
    UNSEEN,
    AuthenticationError,
    BadError,
    ByeError,
    Capabilities,
    Message,
    NoError,
    RemoteProtocolError,
    UIDSet,
)
from aimap._commands.append import Append
from aimap._commands.connection import Enable, Id, Idle, Logout, Noop
from aimap._commands.copy import Move
from aimap._commands.fetch import Fetch
from aimap._commands.login import Authenticate, Login
from aimap._commands.mailboxes import Status
from aimap._commands.search import Search
from aimap._commands.select import Select
from aimap._model.code import AppendUIDCode
from aimap._model.fetch import FetchItem
from aimap._protocol.events import (
    Alert,
    Defect,
    MailboxGrew,
    MessageChanged,
    UnsolicitedResponse,
)
from aimap._protocol.view import MailboxView
from aimap._sasl.bearer import OAuthBearer, XOAuth2
from aimap._sasl.simple import LoginMechanism

from .support import Talk


def in_mailbox(exists: int = 3) -> tuple[Talk, MailboxView]:
    talk = Talk()
    talk.in_mailbox(exists)
    view = talk.session.view
    assert view is not None
    return talk, view


def defects(talk: Talk) -> list[str]:
    return [event.reason for event in talk.events if isinstance(event, Defect)]


def fetched(
    says: bytes, *, uids: str = "9", item: FetchItem[Any] = FLAGS
) -> tuple[list[Message], UIDSet, Talk]:
    """Fetch an item while the server says something; A2 is the tag."""
    got: list[Message] = []
    talk, _ = in_mailbox()
    pending = talk.submit(Fetch(UIDSet(uids), [item], got.extend))
    talk.hears()
    talk.says(says)
    missing = pending.outcome()
    assert isinstance(missing, UIDSet)
    return got, missing, talk


def test_id_empty_list_refused() -> None:
    talk = Talk()
    talk.submit(Id())
    assert talk.hears() == b"A1 ID NIL\r\n"


def test_enable_without_enabled() -> None:
    talk = Talk()
    pending = talk.submit(Enable("QRESYNC"))
    talk.hears()
    talk.says(b"A1 OK ENABLE completed\r\n")
    assert pending.outcome() == talk.session.enabled == Capabilities()


def test_rev2_refused() -> None:
    talk = Talk(capabilities="IMAP4rev2")
    pending = talk.submit(Enable("IMAP4rev2"))
    talk.hears()
    talk.says(b"A1 BAD x\r\n")
    with pytest.raises(BadError):
        pending.outcome()
    talk.submit(Status("Grüße", ["MESSAGES"]))
    assert talk.hears() == b'A2 STATUS "Gr&APwA3w-e" (MESSAGES)\r\n'


def test_literal_wrong_length() -> None:
    talk, _ = in_mailbox()
    pending = talk.submit(Noop())
    talk.hears()
    talk.says(b"* 1 FETCH (BODY[2] {20}\r\n" + b"x" * 25 + b")\r\nA2 OK x\r\n")
    with pytest.raises(RemoteProtocolError, match="other octets than it announced"):
        pending.outcome()


def test_stray_plus() -> None:
    talk = Talk()
    talk.says(b"+ x\r\n")
    assert defects(talk) == ["a continuation request that nothing waits for"]
    assert talk.hears() == b""


def test_stale_tagged_no() -> None:
    talk = Talk(greeting=b"* OK hi\r\n")
    talk.submit(Noop())
    talk.hears()
    talk.says(b"A1 NO x\r\n")
    login = talk.submit(Login("joe", "secret"))
    talk.hears()
    talk.says(b"A1 NO x\r\n")
    with pytest.raises(RemoteProtocolError, match="no command in flight"):
        login.outcome()


def test_tagged_bye() -> None:
    talk = Talk()
    noop = talk.submit(Noop())
    talk.hears()
    talk.says(b"A1 BYE x\r\n")
    talk.session.receive_eof()
    with pytest.raises(ByeError, match="x"):
        noop.outcome()
    assert defects(talk) == ["tagged-bye: BYE has no tag"]


def test_fetch_seq_zero() -> None:
    got, missing, talk = fetched(b"* 0 FETCH (UID 9 FLAGS (\\Seen))\r\nA2 OK x\r\n")
    assert ([m.uid for m in got], missing) == ([9], UIDSet())
    talk.says(b"* 0 FETCH (UID 8 FLAGS ())\r\n")
    assert [e.uid for e in talk.events if isinstance(e, MessageChanged)] == [8]


def test_fetch_above_exists() -> None:
    talk, view = in_mailbox(exists=3)
    talk.says(b"* 4 FETCH (UID 9)\r\n")
    assert [e.uid for e in talk.events if isinstance(e, MessageChanged)] == [9]
    assert defects(talk) == ["FETCH of a message that is not there"]
    assert view.exists == 3


def test_fetch_rfc822_missing() -> None:
    got, missing, _ = fetched(b"* 3 FETCH (UID 9)\r\nA2 OK x\r\n", item=BODY_PEEK())
    assert (got, missing) == ([], UIDSet("9"))


@pytest.mark.parametrize("name", [b"BODY[]", b"RFC822"])
def test_fetch_alias(name: bytes) -> None:
    got, missing, _ = fetched(
        b"* 3 FETCH (UID 9 %s {2}\r\nhi)\r\nA2 OK x\r\n" % name, item=BODY_PEEK()
    )
    assert ([m.body() for m in got], missing) == ([b"hi"], UIDSet())


def test_fetch_partial_no() -> None:
    got: list[Message] = []
    talk, _ = in_mailbox()
    pending = talk.submit(Fetch(UIDSet("8:9"), [FLAGS], got.extend))
    talk.hears()
    talk.says(
        b"* 2 FETCH (UID 8 FLAGS ())\r\nA2 NO Some of the requested messages no longer exist\r\n"
    )
    with pytest.raises(NoError, match="no longer exist"):
        pending.outcome()
    assert [m.uid for m in got] == [8]


def test_fetch_late() -> None:
    got, missing, talk = fetched(b"A2 OK FETCH done\r\n* 2 FETCH (UID 9 FLAGS ())\r\n")
    assert (got, missing) == ([], UIDSet("9"))
    assert [e.uid for e in talk.events if isinstance(e, MessageChanged)] == [9]


def test_search_many_lines() -> None:
    talk, _ = in_mailbox()
    pending = talk.submit(Search(UNSEEN, extended=False))
    talk.hears()
    talk.says(b"* SEARCH 3\r\n* SEARCH 5 3\r\nA2 OK x\r\n")
    assert pending.outcome() == UIDSet("3,5")


def test_search_for_esearch() -> None:
    talk, _ = in_mailbox()
    pending = talk.submit(Search(UNSEEN, extended=True))
    talk.hears()
    talk.says(b"* SEARCH 1\r\nA2 OK x\r\n")
    assert pending.outcome() == UIDSet("1")


def test_set_descending_refused() -> None:
    talk, _ = in_mailbox()
    got: list[Message] = []
    talk.submit(Fetch(UIDSet("9:1"), [FLAGS], got.extend))
    assert talk.hears() == b"A2 UID FETCH 1:9 FLAGS\r\n"


def moved(says: bytes) -> tuple[object, Talk]:
    talk = Talk()
    talk.in_mailbox(exists=300)
    pending = talk.submit(Move(UIDSet("59"), "x"))
    talk.hears()
    talk.says(says)
    code = pending.outcome()
    return (code and (code.source, code.destination)), talk


def test_copyuid_absent() -> None:
    assert moved(b"A2 OK Completed\r\n")[0] is None


def test_copyuid_empty() -> None:
    mapping, talk = moved(b"* OK [COPYUID 701  ]\r\nA2 OK x\r\n")
    assert mapping is None
    assert any(defect.startswith("code-malformed") for defect in defects(talk))


def test_copyuid_untagged() -> None:
    mapping, _ = moved(b"* OK [COPYUID 13 59 44] x\r\n* 217 EXPUNGE\r\nA2 OK x\r\n")
    assert mapping == (((59, 59),), ((44, 44),))


def test_copyuid_bare_line() -> None:
    mapping, talk = moved(b"* [COPYUID 13 59 44]\r\nA2 OK x\r\n")
    assert mapping == (((59, 59),), ((44, 44),))
    assert any(defect.startswith("copyuid-bare-line") for defect in defects(talk))


def test_uidvalidity_zero() -> None:
    talk, view = in_mailbox()
    talk.says(b"* OK [UIDVALIDITY 0] x\r\n")
    assert view.uid_validity is None
    assert any(defect.startswith("uidvalidity-zero") for defect in defects(talk))


def test_uidnext_zero() -> None:
    talk, view = in_mailbox()
    talk.says(b"* OK [UIDNEXT 0] x\r\n")
    assert view.uid_next is None


def test_uidnext_absent() -> None:
    talk = Talk()
    talk.submit(Select("INBOX"))
    talk.hears()
    talk.says(b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\nA1 OK x\r\n")
    assert talk.session.view is not None
    assert talk.session.view.uid_next is None


@pytest.mark.parametrize("modseq", [b"0", b"-1", b"8"])
def test_modseq_zero_or_minus(modseq: bytes) -> None:
    talk, view = in_mailbox()
    talk.says(b"* OK [HIGHESTMODSEQ 9] x\r\n* OK [HIGHESTMODSEQ %s] x\r\n" % modseq)
    assert view.highest_modseq == 9
    talk.says(b"* OK [HIGHESTMODSEQ 10] x\r\n")
    assert view.highest_modseq == 10


def test_seq_negative() -> None:
    talk, view = in_mailbox(exists=3)
    talk.says(b"* -1 EXPUNGE\r\n")
    assert view.exists == 3
    assert len(defects(talk)) == 1


def test_expunge_above_exists() -> None:
    talk, view = in_mailbox(exists=3)
    talk.says(b"* 4 EXPUNGE\r\n")
    assert view.exists == 3
    assert defects(talk) == ["EXPUNGE of a message that is not there"]


def test_append_no_exists() -> None:
    talk, view = in_mailbox(exists=3)
    pending = talk.submit(Append("INBOX", b"x"))
    talk.hears()
    talk.says(b"+ go on\r\n")
    talk.hears()
    talk.says(b"A2 OK [APPENDUID 7 44] x\r\n")
    assert isinstance(pending.outcome(), AppendUIDCode)
    assert view.exists == 3


def test_binary_ok_nothing() -> None:
    got, missing, _ = fetched(b"A2 OK x\r\n", item=BODY_PEEK("1"))
    assert (got, missing) == ([], UIDSet("9"))


def idling() -> Talk:
    talk = Talk()
    talk.in_mailbox(exists=1520)
    talk.session.background = Idle
    assert talk.hears() == b"A2 IDLE\r\n"
    return talk


def test_idle_exists_before_plus() -> None:
    talk = idling()
    talk.says(b"* 1521 EXISTS\r\n")
    assert [type(event) for event in talk.events] == [MailboxGrew]
    talk.submit(Noop())
    assert talk.hears() == b""
    talk.says(b"+ IDLE accepted\r\n")
    assert talk.hears() == b"DONE\r\nA3 NOOP\r\n"


def test_idle_still_here() -> None:
    talk = idling()
    talk.says(b"+ \r\n* OK Still here\r\n")
    assert [type(event) for event in talk.events] == [UnsolicitedResponse]
    assert talk.hears() == b""


def test_bye_repeated() -> None:
    talk = idling()
    idle = talk.submit(Noop())
    talk.says(b"* BYE Autologout; idle for too long\r\n" + b"* BYE again\r\n" * 50)
    talk.session.receive_eof()
    with pytest.raises(ByeError, match="idle for too long"):
        idle.outcome()
    assert isinstance(talk.session.lost, ByeError)


def test_bye_session_expired() -> None:
    talk = idling()
    talk.says(b"* BYE Session expired, please login again.\r\n")
    talk.session.receive_eof()
    assert isinstance(talk.session.lost, ByeError)
    assert talk.session.lost.text == "Session expired, please login again."


def test_sasl_login_prompt() -> None:
    talk = Talk(greeting=b"* OK hi\r\n")
    talk.submit(Authenticate("LOGIN", LoginMechanism("joe", "secret").respond))
    talk.hears()
    talk.says(b"+ VXNlciBOYW1lAA==\r\n")
    assert talk.hears() == b"am9l\r\n"


@pytest.mark.parametrize(
    ("mechanism", "answer"),
    [
        (XOAuth2("joe", "token"), b"\r\n"),
        (OAuthBearer("joe", "token", "", 0), b"AQ==\r\n"),
    ],
)
def test_xoauth2_error_json(mechanism: XOAuth2 | OAuthBearer, answer: bytes) -> None:
    talk = Talk(greeting=b"* OK hi\r\n")
    pending = talk.submit(Authenticate("X", mechanism.respond))
    talk.hears()
    talk.says(b"+ eyJzdGF0dXMiOiI0MDAifQ==\r\n")
    assert talk.hears() == answer
    talk.says(b"A1 NO x\r\n")
    with pytest.raises(AuthenticationError):
        pending.outcome()
    assert mechanism.complaint() == {"status": "400"}


def test_tag_must_start_alpha() -> None:
    talk = Talk()
    talk.submit(Noop())
    assert talk.hears()[:1].isalpha()


def test_web_login() -> None:
    talk = Talk(greeting=b"* OK hi\r\n")
    login = talk.submit(Login("joe", "secret"))
    talk.hears()
    talk.says(
        b"* NO [WEBALERT https://x] Web login required.\r\n"
        b"A1 NO [ALERT] Please log in via your web browser\r\n"
    )
    with pytest.raises(AuthenticationError, match="web browser"):
        login.outcome()
    told, alert = talk.events[-2:]
    assert isinstance(told, UnsolicitedResponse)
    assert alert == Alert("Please log in via your web browser")


def test_yahoo_limit() -> None:
    talk = Talk()
    noop = talk.submit(Noop())
    talk.hears()
    talk.says(b"* BYE IMAP4rev1 Server logging out\r\nA1 NO [LIMIT] CAPABILITY Rate limit hit.\r\n")
    with pytest.raises(NoError, match="Rate limit hit"):
        noop.outcome()


def test_eof_no_bye() -> None:
    talk = Talk()
    logout = talk.submit(Logout())
    talk.hears()
    talk.session.receive_eof()
    logout.outcome()


NAMES = [
    name.removeprefix("test_").replace("_", "-")
    for name in list(globals())
    if name.startswith("test_")
]
