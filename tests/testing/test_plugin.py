"""The fixtures for pytest, in tests of somebody else's project."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

TRIO = """
    import aimap
    import pytest
    import trio

    async def test_server(aimap_server, autojump_clock):
        aimap_server.deliver("joe", b"Subject: x\\r\\n\\r\\n")
        async with aimap.connect(
            "x", tls="insecure", stream=aimap_server.connect(), auth=aimap.Password("joe", "secret")
        ) as imap:
            assert (await imap.status("INBOX")).messages == 1

    async def test_client(aimap_client, aimap_server):
        async with aimap_client.select("INBOX") as inbox, inbox.watch() as events:
            aimap_server.deliver("joe", b"Subject: x\\r\\n\\r\\n")
            assert isinstance(await anext(events), aimap.Arrived)

    @pytest.mark.aimap_server(preset="gmail", accounts={"ann": "other"}, tls="starttls", latency=2)
    async def test_marked(aimap_client, autojump_clock):
        assert "X-GM-EXT-1" in aimap_client.capabilities
        assert trio.current_time() > 8

    async def break_a_rule(server):
        stream = server.connect()
        await stream.send_all(b"a SELECT INBOX\\r\\n")
        assert b"BAD" in await stream.receive_some() + await stream.receive_some()

    async def test_broken(aimap_server):
        await break_a_rule(aimap_server)

    @pytest.mark.aimap_server(check=False)
    async def test_broken_on_purpose(aimap_server):
        await break_a_rule(aimap_server)
        assert aimap_server.violations[0].rule == "state"
"""

SYNC = """
    import imaplib
    import ssl

    import pytest

    def login(server, **options):
        imap = imaplib.IMAP4(server.host, server.port)
        imap.login("joe", "secret")
        return imap

    def test_imaplib(aimap_server):
        aimap_server.deliver("joe", b"Subject: x\\r\\n\\r\\nhello\\r\\n", flags=["\\\\Flagged"])
        with login(aimap_server) as imap:
            assert imap.select("INBOX") == ("OK", [b"1"])
            assert imap.fetch("1", "(RFC822.SIZE)")[1] == [b"1 (RFC822.SIZE 21)"]
            imap.uid("STORE", "1", "+FLAGS", "(\\\\Seen)")
            imap.copy("1", "Sent")
        (message,) = aimap_server.messages("joe")
        assert message.flags == {"\\\\Seen", "\\\\Flagged"}
        assert [each.octets for each in aimap_server.messages("joe", "Sent")] == [message.octets]
        assert "SELECT" in aimap_server.commands
        assert [each.name for each in aimap_server.log][-2:] == ["COPY", "LOGOUT"]

    @pytest.mark.aimap_server(tls="implicit", preset="rev1")
    def test_tls(aimap_server, tmp_path):
        (tmp_path / "ca.pem").write_bytes(aimap_server.ca_pem)
        for context in (
            aimap_server.client_ssl_context,
            ssl.create_default_context(cafile=tmp_path / "ca.pem"),
        ):
            with imaplib.IMAP4_SSL(
                aimap_server.host, aimap_server.port, ssl_context=context
            ) as imap:
                assert imap.capabilities == ("IMAP4REV1", "AUTH=PLAIN")

    def test_control(aimap_server):
        aimap_server.add_account("ann", "x")
        aimap_server.deliver("ann", b"\\r\\n", mailbox="A")
        aimap_server.rename("ann", "A", "B")
        aimap_server.set_flags("ann", 1, ["\\\\Seen"], mailbox="B")
        before = aimap_server.renew_uid_validity("ann", "B")
        assert aimap_server.renew_uid_validity("ann", "B") > before
        aimap_server.expunge("ann", [1], mailbox="B")
        assert aimap_server.messages("ann", "B") == []
        aimap_server.delete("ann", "B")
        assert aimap_server.mailboxes("ann") == ["Drafts", "INBOX", "Sent", "Trash"]
        imap = login(aimap_server)
        aimap_server.stall_connections(0.01)
        imap.noop()
        aimap_server.drop_connections()
        with pytest.raises((imaplib.IMAP4.abort, OSError)):
            imap.noop()
        imap.shutdown()
        from aimap.testing import Change, On

        aimap_server.set_faults(On("greeting", Change("ready", "at your service")))
        with login(aimap_server) as imap:
            assert imap.welcome.endswith(b"at your service")
        aimap_server.reset()
        assert aimap_server.call(lambda server: sorted(server.accounts)) == ["joe"]
        login(aimap_server).logout()

    def test_broken(aimap_server):
        imap = login(aimap_server)
        with pytest.raises(imaplib.IMAP4.error):
            imap.xatom("WHAT")
        imap.logout()

    def test_not_here(aimap_client):
        pass
"""


@pytest.fixture(autouse=True)
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makefile(".toml", pyproject="[tool.pytest]\ntrio_mode = true\nstrict_markers = true")
    return pytester


def test_with_pytest_trio(project: pytest.Pytester) -> None:
    project.makepyfile(TRIO)
    result = project.runpytest_subprocess("-W", "error")
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(
        ["*clients broke rules of IMAP:*", "*state: SELECT SELECT is not in*"]
    )


def test_from_synchronous_tests(project: pytest.Pytester) -> None:
    project.makepyfile(SYNC)
    result = project.runpytest_subprocess("-W", "error", "-p", "no:pytest_trio")
    result.assert_outcomes(passed=4, errors=2)
    result.stdout.fnmatch_lines(["*unknown-command: WHAT*", "*aimap_client is for tests*"])


def test_nothing_is_imported_for_others(tmp_path: Path) -> None:
    code = (
        "import sys, pytest_aimap\n"
        "assert not {'aimap', 'trio', 'attrs'} & set(sys.modules), sorted(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, timeout=60)
