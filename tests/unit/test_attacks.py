"""What a hostile server may send, as far as it is a matter of reading octets.

Each function is named after its attack, here and wherever attacks strike elsewhere; that
none is forgotten is seen to at the end. That time grows no faster than the input does is
in ``test_linear.py``.
"""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from aimap import (
    CopyUIDCode,
    ESearchResponse,
    IdResponse,
    Invalid,
    LimitExceededError,
    Limits,
    Message,
    RemoteProtocolError,
    Response,
    ResponseCode,
    StatusResponse,
    TaggedResponse,
    UIDSet,
    UnknownResponse,
    Unparsed,
    VanishedResponse,
    parse_response,
)
from aimap._model.text import decode_words
from aimap._protocol.events import Defect, MessagesVanished
from aimap._wire.reader import ResponseReader
from aimap._wire.utf7 import UndecodedName, decode_mailbox_name, encode_mailbox_name
from tests.session.support import Talk

from .quirk_rows import TEXT_PART, fetch, part, with_body, with_field

DEEP = b"(" * 100_000


def read(raw: bytes, limits: Limits | None = None) -> list[Response]:
    reader = ResponseReader(limits or Limits())
    reader.receive_data(raw)
    return flat(reader)


def flat(reader: ResponseReader) -> list[Response]:
    """Return the responses, of which FETCH comes in runs."""
    found: list[Response] = []
    for response in reader.responses():
        found += response if isinstance(response, list) else [response]
    return found


def reason(raw: bytes, limits: Limits | None = None) -> str:
    """Return why a response, or the item X of a message, was not read."""
    (response,) = read(raw, limits)
    if isinstance(response, Message):
        (found,) = (item for item in response.items.values() if isinstance(item, Invalid))
        return found.reason
    assert isinstance(response, Unparsed)
    return response.reason


@pytest.mark.parametrize("octets", [b"268435457", b"4294967295", b"99999999999999999999"])
def test_literal_bomb(octets: bytes) -> None:
    reader = ResponseReader(Limits())
    reader.receive_data(b"* 1 FETCH (BODY[] {%s}\r\n" % octets)
    with pytest.raises(LimitExceededError) as caught:
        list(reader.responses())
    assert (caught.value.limit, caught.value.value) == ("max_literal", int(octets))


def test_literal_bomb_allocates_nothing() -> None:
    tracemalloc.start()
    try:
        assert read(b"* 1 FETCH (BODY[] {268435456}\r\n") == []
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_many_literals() -> None:
    many = b'* X ("a"' + b" {1}\r\na" * 20_000
    (response,) = read(many + b")\r\n")
    assert isinstance(response, UnknownResponse)
    with pytest.raises(LimitExceededError) as caught:
        read(many, Limits(max_response=100_000))
    assert caught.value.limit == "max_response"


@pytest.mark.parametrize("begin", [b"", b"* 1 FETCH (X {1}\r\na", b"A1 OK ", b"\0"])
def test_endless_line(begin: bytes) -> None:
    reader = ResponseReader(Limits(max_line=1000))
    reader.receive_data(begin)
    with pytest.raises(LimitExceededError) as caught:
        for _ in range(100):
            reader.receive_data(b"x" * 20 if begin[-1:] != b"a" else b" " * 20)
            assert list(reader.responses()) == []
    assert caught.value.limit == "max_line"


@pytest.mark.parametrize("drop", [b"x", b"x" * 1000, b"\0" * 1000])
def test_endless_greeting(drop: bytes) -> None:
    talk = Talk(greeting=b"* OK ", limits=Limits(max_greeting=2000))
    for _ in range(2001):
        talk.says(drop)
    lost = talk.session.lost
    assert isinstance(lost, LimitExceededError)
    assert lost.limit == "max_greeting"
    assert talk.session.unread <= 2000


