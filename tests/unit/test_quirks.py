"""What real servers send, row by row: what is made of it, and that it is told."""

from __future__ import annotations

import pytest

from aimap import RemoteProtocolError, Response, parse_response
from aimap._commands.base import Command
from aimap._commands.connection import Idle, Noop
from aimap._protocol.events import Defect
from aimap._wire import quirks
from aimap._wire.quirks import Quirk
from tests.client import test_quirks as in_client
from tests.session import test_quirks as in_sessions
from tests.session.support import Talk

from . import quirks_lines, quirks_mailboxes, quirks_messages
from .quirk_rows import Row

ROWS = [*quirks_lines.ROWS, *quirks_messages.ROWS, *quirks_mailboxes.ROWS]

NAMES = [
    "nul-padding",
    "cap-literal-space-plus",
    "lowercase-words",
    "id-atoms",
    "id-commas-untagged-end",
    "id-empty-list-refused",
    "id-before-auth-refused",
    "namespace-drops",
    "enable-without-enabled",
    "rev2-refused",
    "lone-lf",
    "trailing-space",
    "no-resp-text",
    "literal-counted-in-chars",
    "literal-wrong-length",
    "double-space",
    "raw-8bit-quoted",
    "unescaped-quotes",
    "escaped-closing-quote",
    "bare-plus",
    "stray-plus",
    "server-unavailable-line",
    "echo-after-tagged",
    "stale-tagged-no",
    "status-for-tagged",
    "tagged-bye",
    "fetch-empty",
    "fetch-seq-zero",
    "fetch-above-exists",
    "fetch-extra-parens",
    "fetch-rfc822-missing",
    "fetch-alias",
    "fetch-body-cut",
    "fetch-origin-echo",
    "fetch-partial-ignored",
    "fetch-size-wrong",
    "fetch-partial-no",
    "fetch-one-bad-message",
    "fetch-late",
    "fetch-section-group",
    "fetch-quoted-section",
    "internaldate-zero",
    "internaldate-one-digit",
    "flags-brackets-spaces",
    "flags-star",
    "flags-run-together",
    "space-before-paren",
    "flags-quoted",
    "nil-in-list",
    "addr-empty-list",
    "space-between-groups",
    "addr-nil-member",
    "addr-undisclosed",
    "addr-group-alike",
    "addr-swapped",
    "addr-nil-mailbox",
    "addr-nil-host",
    "env-short",
    "env-msgid-quotes",
    "bs-part-is-multipart",
    "bs-nil-children",
    "bs-multipart-as-basic",
    "bs-missing-subtype",
    "bs-all-nil",
    "bs-rfc822-basic",
    "bs-rfc822-empty-body",
    "bs-text-no-lines",
    "bs-octets-minus-one",
    "bs-octets-float",
    "bs-enc-nil",
    "bs-enc-unquoted",
    "bs-enc-trailing-space",
    "bs-dsp-string",
    "bs-dsp-nil-nil",
    "bs-dsp-no-params",
    "bs-mpart-description",
    "bs-param-nil",
    "search-many-lines",
    "search-for-esearch",
    "esearch-paren-modseq",
    "search-charset-refused",
    "thread-empty",
    "set-descending-refused",
    "list-unquoted-ctl",
    "list-trailing-delim",
    "list-nil-name",
    "list-digit-atom",
    "list-inbox-case",
    "list-extended-silent",
    "list-special-use-bad",
    "lsub-bad-rev2",
    "namespace-nil-delim",
    "status-unquoted-spaces",
    "status-empty",
    "code-no-text",
    "code-not-atom",
    "code-brackets-inside",
    "text-starts-bracket",
    "copyuid-bare-line",
    "copyuid-empty",
    "copyuid-two-fields",
    "copyuid-absent",
    "copyuid-untagged",
    "appenduid-swapped",
    "uidvalidity-zero",
    "uidnext-zero",
    "uidnext-absent",
    "modseq-zero-or-minus",
    "seq-negative",
    "expunge-above-exists",
    "vanished-malformed",
    "append-no-exists",
    "binary-ok-nothing",
    "idle-exists-before-plus",
    "idle-still-here",
    "idle-silent-death",
    "idle-short-life",
    "idle-absent",
    "bye-repeated",
    "bye-session-expired",
    "login-ok-not-connected",
    "sasl-login-prompt",
    "xoauth2-error-json",
    "tag-must-start-alpha",
    "unsafe-login",
    "web-login",
    "gmail-conn-cap",
    "gmail-bandwidth",
    "gmail-throttled-tail",
    "ms-throttled",
    "yahoo-limit",
    "dovecot-conn-cap",
    "command-too-long",
    "messagelimit-partial",
    "pipelining-broken",
    "eof-no-bye",
    "eof-no-close-notify",
]

