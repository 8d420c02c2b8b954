"""Rows about mailboxes: SEARCH, LIST, STATUS, quotas."""

from __future__ import annotations

from aimap import (
    MailboxStatus,
    NamespaceInfo,
    QuotaResponse,
    SearchResponse,
    ThreadResponse,
    UIDSet,
)

from .quirk_rows import Row, attributes

ROWS = [
    Row("search-many-lines", b"* SEARCH 5 3\r\n", SearchResponse((5, 3)), legal=True),
    Row("search-for-esearch", b"* SEARCH 1\r\n", SearchResponse((1,)), legal=True),
    Row(
        "esearch-paren-modseq",
        b'* ESEARCH (TAG "T") UID ALL 3 (MODSEQ 9)\r\n',
        ("T", UIDSet(3), 9),
        attributes("tag", "all", "modseq"),
    ),
    Row("thread-empty", b"* THREAD \r\n", ThreadResponse(()), quirk="trailing-space"),
    Row(
        "list-unquoted-ctl",
        b'* LIST () "/" INBOX/Da\tOggetto\t\r\n',
        "INBOX/Da\tOggetto\t",
        attributes("mailbox.name"),
    ),
    Row("list-unquoted-ctl", b'* LIST () "/" Sent Items\r\n', "Sent Items", attributes("mailbox.name")),
    Row(
        "list-trailing-delim",
        b'* LIST () "/" "Public Folders/"\r\n',
        "Public Folders",
        attributes("mailbox.name"),
        legal=True,
    ),
    Row("list-nil-name", b'* LIST () "/" NIL\r\n', "NIL", attributes("mailbox.name"), legal=True),
    Row("list-digit-atom", b'* LIST () "/" 2024:Q1\r\n', "2024:Q1", attributes("mailbox.name"), legal=True),
    Row("list-inbox-case", b'* LIST () "/" "Inbox"\r\n', "INBOX", attributes("mailbox.name"), legal=True),
    Row(
        "namespace-nil-delim",
        b'* NAMESPACE (("#mhinbox" NIL)) NIL NIL\r\n',
        (NamespaceInfo("#mhinbox", None),),
        attributes("namespaces.personal"),
        legal=True,
    ),
    Row(
        "status-unquoted-spaces",
        b"* STATUS Sent Items (UIDNEXT 1)\r\n",
        MailboxStatus("Sent Items", {"UIDNEXT": 1}),
    ),
    Row("status-empty", b'* STATUS "INBOX" ()\r\n', MailboxStatus("INBOX", {}), legal=True),
    # Not in the list of rows: seen in the examples of other clients.
    Row("quota-without-list", b'* QUOTA ""\r\n', QuotaResponse("", ())),
]  # fmt: skip
