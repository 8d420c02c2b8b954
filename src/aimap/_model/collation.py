"""i;unicode-casemap (:rfc:`5051#section-2`): how SORT and THREAD compare text."""

from __future__ import annotations

from functools import lru_cache
from unicodedata import normalize


def casemap(text: str) -> str:
    """Return what is compared in place of *text*, character by character.

    Each one is made title case, and then taken apart as far as it goes.
    """
    if text.isascii():
        return text.upper()
    return "".join(map(_mapped, text))


@lru_cache(maxsize=4096)
def _mapped(character: str) -> str:
    # The mapping is the simple one of UnicodeData.txt. Where title() gives several
    # characters, as for the sharp s, there is none.
    title = character.title()
    return normalize("NFKD", title if len(title) == 1 else character)
