"""Rows about greetings, lines, literals, response codes and logging in."""

from __future__ import annotations

from aimap import (
    AppendUIDCode,
    Capabilities,
    CapabilityResponse,
    ContinuationRequest,
    CopyUIDCode,
    Flag,
    IdResponse,
    Invalid,
    ListResponse,
    MailboxStatus,
    QuotaResource,
    ResponseCode,
    SearchResponse,
    StatusResponse,
    TaggedResponse,
    Unparsed,
)
from aimap._model.numbers import UIDSet, UIDValidity

from .quirk_rows import Row, attributes, envelope, fetch, item, with_body, with_field

UNPARSED = "neither a tagged, nor an untagged response, nor a continuation request"

ROWS = [
    # Greeting and capability
    Row("nul-padding", b"\0\0* OK hi\r\n", StatusResponse("OK", None, "hi")),
    Row(
        "cap-literal-space-plus",
        b"* CAPABILITY IMAP4rev1 LITERAL +\r\n",
        CapabilityResponse(Capabilities(["IMAP4rev1", "LITERAL"])),
    ),
    Row(
        "lowercase-words",
        b'* List (\\HasNoChildren) "/" "INBOX"\r\n',
        (ListResponse, "INBOX", {"\\HasNoChildren"}),
        lambda r: (type(r), r.mailbox.name, r.mailbox.attributes),
        legal=True,
    ),
    Row(
        "id-atoms",
        b'* ID (name ProtonMail vendor "Proton AG")\r\n',
        IdResponse({"name": "ProtonMail", "vendor": "Proton AG"}),
    ),
    Row(
        "id-commas-untagged-end",
        b'* ID ("name", "Bigfoot")\r\n',
        IdResponse({"name": "Bigfoot"}),
    ),
    # Lines and literals
    Row("lone-lf", b"* OK hi\n", StatusResponse("OK", None, "hi")),
    Row("lone-lf", b"* 1 FETCH (BODY[] {2}\nhi)\r\n", b"hi", item("BODY[]")),
    Row(
        "trailing-space",
        b"* CAPABILITY IMAP4rev1 \r\n",
        CapabilityResponse(Capabilities(["IMAP4rev1"])),
    ),
    Row("trailing-space", b"* SEARCH 1 2 \r\n", SearchResponse((1, 2))),
    Row("trailing-space", b"* SEARCH \r\n", SearchResponse(())),
    Row(
        "trailing-space",
        b"* STATUS Sent (UIDNEXT 107) \r\n",
        MailboxStatus("Sent", {"UIDNEXT": 107}),
    ),
    Row("trailing-space", b"A1 OK done \r\n", TaggedResponse("A1", "OK", None, "done")),
    Row("no-resp-text", b"A1 OK\r\n", TaggedResponse("A1", "OK", None, "")),
    Row(
        "literal-counted-in-chars",
        "* 1 FETCH (BODY[1] {2}\r\néé UID 9)\r\n".encode(),
        (Invalid, "{2}\r\néé".encode(), 9),
        lambda r: (type(r.items["BODY[1]"]), r.items["BODY[1]"].raw, r.uid),
    ),
    Row(
        "double-space",
        b"* 1 FETCH (RFC822.HEADER  {2}\r\n\r\n)\r\n",
        b"\r\n",
        item("BODY[HEADER]"),
    ),
    Row(
        "double-space",
        b'* QUOTA "" (MESSAGE 0  9)\r\n',
        (QuotaResource("MESSAGE", 0, 9),),
        attributes("resources"),
    ),
    Row("double-space", b"* SEARCH  1\r\n", SearchResponse((1,))),
    Row("double-space", b'* LIST  () "/" x\r\n', "x", attributes("mailbox.name")),
    Row("missing-space", fetch(b"X-Y (a(b))"), (b"a", (b"b",)), item("X-Y")),
    Row("missing-space", fetch(b"X-Y ((a)b)"), ((b"a",), b"b"), item("X-Y")),
    Row("raw-8bit-quoted", with_field(1, b'"Cl\xc3\xa9ment"'), "Clément", envelope("subject")),
    Row("raw-8bit-quoted", with_field(1, b'"Cl\xe9ment"'), "Clément", envelope("subject")),
    Row("raw-8bit-quoted", with_field(1, b'"Cl\xe9"'), b"Cl\xe9", envelope("raw_subject")),
    Row(
        "unescaped-quotes",
        with_body(b'("TEXT" "PLAIN" NIL NIL NIL "base64" """" 5)'),
        (Invalid, 9),
        lambda r: (type(r.items["BODYSTRUCTURE"]), r.uid),
        quirk="",
    ),
    Row(
        "unescaped-quotes",
        with_body(b'("TEXT" "PLAIN" ("CHARSET" "3D"x"") NIL NIL "base64" 5 5)'),
        b'("TEXT" "PLAIN" ("CHARSET" "3D"x"") NIL NIL "base64" 5 5)',
        lambda r: r.items["BODYSTRUCTURE"].raw,
        quirk="",
    ),
    Row(
        "escaped-closing-quote",
        with_field(2, b'((NIL NIL "a" "qq.com\\"))'),
        (Invalid, 9),
        lambda r: (type(r.items["ENVELOPE"]), r.uid),
        quirk="",
    ),
    Row(
        "server-unavailable-line",
        b"Server Unavailable. 15\r\n",
        StatusResponse("BAD", None, "Server Unavailable. 15"),
    ),
    Row(
        "echo-after-tagged",
        b"CAPABILITY completed.\r\n",
        Unparsed(b"CAPABILITY completed.", UNPARSED),
        quirk="",
    ),
    Row("status-for-tagged", b"* BAD x\r\n", StatusResponse("BAD", None, "x"), legal=True),
    Row("tagged-bye", b"A1 BYE x\r\n", TaggedResponse("A1", "BYE", None, "x")),
    # Response codes
    Row(
        "code-no-text",
        b"* OK [HIGHESTMODSEQ 9]\r\n",
        (9, ""),
        attributes("code.modseq", "text"),
        quirk="no-resp-text",
    ),
    Row(
        "code-not-atom",
        b'A1 OK [Error="a.b: c" Service=Imap4] AUTHENTICATE completed.\r\n',
        TaggedResponse("A1", "OK", None, '[Error="a.b: c" Service=Imap4] AUTHENTICATE completed.'),
    ),
    # The brackets are balanced; that a keyword holds some is a deviation by itself.
    Row(
        "code-brackets-inside",
        b"* OK [PERMANENTFLAGS ([css3-page] \\*)] x\r\n",
        ({Flag("[css3-page]")}, True, "x"),
        attributes("code.flags", "code.keywords_allowed", "text"),
        quirk="flags-brackets-spaces",
    ),
    Row(
        "code-brackets-inside",
        b'* NO [BADCHARSET ("[x]")] y\r\n',
        (("[x]",), "y"),
        attributes("code.charsets", "text"),
        legal=True,
    ),
    Row(
        "text-starts-bracket",
        b"A1 OK [READ-WRITE] [Gmail]/Sent Mail selected. (Success)\r\n",
        TaggedResponse(
            "A1", "OK", ResponseCode("READ-WRITE"), "[Gmail]/Sent Mail selected. (Success)"
        ),
        legal=True,
    ),
    *(
        Row(
            "copyuid-bare-line",
            raw,
            StatusResponse(
                "OK",
                CopyUIDCode(
                    "COPYUID",
                    b"55 31 6",
                    uid_validity=UIDValidity(55),
                    source=((31, 31),),
                    destination=((6, 6),),
                ),
                "",
            ),
        )
        for raw in (b"[COPYUID 55 31 6]\r\n", b"* [COPYUID 55 31 6]\r\n")
    ),
    Row(
        "copyuid-empty",
        b"* OK [COPYUID 701  ]\r\n",
        StatusResponse("OK", ResponseCode("COPYUID", b"701"), ""),
        quirk="code-malformed",
    ),
    Row(
        "copyuid-two-fields",
        b"A1 OK [COPYUID 13 4484] x\r\n",
        TaggedResponse("A1", "OK", ResponseCode("COPYUID", b"13 4484"), "x"),
        quirk="code-malformed",
    ),
    Row(
        "copyuid-absent",
        b"A1 OK Completed\r\n",
        TaggedResponse("A1", "OK", None, "Completed"),
        legal=True,
    ),
    Row(
        "copyuid-untagged",
        b"* OK [COPYUID 13 59 44] x\r\n",
        (((59, 59),), ((44, 44),)),
        attributes("code.source", "code.destination"),
        legal=True,
    ),
    Row(
        "appenduid-swapped",
        b"A1 OK [APPENDUID 7064 1] x\r\n",
        AppendUIDCode("APPENDUID", b"7064 1", uid_validity=UIDValidity(7064), uids=UIDSet(1)),
        attributes("code"),
        legal=True,
    ),
    Row("uidvalidity-zero", b"* OK [UIDVALIDITY 0] x\r\n", None, attributes("code.uid_validity")),
    Row("uidnext-zero", b"* OK [UIDNEXT 0] x\r\n", None, attributes("code.uid_next")),
    Row(
        "modseq-zero-or-minus",
        b"* OK [HIGHESTMODSEQ 0] x\r\n",
        None,
        attributes("code.modseq"),
    ),
    Row(
        "modseq-zero-or-minus",
        fetch(b"MODSEQ (0) UID 9"),
        Invalid,
        lambda r: type(r.items["MODSEQ"]),
    ),
    Row("modseq-zero-or-minus", fetch(b"MODSEQ (-1) UID 9"), 9, attributes("uid")),
    Row(
        "seq-negative",
        b"* -1 EXPUNGE\r\n",
        Unparsed(b"* -1 EXPUNGE", "a message number is 0 to 4294967295, not -1"),
        quirk="",
    ),
    Row("expunge-above-exists", b"* 4 EXPUNGE\r\n", 4, attributes("seq"), legal=True),
    Row(
        "vanished-malformed",
        b"* VANISHED (EARLIER) 1,,2\r\n",
        b"* VANISHED (EARLIER) 1,,2",
        attributes("raw"),
        quirk="",
    ),
    Row(
        "idle-still-here",
        b"* OK Still here\r\n",
        StatusResponse("OK", None, "Still here"),
        legal=True,
    ),
    Row(
        "idle-absent",
        b"* CAPABILITY IMAP4rev1 ID MOVE UIDPLUS XYMHIGHESTMODSEQ OBJECTID\r\n",
        (False, True),
        lambda r: ("IDLE" in r.capabilities, "MOVE" in r.capabilities),
        legal=True,
    ),
    Row(
        "bye-session-expired",
        b"* BYE Session expired, please login again.\r\n",
        StatusResponse("BYE", None, "Session expired, please login again."),
        legal=True,
    ),
    # Login, limits
    Row(
        "login-ok-not-connected",
        b"A1 BAD User is authenticated but not connected.\r\n",
        TaggedResponse("A1", "BAD", None, "User is authenticated but not connected."),
        legal=True,
    ),
    Row(
        "unsafe-login",
        b"A1 NO SELECT Unsafe Login. Please contact kefu@188.com for help\r\n",
        TaggedResponse(
            "A1", "NO", None, "SELECT Unsafe Login. Please contact kefu@188.com for help"
        ),
        legal=True,
    ),
    Row(
        "web-login",
        b"* NO [WEBALERT https://x] Web login required.\r\n",
        ("https://x", "Web login required."),
        attributes("code.url", "text"),
        legal=True,
    ),
    Row(
        "gmail-conn-cap",
        b"A1 NO [ALERT] Too many simultaneous connections. (Failure)\r\n",
        TaggedResponse(
            "A1", "NO", ResponseCode("ALERT"), "Too many simultaneous connections. (Failure)"
        ),
        legal=True,
    ),
    Row(
        "gmail-bandwidth",
        b"A1 NO [OVERQUOTA] Account exceeded command or bandwidth limits.\r\n",
        TaggedResponse(
            "A1",
            "NO",
            ResponseCode("OVERQUOTA"),
            "Account exceeded command or bandwidth limits.",
        ),
        legal=True,
    ),
    Row(
        "gmail-throttled-tail",
        b"A1 OK Success [THROTTLED]\r\n",
        TaggedResponse("A1", "OK", None, "Success [THROTTLED]"),
        legal=True,
    ),
    Row(
        "ms-throttled",
        b"A1 BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds\r\n",
        "Request is throttled. Suggested Backoff Time: 299961 milliseconds",
        attributes("text"),
        legal=True,
    ),
    Row(
        "yahoo-limit",
        b"A1 NO [LIMIT] CAPABILITY Rate limit hit.\r\n",
        TaggedResponse("A1", "NO", ResponseCode("LIMIT"), "CAPABILITY Rate limit hit."),
        legal=True,
    ),
    Row(
        "dovecot-conn-cap",
        b"A1 NO [UNAVAILABLE] Maximum number of connections from user+IP exceeded\r\n",
        ("NO", "UNAVAILABLE"),
        attributes("condition", "code.name"),
        legal=True,
    ),
    Row(
        "command-too-long",
        b"A1 BAD Command line too large\r\n",
        TaggedResponse("A1", "BAD", None, "Command line too large"),
        legal=True,
    ),
    Row(
        "messagelimit-partial",
        b"A1 OK [MESSAGELIMIT 1000 23221] x\r\n",
        (1000, 23221),
        attributes("code.limit", "code.lowest_uid"),
        legal=True,
    ),
    Row(
        "sasl-login-prompt",
        b"+ VXNlciBOYW1lAA==\r\n",
        ContinuationRequest(b"VXNlciBOYW1lAA=="),
        legal=True,
    ),
    Row(
        "xoauth2-error-json",
        b"+ eyJzdGF0dXMiOiI0MDAifQ==\r\n",
        ContinuationRequest(b"eyJzdGF0dXMiOiI0MDAifQ=="),
        legal=True,
    ),
    Row("bare-plus", b"+\r\n", ContinuationRequest(b"")),
    Row("stray-plus", b"+ x\r\n", ContinuationRequest(b"x"), legal=True),
    Row(
        "idle-exists-before-plus",
        b"+ IDLE accepted\r\n",
        ContinuationRequest(b"IDLE accepted"),
        legal=True,
    ),
]
