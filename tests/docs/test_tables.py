"""What the tables of other libraries' calls name is there, on both sides, and none is left out."""

from __future__ import annotations

import imaplib
import inspect
import re
from pathlib import Path

import aioimaplib
import imap_tools
import imapclient
import pytest
from imap_tools.folder import MailBoxFolderManager
from imap_tools.idle import IdleManager

import aimap
import aimap.testing
from tests.docs.blocks import PAGES, ROOT

GUIDE = (ROOT / "docs" / "howto" / "coming.md").read_text(encoding="utf-8")
MESSAGES = (ROOT / "docs" / "howto" / "messages.md").read_text(encoding="utf-8")
OURS = {
    "aimap": aimap,
    "imap": aimap.Client,
    "inbox": aimap.Mailbox,
    "account": aimap.Account,
    "message": aimap.Message,
    "server": aimap.testing.Server,
}
# What is inside of them: sockets, buffers, and classes to be replaced.
INNER = {
    "abort", "error", "open", "read", "readline", "send", "AbortError", "Error", "ReadOnlyError",
    "create_client", "consume_until_tagged_response", "email_message_class", "expunge",
    "folder_manager_class", "idle_manager_class", "unset",
}  # fmt: skip
LOGGER = "aimap.account"
PEERS = {
    "imaplib": [imaplib.IMAP4],
    "imapclient": [imapclient.IMAPClient],
    "imap-tools": [imap_tools.BaseMailBox, MailBoxFolderManager, IdleManager],
    "aioimaplib": [aioimaplib.IMAP4],
}


def _table(name: str) -> str:
    text: str = GUIDE.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    return text + (MESSAGES if name == "imap-tools" else "")


@pytest.mark.parametrize("name", PEERS)
def test_no_call_of_theirs_is_left_out(name: str) -> None:
    table = _table(name)
    calls = {
        call
        for each in PEERS[name]
        for call, value in inspect.getmembers(each)
        if not call.startswith("_") and callable(value)
    }
    left_out = {call for call in calls - INNER if not re.search(rf"\b{call}\b", table)}
    assert left_out == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_inline_code_names_is_there(page: Path) -> None:
    missing = {
        f"{owner}.{name}"
        for code in re.findall(r"`([^`\n]+)`", page.read_text("utf-8"))
        for owner, name in re.findall(r"(?<![\w./@])(imap|inbox|account|aimap)\.([a-z_]\w+)", code)
        if not hasattr(OURS[owner], name) and code != LOGGER
    }
    assert missing == set()
