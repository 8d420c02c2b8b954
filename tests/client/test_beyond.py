"""What a connection can do besides: ways around what is missing, and what goes wrong meanwhile."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
import trio
import trio.testing

import aimap
from aimap import IMAPURL, Flag, SpecialUse, UIDSet
from aimap.commands import AppendMessage, EventGroup, MailboxFilter, Noop, UrlPart
from aimap.testing import CAPABILITIES, Delay, On

from .support import connected, played

MESSAGE = b"Message-ID: <%d@x>\r\nSubject: x\r\n\r\n"
NEW = EventGroup(MailboxFilter.PERSONAL, ["MessageNew", "MessageExpunge"])


# Uploads


async def test_the_new_uid_is_found_where_it_is_not_told(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with connected(messages=2, capabilities=CAPABILITIES - {"UIDPLUS"}) as (imap, server):
        assert await imap.append("INBOX", MESSAGE % 1) is None
        found = await imap.append("INBOX", MESSAGE % 2, find_uid=True)
        assert found is not None
        assert found.uids == UIDSet(4)
        assert found.uid_validity == server.mailbox("joe").uid_validity
        async with imap.select("INBOX") as inbox:
            found = await imap.append("inbox", MESSAGE % 3, find_uid=True)
            assert found is not None
            assert found.uids == UIDSet(5)
            with pytest.raises(aimap.StateError, match="INBOX"):
                await imap.append("Sent", MESSAGE % 3, find_uid=True)
            assert inbox.exists == 5


async def test_no_uid_is_guessed(autojump_clock: trio.testing.MockClock) -> None:
    """Another one with the same Message-ID comes at the same time."""
    another = On("command", Delay(5), command="APPEND")
    async with connected(capabilities=CAPABILITIES - {"UIDPLUS"}, faults=[another]) as (
        imap,
        server,
    ):
        for select in (False, True):
            async with trio.open_nursery() as nursery:

                async def deliver() -> None:
                    await trio.sleep(2)
                    server.deliver("joe", MESSAGE % 1)

                nursery.start_soon(deliver)
                if select:
                    async with imap.select("INBOX"):
                        assert await imap.append("INBOX", MESSAGE % 1, find_uid=True) is None
                else:
                    assert await imap.append("INBOX", MESSAGE % 1, find_uid=True) is None
        assert await imap.append("INBOX", MESSAGE % 2, find_uid=True) is not None


async def test_a_source_has_no_message_id(autojump_clock: trio.testing.MockClock) -> None:
    async def source() -> AsyncGenerator[bytes]:
        yield b""

    async with connected() as (imap, _):
        with pytest.raises(aimap.InvalidArgumentError, match="memory"):
            await imap.append("INBOX", source(), size=3, find_uid=True)


async def test_what_was_stored_is_told_when_some_are_refused() -> None:
    async with played(greeting=b"* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+ UIDPLUS] hi\r\n") as (
        imap,
        server,
    ):

        async def play() -> None:
            for number in range(1, 4):
                assert await server.hears() == b"A%d APPEND INBOX {3+}" % number
                assert await server.hears() == b"x%d_" % number
            await server.says(b"A1 OK [APPENDUID 7 9] done\r\nA2 NO [OVERQUOTA] full\r\n")
            await server.says(b"A3 OK [APPENDUID 7 10] done\r\n")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(play)
            with pytest.raises(aimap.PartlyStoredError, match="2 messages were stored") as caught:
                await imap.append_all("INBOX", [b"x1_", b"x2_", b"x3_"])
        error = caught.value
        assert {at: code and code.uids for at, code in error.stored.items()} == {
            0: UIDSet(9),
            2: UIDSet(10),
        }
        assert list(error.refused) == [1]
        assert error.code is not None
        assert error.code.name == "OVERQUOTA"


async def test_no_more_than_the_server_takes_at_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with connected(capabilities=CAPABILITIES | {"SAVELIMIT=2"}) as (imap, server):
        before = imap.statistics().commands
        stored = await imap.append_all("INBOX", [MESSAGE % number for number in range(5)])
        assert imap.statistics().commands - before == 3
        assert [code and code.uids for code in stored] == [UIDSet(uid) for uid in range(1, 6)]
        assert len(server.mailbox("joe").messages) == 5


async def test_the_limit_of_a_mailbox(autojump_clock: trio.testing.MockClock) -> None:
    async with connected(capabilities=CAPABILITIES | {"APPENDLIMIT=100"}) as (imap, server):
        with pytest.raises(aimap.InvalidArgumentError, match="APPENDLIMIT"):
            await imap.append("INBOX", b"x" * 101)
        with pytest.raises(aimap.InvalidArgumentError, match="APPENDLIMIT"):
            await imap.append_all("INBOX", [b"x", AppendMessage((b"x" * 51, b"y" * 50))])
        await imap.append("INBOX", b"x" * 100)
        assert len(server.mailbox("joe").messages) == 1


async def test_the_limit_is_asked_for_where_each_mailbox_has_its_own() -> None:
    async with played(greeting=b"* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+ APPENDLIMIT] hi\r\n") as (
        imap,
        server,
    ):

        async def play() -> None:
            assert await server.hears() == b"A1 STATUS INBOX (APPENDLIMIT)"
            await server.says(b"* STATUS INBOX (APPENDLIMIT 10)\r\nA1 OK done\r\n")
            assert await server.hears() == b"A2 STATUS Sent (APPENDLIMIT)"
            await server.says(b"* STATUS Sent (APPENDLIMIT NIL)\r\nA2 OK done\r\n")
            assert await server.hears() == b"A3 APPEND Sent {11+}"
            assert await server.hears() == b"x" * 11
            await server.says(b"A3 OK done\r\n")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(play)
            with pytest.raises(aimap.InvalidArgumentError, match="takes 10"):
                await imap.append("INBOX", b"x" * 11)
            await imap.append("Sent", b"x" * 11)


async def test_what_is_no_message() -> None:
    async with played(greeting=PLAIN % b"") as (imap, _):
        with pytest.raises(aimap.InvalidArgumentError, match="not a int"):
            await imap.append_all("INBOX", [5])  # type: ignore[list-item]
        with pytest.raises(aimap.InvalidArgumentError, match="not a str"):
            await imap.append_all("INBOX", "Subject: x")
        assert imap.statistics().commands == 0


async def test_what_a_message_needs() -> None:
    needs: dict[str, AppendMessage] = {
        "BINARY": AppendMessage(b"\0"),
        "CATENATE": AppendMessage([b"x"]),
        "ANNOTATE-EXPERIMENT-1": AppendMessage(b"x", annotations={"/comment": {"value.priv": "x"}}),
        "UTF8=ACCEPT": AppendMessage(b"x", utf8=True),
    }
    async with played(greeting=PLAIN % b"") as (imap, _):
        for capability, message in needs.items():
            for call in (imap.append("INBOX", message), imap.append_all("INBOX", [message])):
                with pytest.raises(aimap.CapabilityError) as caught:
                    await call
                assert caught.value.capability == capability
        assert imap.statistics().commands == 0
    async with played(greeting=PLAIN % b" CATENATE") as (imap, _):
        part = UrlPart("/INBOX/;UID=1/;PARTIAL=0.5")
        with pytest.raises(aimap.CapabilityError, match="URL-PARTIAL"):
            await imap.append("INBOX", AppendMessage([part]))
        with pytest.raises(aimap.InvalidArgumentError, match="in itself"):
            await imap.append("INBOX", AppendMessage([b"x"]), flags=[Flag.SEEN])
        with pytest.raises(aimap.InvalidArgumentError, match="source"):
            await imap.append("INBOX", b"x", size=1)
        assert imap.statistics().commands == 0


# Lists

PLAIN = b"* PREAUTH [CAPABILITY IMAP4rev1%s] hi\r\n"


async def heard(
    capabilities: bytes, dialogue: list[tuple[bytes, bytes]], call: str
) -> tuple[object, aimap.Client]:
    async with played(greeting=PLAIN % capabilities) as (imap, server):
        result: list[object] = []

        async def ask() -> None:
            result.append(await eval(call, {"imap": imap, "aimap": aimap}))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            for number, (line, answer) in enumerate(dialogue, 1):
                assert await server.hears() == b"A%d %s" % (number, line)
                await server.says(answer + b"A%d OK done\r\n" % number)
        return result[0], imap


async def test_special_uses_by_xlist() -> None:
    found, _ = await heard(
        b" XLIST",
        [
            (b'LIST "" "*"', b'* LIST () "/" INBOX\r\n* LIST () "/" "[Gmail]/Alle"\r\n'),
            (
                b'XLIST "" "*"',
                b'* XLIST (\\Inbox) "/" INBOX\r\n'
                b'* XLIST (\\AllMail) "/" "[Gmail]/Alle"\r\n'
                b'* XLIST (\\Spam) "/" "[Gmail]/X"\r\n'
                b'* XLIST (\\Starred) "/" "[Gmail]/Y"\r\n'
                b'* XLIST () "/" "Entw&APw-rfe"\r\n',
            ),
        ],
        "imap.special_use()",
    )
    assert {use: info.name for use, info in found.items()} == {  # type: ignore[attr-defined]
        SpecialUse.ALL: "[Gmail]/Alle",
        SpecialUse.JUNK: "[Gmail]/X",
        SpecialUse.FLAGGED: "[Gmail]/Y",
        SpecialUse.DRAFTS: "Entwürfe",
    }


async def test_the_highest_of_several_names_counts() -> None:
    found, _ = await heard(
        b"",
        [
            (
                b'LIST "" "*"',
                b'* LIST () "/" "Old/Trash"\r\n* LIST () "/" trash\r\n'
                b'* LIST (\\Noselect) "/" Sent\r\n* LIST () "/" "\xe2\x80\x93"\r\n',
            )
        ],
        "imap.special_use()",
    )
    assert {use: info.name for use, info in found.items()} == {SpecialUse.TRASH: "trash"}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("capabilities", "line", "answer", "name"),
    [
        (b"", b'LIST "" ""', b'* LIST (\\Noselect) "." ""\r\n', "Archive.2026"),
        (
            b" NAMESPACE",
            b"NAMESPACE",
            b'* NAMESPACE (("Mine|" "|")) NIL NIL\r\n',
            "Mine|Archive|2026",
        ),
    ],
)
async def test_full_names(capabilities: bytes, line: bytes, answer: bytes, name: str) -> None:
    found, _ = await heard(capabilities, [(line, answer)], 'imap.mailbox_name("Archive", "2026")')
    assert found == name


async def test_a_server_without_levels() -> None:
    async with played(greeting=PLAIN % b" NAMESPACE") as (imap, server):

        async def play() -> None:
            for tag in (b"A1", b"A2"):
                assert await server.hears() == tag + b" NAMESPACE"
                await server.says(b'* NAMESPACE (("" NIL)) NIL NIL\r\n%s OK done\r\n' % tag)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(play)
            assert await imap.mailbox_name("Archive") == "Archive"
            with pytest.raises(aimap.InvalidArgumentError, match="no levels"):
                await imap.mailbox_name("Archive", "2026")
        with pytest.raises(aimap.InvalidArgumentError, match="empty"):
            await imap.mailbox_name("Archive", "")


async def test_details_are_asked_for_at_once_and_refusals_left_out() -> None:
    async with played(greeting=PLAIN % b" ACL") as (imap, server):

        async def play() -> None:
            assert await server.hears() == b'A1 LIST "" "*"'
            await server.says(
                b'* LIST () "/" a\r\n* LIST (\\Noselect) "/" b\r\n* LIST () "/" c\r\nA1 OK done\r\n'
            )
            assert await server.hears() == b"A2 STATUS a (MESSAGES)"
            assert await server.hears() == b"A3 STATUS c (MESSAGES)"
            await server.says(b"A2 NO gone\r\n* STATUS c (MESSAGES 3)\r\nA3 OK done\r\n")
            assert await server.hears() == b"A4 MYRIGHTS a"
            assert await server.hears() == b"A5 MYRIGHTS c"
            await server.says(b"A4 NO gone\r\n* MYRIGHTS c lr\r\nA5 OK done\r\n")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(play)
            found = await imap.list(status=["MESSAGES"], my_rights=True)
        assert [info.status and info.status.messages for info in found] == [None, None, 3]
        assert [info.my_rights for info in found] == [None, None, frozenset("lr")]


@pytest.mark.parametrize(
    ("wish", "capability"),
    [
        ({"my_rights": True}, "ACL"),
        ({"metadata": ["/private/comment"]}, "METADATA"),
        ({"status": ["SIZE"]}, "STATUS=SIZE"),
        ({"remote": True}, "MAILBOX-REFERRALS"),
        ({"subscribed": True, "recursive_match": True}, "LIST-EXTENDED"),
    ],
)
async def test_what_a_list_needs(wish: dict[str, object], capability: str) -> None:
    async with played(greeting=PLAIN % b"") as (imap, _):
        with pytest.raises(aimap.CapabilityError) as caught:
            await imap.list(**wish)  # type: ignore[arg-type]
        assert caught.value.capability == capability
        assert imap.statistics().commands == 0


async def test_what_no_list_takes() -> None:
    async with played(greeting=PLAIN % b" LIST-EXTENDED") as (imap, _):
        with pytest.raises(aimap.InvalidArgumentError, match="pattern"):
            await imap.list([])
        with pytest.raises(aimap.InvalidArgumentError, match="subscribed"):
            await imap.list(recursive_match=True)
        assert imap.statistics().commands == 0


async def test_a_refused_selection_is_an_error() -> None:
    async with played(greeting=PLAIN % b" LIST-EXTENDED") as (imap, server):

        async def play() -> None:
            assert await server.hears() == b'A1 LIST (SUBSCRIBED) "" "*"'
            await server.says(b"A1 BAD what?\r\n")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(play)
            with pytest.raises(aimap.BadError):
                await imap.list(subscribed=True)


async def test_the_script_of_a_mailbox() -> None:
    """RFC 6785."""
    entry = b"/shared/imapsieve/script"
    offered = b" METADATA IMAPSIEVE=sieve://x"
    found, _ = await heard(
        offered,
        [(b"GETMETADATA INBOX " + entry, b'* METADATA INBOX (%s "mine")\r\n' % entry)],
        'imap.sieve_script("INBOX")',
    )
    assert found == "mine"
    found, _ = await heard(
        offered,
        [(b'GETMETADATA "" ' + entry, b'* METADATA "" (%s NIL)\r\n' % entry)],
        'imap.sieve_script("")',
    )
    assert found is None
    await heard(
        offered,
        [(b'SETMETADATA INBOX (%s "mine")' % entry, b"")],
        'imap.set_sieve_script("INBOX", "mine")',
    )


async def test_a_mailbox_that_is_elsewhere(autojump_clock: trio.testing.MockClock) -> None:
    """RFC 2193: it is told, and nobody goes there."""
    async with connected() as (imap, server):
        server.mailbox("joe", "there").referral = "imap://joe@other.example.org/there"
        with pytest.raises(aimap.NoError) as caught:
            await imap.status("there")
        assert isinstance(caught.value.code, aimap.ReferralCode)
        (url,) = caught.value.code.urls
        assert IMAPURL.parse(url).host == "other.example.org"
        assert "there" not in [info.name for info in await imap.list()]
        assert "there" in [info.name for info in await imap.list(remote=True)]


# News


async def test_news_are_asked_for_where_they_are_kept_back(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Dovecot 2.3 tells nothing of other mailboxes during IDLE."""
    async with played(greeting=PLAIN % b" NOTIFY") as (imap, server):

        async def play() -> None:
            assert (await server.hears()).startswith(b"A1 NOTIFY SET (personal ")
            await server.says(b"A1 OK done\r\n")
            assert await server.hears() == b"A2 NOOP"
            await server.says(b"* STATUS a (MESSAGES 1)\r\nA2 OK done\r\n")
            assert await server.hears() == (
                b"A3 NOTIFY SET (selected-delayed (MessageNew (UID FLAGS) MessageExpunge FlagChange))"
            )
            await server.says(b"A3 OK done\r\n")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(play)
            async with imap.notify(NEW) as news:
                async for each in news:
                    assert isinstance(each, aimap.MailboxStatus)
                    assert each.messages == 1
                    break
        assert trio.current_time() >= aimap.Timeouts().poll


