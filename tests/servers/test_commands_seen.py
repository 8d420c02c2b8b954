"""Everything in :mod:`aimap.commands` is seen by a real server, or it is said why not.

What a test sends is declared by :func:`tests.servers.probe.sends`, and each run of that test
proves it: what stands here is the sum.
"""

from __future__ import annotations

import aimap
import aimap.commands
from aimap.testing import CAPABILITIES, CAPABILITIES_ON_DEMAND

from . import (
    test_commands_account,
    test_commands_append,
    test_commands_fetch,
    test_commands_messages,
    test_commands_search,
)
from .probe import CYRUS, DOVECOT, EVERYWHERE, NOT_COURIER, SENDING
from .real import RealServer
from .support import connected

TESTS = (
    test_commands_account,
    test_commands_append,
    test_commands_fetch,
    test_commands_messages,
    test_commands_search,
)

SEEN_BY = {
    EVERYWHERE: """
        Append AppendMessage Authenticate Capability Check Close Copy Create Delete DeleteAcl Enable Examine
        Expunge Fetch GetAcl GetQuota GetQuotaRoot Idle List ListRights Login Logout Lsub
        MailboxQuota MyRights Namespace Noop Rename Search Select SelectResult SeqSearch SetAcl
        Sort SortKey StartTLS Status Store Subscribe ThreadSearch Unsubscribe
    """,
    NOT_COURIER: """
        Compress ESearch ESort GetMetadata Id ListExtended Metadata
        Move MultiAppend QResync SetMetadata Unselect UrlPart
    """,
    CYRUS: """
        GenUrlAuth RList RLsub ResetKey SetQuota StoreAnnotations Unauthenticate UrlFetch XList
    """,
    DOVECOT: """
        CancelUpdate EventGroup MailboxFilter Notify Partial SAVED SavedResult Update
    """,
}
# What none of them offers, and what it would take. The embedded server of aimap.testing does
# not have it either: tests/unit writes these commands and reads their answers.
OFFERED_BY_NONE = {
    "Comparator": "I18NLEVEL=2",
    "Conversions": "CONVERT",
    "Convert": "CONVERT",
    "ConvertItem": "CONVERT",
    "JmapAccess": "JMAPACCESS",
    "Language": "LANGUAGE",
    "MultiSearch": "MULTISEARCH",
    "Replace": "REPLACE",
    "StoreLabels": "X-GM-EXT-1",
}
# The base of them all, and a function.
NOT_SENT = ["Command", "pieces"]


def test_each_is_seen_or_it_is_said_why_not() -> None:
    told = [name for names in SEEN_BY.values() for name in names.split()]
    assert sorted([*told, *OFFERED_BY_NONE, *NOT_SENT]) == sorted(aimap.commands.__all__)


def test_each_is_seen_by_those_that_are_said_to_see_it() -> None:
    seen: dict[str, set[str]] = {}
    for sending in SENDING.values():
        for name in sending.names:
            seen.setdefault(name, set()).update(sending.servers)
    assert {test for module in TESTS for test in vars(module) if test in SENDING} == set(SENDING)
    assert seen == {
        name: set(servers) for servers, names in SEEN_BY.items() for name in names.split()
    }


def test_what_the_embedded_server_alone_offers() -> None:
    # tests/client/test_cancellation.py sends every command there is.
    assert set(OFFERED_BY_NONE.values()) <= CAPABILITIES | CAPABILITIES_ON_DEMAND


async def test_who_offers_something_sees_it(any_server: RealServer) -> None:
    async with aimap.connect(any_server.host, port=any_server.port, tls="insecure") as stranger:
        offered = aimap.Capabilities(stranger.capabilities)
    async with connected(any_server, any_server.new_user(), tls="insecure") as imap:
        offered = aimap.Capabilities([*offered, *imap.capabilities])
    assert not [needed for needed in OFFERED_BY_NONE.values() if needed in offered]
    for test, sending in SENDING.items():
        if not sending.because:
            sees = any_server.kind in sending.servers
            assert sees == (not sending.needs or sending.needs in offered), test
