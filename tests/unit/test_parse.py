"""Responses to values: the RFC's examples, and what must not break it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import aimap
from aimap import (
    Address,
    AppendUIDCode,
    Capabilities,
    ContinuationRequest,
    CopyUIDCode,
    ESearchResponse,
    ExistsResponse,
    ExpungeResponse,
    Flag,
    Group,
    HighestModSeqCode,
    IdResponse,
    Invalid,
    Limits,
    ListResponse,
    MailboxStatus,
    Message,
    NamespaceInfo,
    NamespaceResponse,
    Namespaces,
    NotFetchedError,
    PermanentFlagsCode,
    RemoteProtocolError,
    ResponseCode,
    SearchResponse,
    SeqSet,
    StatusResponse,
    TaggedResponse,
    UIDNextCode,
    UIDSet,
    UnknownResponse,
    Unparsed,
    VanishedResponse,
    parse_response,
)
from aimap._wire.parse_response import parse_frame
from aimap._wire.reading import Reading


def message(items: bytes) -> Message:
    parsed = parse_response(b"* 12 FETCH (" + items + b")\r\n")
    assert isinstance(parsed, Message), parsed
    return parsed


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"* 23 EXISTS\r\n", ExistsResponse(23)),
        (b"* 44 EXPUNGE\r\n", ExpungeResponse(44)),  # type: ignore[arg-type]
        (b"* SEARCH 2 84 882\r\n", SearchResponse((2, 84, 882))),
        (b"* SEARCH\r\n", SearchResponse(())),
        (b"* SEARCH 2 5 6 7 11 12 18 19 20 23 (MODSEQ 917162500)",
         SearchResponse((2, 5, 6, 7, 11, 12, 18, 19, 20, 23), 917162500)),  # type: ignore[arg-type]
        (b'* ESEARCH (TAG "A282") MIN 2 COUNT 3\r\n', ESearchResponse("A282", False, min=2, count=3)),
        (b'* ESEARCH (TAG "A285") UID ALL 4:18,21,28',
         ESearchResponse("A285", True, all=UIDSet("4:18,21,28"), order=((4, 18), (21, 21), (28, 28)))),
        (b"* ESEARCH ALL 1,3", ESearchResponse(None, False, all=SeqSet("1,3"), order=((1, 1), (3, 3)))),
        (b"* VANISHED (EARLIER) 41,43:116,118", VanishedResponse(UIDSet("41,43:116,118"), True)),
        (b"* VANISHED 405,407", VanishedResponse(UIDSet("405,407"), False)),
        (b"+ Ready for literal data\r\n", ContinuationRequest(b"Ready for literal data")),
        (b"+ \r\n", ContinuationRequest(b"")),
        (b"* OK IMAP4rev1 server ready", StatusResponse("OK", None, "IMAP4rev1 server ready")),
        (b"a OK \r\n", TaggedResponse("a", "OK", None, "")),
        (b"* BYE ", StatusResponse("BYE", None, "")),
        (b"* NO [OVERQUOTA] full", StatusResponse("NO", ResponseCode("OVERQUOTA"), "full")),
        (b"A003 OK [APPENDUID 38505 3955] done",
         TaggedResponse("A003", "OK", AppendUIDCode("APPENDUID", b"38505 3955", uid_validity=38505, uids=UIDSet(3955)), "done")),  # type: ignore[arg-type]
        (b"A003 OK [COPYUID 38505 304,319:320 3956:3958] Done",
         TaggedResponse("A003", "OK", CopyUIDCode("COPYUID", b"38505 304,319:320 3956:3958", uid_validity=38505, source=((304, 304), (319, 320)), destination=((3956, 3958),)), "Done")),  # type: ignore[arg-type]
        (b"* OK [UIDNEXT 4392] x", StatusResponse("OK", UIDNextCode("UIDNEXT", b"4392", uid_next=4392), "x")),  # type: ignore[arg-type]
        (b"* OK [HIGHESTMODSEQ 9] \r\n", StatusResponse("OK", HighestModSeqCode("HIGHESTMODSEQ", b"9", modseq=9), "")),  # type: ignore[arg-type]
        (b"* OK [UNKNOWN-CTE a [b] \"]\"] x", StatusResponse("OK", ResponseCode("UNKNOWN-CTE", b'a [b] "]"'), "x")),
        (b"T OK [READ-WRITE] [Gmail]/Sent Mail selected. (Success)",
         TaggedResponse("T", "OK", ResponseCode("READ-WRITE"), "[Gmail]/Sent Mail selected. (Success)")),
        (b"* ID NIL", IdResponse({})),
        (b'* ID ("name" "Cyrus" "version" NIL)', IdResponse({"name": "Cyrus", "version": None})),
        (b'* NAMESPACE (("" "/")) NIL (("Public Folders/" "/"))',
         NamespaceResponse(Namespaces((NamespaceInfo("", "/"),), (), (NamespaceInfo("Public Folders/", "/"),)))),
        (b"* STATUS blurdybloop (MESSAGES 231 UIDNEXT 44292)",
         MailboxStatus("blurdybloop", {"MESSAGES": 231, "UIDNEXT": 44292})),
        (b"* XSOMETHING (a {3}\r\n)))", UnknownResponse("XSOMETHING", None, b"(a {3}\r\n)))")),
        (b"* 3 XFOO bar", UnknownResponse("XFOO", 3, b"bar")),
    ],
)  # fmt: skip
def test_responses(raw: bytes, value: object) -> None:
    assert parse_response(raw) == value
    assert parse_response(raw, strict=True) == value


@pytest.mark.parametrize(
    "raw",
    [b"", b"* ", b"* 1", b"* 1 FETCH", b"* 1 FETCH (UID 3", b"* SEARCH a",
     b"* SEARCH 0", b"* SEARCH 4294967296", b"* FLAGS x", b"A1 WHAT x", b"OK x", b"* VANISHED 0",
     b"* ESEARCH UID ALL 1,2,", b"* -1 EXPUNGE", b"* 4294967296 EXISTS", b"* LIST () \"/\""],
)  # fmt: skip
def test_what_cannot_be_read_is_kept(raw: bytes) -> None:
    parsed = parse_response(raw)
    assert isinstance(parsed, Unparsed)
    assert parsed.raw == raw
    with pytest.raises(RemoteProtocolError):
        parse_response(raw, strict=True)


def test_capabilities_and_flags() -> None:
    parsed = parse_response(b"* CAPABILITY IMAP4rev1 STARTTLS AUTH=GSSAPI XPIG-LATIN\r\n")
    assert parsed == aimap.CapabilityResponse(
        Capabilities(["IMAP4rev1", "STARTTLS", "AUTH=GSSAPI", "XPIG-LATIN"])
    )
    parsed = parse_response(b"* OK [PERMANENTFLAGS (\\Deleted \\Seen \\*)] Limited")
    assert isinstance(parsed, StatusResponse)
    assert isinstance(parsed.code, PermanentFlagsCode)
    assert (parsed.code.flags, parsed.code.keywords_allowed) == ({"\\Deleted", "\\Seen"}, True)


def test_list_names() -> None:
    parsed = parse_response(b'* LIST (\\Noselect \\Sent) "/" "Entw&APw-rfe"')
    assert isinstance(parsed, ListResponse)
    assert parsed.mailbox.name == "Entwürfe"
    assert not parsed.mailbox.selectable
    assert parsed.mailbox.special_use == "\\Sent"
    for raw in (b'* LIST () "/" iNbOx', b'* LIST () "/" {5}\r\nInbox'):
        parsed = parse_response(raw)
        assert isinstance(parsed, ListResponse)
        assert parsed.mailbox.name == "INBOX"
    parsed = parse_response(b"* LIST () NIL NIL")
    assert isinstance(parsed, ListResponse)
    assert (parsed.mailbox.delimiter, parsed.mailbox.name) == (None, "NIL")
    parsed = parse_response(b'* LIST (\\NonExistent) "/" "Fruit" ("CHILDINFO" ("SUBSCRIBED"))')
    assert isinstance(parsed, ListResponse)
    assert parsed.mailbox.child_info == ("SUBSCRIBED",)


def test_a_message() -> None:
    got = message(
        b'UID 9 FLAGS (\\Seen $Junk) INTERNALDATE " 8-Jan-2015 12:00:00 +0000" RFC822.SIZE 44827 '
        b'MODSEQ (624140003) X-GM-LABELS (a "b c") BODY[HEADER.FIELDS ("Subject" From)] {2}\r\n\r\n '
        b'BODY[1.2]<0> "quoted" BODY[TEXT] NIL'
    )
    assert (got.seq, got.uid, got.size, got.modseq) == (12, 9, 44827, 624140003)
    assert got.flags == {Flag.SEEN, Flag.JUNK}
    assert got.internal_date == datetime(2015, 1, 8, 12, tzinfo=UTC)
    assert got.items["BODY[HEADER.FIELDS (SUBJECT FROM)]"] == b"\r\n"
    assert got[aimap.BODY_PEEK(fields=["subject", "from"])] == b"\r\n"
    assert got.items["BODY[1.2]<0>"] == b"quoted"
    assert got.gmail_labels == ("a", "b c")
    assert aimap.FLAGS in got
    assert aimap.ENVELOPE not in got
    with pytest.raises(NotFetchedError, match="ENVELOPE is not part"):
        _ = got.envelope
    with pytest.raises(NotFetchedError):
        got.body("HEADER")


def test_envelope() -> None:
    envelope = message(
        b'ENVELOPE ("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" {18}\r\n=?utf-8?Q?=C3=9'
        b'C?= ((NIL NIL "fred" "x.com")) NIL () ((NIL NIL "friends" NIL)(NIL NIL "a" "x")'
        b'("B" NIL "b" "x")(NIL NIL NIL NIL)(NIL NIL "c" "x")) ((NIL NIL "joe" NIL)) NIL NIL "<i@x>")'
    ).envelope
    assert envelope.date is not None
    assert envelope.date.year == 1996
    assert envelope.subject == "Ü"
    assert [str(a) for a in envelope.from_] == ["fred@x.com"]
    assert envelope.sender == envelope.reply_to == ()
    group, other = envelope.to
    assert isinstance(group, Group)
    assert (group.name, [m.email for m in group.members]) == ("friends", ["a@x", "b@x"])
    assert isinstance(other, Address)
    assert other.email == "c@x"
    assert [str(a) for a in envelope.cc] == ["joe"]
    assert envelope.message_id == "<i@x>"


def test_body_structure_of_rfc_9051() -> None:
    # RFC 9051 section 7.5.2: a text with an attachment
    body = message(
        b'BODYSTRUCTURE (("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 1152 23)'
        b'("TEXT" "PLAIN" ("CHARSET" "US-ASCII" "NAME" "cc.diff") '
        b'"<960723163407.20117h@cac.washington.edu>" "Compiler diff" "BASE64" 4554 73) "MIXED")'
    ).body_structure
    assert body.content_type == "multipart/mixed"
    assert [(p.section, p.content_type, p.size, p.lines) for p in body.parts] == [
        ("1", "text/plain", 1152, 23),
        ("2", "text/plain", 4554, 73),
    ]
    diff = body.parts[1]
    assert (diff.filename, diff.description, diff.encoding) == (
        "cc.diff",
        "Compiler diff",
        "base64",
    )


def test_section_numbers_of_rfc_9051() -> None:
    # RFC 9051 section 6.4.5.1: the example of a complex message
    text = b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1)'
    octets = b'("APPLICATION" "OCTET-STREAM" NIL NIL NIL "7BIT" 1)'
    envelope = b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"
    rfc822 = b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 9 %s %s 9)'
    alternative = b'(%s("TEXT" "RICHTEXT" NIL NIL NIL "7BIT" 1 1) "ALTERNATIVE")' % text
    inner4 = b'(("IMAGE" "GIF" NIL NIL NIL "7BIT" 1)%s "MIXED")' % (
        rfc822 % (envelope, b'(%s%s "MIXED")' % (text, alternative))
    )
    tree = message(
        b'BODYSTRUCTURE (%s%s%s%s "MIXED")'
        % (text, octets, rfc822 % (envelope, b'(%s%s "MIXED")' % (text, octets)), inner4)
    ).body_structure
    sections = [p.section for p in tree.walk()]
    assert sections == [
        "", "1", "2", "3", "3", "3.1", "3.2",
        "4", "4.1", "4.2", "4.2", "4.2.1", "4.2.2", "4.2.2.1", "4.2.2.2",
    ]  # fmt: skip
    single = message(b"BODYSTRUCTURE " + rfc822 % (envelope, text)).body_structure
    assert [p.section for p in single.walk()] == ["1", "1.1"]


def test_body_extensions() -> None:
    part = message(
        b'BODYSTRUCTURE ("text" "plain" ("charset" "utf-8") NIL NIL "8bit" 9 1 "md5==" '
        b'("attachment" ("filename*" "utf-8\'\'%C3%BC.txt")) ("en" "de") "http://x/" ("more" 1))'
    ).body_structure
    assert (part.md5, part.language, part.location) == ("md5==", ("en", "de"), "http://x/")
    assert part.is_attachment
    assert part.filename == "ü.txt"
    assert part.charset == "utf-8"
    assert len(part.extensions) == 1


def test_one_bad_item_leaves_the_others() -> None:
    got = message(b"UID 9 ENVELOPE (1 2 3 4) FLAGS () BODYSTRUCTURE (x) MODSEQ 5")
    assert got.uid == 9
    assert got.flags == set()
    for key in ("ENVELOPE", "BODYSTRUCTURE", "MODSEQ"):
        assert isinstance(got.items[key], Invalid)
    with pytest.raises(NotFetchedError):
        _ = got.envelope


@pytest.mark.parametrize("uid", [b"0", b"4294967296", b"x", b"NIL"])
def test_uids_out_of_range(uid: bytes) -> None:
    got = message(b"UID %s FLAGS ()" % uid)
    assert isinstance(got.items["UID"], Invalid)
    assert got.uid_or_none is None


@pytest.mark.parametrize(
    "opening", [b"* 1 FETCH (BODYSTRUCTURE ", b"* 1 FETCH (ENVELOPE ", b"* LIST "]
)
def test_nesting_is_bounded(opening: bytes) -> None:
    parsed = parse_response(opening + b"(" * 100_000)
    assert isinstance(parsed, Unparsed)
    assert "nested deeper" in parsed.reason


def test_lists_are_bounded() -> None:
    parsed = parse_frame(b"* FLAGS (" + b"a " * 100 + b")", Reading(Limits(max_items=99)))
    assert isinstance(parsed, Unparsed)
    assert "more than 99 items" in parsed.reason


@given(st.binary())
def test_nothing_but_a_value_comes_of_any_octets(raw: bytes) -> None:
    parse_response(raw)
    parse_response(b"* 1 FETCH (" + raw + b")")
    parse_response(b"* OK [" + raw)


TOKENS = st.sampled_from(
    [b"(", b")", b" ", b'"', b"\\", b"NIL", b"{1}\r\n", b"{3}\r\n", b"a", b"BODY[", b"]", b"ENVELOPE",
     b"BODYSTRUCTURE", b"FLAGS", b"UID", b"1", b"[", b"<0>", b'"x"', b"text"]
)  # fmt: skip


@given(st.lists(TOKENS, max_size=60))
def test_nothing_but_a_value_comes_of_any_tokens(tokens: list[bytes]) -> None:
    parsed: Any = parse_response(b"* 1 FETCH (" + b"".join(tokens) + b")")
    assert isinstance(parsed, (Message, Unparsed))
    if isinstance(parsed, Message) and aimap.BODYSTRUCTURE in parsed:
        body = parsed.items["BODYSTRUCTURE"]
        if isinstance(body, aimap.BodyStructure):
            list(body.walk())


@pytest.mark.parametrize("name", [b"a[b", b"a]b", b"[b", b"]", b"a[b]c", b"[Gmail]/x"])
def test_brackets_in_atoms(name: bytes) -> None:
    text = name.decode()
    assert parse_response(b'* LIST () "/" ' + name, strict=True) == ListResponse(
        aimap.MailboxInfo(text, "/", aimap.Flags())
    )
    if b"]" not in name:
        assert message(b"FLAGS (\\Seen %b)" % name).flags == {"\\Seen", text}


@pytest.mark.parametrize(
    ("raw", "code", "text"),
    [
        (b"* OK [PERMANENTFLAGS (a[b)] ok", "PERMANENTFLAGS", "ok"),
        (b"* OK [CAPABILITY X[Y] ok", "CAPABILITY", "ok"),
        (b'* OK [X-FOO say "hi] it goes on', "X-FOO", "it goes on"),
        (b'* NO [BADCHARSET ("a]b")] no', "BADCHARSET", "no"),
    ],
)
def test_where_a_code_ends(raw: bytes, code: str, text: str) -> None:
    parsed = parse_response(raw, strict=True)
    assert isinstance(parsed, StatusResponse)
    assert parsed.code is not None
    assert (parsed.code.name, parsed.text) == (code, text)


def test_what_stands_in_place_of_a_conversion() -> None:
    start = b'* 2 CONVERTED (TAG "b") (AVAILABLECONVERSIONS[1] '
    for word in (b"ERROR", b"error"):
        parsed = parse_response(start + b'(%b "no" TEMPFAIL))' % word, strict=True)
        assert isinstance(parsed, aimap.ConvertedResponse)
        assert parsed.items == {"AVAILABLECONVERSIONS[1]": aimap.ConvertError("no", "TEMPFAIL")}
    for types in (b'(("text/plain") ("a/b"))', b"()", b'"x"'):
        assert isinstance(parse_response(start + types + b")"), Unparsed)
