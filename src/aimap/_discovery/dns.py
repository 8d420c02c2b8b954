"""What DNS says of a domain: its IMAP services (:rfc:`6186`), and who takes its mail."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, Protocol, final

import attrs

from aimap._discovery.settings import Address, LookupFailed, ServerSettings, is_host_name

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver
    from dns.rdata import Rdata

_SERVICES = (("_imaps._tcp", "implicit"), ("_imap._tcp", "starttls"))


class _Chooser(Protocol):
    def randint(self, a: int, b: int, /) -> int: ...


@final
@attrs.frozen
class Service:
    """An SRV record (:rfc:`2782`)."""

    priority: int
    weight: int
    port: int
    target: str


def in_order(services: Iterable[Service], chooser: _Chooser) -> list[Service]:
    """Order records by priority, and at random by weight among equals, as :rfc:`2782` has it."""
    ordered: list[Service] = []
    by_priority = sorted(services, key=lambda service: (service.priority, service.weight))
    for _, group in groupby(by_priority, key=lambda service: service.priority):
        # Those of weight 0 stand first, and so have a small chance of being selected.
        left = list(group)
        while left:
            point = chooser.randint(0, sum(service.weight for service in left))
            sums = accumulate(service.weight for service in left)
            ordered.append(left.pop(next(at for at, total in enumerate(sums) if total >= point)))
    return ordered


@final
class Dns:
    """DNS, as the system knows it or by the servers given.

    Args:
        nameservers: their addresses; those of the system if empty.
        port: where they listen.
    """

    def __init__(self, nameservers: Sequence[str] = (), port: int = 53) -> None:
        self._nameservers = nameservers
        self._port = port
        self._resolver: Resolver | None = None

    async def services(self, address: Address) -> list[ServerSettings]:
        """Return the IMAP servers that a domain's SRV records name, the best first.

        A target outside of the domain may be a forgery, unlike one within it, whose
        certificate then is the domain's (:rfc:`6186#section-6`).

        Raises:
            LookupFailed: if there are none.
        """
        found: list[ServerSettings] = []
        refused = 0
        for label, tls in _SERVICES:
            records = await self._services(f"{label}.{address.domain}")
            if [record.target for record in records] == [""]:
                refused += 1
                continue
            for record in in_order(records, random):
                if not is_host_name(record.target) or not record.port:
                    continue
                within = f".{record.target}".endswith(f".{address.domain}")
                found.append(
                    ServerSettings(
                        host=record.target,
                        port=record.port,
                        tls="implicit" if tls == "implicit" else "starttls",
                        usernames=(address.whole, address.local),
                        source="srv",
                        is_trusted=within,
                    )
                )
        if found:
            return found
        raise LookupFailed(
            "the domain says that it has no IMAP" if refused else "no record names an IMAP server"
        )

    async def _services(self, name: str) -> list[Service]:
        from dns.rdtypes.IN.SRV import SRV  # noqa: PLC0415 (an extra)

        return [
            Service(
                record.priority,
                record.weight,
                record.port,
                record.target.to_text(omit_final_dot=True).lower().removesuffix("."),
            )
            for record in await self._resolve(name, "SRV")
            if isinstance(record, SRV)
        ]

    async def exchanger(self, address: Address) -> str:
        """Return the host that takes the domain's mail: the preferred one only.

        Raises:
            LookupFailed: if there is none.
        """
        from dns.rdtypes.ANY.MX import MX  # noqa: PLC0415 (an extra)

        records = [
            record for record in await self._resolve(address.domain, "MX") if isinstance(record, MX)
        ]
        if records:
            best = min(records, key=lambda record: record.preference)
            name = best.exchange.to_text(omit_final_dot=True).lower().removesuffix(".")
            if is_host_name(name):
                return name
        raise LookupFailed("no record says who takes the domain's mail")

    async def _resolve(self, name: str, kind: str) -> list[Rdata]:
        from dns.asyncresolver import Resolver  # noqa: PLC0415 (an extra)
        from dns.exception import DNSException  # noqa: PLC0415
        from dns.resolver import NXDOMAIN, NoAnswer  # noqa: PLC0415

        try:
            if self._resolver is None:
                self._resolver = Resolver(configure=not self._nameservers)
                if self._nameservers:
                    self._resolver.nameservers = list(self._nameservers)
                    self._resolver.port = self._port
            answer = await self._resolver.resolve(f"{name}.", kind, search=False)
        except (NXDOMAIN, NoAnswer):
            return []
        except (DNSException, OSError) as error:
            raise LookupFailed(f"DNS gave no answer: {error}") from error
        return list(answer)
