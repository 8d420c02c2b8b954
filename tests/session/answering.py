"""How the random legal server carries commands out: what each does, says and must return."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.unit import reader
from tests.unit.reader import Token

from .listening import Job
from .model import Box, Mail, canonical, expand, in_ranges, matches

if TYPE_CHECKING:
    from .server import LegalServer

_VOLUNTEERED = frozenset({"UID", "FLAGS", "MODSEQ"})
_READS = frozenset(["FETCH", "SEARCH", "SORT", "THREAD"])
_HIGHEST = 1000
_SAID_FOR_ONE = frozenset(["STATUS", "GETACL", "MYRIGHTS", "GETQUOTA"])


def affects(earlier: Job, later: Job) -> bool:
    """Tell whether a command has to be over before a later one begins (RFC 9051 section 5.5).

    So it is where the one changes what the other returns, and where their answers could be
    told apart by nothing but their order.
    """
    for one, other in ((earlier, later), (later, earlier)):
        if one.changes_mailbox:
            # SELECT counts what APPEND adds, and CLOSE expunges what STATUS counts.
            return other.changes_mailbox or _is_about_messages(other)
    if "STATUS" in (later.verb, earlier.verb) and earlier.verb != later.verb:
        return _writes(earlier) or _writes(later)
    if _copies(earlier) and _copies(later):
        # Which messages it is about tells whose the COPYUID is.
        return bool(_uids(earlier) & _uids(later))
    if _writes(earlier) or _writes(later):
        return _is_about_messages(earlier) and _is_about_messages(later)
    if earlier.verb == later.verb == "FETCH":
        return _sorts(earlier) == _sorts(later)
    return (
        earlier.verb == later.verb
        and earlier.verb in _SAID_FOR_ONE
        and _subject(earlier) == _subject(later)
    )


def _subject(job: Job) -> tuple[bytes, frozenset[str]]:
    """What the answer to STATUS, GETACL and the like names: a mailbox or root, and items."""
    items = frozenset(_items(job)) if job.verb == "STATUS" else frozenset[str]()
    name = reader.astring(job.arguments[0])
    return (b"INBOX" if name.upper() == b"INBOX" else name), items


def _writes(job: Job) -> bool:
    return job.verb in ("STORE", "EXPUNGE", "MOVE", "COPY", "APPEND")


def _uids(job: Job) -> set[int]:
    pairs = reader.numbers(job.arguments[0])
    return set(range(_HIGHEST)) if isinstance(pairs, str) else set(expand(pairs, _HIGHEST))


def _copies(job: Job) -> bool:
    return job.verb in ("COPY", "MOVE") and job.is_by_uid


def _is_about_messages(job: Job) -> bool:
    return _writes(job) or job.verb in (*_READS, "STATUS", "LIST")


def _sorts(job: Job) -> frozenset[str]:
    """The items by which the answer to a FETCH is told from others."""
    return frozenset(_items(job)) - _VOLUNTEERED


def _items(job: Job) -> list[str]:
    tokens = job.arguments[1]
    listed = tokens if isinstance(tokens, list) else [tokens]
    return [token.text for token in listed if isinstance(token, reader.Bare)]


def _named(server: LegalServer, job: Job, token: Token) -> list[tuple[int, Mail]]:
    """Return the messages of a set, with their numbers."""
    pairs = reader.numbers(token)
    assert not isinstance(pairs, str)
    shown = server.shown
    if job.is_by_uid:
        wanted = expand(pairs, max((mail.uid for mail in shown), default=0))
        return [(seq, mail) for seq, mail in enumerate(shown, 1) if mail.uid in wanted]
    wanted = expand(pairs, len(shown))
    return [(seq, mail) for seq, mail in enumerate(shown, 1) if seq in wanted]


def _has_bad_number(server: LegalServer, job: Job) -> bool:
    """Refuse numbers that there are not: the client asked while there were more."""
    if job.is_by_uid:
        return False
    pairs = reader.numbers(job.arguments[0])
    assert not isinstance(pairs, str)
    if all(end == "*" or int(end) <= len(server.shown) for pair in pairs for end in pair):
        return False
    job.final = b"BAD no such message"
    return True


def _fetch(server: LegalServer, job: Job) -> None:
    if _has_bad_number(server, job):
        return
    items = _items(job)
    mails = [mail for _, mail in _named(server, job, job.arguments[0])]
    server.rng.shuffle(mails)
    job.lines = [partial(_say_fetched, server, job, mail, items) for mail in mails]


def _say_fetched(server: LegalServer, job: Job, mail: Mail, items: list[str]) -> None:
    if mail not in server.shown:
        return
    told = dict(_item(server, mail, item) for item in items)
    if job.is_by_uid or server.rng.random() < 0.1:
        told["UID"] = b"%d" % mail.uid
    if server.rng.random() < 0.1:
        told.update([server.flags(mail)])
    server.say_fetch(mail, list(told.items()))
    job.answered.add(mail)


def _item(server: LegalServer, mail: Mail, item: str) -> tuple[str, bytes]:
    match item:
        case "UID":
            return item, b"%d" % mail.uid
        case "FLAGS":
            return server.flags(mail)
        case "RFC822.SIZE":
            return item, b"%d" % len(mail.octets)
        case "BODY.PEEK[]":
            return "BODY[]", b"{%d}\r\n%s" % (len(mail.octets), mail.octets)
        case _:
            raise AssertionError(item)


def _store(server: LegalServer, job: Job) -> None:
    if _has_bad_number(server, job):
        return
    change = reader.atom(job.arguments[1])
    flags = {reader.flag(token) for token in reader.listed(job.arguments[2])}
    mails = [mail for _, mail in _named(server, job, job.arguments[0])]
    for mail in mails:
        if change.startswith("+"):
            mail.flags |= flags
        elif change.startswith("-"):
            mail.flags -= flags
        else:
            mail.flags = set(flags)
        if change.endswith(".SILENT"):
            server.untold.add(mail)
    if not change.endswith(".SILENT"):
        server.rng.shuffle(mails)
        job.lines = [partial(_say_fetched, server, job, mail, ["FLAGS"]) for mail in mails]


def _keys(server: LegalServer, job: Job, tokens: list[Token]) -> list[tuple[int, Mail]]:
    program = reader.search_program(tokens, server.dialect)
    highest = len(server.shown), max((mail.uid for mail in server.shown), default=0)
    return [
        (seq, mail)
        for seq, mail in enumerate(server.shown, 1)
        if matches(mail, seq, program, highest)
    ]


def _number(job: Job, found: tuple[int, Mail]) -> int:
    return found[1].uid if job.is_by_uid else found[0]


def _search(server: LegalServer, job: Job) -> None:
    returns = job.returns
    found = [
        _number(job, each)
        for each in _keys(server, job, job.arguments[2 if returns is not None else 0 :])
    ]
    if returns is None:
        job.value = set(found)
        job.lines = [partial(server.say, " ".join(["* SEARCH", *map(str, found)]))]
        return
    told: dict[str, object] = {}
    words = reader.words(returns) or ["ALL"]
    if "COUNT" in words:
        told["COUNT"] = len(found)
    if found:
        told.update({"MIN": min(found)} if "MIN" in words else {})
        told.update({"MAX": max(found)} if "MAX" in words else {})
        told.update({"ALL": in_ranges(found)} if "ALL" in words else {})
    job.value = {**told, "ALL": set(found)} if "ALL" in told else told
    uid = " UID" if job.is_by_uid else ""
    data = "".join(f" {name} {value}" for name, value in told.items())
    job.lines = [partial(server.say, f'* ESEARCH (TAG "{job.tag}"){uid}{data}')]


def _sort(server: LegalServer, job: Job) -> None:
    found = [_number(job, each) for each in _keys(server, job, job.arguments[2:])]
    server.rng.shuffle(found)
    job.value = list(found)
    job.lines = [partial(server.say, " ".join(["* SORT", *map(str, found)]))]


def _thread(server: LegalServer, job: Job) -> None:
    found = [_number(job, each) for each in _keys(server, job, job.arguments[2:])]
    job.value = list(found)
    job.lines = [
        partial(server.say, "* THREAD" + (" " if found else "") + "".join(f"({n})" for n in found))
    ]


def _box(server: LegalServer, token: Token) -> Box | None:
    return server.boxes.get(canonical(reader.mailbox(token, server.dialect)))


def _status(server: LegalServer, job: Job) -> None:
    box = _box(server, job.arguments[0])
    if box is None:
        job.final = b"NO [NONEXISTENT] no such mailbox"
        return
    items = reader.words(reader.listed(job.arguments[1]))
    job.value = {item: box.status()[item] for item in items}
    job.lines = [partial(_say_status, server, box, job.value)]


def _say_status(server: LegalServer, box: Box, told: dict[str, int]) -> None:
    items = [f"{item} {value}" for item, value in told.items()]
    server.rng.shuffle(items)
    server.say(b"* STATUS %s (%s)" % (server.quoted(box.name), " ".join(items).encode()))


def _list(server: LegalServer, job: Job) -> None:
    job.value = dict.fromkeys(server.boxes)
    job.lines = [
        partial(_say_listed, server, "LSUB" if job.verb == "LSUB" else "LIST", name)
        for name in server.boxes
    ]
    if len(job.arguments) > 2:
        items = reader.words(reader.listed(reader.listed(job.arguments[3])[1]))
        for box in server.boxes.values():
            told = {item: box.status()[item] for item in items}
            job.value[box.name] = told
            job.lines.append(partial(_say_status, server, box, told))


def _say_listed(server: LegalServer, word: str, name: str) -> None:
    server.say(b'* %s () "/" %s' % (word.encode(), server.quoted(name)))


def _append(server: LegalServer, job: Job) -> None:
    box = _box(server, job.arguments[0])
    if box is None:
        job.final = b"NO [TRYCREATE] no such mailbox"
        return
    mail = box.add(reader.message(job.arguments[-1], server.dialect))
    job.value = (box.uid_validity, mail.uid)
    job.final = b"OK [APPENDUID %d %d] done" % job.value
    if box is server.selected:
        job.lines = [server.say_exists]


def _copy(server: LegalServer, job: Job) -> None:
    _transfer(server, job, moves=False)


def _move(server: LegalServer, job: Job) -> None:
    _transfer(server, job, moves=True)


def _transfer(server: LegalServer, job: Job, *, moves: bool) -> None:
    if _has_bad_number(server, job):
        return
    target = _box(server, job.arguments[1])
    if target is None:
        job.final = b"NO [TRYCREATE] no such mailbox"
        return
    mails = [mail for _, mail in _named(server, job, job.arguments[0])]
    copies = [target.add(mail.octets, mail.flags) for mail in mails]
    if not mails:
        return
    source, destination = ([mail.uid for mail in each] for each in (mails, copies))
    job.value = (target.uid_validity, source, destination)
    code = f"[COPYUID {target.uid_validity} {in_ranges(source)} {in_ranges(destination)}]"
    if not moves:
        job.final = f"OK {code} done".encode()
    else:
        job.lines.append(partial(server.say, f"* OK {code} moved"))
        _expunge_mails(server, job, mails)
    if target is server.selected:
        job.lines.append(server.say_exists)


def _expunge_mails(server: LegalServer, job: Job, mails: list[Mail]) -> None:
    assert server.selected is not None
    gone = set(mails)
    server.selected.mails = [mail for mail in server.selected.mails if mail not in gone]
    server.untold -= gone
    told = [mail for mail in mails if mail in server.shown]
    server.rng.shuffle(told)
    if "QRESYNC" in server.enabled:
        job.lines += [partial(server.say_gone, told)] if told else []
    else:
        job.lines += [partial(server.say_gone, [mail]) for mail in told]


def _expunge(server: LegalServer, job: Job) -> None:
    assert server.selected is not None
    mails = [mail for mail in server.selected.mails if mail.is_deleted]
    if job.is_by_uid:
        named = {mail for _, mail in _named(server, job, job.arguments[0])}
        mails = [mail for mail in mails if mail in named]
    _expunge_mails(server, job, mails)


def _select(server: LegalServer, job: Job) -> None:
    was_selected = server.selected is not None
    _leave(server)
    server.is_selecting = True
    box = _box(server, job.arguments[0])
    if box is None:
        job.final = b"NO [NONEXISTENT] no such mailbox"
        return
    server.selected = box
    server.shown = list(box.mails)
    job.lines = [
        partial(server.say, line)
        for line in (
            f"* {len(box.mails)} EXISTS",
            "* 0 RECENT",
            "* FLAGS (\\Seen \\Deleted \\Flagged $Junk)",
            f"* OK [UIDVALIDITY {box.uid_validity}] as ever",
            f"* OK [UIDNEXT {box.uid_next}] so far",
        )
    ]
    server.rng.shuffle(job.lines)
    if was_selected:
        job.lines.insert(0, partial(server.say, "* OK [CLOSED] the one before"))
    job.final = b"OK [READ-%s] selected" % (b"ONLY" if job.verb == "EXAMINE" else b"WRITE")


def _leave(server: LegalServer) -> None:
    server.selected = None
    server.shown = []


def _unselect(server: LegalServer, job: Job) -> None:
    if job.verb == "CLOSE" and server.selected is not None:
        box = server.selected
        box.mails = [mail for mail in box.mails if not mail.is_deleted]
    server.is_selecting = True
    _leave(server)


def _enable(server: LegalServer, job: Job) -> None:
    names = reader.words(job.arguments)
    job.value = set(names)
    server.enabled |= job.value
    job.lines = [partial(server.say, " ".join(["* ENABLED", *names]))]


def _say(*lines: str, value: Any = None) -> Callable[[LegalServer, Job], None]:
    def answer(server: LegalServer, job: Job) -> None:
        job.value = value
        job.lines = [partial(server.say, line) for line in lines]

    return answer


def _capability(server: LegalServer, job: Job) -> None:
    job.value = set(server.capabilities.split())
    job.lines = [partial(server.say, f"* CAPABILITY {server.capabilities}")]


def _about(word: str, data: str) -> Callable[[LegalServer, Job], None]:
    def answer(server: LegalServer, job: Job) -> None:
        name = canonical(reader.mailbox(job.arguments[0], server.dialect))
        job.value = name
        job.lines = [
            lambda: server.say(b"* %s %s %s" % (word.encode(), server.quoted(name), data.encode()))
        ]

    return answer


def _quota_root(server: LegalServer, job: Job) -> None:
    _about("QUOTAROOT", '"user"')(server, job)
    job.lines.append(partial(server.say, '* QUOTA "user" (STORAGE 1 512)'))


ANSWERS: dict[str, Callable[[LegalServer, Job], None]] = {
    "APPEND": _append,
    "CAPABILITY": _capability,
    "CHECK": _say(),
    "CLOSE": _unselect,
    "COPY": _copy,
    "ENABLE": _enable,
    "EXAMINE": _select,
    "EXPUNGE": _expunge,
    "FETCH": _fetch,
    "GETACL": _about("ACL", "joe lrs"),
    "GETQUOTA": _say('* QUOTA "user" (STORAGE 1 512)', value="user"),
    "GETQUOTAROOT": _quota_root,
    "ID": _say('* ID ("name" "legal")', value={"name": "legal"}),
    "IDLE": _say(),
    "LIST": _list,
    "LSUB": _list,
    "MOVE": _move,
    "MYRIGHTS": _about("MYRIGHTS", "lrs"),
    "NAMESPACE": _say('* NAMESPACE (("" "/")) NIL NIL'),
    "NOOP": _say(),
    "SEARCH": _search,
    "SELECT": _select,
    "SORT": _sort,
    "STATUS": _status,
    "STORE": _store,
    "THREAD": _thread,
    "UNSELECT": _unselect,
}