@pytest.mark.exhaustive
def test_untagged_flood() -> None:
    reader = ResponseReader(Limits())
    tracemalloc.start()
    try:
        for _ in range(20):
            reader.receive_data(b"* OK x\r\n" * 1000 + b"*  OK x\n" * 1000)
            assert sum(1 for _ in reader.responses()) == 2000
        # Neither what was read stays, nor what was wrong with it.
        assert tracemalloc.get_traced_memory()[0] < 100_000
    finally:
        tracemalloc.stop()
    assert reader.pending == 0
    assert len(reader.reading.defects) <= 16


def test_untagged_flood_in_a_session() -> None:
    talk = Talk()
    talk.says(b"* 1 FETCH (UID 1 FLAGS ())\r\n" * 1000)
    assert (len(talk.events), talk.session.unread) == (1000, 0)


@pytest.mark.parametrize(
    "raw",
    [
        b"* 1 FETCH (BODYSTRUCTURE " + DEEP,
        b"* 1 FETCH (ENVELOPE " + DEEP,
        b"* 1 FETCH (ENVELOPE (NIL NIL " + DEEP,
        b"* 1 FETCH (X " + DEEP,
        b"* 1 FETCH " + DEEP,
        b"* THREAD " + DEEP,
        b"* LIST " + DEEP,
        b"* ID " + DEEP,
        b"* NAMESPACE " + DEEP,
    ],
)
def test_nesting(raw: bytes) -> None:
    for whole in (raw + b"\r\n", raw + b")" * 100_000 + b"\r\n"):
        assert "nested deeper than 64" in reason(whole)


def test_nesting_in_what_is_unknown_or_text() -> None:
    assert parse_response(b"* XYZ " + DEEP) == UnknownResponse("XYZ", None, DEEP)
    assert parse_response(b"* OK [X " + DEEP) == StatusResponse(
        "OK", None, (b"[X " + DEEP).decode()
    )
    code = parse_response(b"* OK [PERMANENTFLAGS " + DEEP + b"] x")
    assert isinstance(code, StatusResponse)
    assert type(code.code) is ResponseCode


def test_nesting_up_to_the_bound() -> None:
    limits = Limits(max_depth=5)
    for depth, valid in ((5, True), (6, False)):
        raw = b"* 1 FETCH (X " + b"(" * depth + b")" * depth + b")\r\n"
        (response,) = read(raw, limits)
        assert isinstance(response, Message)
        assert isinstance(response.items["X"], Invalid) is not valid


ONE = b'(NIL NIL "a" "x")'


@pytest.mark.parametrize(
    "raw",
    [
        b"* FLAGS (" + b"a " * 101 + b")\r\n",
        b"* CAPABILITY" + b" a" * 101 + b"\r\n",
        with_field(2, b"(" + ONE * 101 + b")"),
        with_body(b"(" + TEXT_PART * 101 + b' "MIXED")'),
        b"* THREAD " + b"(1)" * 101 + b"\r\n",
        b"* THREAD (1" + b"(1)" * 101 + b")\r\n",
        b"* 1 FETCH (" + b"".join(b"X%d 1 " % n for n in range(101)) + b")\r\n",
        b'* LIST () "/" x (' + b"a b " * 101 + b")\r\n",
        b"* NAMESPACE (" + b'("" "/")' * 101 + b") NIL NIL\r\n",
        b"* METADATA x" + b" /a" * 101 + b"\r\n",
        b"* ACL x" + b" a b" * 101 + b"\r\n",
        b"* VANISHED 1" + b",3" * 101 + b"\r\n",
        b"* ESEARCH UID ALL 1" + b",3" * 101 + b"\r\n",
    ],
)
def test_wide_list(raw: bytes) -> None:
    assert "more than 100" in reason(raw, Limits(max_items=100))
    with pytest.raises(LimitExceededError):
        read(b"* FLAGS (" + b"a " * 1_000_000)


