"""What the client sorts and threads by itself is what servers say, whatever the messages."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aimap._model.sorting import items_to_sort, sort_messages
from aimap._model.threading import ALGORITHMS, ITEMS
from aimap.commands import SortKey

from .dovecot import Dovecot
from .real import RealServer
from .support import fill, tapped

pytestmark = pytest.mark.exhaustive

_SUBJECTS = st.sampled_from(
    [
        "a", "B", "Re: a", "re: A", "Fwd: a", "fw:a", "[x] a", "[x]", "Re: [x] a", "a (fwd)",
        "[fwd: a]", "[fwd: Re: b]", "", "Re:", "  a   b ", "re[1]: a", "re [x]:a", "[x][y] Re: [z] a",
        "=?utf-8?Q?=C3=A9t=C3=A9?=", "zz", "Re: Re: zz (fwd) (fwd)", "re", "re :a", "a[b]", "(fwd)", "[x",
        "ref: a", "strasse", "fwd", "[fwd:]", "[fwd: ] x", "Re: (fwd)", "a\tb", "a\r\n b",
    ]
)  # fmt: skip
# Cyrus 3.6 takes no base subject of what is not ASCII, and finds no second "[fwd:" in the first;
# and "[x]" comes before an "é" there, though it does not in i;unicode-casemap (RFC 5051), and
# space is not always one SPACE.
_SUBJECTS_OF_CYRUS = _SUBJECTS.filter(
    lambda subject: "=?" not in subject and subject == " ".join(subject.split())
)
_SUBJECTS_OF_DOVECOT = _SUBJECTS | st.sampled_from(
    [
        "=?utf-8?Q?=C3=89T=C3=89?=", "=?iso-8859-1?Q?Re:_=E9t=E9?=", "[fwd: [fwd: zz]]",
        "=?utf-8?Q?=CE=A3=CE=B1?=", "=?utf-8?Q?=CF=83=CE=B1?=", "=?utf-8?Q?stra=C3=9Fe?=",
        "=?utf-8?Q?stra=C3=9Fe?= =?utf-8?Q?_b?=",
    ]
)  # fmt: skip
_ADDRESSES = st.sampled_from(
    [
        "Zoe <a@example.org>", "b@example.org", '"Ann B" <B@x.org>', '"" <d@x.org>',
        "=?utf-8?Q?=C3=84nn?= <c@x.org>", "Zoe <e@x.org>, x@y.org",
    ]
)  # fmt: skip
# To Cyrus, a group has no address at all.
_ADDRESSES_OF_DOVECOT = _ADDRESSES | st.just("Undisclosed: ;")
_ZONES = st.sampled_from(["+0000", "+0200", "-0800", "-0000", "GMT"])
_DATES = st.one_of(
    st.none(),
    st.just("nonsense"),
    st.builds("{} Feb 2026 {:02}:00:00 {}".format, st.integers(1, 28), st.integers(0, 23), _ZONES),
)
_IDS = st.integers(1, 12).map("<{}@x>".format)
_OWN_IDS = _IDS | st.integers(1, 12).map('<"{}"@x>'.format) | st.just("no ID")
_PARENTS = (
    _IDS
    | st.builds("{} {}".format, _IDS, _IDS)
    | st.sampled_from(["nothing", "your mail <a@b> of today"])
)


@st.composite
def _messages(draw: st.DrawFn, dovecot: bool) -> list[bytes]:
    subjects = _SUBJECTS_OF_DOVECOT if dovecot else _SUBJECTS_OF_CYRUS
    addresses = st.none() | (_ADDRESSES_OF_DOVECOT if dovecot else _ADDRESSES)
    found: list[bytes] = []
    for number in range(10, draw(st.integers(11, 22))):
        fields = {
            # Cyrus takes no more than a few that are identical.
            "X-Number": number,
            "From": draw(addresses),
            "To": draw(addresses),
            "Cc": draw(addresses),
            "Subject": draw(st.none() | subjects),
            "Date": draw(_DATES),
            "Message-ID": draw(st.none() | _OWN_IDS),
            "References": draw(st.none() | st.lists(_IDS, min_size=1, max_size=4).map(" ".join)),
            "In-Reply-To": draw(st.none() | _PARENTS),
        }
        header = "".join(
            f"{name}: {value}\r\n" for name, value in fields.items() if value is not None
        )
        found.append(f"{header}\r\n{'x' * draw(st.integers(0, 30))}\r\n".encode())
    return found


_KEYS: list[list[SortKey]] = [
    *([key] for key in (SortKey.ARRIVAL, SortKey.CC, SortKey.DATE, SortKey.FROM, SortKey.SIZE)),
    *([key] for key in (SortKey.SUBJECT, SortKey.TO, SortKey.DISPLAYFROM, SortKey.DISPLAYTO)),
    [~SortKey.SUBJECT, SortKey.DATE],
    [SortKey.FROM, ~SortKey.DATE],
]


async def _compare(server: RealServer, messages: Sequence[bytes]) -> None:
    async with tapped(server, server.new_user()) as imap:
        assert {"SORT=DISPLAY", "THREAD=REFERENCES", "THREAD=ORDEREDSUBJECT"} <= imap.capabilities
        await fill(imap, messages)
        async with imap.select("INBOX") as inbox:
            for keys in _KEYS:
                fetched = await inbox.fetch_all("1:*", *items_to_sort(keys))
                ours = [message.uid for message in sort_messages(fetched, keys)]
                assert ours == list(await inbox.sort(keys)), keys
            for algorithm, thread in ALGORITHMS.items():
                fetched = await inbox.fetch_all("1:*", *ITEMS)
                assert thread(fetched) == await inbox.thread(algorithm), algorithm


@settings(max_examples=40, derandomize=True)
@given(messages=_messages(dovecot=True))
async def test_as_dovecot_does(dovecot: Dovecot, messages: list[bytes]) -> None:
    await _compare(dovecot, messages)


# The same each time: what else Cyrus does in its own way is no failure of ours.
@settings(max_examples=25, derandomize=True)
@given(messages=_messages(dovecot=False))
async def test_as_cyrus_does(cyrus: RealServer, messages: list[bytes]) -> None:
    await _compare(cyrus, messages)


def test_what_is_compared() -> None:
    assert {key.name for keys in _KEYS for key in keys} == {
        key.name for key in vars(SortKey).values() if isinstance(key, SortKey)
    } - {"RELEVANCY"}
