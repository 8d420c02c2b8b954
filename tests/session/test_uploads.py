"""Uploads in the session: octets that come later, whole or not at all (I4, I6)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimap import ConnectionLostError, InvalidArgumentError, NoError, StateError
from aimap._commands.append import MultiAppend
from aimap._commands.connection import Noop
from aimap._model.appending import AppendMessage, AppendUpload
from aimap._model.code import AppendUIDCode
from aimap._model.upload import Upload
from aimap._protocol.pending import Pending

from .support import Talk


def upload(talk: Talk, size: int, flags: tuple[str, ...] = ()) -> Pending[AppendUIDCode | None]:
    return talk.submit(MultiAppend("Drafts", [AppendUpload(Upload(size), flags=flags)]))


def test_waits_for_the_server_then_for_the_octets() -> None:
    talk = Talk()
    pending = upload(talk, 6, ("\\Seen",))
    noop = talk.submit(Noop())
    assert talk.hears() == b"A1 APPEND Drafts (\\Seen) {6}\r\n"
    with pytest.raises(StateError, match="its turn"):
        talk.session.upload(pending, b"abc")
    assert not talk.session.awaits_upload
    talk.says(b"+ go\r\n")
    assert talk.session.awaits_upload
    assert talk.hears() == b""
    talk.session.upload(pending, b"abc")
    assert talk.hears() == b"abc"
    talk.session.upload(pending, b"def")
    assert talk.hears() == b"def\r\nA2 NOOP\r\n"
    talk.says(b"A1 OK [APPENDUID 1 9] x\r\nA2 OK x\r\n")
    stored = pending.outcome()
    assert stored is not None
    assert list(stored.uids) == [9]
    assert noop.done


def test_has_its_turn_at_once_where_the_server_waits_for_nothing() -> None:
    talk = Talk(capabilities="LITERAL+")
    pending = upload(talk, 3)
    assert talk.hears() == b"A1 APPEND Drafts {3+}\r\n"
    assert talk.session.awaits_upload
    talk.session.upload(pending, b"abc")
    assert talk.hears() == b"abc\r\n"


def test_refused_instead_of_the_continuation_request() -> None:
    talk = Talk()
    pending = upload(talk, 3)
    talk.hears()
    talk.says(b"A1 NO [OVERQUOTA] full\r\n")
    with pytest.raises(NoError, match="full"):
        pending.outcome()
    talk.session.abandon(pending)
    talk.submit(Noop())
    assert talk.hears() == b"A2 NOOP\r\n"


def test_refused_in_the_middle_goes_on_to_its_end() -> None:
    """The server counts octets: what it was told of has to come, or framing is lost."""
    talk = Talk(capabilities="LITERAL+")
    pending = upload(talk, 6)
    noop = talk.submit(Noop())
    talk.hears()
    talk.session.upload(pending, b"abc")
    talk.says(b"A1 NO [OVERQUOTA] full\r\n")
    assert pending.done
    assert talk.hears() == b"abc"
    talk.session.upload(pending, b"def")
    assert talk.hears() == b"def\r\nA2 NOOP\r\n"
    talk.says(b"A2 OK x\r\n")
    noop.outcome()


def test_ok_before_all_of_it_is_no_success() -> None:
    talk = Talk(capabilities="LITERAL+")
    pending = upload(talk, 6)
    talk.hears()
    talk.session.upload(pending, b"abc")
    talk.says(b"A1 OK stored\r\n")
    assert talk.session.lost is not None
    with pytest.raises(ConnectionLostError, match="only a part"):
        pending.outcome()


@pytest.mark.parametrize("capabilities", ["", "LITERAL+"])
@pytest.mark.parametrize("sent", [b"", b"ab"])
def test_given_up_once_announced_ends_the_connection(capabilities: str, sent: bytes) -> None:
    talk = Talk(capabilities=capabilities)
    pending = upload(talk, 3)
    noop = talk.submit(Noop())
    talk.hears()
    if sent:
        talk.says(b"+ go\r\n")
        talk.session.upload(pending, sent)
    talk.session.abandon(pending)
    with pytest.raises(ConnectionLostError, match="given up half sent"):
        noop.outcome()
    assert talk.hears() == b""


def test_given_up_after_a_refusal_in_the_middle_ends_the_connection() -> None:
    talk = Talk(capabilities="LITERAL+")
    pending = upload(talk, 6)
    talk.hears()
    talk.says(b"A1 NO full\r\n")
    talk.session.abandon(pending)
    assert talk.session.lost is not None


def test_given_up_before_it_was_sent_costs_nothing() -> None:
    talk = Talk(capabilities="LITERAL+")
    pending = upload(talk, 3)
    talk.session.abandon(pending)
    talk.submit(Noop())
    assert talk.hears() == b"A1 NOOP\r\n"


def test_given_up_when_all_of_it_was_sent_costs_nothing() -> None:
    talk = Talk(capabilities="LITERAL+")
    pending = upload(talk, 3)
    talk.hears()
    talk.session.upload(pending, b"abc")
    talk.session.abandon(pending)
    talk.submit(Noop())
    assert talk.hears() == b"abc\r\nA2 NOOP\r\n"
    talk.says(b"A1 OK x\r\nA2 OK x\r\n")
    assert talk.session.lost is None


@pytest.mark.parametrize(("octets", "reason"), [(b"abcd", "more than the 3"), (b"a\0b", "octet 1")])
def test_octets_that_cannot_be_sent_are_not(octets: bytes, reason: str) -> None:
    talk = Talk(capabilities="LITERAL+")
    pending = upload(talk, 3)
    talk.hears()
    with pytest.raises(InvalidArgumentError, match=reason):
        talk.session.upload(pending, octets)
    assert talk.hears() == b""


@pytest.mark.parametrize("size", [0, -1, 2**32, True])
def test_sizes_that_no_message_has(size: int) -> None:
    with pytest.raises(InvalidArgumentError, match="1 to 4294967295 octets"):
        Upload(size)


@given(st.lists(st.binary(min_size=1).filter(lambda data: b"\0" not in data), min_size=1))
def test_any_pieces_make_the_same_message(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    talk = Talk(capabilities="LITERAL+")
    pending = upload(talk, len(whole))
    sent = talk.hears()
    for piece in pieces:
        talk.session.upload(pending, piece)
        sent += talk.hears()
    assert sent == b"A1 APPEND Drafts {%d+}\r\n%s\r\n" % (len(whole), whole)


def several(talk: Talk) -> tuple[Pending[AppendUIDCode | None], Upload, Upload]:
    first, third = Upload(3), Upload(2)
    messages: list[AppendMessage | AppendUpload] = [
        AppendUpload(first),
        AppendMessage(b"two"),
        AppendUpload(third, flags=["\\Seen"]),
    ]
    return talk.submit(MultiAppend("Drafts", messages)), first, third


def test_several_have_their_turns_one_behind_the_other() -> None:
    talk = Talk(capabilities="MULTIAPPEND")
    pending, first, third = several(talk)
    heard = [talk.hears()]
    for octets in (b"one", b"", b"3."):
        talk.says(b"+ go\r\n")
        if octets:
            talk.session.upload(pending, octets)
        heard.append(talk.hears())
    assert heard == [
        b"A1 APPEND Drafts {3}\r\n", b"one {3}\r\n", b"two (\\Seen) {2}\r\n", b"3.\r\n",
    ]  # fmt: skip
    assert (first.missing, third.missing) == (0, 0)
    talk.says(b"A1 OK [APPENDUID 1 9:11] x\r\n")
    stored = pending.outcome()
    assert stored is not None
    assert list(stored.uids) == [9, 10, 11]


def test_several_go_on_where_the_server_waits_for_nothing() -> None:
    talk = Talk(capabilities="MULTIAPPEND LITERAL+")
    pending, first, third = several(talk)
    assert talk.hears() == b"A1 APPEND Drafts {3+}\r\n"
    assert first.begun
    assert not third.begun
    talk.session.upload(pending, b"one")
    assert talk.hears() == b" {3+}\r\ntwo (\\Seen) {2+}\r\n".join([b"one", b""])
    assert third.begun
    talk.session.upload(pending, b"3.")
    assert talk.hears() == b"3.\r\n"


def test_refused_in_the_middle_the_line_ends_behind_what_was_announced() -> None:
    talk = Talk(capabilities="MULTIAPPEND LITERAL+")
    pending, _, third = several(talk)
    talk.hears()
    talk.says(b"A1 NO full\r\n")
    with pytest.raises(NoError):
        pending.outcome()
    noop = talk.submit(Noop())
    talk.session.upload(pending, b"one")
    assert talk.hears() == b"one\r\nA2 NOOP\r\n"
    assert not third.begun
    talk.says(b"A2 OK x\r\n")
    assert noop.done


@pytest.mark.parametrize("sent", [b"", b"one"])
@pytest.mark.parametrize("capabilities", ["MULTIAPPEND", "MULTIAPPEND LITERAL+"])
def test_several_given_up_end_the_connection(capabilities: str, sent: bytes) -> None:
    talk = Talk(capabilities=capabilities)
    pending, _, _ = several(talk)
    talk.hears()
    talk.says(b"+ go\r\n" if "LITERAL+" not in capabilities else b"* OK x\r\n")
    if sent:
        talk.session.upload(pending, sent)
    talk.session.abandon(pending)
    assert talk.session.lost is not None
