"""What can be fetched, by command objects, on every server that offers it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aimap
from aimap import (
    BODY_PEEK,
    BODYSTRUCTURE,
    ENVELOPE,
    FLAGS,
    INTERNALDATE,
    RFC822_SIZE,
    Message,
    SeqSet,
    UIDSet,
    items,
)
from aimap.commands import (
    Examine,
    Fetch,
    Select,
    pieces,
)

from .probe import NOT_COURIER, Probe, sends
from .support import fill
from .test_by_the_letter import PLAIN, RICH


@sends(Fetch)
async def test_fetch(probe: Probe) -> None:
    await fill(probe.imap, [RICH, PLAIN])
    await probe(Examine("INBOX"))
    found: list[Message] = []
    missing = await probe(Fetch(UIDSet("1:2,7"), [FLAGS, RFC822_SIZE], found.extend))
    assert missing == UIDSet(7)
    assert [(m.uid, m.size) for m in found] == [(1, len(RICH)), (2, len(PLAIN))]
    by_number: list[Message] = []
    assert await probe(Fetch(SeqSet(2), [BODY_PEEK()], by_number.extend)) == SeqSet()
    assert [(m.seq, m.body()) for m in by_number] == [(2, PLAIN)]
    for macro, keys in (
        (items.FAST, {"FLAGS", "INTERNALDATE", "RFC822.SIZE"}),
        (items.ALL, {"FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"}),
        (items.FULL, {"FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"}),
    ):
        by_number.clear()
        await probe(Fetch(SeqSet("1:2"), [macro], by_number.extend))
        assert [set(m.keys()) for m in by_number] == [keys, keys]
    (one,) = await probe.ask(
        UIDSet(1),
        ENVELOPE,
        BODYSTRUCTURE,
        items.BODY_NON_EXTENSIBLE,
        INTERNALDATE,
        BODY_PEEK("HEADER"),
        BODY_PEEK("TEXT"),
        BODY_PEEK("1.1.MIME"),
        BODY_PEEK("3.HEADER"),
        BODY_PEEK(fields=["Subject", "X-None"]),
        BODY_PEEK(partial=(6, 11)),
    )
    assert one.envelope.message_id == "<rich@example.org>"
    assert one.envelope.subject == 'Grüße and "quotes" \\ {3}'
    assert [p.content_type for p in one.body_structure.walk()][:3] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
    ]
    assert one[items.BODY_NON_EXTENSIBLE].content_type == "multipart/mixed"
    assert one.body("HEADER") + one.body("TEXT") == RICH
    assert b"Content-ID: <1@example.org>\r\n" in one.body("1.1.MIME")
    assert one.body("3.HEADER").startswith(b"Subject: inner\r\n")
    assert one[BODY_PEEK(fields=["Subject", "X-None"])].startswith(b"Subject: =?utf-8?Q?")
    assert one[BODY_PEEK(partial=(6, 11))] == RICH[6:17]
    (old,) = await probe.ask(UIDSet(2), items.RFC822_HEADER, items.RFC822_TEXT)
    assert old[items.RFC822_HEADER] + old[items.RFC822_TEXT] == PLAIN
    (whole,) = await probe.ask(UIDSet(2), items.RFC822)
    assert whole[items.RFC822] == PLAIN


@sends(Fetch, needs="BINARY", on=NOT_COURIER)
async def test_fetching_what_is_decoded(probe: Probe) -> None:
    await fill(probe.imap, [RICH])
    await probe(Examine("INBOX"))
    decoded, start = items.BINARY_PEEK("2"), items.BINARY_PEEK("1.1", partial=(1, 3))
    (one,) = await probe.ask(UIDSet(1), decoded, items.BINARY_SIZE("2"), start)
    assert one.binary("2") == b"\0\1\2\3"
    assert one.binary_size("2") == 4
    assert one[start] == "Grüße".encode()[1:4]


@sends(Fetch, on=NOT_COURIER, because="Courier has no such extension")
async def test_fetching_what_extensions_have(probe: Probe) -> None:
    await fill(probe.imap, [PLAIN])
    await probe(Select("INBOX"))
    previews = {"dovecot": "needle", "cyrus": None}
    wanted: dict[str, tuple[aimap.FetchItem[Any], Callable[[Message], object]]] = {
        # Cyrus has it, and not a single one as it is installed.
        "PREVIEW": (items.PREVIEW, lambda m: m.preview == previews[probe.server.kind]),
        "SAVEDATE": (items.SAVEDATE, lambda m: m.save_date is not None and m.save_date.tzinfo),
        "OBJECTID": (items.EMAILID, lambda m: m.email_id),
        "CONDSTORE": (items.MODSEQ, lambda m: m.modseq > 0),
    }
    for capability, (item, is_right) in wanted.items():
        if probe.offers(capability):
            (one,) = await probe.ask(UIDSet(1), item)
            assert is_right(one), capability
    if probe.offers("OBJECTID"):
        (one,) = await probe.ask(UIDSet(1), items.THREADID)
        assert one.thread_id
    if probe.offers("PREVIEW"):
        (one,) = await probe.ask(UIDSet(1), items.PREVIEW_LAZY)
        assert one.preview in (None, "needle")
    if probe.offers("SNIPPET=FUZZY"):
        (one,) = await probe.ask(UIDSet(1), items.SNIPPET)
        assert one[items.SNIPPET] == "needle"


@sends(Fetch)
async def test_a_set_longer_than_a_line(probe: Probe) -> None:
    await fill(probe.imap, [PLAIN] * 5)
    await probe(Examine("INBOX"))
    odd = UIDSet(range(1, 6001, 2))
    found: list[Message] = []
    missing = set[int]()
    cut = list(pieces(odd, 8192))
    assert len(cut) > 2
    for piece in cut:
        unanswered = await probe(Fetch(piece, [FLAGS], found.extend))
        missing.update(unanswered)
    assert [m.uid for m in found] == [1, 3, 5]
    assert missing == set(odd) - {1, 3, 5}
