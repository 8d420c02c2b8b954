"""What of a message is its text, and what is attached, by BODYSTRUCTURE alone.

As JMAP has it (:rfc:`8621#section-4.1.4`), whose algorithm takes a message apart as most
programs show it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import final

import attrs

from aimap._model.body import BodyStructure
from aimap._model.filenames import FileNames, suffix_for

_TEXTS = ("text/plain", "text/html")


@final
@attrs.frozen
class Attachment:
    """A part of a message that is not its text.

    ``inbox.download(uid, attachment.section, into=attachment.filename, decode=True)`` gets
    it, without anything else of the message.

    Attributes:
        section: the part's number.
        filename: what it is called, safe to be the name of a file, and of no other of
            the message.
        sent_filename: what its sender called it, or ``None``: not safe.
        content_type: such as ``"image/png"``.
        size: octets once decoded, as near as the structure tells, which knows those that are
            sent; ``None`` where the server told no number. ``BINARY_SIZE`` is
            exact, where the server has BINARY.
        content_id: what HTML refers to it by (``cid:``), without angle brackets; or ``None``.
        is_inline: whether it belongs into the text, as images of HTML do.
        part: all that BODYSTRUCTURE tells of it; of a message, what is inside too.
    """

    section: str
    filename: str
    sent_filename: str | None
    content_type: str
    size: int | None
    content_id: str | None
    is_inline: bool
    part: BodyStructure

    @property
    def is_message(self) -> bool:
        """Whether it is a message itself, which ``inbox.read(uid, inside=section)`` reads."""
        return self.content_type in ("message/rfc822", "message/global")


@final
@attrs.frozen
class Layout:
    """A message taken apart.

    Attributes:
        text: the parts that make its text where plain text is preferred; HTML where there is
            none.
        html: the same where HTML is preferred.
        attached: all other parts that hold something.
        inline: those of them that belong into the text.
    """

    text: tuple[BodyStructure, ...]
    html: tuple[BodyStructure, ...]
    attached: tuple[BodyStructure, ...]
    inline: frozenset[str]


def layout(structure: BodyStructure) -> Layout:
    """Take a message apart."""
    found = _Found()
    found.take([structure], "mixed", in_alternative=False, text=found.text, html=found.html)
    return Layout(
        tuple(part for part in found.text if part.maintype == "text"),
        tuple(part for part in found.html if part.maintype == "text"),
        tuple(found.attached.values()),
        frozenset(found.inline),
    )


class _Found:
    def __init__(self) -> None:
        self.text: list[BodyStructure] = []
        self.html: list[BodyStructure] = []
        self.attached: dict[str, BodyStructure] = {}
        self.inline: set[str] = set()

    def take(
        self,
        parts: Sequence[BodyStructure],
        kind: str,
        *,
        in_alternative: bool,
        text: list[BodyStructure] | None,
        html: list[BodyStructure] | None,
    ) -> None:
        """Take the parts of a multipart. The depth is bounded where it is read."""
        text_before = len(text or ())
        html_before = len(html or ())
        for at, part in enumerate(parts):
            if part.is_multipart:
                self.take(
                    part.parts,
                    part.subtype,
                    in_alternative=in_alternative or part.subtype == "alternative",
                    text=text,
                    html=html,
                )
            elif not _is_shown(part, at, kind):
                self._attach(part, inline=kind == "related" and not part.is_attachment)
            elif kind == "alternative":
                if part.content_type == "text/plain" and text is not None:
                    text.append(part)
                elif part.content_type == "text/html" and html is not None:
                    html.append(part)
                else:
                    self._attach(part, inline=False)
            else:
                if in_alternative and part.content_type == "text/plain":
                    html = None
                if in_alternative and part.content_type == "text/html":
                    text = None
                for body in (text, html):
                    if body is not None:
                        body.append(part)
                if part.maintype != "text":
                    self._attach(part, inline=True)
        if kind == "alternative" and text is not None and html is not None:
            # What there is in one form only, is shown to those who prefer the other.
            if len(text) == text_before:
                text += html[html_before:]
            elif len(html) == html_before:
                html += text[text_before:]

    def _attach(self, part: BodyStructure, *, inline: bool) -> None:
        self.attached[part.section] = part
        if inline:
            self.inline.add(part.section)


def _is_shown(part: BodyStructure, at: int, kind: str) -> bool:
    """Tell whether a part is in the text, or beside it."""
    if part.is_attachment or part.invalid is not None:
        return False
    is_text = part.content_type in _TEXTS
    if not is_text and part.maintype not in ("image", "audio", "video"):
        return False
    # Of multipart/related only the first is shown; a text behind others that has a name is a file.
    return at == 0 or (kind != "related" and not (is_text and part.filename))


def attachments(structure: BodyStructure, *, nested: bool = False) -> tuple[Attachment, ...]:
    """Return the attachments of a message, in their order.

    Args:
        structure: its BODYSTRUCTURE.
        nested: those of the messages inside too.
    """
    found: list[Attachment] = []
    names = FileNames()
    for part, is_inline in _attached(structure, nested=nested):
        found.append(
            Attachment(
                part.section,
                _filename(part, names),
                part.filename,
                part.content_type,
                decoded_size(part),
                part.content_id.strip("<> ") if part.content_id else None,
                is_inline,
                part,
            )
        )
    return tuple(found)


def _attached(structure: BodyStructure, *, nested: bool) -> Iterator[tuple[BodyStructure, bool]]:
    waiting = [structure]
    while waiting:
        parts = layout(waiting.pop())
        order = sorted(parts.attached, key=_numbers)
        for part in order:
            yield part, part.section in parts.inline
        if nested:
            waiting += [part.parts[0] for part in reversed(order) if part.parts]


def _numbers(part: BodyStructure) -> list[int]:
    return [int(number) for number in part.section.split(".") if number]


def _filename(part: BodyStructure, names: FileNames) -> str:
    default = f"part-{part.section.replace('.', '-')}{suffix_for(part.content_type)}"
    name = part.filename or ""
    if not name and part.envelope is not None and part.envelope.subject:
        name = part.envelope.subject.replace("/", "_") + ".eml"
    return names.take(name, default)


def decoded_size(part: BodyStructure) -> int | None:
    """Return how many octets a part has when decoded, as near as its structure tells."""
    if part.size is None or part.encoding != "base64":
        return part.size
    # Lines of 76 characters, as nearly all senders write them, and of two for their ends.
    lines, rest = divmod(part.size, 78)
    return lines * 57 + max(0, rest - 2) // 4 * 3
