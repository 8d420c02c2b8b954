"""Each server offers what it is here for: one that offers less is not the one that was meant."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Literal, get_args

import pytest

import aimap
from aimap.testing import serve
from tests.servers.real import PASSWORD, RealServer

from .frame import EVERYTHING, KINDS

TLS = Literal["insecure", "starttls", "implicit"]

_DOVECOT_BEFORE = """
    AUTH=CRAM-MD5 AUTH=LOGIN AUTH=PLAIN AUTH=SCRAM-SHA-1 AUTH=SCRAM-SHA-256 ENABLE ID IDLE
    IMAP4rev1 LITERAL+ LOGIN-REFERRALS SASL-IR
"""
_DOVECOT = """
    ACL BINARY CATENATE CHILDREN COMPRESS=DEFLATE CONDSTORE CONTEXT=SEARCH ENABLE ESEARCH ESORT
    I18NLEVEL=1 ID IDLE IMAP4rev1 LIST-EXTENDED LIST-STATUS LITERAL+ LOGIN-REFERRALS METADATA MOVE
    MULTIAPPEND NAMESPACE NOTIFY PREVIEW PREVIEW=FUZZY QRESYNC QUOTA RIGHTS=texk SASL-IR SAVEDATE
    SEARCHRES SNIPPET=FUZZY SORT SORT=DISPLAY SPECIAL-USE STATUS=SIZE THREAD=ORDEREDSUBJECT
    THREAD=REFERENCES THREAD=REFS UIDPLUS UNSELECT URL-PARTIAL WITHIN
"""
_CYRUS_CLEAR = """
    AUTH=CRAM-MD5 AUTH=LOGIN AUTH=PLAIN AUTH=SCRAM-SHA-1 AUTH=SCRAM-SHA-256 ENABLE ID IMAP4rev1
    LITERAL+ SASL-IR
"""
_CYRUS = """
    ACL ANNOTATE-EXPERIMENT-1 APPENDLIMIT=4294967295 BINARY CATENATE CHILDREN COMPRESS=DEFLATE
    CONDSTORE CREATE-SPECIAL-USE DIGEST=SHA1 ENABLE ESEARCH ESORT ID IDLE IMAP4rev1 LIST-EXTENDED
    LIST-METADATA LIST-MYRIGHTS LIST-STATUS LITERAL+ MAILBOX-REFERRALS METADATA MOVE MULTIAPPEND
    NAMESPACE NO_ATOMIC_RENAME OBJECTID PREVIEW QRESYNC QUOTA RIGHTS=kxten SAVEDATE SCAN
    SEARCH=FUZZY SORT SORT=DISPLAY SORT=MODSEQ SORT=UID SPECIAL-USE STATUS=SIZE
    THREAD=ORDEREDSUBJECT THREAD=REFERENCES THREAD=REFS UIDPLUS UNSELECT URLAUTH URLAUTH=BINARY
    WITHIN X-CREATEDMODSEQ X-QUOTA=MESSAGE X-QUOTA=STORAGE X-QUOTA=X-ANNOTATION-STORAGE
    X-QUOTA=X-NUM-FOLDERS X-REPLICATION X-SIEVE-MAILBOX XCONVERSATIONS XLIST XMOVE
"""
_CYRUS_PLUS = "AUTH=SCRAM-SHA-1-PLUS AUTH=SCRAM-SHA-256-PLUS"
_COURIER = """
    ACL ACL2=UNION CHILDREN ENABLE IDLE IMAP4rev1 NAMESPACE QUOTA SORT THREAD=ORDEREDSUBJECT
    THREAD=REFERENCES UIDPLUS UTF8=ACCEPT
"""
_EMBEDDED_BEFORE = "AUTH=PLAIN COMPRESS=DEFLATE ENABLE ID IMAP4rev1 LITERAL+ SASL-IR"

# By server and TLS: before the login, and behind it.
OFFERED: dict[tuple[str, TLS], tuple[str, str]] = {
    ("dovecot", "insecure"): (f"{_DOVECOT_BEFORE} STARTTLS", _DOVECOT),
    ("dovecot", "starttls"): (_DOVECOT_BEFORE, _DOVECOT),
    ("dovecot", "implicit"): (_DOVECOT_BEFORE, _DOVECOT),
    ("cyrus", "insecure"): (f"{_CYRUS_CLEAR} STARTTLS", _CYRUS),
    ("cyrus", "starttls"): (f"{_CYRUS} {_CYRUS_CLEAR} {_CYRUS_PLUS}", _CYRUS),
    ("cyrus", "implicit"): (f"{_CYRUS_CLEAR} {_CYRUS_PLUS}", _CYRUS),
    ("courier", "insecure"): (f"{_COURIER} STARTTLS", _COURIER),
    ("courier", "starttls"): (f"{_COURIER} AUTH=PLAIN", f"{_COURIER} AUTH=PLAIN"),
    ("courier", "implicit"): (f"{_COURIER} AUTH=PLAIN", f"{_COURIER} AUTH=PLAIN"),
}
# Why a server is there: what it must be missing, for the ways around that to be tried.
MISSING = {
    "dovecot": "UTF8=ACCEPT IMAP4rev2 XLIST",
    "cyrus": "NOTIFY SEARCHRES UTF8=ACCEPT IMAP4rev2",
    "courier": "LITERAL+ LITERAL- MOVE CONDSTORE ESEARCH UNSELECT LIST-EXTENDED ID SPECIAL-USE",
}


@pytest.mark.parametrize("tls", get_args(TLS))
async def test_it_offers_what_it_is_here_for(any_server: RealServer, tls: TLS) -> None:
    before, after = OFFERED[any_server.kind, tls]
    async with _greeted(any_server, tls, None) as imap:
        assert [name for name in before.split() if name not in imap.capabilities] == []
    login = aimap.Password(any_server.new_user(), any_server.password)
    async with _greeted(any_server, tls, login) as imap:
        assert [name for name in after.split() if name not in imap.capabilities] == []
        missing = MISSING[any_server.kind].split()
        assert [name for name in missing if name in imap.capabilities] == []


@asynccontextmanager
async def _greeted(
    server: RealServer, tls: TLS, auth: aimap.Auth | None
) -> AsyncGenerator[aimap.Client]:
    async with aimap.connect(
        server.host,
        port=server.tls_port if tls == "implicit" else server.port,
        tls=tls,
        ssl_context=None if tls == "insecure" else server.client_context,
        auth=auth,
    ) as imap:
        yield imap


@pytest.mark.parametrize("tls", get_args(TLS))
async def test_the_embedded_one_offers_all_that_it_can(tls: TLS) -> None:
    async with serve({"joe": PASSWORD}, tls=tls, capabilities=EVERYTHING) as server:
        async with aimap.connect(
            server.host,
            port=server.port,
            tls=tls,
            ssl_context=None if tls == "insecure" else server.client_ssl_context,
            auth=aimap.Password("joe", PASSWORD),
        ) as imap:
            assert [name for name in EVERYTHING if name not in imap.capabilities] == []
    assert len(KINDS) == 4
