"""A message taken apart loses no octet."""

from __future__ import annotations

import email
import email.policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimap import BodyStructure, Message, parse_response
from aimap.testing import sample_messages
from aimap.testing._describe import body_structure, envelope, section
from aimap.testing._mime import parse_message

SAMPLES = list(sample_messages(250, seed=3, large=20_000))


@given(st.binary())
def test_header_and_body_are_the_message(octets: bytes) -> None:
    part = parse_message(octets)
    assert part.header + part.body == octets
    parse_response(b"* 1 FETCH (BODYSTRUCTURE %s)" % body_structure(part, extended=True))


def read(octets: bytes) -> Message:
    part = parse_message(octets)
    parsed = parse_response(
        b"* 1 FETCH (ENVELOPE %s BODYSTRUCTURE %s)"
        % (envelope(part), body_structure(part, extended=True)),
        strict=True,
    )
    assert isinstance(parsed, Message)
    return parsed


@pytest.mark.parametrize("number", range(0, 250, 7))
def test_as_the_email_package_sees_it(number: int) -> None:
    octets = SAMPLES[number]
    ours, theirs = read(octets), email.message_from_bytes(octets, policy=email.policy.default)
    assert ours.envelope.subject == str(theirs["Subject"])
    assert ours.envelope.message_id == theirs["Message-ID"]
    assert ours.envelope.date == theirs["Date"].datetime
    assert [a.email for a in ours.envelope.to] == [  # type: ignore[union-attr]
        a.addr_spec for a in theirs["To"].addresses
    ]
    structure: BodyStructure = ours.body_structure
    mine = [p.content_type for p in structure.walk()]
    if structure.content_type == theirs.get_content_type():
        assert mine == [p.get_content_type() for p in theirs.walk()]
    whole = parse_message(octets)
    for part in structure.walk():
        if part.section and not part.parts:
            data = section(whole, part.section.encode())
            assert data is not None
            assert len(data) == part.size
            assert data in octets


def test_sections_of_rfc_9051() -> None:
    # RFC 9051 section 6.4.5.1
    inner = b"Subject: inner\r\n\r\nin\r\n"
    octets = (
        b'Subject: outer\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\none\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--b--\r\n"
    )
    whole = parse_message(octets)
    assert section(whole, b"HEADER") == whole.header
    assert section(whole, b"TEXT") == whole.body
    assert section(whole, b"1") == b"one"
    assert section(whole, b"1.MIME") == b"Content-Type: text/plain\r\n\r\n"
    assert section(whole, b"2") == inner
    assert section(whole, b"2.HEADER") == b"Subject: inner\r\n\r\n"
    assert section(whole, b"2.TEXT") == b"in\r\n"
    assert section(whole, b"2.1") == b"in\r\n"
    assert section(whole, b"HEADER.FIELDS (SUBJECT)") == b"Subject: outer\r\n\r\n"
    assert section(whole, b"HEADER.FIELDS.NOT (SUBJECT)") == (
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    )
    assert section(whole, b"9") == b""
    assert section(whole, b"MIME") is None
