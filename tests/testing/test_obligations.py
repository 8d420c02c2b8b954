"""The embedded server refuses what clients must not do, and says which rule it is."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from aimap import InvalidArgumentError
from aimap.testing import CAPABILITIES, Logins, Rule, Server, serve
from tests.obligations import ROWS

from .wrong_lines import IN, LITERAL_MINUS, LOGIN, OPEN, REFUSED, SELECT, enabled


async def talk(server: Server, *pieces: bytes) -> bytes:
    """Send each piece once the one before is answered; return everything that comes."""
    stream = server.connect()
    for piece in pieces:
        await trio.testing.wait_all_tasks_blocked()
        await stream.send_all(piece)
    assert isinstance(stream, trio.StapledStream)
    await stream.send_eof()
    answer = b""
    while data := await stream.receive_some():
        answer += data
    return answer


@asynccontextmanager
async def quiet(**options: Any) -> AsyncGenerator[Server]:
    async with serve(tls=options.pop("tls", "insecure"), host=None, **options) as server:
        server.deliver("joe", b"Subject: one\r\n\r\n1\r\n")
        server.deliver("joe", b"Subject: two\r\n\r\n2\r\n")
        yield server


ELSEWHERE = {
    "login-disabled": "test_no_credentials_in_clear_where_there_is_starttls",
    "status-of-selected": "test_status_of_the_selected_mailbox",
    "literal-plus-not-offered": "test_literals_at_once",
    "literal-minus-size": "test_literals_at_once",
    "nothing-behind-starttls": "test_nothing_may_follow_starttls",
    "mailbox-empty-level": "test_levels_without_a_name",
    "header-8bit": "test_8bit_headers",
    "multiappend-not-offered": "test_several_messages_without_multiappend",
}
"""Rows with a test of their own."""

CLIENTS_OWN = {
    "fetch-behind-store": "in which order the caller wants them, only the client knows",
    "star-below-start": "what comes back is what was asked for",
    "flags-dropped": "an empty list of flags is legal, and the server sees no other",
    "modified-is-no-success": "it is about what the client makes of an answer",
    "move-fall-back": "each of its commands is legal",
    "plain-expunge": "it is legal, and removes what is marked",
    "bye-is-no-success": "it is about what the client makes of an answer",
}
"""Rows that no server can see broken."""


def test_no_row_is_forgotten() -> None:
    rows = {row for row, *_ in REFUSED}
    assert rows | set(ELSEWHERE) | set(CLIENTS_OWN) == set(ROWS)
    assert not rows & set(CLIENTS_OWN)
    assert set(ELSEWHERE.values()) <= set(globals())


def test_every_rule_is_broken_somewhere() -> None:
    here = {rule for _, rule, _, _ in REFUSED}
    elsewhere = {
        "login-disabled",
        "status-of-selected",
        "literal-plus",
        "hierarchy",
        "header-8bit",
        "compress",
        "append-limit",
        "utf8-only",
    }
    assert here | elsewhere == set(Rule)


@pytest.mark.parametrize(
    ("rule", "sent", "reason"),
    [
        pytest.param(rule, sent, reason, id=f"{row}-{at}", marks=pytest.mark.breaks(rule))
        for at, (row, rule, sent, reason) in enumerate(REFUSED)
    ],
)
async def test_refused(rule: str, sent: tuple[bytes, ...], reason: str) -> None:
    async with quiet(
        capabilities=CAPABILITIES | {"NOTIFY", "IMAP4REV2", "MESSAGELIMIT=4294967295"}
    ) as server:
        answer = await talk(server, *sent)
        (violation,) = server.violations
        assert violation.rule == rule
        code = "UIDREQUIRED" if rule == "uid-required" else "CLIENTBUG"
        said = re.search(rb"^([a-z*]) BAD \[%s\] ([^\r]*)" % code.encode(), answer, re.MULTILINE)
        assert said is not None, answer
        assert re.search(reason, said[2].decode("ascii")), answer
        assert violation.tag.encode("ascii") == said[1]
        assert violation.reason.encode("ascii", "backslashreplace") == said[2]
        # What was refused was not done, and not answered.
        assert len(re.findall(rb"\* (?:SEARCH|SORT|ID)\b", answer)) <= 1
        assert [message.flags for message in server.mailbox("joe").messages] in (
            [set(), set()],
            [{"X"}, set()],
        )


@pytest.mark.parametrize(
    "sent",
    [
        # On the legal side of a rule.
        (*OPEN, b"d FETCH 1 FLAGS\r\ne STORE 1 +FLAGS (X)\r\nf SEARCH 1\r\ng NOOP\r\n"),
        (*OPEN, b"d STORE 1 +FLAGS (X)\r\ne COPY 1 Sent\r\nf EXPUNGE\r\n"),
        (*OPEN, b"d UID SEARCH RETURN (ALL) SEEN\r\ne UID SEARCH RETURN (COUNT) UNSEEN\r\nf UID SEARCH SEEN\r\n"),
        (*OPEN, b"d NOOP\r\ne UID FETCH 1 FLAGS\r\nf UID STORE 1 +FLAGS (X)\r\n"),
        (*OPEN, b"d SEARCH RETURN (SAVE) ALL\r\n", b"e FETCH $ FLAGS\r\n", b"f UID SEARCH $ SEEN\r\n"),
        (*OPEN, b"d SEARCH RETURN (SAVE) SEEN\r\n", b"e UID STORE $ +FLAGS (X)\r\n"),
        (LOGIN, b"b SELECT Sent\r\n", b"d UID FETCH 1:* FLAGS\r\n"),
        (*IN, b"b IDLE\r\nDONE\r\nc NOOP\r\n"),
        (*IN, b"b UNAUTHENTICATE\r\na LOGIN joe secret\r\n", b"c STATUS Sent (MESSAGES)\r\n"),
        (*IN, b"b UNAUTHENTICATE\r\na AUTHENTICATE PLAIN AGpvZQBzZWNyZXQ=\r\n", b"c SELECT INBOX\r\n"),
        (*IN, b"b CREATE foo/\r\nc CREATE a/b/c\r\nd RENAME foo bar\r\n"),
        (*IN, b"b CREATE &AOQ-\r\n", b"c STATUS &AOQ- (MESSAGES)\r\n"),
        enabled("UTF8=ACCEPT", then=[b'c CREATE "\xc3\xbc"\r\n', b'd STATUS "\xc3\xbc" (MESSAGES)\r\n', SELECT,
            b'e UID SEARCH SUBJECT "\xc3\xbc"\r\n']),
        enabled("IMAP4rev2", then=[SELECT, b"c UID SEARCH LARGER 4294967296\r\n", b"d UID FETCH 1 RFC822.SIZE\r\n"]),
        enabled("QRESYNC", then=[b"c SELECT INBOX (QRESYNC (1 1 1:2 (1,2 1,2)))\r\n",
            b"d UID FETCH 1:2 FLAGS (CHANGEDSINCE 1 VANISHED)\r\n"]),
        enabled("UIDONLY", then=[SELECT, b"c UID FETCH 1 FLAGS\r\n", b"d UID SEARCH ALL\r\n", b"e UID MOVE 1 Sent\r\n"]),
        (*OPEN, b"c UID STORE 1 (UNCHANGEDSINCE 0) +FLAGS (X)\r\n", b"d UID STORE 1 FLAGS ()\r\n"),
        (*OPEN, b"c UID SEARCH UIDAFTER 1 UIDBEFORE 9\r\n", b'd UID SEARCH BEFORE "1-Feb-2026" SINCE 31-Dec-9999\r\n'),
        (*OPEN, b"c UID SORT (REVERSE DATE SUBJECT) UTF-8 ALL\r\n", b"d UID THREAD ORDEREDSUBJECT UTF-8 ALL\r\n"),
        (*OPEN, b"c UID SEARCH RETURN (PARTIAL -1:-5 COUNT) ALL\r\n", b"d UID FETCH 1 (BINARY[1] BINARY.SIZE[1])\r\n"),
        (*OPEN, b"c UID REPLACE 1 Sent (\\Seen) {1+}\r\nx\r\n"),
        (*IN, b"c APPEND Sent {1+}\r\nx (\\Seen) \" 1-Jan-2026 00:00:00 +0000\" ~{3+}\r\na\0b\r\n"),
        (*IN, b'c APPEND Sent CATENATE (TEXT {4+}\r\na: b URL "/INBOX/;UID=1/;SECTION=TEXT")\r\n'),
        (*IN, b'c LIST (SUBSCRIBED RECURSIVEMATCH) "" (INBOX S%) RETURN (STATUS (UNSEEN) CHILDREN)\r\n'),
        (*IN, b"c SETMETADATA INBOX (/shared/comment ~{3+}\r\na\0b)\r\n",
            b"d GETMETADATA (DEPTH infinity MAXSIZE 9) INBOX (/shared/comment)\r\n", b'e GETMETADATA "" /private/x\r\n'),
        (*IN, b"c SETACL INBOX fred lrkx\r\n", b"d GETACL INBOX\r\n", b"e LISTRIGHTS INBOX fred\r\nf MYRIGHTS INBOX\r\n",
            b"g SETACL INBOX fred -k\r\n", b"h DELETEACL INBOX fred\r\n"),
        (*IN, b"c NOTIFY NONE\r\n"),
    ],
)  # fmt: skip
async def test_what_comes_near_is_done(sent: tuple[bytes, ...]) -> None:
    offered = CAPABILITIES | {"NOTIFY", "IMAP4REV2", "MESSAGELIMIT=4294967295"}
    async with quiet(capabilities=offered) as server:
        answer = await talk(server, *sent)
        tags = re.findall(rb"^([a-z]) ([A-Z]+)", answer, re.MULTILINE)
        assert {condition for _, condition in tags} == {b"OK"}, answer
        assert len(tags) == b"".join(sent).count(b"\r\n") - len(
            re.findall(rb"DONE|\{\d+\+", b"".join(sent))
        )


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ((*IN, b"c SETQUOTA fred (STORAGE 1)\r\n"), b"NONEXISTENT"),
        ((*IN, b'c SETQUOTA "" (X-WORDS 1)\r\n'), b"CANNOT"),
        ((*IN, b"c LANGUAGE fr\r\n"), b"CANNOT"),
        ((*IN, b"c COMPARATOR i;unknown\r\n"), b"BADCOMPARATOR"),
        ((*IN, b"c CREATE Other (USE (\\Sent))\r\n"), b"USEATTR"),
        ((*IN, b"c CREATE Other (USE (\\Odd))\r\n"), b"USEATTR"),
        ((*IN, b"c RESETKEY INBOX XSAMPLE\r\n"), b"CANNOT"),
        (
            (*IN, b'c GENURLAUTH "imap://ann@h/INBOX/;UID=1;URLAUTH=anonymous" INTERNAL\r\n'),
            b"NOPERM",
        ),
        ((*OPEN, b"c UID SEARCH FILTER none\r\n"), b"UNDEFINED-FILTER none"),
        ((*IN, b"c NOTIFY SET (mailboxes INBOX (Magic))\r\n"), b"BADEVENT"),
        ((*OPEN, b"c UID REPLACE 9 Sent {1+}\r\nx\r\n"), b"NONEXISTENT"),
        ((*OPEN, b"c UID REPLACE 1 Nowhere {1+}\r\nx\r\n"), b"TRYCREATE"),
        ((*OPEN, b"c UID COPY 1 Nowhere\r\n"), b"TRYCREATE"),
        ((*OPEN, b"c UID SEARCH CHARSET KOI8-R ALL\r\n"), b"BADCHARSET"),
        ((*IN, b"c CREATE INBOX\r\n"), b"ALREADYEXISTS"),
        ((*IN, b"c RENAME Sent Drafts\r\n"), b"ALREADYEXISTS"),
        ((*IN, b"c DELETE INBOX\r\n"), b"CANNOT"),
        ((*IN, b"c SETACL Nowhere fred l\r\n"), b"NONEXISTENT"),
    ],
)
async def test_legal_and_impossible(sent: tuple[bytes, ...], code: bytes) -> None:
    async with quiet(capabilities=CAPABILITIES | {"NOTIFY"}) as server:
        assert b"c NO [" + code in await talk(server, *sent)


@pytest.mark.breaks("ambiguity")
async def test_what_came_in_before_the_answer_was_sent_before(autojump_clock: Any) -> None:
    # On this clock all of it happens in no time.
    async with quiet() as server:
        sent = (*OPEN, b"c UID SEARCH ALL\r\nd UID SEARCH ALL\r\n", b"e UID SEARCH ALL\r\n")
        await talk(server, *sent)
        assert [violation.tag for violation in server.violations] == ["d"]


@pytest.mark.breaks("compress")
async def test_compress_once() -> None:
    async with quiet() as server:
        assert b"c BAD [CLIENTBUG] there is DEFLATE" in await talk(
            server, LOGIN, b"c COMPRESS LZ4\r\n"
        )


@pytest.mark.breaks("status-of-selected")
async def test_status_of_the_selected_mailbox() -> None:
    async with quiet() as server:
        answer = await talk(server, *OPEN, b"c STATUS INBOX (MESSAGES)\r\n")
        assert b'* STATUS "INBOX" (MESSAGES 2)\r\nc OK [CLIENTBUG] STATUS of the mailbox' in answer


@pytest.mark.breaks("literal-plus")
@pytest.mark.parametrize(
    ("offered", "sent"),
    [
        (CAPABILITIES - {"LITERAL+"}, b"c LOGIN {3+}\r\njoe secret\r\n"),
        (CAPABILITIES - {"LITERAL+"}, b"c LOGIN {3+}\r\njoe {6+}\r\nsecret\r\n"),
        (LITERAL_MINUS, b"c STATUS {4097+}\r\n" + b"x" * 4097 + b" (MESSAGES)\r\n"),
    ],
)
async def test_literals_at_once(offered: set[str], sent: bytes) -> None:
    async with quiet(capabilities=offered) as server:
        answer = await talk(server, sent, b"d NOOP\r\n")
        assert b"c BAD [CLIENTBUG] a non-synchronising literal" in answer
        assert b"d OK" in answer
        assert len(server.violations) == 1


async def test_small_literals_at_once() -> None:
    async with quiet(capabilities=LITERAL_MINUS) as server:
        assert b"c OK" in await talk(server, b"c LOGIN {3+}\r\njoe {6+}\r\nsecret\r\n")


@pytest.mark.breaks("hierarchy")
@pytest.mark.parametrize(
    "sent",
    [b"CREATE foo//bar", b"CREATE /foo", b"CREATE foo//", b"RENAME Sent a//b", b"RENAME Sent a/"],
)
async def test_levels_without_a_name(sent: bytes) -> None:
    async with quiet() as server:
        assert b"c NO [CANNOT] " in await talk(server, LOGIN, b"c " + sent + b"\r\n")
        assert len(server.violations) == 1


@pytest.mark.breaks("header-8bit")
async def test_8bit_headers() -> None:
    message = "Subject: ü\r\n\r\nx".encode()
    sent = b"c APPEND Sent {%d+}\r\n%s\r\n" % (len(message), message)
    async with quiet() as server:
        assert b"c NO [CANNOT] 8-bit octets in a header" in await talk(server, LOGIN, sent)
        assert b"c OK" in await talk(server, LOGIN, b"b ENABLE UTF8=ACCEPT\r\n", sent)
        assert [message.octets for message in server.mailbox("joe", "Sent").messages] == [message]


@pytest.mark.breaks("multiappend")
async def test_several_messages_without_multiappend() -> None:
    async with quiet(capabilities=CAPABILITIES - {"MULTIAPPEND"}) as server:
        answer = await talk(server, LOGIN, b"c APPEND Sent {1+}\r\na {1+}\r\nb\r\n")
        assert b"c BAD [CLIENTBUG] more behind a message" in answer
        assert server.mailbox("joe", "Sent").messages == []


@pytest.mark.breaks("binary")
async def test_binary_of_a_multipart() -> None:
    async with quiet() as server:
        server.deliver(
            "joe",
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n".replace(
                b"\r\n\r\nx",
                b"\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--",
            ),
        )
        answer = await talk(server, *OPEN, b"c UID FETCH 3 BINARY[1]\r\n")
        assert b"c BAD [CLIENTBUG] BINARY[1] of a multipart" in answer


@pytest.mark.breaks(
    "unknown-command", "literal-plus", "sasl", "search", "list-options", "status-items", "syntax"
)
async def test_what_is_switched_off_is_refused() -> None:
    for without, sent in SWITCHED_OFF.items():
        async with quiet() as server:
            assert b"c BAD" not in await talk(server, *sent), without
        async with quiet(capabilities=CAPABILITIES - {without}) as server:
            answer = await talk(server, *sent)
            assert b"c BAD" in answer, without
            for words in re.findall(rb"CAPABILITY ([^\]]*)", answer):
                assert without.encode() not in words.split()


SWITCHED_OFF: dict[str, tuple[bytes, ...]] = {
    "LITERAL+": (b"c LOGIN {3+}\r\njoe secret\r\n",),
    "SASL-IR": (b"c AUTHENTICATE PLAIN AGpvZQBzZWNyZXQ=\r\n",),
    "IDLE": (LOGIN, b"c IDLE\r\nDONE\r\n"),
    "MOVE": (*OPEN, b"c UID MOVE 1 Sent\r\n"),
    "UIDPLUS": (*OPEN, b"c UID EXPUNGE 1\r\n"),
    "UNSELECT": (*OPEN, b"c UNSELECT\r\n"),
    "ESEARCH": (*OPEN, b"c SEARCH RETURN (ALL) ALL\r\n"),
    "WITHIN": (*OPEN, b"c SEARCH OLDER 5\r\n"),
    "STATUS=SIZE": (LOGIN, b"c STATUS INBOX (SIZE)\r\n"),
    "LIST-EXTENDED": (LOGIN, b'c LIST "" * RETURN (CHILDREN)\r\n'),
    "ID": (LOGIN, b"c ID NIL\r\n"),
    "NAMESPACE": (LOGIN, b"c NAMESPACE\r\n"),
    "ENABLE": (LOGIN, b"c ENABLE X\r\n"),
    "ACL": (LOGIN, b"c GETACL INBOX\r\n"),
    "METADATA": (LOGIN, b"c GETMETADATA INBOX /shared/x\r\n"),
    "SORT": (*OPEN, b"c SORT (DATE) UTF-8 ALL\r\n"),
    "UNAUTHENTICATE": (LOGIN, b"c UNAUTHENTICATE\r\n"),
    "CONDSTORE": (*OPEN, b"c SEARCH MODSEQ 1\r\n"),
    "REPLACE": (*OPEN, b"c REPLACE 1 Sent {1+}\r\nx\r\n"),
}


@pytest.mark.breaks("login-disabled")
async def test_no_credentials_in_clear_where_there_is_starttls() -> None:
    async with quiet(tls="starttls") as server:
        answer = await talk(server, LOGIN, b"b AUTHENTICATE PLAIN x\r\n")
        assert b"LOGINDISABLED" in answer
        assert b"a BAD" in answer
        assert b"b BAD" in answer


@pytest.mark.breaks("login-disabled")
async def test_no_login_where_it_is_switched_off() -> None:
    async with quiet(logins=Logins(command=False)) as server:
        assert b"a BAD [CLIENTBUG] LOGIN where LOGINDISABLED" in await talk(server, LOGIN)


@pytest.mark.breaks("nothing-follows")
async def test_nothing_may_follow_starttls() -> None:
    async with quiet(tls="starttls") as server:
        answer = await talk(server, b"a STARTTLS\r\nb NOOP\r\n", b"c NOOP\r\n")
        assert b"a BAD [CLIENTBUG] octets behind STARTTLS" in answer
        # What may be somebody else's is not read.
        assert b"b OK" not in answer
        assert b"c OK" in answer


async def test_lenient_takes_what_lenient_servers_take() -> None:
    async with quiet(strict=False) as server:
        answer = await talk(server, b"c LOGIN {3}\r\njoe {6}\r\nsecret\r\nd NOOP\n")
        assert b"c OK" in answer
        assert b"d OK" in answer


async def test_what_cannot_be_offered_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="X-MAGIC"):
        async with serve(tls="insecure", host=None, capabilities={"X-MAGIC"}):
            pass


@pytest.mark.breaks("ambiguity")
@pytest.mark.parametrize(("early", "refused"), [(0.1, True), (0.0, False)])
async def test_a_second_search_on_its_way_before_the_first_is_answered(
    early: float, refused: bool, autojump_clock: Any
) -> None:
    # The server has answered when it comes in; but it was sent before that was known.
    async with quiet(latency=1.0) as server:
        stream = server.connect()
        await stream.send_all(LOGIN)
        await trio.sleep(2)
        await stream.send_all(SELECT)
        await trio.sleep(2)
        await stream.send_all(b"c UID SEARCH ALL\r\n")
        await trio.sleep(2 - early)
        await stream.send_all(b"d UID SEARCH ALL\r\n")
        await trio.sleep(2)
        assert [violation.tag for violation in server.violations] == ["d"] * refused
        if not refused:
            # For the marker: nothing was wrong until here.
            await stream.send_all(b"e UID SEARCH ALL\r\nf UID SEARCH ALL\r\n")
            await trio.sleep(2)
        await stream.aclose()


@pytest.mark.breaks("sasl", "syntax", "unknown-command", "state")
async def test_what_is_kept_holds_no_secrets() -> None:
    async with quiet() as server:
        await talk(
            server,
            b"a LOGIN joe secret secret\r\n",
            b"b AUTHENTICATE PLAIN c2VjcmV0\r\n",
            b"c2VjcmV0\r\n",
            b"login joe secret\r\n",
            b"c APPEND Sent {6+}\r\nsecret\r\n",
            b'd WHAT "n\xc3\xb6" ' + b"x" * 300 + b"\r\n",
        )
        assert [violation.line for violation in server.violations] == [
            "a LOGIN <18 octets>",
            "b AUTHENTICATE <15 octets>",
            "<10 octets>",
            "login <11 octets>",
            "c APPEND Sent {6+}",
            'd WHAT "n\\xc3\\xb6" ' + "x" * 187,
        ]
        assert "secret" not in repr(server.violations)
        assert str(server.violations[-1]).startswith("WHAT no command WHAT")


SCRIPT = (
    LOGIN + SELECT + b"c UID FETCH 1:* (FLAGS BODY[HEADER.FIELDS (SUBJECT)])\r\n"
    b"d APPEND Sent (\\Seen) {3+}\r\nabc\r\ne IDLE\r\nDONE\r\nf SEARCH OR SEEN (NOT DELETED)\r\n"
    b"g UID STORE 2 +FLAGS (\\Deleted)\r\nh EXPUNGE\r\ni STATUS Sent (MESSAGES)\r\nj LOGOUT\r\n"
)


@pytest.mark.exhaustive
@settings(max_examples=40)
@given(st.lists(st.integers(1, 60), min_size=1))
async def test_any_chunking_gives_the_same_answers(sizes: list[int]) -> None:
    async def run(pieces: list[bytes]) -> bytes:
        async with quiet() as server:
            answer = await talk(server, *pieces)
            assert server.violations == []
            return re.sub(rb"UIDVALIDITY \d+|APPENDUID \d+|MAILBOXID \S+", b"", answer)

    pieces: list[bytes] = []
    rest, at = SCRIPT, 0
    while rest:
        size = sizes[at % len(sizes)]
        pieces.append(rest[:size])
        rest, at = rest[size:], at + 1
    assert await run(pieces) == await run([SCRIPT])
