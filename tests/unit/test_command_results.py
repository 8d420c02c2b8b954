"""Which responses a command takes, what comes of them, and beside what it may go."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

import aimap
from aimap import (
    AclResponse,
    AppendUIDCode,
    Capabilities,
    ComparatorResponse,
    ContextChange,
    ConversionResponse,
    ConvertedResponse,
    CopyUIDCode,
    ESearchResponse,
    FetchedUrl,
    Flags,
    GenUrlAuthResponse,
    JmapAccessResponse,
    LanguageResponse,
    ListResponse,
    ListRightsResponse,
    LsubResponse,
    MailboxIdCode,
    MailboxInfo,
    MailboxStatus,
    Message,
    MetadataCode,
    MetadataResponse,
    ModifiedCode,
    ModSeq,
    MyRightsResponse,
    NoError,
    QuotaResource,
    QuotaResponse,
    QuotaRootResponse,
    SearchResponse,
    SeqNum,
    SeqSet,
    SortResponse,
    StatusResponse,
    TaggedResponse,
    Thread,
    ThreadResponse,
    UIDSet,
    UIDValidity,
    UnknownResponse,
    UrlFetchResponse,
    VanishedResponse,
    XListResponse,
    items,
)
from aimap._commands.base import Command, Verdict
from aimap._model.numbers import UID
from aimap._model.response import CapabilityResponse, EnabledResponse
from aimap._model.state import ConnectionState
from aimap._protocol.gate import Gate
from aimap.commands import (
    SAVED,
    Append,
    CancelUpdate,
    Capability,
    Check,
    Close,
    Comparator,
    Compress,
    Conversions,
    Convert,
    ConvertItem,
    Copy,
    Create,
    DeleteAcl,
    Enable,
    ESearch,
    ESort,
    Expunge,
    Fetch,
    GenUrlAuth,
    GetAcl,
    GetMetadata,
    GetQuota,
    GetQuotaRoot,
    Id,
    JmapAccess,
    Language,
    List,
    ListExtended,
    ListRights,
    Lsub,
    MailboxQuota,
    Metadata,
    Move,
    MultiAppend,
    MultiSearch,
    MyRights,
    Namespace,
    Noop,
    Notify,
    QResync,
    Rename,
    Replace,
    ResetKey,
    RList,
    RLsub,
    Search,
    Select,
    SeqSearch,
    SetAcl,
    SetMetadata,
    SetQuota,
    Sort,
    SortKey,
    Status,
    Store,
    StoreAnnotations,
    ThreadSearch,
    Unauthenticate,
    UrlFetch,
    XList,
)

OK = TaggedResponse("A1", "OK", None, "done")
OTHER = StatusResponse("OK", None, "still here")


def outcome(command: Command[Any], *responses: Any, code: Any = None) -> Any:
    """Return a command's result, given responses that it takes and an OK."""
    assert not command.claim(OTHER)
    for response in responses:
        assert type(response) in command.answers
        assert command.claim(response) or command.claim_loosely(response)
    return command.finish(TaggedResponse("A1", "OK", code, "done"))


def take(command: Command[Any], message: Message) -> Verdict:
    """Offer a FETCH response as the session does, and tell what came of it."""
    news: list[Message] = []
    if command.claim_messages([message], news):
        return Verdict.NOT_MINE
    return Verdict.ALSO_NEWS if news else Verdict.MINE


def refuses(command: Command[Any], *responses: Any) -> None:
    for response in responses:
        if isinstance(response, Message):
            assert take(command, response) is Verdict.NOT_MINE
        else:
            assert not command.claim(response)


def message(uid: int | None = None, seq: int | None = None, **found: object) -> Message:
    return Message(
        SeqNum(seq) if seq else None, UID(uid) if uid else None, {"UID": uid, **found}, 10
    )


def info(name: str) -> MailboxInfo:
    return MailboxInfo(name, "/", Flags())