def test_wide_list_of_a_known_shape() -> None:
    # The fast reader looks at the same bound.
    limits = Limits(max_items=100)
    for wide in (
        b"UID 9 FLAGS (" + b" ".join([b"a"] * 101) + b")",
        b"UID 9 ENVELOPE (NIL NIL (" + ONE * 101 + b") NIL NIL NIL NIL NIL NIL NIL)",
        b"UID 9 BODYSTRUCTURE (" + TEXT_PART * 101 + b' "MIXED")',
    ):
        reader = ResponseReader(limits)
        reader.receive_data(fetch(wide.replace(b"a " * 98, b"").replace(ONE * 99, b"")))
        reader.receive_data(fetch(wide) * 2)
        last = flat(reader)[-1]
        if isinstance(last, Message):
            assert any(isinstance(item, Invalid) for item in last.items.values())
        else:
            assert isinstance(last, Unparsed)


EVERYTHING = ((1, 4294967295),)


def test_set_expansion() -> None:
    response = parse_response(b"A1 OK [COPYUID 1 1:4294967295 1:4294967295] x")
    assert isinstance(response, TaggedResponse)
    assert isinstance(response.code, CopyUIDCode)
    assert (response.code.source, response.code.destination) == (EVERYTHING, EVERYTHING)


def test_set_esearch() -> None:
    response = parse_response(b'* ESEARCH (TAG "T") UID ALL 1:4294967295')
    assert isinstance(response, ESearchResponse)
    assert response.all is not None
    assert response.all.ranges == response.order == EVERYTHING
    wide = b",".join(b"%d" % n for n in range(1, 2_000_002, 2))
    assert "more than" in reason(b"* ESEARCH UID ALL 1" + b",1" * 500_000 + b"\r\n", big())
    with pytest.raises(LimitExceededError):
        read(b"* ESEARCH UID ALL " + wide + b"\r\n")


def big() -> Limits:
    return Limits(max_line=1 << 24)


def test_set_vanished() -> None:
    raw = b"* VANISHED 1:4294967295"
    assert parse_response(raw) == VanishedResponse(UIDSet("1:4294967295"), False)
    talk = Talk()
    talk.in_mailbox(exists=3)
    view = talk.session.view
    assert view is not None
    assert view.track(UIDSet("5,6,9"))
    talk.says(raw + b"\r\n")
    assert view.exists == 0
    assert talk.events == [MessagesVanished(UIDSet("5,6,9"))]


@pytest.mark.parametrize(
    "numbers", [b"1,2,", b"0", b"*", b"1:*", b"4294967296", b"5:", b":5", b"1,,2", b"01", b"1:0", b"-1", b"1-2"]
)  # fmt: skip
@pytest.mark.parametrize(
    "before", [b"* VANISHED ", b"* VANISHED (EARLIER) ", b"* ESEARCH UID ALL "]
)
def test_set_malformed(before: bytes, numbers: bytes) -> None:
    raw = before + numbers
    response = parse_response(raw)
    assert isinstance(response, Unparsed)
    assert response.raw == raw
    code = parse_response(b"* OK [COPYUID 7 1 %s] x" % numbers)
    assert code == StatusResponse("OK", ResponseCode("COPYUID", b"7 1 " + numbers), "x")


@pytest.mark.parametrize(
    "name", [b"idna", b"punycode", b"unicode_escape", b"zlib", b"x" * 1_000_000]
)
def test_charset_name(name: bytes) -> None:
    raw = b"=?%s?Q?=5Cu0041?=" % name
    assert decode_words(raw) == raw.decode()
    for value in (with_field(1, b'"%s"' % raw), with_field(1, b"{%d}\r\n%s" % (len(raw), raw))):
        (response,) = read(value)
        assert isinstance(response, Message)
        assert (response.envelope.subject, response.envelope.raw_subject) == (raw.decode(), raw)


