"""Authorized URLs (:rfc:`4467`, :rfc:`5524`)."""

from __future__ import annotations

from typing import final

import attrs

from aimap._model.body import BodyStructure


@final
@attrs.frozen
class GenUrlAuthResponse:
    """``* GENURLAUTH`` (:rfc:`4467#section-7`): the URLs, in the order asked."""

    urls: tuple[str, ...]


@final
@attrs.frozen(kw_only=True)
class FetchedUrl:
    """What one URL means.

    Attributes:
        url: the URL.
        body: its octets as they stand in the message; ``None`` if they were not asked
            for or cannot be had.
        binary: its octets decoded (:rfc:`5524`), likewise.
        structure: its body structure (:rfc:`5524`), likewise.
    """

    url: str
    body: bytes | None = None
    binary: bytes | None = None
    structure: BodyStructure | None = None


@final
@attrs.frozen
class UrlFetchResponse:
    """``* URLFETCH`` (:rfc:`4467#section-7`, :rfc:`5524#section-3`)."""

    urls: tuple[FetchedUrl, ...]
