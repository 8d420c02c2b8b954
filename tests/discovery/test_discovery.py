"""Settings from an address, against DNS and web servers on loopback."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from unittest.mock import patch

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

import aimap
from aimap import DiscoveryError, InvalidArgumentError, Password
from aimap._discovery.autoconfig import parse_autoconfig
from aimap._discovery.discover import hosting_domains
from aimap._discovery.dns import Service, in_order
from aimap._discovery.settings import LookupFailed, is_host_name, parse_address
from aimap.testing import serve

from .world import ISPDB, document, server, world

AUTOCONFIG = "https://autoconfig.example.org/mail/config-v1.1.xml"
WELL_KNOWN = "https://example.org/.well-known/autoconfig/mail/config-v1.1.xml"
IMAPS = ("_imaps._tcp.example.org", "SRV")
IMAP = ("_imap._tcp.example.org", "SRV")
MX = ("example.org", "MX")


async def test_big_providers_are_known_and_nothing_is_asked() -> None:
    async with world() as here:
        (gmail,) = await here.discover("joe@gmail.com")
        assert (gmail.host, gmail.port, gmail.tls) == ("imap.gmail.com", 993, "implicit")
        assert (gmail.username, gmail.auth) == ("joe@gmail.com", ("oauth", "password"))
        (icloud,) = await here.discover("Joe@iCloud.com")
        assert icloud.usernames == ("Joe", "Joe@iCloud.com")
        assert here.asked == []
    (outlook,) = await aimap.discover("joe@outlook.com")
    assert outlook.auth == ("oauth",)
    assert outlook.is_trusted
    assert str(outlook) == "outlook.office365.com:993 (TLS, from the built-in table)"


async def test_autoconfig_of_the_domain() -> None:
    pages = {
        AUTOCONFIG: document(
            server(kind="pop3", host="pop.example.org", port="995"),
            server(tls="STARTTLS", port="143"),
            server(
                auth="<authentication>OAuth2</authentication>"
                "<authentication>NTLM</authentication>"
                "<authentication system='sasl'>SCRAM-SHA-256</authentication>"
            ),
        )
    }
    async with world(pages=pages) as here:
        tls, starttls = await here.discover("joe@example.org")
        assert (tls.host, tls.port, tls.tls) == ("imap.example.org", 993, "implicit")
        assert tls.auth == ("oauth", "encrypted-password")
        assert (starttls.port, starttls.tls, starttls.auth) == (143, "starttls", ("password",))
        assert all(one.is_trusted and one.source == "autoconfig" for one in (tls, starttls))
        assert f"{AUTOCONFIG}?emailaddress=joe@example.org" in here.asked
        # Others learn nothing where the domain itself has said what it is.
        assert not any("ispdb" in asked or asked.startswith("MX") for asked in here.asked)


async def test_the_well_known_document_and_a_page_that_is_none() -> None:
    pages = {
        AUTOCONFIG: b"<!-- all is well --><html><body><p>Welcome!<br/></p></body></html>",
        WELL_KNOWN: document(server(username="%EMAILLOCALPART%")),
    }
    async with world(pages=pages) as here:
        (found,) = await here.discover("joe@example.org")
        assert found.usernames == ("joe",)


async def test_srv_records() -> None:
    records = {
        IMAPS: ["20 0 993 second.example.org.", "10 0 994 first.example.org."],
        IMAP: ["0 0 143 first.example.org."],
    }
    async with world(records) as here:
        found = await here.discover("joe@example.org")
    assert [(one.host, one.port, one.tls) for one in found] == [
        ("first.example.org", 994, "implicit"),
        ("second.example.org", 993, "implicit"),
        ("first.example.org", 143, "starttls"),
    ]
    assert all(one.is_trusted for one in found)
    # RFC 6186 section 4: the whole address first, then what is before the "@".
    assert found[0].usernames == ("joe@example.org", "joe")


async def test_a_target_elsewhere_is_found_and_not_trusted() -> None:
    async with world({IMAPS: ["0 1 993 imap.hoster.test.", "0 1 993 notexample.org."]}) as here:
        found = await here.discover("joe@example.org", ispdb=None)
    assert {(one.host, one.is_trusted) for one in found} == {
        ("imap.hoster.test", False),
        ("notexample.org", False),
    }


async def test_what_can_be_relied_on_comes_first() -> None:
    records = {IMAPS: ["0 1 993 imap.hoster.test."]}
    pages = {f"{ISPDB}example.org": document(server(host="imap.provider.test"))}
    async with world(records, pages) as here:
        found = await here.discover("joe@example.org")
    assert [(one.host, one.source, one.is_trusted) for one in found] == [
        ("imap.provider.test", "ispdb", True),
        ("imap.hoster.test", "srv", False),
    ]


async def test_one_server_that_two_sources_name_is_told_once_and_trusted() -> None:
    records = {IMAPS: ["0 1 993 imap.hoster.test."]}
    async with world(records, {AUTOCONFIG: document(server(host="imap.hoster.test"))}) as here:
        (found,) = await here.discover("joe@example.org")
    assert (found.source, found.is_trusted) == ("autoconfig", True)


async def test_a_service_that_is_not_offered() -> None:
    async with world({IMAPS: ["0 0 0 ."], IMAP: ["0 1 143 imap.example.org."]}) as here:
        (found,) = await here.discover("joe@example.org")
        assert (found.tls, found.port) == ("starttls", 143)
    async with world({IMAPS: ["0 0 0 ."], IMAP: ["0 0 0 ."]}) as here:
        with pytest.raises(DiscoveryError, match="says that it has no IMAP"):
            await here.discover("joe@example.org")


async def test_the_database_is_asked_by_domain_alone() -> None:
    pages = {f"{ISPDB}example.org": document(server())}
    async with world(pages=pages) as here:
        (found,) = await here.discover("joe@example.org")
        assert (found.source, found.is_trusted) == ("ispdb", True)
        assert f"{ISPDB}example.org" in here.asked
        with pytest.raises(DiscoveryError):
            await here.discover("joe@example.org", ispdb=None)


async def test_the_host_that_takes_the_mail() -> None:
    gmail = ["1 aspmx.l.google.com.", "5 alt1.aspmx.l.google.com."]
    async with world({MX: gmail}) as here:
        (found,) = await here.discover("joe@example.org")
    assert (found.host, found.username) == ("imap.gmail.com", "joe@example.org")
    assert (found.source, found.is_trusted) == ("mx", False)

    pages = {"https://autoconfig.hoster.co.uk/mail/config-v1.1.xml": document(server())}
    async with world({MX: ["9 mx.no.test.", "5 mx.eu.hoster.co.uk."]}, pages) as here:
        (found,) = await here.discover("joe@example.org")
        assert (found.source, found.is_trusted) == ("mx", False)
        # The address goes to nobody but the domain itself.
        assert not any("hoster" in asked and "joe" in asked for asked in here.asked)

    pages = {f"{ISPDB}hoster.test": document(server())}
    async with world({MX: ["5 mx.hoster.test."]}, pages) as here:
        (found,) = await here.discover("joe@example.org")
        assert (found.source, found.is_trusted) == ("mx", False)


def test_a_public_suffix_hosts_nobody() -> None:
    assert hosting_domains("mx.example.co.uk") == ["example.co.uk"]
    assert hosting_domains("mx.a.b.example.co.uk") == ["a.b.example.co.uk", "example.co.uk"]
    assert hosting_domains("example.co.uk") == ["example.co.uk"]
    assert hosting_domains("co.uk") == []


async def test_nothing_found_says_where_was_looked() -> None:
    async with world(pages={WELL_KNOWN: (403, "")}) as here:
        with pytest.raises(DiscoveryError) as caught:
            await here.discover("joe@example.org")
    assert caught.value.address == "joe@example.org"
    assert caught.value.attempts == (
        f"{AUTOCONFIG}: there is no such host",
        f"{WELL_KNOWN}: there is no such document (status 403)",
        "SRV records of example.org: no record names an IMAP server",
        f"{ISPDB}example.org: there is no such host",
        "MX record of example.org: no record says who takes the domain's mail",
    )


async def test_dns_that_fails() -> None:
    records = {IMAPS: ["SERVFAIL"], MX: ["SERVFAIL"]}
    async with world(records) as here:
        with pytest.raises(DiscoveryError, match=r"SRV records of example\.org: DNS gave no"):
            await here.discover("joe@example.org")


async def test_a_slow_place_is_given_up_and_the_others_count(
    autojump_clock: trio.testing.MockClock,
) -> None:
    from aimap._discovery.discover import discover_by
    from aimap._discovery.web import Web

    async def open_stream(host: str, port: int) -> trio.abc.Stream:
        await trio.sleep_forever()
        raise AssertionError

    with pytest.raises(DiscoveryError, match="no answer within 10 seconds"):
        await discover_by(
            parse_address("joe@example.org"),
            web=Web(open_stream=open_stream),
            dns=None,
            ispdb=None,
        )
    assert trio.current_time() < 11 + autojump_clock.rate


async def test_redirects_by_https_only_and_not_for_ever() -> None:
    pages: dict[str, bytes | tuple[int, str]] = {
        AUTOCONFIG: (302, "https://config.hoster.test/x?y"),
        "https://config.hoster.test/x": document(server()),
    }
    async with world(pages=pages) as here:
        (found,) = await here.discover("joe@example.org")
        assert found.is_trusted, "the domain itself says where its document is"
        assert "https://config.hoster.test/x?y" in here.asked

    for location, reason in {
        "http://config.hoster.test/x": "no HTTPS",
        "file:///etc/passwd": "no HTTPS",
        "https://127.0.0.1/x": "no HTTPS",
        "https://localhost/x": "no HTTPS",
        "https://[x/": "no URL",
        "https://autoconfig.example.org:x/": "no URL",
        "/caf\xe9": "no URL",
        "/a b": "no URL",
        "/mail/config-v1.1.xml": "on and on",
    }.items():
        async with world(pages={AUTOCONFIG: (301, location)}) as here:
            with pytest.raises(DiscoveryError, match=reason):
                await here.discover("joe@example.org")


async def test_certificates_are_checked() -> None:
    pages = {AUTOCONFIG: document(server())}
    async with world(pages=pages, certificate="autoconfig.evil.test") as here:
        with pytest.raises(DiscoveryError, match="certificate is not valid"):
            await here.discover("joe@example.org")


async def test_a_document_that_never_ends() -> None:
    async with world(pages={AUTOCONFIG: document(server()) + b" " * 300_000}) as here:
        with pytest.raises(DiscoveryError, match="larger than 262144 octets"):
            await here.discover("joe@example.org")


async def test_a_proxy_keeps_dns_from_being_asked() -> None:
    with patch("aimap._discovery.discover.Dns", side_effect=AssertionError):
        with pytest.raises(DiscoveryError) as caught:
            await aimap.discover("joe@example.org", proxy="http://127.0.0.1:9", ispdb=None)
    assert len(caught.value.attempts) == 2
    assert all("no connection through the proxy" in line for line in caught.value.attempts)


BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]>
<clientConfig><emailProvider>&b;</emailProvider></clientConfig>"""


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (BOMB, "document type"),
        (b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'><clientConfig/>", "document type"),
        (b"<a>" * 40, "too deep"),
        (b"", "no XML"),
        (b"\xff\xfe\x00", "no XML"),
        (b"<clientConfig>&x;</clientConfig>", "no XML"),
        (b"<other/>", "no autoconfig document"),
        (document(), "no IMAP server"),
        (document(server(tls="plain")), "no IMAP server"),
        (document(server(kind="exchange")), "no IMAP server"),
        (document(server(host="127.0.0.1")), "no IMAP server"),
        (document(server(host="localhost")), "no IMAP server"),
        (document(server(host="imap.example.org\n")), None),
        (document(server(host="a b.example.org")), "no IMAP server"),
        (document(server(port="0")), "no IMAP server"),
        (document(server(port="65536")), "no IMAP server"),
        (document(server(port="-1")), "no IMAP server"),
        (document(server(port="\u0661")), "no IMAP server"),
        (document(server(username="a&#x1b;b")), "no XML"),
        (document(server(username="a&#x202e;b")), "no IMAP server"),
        (document(server(auth="<authentication>NTLM</authentication>")), "no IMAP server"),
        (document(server(auth="")), None),
    ],
)
def test_documents_are_not_believed(octets: bytes, reason: str | None) -> None:
    address = parse_address("joe@example.org")
    if reason is None:
        assert parse_autoconfig(octets, address, source="mx", is_trusted=False)
        return
    with pytest.raises(LookupFailed, match=reason):
        parse_autoconfig(octets, address, source="mx", is_trusted=False)


