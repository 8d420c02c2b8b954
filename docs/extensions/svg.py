"""What pictures share: SVG that is put into the page, so that it has the page's colours."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

TEXT = "var(--color-foreground-primary, currentColor)"
QUIET = "var(--color-foreground-muted, currentColor)"
STRONG = "var(--color-brand-primary, #3b6ea5)"
BOX = "var(--color-background-secondary, none)"
LINE = "var(--color-background-border, currentColor)"


def picture(width: float, height: float, title: str, parts: Iterable[str]) -> str:
    """Put a picture together; *title* is for those who cannot see it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-label="{escape(title)}" style="width:100%;height:auto;font-family:inherit">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )


def text(
    x: float, y: float, words: str, *, size: float = 12, fill: str = TEXT, at: str = "start"
) -> str:
    """Write *words* at a point: from it, before it (``end``) or around it (``middle``)."""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{fill}" text-anchor="{at}">'
        f"{escape(words)}</text>"
    )


def box(x: float, y: float, width: float, height: float, *, fill: str, stroke: str = "none") -> str:
    """Draw a box."""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="3" '
        f'fill="{fill}" stroke="{stroke}"/>'
    )


def line(x1: float, y1: float, x2: float, y2: float) -> str:
    """Draw a thin line."""
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{LINE}"/>'


def arc(x1: float, x2: float, y: float, *, width: float, words: str) -> str:
    """Draw an arc above the height *y* from one point to the other, *words* on hovering."""
    rx, ry = abs(x1 - x2) / 2, min(abs(x1 - x2) / 2, 190)
    return (
        f'<path d="M{x1:g} {y:g} A{rx:g} {ry:g} 0 0 0 {x2:g} {y:g}" fill="none" '
        f'stroke="{STRONG}" stroke-width="{width:g}" opacity="0.6">'
        f"<title>{escape(words)}</title></path>"
    )