@pytest.mark.parametrize(
    ("command", "responses", "result"),
    [
        (Capability(), [CapabilityResponse(Capabilities(["IDLE"]))], Capabilities(["IDLE"])),
        (Enable("X"), [EnabledResponse(Capabilities(["X"]))], Capabilities(["X"])),
        (JmapAccess(), [JmapAccessResponse("https://e.org")], "https://e.org"),
        (JmapAccess(), [], None),
        (Language("de"), [LanguageResponse(("de",))], ("de",)),
        (Language(), [], ()),
        (Comparator("x"), [ComparatorResponse("x")], ComparatorResponse("x")),
        (GenUrlAuth(["imap://x/;urlauth=anonymous"]), [GenUrlAuthResponse(("imap://y",))], ("imap://y",)),
        (UrlFetch(["imap://x"]), [UrlFetchResponse((FetchedUrl(url="imap://x", body=b"b"),))],
         (FetchedUrl(url="imap://x", body=b"b"),)),
        (Conversions("*", "*"), [ConversionResponse("a/b", "c/d"), ConversionResponse("a/b", "e/f")],
         (ConversionResponse("a/b", "c/d"), ConversionResponse("a/b", "e/f"))),
        (Convert(UIDSet(1), None, [ConvertItem.UID]), [ConvertedResponse(SeqNum(1), "A1", UID(1), {})],
         (ConvertedResponse(SeqNum(1), "A1", UID(1), {}),)),
        (GetAcl("inbox"), [AclResponse("INBOX", {"fred": frozenset("lr")})], AclResponse("INBOX", {"fred": frozenset("lr")})),
        (GetAcl("x"), [], None),
        (ListRights("x", "fred"), [ListRightsResponse("x", "fred", frozenset(), ())],
         ListRightsResponse("x", "fred", frozenset(), ())),
        (MyRights("x"), [MyRightsResponse("x", frozenset("lr"))], MyRightsResponse("x", frozenset("lr"))),
        (GetQuota(""), [QuotaResponse("", (QuotaResource("STORAGE", 1, 2),))], QuotaResponse("", (QuotaResource("STORAGE", 1, 2),))),
        (SetQuota("", {}), [], None),
        (GetQuotaRoot("x"), [QuotaRootResponse("x", ("a", "b")), QuotaResponse("a", ()), QuotaResponse("b", ())],
         MailboxQuota(("a", "b"), (QuotaResponse("a", ()), QuotaResponse("b", ())))),
        (GetQuotaRoot("x"), [], MailboxQuota((), ())),
        (GetMetadata("x", ["/shared/a", "/shared/b"]),
         [MetadataResponse("x", {"/shared/a": b"1"}), MetadataResponse("x", {"/shared/b": None})],
         Metadata({"/shared/a": b"1", "/shared/b": None})),
        (GetMetadata("", "/shared/a", depth="infinity"), [MetadataResponse("", {"/shared/a/b/c": b"1"})],
         Metadata({"/shared/a/b/c": b"1"})),
        (List("*"), [ListResponse(info("a")), ListResponse(info("b"))], [info("a"), info("b")]),
        (Lsub("*"), [LsubResponse(info("a"))], [info("a")]),
        (XList("*"), [XListResponse(info("a"))], [info("a")]),
        (RList("*"), [ListResponse(info("a"))], [info("a")]),
        (RLsub("*"), [LsubResponse(info("a"))], [info("a")]),
        (ListExtended("*", status=["UNSEEN"], my_rights=True, metadata=["/shared/a", "/shared/b"]),
         [ListResponse(info("Inbox")), MailboxStatus("INBOX", {"UNSEEN": 3}), ListResponse(info("b")),
          MyRightsResponse("b", frozenset("l")), MetadataResponse("b", {"/shared/a": b"1"}),
          MetadataResponse("b", {"/shared/b": b"2"})],
         [attrs.evolve(info("Inbox"), status=MailboxStatus("INBOX", {"UNSEEN": 3})),
          attrs.evolve(info("b"), my_rights=frozenset("l"), metadata={"/shared/a": b"1", "/shared/b": b"2"})]),
        (Status("inbox", ["UNSEEN"]), [MailboxStatus("INBOX", {"UNSEEN": 3})], MailboxStatus("INBOX", {"UNSEEN": 3})),
        (Status("x", "unseen"), [], MailboxStatus("x", {})),
        (Search(aimap.ALL, extended=False), [SearchResponse((3, 1)), SearchResponse((2,))], UIDSet("1:3")),
        (SeqSearch(aimap.ALL, extended=True), [ESearchResponse("A1", False, SeqSet("5:6"))], SeqSet("5:6")),
        (ESearch(aimap.ALL, ["COUNT"]), [ESearchResponse("A1", True, count=7)], ESearchResponse("A1", True, count=7)),
        (ESearch(aimap.ALL, ["SAVE"]), [], ESearchResponse(None, True)),
        (ESearch(aimap.ALL, ["COUNT"]), [SearchResponse((5, 3), ModSeq(9))],
         ESearchResponse(None, True, UIDSet("3,5"), 3, 5, 2, ModSeq(9))),
        (ESearch(aimap.ALL, numbers=SeqSet), [SearchResponse(())], ESearchResponse(None, False, count=0)),
        (ESort([SortKey.DATE], aimap.ALL), [ESearchResponse("A1", True, order=((3, 1),))], ESearchResponse("A1", True, order=((3, 1),))),
        (MultiSearch(aimap.ALL), [ESearchResponse("A1", True, mailbox="a"), ESearchResponse("A1", True, mailbox="b")],
         [ESearchResponse("A1", True, mailbox="a"), ESearchResponse("A1", True, mailbox="b")]),
        (Sort([SortKey.DATE], aimap.ALL), [SortResponse((3, 1)), SortResponse((2,), ModSeq(4))], SortResponse((3, 1, 2), ModSeq(4))),
        (ThreadSearch("REFS", aimap.ALL), [ThreadResponse((Thread((1, 2)),))], (Thread((1, 2)),)),
        (CancelUpdate("A1"), [], None),
        (Notify(), [], None),
        (Check(), [], None),
        (Compress(), [], None),
        (SetAcl("x", "y", "l"), [], None),
        (DeleteAcl("x", "y"), [], None),
        (SetMetadata("x", {"/shared/a": None}), [], None),
        (ResetKey(), [], None),
        (Rename("a", "b"), [], None),
        (Expunge(SAVED), [], None),
    ],
)  # fmt: skip
def test_results(command: Command[Any], responses: list[Any], result: object) -> None:
    assert outcome(command, *responses) == result


