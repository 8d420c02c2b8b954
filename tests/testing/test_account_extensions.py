"""What the embedded server knows of accounts and mailboxes as a whole."""

from __future__ import annotations

import re

import pytest
import trio.testing

from aimap import InvalidArgumentError
from aimap.testing import CAPABILITIES, CAPABILITIES_ON_DEMAND, Server, serve

from .test_obligations import quiet, talk
from .wrong_lines import LOGIN, OPEN, enabled


async def test_quotas() -> None:
    async with quiet() as server:
        answer = await talk(
            server,
            *OPEN,
            b"c GETQUOTAROOT INBOX\r\n",
            b'd SETQUOTA "" (STORAGE 1 MESSAGE 3 MAILBOX 5 ANNOTATION-STORAGE 2)\r\n',
            b"e APPEND Sent {1500+}\r\n" + b"x" * 1500 + b"\r\n",
            b"f UID COPY 1:2 Sent\r\n",
            b"g UID COPY 1 Sent\r\n",
            b"h CREATE One\r\n",
            b"i CREATE Two\r\n",
            b'j SETQUOTA "" ()\r\n',
            b"k STATUS Sent (DELETED DELETED-STORAGE)\r\n",
            b'l GETQUOTA ""\r\n',
        )
        assert (
            b'* QUOTAROOT "INBOX" ""\r\n* QUOTA "" (STORAGE 1 4194304 MESSAGE 2 1000000)\r\n'
            in answer
        )
        assert (
            b'* QUOTA "" (STORAGE 1 1 MESSAGE 2 3 MAILBOX 4 5 ANNOTATION-STORAGE 0 2)\r\nd OK'
            in answer
        )
        assert b"e NO [OVERQUOTA]" in answer
        assert b"f NO [OVERQUOTA]" in answer
        assert b"g NO [OVERQUOTA]" in answer
        assert b"h OK" in answer
        assert b"i NO [OVERQUOTA]" in answer
        assert b'* QUOTA "" ()\r\nj OK' in answer
        assert b"(DELETED 0 DELETED-STORAGE 0)" in answer


@pytest.mark.breaks("metadata")
async def test_metadata_of_the_server_alone() -> None:
    offered = CAPABILITIES - {"METADATA"} | {"METADATA-SERVER"}
    async with quiet(capabilities=offered) as server:
        answer = await talk(
            server,
            LOGIN,
            b'c SETMETADATA "" (/shared/comment "long text")\r\n',
            b'd GETMETADATA (MAXSIZE 4) "" /shared/comment\r\n',
            b"e GETMETADATA INBOX /shared/comment\r\n",
        )
        assert b"c OK" in answer
        assert b"d OK [METADATA LONGENTRIES 9]" in answer
        assert b"* METADATA" not in answer
        assert b"e BAD [CLIENTBUG] metadata of 'INBOX'" in answer


async def test_what_lists_return() -> None:
    async with quiet() as server:
        server.mailbox("joe", "Sent").rights["joe"] = "lr"
        server.mailbox("joe", "Sent").entries["/shared/comment"] = b"mine"
        answer = await talk(
            server,
            LOGIN,
            b'c LIST "" Sent RETURN (MYRIGHTS METADATA (/shared/comment /private/none))\r\n',
            b"d CREATE Old (USE (\\Archive))\r\n",
            b'e LIST "" Old RETURN (SPECIAL-USE)\r\n',
            b"f CREATE Plain (USE ())\r\n",
        )
        assert b'* MYRIGHTS "Sent" lr\r\n' in answer
        assert b'* METADATA "Sent" ("/shared/comment" "mine" "/private/none" NIL)\r\n' in answer
        assert b'* LIST (\\HasNoChildren \\Archive) "/" "Old"\r\n' in answer
        assert b"f OK" in answer


async def test_referrals_and_xlist() -> None:
    async with quiet(capabilities=CAPABILITIES | {"XLIST"}) as server:
        server.mailbox("joe", "Far").referral = "imap://joe@far.example/Far"
        server.add_account("ann", "x").referral = "imap://ann@far.example/"
        server.accounts["joe"].create("All", "\\All")
        answer = await talk(
            server,
            b"a LOGIN ann x\r\n",
            LOGIN,
            b"c SELECT Far\r\n",
            b'd LIST "" F%\r\n',
            b'e RLIST "" F%\r\n',
            b'f RLSUB "" F%\r\n',
            b'g XLIST "" %\r\n',
            b'h LIST (REMOTE) "" F%\r\n',
        )
        assert b"a NO [REFERRAL imap://ann@far.example/]" in answer
        assert b"c NO [REFERRAL imap://joe@far.example/Far]" in answer
        assert b"d OK" in answer.partition(b"c NO")[2].split(b"\r\n")[1]
        assert b'* LIST (\\HasNoChildren \\Remote) "/" "Far"\r\ne OK' in answer
        assert b'* LSUB (\\HasNoChildren \\Remote) "/" "Far"\r\nf OK' in answer
        assert b'* XLIST (\\HasNoChildren \\AllMail) "/" "All"\r\n' in answer
        assert b'* XLIST (\\HasNoChildren \\Inbox) "/" "INBOX"\r\n' in answer
        assert b"\\Remote" in answer.partition(b"g OK")[2]


