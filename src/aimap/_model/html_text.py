"""HTML as text: what a reader without a browser would read.

It is no parser of HTML: what is not a tag is text. Time grows as the input does, whatever
that is.
"""

from __future__ import annotations

import re
from html import unescape

_TAG_NAME = re.compile(r"/?[a-zA-Z][a-zA-Z0-9]*")
_BLANKS = re.compile(r"[ \t\r\n\f\v\xa0]+")
_NOT_SHOWN = ("script", "style", "head", "title", "template")
_PARAGRAPHS = frozenset(
    {"blockquote", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul"}
)
_BREAKS = frozenset(
    {
        "address", "article", "aside", "br", "dd", "div", "dt", "fieldset", "figure", "footer",
        "form", "header", "hr", "li", "main", "nav", "section", "tbody", "tfoot", "thead", "tr",
    }
)  # fmt: skip


def html_to_text(html: str) -> str:
    """Return what HTML says, in lines as its blocks are, with its entities resolved."""
    pieces: list[str] = []
    at, end = 0, len(html)
    lower = html.lower() if html.isascii() else "".join(map(_ascii_lower, html))
    while at < end:
        begin = html.find("<", at)
        if begin < 0:
            pieces.append(_said(html[at:]))
            break
        pieces.append(_said(html[at:begin]))
        if html.startswith("<!--", begin):
            close = html.find("-->", begin)
            at = end if close < 0 else close + 3
            continue
        name = _TAG_NAME.match(html, begin + 1)
        if name is None and html[begin + 1 : begin + 2] not in ("!", "?"):
            # An angle bracket that begins nothing
            pieces.append("<")
            at = begin + 1
            continue
        close = html.find(">", begin)
        if close < 0:
            break
        at = close + 1
        tag = name[0].lower() if name is not None else ""
        pieces.append(_break(tag.removeprefix("/")))
        if tag in _NOT_SHOWN and html[close - 1] != "/":
            close = lower.find(f"</{tag}", at)
            at = end if close < 0 else close
    return _tidy("".join(pieces))


def _tidy(text: str) -> str:
    """Leave one space between words, and one empty line between paragraphs."""
    lines: list[str] = []
    for line in text.split("\n"):
        words = " ".join(line.split())
        if words or (lines and lines[-1]):
            lines.append(words)
    return "\n".join(lines).rstrip("\n")


def _said(text: str) -> str:
    blank = _BLANKS.sub(" ", text)
    try:
        return unescape(blank)
    except ValueError:
        # A number of thousands of digits
        return blank


def _break(tag: str) -> str:
    if tag in _PARAGRAPHS:
        return "\n\n"
    return "\n" if tag in _BREAKS else ""


def _ascii_lower(character: str) -> str:
    # Others may change their length.
    return character.lower() if character.isascii() else character
