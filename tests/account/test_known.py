"""What is known of a mailbox, against a plain model, and how it is saved."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aimap import Arrived, Expunged, Flags, FlagsChanged, MailboxPosition, Position, UIDSet
from aimap._account.known import Advanced, Known, Told

uids = st.sets(st.integers(1, 400) | st.integers(1, 2**32 - 1), max_size=50)
flags = st.sets(st.sampled_from(["\\Seen", "\\Flagged", "$a", "Strange"])).map(Flags)
modseqs = st.integers(1, 2**63 - 1)

positions = st.builds(
    MailboxPosition,
    st.none() | st.integers(1, 2**32 - 1),
    uids.map(UIDSet),
    st.none() | modseqs,
    st.dictionaries(st.integers(1, 2**32 - 1), modseqs, max_size=5),
    st.dictionaries(flags, uids.map(UIDSet), max_size=3),
)


@given(st.dictionaries(st.text(max_size=10), positions, max_size=3))
def test_a_position_is_read_as_it_was_written(mailboxes: Any) -> None:
    position = Position(mailboxes)
    assert Position.from_json(position.to_json()) == position


@given(st.sets(st.integers(1, 60)), st.lists(st.tuples(st.integers(1, 90), flags), max_size=300))
def test_it_agrees_with_a_dictionary(start: set[int], told: list[tuple[int, Flags]]) -> None:
    model = {uid: Flags() for uid in start}
    known = Known(MailboxPosition(None, UIDSet(start), None, {}, {Flags(): UIDSet(start)}))
    for uid, now in told:
        if uid % 3 == 0 and uid in model:
            known.take(Told(Expunged(uid, "x")))  # type: ignore[arg-type]
            del model[uid]
        else:
            event = known.news("x", uid, now, None)  # type: ignore[arg-type]
            if uid not in model:
                assert event == Arrived(uid, now, "x")  # type: ignore[arg-type]
            elif model[uid] != now:
                assert event == FlagsChanged(uid, now, "x")  # type: ignore[arg-type]
            else:
                assert event is None
            if event is not None:
                known.take(Told(event))
            model[uid] = now
        assert (uid in known.uids) == (uid in model)
        assert len(known.uids) == len(model)
    position = known.position()
    assert position.uids == UIDSet(model)
    assert {uid: f for f, some in position.flags.items() for uid in some} == model
    assert Known(position).position() == position


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 30)), max_size=60))
def test_a_mod_sequence_is_news_once(told: list[tuple[int, int]]) -> None:
    known = Known(MailboxPosition(None, UIDSet("1:9"), 3))  # type: ignore[arg-type]
    seen: dict[int, int] = {}
    for uid, modseq in told:
        if modseq % 7 == 0:
            known.take(Advanced(modseq))  # type: ignore[arg-type]
            seen = {u: max(seen.get(u, 3), modseq) for u in range(1, 10)}
            continue
        event = known.news("x", uid, Flags(), modseq)  # type: ignore[arg-type]
        assert (event is not None) == (modseq > seen.get(uid, 3))
        if event is not None:
            known.take(Told(event, modseq))  # type: ignore[arg-type]
            seen[uid] = modseq