def test_a_refusal_is_an_error_of_the_command() -> None:
    with pytest.raises(NoError, match="GETACL failed"):
        GetAcl("x").finish(TaggedResponse("A1", "NO", None, "no"))


@pytest.mark.parametrize(
    ("command", "responses"),
    [
        (GetAcl("x"), [AclResponse("y", {}), MyRightsResponse("x", frozenset())]),
        (MyRights("x"), [MyRightsResponse("X", frozenset())]),
        (ListRights("x", "fred"), [ListRightsResponse("x", "joe", frozenset(), ())]),
        (GetQuota("a"), [QuotaResponse("b", ())]),
        (GetQuotaRoot("x"), [QuotaResponse("a", ()), QuotaRootResponse("y", ()), MailboxStatus("x", {})]),
        (GetMetadata("x", "/shared/a"),
         [MetadataResponse("y", {"/shared/a": b""}), MetadataResponse("x", {"/shared/ab": b""}),
          MetadataResponse("x", {"/shared/a/b": b""}), MetadataResponse("x", {}, ("/shared/a",))]),
        (ListExtended("*"), [MailboxStatus("x", {}), MyRightsResponse("x", frozenset()), MetadataResponse("x", {})]),
        (ListExtended("*", metadata=["/shared/a"]), [MetadataResponse("x", {}, ("/shared/a",))]),
        (Status("x", ["UNSEEN"]), [MailboxStatus("y", {})]),
        # What comes into the results of a search later is news, not its result.
        (ESearch(aimap.ALL, ["UPDATE"]),
         [ESearchResponse("A1", True, added=(ContextChange(1, ((1, 1),)),)), SortResponse(())]),
        (MultiSearch(aimap.ALL), [ESearchResponse("A1", True, removed=(ContextChange(1, ((1, 1),)),))]),
        (Select("x"), [VanishedResponse(UIDSet(1), True), message(1)]),
        (Select("x", qresync=QResync(1, 1)), [VanishedResponse(UIDSet(1), False), OTHER]),
        (Fetch(UIDSet("1:3"), [items.FLAGS], print),
         [message(4, FLAGS=Flags()), message(1), message(None, 1, FLAGS=Flags()), VanishedResponse(UIDSet(1), True)]),
        (Store(UIDSet("1:3"), "+", ["x"]), [message(1, FLAGS=Flags())]),
        (Store(UIDSet("1:3"), "+", ["x"], silent=False, deliver=print), [message(4, FLAGS=Flags()), message(1)]),
        (Copy(UIDSet("1:3"), "x"), [StatusResponse("OK", CopyUIDCode("COPYUID", uid_validity=UIDValidity(1), source=((4, 4),), destination=((9, 9),)), "")]),
    ],
)  # fmt: skip
def test_what_is_somebody_elses(command: Command[Any], responses: list[Any]) -> None:
    refuses(command, *responses)
    refuses(command, OTHER)


