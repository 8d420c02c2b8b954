"""What the documentation shows of the providers' libraries logs in, with these libraries.

Only the provider is not there: what they ask of it is answered here.
"""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import google.auth.transport.requests
import msal
import pytest
import requests
import trustme

import aimap
from tests.docs.blocks import ROOT, blocks
from tests.docs.stage import TOKEN, sends_to, serving

GUIDE = {block.file_name: block for block in blocks("python") if block.path.stem == "oauth"}
CLIENT = "11111111-2222-3333-4444-555555555555"


def encoded(value: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def answer(url: str) -> dict[str, object]:
    """Answer as Google and Microsoft do."""
    microsoft = "/".join(url.split("/")[:4])  # with the tenant
    if url.endswith("/.well-known/openid-configuration"):
        return {
            "authorization_endpoint": f"{microsoft}/oauth2/v2.0/authorize",
            "token_endpoint": f"{microsoft}/oauth2/v2.0/token",
            "device_authorization_endpoint": f"{microsoft}/oauth2/v2.0/devicecode",
            "issuer": f"{microsoft}/v2.0",
        }
    if "/discovery/instance" in url:
        return {"metadata": []}
    if url.endswith("/devicecode"):
        return {
            "device_code": "code",
            "user_code": "ABC",
            "message": "enter ABC",
            "expires_in": 900,
            "interval": 1,
        }
    token: dict[str, object] = {"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"}
    if url.startswith("https://login.microsoftonline.com/"):
        claims = {
            "aud": CLIENT,
            "iss": f"{microsoft}/v2.0",
            "exp": int(time.time()) + 3600,
            "sub": "joe",
            "preferred_username": "joe@contoso.com",
        }
        token |= {
            "refresh_token": "refresh",
            "client_info": encoded({"uid": "joe", "utid": "contoso"}),
            "id_token": f"{encoded({'alg': 'none'})}.{encoded(claims)}.",
        }
    return token


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the addresses that were asked."""
    urls: list[str] = []

    def send(
        self: requests.Session, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        assert request.url is not None
        urls.append(request.url)
        response = requests.Response()
        response.status_code = 200
        response.url = request.url
        response.request = request
        response._content = json.dumps(answer(request.url)).encode()
        return response

    monkeypatch.setattr(requests.Session, "send", send)
    return urls


async def _run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    code: dict[str, Any] = {"__name__": name}
    async with serving() as server:
        exec(compile(GUIDE[name].text, GUIDE[name].place, "exec"), code)
        for stand_in, function in sends_to(server).items():
            monkeypatch.setattr(aimap, stand_in, function)
        await code["main"]()
        await code["main"]()


async def test_gmail(
    asked: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    consent = {"refresh_token": "refresh", "client_id": "c", "client_secret": "s"}
    (tmp_path / "gmail.json").write_text(json.dumps(consent))
    await _run("gmail.py", monkeypatch)
    assert "INBOX" in capsys.readouterr().out
    assert asked == ["https://oauth2.googleapis.com/token"] * 2


async def test_microsoft_asks_for_consent_once(
    asked: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    await _run("microsoft.py", monkeypatch)
    printed = capsys.readouterr().out
    assert printed.count("enter ABC") == 1
    assert printed.count("INBOX") == 2
    assert (tmp_path / "microsoft.json").stat().st_mode & 0o777 == 0o600
    assert sum(url.endswith("/devicecode") for url in asked) == 1


def _fragment(name: str) -> Any:
    """Return a function that the guide shows by itself."""
    (block,) = [
        block
        for block in blocks("python")
        if block.path.stem == "oauth" and f"def {name}(" in block.text and not block.file_name
    ]
    code: dict[str, Any] = {"msal": msal}
    exec(compile(block.text, block.place, "exec"), code)
    return code[name]


def test_an_application_asks_as_itself(asked: list[str]) -> None:
    assert _fragment("as_application")("contoso", CLIENT, "secret") == TOKEN
    assert asked[-1] == "https://login.microsoftonline.com/contoso/oauth2/v2.0/token"


def test_a_service_account_asks_for_its_users(
    asked: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    key = trustme.CA(key_type=trustme.KeyType.RSA).private_key_pem.bytes().decode()
    account = {
        "client_email": "service@example.org",
        "token_uri": "https://oauth2.googleapis.com/token",
        "private_key": key,
    }
    (tmp_path / "service.json").write_text(json.dumps(account))
    credentials = _fragment("delegated")("joe@example.org")
    credentials.refresh(google.auth.transport.requests.Request())
    assert credentials.token == TOKEN
    assert asked == ["https://oauth2.googleapis.com/token"]


def test_the_guide_names_what_is_installed() -> None:
    text = (ROOT / "docs" / "howto" / "oauth.md").read_text(encoding="utf-8")
    assert {"gmail.py", "microsoft.py"} <= GUIDE.keys()
    for name in ("google-auth", "google-auth-oauthlib", "msal", "requests"):
        assert name in text