async def test_languages_comparators_and_jmap() -> None:
    async with quiet() as server:
        answer = await talk(
            server,
            b"a LANGUAGE\r\n",
            LOGIN,
            b"c LANGUAGE fr de-CH\r\n",
            b"d LANGUAGE DEFAULT\r\n",
            b"e COMPARATOR\r\n",
            b'f COMPARATOR "i;*" i;octet\r\n',
            b"g COMPARATOR\r\n",
            b"h GETJMAPACCESS\r\n",
        )
        assert b'* LANGUAGE ("de" "en" "i-default")\r\na OK' in answer
        assert b'* LANGUAGE ("de")\r\nc OK' in answer
        assert b'* LANGUAGE ("i-default")\r\nd OK' in answer
        assert b'* COMPARATOR "i;unicode-casemap"\r\ne OK' in answer
        assert (
            b'* COMPARATOR "i;ascii-casemap" ("i;ascii-casemap" "i;octet" "i;unicode-casemap")\r\n'
            in answer
        )
        assert b'* COMPARATOR "i;ascii-casemap"\r\ng OK' in answer
        assert b'* JMAPACCESS "https://localhost/.well-known/jmap"\r\n' in answer


@pytest.mark.breaks("append-limit")
async def test_limits() -> None:
    offered = CAPABILITIES | {"APPENDLIMIT=10", "MESSAGELIMIT=2"}
    async with quiet(capabilities=offered) as server:
        for _ in range(3):
            server.deliver("joe", b"\r\n")
        server.mailbox("joe", "Small").append_limit = 3
        answer = await talk(
            server,
            *OPEN,
            b"c APPEND Sent {11+}\r\n12345678901\r\n",
            b"d APPEND Small {4+}\r\n1234\r\n",
            b"e STATUS Sent (APPENDLIMIT)\r\n",
            b"f UID STORE 1:* +FLAGS (\\Deleted)\r\n",
            b"g UID FETCH 1:5 FLAGS\r\n",
            b"h UID COPY 1:3 Sent\r\n",
            b"i UID SEARCH UIDBEFORE 5\r\n",
            b"j APPEND Sent {1+}\r\nx {1+}\r\nx {1+}\r\nx\r\n",
            b"k UID MOVE 1:4 Sent\r\n",
            b"l UID EXPUNGE 1:9\r\n",
        )
        assert b"APPENDLIMIT=10 " in answer
        assert b"c NO [TOOBIG] a message of 11 octets, over APPENDLIMIT" in answer
        assert b"d NO [TOOBIG]" in answer
        assert b'* STATUS "Sent" (APPENDLIMIT 10)\r\n' in answer
        assert b"f OK [MESSAGELIMIT 2 4]" in answer
        assert b"g OK [MESSAGELIMIT 2 4]" in answer
        assert b"h OK [MESSAGELIMIT 2 2]" in answer
        assert b"[COPYUID" in answer.partition(b"g OK")[2].partition(b"h OK")[0]
        assert b"* SEARCH 3 4\r\ni OK [MESSAGELIMIT 2 3]" in answer
        assert b"j NO [MESSAGELIMIT 2]" in answer
        assert b"k OK [MESSAGELIMIT 2 3]" in answer
        assert b"l OK UID EXPUNGE completed" in answer
        assert [m.uid for m in server.mailbox("joe").messages] == [1, 2]


@pytest.mark.breaks("append-limit")
async def test_what_is_too_large_is_not_asked_for() -> None:
    async with quiet(capabilities=CAPABILITIES | {"APPENDLIMIT=10"}) as server:
        answer = await talk(
            server, LOGIN, b"c APPEND Sent {11}\r\n", b"d CREATE {3}\r\n", b"Big\r\n"
        )
        assert b"c NO [TOOBIG]" in answer
        assert answer.count(b"+ go on") == 1
        assert b"d OK" in answer


async def test_a_limit_of_what_is_saved() -> None:
    async with quiet(capabilities=CAPABILITIES | {"SAVELIMIT=1"}) as server:
        answer = await talk(server, *OPEN, b"c UID COPY 1:2 Sent\r\n", b"d UID FETCH 1:2 FLAGS\r\n")
        assert b"c OK [MESSAGELIMIT 1 2]" in answer
        assert b"d OK UID FETCH" in answer


