"""What the embedded server knows of single messages beyond their octets."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from aimap.testing import CAPABILITIES, serve

from .test_obligations import quiet, talk
from .wrong_lines import LOGIN, OPEN

PARTS = (
    b"Content-Type: multipart/alternative; boundary=b\r\nMessage-ID: <1@x>\r\n\r\n"
    b"--b\r\nContent-Type: text/html; charset=iso-8859-1\r\n\r\n<p>caf\xe9 &amp; <b>more</b></p>\r\n"
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"caf=C3=A9  and\r\nmore\r\n--b--\r\n"
)
HTML = (
    b"Content-Type: text/html\r\nReferences: <1@x> <2@x>\r\n\r\n<style>p {}</style><p>one<p>two\r\n"
)


def fetched(answer: bytes, uid: int) -> bytes:
    (line,) = re.findall(rb"\* \d+ FETCH \(UID %d ([^\n]*)\)\r\n" % uid, answer)
    return bytes(line)


async def test_previews() -> None:
    async with quiet() as server:
        server.deliver("joe", PARTS)
        server.deliver("joe", HTML)
        server.deliver("joe", b"Content-Type: image/png\r\n\r\nx")
        answer = await talk(
            server, *OPEN, b"c UID FETCH 3:5 (PREVIEW (LAZY))\r\n", b"d UID FETCH 4 PREVIEW\r\n"
        )
        assert b"PREVIEW {14}\r\ncaf\xc3\xa9 and more)" in answer
        assert answer.count(b'* 4 FETCH (UID 4 PREVIEW "one two")') == 2
        assert fetched(answer, 5) == b'PREVIEW ""'


async def test_object_identifiers() -> None:
    async with quiet() as server:
        server.deliver("joe", PARTS)
        server.deliver("joe", HTML)
        answer = await talk(
            server,
            *OPEN,
            b"c UID COPY 3 Sent\r\n",
            b"d UID FETCH 2:4 (EMAILID THREADID)\r\n",
            b"e SELECT Sent\r\n",
            b"f UID FETCH 1 (EMAILID THREADID)\r\n",
            b"g CREATE Other\r\n",
            b"h RENAME Other Another\r\n",
            b"i STATUS Another (MAILBOXID)\r\n",
        )
        three, four = fetched(answer, 3), fetched(answer, 4)
        assert fetched(answer, 1) == three
        assert fetched(answer, 2) != three
        assert three.partition(b"THREADID")[2] == four.partition(b"THREADID")[2]
        assert three.partition(b"THREADID")[0] != four.partition(b"THREADID")[0]
        codes = re.findall(rb"(?:OK \[|\()MAILBOXID \(([A-Za-z0-9_-]+)\)", answer)
        assert len(codes) == 4
        assert codes[-1] == codes[-2]
        email, thread = (re.findall(rb"ID \(([^)]+)\)", three)[at].decode() for at in range(2))
        answer = await talk(
            server,
            *OPEN,
            f"c UID SEARCH EMAILID {email}\r\n".encode(),
            f"d UID SEARCH THREADID {thread}\r\n".encode(),
        )
        assert b"* SEARCH 3\r\n" in answer
        assert b"* SEARCH 3 4\r\n" in answer


async def test_when_messages_were_saved() -> None:
    async with quiet() as server:
        server.deliver("joe", b"\r\n", date=datetime(2001, 1, 1, tzinfo=UTC))
        today = f"{datetime.now(UTC):%d-%b-%Y}".encode()
        answer = await talk(
            server,
            *OPEN,
            b"c UID FETCH 3 (INTERNALDATE SAVEDATE)\r\n",
            b"d UID SEARCH SAVEDBEFORE 1-Jan-2002\r\n",
            b"e UID SEARCH SAVEDON %s\r\n" % today,
            b"f UID SEARCH SAVEDSINCE 1-Jan-2002 SAVEDATESUPPORTED BEFORE 1-Jan-2002\r\n",
        )
        assert re.search(rb'INTERNALDATE " 1-Jan-2001 [^"]+" SAVEDATE "[^"]*%s' % today, answer)
        assert [line for line in answer.split(b"\r\n") if line.startswith(b"* SEARCH")] == [
            b"* SEARCH",
            b"* SEARCH 1 2 3",
            b"* SEARCH 3",
        ]


async def test_annotations() -> None:
    # RFC 5257 section 4.4, and what becomes of that.
    async with quiet() as server:
        answer = await talk(
            server,
            LOGIN,
            b"b SELECT INBOX (ANNOTATE)\r\n",
            b'c UID STORE 1 ANNOTATION (/comment (value.priv "My new comment") /ALTSUBJECT (value.shared "x"))\r\n',
            b'd UID FETCH 1 (ANNOTATION ("/comment" (value.priv size.priv)))\r\n',
            b"e UID FETCH 1 ANNOTATION (* value)\r\n",
            b"f UID FETCH 1 ANNOTATION ((/a% /none) (value.* size.shared))\r\n",
            b'g UID SEARCH ANNOTATION * value "NEW"\r\n',
            b'h UID SEARCH ANNOTATION /altsubject value.priv "x"\r\n',
            b"i UID SEARCH ANNOTATION /comment value NIL\r\n",
            b"j UID SORT (REVERSE ANNOTATION /comment value.priv) UTF-8 ALL\r\n",
            b"k UID COPY 1 Sent\r\n",
            b"l UID STORE 1 ANNOTATION (/comment (value.priv NIL))\r\n",
            b'm APPEND Sent ANNOTATION (/comment (value.shared "it")) {1+}\r\nx\r\n',
            b"n UID STORE 1 ANNOTATION (/comment (value.priv {65537+}\r\n"
            + b"x" * 65537
            + b"))\r\n",
        )
        assert b"* OK [ANNOTATIONS 65536]" in answer
        assert b'ANNOTATION ("/comment" ("value.priv" "My new comment" "size.priv" "14"))' in answer
        assert (
            b'ANNOTATION ("/altsubject" ("value.priv" NIL "value.shared" "x") '
            b'"/comment" ("value.priv" "My new comment" "value.shared" NIL))' in answer
        )
        assert (
            b'ANNOTATION ("/altsubject" ("value.priv" NIL "value.shared" "x" "size.shared" "1") '
            b'"/none" ("value.priv" NIL "value.shared" NIL "size.shared" "0"))' in answer
        )
        assert b"* SEARCH 1\r\ng OK" in answer
        assert b"* SEARCH\r\nh OK" in answer
        assert b"* SEARCH 2\r\ni OK" in answer
        assert b"* SORT 1 2\r\n" in answer
        assert b"n NO [ANNOTATE TOOBIG]" in answer
    copy, appended = server.mailbox("joe", "Sent").messages
    assert copy.annotations["/comment"] == {"value.priv": b"My new comment"}
    assert appended.annotations == {"/comment": {"value.shared": b"it"}}
    assert set(server.mailbox("joe").messages[0].annotations) == {"/altsubject"}


async def test_conversions() -> None:
    async with quiet() as server:
        server.deliver("joe", PARTS)
        answer = await talk(
            server,
            *OPEN,
            b'c UID CONVERT 3 ("text/plain" ("charset" "utf-8")) (BINARY[1] BINARY.SIZE[1])\r\n',
            b'd UID CONVERT 3 ("text/html" ("charset" "iso-8859-1")) BINARY[2]<0.12>\r\n',
            b"e CONVERT 3 (NIL) (UID BODYPARTSTRUCTURE[1] AVAILABLECONVERSIONS[2] BODY[HEADER])\r\n",
            b'f UID CONVERT 3 ("image/png") BINARY[1]\r\n',
            b'g UID CONVERT 3 ("text/plain" ("charset" "klingon")) BINARY[9]\r\n',
            b'h CONVERSIONS "text/plain" "*"\r\n',
            b'i CONVERSIONS "image/*" "text/html"\r\n',
        )
        text = " café &  more  ".encode()
        assert (
            b'* 3 CONVERTED (TAG "c") (UID 3 BINARY[1] {%d}\r\n%s BINARY.SIZE[1] %d)\r\n'
            % (len(text), text, len(text))
            in answer
        )
        assert b'(TAG "d") (UID 3 BINARY[2]<0> {12}\r\n<html><body>)' in answer
        assert (
            b'(TAG "e") (UID 3 BODYPARTSTRUCTURE[1] ("TEXT" "PLAIN" ("charset" "utf-8")' in answer
        )
        assert b'AVAILABLECONVERSIONS[2] (("text/plain" "text/html")) BODY[HEADER] ' in answer
        assert (
            b'BINARY[1] (ERROR "that cannot be converted" BADPARAMETERS "text/html" "image/png")'
            in answer
        )
        assert (
            b'BINARY[9] (ERROR "no such part" BADPARAMETERS NIL "text/plain" ("charset" "klingon"))'
            in answer
        )
        assert b'* CONVERSION "text/plain" "text/html" ("charset")\r\n' in answer
        assert b'CONVERSION "text/html"' not in answer


async def test_gmail() -> None:
    async with quiet(capabilities=CAPABILITIES | {"X-GM-EXT-1"}) as server:
        server.deliver("joe", PARTS, flags=["\\Flagged"])
        server.deliver("joe", HTML)
        answer = await talk(
            server,
            *OPEN,
            b'c UID STORE 3 +X-GM-LABELS (work "to do" \\Important)\r\n',
            b"d UID STORE 3 -X-GM-LABELS.SILENT work\r\n",
            b"e UID COPY 3 Sent\r\n",
            b"f UID FETCH 3:4 (X-GM-LABELS X-GM-MSGID X-GM-THRID)\r\n",
            b'g UID SEARCH X-GM-LABELS "to do"\r\n',
            b'h UID SEARCH X-GM-RAW "is:starred label:to-do has:nothing"\r\n'.replace(
                b" has:nothing", b""
            ),
            b'i UID SEARCH X-GM-RAW "-is:starred (one OR two)"\r\n'.replace(
                b"(one OR two)", b"one OR two"
            ),
            b'j UID SEARCH X-GM-RAW "rfc822msgid:1@x larger:10"\r\n',
        )
        assert b'X-GM-LABELS (\\Important "to do" work))\r\nc OK' in answer
        lines = re.findall(
            rb"FETCH \(UID (\d) X-GM-LABELS \((.*)\) X-GM-MSGID (\d+) X-GM-THRID (\d+)\)", answer
        )
        (_, labels, number, thread), (_, none, other, same) = lines
        assert (labels, none) == (b'\\Important "to do"', b"")
        assert number != other
        assert thread == same
        assert b"* SEARCH 3\r\ng OK" in answer
        assert b"* SEARCH 3\r\nh OK" in answer
        assert b"* SEARCH 1 2 4\r\ni OK" in answer
        assert b"* SEARCH 3\r\nj OK" in answer
        assert server.mailbox("joe", "Sent").messages[0].labels == {"to do", "\\Important"}
        answer = await talk(
            server,
            *OPEN,
            b"c UID SEARCH X-GM-MSGID %s\r\n" % number,
            b"d UID SEARCH X-GM-THRID %s\r\n" % thread,
        )
        assert b"* SEARCH 3\r\n" in answer
        assert b"* SEARCH 3 4\r\n" in answer


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("from:zoe", b"1"),
        ("subject:report -from:zoe", b"2"),
        ('subject:\\"the report\\"', b"2"),
        ("has:attachment", b"2"),
        ("larger:1k", b"1"),
        ("smaller:1K in:work", b"2"),
        ("is:unread OR is:starred", b"1 2"),
        ("is:read", b""),
    ],
)
async def test_gmail_searches_in_words(query: str, found: bytes) -> None:
    async with serve({"joe": "secret"}, tls="insecure", host=None, preset="gmail") as server:
        server.deliver("joe", b"From: Zoe <z@x>\r\nSubject: report\r\n\r\n" + b"x" * 2000)
        server.deliver(
            "joe",
            b"Subject: the report\r\nContent-Type: image/png\r\n"
            b"Content-Disposition: attachment\r\n\r\n",
        )
        server.mailbox("joe").messages[1].labels.add("work")
        answer = await talk(server, *OPEN, f'c UID SEARCH X-GM-RAW "{query}"\r\n'.encode())
        lines = [line.strip() for line in answer.split(b"\r\n") if line.startswith(b"* SEARCH")]
        assert lines == [b"* SEARCH " + found if found else b"* SEARCH"]


@pytest.mark.breaks("search")
async def test_gmail_does_not_guess() -> None:
    async with quiet(capabilities=CAPABILITIES | {"X-GM-EXT-1"}) as server:
        answer = await talk(
            server,
            *OPEN,
            b"b UID STORE 1 X-GM-LABELS (a b)\r\n",
            b"c UID STORE 1 X-GM-LABELS ()\r\n",
            b"d UID SEARCH X-GM-RAW deliveredto:joe\r\n",
        )
        assert b"X-GM-LABELS ())\r\nc OK" in answer
        assert b"d BAD [CLIENTBUG] X-GM-RAW with deliveredto:joe" in answer


@pytest.mark.breaks("search", "syntax")
async def test_gmail_is_asked_for() -> None:
    async with quiet() as server:
        answer = await talk(
            server, *OPEN, b"c UID SEARCH X-GM-RAW x\r\n", b"d UID FETCH 1 X-GM-MSGID\r\n"
        )
        assert b"c BAD" in answer
        assert b"d BAD" in answer


async def test_urls_that_are_signed() -> None:
    async with quiet() as server:
        server.add_account("ann", "other")
        server.deliver("joe", PARTS)
        url = b"imap://joe@localhost/INBOX/;UID=3/;SECTION=2;URLAUTH=user+ann"
        answer = await talk(
            server,
            LOGIN,
            b'c GENURLAUTH "%s" INTERNAL "imap://joe@h/INBOX/;UID=1;URLAUTH=anonymous" INTERNAL\r\n'
            % url,
        )
        signed, everyones = re.findall(rb'"([^"]+:internal:[0-9a-f]+)"', answer)
        assert signed.startswith(url)
        answer = await talk(
            server,
            b"a LOGIN ann other\r\n",
            b'b URLFETCH "%s" "%sf" "%s"\r\n' % (signed, signed, everyones),
            b'c URLFETCH ("%s" BODY BINARY BODYPARTSTRUCTURE)\r\n' % signed,
            b'd URLFETCH ("%s0" BODY)\r\n' % signed,
        )
        assert (
            b'* URLFETCH "%s" {20}\r\ncaf=C3=A9  and\r\nmore "%sf" NIL "%s" {'
            % (signed, signed, everyones)
            in answer
        )
        assert (
            b'"%s" (BODY {20}\r\ncaf=C3=A9  and\r\nmore) (BINARY ~{16}\r\ncaf\xc3\xa9' % signed
            in answer
        )
        assert b'(BODYPARTSTRUCTURE ("TEXT" "PLAIN" ("charset" "utf-8")' in answer
        assert b'"%s0" (BODY NIL)' % signed in answer
        # To joe himself this one is nothing, and after RESETKEY to ann neither.
        answer = await talk(
            server,
            LOGIN,
            b'c URLFETCH "%s"\r\n' % signed,
            b"d RESETKEY INBOX\r\n",
            b"e RESETKEY\r\n",
        )
        assert b'"%s" NIL' % signed in answer
        assert b"d OK [URLMECH INTERNAL]" in answer
        answer = await talk(server, b"a LOGIN ann other\r\n", b'b URLFETCH "%s"\r\n' % signed)
        assert b'"%s" NIL' % signed in answer


async def test_urls_for_some_time_and_some_people() -> None:
    async with quiet() as server:
        server.add_account("ann", "other")
        server.add_account("anonymous", "x")
        ends = [
            b";EXPIRE=2001-01-01T00:00:00Z;URLAUTH=anonymous",
            b";EXPIRE=2999-01-01T00:00:00Z;URLAUTH=anonymous",
            b";EXPIRE=never;URLAUTH=anonymous",
            b";URLAUTH=authuser",
            b";URLAUTH=user+bob",
            b";URLAUTH=submit+bob",
        ]
        wishes = b" ".join(b'"imap://joe@h/INBOX/;UID=1%s" INTERNAL' % end for end in ends)
        answer = await talk(server, LOGIN, b"c GENURLAUTH %s\r\n" % wishes)
        signed = re.findall(rb'"([^"]+:internal:[0-9a-f]+)"', answer)

        async def readable(login: bytes) -> list[bool]:
            fetch = b"b URLFETCH %s\r\n" % b" ".join(b'"%s"' % url for url in signed)
            answer = await talk(server, login, fetch)
            return [b'"%s" {' % url in answer for url in signed]

        assert await readable(b"a LOGIN ann other\r\n") == [False, True, False, True, False, True]
        assert await readable(b"a LOGIN anonymous x\r\n") == [
            False,
            True,
            False,
            False,
            False,
            True,
        ]
        answer = await talk(
            server,
            b"a LOGIN ann other\r\n",
            b'b URLFETCH "imap://none@h/INBOX/;UID=1" "nothing"\r\n',
        )
        assert b'"imap://none@h/INBOX/;UID=1" NIL "nothing" NIL' in answer


async def test_urls_of_a_piece() -> None:
    async with quiet() as server:
        answer = await talk(
            server,
            LOGIN,
            b'c APPEND Sent CATENATE (URL "/INBOX/;UID=1/;PARTIAL=9.3" TEXT {1+}\r\n! URL "/INBOX/;UID=1/;SECTION=TEXT/;PARTIAL=0")\r\n',
        )
        assert b"c OK" in answer
        assert server.mailbox("joe", "Sent").messages[0].octets == b"one!1\r\n"