def test_encoded_word_bomb() -> None:
    words = b"=?utf-8?Q?a?= " * 100_000
    assert decode_words(words) == "a" * 100_000 + " "
    assert decode_words(b"=?" * 100_000) == "=?" * 100_000


def test_regex_quadratic() -> None:
    # A quadratic reader takes hours.
    for raw in (b"* LIST (" + b" " * 100_000, b'* LIST () "/" "' + b"\\" * 100_000):
        assert isinstance(parse_response(raw), Unparsed)


@pytest.mark.parametrize(
    "raw", [b"&AAAA", b"&2AA-", b"&-&", b"&Jjo!", b"&A-", b"&AGE-", b"\xff", b"&-\xe9"]
)
def test_bad_utf7(raw: bytes) -> None:
    name = decode_mailbox_name(raw)
    assert isinstance(name, UndecodedName)
    assert name.raw == encode_mailbox_name(name) == raw


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"A1 NO\r\n", TaggedResponse("A1", "NO", None, "")),
        (b"* BYE\r\n", StatusResponse("BYE", None, "")),
        (b"* OK\r\n", StatusResponse("OK", None, "")),
        (b"* ID\r\n", IdResponse({})),
    ],
)
def test_no_text_status(raw: bytes, value: Response) -> None:
    assert parse_response(raw) == value


def test_long_internaldate() -> None:
    (response,) = read(fetch(b'INTERNALDATE "' + b"9" * 1_000_000 + b'" UID 9'))
    assert isinstance(response, Message)
    invalid = response.items["INTERNALDATE"]
    assert isinstance(invalid, Invalid)
    assert len(invalid.raw) <= 200
    assert response.uid == 9


@pytest.mark.parametrize(
    ("item", "octets"), [(b"{2}\r\n\r\n", b"\r\n"), (b"{0}\r\n", b""), (b'""', b""), (b"NIL", b"")]
)
def test_headerless_message(item: bytes, octets: bytes) -> None:
    (response,) = read(fetch(b"BODY[] " + item))
    assert isinstance(response, Message)
    assert response.body() == octets
    assert not response.email().keys()


@pytest.mark.parametrize("uid", [b"0", b"4294967296", b"-1", b"9" * 5000, b"1.0", b'"x"', b"(1)"])
def test_uid_zero(uid: bytes) -> None:
    (response,) = read(fetch(b"FLAGS (a) UID " + uid))
    assert isinstance(response, Message)
    assert isinstance(response.items["UID"], Invalid)
    assert response.uid_or_none is None
    assert response.flags == {"a"}
    code = parse_response(b"A1 OK [APPENDUID 1 %s] x" % uid)
    assert isinstance(code, TaggedResponse)
    assert type(code.code) is ResponseCode
    assert isinstance(parse_response(b"* %s UIDFETCH (FLAGS ())" % uid), Unparsed)


@pytest.mark.parametrize(
    ("modseq", "valid"),
    [(b"1", True), (b"9223372036854775807", True), (b"9223372036854775808", False),
     (b"18446744073709551616", False), (b"9" * 5000, False), (b"-1", False)],
)  # fmt: skip
def test_modseq_forged(modseq: bytes, valid: bool) -> None:
    (response,) = read(fetch(b"UID 9 MODSEQ (%s)" % modseq))
    assert isinstance(response, Message)
    assert isinstance(response.items["MODSEQ"], Invalid) is not valid
    code = parse_response(b"* OK [HIGHESTMODSEQ %s] x" % modseq)
    assert isinstance(code, StatusResponse)
    assert (type(code.code) is ResponseCode) is not valid
    for raw in (b"* SEARCH 1 (MODSEQ %s)", b"* ESEARCH UID ALL 1 MODSEQ %s"):
        assert isinstance(parse_response(raw % modseq), Unparsed) is not valid


