"""Makes FETCH responses one after the other, and keeps account of what is in them."""

from __future__ import annotations

import re
from base64 import b64encode, encodebytes
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from urllib.parse import quote

from benchmarks import phrases

ORDERS = {
    # Servers differ, and a parser should not lean on one of them; the first is Dovecot's.
    "uid-first": ("UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE"),
    "flags-first": ("FLAGS", "UID", "INTERNALDATE", "RFC822.SIZE"),
    "size-first": ("RFC822.SIZE", "INTERNALDATE", "FLAGS", "UID"),
    "uid-last": ("INTERNALDATE", "RFC822.SIZE", "FLAGS", "UID"),
}

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_EPOCH = datetime(2016, 1, 1, tzinfo=UTC)
_ESCAPES = re.compile(rb"(?:%[0-9A-F]{2}|[^%]){1,20}")
_LITERALS = 0.03
"""The share of free text that comes as a literal; what must be one is so besides."""
_CONTACTS = 3000


@dataclass(frozen=True)
class _Contact:
    name: str
    raw_name: bytes | None
    mailbox: str
    host: str


@dataclass
class Maker:
    """Makes responses one after the other, and keeps account of what is in them."""

    random: Random
    checks: dict[str, int]
    order: tuple[str, ...]
    uid: int = 0
    moment: datetime = _EPOCH
    contacts: list[_Contact] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.contacts = [self._contact() for _ in range(_CONTACTS)]
        self.lines = [self._line() for _ in range(500)]

    def count(self, name: str, number: int = 1) -> None:
        self.checks[name] = self.checks.get(name, 0) + number

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def uids(self, count: int) -> Iterator[int]:
        """Ascending, with gaps where mail was removed."""
        uid = self.random.randint(1, 5000)
        for _ in range(count):
            yield uid
            uid += self.random.randint(2, 40) if self.chance(0.03) else 1

    # What the four sets are made of.

    def flags(self) -> bytes:
        values = {
            "UID": b"%d" % self.uid,
            "FLAGS": self._flag_list(),
            "INTERNALDATE": b'"%b"' % self._internal_date().encode(),
            "RFC822.SIZE": b"%d" % self._size(),
        }
        return b" ".join(b"%b %b" % (key.encode(), values[key]) for key in self.order)

    def envelope(self) -> bytes:
        flags = self._flag_list()
        return b"UID %d FLAGS %b ENVELOPE %b" % (self.uid, flags, self._envelope())

    def structure(self) -> bytes:
        return b"UID %d BODYSTRUCTURE %b" % (self.uid, self._message(3))

    def bodies(self) -> bytes:
        body = self._mail()
        self.count("octets", len(body))
        return b"UID %d BODY[] {%d}\r\n%b" % (self.uid, len(body), body)

    # Strings.

    def free(self, data: bytes | None) -> bytes:
        """What people wrote: a string like others, and now and then a literal."""
        if data is not None and self.chance(_LITERALS):
            return b"{%d}\r\n%b" % (len(data), data)
        return _string(data)

    def words(self, pool: list[str], low: int, high: int) -> str:
        return " ".join(self.random.choices(pool, k=self.random.randint(low, high)))

    def foreign(self, low: int, high: int) -> tuple[str, bytes]:
        """Return some words, and the encoded words (RFC 2047) that they are sent as."""
        weights = [charset[3] for charset in phrases.CHARSETS]
        name, codec, pools, _, in_base64 = self.random.choices(phrases.CHARSETS, weights)[0]
        text = self.words(self.random.choice(pools), low, high)
        return text, _encoded_words(text, name, codec, base64=self.chance(in_base64))

    # Messages.

    def _flag_list(self) -> bytes:
        flags = [
            flag
            for flag, probability in (
                (b"\\Seen", 0.78),
                (b"\\Answered", 0.14),
                (b"\\Flagged", 0.05),
                (b"\\Deleted", 0.02),
                (b"\\Draft", 0.01),
                (b"$Forwarded", 0.04),
                (b"NonJunk", 0.25),
                (b"$Junk", 0.03),
                (b"$MDNSent", 0.02),
                (b"$label%d" % self.random.randint(1, 5), 0.04),
            )
            if self.chance(probability)
        ]
        self.count("flags", len(flags))
        return b"(%b)" % b" ".join(flags)

    def _internal_date(self) -> str:
        moment = self._later()
        self.count("dates", int(moment.timestamp()))
        zone = timezone(timedelta(hours=2 if 4 <= moment.month <= 10 else 1))
        local = moment.astimezone(zone)
        return f"{local.day:02}-{_MONTHS[local.month - 1]}-{local:%Y %H:%M:%S %z}"

    def _later(self) -> datetime:
        self.moment += timedelta(seconds=int(self.random.expovariate(1 / 3000)))
        return self.moment

    def _size(self) -> int:
        size = int(self.random.lognormvariate(9.5, 1.4)) + 400
        self.count("size", size)
        return size

    def _contact(self) -> _Contact:
        given, family = self.random.choice(phrases.GIVEN), self.random.choice(phrases.FAMILY)
        separator = self.random.choice((".", "_", "", "-"))
        mailbox = f"{given}{separator}{family}{self.random.randint(1, 99)}".lower()
        kind = self.random.random()
        raw: bytes | None
        if kind < 0.12:
            name, raw = "", None
        elif kind < 0.35:
            name, raw = self.foreign(1, 3)
        else:
            name = f"{given} {family}"
            if kind < 0.40:
                name = f"{family}, {given} (via {self.words(phrases.ASCII, 1, 2)})"
            elif kind < 0.42:
                name = f'{given} "the \\ {self.words(phrases.ASCII, 1, 1)}" {family}'
            raw = name.encode()
        return _Contact(name, raw, mailbox, self.random.choice(phrases.DOMAINS))

    def _someone(self) -> _Contact:
        """Some people write more than others."""
        return self.contacts[int(len(self.contacts) * self.random.random() ** 3)]

    def _subject(self) -> tuple[str, bytes]:
        kind = self.random.random()
        before = self.random.choices(("", "Re: ", "Fwd: ", "[dev] "), (55, 30, 7, 8))[0]
        if kind < 0.005:
            text = self.words(phrases.LATIN_1, 2, 6)
            return text, text.encode()
        if kind < 0.35:
            text, raw = self.foreign(2, 9)
            after = " " + self.words(phrases.ASCII, 1, 3) if self.chance(0.1) else ""
            return before + text + after, before.encode() + raw + after.encode()
        text = before + self.words(phrases.ASCII, 2, 9)
        if self.chance(0.03):
            text += f' "{self.words(phrases.ASCII, 1, 2)}" C:\\{self.random.choice(phrases.ASCII)}'
        elif self.chance(0.3):
            text += f" #{self.random.randint(1, 99999)}"
        return text, text.encode()

    def _envelope(self, *, counted: bool = True) -> bytes:
        saved = dict(self.checks)
        subject, raw_subject = self._subject()
        self.count("subject", len(subject))
        sender = [self._someone()]
        parts = [
            self._header_date(),
            self.free(raw_subject) if self.chance(0.995) else self._no_subject(subject),
            self._addresses(sender),
            self._addresses(sender if self.chance(0.9) else [self._someone()]),
            self._addresses(sender if self.chance(0.8) else [self._someone()]),
            self._recipients(),
            self._recipients() if self.chance(0.25) else b"NIL",
            self._addresses([self._someone()]) if self.chance(0.01) else b"NIL",
            self._message_id() if self.chance(0.4) else b"NIL",
            self._message_id(),
        ]
        if not counted:
            self.checks = saved
        return b"(%b)" % b" ".join(parts)

    def _no_subject(self, subject: str) -> bytes:
        self.count("subject", -len(subject))
        return b"NIL"

    def _header_date(self) -> bytes:
        if self.chance(0.002):
            return b"NIL"
        moment = self._later()
        self.count("dates", int(moment.timestamp()))
        local = moment.astimezone(
            timezone(timedelta(hours=self.random.choice((-8, -5, 0, 1, 2, 9))))
        )
        day = f"{local.day:02}" if self.chance(0.5) else f"{local.day}"
        text = f"{day} {_MONTHS[local.month - 1]} {local:%Y %H:%M:%S %z}"
        if self.chance(0.95):
            text = f"{_DAYS[local.weekday()]}, {text}"
        if text.endswith("+0000") and self.chance(0.5):
            text = f"{text[:-5]}GMT" if self.chance(0.5) else f"{text} (UTC)"
        return _string(text.encode())

    def _message_id(self) -> bytes:
        number = self.random.getrandbits(96)
        host = self.random.choice(phrases.DOMAINS)
        text = self.random.choice(
            (
                f"<{number:x}@{host}>",
                f"<CA+{b64encode(number.to_bytes(12, 'big')).decode()}@mail.{host}>",
                f"<{self.moment:%Y%m%d%H%M%S}.{number % 10**6}-1-{self.moment.month}@{host}>",
            )
        )
        self.count("ids", len(text))
        return _string(text.encode())

    def _addresses(self, people: list[_Contact]) -> bytes:
        return b"(%b)" % b"".join(map(self._address, people))

    def _address(self, person: _Contact) -> bytes:
        self.count("addresses")
        self.count("names", len(person.name))
        self.count("emails", len(person.mailbox) + 1 + len(person.host))
        return b"(%b NIL %b %b)" % (
            self.free(person.raw_name),
            _string(person.mailbox.encode()),
            _string(person.host.encode()),
        )

    def _recipients(self) -> bytes:
        kind = self.random.random()
        if kind < 0.02:
            return b'((NIL NIL "undisclosed-recipients" NIL)(NIL NIL NIL NIL))'
        if kind < 0.03:
            group = self.free(self.words(phrases.ASCII, 1, 2).encode())
            members = [self._address(self._someone()) for _ in range(self.random.randint(1, 6))]
            others = [self._address(self._someone()) for _ in range(self.random.randint(0, 2))]
            return b"((NIL NIL %b NIL)%b(NIL NIL NIL NIL)%b)" % (
                group,
                b"".join(members),
                b"".join(others),
            )
        if kind < 0.04:
            return b"NIL"
        many = 1 if kind < 0.75 else self.random.randint(2, 5)
        if kind > 0.95:
            many = self.random.randint(6, 30)
        return self._addresses([self._someone() for _ in range(many)])

    # Structures.

    def _message(self, depth: int) -> bytes:
        """One of the shapes of mail, nested as deep as *depth* allows."""
        kind = self.random.random()
        if kind < 0.16 or depth <= 0:
            return self._text("plain")
        if kind < 0.22:
            return self._text("html")
        if kind < 0.55:
            return self._alternative()
        if kind < 0.72:
            return self._multi("mixed", [self._alternative(), *self._attachments()])
        if kind < 0.80:
            return self._multi("mixed", [self._text("plain"), *self._attachments()])
        if kind < 0.88:
            related = self._related()
            return self._multi("mixed", [related, *self._attachments()])
        if kind < 0.92:
            forwarded = [self._forwarded(depth - 1) for _ in range(self.random.randint(1, 2))]
            return self._multi("mixed", [self._text("plain"), *forwarded])
        if kind < 0.95:
            signature = self._leaf("application", "pgp-signature", "signature.asc")
            parameters = [("micalg", "pgp-sha512"), ("protocol", "application/pgp-signature")]
            return self._multi("signed", [self._message(depth - 1), signature], parameters)
        if kind < 0.98:
            status = self._leaf("message", "delivery-status", None)
            parts = [self._text("plain"), status, self._forwarded(0)]
            return self._multi("report", parts, [("report-type", "delivery-status")])
        digest = [self._forwarded(depth - 1) for _ in range(self.random.randint(2, 6))]
        return self._multi("digest", digest)

    def _alternative(self) -> bytes:
        parts = [self._text("plain"), self._text("html")]
        if self.chance(0.05):
            parts.append(self._leaf("text", "calendar", "invite.ics"))
        return self._multi("alternative", parts)

    def _related(self) -> bytes:
        images = [self._image() for _ in range(self.random.randint(1, 6))]
        related = self._multi("related", [self._text("html"), *images], [("type", "text/html")])
        return self._multi("alternative", [self._text("plain"), related])

    def _attachments(self) -> list[bytes]:
        kinds = (
            ("application", "pdf", "pdf"),
            ("application", "vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
            ("application", "octet-stream", "bin"),
            ("application", "zip", "zip"),
            ("image", "jpeg", "jpg"),
            ("image", "png", "png"),
            ("text", "csv", "csv"),
        )
        found: list[bytes] = []
        for _ in range(self.random.choices((1, 2, 3, 5), (70, 17, 8, 5))[0]):
            maintype, subtype, ending = self.random.choice(kinds)
            name = f"{self.words(phrases.ASCII, 1, 3)}.{ending}"
            found.append(self._leaf(maintype, subtype, name))
        return found

    def _multi(
        self, subtype: str, parts: list[bytes], parameters: list[tuple[str, str]] | None = None
    ) -> bytes:
        boundary = (
            f"{self.random.choice(('=_', '----=_Part_', '0000'))}{self.random.getrandbits(80):x}"
        )
        pairs = [*(parameters or []), ("boundary", boundary)]
        return b"(%b %b %b NIL %b NIL)" % (
            b"".join(parts),
            _string(subtype.encode()),
            self._pairs([(name.encode(), value.encode()) for name, value in pairs]),
            self._language(),
        )

    def _text(self, subtype: str) -> bytes:
        charset = self.random.choices(
            ("utf-8", "UTF-8", "us-ascii", "iso-8859-1", "windows-1252"), (50, 20, 15, 10, 5)
        )[0]
        self.count("charsets", len(charset))
        parameters = [(b"charset", charset.encode())]
        if self.chance(0.1):
            parameters.append((b"format", b"flowed"))
        encoding = self.random.choice(("7bit", "quoted-printable", "base64", "8bit"))
        lines = self.random.randint(1, 900)
        return self._part("text", subtype, parameters, None, encoding, b"NIL", lines=lines)

    def _image(self) -> bytes:
        name = f"image{self.random.randint(1, 999):03}.png"
        self.count("filenames", len(name))
        disposition = b"(%b %b)" % (
            _string(b"inline"),
            self._pairs([(b"filename", name.encode())]),
        )
        identifier = f"<{name}@{self.random.getrandbits(64):X}>".encode()
        parameters = [(b"name", name.encode())]
        return self._part("image", "png", parameters, identifier, "base64", disposition)

    def _leaf(self, maintype: str, subtype: str, name: str | None) -> bytes:
        disposition, parameters = b"NIL", [(b"x-unix-mode", b"0644")] if self.chance(0.05) else []
        if name is not None:
            text, pairs = self._filename(name)
            self.count("filenames", len(text))
            if self.chance(0.4):
                size = str(self.random.randint(100, 10**7)).encode()
                pairs.append((b"size", size))
            if text == name:
                parameters.append((b"name", name.encode()))
            kind = self.random.choice((b"attachment", b"attachment", b"ATTACHMENT", b"inline"))
            disposition = b"(%b %b)" % (_string(kind), self._pairs(pairs))
        lines = self.random.randint(1, 900) if maintype == "text" else None
        encoding = "base64" if name is not None else "7bit"
        return self._part(maintype, subtype, parameters, None, encoding, disposition, lines=lines)

    def _filename(self, name: str) -> tuple[str, list[tuple[bytes, bytes]]]:
        """In ASCII, by RFC 2231 whole or continued, or by RFC 2047 where that is forbidden."""
        kind = self.random.random()
        stem, _, ending = name.rpartition(".")
        if kind < 0.68:
            return name, [(b"filename", name.encode())]
        if kind < 0.70:
            name = f'{stem} "final".{ending}'
            return name, [(b"filename", name.encode())]
        if kind < 0.74:
            name = f"{stem} {self.words(phrases.ASCII, 9, 12)}.{ending}"
            pieces = [name[at : at + 50] for at in range(0, len(name), 50)]
            return name, [(b"filename*%d" % at, each.encode()) for at, each in enumerate(pieces)]
        if kind < 0.92:
            latin = self.chance(0.3)
            pool = phrases.LATIN_1 if latin else self.random.choice(phrases.UNIVERSAL)
            name = f"{stem} {self.words(pool, 1, 5)}.{ending}"
            charset = "iso-8859-1" if latin else "utf-8"
            coded = f"{charset}''{quote(name, encoding=charset)}".encode()
            if len(coded) < 75:
                return name, [(b"filename*", coded)]
            parts = _ESCAPES.findall(coded)
            return name, [(b"filename*%d*" % at, each) for at, each in enumerate(parts)]
        text, raw = self.foreign(1, 4)
        return text, [(b"filename", raw)]

    def _part(
        self,
        maintype: str,
        subtype: str,
        parameters: list[tuple[bytes, bytes]],
        identifier: bytes | None,
        encoding: str,
        disposition: bytes,
        *,
        lines: int | None = None,
    ) -> bytes:
        self.count("leaves")
        size = int(self.random.lognormvariate(9, 1.5)) + 10
        self.count("octets", size)
        upper = self.chance(0.1)
        fields = [
            _string((maintype.upper() if upper else maintype).encode()),
            _string((subtype.upper() if upper else subtype).encode()),
            self._pairs(parameters),
            _string(identifier),
            self.free(self.words(phrases.ASCII, 1, 4).encode() if self.chance(0.03) else None),
            _string(encoding.encode()),
            b"%d" % size,
        ]
        if lines is not None:
            fields.append(b"%d" % lines)
        md5 = b64encode(self.random.randbytes(16)) if self.chance(0.01) else None
        fields += (_string(md5), disposition, self._language(), b"NIL")
        return b"(%b)" % b" ".join(fields)

    def _forwarded(self, depth: int) -> bytes:
        inner = self._message(depth)
        disposition = b"NIL"
        if self.chance(0.6):
            name = f"{self.words(phrases.ASCII, 1, 3)}.eml".encode()
            pairs = self._pairs([(b"filename", name)])
            disposition = b"(%b %b)" % (_string(b"attachment"), pairs)
        return b'("message" "rfc822" NIL NIL NIL "7bit" %d %b %b %d NIL %b NIL NIL)' % (
            self.random.randint(500, 10**6),
            self._envelope(counted=False),
            inner,
            self.random.randint(10, 20000),
            disposition,
        )

    def _pairs(self, pairs: list[tuple[bytes, bytes]]) -> bytes:
        if not pairs:
            return b"NIL"
        return b"(%b)" % b" ".join(
            b"%b %b" % (_string(name), self.free(value)) for name, value in pairs
        )

    def _language(self) -> bytes:
        kind = self.random.random()
        return b"NIL" if kind < 0.96 else b'"en"' if kind < 0.98 else b'("de" "en-GB")'

    # Whole messages.

    def _line(self) -> bytes:
        text = self.words(phrases.ASCII, 14, 14)[: self.random.randint(30, 76)]
        return text.encode() + b"\r\n"

    def _mail(self) -> bytes:
        """About 50 kB: a header, text, and an attachment."""
        someone, boundary = self._someone(), f"=_{self.random.getrandbits(96):x}".encode()
        _, subject = self._subject()
        text = b"".join(self.random.choices(self.lines, k=self.random.randint(20, 500)))
        attachment = encodebytes(self.random.randbytes(self.random.randint(2_000, 50_000)))
        header = b"From: %b <%b@%b>\r\nSubject: %b\r\nMessage-ID: <%x@example.org>\r\n" % (
            someone.raw_name or b"",
            someone.mailbox.encode(),
            someone.host.encode(),
            subject,
            self.random.getrandbits(80),
        )
        return b"\r\n".join(
            (
                header + b'Content-Type: multipart/mixed; boundary="%b"\r\n' % boundary,
                b"--%b\r\nContent-Type: text/plain\r\n\r\n%b" % (boundary, text),
                b"--%b\r\nContent-Transfer-Encoding: base64\r\n" % boundary,
                b"%b--%b--\r\n" % (attachment.replace(b"\n", b"\r\n"), boundary),
            )
        )


def _string(data: bytes | None) -> bytes:
    """Quoted, or a literal where it must be one."""
    if data is None:
        return b"NIL"
    if not data.isascii():
        return b"{%d}\r\n%b" % (len(data), data)
    return b'"%b"' % data.replace(b"\\", b"\\\\").replace(b'"', b'\\"')


def _encoded_words(text: str, charset: str, codec: str, *, base64: bool) -> bytes:
    """Words of 75 octets at most, none of which splits a character."""
    found: list[bytes] = []
    while text:
        length = len(text)
        while len(word := _encoded_word(text[:length], charset, codec, base64=base64)) > 75:
            length -= max(1, length // 8)
        found.append(word)
        text = text[length:]
    return b" ".join(found)


def _encoded_word(text: str, charset: str, codec: str, *, base64: bool) -> bytes:
    octets = text.encode(codec)
    if base64:
        return b"=?%b?B?%b?=" % (charset.encode(), b64encode(octets))
    coded = "".join(
        chr(octet)
        if chr(octet).isascii() and chr(octet).isalnum()
        else "_"
        if octet == 0x20
        else f"={octet:02X}"
        for octet in octets
    )
    return b"=?%b?Q?%b?=" % (charset.encode(), coded.encode())