@pytest.mark.breaks("utf8-only")
async def test_utf8_only() -> None:
    offered = CAPABILITIES - {"UTF8=ACCEPT"} | {"UTF8=ONLY"}
    async with quiet(capabilities=offered) as server:
        answer = await talk(
            server,
            LOGIN,
            b"b SELECT INBOX\r\n",
            b"c NOOP\r\n",
            b"d ENABLE UTF8=ACCEPT\r\n",
            b"e SELECT INBOX\r\n",
        )
        assert b"b NO [CANNOT] SELECT before ENABLE UTF8=ACCEPT" in answer
        assert b"c OK" in answer
        assert b"* ENABLED UTF8=ACCEPT\r\n" in answer
        assert b"e OK" in answer


@pytest.mark.breaks("login-disabled")
async def test_login_disabled() -> None:
    async with quiet(capabilities=CAPABILITIES | {"LOGINDISABLED"}) as server:
        answer = await talk(server, LOGIN, b"b AUTHENTICATE PLAIN AGpvZQBzZWNyZXQ=\r\n")
        assert b" LOGINDISABLED]" in answer
        assert b"a BAD [CLIENTBUG]" in answer
        assert b"b OK [CAPABILITY " in answer
        assert b"LOGINDISABLED" not in answer.partition(b"b OK")[2]


async def test_rev2_has_much_in_itself() -> None:
    async with quiet(capabilities=["IMAP4rev2"]) as server:
        answer = await talk(
            server,
            *enabled("IMAP4rev2"),
            b"c NAMESPACE\r\n",
            b'd LIST "" Sent RETURN (STATUS (SIZE))\r\n',
            b"e SELECT INBOX\r\n",
            b"f UID SEARCH RETURN (SAVE COUNT) ALL\r\n",
            b"g UID MOVE $ Sent\r\n",
            b"h UID EXPUNGE 1\r\n",
            b"i IDLE\r\nDONE\r\n",
            b"j UNSELECT\r\n",
            'k CREATE "Grüße"\r\n'.encode(),
            b'l LIST "" Gr*\r\n',
        )
        assert re.findall(rb"^(\w) (?:NO|BAD)", answer, re.MULTILINE) == []
        assert (
            b'* LIST (\\HasNoChildren \\Sent) "/" "Sent"\r\n* STATUS "Sent" (SIZE 0)\r\n' in answer
        )
        assert b"[COPYUID" in answer
        assert '"Grüße"\r\n'.encode() in answer


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("QUOTTA", "did you mean QUOTA"),
        ("MESSAGELIMIT", "MESSAGELIMIT=1000"),
        ("MESSAGELIMIT=0", "cannot offer"),
        ("XYZ", "cannot offer 'XYZ'$"),
    ],
)
async def test_a_capability_misspelt(name: str, hint: str) -> None:
    with pytest.raises(InvalidArgumentError, match=hint):
        async with serve(capabilities=[*CAPABILITIES, name]):
            pass


async def test_one_name_is_not_many() -> None:
    with pytest.raises(InvalidArgumentError, match="several strings"):
        async with serve(capabilities="QUOTA"):
            pass


def test_nothing_is_offered_twice() -> None:
    assert not CAPABILITIES & CAPABILITIES_ON_DEMAND


# NOTIFY (RFC 5465)