@pytest.mark.parametrize(
    "sets", [b"1:3 5:6", b"1 5:6", b"1:3 5", b"1:4294967295 1", b"1 0", b"1", b"1 2 3", b"1 x"]
)
def test_copyuid_lies(sets: bytes) -> None:
    raw = b"A1 OK [COPYUID 7 %s] x" % sets
    assert parse_response(raw) == TaggedResponse(
        "A1", "OK", ResponseCode("COPYUID", b"7 " + sets), "x"
    )
    with pytest.raises(RemoteProtocolError):
        parse_response(raw, strict=True)


@pytest.mark.parametrize("name", [b"../../.ssh/authorized_keys", b"a\xe2\x80\xaetxt.exe"])
def test_attachment_name(name: bytes) -> None:
    raw = with_body(b'("A" "B" ("NAME" "%s") NIL NIL "7BIT" 1)' % name)
    assert part("filename")(parse_response(raw)) == name.decode()


# Numbers


@pytest.mark.parametrize(
    "form",
    [b"* %s EXISTS", b"* %s RECENT", b"* %s EXPUNGE", b"* SEARCH %s", b"* SORT 1 %s", b"* VANISHED %s",
     b"* THREAD (%s)", b"* ESEARCH COUNT %s", b"* ESEARCH UID ALL 1:%s", b"* %s FETCH (UID 1)"],
)  # fmt: skip
def test_numbers_of_32_bits(form: bytes) -> None:
    assert not isinstance(parse_response(form % b"4294967295"), Unparsed)
    for number in (b"4294967296", b"9" * 20, b"9" * 5000):
        raw = form % number
        response = parse_response(raw)
        assert isinstance(response, Unparsed)
        assert response.raw == raw


@pytest.mark.parametrize("name", [b"UIDNEXT", b"UIDVALIDITY", b"UNSEEN", b"MESSAGELIMIT"])
def test_numbers_of_32_bits_in_codes(name: bytes) -> None:
    for number, valid in ((b"4294967295", True), (b"4294967296", False), (b"9" * 5000, False)):
        response = parse_response(b"* OK [%s %s] x" % (name, number))
        assert isinstance(response, StatusResponse)
        assert response.code is not None
        assert (type(response.code) is not ResponseCode) is valid
        assert response.code.arguments == number


def test_numbers_of_63_bits() -> None:
    for number, valid in ((b"9223372036854775807", True), (b"9223372036854775808", False)):
        (response,) = read(fetch(b"UID 9 RFC822.SIZE " + number))
        assert isinstance(response, Message)
        assert isinstance(response.items["RFC822.SIZE"], Invalid) is not valid
        for raw in (b"* STATUS x (SIZE %s)", b'* QUOTA "" (STORAGE 1 %s)'):
            assert isinstance(parse_response(raw % number), Unparsed) is not valid


# Limits

MESSAGE = b"* 1 FETCH (BODY[] {20}\r\n" + b"x" * 20 + b")\r\n"


def broken_bounds() -> Iterator[tuple[str, Limits, bytes]]:
    yield "max_line", Limits(max_line=30), b"* OK " + b"x" * 26 + b"\r\n"
    yield "max_line", Limits(max_line=30), MESSAGE[:-3] + b" X " + b"x" * 26 + b")\r\n"
    yield "max_literal", Limits(max_literal=19), MESSAGE
    yield "max_response", Limits(max_response=43), MESSAGE
    yield "max_greeting", Limits(max_greeting=9), b"* OK hello\r\n"
    yield "max_depth", Limits(max_depth=1), fetch(b"X (())")
    yield "max_items", Limits(max_items=1), fetch(b"X (a b)")


READING = {name for name in attrs.fields_dict(Limits) if name not in {
    "max_buffered", "max_deflate_ratio", "max_events", "max_challenges", "min_progress",
    "pipeline_depth",
    "min_scram_iterations", "max_scram_iterations",
}}  # fmt: skip


