"""What commands about mailboxes write reads back to the same values."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aimap import InvalidArgumentError, SeqSet, UIDSet
from aimap._wire.encoder import Dialect
from aimap.commands import (
    Create,
    Delete,
    DeleteAcl,
    EventGroup,
    Examine,
    GetAcl,
    GetMetadata,
    GetQuota,
    GetQuotaRoot,
    List,
    ListExtended,
    ListRights,
    Lsub,
    MailboxFilter,
    MyRights,
    Notify,
    QResync,
    Rename,
    RList,
    RLsub,
    Select,
    SetAcl,
    SetMetadata,
    SetQuota,
    Status,
    Subscribe,
    Unsubscribe,
    XList,
)

from .reader import (
    Bare,
    astring,
    atom,
    flag,
    listed,
    mailbox,
    name,
    number,
    numbers,
    string,
    value,
    words,
)
from .strategies import (
    ANY,
    DIALECTS,
    FILTERS,
    ITEMS,
    META,
    UIDS,
    VALUES,
    as_sent,
    is_mailbox_name,
    octets,
    tokens,
)


def read_or_refused(make: Any, names: list[str], dialect: Dialect) -> Any:
    """Return the command's tokens; ``None`` where a name cannot be sent."""
    try:
        found = tokens(make(), dialect)
    except InvalidArgumentError:
        assert not all(is_mailbox_name(each, dialect) for each in names)
        return None
    assert all(is_mailbox_name(each, dialect) for each in names)
    return found


def is_text(text: str) -> bool:
    return bool(text) and "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


@given(ANY, DIALECTS)
def test_one_name(box: str, dialect: Dialect) -> None:
    for kind in (
        Create,
        Delete,
        Subscribe,
        Unsubscribe,
        GetAcl,
        MyRights,
        GetQuotaRoot,
        Select,
        Examine,
    ):
        if (found := read_or_refused(lambda: kind(box), [box], dialect)) is not None:  # noqa: B023
            assert atom(found[0]) == kind.name
            assert mailbox(found[1], dialect) == as_sent(box)
            assert len(found) == 2


@given(ANY, ANY, DIALECTS)
def test_rename(old: str, new: str, dialect: Dialect) -> None:
    if (found := read_or_refused(lambda: Rename(old, new), [old, new], dialect)) is not None:
        assert [mailbox(token, dialect) for token in found[1:]] == [as_sent(old), as_sent(new)]


@given(ANY, st.lists(st.sampled_from(["\\Sent", "\\Junk"]), unique=True), DIALECTS)
def test_create_with_uses(box: str, use: list[str], dialect: Dialect) -> None:
    if (found := read_or_refused(lambda: Create(box, use=use), [box], dialect)) is not None:
        assert mailbox(found[1], dialect) == as_sent(box)
        assert found[2:] == ([[Bare("USE"), [Bare(each) for each in use]]] if use else [])


@given(st.sampled_from([List, Lsub, XList, RList, RLsub]), ANY, st.just("") | ANY, DIALECTS)
def test_listing(kind: Any, pattern: str, reference: str, dialect: Dialect) -> None:
    names = [pattern, reference or "x"]
    if (found := read_or_refused(lambda: kind(pattern, reference), names, dialect)) is not None:
        assert atom(found[0]) == kind.name
        assert [name(string(token), dialect) for token in found[1:]] == [
            as_sent(reference),
            as_sent(pattern),
        ]


