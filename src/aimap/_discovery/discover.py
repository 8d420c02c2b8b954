"""Where to look for a server's settings, in which order, and whom to believe.

1. The built-in table: nothing is asked.
2. The domain itself: its autoconfig documents, which TLS says are its own, and its SRV
   records. All at once.
3. Only where that gave nothing to rely on: Thunderbird's database of providers, and the
   host that takes the domain's mail, by the table, by its autoconfig document and by that
   database. An MX record says nothing that could not be forged.
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Sequence
from importlib.util import find_spec
from typing import TypeAlias, final
from urllib.parse import quote

import attrs
import trio

from aimap._discovery.autoconfig import parse_autoconfig
from aimap._discovery.dns import Dns
from aimap._discovery.providers import by_domain, by_exchanger
from aimap._discovery.settings import (
    Address,
    DiscoveryError,
    LookupFailed,
    ServerSettings,
    Source,
    parse_address,
)
from aimap._discovery.web import Web
from aimap._errors import InvalidArgumentError

ISPDB = "https://autoconfig.thunderbird.net/v1.1/"
"""Thunderbird's database of providers, which anybody may ask."""

_PATIENCE = 10.0
_LIBRARIES = ("dns", "h11", "idna", "publicsuffixlist")

_Lookup: TypeAlias = Callable[[], Awaitable[list[ServerSettings]]]


async def discover(
    address: str,
    *,
    ispdb: str | None = ISPDB,
    nameservers: Sequence[str] = (),
    ssl_context: ssl.SSLContext | None = None,
    proxy: str | None = None,
) -> tuple[ServerSettings, ...]:
    """Find the IMAP servers for an address: its provider, autoconfig, SRV and MX records.

    ::

        found = (await aimap.discover("joe@example.org"))[0]

    Big providers are known, and nothing is asked. Else the domain's autoconfig documents
    (``https://autoconfig.DOMAIN/mail/config-v1.1.xml`` and the well-known one) and its SRV
    records (:rfc:`6186`) are looked up at once; and only if these give nothing to rely on,
    a database of providers and the domain's MX record.

    All that comes is untrusted: settings without TLS are never among it, nor is a host
    that has no name. Nothing is sent but the questions; the address goes to the domain's
    own autoconfig server and to nobody else, the domain to *ispdb*.

    Look once and keep what was found to work: asking anew for every connection would let
    whoever forges DNS lead it elsewhere (:rfc:`8314#section-5.1`).

    Args:
        address: such as ``"joe@example.org"``.
        ispdb: the database of providers, a URL to put the domain behind; ``None`` asks none.
        nameservers: addresses of DNS servers; those of the system if empty.
        ssl_context: whom to trust for HTTPS; the system's certificate authorities if not given.
        proxy: a proxy for HTTPS, as for :func:`aimap.connect`. DNS is not asked then, as
            that would go round the proxy.

    Returns:
        One or more settings. First come those that can be relied on, then all in the order
        above, and from each source TLS from the first octet before STARTTLS.

    Raises:
        DiscoveryError: if nothing was found; it says where was looked.
        InvalidArgumentError: if *address* is not one, or the extra is not installed.

    Each place is given ten seconds. Cancelling leaves nothing behind.
    """
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    if missing:
        raise InvalidArgumentError(
            f"discovery needs the library {missing[0]}: install 'trio-aimap[discovery]'"
        )
    web = Web(ssl_context=ssl_context, proxy=proxy)
    names = Dns(nameservers) if proxy is None else None
    return await discover_by(parse_address(address), web=web, dns=names, ispdb=ispdb)


async def discover_by(
    address: Address, *, web: Web, dns: Dns | None, ispdb: str | None
) -> tuple[ServerSettings, ...]:
    """Find settings by those services; otherwise as :func:`discover`."""
    known = by_domain(address)
    if known:
        await trio.lowlevel.checkpoint()
        return tuple(known)
    search = _Search(address, web, dns, ispdb)
    await search.all_of(search.of_the_domain())
    if not any(settings.is_trusted for settings in search.found):
        await search.all_of(search.of_others())
    if not search.found:
        raise DiscoveryError(address.whole, tuple(search.attempts))
    unique: dict[tuple[str, int], ServerSettings] = {}
    for settings in sorted(search.found, key=lambda settings: not settings.is_trusted):
        unique.setdefault((settings.host, settings.port), settings)
    return tuple(unique.values())