def test_what_no_command_asked_for() -> None:
    stray = UnknownResponse("XFOO", None, b"")
    refuses(Id(), stray)
    refuses(Namespace(), stray)
    refuses(Copy(UIDSet(1), "x"), stray)
    refuses(Replace(UIDSet(1), "x", b"x"), stray)


def test_each_command_takes_its_answer_once() -> None:
    for command, response in (
        (GetAcl("x"), AclResponse("x", {})),
        (MyRights("x"), MyRightsResponse("x", frozenset())),
        (ListRights("x", "y"), ListRightsResponse("x", "y", frozenset(), ())),
        (GetQuota(""), QuotaResponse("", ())),
        (Status("x", ["UNSEEN"]), MailboxStatus("x", {"UNSEEN": 1})),
        (GetQuotaRoot("x"), QuotaRootResponse("x", ())),
    ):
        assert command.claim(response)
        assert not command.claim(response)


def test_codes_become_results() -> None:
    appended = AppendUIDCode("APPENDUID", uid_validity=UIDValidity(1), uids=UIDSet(7))
    assert outcome(Append("x", b"x"), code=appended) is appended
    assert outcome(Append("x", b"x")) is None
    assert (
        outcome(MultiAppend("x", [aimap.commands.AppendMessage(b"x")]), code=appended) is appended
    )
    # RFC 8508 section 3.3: untagged, before the EXPUNGE
    replace = Replace(UIDSet(1), "x", b"x")
    assert outcome(replace, StatusResponse("OK", appended, "")) is appended
    assert outcome(Replace(UIDSet(1), "x", b"x"), code=appended) is appended
    assert outcome(Create("x"), code=MailboxIdCode("MAILBOXID", mailbox_id="F1")) == "F1"
    assert outcome(Create("x")) is None
    long = MetadataCode("METADATA", problem="LONGENTRIES", size=2199)
    assert outcome(GetMetadata("x", "/shared/a", max_size=9), code=long) == Metadata({}, 2199)
    other = MetadataCode("METADATA", problem="TOOMANY")
    assert outcome(GetMetadata("x", "/shared/a"), code=other) == Metadata({})


@pytest.mark.parametrize("messages", [UIDSet("1:3"), SeqSet("1:3"), SAVED])
def test_copyuid(messages: Any) -> None:
    code = CopyUIDCode(
        "COPYUID", uid_validity=UIDValidity(1), source=((1, 3),), destination=((7, 9),)
    )
    assert outcome(Copy(messages, "x"), code=code) is code
    # RFC 6851 section 4.3: untagged, before the EXPUNGE
    move = Move(messages, "x")
    assert outcome(move, StatusResponse("OK", code, "")) is code
    assert not move.claim(StatusResponse("OK", code, ""))