async def test_an_overflow_is_the_end_of_news() -> None:
    async with played(greeting=PLAIN % b" NOTIFY") as (imap, server):

        async def play() -> None:
            await server.hears()
            await server.says(b"* STATUS a (MESSAGES 1)\r\n* OK [ALERT] x\r\nA1 OK done\r\n")
            await server.says(b"* OK [NOTIFICATIONOVERFLOW] too much\r\n")
            await server.hears()
            await server.says(b"A2 OK done\r\n")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(play)
            async with imap.notify(NEW) as news:
                told = [type(each) async for each in news]
        assert told == [aimap.MailboxStatus, aimap.StatusResponse]


async def test_news_end_with_the_connection() -> None:
    async with played(greeting=PLAIN % b" NOTIFY") as (imap, server):

        async def play() -> None:
            await server.hears()
            await server.says(b"A1 OK done\r\n* STATUS a (MESSAGES 1)\r\n* BYE enough\r\n")
            await server.stream.aclose()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(play)
            with pytest.raises(aimap.ByeError, match="enough"):
                async with imap.notify(NEW) as news:
                    async for each in news:
                        assert isinstance(each, aimap.MailboxStatus)


async def test_news_that_nobody_takes_are_bounded() -> None:
    limits = aimap.Limits(max_events=3)
    async with played(greeting=PLAIN % b" NOTIFY", limits=limits) as (imap, server):

        async def play() -> None:
            await server.hears()
            await server.says(b"A1 OK done\r\n" + b"* STATUS a (MESSAGES 1)\r\n" * 4)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(play)
            async with imap.notify(NEW) as news:
                await trio.testing.wait_all_tasks_blocked()
                with pytest.raises(aimap.LimitExceededError):
                    await imap.noop()
                del news


