"""The embedded server finds, sorts and threads as the RFCs say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import aimap
from aimap import UIDSet, commands
from aimap.testing import CAPABILITIES, serve

from .test_extensions import open_inbox
from .test_obligations import quiet, talk
from .wrong_lines import LOGIN, OPEN

SUBJECTS = (b"a", b"Re: a", b"b", b"[fwd: b]", b"", b"Re:", b"[x] A (fwd)")
REPLY = b"Subject: %s\r\nMessage-ID: <%s@x>\r\n%sDate: Thu, %d Jan 2026 12:00:00 +0000\r\n\r\n"


def message(subject: bytes, name: bytes, day: int, *references: bytes) -> bytes:
    chain = b" ".join(b"<%s@x>" % each for each in references)
    header = b"References: %s\r\n" % chain if references else b""
    return REPLY % (subject, name, header, day)


async def threads(algorithm: str, *messages: bytes) -> bytes:
    async with serve(tls="insecure", host=None) as server:
        for each in messages:
            server.deliver("joe", each)
        answer = await talk(server, *OPEN, b"c UID THREAD %s UTF-8 ALL\r\n" % algorithm.encode())
        (line,) = [line for line in answer.split(b"\r\n") if line.startswith(b"* THREAD")]
        return line.removeprefix(b"* THREAD").strip()


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([], b""),
        # One answers another, in a chain.
        ([message(b"a", b"1", 1), message(b"Re: a", b"2", 2, b"1"),
          message(b"Re: a", b"3", 3, b"1", b"2")], b"(1 2 3)"),
        # Two answer one.
        ([message(b"a", b"1", 1), message(b"b", b"2", 3, b"1"), message(b"c", b"3", 2, b"1")],
         b"(1 (3)(2))"),
        # What is answered is not here: its only child takes its place, two stay siblings.
        ([message(b"b", b"2", 2, b"1"), message(b"c", b"3", 3, b"2")], b"(1 2)"),
        ([message(b"b", b"2", 2, b"1"), message(b"c", b"3", 3, b"1")], b"((1)(2))"),
        # One subject, no references: a reply hangs below, equals stand side by side.
        ([message(b"a", b"1", 1), message(b"Re: a", b"2", 2)], b"(1 2)"),
        ([message(b"a", b"1", 1), message(b"A", b"2", 2)], b"((1)(2))"),
        ([message(b"Re: a", b"1", 1), message(b"a", b"2", 2)], b"(2 1)"),
        ([message(b"Re: a", b"1", 1), message(b"a", b"2", 2), message(b"a", b"3", 3)],
         b"((2 1)(3))"),
        # No subject at all joins nothing.
        ([message(b"", b"1", 1), message(b"Re:", b"2", 2)], b"(1)(2)"),
        # A loop is not closed, and a second message of one ID gets one of its own.
        ([message(b"a", b"1", 1, b"2"), message(b"b", b"2", 2, b"1")], b"(2 1)"),
        ([message(b"a", b"1", 1), message(b"b", b"1", 2), message(b"c", b"3", 3, b"1")],
         b"(1 3)(2)"),
        # Who refers to itself has no parent.
        ([message(b"a", b"0", 1), message(b"a", b"1", 1, b"0", b"1")], b"((1)(2))"),
        # Threads in the order of their first message's date.
        ([message(b"a", b"1", 9), message(b"b", b"2", 2)], b"(2)(1)"),
        # Quoting in a message ID means nothing.
        ([message(b"a", b"1", 1), message(b"b", b'"2"', 2, b'"1"'), message(b"c", b"3", 3, b"2")],
         b"(1 2 3)"),
    ],
)  # fmt: skip
async def test_threads_by_references(messages: list[bytes], expected: bytes) -> None:
    assert await threads("REFERENCES", *messages) == expected


async def test_without_references_the_first_message_answered_counts() -> None:
    answer = (
        b"Subject: b\r\nMessage-ID: <2@x>\r\n"
        b"In-Reply-To: your letter <1@x> and <9@x>\r\nDate: Fri, 2 Jan 2026 12:00:00 +0000\r\n\r\n"
    )
    assert await threads("REFERENCES", message(b"a", b"1", 1), answer) == b"(1 2)"


async def test_a_long_thread_is_no_recursion() -> None:
    chain = [message(b"a", b"%d" % n, 1, b"%d" % (n - 1)) for n in range(1, 1500)]
    shown = await threads("REFERENCES", *chain)
    assert shown == b"(" + b" ".join(b"%d" % n for n in range(1, 1500)) + b")"


@pytest.mark.parametrize(
    ("subject", "base"),
    [
        (b"Re: hello", b"hello"),
        (b"Re[2]: Fwd: [list] hello (fwd)", b"hello"),
        (b"[list] Re: [other] hello", b"hello"),
        (b"[fwd: hello]", b"hello"),
        (b"FW: fwd : RE:hello (fwd) (fwd) ", b"hello"),
        (b"[only a blob]", b"[only a blob]"),
        (b"regarding: x", b"regarding: x"),
        (b"a \t b", b"a b"),
        (b"=?utf-8?q?Re=3A_hello?=", b"hello"),
    ],
)
async def test_base_subjects(subject: bytes, base: bytes) -> None:
    messages = [
        b"Subject: %s\r\nDate: Thu, 1 Jan 2026 12:00:00 +0000\r\n\r\n" % each
        for each in (base, b"other", subject)
    ]
    assert await threads("ORDEREDSUBJECT", *messages) == b"(1 3)(2)"


SENDERS = (b"Zoe <adam@x>", b"=?utf-8?q?=C3=81da?= <zoe@x>", b"mia@x", b"")


async def sorted_by(key: str, field: bytes) -> list[int]:
    async with serve(tls="insecure", host=None) as server:
        for sender in SENDERS:
            header = field + b": " + sender + b"\r\n" if sender else b""
            server.deliver("joe", header + b"\r\n")
        answer = await talk(server, *OPEN, b"c UID SORT (%s) UTF-8 ALL\r\n" % key.encode())
        (line,) = [line for line in answer.split(b"\r\n") if line.startswith(b"* SORT")]
        return [int(each) for each in line.split()[2:]]


async def test_sorted_by_what_is_displayed() -> None:
    assert await sorted_by("DISPLAYFROM", b"From") == [4, 2, 3, 1]
    assert await sorted_by("REVERSE DISPLAYTO", b"To") == [1, 3, 2, 4]
    assert await sorted_by("FROM", b"From") == [4, 1, 3, 2]


async def test_extended_sort_and_windows() -> None:
    async with open_inbox() as (imap, _, _server):
        key = [commands.SortKey.DATE]
        found = await imap.submit(
            commands.ESort(key, aimap.ALL, ["MIN", "MAX", "COUNT", "ALL"])
        ).wait()
        assert (found.min, found.max, found.count) == (1, 2, 3)
        assert [n for low, high in found.order for n in range(low, high + 1)] == [1, 3, 2]
        found = await imap.submit(commands.ESort(key, aimap.ALL, [commands.Partial(2, 9)])).wait()
        assert found.partial.order == ((3, 3), (2, 2))


@pytest.mark.parametrize(("window", "shown"), [
    (b"1:2", b"1:2 1:2"), (b"2:1", b"2:1 1:2"), (b"3:9", b"3:9 3"), (b"4:9", b"4:9 NIL"),
    (b"-1:-2", b"-1:-2 2:3"), (b"-3:-9", b"-3:-9 1"), (b"-4:-9", b"-4:-9 NIL"),
])  # fmt: skip
async def test_windows(window: bytes, shown: bytes) -> None:
    async with quiet() as server:
        server.deliver("joe", b"\r\n")
        answer = await talk(server, *OPEN, b"c UID SEARCH RETURN (PARTIAL %s) ALL\r\n" % window)
        assert b"PARTIAL (%s)" % shown in answer
        answer = await talk(server, *OPEN, b"c UID FETCH 1:* (UID) (PARTIAL %s)\r\n" % window)
        uids = shown.partition(b" ")[2]
        expected = UIDSet() if uids == b"NIL" else UIDSet(uids.decode())
        assert answer.count(b" FETCH (") == len(expected)


UPDATES = [
    (b"UID SEARCH", b"UID ", b"0 3", b"0 3", b"0 1"),
    (b"SEARCH", b"", b"0 3", b"0 3", b"0 1"),
    (b"UID SORT", b"UID ", b"3 3", b"3 3", b"1 1"),
]


@pytest.mark.parametrize(("verb", "uid", "added", "dropped", "gone"), UPDATES)
async def test_results_kept_up_to_date(
    verb: bytes, uid: bytes, added: bytes, dropped: bytes, gone: bytes
) -> None:
    criteria = b"(ARRIVAL) UTF-8 UNSEEN" if b"SORT" in verb else b"UNSEEN"
    async with quiet() as server:
        answer = await talk(
            server,
            *OPEN,
            b"c %s RETURN (UPDATE COUNT) %s\r\n" % (verb, criteria),
            b"d APPEND INBOX {1+}\r\nx\r\n",
            b"e UID STORE 3 +FLAGS.SILENT (\\Seen)\r\n",
            b"f UID STORE 1 +FLAGS.SILENT (\\Deleted)\r\n",
            b"g UID EXPUNGE 1\r\n",
            b'h CANCELUPDATE "c"\r\n',
            b"i UID STORE 3 -FLAGS (\\Seen)\r\n",
            b'j CANCELUPDATE "c"\r\n',
        )
    tag = b'* ESEARCH (TAG "c") ' + uid
    assert tag + b"COUNT 2\r\n" in answer
    assert answer.index(b"* 3 EXISTS") < answer.index(tag + b"ADDTO (%s)\r\n" % added)
    assert tag + b"REMOVEFROM (%s)\r\n" % dropped in answer
    assert answer.index(tag + b"REMOVEFROM (%s)\r\n" % gone) < answer.index(b"* 1 EXPUNGE")
    assert answer.count(b"ADDTO") == 1
    assert b"j NO" in answer


async def test_what_is_told_of_new_results() -> None:
    # RFC 5465 section 7.
    async with quiet(capabilities=CAPABILITIES | {"NOTIFY"}) as server:
        answer = await talk(
            server,
            *OPEN,
            b"c UID SEARCH RETURN (COUNT UPDATE (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])) SUBJECT new\r\n",
            b"d APPEND INBOX {19+}\r\nSubject: new\r\n\r\nx\r\n\r\n",
            b"e APPEND INBOX {19+}\r\nSubject: old\r\n\r\nx\r\n\r\n",
        )
        told = b"* 3 FETCH (UID 3 BODY[HEADER.FIELDS (SUBJECT)] {16}\r\nSubject: new\r\n\r\n)\r\n"
        assert told in answer
        assert answer.index(b"ADDTO (0 3)") < answer.index(told)
        assert answer.count(b" FETCH (") == 1


@pytest.mark.breaks("search")
async def test_a_tag_names_one_kept_result() -> None:
    async with quiet() as server:
        search = b"c UID SEARCH RETURN (UPDATE) ALL\r\n"
        answer = await talk(server, *OPEN, search, search)
        assert b"c BAD [CLIENTBUG] the tag c again" in answer


async def test_fuzzy_search() -> None:
    async with quiet() as server:
        server.deliver("joe", b"Subject: quarterly report\r\n\r\n")
        server.deliver("joe", b"Subject: quartely reprot\r\n\r\n")
        answer = await talk(
            server,
            *OPEN,
            b'c UID SEARCH RETURN (RELEVANCY ALL) FUZZY SUBJECT "quarterly report"\r\n',
            b'd UID SORT (RELEVANCY) UTF-8 FUZZY SUBJECT "quartely reprot"\r\n',
            b'e UID SEARCH SUBJECT "quartely report"\r\n',
        )
        relevancy = answer.partition(b"RELEVANCY (")[2].partition(b")")[0].split()
        assert int(relevancy[0]) == 100 > int(relevancy[1]) > 50
        assert b"ALL 3:4\r\n" in answer
        assert b"* SORT 4 3\r\n" in answer
        assert b"* SEARCH\r\n" in answer


async def test_filters() -> None:
    async with quiet() as server:
        server.set_flags("joe", 2, ["\\Seen"])
        answer = await talk(
            server,
            *OPEN,
            b'c SETMETADATA "" ("/private/filters/values/mine" "UNSEEN SUBJECT one")\r\n',
            b'd SETMETADATA "" ("/shared/filters/values/loop" "FILTER loop")\r\n',
            b"e UID SEARCH FILTER mine\r\n",
            b"f UID SEARCH NOT FILTER mine\r\n",
            b"g UID SEARCH FILTER loop\r\n",
        )
        assert b"* SEARCH 1\r\ne OK" in answer
        assert b"* SEARCH 2\r\nf OK" in answer
        assert b"g NO [UNDEFINED-FILTER loop]" in answer


async def test_many_mailboxes_searched() -> None:
    async with quiet() as server:
        for name in ("a", "a/b", "a/b/c"):
            server.deliver("joe", b"Subject: one\r\n\r\n", mailbox=name)
        validity = server.mailbox("joe", "a/b").uid_validity
        answer = await talk(
            server,
            LOGIN,
            b"c ESEARCH IN (subtree-one a) RETURN (COUNT) SUBJECT one\r\n",
            b"d ESEARCH IN (subtree a mailboxes (INBOX Sent)) SUBJECT one\r\n",
            b"e ESEARCH IN (inboxes) SUBJECT three\r\n",
            b"f SELECT INBOX\r\n",
            b"g ESEARCH RETURN (MIN) ALL\r\n",
            b"h ESEARCH IN (personal) UID 2\r\n",
        )
    found = [line for line in answer.split(b"\r\n") if line.startswith(b"* ESEARCH")]
    assert len([line for line in found if b'"c"' in line]) == 2
    assert b'* ESEARCH (TAG "c" MAILBOX "a/b" UIDVALIDITY %d) UID COUNT 1' % validity in found
    assert len([line for line in found if b'"d"' in line and b"ALL 1" in line]) == 4
    assert not [line for line in found if b'"e"' in line]
    assert [line for line in found if b'"g" MAILBOX "INBOX"' in line and b"MIN 1" in line]
    assert [line for line in found if b'"h"' in line and b"ALL 2" in line]


async def test_numbers_in_kept_results_mean_what_they_meant() -> None:
    async with quiet() as server:
        answer = await talk(
            server,
            *OPEN,
            b"c UID SEARCH RETURN (UPDATE) 2\r\n",
            b"d UID STORE 1 +FLAGS.SILENT (\\Deleted)\r\n",
            b"e UID EXPUNGE 1\r\n",
        )
        assert b"REMOVEFROM" not in answer and b"ADDTO" not in answer


async def test_mod_sequences_in_results() -> None:
    async with quiet() as server:
        server.set_flags("joe", 1, ["X"])
        answer = await talk(
            server,
            *OPEN,
            b"c UID SEARCH MODSEQ 1\r\n",
            b'd UID SEARCH RETURN (MAX) MODSEQ "/flags/\\\\Seen" all 1\r\n',
        )
        assert b"* SEARCH 1 2 (MODSEQ 4)\r\n" in answer
        assert b"UID MAX 2 MODSEQ 3\r\n" in answer


KEYS: dict[str, tuple[str, Any]] = {
    "SORT=DISPLAY": ("SORT (DISPLAYFROM) UTF-8 ALL", None),
    "ESORT": ("SORT RETURN (ALL) (DATE) UTF-8 ALL", None),
    "CONTEXT=SEARCH": ("SEARCH RETURN (UPDATE) ALL", None),
    "CONTEXT=SORT": ("SORT RETURN (UPDATE) (DATE) UTF-8 ALL", None),
    "THREAD=REFERENCES": ("THREAD REFERENCES UTF-8 ALL", None),
    "SEARCH=FUZZY": ("SEARCH FUZZY SUBJECT x", None),
    "FILTERS": ("SEARCH FILTER x", b"NO"),
    "OBJECTID": ("SEARCH EMAILID x", None),
    "SAVEDATE": ("SEARCH SAVEDBEFORE 1-Jan-2000", None),
    "MULTISEARCH": ("ESEARCH ALL", None),
}


@pytest.mark.breaks("search", "sort", "syntax", "unknown-command")
async def test_what_is_switched_off() -> None:
    for capability, (command, answer) in KEYS.items():
        uid = "" if command.startswith("ESEARCH") else "UID "
        line = f"c {uid}{command}\r\n".encode()
        async with quiet() as server:
            assert b"\r\nc %s" % (answer or b"OK") in await talk(server, *OPEN, line), capability
        async with quiet(capabilities=CAPABILITIES - {capability}) as server:
            assert b"\r\nc BAD" in await talk(server, *OPEN, line), capability


KEYS_OF_RFC3501 = [
    (b"(UNSEEN SUBJECT two)", b"2"),
    (b"OR SUBJECT one SUBJECT two", b"1 2"),
    (b"KEYWORD $Junk", b"1"),
    (b"UNKEYWORD $Junk", b"2 3"),
    (b'HEADER X-Odd ""', b"3"),
    (b"BODY {5+}\r\ncaf\xc3\xa9", b"3"),
    (b"TEXT two", b"2"),
    (b"RECENT", b""),
    (b"NEW", b""),
    (b"OLD", b"1 2 3"),
    (b"SENTON 1-Feb-2026", b"3"),
    (b"NOT SENTBEFORE 1-Feb-2027", b"1 2"),
    (b"LARGER 30", b"3"),
    (b"NOT LARGER 30", b"1 2"),
    (b'FUZZY SUBJECT "!!"', b""),
]


@pytest.mark.parametrize(("keys", "found"), KEYS_OF_RFC3501)
async def test_keys(keys: bytes, found: bytes) -> None:
    async with quiet() as server:
        server.set_flags("joe", 1, ["$Junk"])
        server.deliver(
            "joe",
            b"X-Odd: x\r\nDate: Sun, 1 Feb 2026 00:00:00 +0000\r\nContent-Type: text/plain; charset=latin1\r\n\r\ncaf\xe9\r\n",
        )
        answer = await talk(server, *OPEN, b"c UID SEARCH CHARSET UTF-8 %s\r\n" % keys)
        assert b"* SEARCH %s\r\n" % found in answer.replace(b"* SEARCH\r\n", b"* SEARCH \r\n")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(SUBJECTS), st.sets(st.integers(0, 6), max_size=3), st.integers(1, 28)
        ),
        max_size=8,
    )
)
@pytest.mark.exhaustive
async def test_our_client_sorts_and_threads_likewise(
    drawn: list[tuple[bytes, set[int], int]],
) -> None:
    messages = [
        message(subject, b"%d" % number, day, *(b"%d" % each for each in sorted(references)))
        for number, (subject, references, day) in enumerate(drawn)
    ]

    async def results(capabilities: Any) -> list[object]:
        async with serve(
            {"joe": "x"}, tls="insecure", host=None, capabilities=capabilities
        ) as server:
            for each in messages:
                server.deliver("joe", each)
            async with (
                aimap.connect(
                    "x", tls="insecure", stream=server.connect(), auth=aimap.Password("joe", "x")
                ) as imap,
                imap.examine("INBOX") as inbox,
            ):
                return [
                    await inbox.thread("REFERENCES"),
                    await inbox.thread("ORDEREDSUBJECT"),
                    await inbox.sort([commands.SortKey.SUBJECT, commands.SortKey.DATE]),
                    await inbox.sort([~commands.SortKey.DATE]),
                ]

    without = {each for each in CAPABILITIES if not each.startswith(("SORT", "THREAD", "ESORT"))}
    assert await results(CAPABILITIES) == await results(without)
