"""Command objects made of the examples in the RFCs."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

import aimap
from aimap import FetchItem, SeqSet, UIDSet, criteria, items
from aimap import commands as c
from aimap._commands.base import Command
from aimap._model.search import SearchCriteria
from aimap._wire.encoder import Dialect
from tests.rfc.examples import Example
from tests.rfc.tokens import Item, Token, tokens
from tests.unit import reader

PLAIN = Dialect()
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


class OtherError(Exception):
    """The example is of something that no command object is to do."""


class Line:
    """The tokens of a command, taken one by one."""

    def __init__(self, found: Iterable[Token]) -> None:
        self.left = list(found)

    def next(self) -> Any:
        if not self.left:
            raise OtherError("arguments are missing")
        return self.left.pop(0)

    def text(self) -> str:
        token = self.next()
        if not isinstance(token, bytes):
            raise OtherError(f"no string: {token!r}")
        return bytes(token).decode()

    def word(self) -> str:
        return self.text().upper()

    def mailbox(self) -> str:
        return reader.name(self.text().encode(), PLAIN)

    def inner(self) -> Line:
        token = self.next()
        return Line(token if isinstance(token, list) else [token])

    def all(self, read: Callable[[Line], Any]) -> list[Any]:
        found = []
        while self.left:
            found.append(read(self))
        return found

    def is_list(self) -> bool:
        return bool(self.left) and isinstance(self.left[0], list)

    def sees(self, word: str) -> bool:
        """Step over a word if it is next."""
        if self.left and isinstance(self.left[0], bytes) and self.left[0].upper() == word.encode():
            self.left.pop(0)
            return True
        return False

    def messages(self, by_uid: bool) -> Any:
        text = self.text()
        if text == "$":
            return c.SAVED
        return (UIDSet if by_uid else SeqSet)(text)


CONSTANTS = {
    name: getattr(items, name.replace(".", "_").replace("-", "_"))
    for name in ("FLAGS", "ENVELOPE", "BODYSTRUCTURE", "INTERNALDATE", "RFC822.SIZE", "MODSEQ", "RFC822",
                 "RFC822.HEADER", "RFC822.TEXT", "ALL", "FAST", "FULL", "SAVEDATE", "EMAILID", "THREADID")
} | {"UID": items.UID_ITEM, "BODY": items.BODY_NON_EXTENSIBLE}  # fmt: skip


def item(line: Line) -> FetchItem[Any]:
    token = line.next()
    if isinstance(token, Item):
        section = Line(token.section)
        part = section.word() if section.left else ""
        window: Any = {}
        if token.origin:
            offset, count = token.origin.split(b".")
            window = {"partial": (int(offset), int(count))}
        if (match := re.fullmatch(r"(?:(.*)\.)?HEADER\.FIELDS(\.NOT)?", part)) is not None:
            part = match[1] or ""
            window["fields_not" if match[2] else "fields"] = section.inner().all(Line.text)
        make = getattr(items, token.name.decode().upper().replace(".", "_"))
        return make(part, **window)  # type: ignore[no-any-return]
    name = token.decode().upper()
    if name == "PREVIEW":
        lazy = line.is_list() and line.inner().sees("LAZY")
        return items.PREVIEW_LAZY if lazy else items.PREVIEW
    if name == "ANNOTATION":
        inside = line.inner()
        return items.ANNOTATION(inside.inner().all(Line.text), inside.inner().all(Line.text))
    return CONSTANTS[name]  # type: ignore[no-any-return]


def day(text: str) -> date:
    number, month, year = text.split("-")
    return date(int(year), MONTHS.index(month.lower()) + 1, int(number))


KEYS_OF_TEXT = ["BCC", "CC", "FROM", "SUBJECT", "TEXT", "TO"]
KEYS_OF_DAYS = [
    "BEFORE",
    "ON",
    "SINCE",
    "SENTBEFORE",
    "SENTON",
    "SENTSINCE",
    "SAVEDBEFORE",
    "SAVEDON",
    "SAVEDSINCE",
]
KEYS_OF_NUMBERS = ["LARGER", "SMALLER", "OLDER", "YOUNGER", "UIDAFTER", "UIDBEFORE"]


def program(line: Line) -> SearchCriteria:
    first, *rest = line.all(key)
    for each in rest:
        first &= each
    return first  # type: ignore[no-any-return]


def key(line: Line) -> Any:
    if line.is_list():
        return program(line.inner())
    name = line.word()
    if name == "$":
        return aimap.IN(c.SAVED)
    if re.fullmatch(r"[0-9*:,]+", name):
        return aimap.IN(SeqSet(name))
    if name == "UID":
        return aimap.IN(line.messages(True))
    if name == "NOT":
        return ~key(line)
    if name == "OR":
        return key(line) | key(line)
    if name == "FUZZY":
        return aimap.FUZZY(key(line))
    if name == "BODY":
        return aimap.BODY_TEXT(line.text())
    if name == "HEADER":
        return aimap.HEADER(line.text(), line.text())
    if name == "MODSEQ":
        first = line.text()
        if first.isdigit():
            return aimap.MODSEQ_SINCE(int(first))
        kind: Any = line.text()
        return aimap.MODSEQ_SINCE(int(line.text()), flag=first.removeprefix("/flags/"), kind=kind)
    if name == "ANNOTATION":
        attribute: Any
        entry, attribute, value = line.text(), line.text(), line.next()
        return criteria.ANNOTATION(entry, attribute, value)
    if name in KEYS_OF_TEXT:
        return getattr(aimap, name)(line.text())
    if name in KEYS_OF_DAYS:
        return getattr(aimap, name)(day(line.text()))
    if name in KEYS_OF_NUMBERS:
        return getattr(aimap, name)(int(line.text()))
    if name in ("KEYWORD", "UNKEYWORD", "FILTER", "EMAILID", "THREADID"):
        return getattr(criteria, name)(line.text())
    return getattr(criteria, name)


def returning(line: Line) -> list[Any]:
    found: list[Any] = []
    inside = line.inner()
    while inside.left:
        word = inside.word()
        if word == "PARTIAL":
            first, last = inside.text().split(":")
            found.append(c.Partial(int(first), int(last)))
        elif word == "UPDATE" and inside.is_list():
            found.append(c.Update(inside.inner().all(item)))
        else:
            found.append(word)
    return found


def sort_keys(line: Line) -> list[Any]:
    inside = line.inner()
    found = []
    while inside.left:
        reverse = inside.sees("REVERSE")
        name = inside.word()
        attribute: Any
        if name == "ANNOTATION":
            entry, attribute = inside.text(), inside.text()
            made = c.SortKey.annotation(entry, attribute)
        else:
            made = getattr(c.SortKey, name)
        found.append(~made if reverse else made)
    return found


def notes(line: Line) -> dict[str, dict[str, Any]]:
    inside = line.inner()
    found: dict[str, dict[str, Any]] = {}
    while inside.left:
        values = found.setdefault(inside.text(), {})
        attributes = inside.inner()
        while attributes.left:
            attribute = attributes.text()
            values[attribute] = attributes.next()
    return found


def appended(line: Line) -> c.AppendMessage:
    flags = line.inner().all(Line.text) if line.is_list() else []
    moment = None
    first = line.left[0]
    if isinstance(first, bytes) and re.fullmatch(rb"[ \d]\d-\w{3}-\d{4} .*", first):
        moment = reader.date_time(reader.Text(line.next(), "quoted"))
    noted = notes(line) if line.sees("ANNOTATION") else {}
    data: Any
    utf8 = False
    if line.sees("CATENATE"):
        parts, data = line.inner(), []
        while parts.left:
            kind = parts.word()
            data.append(parts.next() if kind == "TEXT" else c.UrlPart(parts.text()))
    elif line.sees("UTF8"):
        data, utf8 = line.inner().next(), True
    else:
        data = line.next()
    return c.AppendMessage(data, flags=flags, date=moment, annotations=noted, utf8=utf8)


def filters(line: Line) -> c.MailboxFilter:
    word = line.word().lower()
    if word in ("mailboxes", "subtree", "subtree-one"):
        make = {"mailboxes": c.MailboxFilter.named, "subtree": c.MailboxFilter.subtree}
        return make.get(word, c.MailboxFilter.subtree_one)(*line.inner().all(Line.mailbox))
    return getattr(c.MailboxFilter, word.upper().replace("-", "_"))  # type: ignore[no-any-return]


EVENTS = {
    event.upper(): event
    for event in ("MessageNew", "MessageExpunge", "FlagChange", "AnnotationChange", "MailboxName",
                  "SubscriptionChange", "MailboxMetadataChange", "ServerMetadataChange")
}  # fmt: skip


def group(line: Line) -> c.EventGroup:
    inside = line.inner()
    boxes = filters(inside)
    wanted: list[Any] = []
    events: list[Any] = []
    if inside.left and inside.left[0] == b"NONE":
        return c.EventGroup(boxes)
    # RFC 5465 section 3.1 has its events without parentheses, against its own grammar.
    deeper = inside.inner() if inside.is_list() else inside
    while deeper.left:
        events.append(EVENTS[deeper.word()])
        if deeper.is_list():
            wanted = deeper.inner().all(item)
    return c.EventGroup(boxes, events, wanted)


# Commands, by name


def fetch(line: Line, by_uid: bool) -> Command[Any]:
    messages = line.messages(by_uid)
    wanted = line.inner().all(item) if line.is_list() else [item(line)]
    modifiers: dict[str, Any] = {}
    inside = line.inner() if line.left else Line([])
    while inside.left:
        word = inside.word()
        if word == "CHANGEDSINCE":
            modifiers["changed_since"] = int(inside.text())
        elif word == "VANISHED":
            modifiers["on_vanished"] = print
        else:
            raise OtherError(word)
    return c.Fetch(messages, wanted, print, **modifiers)


def store(line: Line, by_uid: bool) -> Command[Any]:
    messages, since = line.messages(by_uid), None
    if line.is_list():
        inside = line.inner()
        if not inside.sees("UNCHANGEDSINCE"):
            raise OtherError("another modifier")
        since = int(inside.text())
    word = line.word()
    if word == "ANNOTATION":
        return c.StoreAnnotations(messages, notes(line), unchanged_since=since)
    change: Any
    change, _, silent = re.fullmatch(r"([+-]?)(FLAGS)(\.SILENT)?", word).groups()  # type: ignore[union-attr]
    flags = line.inner().all(Line.text) if line.is_list() else line.all(Line.text)
    return c.Store(messages, change, flags, silent=bool(silent), unchanged_since=since)


def search(line: Line, by_uid: bool) -> Command[Any]:
    numbers = UIDSet if by_uid else SeqSet
    options = returning(line) if line.sees("RETURN") else None
    charset = line.text() if line.sees("CHARSET") else None
    what = program(line)
    if options is not None:
        return c.ESearch(what, options, numbers=numbers, charset=charset)
    kind: Any = c.Search if by_uid else c.SeqSearch
    return kind(what, extended=False, charset=charset)  # type: ignore[no-any-return]


def sort(line: Line, by_uid: bool) -> Command[Any]:
    numbers = UIDSet if by_uid else SeqSet
    options = returning(line) if line.sees("RETURN") else None
    keys, charset, what = sort_keys(line), line.text(), program(line)
    if options is not None:
        return c.ESort(keys, what, options, numbers=numbers, charset=charset)
    return c.Sort(keys, what, numbers=numbers, charset=charset)


def thread(line: Line, by_uid: bool) -> Command[Any]:
    algorithm, charset = line.text(), line.text()
    return c.ThreadSearch(
        algorithm, program(line), numbers=UIDSet if by_uid else SeqSet, charset=charset
    )


def convert(line: Line, by_uid: bool) -> Command[Any]:
    messages, how = line.messages(by_uid), line.inner()
    target = how.next()
    parameters = how.inner().all(Line.text) if how.left else []
    wanted = []
    names = {"BINARY": "binary", "BINARY.SIZE": "binary_size", "BODYPARTSTRUCTURE": "structure",
             "AVAILABLECONVERSIONS": "available"}  # fmt: skip
    for token in line.inner().left:
        if not isinstance(token, Item):
            wanted.append(c.ConvertItem.UID)
            continue
        section = (
            b"".join(bytes(part) for part in token.section if isinstance(part, bytes))
            .decode()
            .upper()
        )
        name = token.name.decode().upper()
        if name == "BODY":
            part, _, what = section.rpartition(".")
            wanted.append(
                c.ConvertItem.header(part) if what == "HEADER" else c.ConvertItem.mime(part)
            )
        elif token.origin:
            offset, count = map(int, token.origin.split(b"."))
            wanted.append(c.ConvertItem.binary(section, partial=(offset, count)))
        else:
            wanted.append(getattr(c.ConvertItem, names[name])(section))
    pairs = dict(zip(parameters[::2], parameters[1::2], strict=True))
    return c.Convert(messages, target.decode() if target else None, wanted, parameters=pairs)


def select(line: Line, kind: Any) -> Command[Any]:
    box, options = line.mailbox(), dict[str, Any]()
    inside = line.inner() if line.left else Line([])
    while inside.left:
        word = inside.word()
        if word == "QRESYNC":
            known = inside.inner()
            validity, modseq = int(known.text()), int(known.text())
            uids = UIDSet(known.text()) if known.left and not known.is_list() else UIDSet()
            match = None
            if known.left:
                both = known.inner()
                match = (SeqSet(both.text()), UIDSet(both.text()))
            options["qresync"] = c.QResync(validity, modseq, uids, match)
        elif word in ("CONDSTORE", "ANNOTATE"):
            options[word.lower()] = True
        else:
            raise OtherError(word)
    return kind(box, **options)  # type: ignore[no-any-return]


def create(line: Line) -> Command[Any]:
    box = line.mailbox()
    uses: list[str] = []
    if line.left:
        inside = line.inner()
        if not inside.sees("USE"):
            raise OtherError("another parameter")
        uses = inside.inner().all(Line.text)
    return c.Create(box, use=uses)


def listing(line: Line) -> Command[Any]:
    selection = line.inner().all(Line.word) if line.is_list() else []
    reference = line.text()
    several = line.is_list()
    patterns = line.inner().all(Line.text)
    if not selection and not several and not line.left:
        return c.List(patterns[0], reference)
    options: dict[str, Any] = {"returning": []}
    inside = line.inner() if line.sees("RETURN") else Line([])
    while inside.left:
        word = inside.word()
        if word == "STATUS":
            options["status"] = inside.inner().all(Line.text)
        elif word == "MYRIGHTS":
            options["my_rights"] = True
        else:
            options["returning"].append(word)
    return c.ListExtended(patterns, reference, selection=selection, **options)


def set_acl(line: Line) -> Command[Any]:
    box, who, rights = line.mailbox(), line.text(), line.text()
    change: Any = rights[0] if rights[0] in "+-" else ""
    return c.SetAcl(box, who, rights.removeprefix(change), change=change)


def set_quota(line: Line) -> Command[Any]:
    root, inside = line.text(), line.inner()
    limits = {}
    while inside.left:
        resource = inside.text()
        limits[resource] = int(inside.text())
    return c.SetQuota(root, limits)


def get_metadata(line: Line) -> Command[Any]:
    options: dict[str, Any] = {}
    # Examples of RFC 5464 have the options behind the mailbox, against its own grammar.
    at = next((at for at, token in enumerate(line.left[:-1]) if isinstance(token, list)), None)
    if at is not None:
        inside = Line(line.left.pop(at))  # type: ignore[arg-type]
        while inside.left:
            word = inside.word()
            value = inside.text()
            options["max_size" if word == "MAXSIZE" else "depth"] = (
                int(value) if value.isdigit() else value
            )
    return c.GetMetadata(line.text(), line.inner().all(Line.text), **options)


def set_metadata(line: Line) -> Command[Any]:
    box, inside = line.text(), line.inner()
    values = {}
    while inside.left:
        entry = inside.text()
        values[entry] = inside.next()
    return c.SetMetadata(box, values)


def gen_url_auth(line: Line) -> Command[Any]:
    found = line.all(Line.text)
    return c.GenUrlAuth(found[::2], found[1])


def identify(line: Line) -> Command[Any]:
    if line.left == [None]:
        line.next()
        return c.Id()
    fields = {}
    inside = line.inner()
    while inside.left:
        name, value = inside.text(), inside.next()
        fields[name] = value.decode() if value is not None else None
    return c.Id(fields)


def notify(line: Line) -> Command[Any]:
    if line.sees("NONE"):
        return c.Notify()
    if not line.sees("SET"):
        raise OtherError("not of the grammar")
    return c.Notify(status=line.sees("STATUS"), groups=line.all(group))


def authenticate(line: Line) -> Command[Any]:
    mechanism = line.text()
    initial = b64decode(line.text().replace("=", "") + "==") if line.left else None
    return c.Authenticate(mechanism, bytes, initial=initial, in_command=initial is not None)


def multi_search(line: Line) -> Command[Any]:
    boxes = line.inner().all(filters) if line.sees("IN") else []
    options = returning(line) if line.sees("RETURN") else []
    return c.MultiSearch(program(line), boxes, options)


def append(line: Line) -> Command[Any]:
    box = line.mailbox()
    first, *more = line.all(appended)
    return c.MultiAppend(box, [first, *more]) if more else c.Append(box, first)


BY_SET: dict[str, Callable[[Line, bool], Command[Any]]] = {
    "FETCH": fetch,
    "STORE": store,
    "SEARCH": search,
    "SORT": sort,
    "THREAD": thread,
    "CONVERT": convert,
    "COPY": lambda line, by_uid: c.Copy(line.messages(by_uid), line.mailbox()),
    "MOVE": lambda line, by_uid: c.Move(line.messages(by_uid), line.mailbox()),
    "EXPUNGE": lambda line, by_uid: c.Expunge(line.messages(True)) if by_uid else c.Expunge(),
    "REPLACE": lambda line, by_uid: c.Replace(
        line.messages(by_uid), line.mailbox(), appended(line)
    ),
}
OTHERS: dict[str, Callable[[Line], Command[Any]]] = {
    "CAPABILITY": lambda _: c.Capability(),
    "NOOP": lambda _: c.Noop(),
    "LOGOUT": lambda _: c.Logout(),
    "STARTTLS": lambda _: c.StartTLS(),
    "CLOSE": lambda _: c.Close(),
    "UNSELECT": lambda _: c.Unselect(),
    "CHECK": lambda _: c.Check(),
    "IDLE": lambda _: c.Idle(),
    "NAMESPACE": lambda _: c.Namespace(),
    "LOGIN": lambda line: c.Login(line.text(), line.text()),
    "AUTHENTICATE": authenticate,
    "ENABLE": lambda line: c.Enable(*line.all(Line.text)),
    "COMPRESS": lambda line: c.Compress(line.text()),
    "ID": identify,
    "SELECT": lambda line: select(line, c.Select),
    "EXAMINE": lambda line: select(line, c.Examine),
    "CREATE": create,
    "DELETE": lambda line: c.Delete(line.mailbox()),
    "RENAME": lambda line: c.Rename(line.mailbox(), line.mailbox()),
    "SUBSCRIBE": lambda line: c.Subscribe(line.mailbox()),
    "UNSUBSCRIBE": lambda line: c.Unsubscribe(line.mailbox()),
    "LIST": listing,
    "LSUB": lambda line: c.Lsub(reference=line.text(), pattern=line.text()),
    "STATUS": lambda line: c.Status(line.mailbox(), line.inner().all(Line.text)),
    "APPEND": append,
    "ESEARCH": multi_search,
    "CANCELUPDATE": lambda line: c.CancelUpdate(*line.all(Line.text)),
    "NOTIFY": notify,
    "GETACL": lambda line: c.GetAcl(line.mailbox()),
    "SETACL": set_acl,
    "DELETEACL": lambda line: c.DeleteAcl(line.mailbox(), line.text()),
    "LISTRIGHTS": lambda line: c.ListRights(line.mailbox(), line.text()),
    "MYRIGHTS": lambda line: c.MyRights(line.mailbox()),
    "GETQUOTA": lambda line: c.GetQuota(line.text()),
    "GETQUOTAROOT": lambda line: c.GetQuotaRoot(line.mailbox()),
    "SETQUOTA": set_quota,
    "GETMETADATA": get_metadata,
    "SETMETADATA": set_metadata,
    "GENURLAUTH": gen_url_auth,
    "RESETKEY": lambda line: c.ResetKey(line.mailbox() if line.left else None, line.all(Line.text)),
    "URLFETCH": lambda line: c.UrlFetch(line.all(Line.text)),
    "CONVERSIONS": lambda line: c.Conversions(line.text(), line.text()),
    "LANGUAGE": lambda line: c.Language(*line.all(Line.text)),
    "COMPARATOR": lambda line: c.Comparator(*line.all(Line.text)),
}


def command(example: Example) -> Command[Any]:
    line = Line(tokens(example.raw)[1:])
    name = line.word()
    by_uid = name == "UID"
    if by_uid:
        name = line.word()
    if name in BY_SET:
        made = BY_SET[name](line, by_uid)
    elif name in OTHERS and not by_uid:
        made = OTHERS[name](line)
    else:
        raise OtherError(f"{name} is no command of IMAP")
    if line.left:
        raise OtherError(f"something is left: {line.left!r}")
    return made
