"""Flags and capabilities compare without case."""

from __future__ import annotations

import pytest

from aimap import (
    Capabilities,
    CapabilityResponse,
    Flag,
    Flags,
    InvalidArgumentError,
    parse_response,
)


def test_flags_know_no_case() -> None:
    flags = Flags(["\\SEEN", "$Junk"])
    assert Flag.SEEN in flags
    assert "\\seen" in flags
    assert "$JUNK" in flags
    assert "\\Answered" not in flags
    assert flags == {"\\Seen", "$junk"} == Flags([Flag.JUNK, Flag.SEEN])
    assert flags - {"\\seen"} == {"$Junk"}
    assert flags <= {"\\seen", "$junk", "x"}
    assert not flags <= {"\\seen"}
    assert flags & {"\\seen"} == Flags([Flag.SEEN])
    assert hash(flags) == hash(Flags(["\\seen", "$JUNK"]))


def test_one_string_is_not_a_set_of_flags() -> None:
    with pytest.raises(InvalidArgumentError, match="several strings"):
        Flags("\\Seen")


@pytest.mark.parametrize(
    "name", ["", "\\", "a b", "x)", "\\Seen) X", "a\r\n", "ü", "\\\\a", '"', "\\*"]
)
def test_what_is_not_a_flag_is_refused(name: str) -> None:
    with pytest.raises(InvalidArgumentError, match="a flag is an atom"):
        Flag(name).check()


def test_capabilities() -> None:
    offered = Capabilities(["IMAP4rev1", "auth=plain", "AUTH=SCRAM-SHA-256", "APPENDLIMIT=35"])
    assert "imap4REV1" in offered
    assert offered.auth_mechanisms == ("PLAIN", "SCRAM-SHA-256")
    assert offered.number("APPENDLIMIT") == 35
    assert offered.number("QUOTA") is None
    assert offered == Capabilities([*offered, "IMAP4REV1"])


def _told(raw: bytes) -> Capabilities:
    response = parse_response(raw)
    assert isinstance(response, CapabilityResponse)
    return response.capabilities


def test_connections_to_one_server_share_its_capabilities() -> None:
    line = b"* CAPABILITY IMAP4rev1 IDLE X-SHARED\r\n"
    assert _told(line) is _told(line)


def test_a_very_long_list_of_capabilities_is_not_kept() -> None:
    line = b"* CAPABILITY IMAP4rev1 " + b" ".join(b"X%d" % n for n in range(2000)) + b"\r\n"
    assert _told(line) == _told(line)
    assert _told(line) is not _told(line)