@pytest.mark.parametrize(("name", "limits", "raw"), list(broken_bounds()))
def test_bounds_on_reading(name: str, limits: Limits, raw: bytes) -> None:
    wider = attrs.evolve(limits, **{name: getattr(limits, name) + 30})
    for bound, broken in ((limits, True), (wider, False)):
        talk = Talk(greeting=raw if name == "max_greeting" else b"* PREAUTH x\r\n", limits=bound)
        if talk.session.lost is None and name != "max_greeting":
            talk.says(raw)
        lost = talk.session.lost
        if name in {"max_depth", "max_items"}:
            # Within one response: it costs itself.
            assert lost is None
            assert any(isinstance(event, Defect) for event in talk.events) is broken
        elif broken:
            assert isinstance(lost, LimitExceededError)
            assert (lost.limit, lost.allowed) == (name, getattr(limits, name))
        else:
            assert lost is None


def test_every_bound_on_reading_is_broken() -> None:
    assert {name for name, _, _ in broken_bounds()} == READING


def test_what_is_kept_of_names_is_bounded() -> None:
    # Items and flags are remembered, as the same few come again and again.
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        reader = ResponseReader(Limits())
        for number in range(50):
            long = b"X" * 100_000 + b"%d" % number
            reader.receive_data(fetch(long + b" 1") + fetch(b"FLAGS (" + long + b")"))
            reader.receive_data(
                fetch(b'BODYSTRUCTURE ("A" "B" ("c" "%s") NIL NIL "7BIT" 1)' % long)
            )
            assert len(flat(reader)) == 3
        assert tracemalloc.get_traced_memory()[0] - before < 2_000_000
    finally:
        tracemalloc.stop()


# All of them, wherever they strike

NAMES = [
    "starttls-injection",
    "starttls-early-ok",
    "starttls-preauth",
    "starttls-stripped",
    "starttls-bad-greeting",
    "pre-tls-data",
    "pre-tls-alert",
    "pre-tls-capability",
    "logindisabled",
    "clear-password",
    "sasl-downgrade",
    "referral-login",
    "referral-mailbox",
    "argument-crlf",
    "argument-nul",
    "argument-literal-tail",
    "argument-key-injection",
    "literal-bomb",
    "many-literals",
    "endless-line",
    "endless-greeting",
    "untagged-flood",
    "nesting",
    "wide-list",
    "set-expansion",
    "set-esearch",
    "set-vanished",
    "set-malformed",
    "deflate-bomb",
    "continuation-stray",
    "continuation-sasl-loop",
    "ok-before-literal",
    "scram-no-server-final",
    "scram-iterations",
    "scram-nonce",
    "oauth-json-bomb",
    "charset-name",
    "encoded-word-bomb",
    "regex-quadratic",
    "bad-utf7",
    "mirror-path",
    "attachment-name",
    "terminal-escape",
    "log-injection",
    "secret-echo",
    "no-text-status",
    "long-internaldate",
    "headerless-message",
    "bye-anywhere",
    "eof-as-empty",
    "tls-truncation",
    "never-answer",
    "slow-drip",
    "read-stop",
    "cert-mismatch",
    "tag-unknown",
    "tag-of-queued",
    "expunge-lies",
    "exists-lies",
    "uidvalidity-change",
    "uid-zero",
    "uid-reuse",
    "copyuid-lies",
    "appenduid-unasked",
    "vanished-wipe",
    "enabled-unasked",
    "modseq-forged",
    "fetch-other-uid",
]


def test_every_attack_is_tested() -> None:
    tests = Path(__file__).parent.parent
    functions = [
        name
        for file in tests.rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def test_(\w+)", file.read_text("utf-8"), re.MULTILINE)
    ]
    missing = [
        name
        for name in NAMES
        if not any(
            function == known or function.startswith(f"{known}_")
            for known in [name.replace("-", "_")]
            for function in functions
        )
    ]
    assert len(set(NAMES)) == len(NAMES) == 68
    assert missing == []