def test_placeholders_are_filled_once() -> None:
    # An address whose first part looks like a placeholder fills nothing a second time.
    address = parse_address("%EMAILDOMAIN%@example.org")
    octets = document(
        server(username="x-%EMAILLOCALPART%%EMAILDOMAIN%-100%", host="imap.%EMAILDOMAIN%")
    )
    (found,) = parse_autoconfig(octets, address, source="mx", is_trusted=False)
    assert found.username == "x-%EMAILDOMAIN%example.org-100%"
    assert found.host == "imap.example.org"


@given(st.binary(max_size=200) | st.text(alphabet="<>/!&;aclientConfig[]\"' ", max_size=200))
def test_no_document_is_more_than_no_document(octets: bytes | str) -> None:
    raw = octets if isinstance(octets, bytes) else octets.encode()
    with pytest.raises(LookupFailed):
        parse_autoconfig(raw, parse_address("a@b.test"), source="mx", is_trusted=False)


@pytest.mark.parametrize(
    "address",
    ["", "joe", "@example.org", "joe@", "joe@localhost", "joe@127.0.0.1", "joe@exa mple.org",
     "joe@example..org", "a\nb@example.org", "Joe <joe@example.org>", "joe@-x.org", "joe@x.123"],
)  # fmt: skip
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(InvalidArgumentError):
        parse_address(address)


