"""Data that aimap keeps as it came, where no RFC that it knows says what it means."""

from __future__ import annotations

from typing import TypeAlias

RawValue: TypeAlias = bytes | tuple["RawValue", ...] | None
"""Octets of an atom or string, ``None`` for ``NIL``, a tuple for a parenthesised list."""