@given(
    st.lists(ANY, min_size=1, max_size=3),
    st.sampled_from([[], ["SUBSCRIBED"], ["SUBSCRIBED", "RECURSIVEMATCH", "REMOTE"], ["SPECIAL-USE"]]),
    st.sampled_from([[], ["CHILDREN"], ["SUBSCRIBED", "SPECIAL-USE"]]),
    st.sampled_from([[], ["MESSAGES"], ["UNSEEN", "SIZE"]]),
    st.booleans(),
    st.lists(META, unique=True, max_size=2),
    DIALECTS,
)  # fmt: skip
def test_list_extended(
    patterns: list[str], selection: list[str], returning: list[str], status: list[str],
    my_rights: bool, metadata: list[str], dialect: Dialect,
) -> None:  # fmt: skip
    found = read_or_refused(
        lambda: ListExtended(
            patterns, selection=selection, returning=returning, status=status,
            my_rights=my_rights, metadata=metadata,
        ),
        patterns, dialect,
    )  # fmt: skip
    if found is None:
        return
    assert atom(found.pop(0)) == "LIST"
    if selection:
        assert words(found.pop(0)) == selection
    assert string(found.pop(0)) == b""
    token = found.pop(0)
    several = token if isinstance(token, list) else [token]
    assert [name(string(each), dialect) for each in several] == [as_sent(each) for each in patterns]
    options: list[Any] = list(returning)
    options += ["MYRIGHTS"] * my_rights
    options += ["METADATA", [each.encode() for each in metadata]] if metadata else []
    options += ["STATUS", status] if status else []
    if not options:
        assert not found
        return
    assert atom(found.pop(0)) == "RETURN"
    (inside,) = found
    for option in options:
        token = listed(inside).pop(0)
        if isinstance(option, str):
            assert atom(token) == option
        elif isinstance(option[0], bytes):
            assert [astring(each) for each in listed(token)] == option
        else:
            assert words(listed(token)) == option
    assert not inside


@given(
    ANY, st.lists(st.sampled_from(["MESSAGES", "size", "DELETED-STORAGE"]), min_size=1), DIALECTS
)
def test_status(box: str, items: list[str], dialect: Dialect) -> None:
    if (found := read_or_refused(lambda: Status(box, items), [box], dialect)) is not None:
        assert mailbox(found[1], dialect) == as_sent(box)
        assert words(listed(found[2])) == list(dict.fromkeys(item.upper() for item in items))


@given(
    st.booleans(),
    st.booleans(),
    st.integers(1, 0xFFFFFFFF),
    st.integers(1, 2**63 - 1),
    UIDS,
    st.booleans(),
)
def test_select_parameters(
    condstore: bool, annotate: bool, validity: int, modseq: int, known: UIDSet, match: bool
) -> None:
    dialect = Dialect(qresync=True)
    pairs = (SeqSet("1:3,7"), UIDSet("10:12,99")) if match else None
    qresync = QResync(validity, modseq, known, pairs)
    found = tokens(Select("x", condstore=condstore, qresync=qresync, annotate=annotate), dialect)
    inside = listed(found[2])
    if condstore:
        assert atom(inside.pop(0)) == "CONDSTORE"
    assert atom(inside.pop(0)) == "QRESYNC"
    arguments = listed(inside.pop(0))
    assert [number(arguments[0]), number(arguments[1])] == [validity, modseq]
    assert numbers(arguments[2]) == [(str(low), str(high)) for low, high in known.ranges]
    if match:
        assert [numbers(token) for token in listed(arguments[3])] == [
            [("1", "3"), ("7", "7")],
            [("10", "12"), ("99", "99")],
        ]
    assert len(arguments) == 3 + match
    assert inside == [Bare("ANNOTATE")] * annotate


@given(
    ANY, ANY, st.sampled_from(["", "lrs", "lrswipkxtea"]), st.sampled_from(["", "+", "-"]), DIALECTS
)
def test_acl(box: str, who: str, rights: str, change: Any, dialect: Dialect) -> None:
    if not is_text(who) or not is_mailbox_name(box, dialect):
        return
    for command in (DeleteAcl(box, who), ListRights(box, who)):
        found = tokens(command, dialect)
        assert atom(found[0]) == command.name
        assert mailbox(found[1], dialect) == as_sent(box)
        assert astring(found[2]) == who.encode()
    if change and not rights:
        return
    known = Dialect(literal_plus=dialect.literal_plus, utf8=dialect.utf8, rights="kxte")
    found = tokens(SetAcl(box, who, rights, change=change), known)
    assert mailbox(found[1], dialect) == as_sent(box)
    assert astring(found[2]) == who.encode()
    assert astring(found[3]).decode() == change + rights