# Tolerances seen elsewhere, or that several rows share.
WITHOUT_ROW = {"missing-space", "quota-without-list", "code-malformed"}

# What is to be done about it is not for the reader, nor for the session: later work, or
# tested where it is done.
ELSEWHERE = {
    "namespace-drops": "profiles: NAMESPACE is never sent, in tests/client/test_profiles.py",
    "server-unavailable-line": "the client: the text goes into the loss that follows",
    "status-for-tagged": "the client: the text goes into the command's timeout, in tests/client/test_deadlines.py",
    "fetch-partial-ignored": "windows of a body: only who asked for one can tell, in tests/client/test_downloading.py",
    "fetch-size-wrong": "windows of a body end on a short read, in tests/client/test_downloading.py",
    "fetch-late": "fetching: what is missing is asked for again once, in tests/client/test_pipelining.py",
    "fetch-section-group": "fetching: an empty section is asked for again alone, in tests/client/test_downloading.py",
    "appenduid-swapped": "appending: a validity that is not the mailbox's is refused",
    "uidnext-absent": "the mirror: STATUS, or the highest UID",
    "seq-negative": "the watcher: what there is is asked for again, in tests/session/test_view.py",
    "vanished-malformed": "the mirror: the resync is refused",
    "append-no-exists": "the client: NOOP after APPEND",
    "binary-ok-nothing": "fetching: BODY instead of BINARY",
    "idle-short-life": "the driver: Timeouts.idle_renewal, in tests/client/test_profiles.py",
    "idle-absent": "the driver: NOOP every Timeouts.poll, in tests/client/test_watching.py",
    "login-ok-not-connected": "accounts: the login counts as refused",
    "unsafe-login": "connecting: ID between login and SELECT, in tests/client/test_profiles.py",
    "web-login": "accounts: authentication failed, the URL is kept, in tests/client/test_login_refused.py",
    "gmail-conn-cap": "accounts: throttled, no wrong password",
    "gmail-bandwidth": "accounts: throttled, not over quota",
    "gmail-throttled-tail": "accounts: slow down",
    "ms-throttled": "accounts: wait as long as it says",
    "yahoo-limit": "accounts: throttled",
    "dovecot-conn-cap": "accounts: throttled",
    "command-too-long": "commands: sets are cut at so many octets, in tests/client/test_profiles.py",
    "messagelimit-partial": "moving: the rest is done next",
    "pipelining-broken": "profiles: one command at a time, in tests/client/test_profiles.py",
}


def each(rows: list[Row]) -> pytest.MarkDecorator:
    """Run a test with each row; the second one of a name is called name-2."""
    names = [row.name for row in rows]
    ids = [
        name if name not in names[:at] else f"{name}-{names[:at].count(name) + 1}"
        for at, name in enumerate(names)
    ]
    return pytest.mark.parametrize("row", rows, ids=ids)


def defects_of(row: Row) -> list[str]:
    talk = Talk()
    # Something for a tagged response, or a continuation request, to answer.
    command: Command[None] = Idle() if row.raw.startswith(b"+") else Noop()
    talk.submit(command)
    talk.hears()
    talk.says(row.raw)
    assert talk.session.lost is None
    return [event.reason for event in talk.events if isinstance(event, Defect)]


@each(ROWS)
def test_what_is_made_of_it(row: Row) -> None:
    assert row.seen(parse_response(row.raw)) == row.value


@each([row for row in ROWS if not row.legal])
def test_it_is_told(row: Row) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_response(row.raw, strict=True)
    defects = defects_of(row)
    assert defects
    if row.quirk:
        assert row.quirk in {defect.partition(":")[0] for defect in defects}


@each([row for row in ROWS if row.legal])
def test_what_is_legal_is_not_told(row: Row) -> None:
    response: Response = parse_response(row.raw, strict=True)
    assert row.seen(response) == row.value
    assert defects_of(row) == []


def test_every_row_is_tested() -> None:
    assert len(set(NAMES)) == len(NAMES) == 137
    read = {row.name for row in ROWS} - WITHOUT_ROW
    assert read <= set(NAMES)
    assert set(in_sessions.NAMES) <= set(NAMES)
    assert set(in_client.NAMES) <= set(NAMES)
    assert read | set(in_sessions.NAMES) | set(in_client.NAMES) | set(ELSEWHERE) == set(NAMES)


def test_every_tolerance_is_exercised() -> None:
    known = {quirk.name for quirk in vars(quirks).values() if isinstance(quirk, Quirk)}
    told = {defect.partition(":")[0] for row in ROWS if not row.legal for defect in defects_of(row)}
    assert known <= told
    assert known <= set(NAMES) | WITHOUT_ROW