def test_domains_beyond_ascii_are_their_own() -> None:
    # By the codec of the standard library this would be strasse.example.
    assert parse_address("joe@Straße.example").domain == "xn--strae-oqa.example"


@given(st.text(max_size=40))
def test_host_names_are_such(name: str) -> None:
    if is_host_name(name):
        assert name.isascii()
        assert not set(name) & set(" /:@%\\?#\r\n\0")


@given(
    st.lists(
        st.builds(Service, st.integers(0, 3), st.integers(0, 9), st.just(993), st.text(max_size=2)),
        max_size=8,
    ),
    st.randoms(use_true_random=False),
)
def test_records_are_all_kept_in_order_of_priority(
    services: list[Service], chooser: random.Random
) -> None:
    ordered = in_order(services, chooser)
    assert Counter(ordered) == Counter(services)
    assert [one.priority for one in ordered] == sorted(one.priority for one in services)


def test_weights_are_the_chances() -> None:
    chooser = random.Random(6186)
    services = [Service(0, 100, 993, "one"), Service(0, 300, 993, "three")]
    first = Counter(in_order(services, chooser)[0].target for _ in range(4000))
    assert 0.70 < first["three"] / 4000 < 0.80
    # RFC 2782: records of weight 0 have a very small chance beside others.
    services = [Service(0, 0, 993, "none"), Service(0, 99, 993, "all")]
    first = Counter(in_order(services, chooser)[0].target for _ in range(4000))
    assert 0 < first["none"] < 120


async def test_what_is_found_is_what_connect_takes() -> None:
    async with serve({"joe@example.org": "secret"}) as server_:
        records = {IMAPS: [f"0 1 {server_.port} imap.example.org."]}
        async with world(records) as here:
            (found,) = await here.discover("joe@example.org")
        async with aimap.connect(
            "localhost",
            port=found.port,
            tls=found.tls,
            ssl_context=server_.client_ssl_context,
            auth=Password(found.username, "secret"),
        ) as imap:
            assert await imap.list("*")


def test_without_its_libraries_it_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['dns'] = None\n"
        "import trio, aimap\n"
        "try: trio.run(aimap.discover, 'joe@example.org')\n"
        "except aimap.InvalidArgumentError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert "install 'trio-aimap[discovery]'" in done.stdout, done.stderr
