"""Text whose lines may be broken anew: ``format=flowed`` (:rfc:`3676#section-4`)."""

from __future__ import annotations


def unflow(text: str, *, del_sp: bool) -> str:
    """Join the lines that the sender broke for want of width.

    Args:
        text: as it came, without CR.
        del_sp: whether the space at which a line was broken is none of the text's
            (``delsp=yes``).
    """
    made: list[str] = []
    paragraph: list[str] = []
    depth = 0

    def end_paragraph() -> None:
        if paragraph:
            made.append(">" * depth + (" " if depth else "") + "".join(paragraph))
            paragraph.clear()

    for line in text.split("\n"):
        content = line.lstrip(">")
        quoted = len(line) - len(content)
        content = content.removeprefix(" ")
        if quoted != depth:
            end_paragraph()
            depth = quoted
        # The separator of signatures ends in a space, and is broken nowhere.
        if content == "-- ":
            end_paragraph()
            made.append(">" * depth + (" " if depth else "") + content)
        elif content.endswith(" "):
            paragraph.append(content[:-1] if del_sp else content)
        else:
            paragraph.append(content)
            end_paragraph()
    end_paragraph()
    return "\n".join(made)
