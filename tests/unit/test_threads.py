"""Base subjects, collation, sorting and threads as the client computes them (RFC 5256, 5051)."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import aimap
from aimap import Message, SeqNum, Thread
from aimap._model.collation import casemap
from aimap._model.sorting import items_to_sort, sort_messages
from aimap._model.subject import BaseSubject, base_subject
from aimap._model.threading import message_ids, ordered_subject, references
from aimap.commands import SortKey

from .growth import is_linear


@pytest.mark.parametrize(
    ("subject", "base", "is_reply"),
    [
        ("", "", False),
        ("a", "a", False),
        ("  a \t b\r\n c  ", "a b c", False),
        ("Re: a", "a", True),
        ("RE: re: Fw: FWD: a", "a", True),
        ("re  : a", "a", True),
        ("re[2]: a", "a", True),
        ("Re [x]: a", "a", True),
        ("ref: a", "ref: a", False),
        ("re", "re", False),
        ("Re:", "", True),
        ("[x] a", "a", False),
        ("[x] [y]a", "a", False),
        ("[x]", "[x]", False),
        ("[x] [y]", "[y]", False),
        ("[x] Re: a", "a", True),
        ("Re: [x] a", "a", True),
        ("[x", "[x", False),
        ("[[x] a", "[[x] a", False),
        ("a [x]", "a [x]", False),
        ("a (fwd)", "a", True),
        ("a (FWD) (fwd) ", "a", True),
        ("(fwd)", "", True),
        ("a(fwd) b", "a(fwd) b", False),
        ("[fwd: a]", "a", True),
        ("[FWD: Re: a (fwd)]", "a", True),
        ("[fwd: [fwd: a]]", "a", True),
        ("Re: [fwd: [x] a]", "a", True),
        ("[fwd:]", "", True),
        ("[fwd: ] a", "a", False),
        ("[fwd: a] b", "b", False),
        ("[fwd: a", "[fwd: a", False),
    ],
)
def test_base_subjects(subject: str, base: str, is_reply: bool) -> None:
    assert base_subject(subject) == BaseSubject(base, is_reply)


@given(st.text(alphabet="re:fwd[]() x", max_size=40))
def test_what_is_based_stays_so(subject: str) -> None:
    once = base_subject(subject)
    assert base_subject(once.text) == BaseSubject(once.text, is_reply=False)


@pytest.mark.parametrize(
    ("text", "mapped"),
    [
        ("abc", "ABC"),
        ("\u00e9", "E\u0301"),
        ("\u01c6", "Dz\u030c"),
        # There is no simple mapping of a sharp s.
        ("\u00df", "\u00df"),
        ("\ufb01", "fi"),
        ("\u03c3\u03c2", "\u03a3\u03a3"),
        ("\uff21\uff41", "AA"),
        ("\uac00", "\u1100\u1161"),
        ("\u1e9b\u0323", "S\u0307\u0323"),
    ],
)
def test_casemap(text: str, mapped: str) -> None:
    assert casemap(text) == mapped


@given(st.text())
def test_casemap_takes_all_apart(text: str) -> None:
    for character in casemap(text):
        assert not unicodedata.decomposition(character) or unicodedata.combining(character)


def made(
    uid: int,
    subject: str = "",
    *,
    own: str | None = None,
    refers: str = "",
    answers: str = "",
    day: int | None = None,
    arrived: int | None = None,
) -> Message:
    """A message as it is fetched for threads; day n of January 2026, n being its UID."""
    date = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day or uid)
    came = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=arrived or uid)
    sent = f'"{date:%d %b %Y %H:%M:%S} +0000"' if day != 0 else "NIL"
    field = f"References: {refers}\r\n\r\n" if refers else "\r\n"
    own = f"<{uid}@x>" if own is None else own
    raw = (
        f'* {uid} FETCH (UID {uid} INTERNALDATE "{came:%d-%b-%Y %H:%M:%S} +0000" ENVELOPE '
        f'({sent} "{subject}" NIL NIL NIL NIL NIL NIL "{answers}" {quoted(own)}) '
        f"BODY[HEADER.FIELDS (REFERENCES)] {{{len(field)}}}\r\n{field})\r\n"
    )
    message = aimap.parse_response(raw.encode())
    assert isinstance(message, Message)
    return message


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def shown(threads: tuple[Thread, ...]) -> str:
    """Write threads as THREAD does."""

    def one(thread: Thread) -> str:
        words = [*map(str, thread.members)]
        words += ["".join(map(one, thread.branches))] if thread.branches else []
        return f"({' '.join(words)})"

    return "".join(map(one, threads))


@pytest.mark.parametrize(
    ("messages", "threads"),
    [
        ([], ""),
        ([made(1), made(2)], "(1)(2)"),
        # A chain, and what splits it
        ([made(1), made(2, refers="<1@x>"), made(3, refers="<1@x> <2@x>")], "(1 2 3)"),
        ([made(1), made(2, refers="<1@x>"), made(3, refers="<1@x>")], "(1 (2)(3))"),
        # Only In-Reply-To, of which the first counts
        ([made(1), made(2, answers="<1@x> <7@x>")], "(1 2)"),
        ([made(1), made(2, refers="no IDs", answers="you <1@x>")], "(1 2)"),
        ([made(1), made(2, refers="<1@x>", answers="<9@x>")], "(1 2)"),
        # A message that is not there
        ([made(1, refers="<9@x>"), made(2, refers="<9@x>")], "((1)(2))"),
        ([made(1, refers="<9@x>")], "(1)"),
        ([made(1), made(2, refers="<1@x> <9@x>"), made(3, refers="<9@x>")], "(1 (2)(3))"),
        # A truncated line does not undo what is known
        ([made(1), made(2, refers="<1@x>"), made(3, refers="<9@x> <2@x>")], "(1 2 3)"),
        # What the message itself says holds against what others said of it
        ([made(1, refers="<2@x> <3@x>"), made(2), made(3)], "(2)(3 1)"),
        # Loops
        ([made(1, refers="<1@x>")], "(1)"),
        ([made(1, refers="<2@x>"), made(2, refers="<1@x>")], "(2 1)"),
        ([made(1, refers="<2@x> <3@x>"), made(2, refers="<3@x> <1@x>"), made(3, refers="<1@x> <2@x>")], "(2 3 1)"),
        # The same ID twice is the first one's
        ([made(1), made(2, own="<1@x>"), made(3, refers="<1@x>")], "(1 3)(2)"),
        # Quotes make no other ID, case does
        ([made(1, own='<"a b"@x>'), made(2, refers='<"ab"@x>')], "(1 2)"),
        ([made(1, own="<A@x>"), made(2, refers="<a@x>")], "(1)(2)"),
        # Subjects
        ([made(1, "s"), made(2, "Re: S")], "(1 2)"),
        ([made(1, "Re: s"), made(2, "s")], "(2 1)"),
        ([made(1, "s"), made(2, "s")], "((1)(2))"),
        ([made(1, "Re: s"), made(2, "Re: s")], "((1)(2))"),
        ([made(1, "s"), made(2, "s"), made(3, "Re: s")], "((1)(2)(3))"),
        ([made(1), made(2)], "(1)(2)"),
        # A dummy takes others in
        ([made(1, "s", refers="<9@x>"), made(2, "t", refers="<9@x>"), made(3, "s")], "((1)(2)(3))"),
        (
            [made(1, "s", refers="<9@x>"), made(2, "t", refers="<9@x>"),
             made(3, "s", refers="<8@x>"), made(4, "u", refers="<8@x>")],
            "((1)(2)(3)(4))",
        ),
        # By the sent date; without one, by when they came
        ([made(1, day=5), made(2, day=3)], "(2)(1)"),
        ([made(1, day=5), made(2, day=0, arrived=4), made(3, day=4)], "(2)(3)(1)"),
        ([made(1, day=9), made(2, refers="<1@x>", day=5), made(3, refers="<1@x>", day=4)], "(1 (3)(2))"),
    ],
)  # fmt: skip
def test_references(messages: list[Message], threads: str) -> None:
    assert shown(references(messages)) == threads


@pytest.mark.parametrize(
    ("messages", "threads"),
    [
        ([], ""),
        ([made(1, "s"), made(2, "t"), made(3, "Re: s")], "(1 3)(2)"),
        ([made(1, "s"), made(2, "s"), made(3, "Re: s"), made(4, "t")], "(1 (2)(3))(4)"),
        ([made(1, "s", day=9), made(2, "t", day=8), made(3, "S", day=7)], "(3 1)(2)"),
    ],
)
def test_ordered_subject(messages: list[Message], threads: str) -> None:
    assert shown(ordered_subject(messages)) == threads


IDS = st.integers(1, 8).map("<{}@x>".format)


@st.composite
def mailboxes(draw: st.DrawFn) -> list[Message]:
    """Messages that refer to each other in any way."""
    return [
        made(
            uid,
            draw(st.sampled_from(["", "s", "Re: s", "t", "[fwd: t]"])),
            own=draw(IDS | st.just("") | st.just("no ID")),
            refers=" ".join(draw(st.lists(IDS, max_size=4))),
            answers=draw(IDS | st.just("")),
            day=draw(st.integers(0, 9)),
        )
        for uid in range(1, draw(st.integers(1, 9)))
    ]


@given(mailboxes())
def test_each_message_is_in_one_thread(messages: list[Message]) -> None:
    uids = sorted(message.uid for message in messages)
    for thread in (references, ordered_subject):
        found = thread(messages)
        assert sorted(uid for each in found for uid, _ in each.walk()) == uids
        # They are what a server can say.
        line = f"* THREAD {shown(found)}".rstrip()
        said = aimap.parse_response(f"{line}\r\n".encode(), strict=True)
        assert said == aimap.ThreadResponse(found)


def test_a_thread_may_be_deep() -> None:
    messages = [made(1)] + [made(uid, refers=f"<{uid - 1}@x>") for uid in range(2, 3000)]
    assert references(messages) == (Thread(tuple(range(1, 3000))),)


@pytest.mark.exhaustive
@pytest.mark.parametrize("descending", [False, True])
def test_long_threads_cost_no_more_than_their_length(descending: bool) -> None:
    def make(size: int):  # type: ignore[no-untyped-def]
        uids = range(2, size)
        messages = [made(uid, refers=f"<{uid - 1}@x>") for uid in uids]
        if descending:
            messages.reverse()
        return lambda: references(messages)

    assert is_linear(make, 1000)


def test_message_ids() -> None:
    field = b' <a@b>, words <"c\\d"@e> (x) <f g@h>\r\n <no> <@x> <x@> <broken <i@j>'
    assert list(message_ids(field)) == [b"a@b", b"cd@e", b"fg@h", b"i@j"]


def enveloped(uid: int, **fields: str) -> Message:
    values = dict.fromkeys(("date", "subject", "from_", "to", "cc"), "NIL") | fields
    raw = (
        "* {uid} FETCH (UID {uid} RFC822.SIZE {uid} "
        'INTERNALDATE "01-Jan-2026 00:00:{uid:02} +0000" ENVELOPE '
        "({date} {subject} {from_} NIL NIL {to} {cc} NIL NIL NIL))\r\n"
    ).format(uid=uid, **values)
    message = aimap.parse_response(raw.encode())
    assert isinstance(message, Message)
    return message


@pytest.mark.parametrize(
    ("key", "messages", "order"),
    [
        (SortKey.ARRIVAL, [enveloped(2), enveloped(1)], [1, 2]),
        (~SortKey.SIZE, [enveloped(1), enveloped(2)], [2, 1]),
        (SortKey.SUBJECT, [enveloped(1, subject='"b"'), enveloped(2, subject='"Re: A"'), enveloped(3)], [3, 2, 1]),
        # REVERSE does not reverse what is equal (RFC 5256 section 3).
        (~SortKey.SUBJECT, [enveloped(1), enveloped(2), enveloped(3, subject='"a"')], [3, 1, 2]),
        (SortKey.FROM, [enveloped(1, from_='(("A" NIL "z" "x"))'), enveloped(2, from_='(("Z" NIL "a" "x"))')], [2, 1]),
        (SortKey.DISPLAYFROM, [enveloped(1, from_='(("Z" NIL "a" "x"))'), enveloped(2, from_='(("A" NIL "z" "x"))')], [2, 1]),
        # Without a name, the address counts (RFC 5957 section 3).
        (SortKey.DISPLAYTO, [enveloped(1, to='((NIL NIL "m" "x"))'), enveloped(2, to='(("L" NIL "z" "x"))'),
                             enveloped(3, to='(("" NIL "k" "x"))'), enveloped(4)], [4, 3, 2, 1]),
        (SortKey.CC, [enveloped(1, cc='((NIL NIL "g" NIL)(NIL NIL NIL NIL))'), enveloped(2, cc='((NIL NIL "a" "x"))')], [2, 1]),
        (SortKey.DISPLAYFROM, [enveloped(1, from_='((NIL NIL "g" NIL)(NIL NIL NIL NIL))'), enveloped(2)], [2, 1]),
        (SortKey.DATE, [enveloped(1, date='"1 Jan 2027 00:00:00 +0100"'), enveloped(2, date='"31 Dec 2026 23:30:00 +0000"')], [1, 2]),
        # One without a zone is taken for UTC; none, or nonsense, for when it came.
        (SortKey.DATE, [enveloped(1, date='"2 Jan 2026 00:00:00 -0000"'), enveloped(2, date='"nonsense"'), enveloped(3)], [2, 3, 1]),
    ],
)  # fmt: skip
def test_sorting(key: SortKey, messages: list[Message], order: list[int]) -> None:
    assert [message.uid for message in sort_messages(messages, [key])] == order
    assert items_to_sort([key])


def test_several_keys() -> None:
    messages = [
        enveloped(1, subject='"a"'),
        enveloped(2, subject='"b"'),
        enveloped(3, subject='"Re: a"'),
    ]
    found = sort_messages(messages, [SortKey.SUBJECT, ~SortKey.SIZE])
    assert [message.uid for message in found] == [3, 1, 2]
    assert messages[0].seq == SeqNum(1)