class Listening:
    """A connection that has asked for news, and waits."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.stream = server.connect()

    async def say(self, *lines: bytes) -> bytes:
        answer = await self.heard()
        for line in lines:
            await self.stream.send_all(line)
            answer += await self.heard()
        return answer

    async def heard(self) -> bytes:
        await trio.testing.wait_all_tasks_blocked()
        found = b""
        with trio.move_on_after(0.01):
            while data := await self.stream.receive_some():
                found += data
        return found


NOTIFYING = CAPABILITIES | {"NOTIFY"}


async def test_news_of_other_mailboxes() -> None:
    async with quiet(capabilities=NOTIFYING) as server:
        here = Listening(server)
        await here.say(*OPEN)
        answer = await here.say(
            b"c NOTIFY SET STATUS (selected (MessageNew (uid flags) MessageExpunge))"
            b" (mailboxes (Sent Drafts) (MessageNew MessageExpunge FlagChange))"
            b" (personal (MailboxName SubscriptionChange MailboxMetadataChange ServerMetadataChange))\r\n"
        )
        assert re.findall(rb'STATUS "(\w+)"', answer) == [b"Drafts", b"Sent"]
        server.deliver("joe", b"\r\n", mailbox="Sent")
        server.deliver("joe", b"\r\n", mailbox="Sent")
        assert await here.heard() == b'* STATUS "Sent" (UIDNEXT 3 MESSAGES 2)\r\n'
        server.set_flags("joe", 1, ["\\Seen"], mailbox="Sent")
        assert b"UNSEEN 1" in await here.heard()
        server.deliver("joe", b"\r\n", mailbox="Trash")
        assert await here.heard() == b""
        server.deliver("joe", b"\r\n")
        assert await here.heard() == b"* 3 EXISTS\r\n* 3 FETCH (UID 3 FLAGS ())\r\n"
        server.set_flags("joe", 3, ["\\Seen"])
        assert await here.heard() == b""
        server.expunge("joe", [1])
        assert await here.heard() == b"* 1 EXPUNGE\r\n"
        account = server.accounts["joe"]
        account.create("New")
        account.rename("New", "Newer")
        account.subscribe("Newer", subscribed=False)
        account.delete("Newer")
        account.mailboxes["Sent"].set_entries({"/shared/comment": b"x"})
        account.set_entries({"/shared/comment": None})
        assert (await here.heard()).split(b"\r\n")[:-1] == [
            b'* LIST (\\NonExistent) "/" "New"',
            b'* LIST (\\NonExistent) "/" "Newer"',
            b'* LIST (\\NonExistent) "/" "Newer"',
            b'* LIST (\\NonExistent) "/" "Newer"',
            b'* METADATA "Sent" /shared/comment',
            b'* METADATA "" /shared/comment',
        ]
        account.create("New")
        assert await here.heard() == b'* LIST (\\HasNoChildren \\Subscribed) "/" "New"\r\n'
        account.rename("New", "Newer")
        assert b'"/" "Newer" ("OLDNAME" ("New"))\r\n' in await here.heard()
        # What it does itself, it is not told.
        answer = await here.say(b"d CREATE Own\r\n", b"e APPEND Sent {1+}\r\nx\r\n")
        assert b"* LIST" not in answer
        assert b"* STATUS" not in answer
        await here.say(b"f NOTIFY NONE\r\n")
        server.deliver("joe", b"\r\n", mailbox="Sent")
        server.deliver("joe", b"\r\n")
        assert await here.heard() == b""
        assert b"EXISTS" not in await here.say(b"g NOOP\r\n")
        assert b"* 3 EXISTS" in await here.say(
            b"h NOTIFY SET (selected (MessageNew MessageExpunge))\r\n"
        )


async def test_expunges_that_are_delayed() -> None:
    async with quiet(capabilities=NOTIFYING) as server:
        here = Listening(server)
        await here.say(*OPEN)
        await here.say(
            b"c NOTIFY SET (selected-delayed (MessageNew MessageExpunge FlagChange AnnotationChange))\r\n"
        )
        server.expunge("joe", [1])
        server.set_flags("joe", 2, ["\\Seen"])
        assert await here.heard() == b"* 2 FETCH (UID 2 FLAGS (\\Seen))\r\n"
        assert b"EXPUNGE" not in await here.say(b"d FETCH 2 FLAGS\r\n")
        assert b"* 1 EXPUNGE\r\n" in await here.say(b"e NOOP\r\n")
        other = Listening(server)
        await other.say(*OPEN, b'c UID STORE 2 ANNOTATION (/comment (value.priv "x"))\r\n')
        assert await here.heard() == b'* 1 FETCH (UID 2 ANNOTATION ("/comment"))\r\n'


async def test_many_changes_are_one_status() -> None:
    async with quiet(capabilities=NOTIFYING) as server:
        here = Listening(server)
        await here.say(LOGIN)
        await here.say(
            b"b NOTIFY SET (subscribed (MessageNew MessageExpunge FlagChange)) (inboxes NONE)\r\n"
        )
        uid = server.deliver("joe", b"\r\n", mailbox="Sent")
        server.set_flags("joe", uid, ["\\Seen"], mailbox="Sent")
        server.accounts["joe"].subscribe("Drafts", subscribed=False)
        server.deliver("joe", b"\r\n", mailbox="Drafts")
        server.deliver("joe", b"\r\n", mailbox="Gone")
        server.delete("joe", "Gone")
        assert await here.heard() == b'* STATUS "Sent" (UIDNEXT 2 MESSAGES 1)\r\n'


async def test_status_with_mod_sequences() -> None:
    async with quiet(capabilities=NOTIFYING) as server:
        here = Listening(server)
        await here.say(LOGIN, b"b ENABLE CONDSTORE\r\n")
        answer = await here.say(
            b"c NOTIFY SET STATUS (subtree Sent (MessageNew MessageExpunge FlagChange))\r\n"
        )
        assert b"HIGHESTMODSEQ" in answer
        server.deliver("joe", b"\r\n", mailbox="Sent/Old")
        assert b'* STATUS "Sent/Old" (UIDNEXT 2 MESSAGES 1 HIGHESTMODSEQ' in await here.heard()