def test_a_conditional_store_tells_what_it_left_alone() -> None:
    # RFC 7162 section 3.1.3: an OK is not yet a success of all
    code = ModifiedCode("MODIFIED", ranges=((7, 7), (9, 9)))
    assert outcome(Store(UIDSet("1:9"), "+", ["x"], unchanged_since=5), code=code) == UIDSet("7,9")
    assert outcome(Store(SeqSet("1:9"), "+", ["x"], unchanged_since=5), code=code) == SeqSet("7,9")
    assert outcome(Store(SAVED, "+", ["x"])) == UIDSet()


def test_a_store_that_is_answered() -> None:
    found: list[Message] = []
    store = Store(UIDSet("1:9"), "+", ["x"], silent=False, deliver=found.extend)
    answer = message(3, FLAGS=Flags(["x"]))
    assert take(store, answer) is Verdict.ALSO_NEWS
    assert take(store, answer) is Verdict.NOT_MINE
    assert found == [answer]
    saved = StoreAnnotations(SAVED, {"/comment": {"value.priv": "x"}}, deliver=found.extend)
    assert take(saved, message(4, ANNOTATION=())) is Verdict.ALSO_NEWS


def test_fetch_of_what_changed() -> None:
    found: list[Message] = []
    gone: list[UIDSet] = []
    fetch = Fetch(
        UIDSet("1:5"), [items.FLAGS], found.extend, changed_since=5, on_vanished=gone.append
    )
    assert fetch.claim(VanishedResponse(UIDSet("1:2"), True))
    assert not fetch.claim(VanishedResponse(UIDSet("1:2"), False))
    assert take(fetch, message(4, FLAGS=Flags(), MODSEQ=7)) is Verdict.MINE
    assert (gone, fetch.finish(OK)) == ([UIDSet("1:2")], UIDSet("1:3,5"))


def test_fetch_of_a_macro_and_of_a_saved_result() -> None:
    found: list[Message] = []
    fetch = Fetch(SAVED, [items.FAST], found.extend)
    assert take(fetch, message(4, FLAGS=Flags())) is Verdict.NOT_MINE
    told: dict[str, object] = {"FLAGS": Flags(), "INTERNALDATE": b"", "RFC822.SIZE": 3}
    full = Message(None, UID(4), told, 10)
    assert take(fetch, full) is Verdict.MINE
    assert take(fetch, full) is Verdict.NOT_MINE
    assert (found, fetch.finish(OK)) == ([full], UIDSet())


def test_fetch_of_very_many() -> None:
    fetch = Fetch(SeqSet("1:*"), [items.FLAGS], print)
    assert take(fetch, message(None, 4, FLAGS=Flags())) is Verdict.MINE
    assert fetch.finish(OK) == SeqSet("1:3,5:4294967295")


def test_flags_beside_what_was_asked_are_news() -> None:
    fetch = Fetch(UIDSet(4), [items.MODSEQ], print)
    assert take(fetch, message(4, FLAGS=Flags(), MODSEQ=7)) is Verdict.ALSO_NEWS


def test_select_tells_what_is_new() -> None:
    select = Select("x", qresync=QResync(1, 1))
    changed = message(5, FLAGS=Flags(), MODSEQ=9)
    result = outcome(select, VanishedResponse(UIDSet("1:2"), True), changed)
    assert (result.vanished, result.changed, result.response.condition) == (
        UIDSet("1:2"),
        (changed,),
        "OK",
    )


def test_states() -> None:
    assert Unauthenticate().enters is ConnectionState.NOT_AUTHENTICATED
    assert Close().enters is ConnectionState.AUTHENTICATED
    assert Compress().changes_stream
    assert ConnectionState.SELECTED not in Enable("x").states
    assert ConnectionState.NOT_AUTHENTICATED in Language().states
    assert ConnectionState.AUTHENTICATED in MultiSearch(aimap.ALL).states
    assert ConnectionState.AUTHENTICATED not in ESearch(aimap.ALL).states


def together(first: Command[Any], second: Command[Any]) -> bool:
    """Tell whether the second may go while the first is in flight."""
    gate: Gate[Any] = Gate()
    assert gate.enter(first)
    return gate.enter(second)


BY_NUMBER = SeqSet(1)
BY_UID = UIDSet(1)
WANTED = [items.FLAGS]


