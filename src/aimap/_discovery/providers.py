"""Big providers, so that nothing need be asked for their users.

The facts are those that the providers publish and that Thunderbird's database has
(2026-11). A domain of a provider's own is in ``domains``; ``exchangers`` are the ends of
the names that the MX records of its customers' domains have.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import final

import attrs

from aimap._discovery.settings import Address, AuthKind, ServerSettings, Source

_PASSWORD: tuple[AuthKind, ...] = ("password",)
_OAUTH: tuple[AuthKind, ...] = ("oauth",)
_EITHER: tuple[AuthKind, ...] = ("oauth", "password")


@final
@attrs.frozen
class _Provider:
    host: str
    auth: tuple[AuthKind, ...]
    domains: str
    exchangers: str = ""
    local_part_first: bool = False


_PROVIDERS = (
    _Provider(
        "imap.gmail.com",
        _EITHER,
        "gmail.com googlemail.com google.com",
        "google.com googlemail.com",
    ),
    _Provider(
        "outlook.office365.com",
        _OAUTH,
        "outlook.com hotmail.com live.com msn.com windowslive.com office365.com outlook.at "
        "outlook.be outlook.cl outlook.cz outlook.de outlook.dk outlook.es outlook.fr outlook.hu "
        "outlook.ie outlook.in outlook.it outlook.jp outlook.kr outlook.lv outlook.my outlook.ph "
        "outlook.pt outlook.sa outlook.sg outlook.sk outlook.co.id outlook.co.il outlook.co.th "
        "outlook.com.ar outlook.com.au outlook.com.br outlook.com.gr outlook.com.tr "
        "outlook.com.vn hotmail.be hotmail.ca hotmail.cl hotmail.cz hotmail.de hotmail.dk "
        "hotmail.es hotmail.fi hotmail.fr hotmail.gr hotmail.hu hotmail.it hotmail.lt hotmail.lv "
        "hotmail.my hotmail.nl hotmail.no hotmail.ph hotmail.rs hotmail.se hotmail.sg hotmail.sk "
        "hotmail.co.id hotmail.co.il hotmail.co.in",
        "mail.protection.outlook.com",
    ),
    _Provider(
        "imap.mail.yahoo.com",
        _EITHER,
        "yahoo.com yahoo.ca yahoo.de yahoo.it yahoo.fr yahoo.es yahoo.se yahoo.co.in yahoo.co.uk "
        "yahoo.co.nz yahoo.com.au yahoo.com.ar yahoo.com.br yahoo.com.mx ymail.com myyahoo.com "
        "rocketmail.com",
    ),
    _Provider(
        "imap.aol.com",
        _EITHER,
        "aol.com aim.com netscape.net aol.de aol.it aol.fr aol.es aol.se aol.co.uk aol.com.au",
    ),
    _Provider(
        "imap.mail.me.com",
        _PASSWORD,
        "icloud.com me.com mac.com",
        "mail.icloud.com",
        local_part_first=True,
    ),
    _Provider("imap.fastmail.com", _EITHER, "fastmail.com fastmail.fm", "messagingengine.com"),
    _Provider(
        "imap.gmx.net",
        _PASSWORD,
        "gmx.net gmx.de gmx.at gmx.ch gmx.eu gmx.biz gmx.org gmx.info mein.gmx mail.gmx email.gmx",
    ),
    _Provider(
        "imap.gmx.com",
        _PASSWORD,
        "gmx.com gmx.tm gmx.us gmx.co.uk gmx.es gmx.fr gmx.ca gmx.cn gmx.co.in gmx.com.br "
        "gmx.com.my gmx.hk gmx.ie gmx.ph gmx.pt gmx.ru gmx.se gmx.sg gmx.tw gmx.com.tr gmx.it "
        "gmx.li",
    ),
    _Provider("imap.web.de", _PASSWORD, "web.de", local_part_first=True),
    _Provider("secureimap.t-online.de", _PASSWORD, "t-online.de magenta.de"),
    _Provider("posteo.de", _PASSWORD, "posteo.de posteo.net posteo.eu posteo.org posteo.at"),
    _Provider("imap.mail.com", _PASSWORD, "mail.com email.com usa.com"),
    _Provider("imap.zoho.com", _PASSWORD, "zoho.com zohomail.com"),
    _Provider("imap.zoho.eu", _PASSWORD, "zoho.eu zohomail.eu"),
    _Provider(
        "imap.yandex.com",
        _PASSWORD,
        "yandex.ru yandex.com yandex.net yandex.by yandex.kz yandex.ua ya.ru narod.ru",
        "mx.yandex.net",
    ),
    _Provider("imap.mail.ru", _EITHER, "mail.ru inbox.ru list.ru bk.ru"),
    _Provider("imap.orange.fr", _PASSWORD, "orange.fr wanadoo.fr"),
    _Provider("imap.free.fr", _PASSWORD, "free.fr", local_part_first=True),
    _Provider("imap.comcast.net", _EITHER, "comcast.net"),
)

_BY_DOMAIN = {domain: found for found in _PROVIDERS for domain in found.domains.split()}
_BY_EXCHANGER = {end: found for found in _PROVIDERS for end in found.exchangers.split()}


def by_domain(address: Address) -> list[ServerSettings]:
    """Return the settings for a provider's own domain; nothing if it is not one."""
    found = _BY_DOMAIN.get(address.domain)
    return [] if found is None else [_settings(found, address, "table", is_trusted=True)]


def by_exchanger(address: Address, exchanger: str) -> list[ServerSettings]:
    """Return the settings of the provider that the host of an MX record belongs to."""
    found = next((_BY_EXCHANGER[end] for end in endings(exchanger) if end in _BY_EXCHANGER), None)
    return [] if found is None else [_settings(found, address, "mx", is_trusted=False)]


def endings(name: str) -> Iterable[str]:
    """Yield *name* and what remains of it without its first labels."""
    while name:
        yield name
        name = name.partition(".")[2]


def _settings(
    found: _Provider, address: Address, source: Source, *, is_trusted: bool
) -> ServerSettings:
    names = [address.whole]
    if found.local_part_first:
        # At a domain of the customer's own the name before the @ says less.
        names.insert(0 if source == "table" else 1, address.local)
    return ServerSettings(
        host=found.host,
        port=993,
        tls="implicit",
        usernames=tuple(names),
        auth=found.auth,
        source=source,
        is_trusted=is_trusted,
    )
