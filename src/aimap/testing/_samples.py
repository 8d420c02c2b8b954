"""Messages of many shapes, the same ones for the same seed."""

from __future__ import annotations

import random
from base64 import encodebytes
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

_WORDS = tuple(
    "alpha release notes about the river and a quiet harbour where ships wait for the "  # noqa: SIM905
    "tide before they leave with letters parcels and news from far away".split()
)
_NAMES = ("Ada", "Grace", "Edsger", "Barbara", "Donald", "Radia", "Vint", "Elizabeth")
_ENCODED = (
    "=?utf-8?Q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?=",
    "=?utf-8?B?5pel5pys6Kqe44Gu5Lu25ZCN?=",
    "=?iso-8859-1?Q?caf=E9_cr=E8me?=",
    "=?koi8-r?B?8NLJ18XU?=",
)
_START = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)


def sample_messages(count: int, *, seed: int = 0, large: int = 1_000_000) -> Iterator[bytes]:
    """Iterate over messages such as mailboxes hold: deterministic, of many shapes.

    Plain and HTML text, attachments, messages within messages, encoded and raw 8-bit
    headers, empty bodies, long lines, dots and "From " at line starts; one in 200 large.

    Args:
        count: how many.
        seed: other seeds give other messages.
        large: octets of the large ones.
    """
    chance = random.Random(seed)  # noqa: S311 (not for secrets)
    shapes: tuple[Callable[[random.Random], bytes], ...] = (
        _plain, _plain, _plain, _alternative, _attachment, _nested, _eight_bit, _odd,
    )  # fmt: skip
    for number in range(count):
        body = chance.choice(shapes)(chance)
        if number % 200 == 199:
            body = _with_attachment(chance, chance.randbytes(large * 3 // 4))
        yield _header(chance, number, seed) + body


def _text(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words))


def _header(chance: random.Random, number: int, seed: int) -> bytes:
    name, other = chance.sample(_NAMES, 2)
    subject = chance.choice((_text(chance, 5), chance.choice(_ENCODED)))
    date = format_datetime(_START + timedelta(minutes=7 * number))
    return (
        f"From: {name} <{name.lower()}@example.org>\r\n"
        f"To: {other} <{other.lower()}@example.com>, list@example.net\r\n"
        f"Subject: {subject}\r\n"
        f"Date: {date}\r\n"
        f"Message-ID: <{seed}.{number}@example.org>\r\n"
        "MIME-Version: 1.0\r\n"
    ).encode("ascii")


def _plain(chance: random.Random) -> bytes:
    lines = [_text(chance, 10) for _ in range(chance.randint(1, 60))]
    body = "\r\n".join(lines)
    return f"Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n".encode()


def _alternative(chance: random.Random) -> bytes:
    text = _text(chance, 40)
    return (
        'Content-Type: multipart/alternative; boundary="alt"\r\n\r\n'
        "This is a message in several parts.\r\n"
        "--alt\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        f"{text}\r\n"
        "--alt\r\nContent-Type: text/html; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        f"<p>{text}=\r\n</p>\r\n"
        "--alt--\r\n"
    ).encode("ascii")


def _with_attachment(chance: random.Random, data: bytes) -> bytes:
    encoded = encodebytes(data).replace(b"\n", b"\r\n")
    return (
        b'Content-Type: multipart/mixed; boundary="mix"\r\n\r\n'
        b"--mix\r\nContent-Type: text/plain\r\n\r\n"
        + _text(chance, 20).encode("ascii")
        + b"\r\n--mix\r\nContent-Type: application/octet-stream\r\n"
        b"Content-Transfer-Encoding: base64\r\n"
        b"Content-Disposition: attachment;\r\n"
        b" filename*0*=utf-8''na%C3%AFve%20;\r\n filename*1=report.bin\r\n\r\n"
        + encoded
        + b"--mix--\r\n"
    )


def _attachment(chance: random.Random) -> bytes:
    return _with_attachment(chance, chance.randbytes(chance.randint(10, 8000)))


def _nested(chance: random.Random) -> bytes:
    inner = _header(chance, 0, 1) + _alternative(chance)
    return (
        b'Content-Type: multipart/mixed; boundary="out"\r\n\r\n'
        b"--out\r\nContent-Type: text/plain\r\n\r\nsee below\r\n"
        b"--out\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--out--\r\n"
    )


def _eight_bit(chance: random.Random) -> bytes:
    return (
        "X-Note: raw 8-bit Grüße in a header\r\n"
        "Content-Type: text/plain; charset=iso-8859-1\r\n"
        "Content-Transfer-Encoding: 8bit\r\n\r\n"
    ).encode() + f"{_text(chance, 12)} déjà vu\r\n".encode("latin-1")


def _odd(chance: random.Random) -> bytes:
    return chance.choice(
        (
            b"\r\n",
            b"\r\n.\r\n..\r\nFrom here on\r\n>From there\r\n",
            b"\r\n" + b"x" * 5000 + b"\r\n",
            b"\r\nno line end at the end",
            b"Content-Type: multipart/mixed\r\n\r\nno boundary\r\n",
        )
    )
