"""What was learnt in earlier runs and can be learnt again: a file of JSON in the cache."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast, final


def cache_folder() -> Path:
    """Return where this is kept: ``AIMAP_CACHE``, or the system's place for caches."""
    if "AIMAP_CACHE" in os.environ:
        return Path(os.environ["AIMAP_CACHE"])
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "aimap"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "aimap"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aimap"


@final
class Remembered:
    """A table of what was learnt. Where it cannot be kept, nothing is remembered."""

    def __init__(self, name: str) -> None:
        self._path = cache_folder() / f"{name}.json"

    def __iter__(self) -> Iterator[str]:
        """Yield what something was learnt of."""
        return iter(self._read())

    def get(self, key: str) -> Any:
        """Return what was learnt of *key*, or ``None``."""
        return self._read().get(key)

    def set(self, key: str, value: object) -> None:
        """Remember something of *key*; ``None`` forgets it."""
        known = self._read()
        if known.get(key) == value:
            return
        known[key] = value
        if value is None:
            del known[key]
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = self._path.with_suffix(f".{os.getpid()}")
            new.write_text(json.dumps(known), encoding="utf-8")
            new.replace(self._path)

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