@pytest.mark.parametrize(
    ("first", "second", "may"),
    [
        # what names its answers, or has none
        (GetAcl("x"), GetAcl("y"), True),
        (Status("x", ["UNSEEN"]), Status("x", ["UNSEEN"]), True),
        (ESearch(aimap.ALL), ESearch(aimap.SEEN), True),
        (ESort([SortKey.DATE], aimap.ALL), ESort([SortKey.SIZE], aimap.ALL), True),
        (Append("x", b"x"), Append("x", b"y"), True),
        # what does not
        (List("*"), List("%"), False),
        (List("*"), ListExtended("%"), False),
        (List("*"), RList("%"), False),
        (Lsub("*"), RLsub("%"), False),
        (List("*"), Lsub("*"), True),
        (Sort([SortKey.DATE], aimap.ALL), Sort([SortKey.DATE], aimap.SEEN), False),
        (ThreadSearch("REFS", aimap.ALL), ThreadSearch("REFS", aimap.SEEN), False),
        (Sort([SortKey.DATE], aimap.ALL), ThreadSearch("REFS", aimap.ALL), True),
        (Convert(BY_UID, None, [ConvertItem.UID]), Convert(BY_UID, None, [ConvertItem.UID]), False),
        (GetQuotaRoot("x"), GetQuotaRoot("y"), False),
        # a LIST that asks for details, and those who ask for the details themselves
        (ListExtended("*", status=["UNSEEN"]), Status("x", ["UNSEEN"]), False),
        (Status("x", ["UNSEEN"]), ListExtended("*", status=["UNSEEN"]), False),
        (ListExtended("*", my_rights=True), MyRights("x"), False),
        (ListExtended("*", metadata=["/shared/a"]), GetMetadata("x", "/shared/a"), False),
        (ListExtended("*"), Status("x", ["UNSEEN"]), True),
        # message sequence numbers, and what may change them (RFC 9051 section 7.5.1)
        (Fetch(BY_NUMBER, WANTED, print), Store(BY_NUMBER, "+", ["x"]), True),
        (Fetch(BY_NUMBER, WANTED, print), SeqSearch(aimap.ALL, extended=True), True),
        (Fetch(BY_UID, WANTED, print), Fetch(BY_NUMBER, WANTED, print), False),
        (Noop(), Fetch(BY_NUMBER, WANTED, print), False),
        (Copy(BY_NUMBER, "x"), Fetch(BY_NUMBER, WANTED, print), False),
        (Copy(BY_NUMBER, "x"), Copy(BY_NUMBER, "x"), False),
        (Copy(BY_UID, "x"), Copy(BY_UID, "y"), True),
        (ESearch(aimap.IN(BY_NUMBER)), ESearch(aimap.IN(BY_NUMBER)), False),
        (ESearch(aimap.IN(BY_NUMBER), numbers=SeqSet), Fetch(BY_NUMBER, WANTED, print), True),
        (ESort([SortKey.DATE], aimap.ALL, numbers=SeqSet), Fetch(BY_NUMBER, WANTED, print), False),
        # the saved result
        (ESearch(aimap.ALL, ["SAVE"]), Fetch(SAVED, WANTED, print), False),
        (ESearch(aimap.ALL, ["SAVE"]), Expunge(SAVED), False),
        (ESearch(aimap.ALL, ["SAVE"]), MultiSearch(aimap.IN(SAVED)), False),
        (ESearch(aimap.IN(SAVED)), Copy(SAVED, "x"), True),
        (ESearch(aimap.IN(SAVED), ["SAVE"]), ESearch(aimap.IN(SAVED), ["SAVE"]), False),
        (ESearch(aimap.ALL, ["SAVE"]), Fetch(BY_UID, WANTED, print), True),
        # barriers
        (Noop(), Compress(), False),
        (Compress(), Noop(), False),
        (Unauthenticate(), Noop(), False),
        (Fetch(BY_UID, WANTED, print), Select("x"), False),
        (Select("x"), Status("y", ["UNSEEN"]), True),
    ],
)  # fmt: skip
def test_what_goes_together(first: Command[Any], second: Command[Any], may: bool) -> None:
    assert together(first, second) is may