async def test_refused_news_leave_no_trace() -> None:
    async with played(greeting=PLAIN % b" NOTIFY") as (imap, server):

        async def play() -> None:
            await server.hears()
            await server.says(b"A1 NO [BADEVENT (MessageNew)] no\r\n")
            await server.hears()
            await server.says(b"A2 OK done\r\n")
            await server.hears()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(play)
            with pytest.raises(aimap.NoError) as caught:
                async with imap.notify(NEW):
                    pass
            assert isinstance(caught.value.code, aimap.BadEventCode)
            async with imap.notify(NEW):
                pass


async def test_how_far_a_command_has_come(autojump_clock: trio.testing.MockClock) -> None:
    """RFC 9585."""
    async with connected(faults=[On("command", Delay(25), command="NOOP")]) as (imap, _):
        future = imap.submit(Noop())
        await trio.sleep(15)
        assert future.progress is not None
        assert (future.progress.progress, future.progress.goal) == (1, 3)
        await future.wait()


# Logins


async def test_utf_8_is_enabled_where_it_is_demanded(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with connected(capabilities=CAPABILITIES | {"UTF8=ONLY"}) as (imap, _):
        assert "UTF8=ACCEPT" in imap.enabled
        await imap.append("INBOX", "Subject: Grüße\r\n\r\n".encode(), flags=[Flag.SEEN])
        await imap.unauthenticate()
        assert "UTF8=ACCEPT" not in imap.enabled
        await imap.log_in(aimap.Password("joe", "secret"))
        assert "UTF8=ACCEPT" in imap.enabled


async def test_who_is_nobody_can_do_nothing(autojump_clock: trio.testing.MockClock) -> None:
    async with connected() as (imap, server):
        server.add_account("ann", "other")
        async with imap.select("INBOX") as inbox:
            await imap.unauthenticate()
            with pytest.raises(aimap.StateError):
                await inbox.search()
        with pytest.raises(aimap.AuthenticationError):
            await imap.log_in(aimap.Password("ann", "wrong"))
        await imap.log_in(aimap.Password("ann", "other"))
        await imap.append("INBOX", b"Subject: of ann\r\n\r\n")
        assert len(server.mailbox("ann").messages) == 1
        assert len(server.mailbox("joe").messages) == 0


async def test_a_connection_is_logged_in_later(autojump_clock: trio.testing.MockClock) -> None:
    async with connected() as (_, server):
        async with aimap.connect("localhost", tls="insecure", stream=server.connect()) as imap:
            with pytest.raises(aimap.StateError):
                await imap.list()
            await imap.log_in(aimap.Password("joe", "secret"))
            assert imap.learnt is not None
            assert await imap.list()


async def test_a_url_that_is_authorized() -> None:
    url = "imap://joe@example.com/INBOX/;uid=20/;section=1.2;urlauth=submit+fred"
    token = "91354a473744909de610943775f92038"
    found, _ = await heard(
        b" URLAUTH",
        [
            (
                b'GENURLAUTH "%s" INTERNAL' % str(IMAPURL.parse(url)).encode(),
                b'* GENURLAUTH "%s:internal:%s"\r\n' % (url.encode(), token.encode()),
            )
        ],
        f"imap.authorize_urls(aimap.IMAPURL.parse({url!r}))",
    )
    made = found[0]  # type: ignore[index]
    assert isinstance(made, IMAPURL)
    assert (made.token, made.access) == (token, "submit+fred")