@final
@attrs.define
class _Search:
    address: Address
    web: Web
    dns: Dns | None
    ispdb: str | None
    found: list[ServerSettings] = attrs.field(factory=list[ServerSettings])
    attempts: list[str] = attrs.field(factory=list[str])

    async def all_of(self, lookups: dict[str, _Lookup]) -> None:
        """Look in several places at once; note what they give, in the order of the places."""
        outcomes: dict[str, list[ServerSettings] | str] = dict.fromkeys(lookups, "")

        async def look(place: str, lookup: _Lookup) -> None:
            outcomes[place] = f"no answer within {_PATIENCE:g} seconds"
            with trio.move_on_after(_PATIENCE):
                try:
                    outcomes[place] = await lookup()
                except LookupFailed as error:
                    outcomes[place] = str(error)

        async with trio.open_nursery() as nursery:
            for place, lookup in lookups.items():
                nursery.start_soon(look, place, lookup)
        for place, outcome in outcomes.items():
            if isinstance(outcome, str):
                self.attempts.append(f"{place}: {outcome}")
            else:
                self.found += outcome

    def of_the_domain(self) -> dict[str, _Lookup]:
        """Return the lookups that ask the domain itself."""
        domain = self.address.domain
        query = f"?emailaddress={quote(self.address.whole, safe='@')}"
        lookups: dict[str, _Lookup] = {}
        for url, with_query in (
            (f"https://autoconfig.{domain}/mail/config-v1.1.xml", query),
            (f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml", ""),
        ):
            lookups[url] = self._document(url + with_query, "autoconfig", is_trusted=True)
        if self.dns is not None:
            dns = self.dns
            lookups[f"SRV records of {domain}"] = lambda: dns.services(self.address)
        return lookups

    def of_others(self) -> dict[str, _Lookup]:
        """Return the lookups that ask others about the domain."""
        lookups: dict[str, _Lookup] = {}
        if self.ispdb is not None:
            url = self.ispdb + self.address.domain
            lookups[url] = self._document(url, "ispdb", is_trusted=True)
        if self.dns is not None:
            lookups[f"MX record of {self.address.domain}"] = self._by_exchanger
        return lookups

    def _document(self, url: str, source: Source, *, is_trusted: bool) -> _Lookup:
        async def lookup() -> list[ServerSettings]:
            document = await self.web.get(url)
            return parse_autoconfig(document, self.address, source=source, is_trusted=is_trusted)

        return lookup

    async def _by_exchanger(self) -> list[ServerSettings]:
        assert self.dns is not None
        exchanger = await self.dns.exchanger(self.address)
        known = by_exchanger(self.address, exchanger)
        if known:
            return known
        domains = [name for name in hosting_domains(exchanger) if name != self.address.domain]
        urls = [f"https://autoconfig.{domain}/mail/config-v1.1.xml" for domain in domains]
        if self.ispdb is not None:
            urls += [self.ispdb + domain for domain in domains]
        for url in urls:
            with trio.move_on_after(_PATIENCE / max(len(urls), 1)):
                try:
                    return await self._document(url, "mx", is_trusted=False)()
                except LookupFailed:
                    continue
        raise LookupFailed(f"nothing is known of {exchanger}")


def hosting_domains(exchanger: str) -> list[str]:
    """Return the domains that the host of an MX record may belong to, the closest first.

    A public suffix such as ``co.uk`` belongs to nobody, and is not among them.
    """
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 (an extra)

    base = PublicSuffixList().privatesuffix(exchanger)
    if base is None:
        return []
    closest = exchanger.partition(".")[2]
    return [closest, base] if closest.endswith(f".{base}") else [base]
