"""Rows about what FETCH says: items, flags, envelopes, body structures."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from aimap import Disposition, Envelope, Flag, FlagsResponse, Group, IdResponse, Invalid
from aimap._model.flag import Flags

from .quirk_rows import (
    EMPTY_ENVELOPE,
    FROM,
    MESSAGE_ID,
    TEXT_PART,
    TO,
    Row,
    address,
    attributes,
    envelope,
    fetch,
    item,
    part,
    with_body,
    with_field,
    with_part,
)

FETCH = [
    Row("fetch-empty", b"* 6 FETCH ()\r\n", (6, {}), attributes("seq", "items")),
    Row(
        "fetch-seq-zero",
        b"* 0 FETCH (UID 9 FLAGS (\\Seen))\r\n",
        (None, 9, {Flag.SEEN}),
        attributes("seq", "uid", "flags"),
    ),
    Row("fetch-above-exists", b"* 4 FETCH (UID 9)\r\n", (4, 9), attributes("seq", "uid"), legal=True),
    Row(
        "fetch-extra-parens",
        b"* 1 FETCH (UID 2 (ENVELOPE " + EMPTY_ENVELOPE + b"))\r\n",
        (2, ""),
        attributes("uid", "envelope.subject"),
    ),
    Row(
        "fetch-rfc822-missing",
        b"* 7 FETCH (UID 7)\r\n",
        {"UID"},
        lambda r: set(r.keys()),
        legal=True,
    ),
    # Which of the two was asked for, only the command can know.
    *(
        Row(
            "fetch-alias",
            b"* 1 FETCH (%s {9}\r\n123456789)\r\n" % name,
            {"BODY[]": b"123456789"},
            attributes("items"),
            legal=True,
        )
        for name in (b"BODY[]", b"RFC822")
    ),
    Row("fetch-body-cut", b"* 1 FETCH (UID 3 BODY[2] )\r\n", {"UID": 3}, attributes("items")),
    Row(
        "fetch-origin-echo",
        fetch(b"BODY[]<0.65536> {9}\r\n123456789"),
        b"123456789",
        item("BODY[]<0>"),
    ),
    Row(
        "fetch-section-group",
        fetch(b"BODY[2.MIME] {4}\r\na\r\n\r BODY[2] {0}\r\n"),
        {"BODY[2.MIME]": b"a\r\n\r", "BODY[2]": b""},
        attributes("items"),
        legal=True,
    ),
    Row("fetch-quoted-section", fetch(b'BODY[1] "hello"'), b"hello", item("BODY[1]"), legal=True),
    Row(
        "internaldate-zero",
        fetch(b'INTERNALDATE "00-Jan-0000 00:00:00 +0000" UID 9'),
        {"INTERNALDATE": Invalid(b'"00-Jan-0000 00:00:00 +0000"', "a date-time was expected"), "UID": 9},
        attributes("items"),
        quirk="",
    ),
    Row(
        "internaldate-one-digit",
        fetch(b'INTERNALDATE "8-Jan-2015 12:00:00 +0800"'),
        datetime(2015, 1, 8, 12, tzinfo=timezone(timedelta(hours=8))),
        attributes("internal_date"),
    ),
    Row(
        "flags-brackets-spaces",
        b"* FLAGS (\\Seen OIB-Seen-[Gmail]/All Mail)\r\n",
        FlagsResponse(Flags(["\\Seen", "OIB-Seen-[Gmail]/All", "Mail"])),
    ),
    Row("flags-star", b"* FLAGS (\\Seen \\*)\r\n", FlagsResponse(Flags(["\\Seen"]))),
    Row(
        "flags-run-together",
        fetch(b"FLAGS (\\Seen\\Answered)"),
        {Flag.SEEN, Flag.ANSWERED},
        attributes("flags"),
    ),
    Row(
        "space-before-paren",
        b"* OK [PERMANENTFLAGS (\\Seen $Forwarded )] x\r\n",
        {Flag.SEEN, Flag.FORWARDED},
        attributes("code.flags"),
    ),
    Row("space-before-paren", b"* 1 FETCH (UID 9 )\r\n", {"UID": 9}, attributes("items")),
    Row("space-before-paren", b'* ID ("name" "x" )\r\n', IdResponse({"name": "x"})),
    Row("flags-quoted", b'* FLAGS ("\\\\Deleted" \\Seen)\r\n', FlagsResponse(Flags(["\\Deleted", "\\Seen"]))),
    Row("nil-in-list", fetch(b"FLAGS (\\Seen NIL)"), {Flag.SEEN}, attributes("flags")),
    Row("nil-in-list", fetch(b"X-GM-LABELS (foo NIL)"), ("foo",), attributes("gmail_labels")),
]  # fmt: skip

A, B, C = address(b"a", b"x"), address(b"b", b"x"), address(b"c", b"x")

ENVELOPE = [
    Row("addr-empty-list", with_field(FROM, b"()"), (), envelope("from_")),
    Row(
        "space-between-groups",
        with_field(FROM, b'((NIL NIL "a" "x") (NIL NIL "b" "x"))'),
        (A, B),
        envelope("from_"),
    ),
    Row(
        "space-between-groups",
        with_field(FROM, b'((NIL NIL "a" "x")(NIL NIL "b" "x") (NIL NIL "c" "x"))'),
        (A, B, C),
        envelope("from_"),
    ),
    *(
        Row(
            "space-between-groups",
            with_body(b"(" + parts + b' "MIXED" ("A" "b") ("INLINE" NIL))'),
            "text/plain",
            part("content_type", section="2"),
        )
        for parts in (
            TEXT_PART + b" " + TEXT_PART,
            TEXT_PART + TEXT_PART + b" " + TEXT_PART,
        )
    ),
    Row(
        "space-between-groups",
        b"* THREAD (1 (2) (3))\r\n",
        [(2,), (3,)],
        lambda r: [branch.members for branch in r.threads[0].branches],
    ),
    Row("space-between-groups", b"* THREAD (1) (2)\r\n", 2, lambda r: len(r.threads)),
    Row("addr-nil-member", with_field(FROM, b'(NIL (NIL NIL "a" "x"))'), (A,), envelope("from_")),
    Row(
        "addr-undisclosed",
        with_field(TO, b'(("undisclosed-recipients" NIL "\\"undisclosed-recipients\\"" NIL ))'),
        (Group(b"undisclosed-recipients", ()),),
        envelope("to"),
    ),
    Row(
        "addr-group-alike",
        with_field(
            TO,
            b'((NIL NIL "" NIL)(NIL NIL "a" "x")(NIL NIL "" NIL)(NIL NIL "" NIL)(NIL NIL "" NIL))',
        ),
        (Group(b"", (A,)), Group(b"", ())),
        envelope("to"),
    ),
    Row(
        "addr-swapped",
        with_field(FROM, b'(("<a@x.org>" NIL "Name" NIL))'),
        [("Name", "a@x.org", b"<a@x.org>", b"Name")],
        lambda r: [(a.name, a.email, a.raw_name, a.raw_mailbox) for a in r.envelope.from_],
        legal=True,
    ),
    Row(
        "addr-nil-mailbox",
        with_field(FROM, b'(("Microsoft Exchange Server" NIL NIL ".MISSING-HOST-NAME."))'),
        [("Microsoft Exchange Server", "")],
        lambda r: [(a.name, a.email) for a in r.envelope.from_],
        legal=True,
    ),
    Row(
        "addr-nil-host",
        with_field(FROM, b'((NIL NIL "joe" NIL))'),
        [("joe", "", "joe")],
        lambda r: [(a.mailbox, a.host, a.email) for a in r.envelope.from_],
        legal=True,
    ),
    *(
        Row(
            "env-short",
            fetch(b'ENVELOPE (NIL "s" NIL NIL NIL NIL NIL NIL' + more + b") UID 9"),
            Envelope(None, b"s", (), (), (), (), (), (), in_reply_to, None),
            item("ENVELOPE"),
        )
        for more, in_reply_to in ((b' "<i@x>"', b"<i@x>"), (b"", None))
    ),
    Row(
        "env-msgid-quotes",
        with_field(MESSAGE_ID, b'"<a"b@x>"'),
        '<a"b@x>',
        envelope("message_id"),
    ),
]

MULTIPART = part("content_type", "parts")

BODYSTRUCTURE = [
    Row(
        "bs-part-is-multipart",
        with_part(b'("ALTERNATIVE" ("BOUNDARY" "b") NIL NIL)'),
        ("multipart/alternative", (), {"boundary": "b"}),
        part("content_type", "parts", "parameters"),
    ),
    Row(
        "bs-part-is-multipart",
        with_part(b'("RELATED" NIL ("ATTACHMENT" NIL) NIL)'),
        ("multipart/related", (), Disposition("attachment", {})),
        part("content_type", "parts", "disposition"),
    ),
    Row("bs-part-is-multipart", with_part(b'("ALTERNATIVE")'), ("multipart/alternative", ()), MULTIPART),
    Row("bs-part-is-multipart", with_body(b'("ALTERNATIVE")'), ("multipart/alternative", ()), MULTIPART),
    Row(
        "bs-nil-children",
        with_part(b'(NIL "alternative" ("boundary" "b") NIL NIL NIL)'),
        ("multipart/alternative", ()),
        MULTIPART,
    ),
    Row(
        "bs-multipart-as-basic",
        with_body(b'("multipart" "related" NIL NIL NIL "7BIT" 400)'),
        ("multipart/related", (), 400),
        part("content_type", "parts", "size"),
    ),
    Row(
        "bs-missing-subtype",
        with_body(b'("TEXT" ("CHARSET" "x") NIL NIL "base64" 356 5)'),
        ("text", "", "x", "base64", 356, 5),
        part("maintype", "subtype", "charset", "encoding", "size", "lines"),
    ),
    Row(
        "bs-missing-subtype",
        with_body(b'( "X-ZIP" NIL NIL NIL "base64" 4)'),
        ("", "x-zip", "base64", 4),
        part("maintype", "subtype", "encoding", "size"),
    ),
    Row(
        "bs-all-nil",
        with_body(b'(NIL NIL NIL NIL NIL "7BIT" 563 NIL NIL NIL NIL)'),
        ("application/octet-stream", 563),
        part("content_type", "size"),
    ),
    Row(
        "bs-rfc822-basic",
        with_body(b'("message" "rfc822" NIL NIL NIL "base64" 99 NIL NIL NIL)'),
        ("message/rfc822", 99, (), None),
        part("content_type", "size", "parts", "envelope"),
    ),
    Row(
        "bs-rfc822-empty-body",
        with_body(b'("message" "rfc822" NIL NIL NIL "7BIT" 7 ' + EMPTY_ENVELOPE + b" () 0)"),
        ("message/rfc822", 7, (), 0),
        part("content_type", "size", "parts", "lines"),
    ),
    Row(
        "bs-text-no-lines",
        with_body(b'("text" "plain" NIL NIL NIL "7bit" 9 NIL ("inline" NIL) NIL NIL)'),
        (9, None, None, Disposition("inline", {})),
        part("size", "lines", "md5", "disposition"),
    ),
    *(
        Row(
            "bs-octets-minus-one",
            with_body(b'("text" "plain" NIL NIL NIL "7BIT" %s 3)' % octets),
            (None, 3),
            part("size", "lines"),
        )
        for octets in (b"-1", b"NIL")
    ),
    Row(
        "bs-octets-float",
        with_body(b'("image" "png" NIL NIL "x" "base64" 1.86931e+06)'),
        (None, "x"),
        part("size", "description"),
    ),
    Row("bs-enc-nil", with_body(b'("image" "png" NIL NIL NIL NIL 9)'), ("7bit", 9), part("encoding", "size")),
    Row("bs-enc-unquoted", with_body(b'("image" "png" NIL NIL NIL 7bit 9)'), "7bit", part("encoding")),
    Row(
        "bs-enc-trailing-space",
        with_body(b'("image" "png" NIL NIL NIL "base64 " 9)'),
        "base64",
        part("encoding"),
    ),
    Row(
        "bs-dsp-string",
        with_body(b'("image" "png" NIL NIL NIL "base64" 9 NIL "inline" NIL NIL)'),
        Disposition("inline", {}),
        part("disposition"),
    ),
    Row(
        "bs-dsp-nil-nil",
        with_body(b'("image" "png" NIL NIL NIL "base64" 9 NIL (NIL NIL) NIL)'),
        Disposition("attachment", {}),
        part("disposition"),
    ),
    Row(
        "bs-dsp-no-params",
        with_body(b'("image" "png" NIL NIL NIL "base64" 9 NIL ("inline"))'),
        Disposition("inline", {}),
        part("disposition"),
    ),
    Row(
        "bs-mpart-description",
        with_body(b"(" + TEXT_PART + b' "mixed" ("boundary" "b") "S/MIME Encrypted Message" NIL)'),
        ("multipart/mixed", {"boundary": "b"}, "S/MIME Encrypted Message", None),
        part("content_type", "parameters", "description", "disposition", section=""),
    ),
    Row(
        "bs-param-nil",
        with_body(b'("image" "png" ("boundary" NIL) NIL NIL "base64" 9)'),
        {"boundary": ""},
        part("parameters"),
    ),
]  # fmt: skip

ROWS = [*FETCH, *ENVELOPE, *BODYSTRUCTURE]