@given(
    st.just("") | ANY,
    st.dictionaries(st.sampled_from(["STORAGE", "X-y"]), st.integers(0, 2**63 - 1)),
    DIALECTS,
)
def test_quota(root: str, limits: dict[str, int], dialect: Dialect) -> None:
    if root and not is_text(root):
        return
    found = tokens(GetQuota(root), dialect)
    assert astring(found[1]) == root.encode()
    found = tokens(SetQuota(root, limits), dialect)
    assert astring(found[1]) == root.encode()
    inside = listed(found[2])
    assert [flag(token) for token in inside[::2]] == list(limits)
    assert [number(token) for token in inside[1::2]] == list(limits.values())


@given(
    st.just("") | ANY, st.lists(META, min_size=1, unique=True), st.none() | st.integers(0, 9999),
    st.sampled_from([0, 1, "infinity"]), DIALECTS,
)  # fmt: skip
def test_get_metadata(
    box: str, entries: list[str], size: Any, depth: Any, dialect: Dialect
) -> None:
    found = read_or_refused(
        lambda: GetMetadata(box, entries, max_size=size, depth=depth), [box or "x"], dialect
    )
    if found is None:
        return
    assert atom(found.pop(0)) == "GETMETADATA"
    if size is not None or depth:
        options = [atom(token) for token in listed(found.pop(0))]
        wanted = ["MAXSIZE", str(size)] if size is not None else []
        assert options == wanted + (["DEPTH", str(depth).upper()] if depth else [])
    assert name(astring(found[0]), dialect) == as_sent(box)
    several = found[1] if isinstance(found[1], list) else [found[1]]
    assert [astring(token).decode() for token in several] == entries


@given(st.just("") | ANY, st.dictionaries(META, VALUES, min_size=1), DIALECTS)
def test_set_metadata(box: str, values: dict[str, Any], dialect: Dialect) -> None:
    if box and not is_mailbox_name(box, dialect):
        return
    found = tokens(SetMetadata(box, values), dialect)
    assert name(astring(found[1]), dialect) == as_sent(box)
    inside = listed(found[2])
    assert [astring(token).decode() for token in inside[::2]] == list(values)
    assert [value(token) for token in inside[1::2]] == [octets(each) for each in values.values()]


MESSAGE_EVENTS: list[Any] = [
    [], ["MessageNew", "MessageExpunge"], ["MessageNew", "MessageExpunge", "FlagChange", "AnnotationChange"]
]  # fmt: skip
OTHER_EVENTS: list[Any] = [
    "MailboxName",
    "SubscriptionChange",
    "MailboxMetadataChange",
    "ServerMetadataChange",
]


@given(
    st.lists(st.tuples(FILTERS, st.sampled_from(MESSAGE_EVENTS), st.lists(st.sampled_from(OTHER_EVENTS), unique=True))),
    st.booleans(), ITEMS, DIALECTS,
)  # fmt: skip
def test_notify(groups: list[Any], status: bool, items: list[Any], dialect: Dialect) -> None:
    made: list[EventGroup] = []
    for boxes, events, more in groups:
        if boxes == MailboxFilter.SELECTED:
            if any(each.mailboxes == boxes for each in made):
                continue
            made.append(EventGroup(boxes, events, items if events else ()))
        else:
            made.append(EventGroup(boxes, [*events, *more]))
    status = status and bool(made)
    names = [each for group in made for each in group.mailboxes.mailboxes]
    found = read_or_refused(lambda: Notify(made, status=status), names, dialect)
    if found is None:
        return
    assert atom(found.pop(0)) == "NOTIFY"
    if not made:
        assert found == [Bare("NONE")]
        return
    assert words(found[: 1 + status]) == ["SET", "STATUS"][: 1 + status]
    for group, token in zip(made, found[1 + status :], strict=True):
        inside = listed(token)
        assert inside.pop(0) == Bare(group.mailboxes.word)
        if group.mailboxes.mailboxes:
            boxes = inside.pop(0)
            several = boxes if isinstance(boxes, list) else [boxes]
            assert [mailbox(each, dialect) for each in several] == [
                as_sent(n) for n in group.mailboxes.mailboxes
            ]
        (events,) = inside
        if not group.events:
            assert events == Bare("NONE")
            continue
        assert [each.text for each in listed(events) if isinstance(each, Bare)] == list(
            group.events
        )
        assert sum(isinstance(each, list) for each in listed(events)) == bool(group.items)
