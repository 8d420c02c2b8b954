"""Take the examples out of the RFCs' texts, into ``tests/data/rfc``.

Run by hand, with a folder of files ``rfc9051.txt`` and so on, as the RFC Editor has them::

    python -m tests.rfc.extract FOLDER

The tests read what it wrote and need no RFC.

RFCs show who speaks by a mark, ``C:`` or ``S:``, and the rest is layout, undone here:

* Page breaks go, and what the pages are headed and footed with.
* A line without a mark, indented no less than the mark, is the fold of a long one. Most folds
  stand for a space; those in a URL, in base64, in a set of numbers, behind an opening or before
  a closing parenthesis, and between lists where the grammar has no space, stand for nothing.
* Behind ``{n}`` come n octets of literal, each line ending in CRLF. Where n is wrong, the
  literal ends where a closing parenthesis or the next response shows that it must; what is
  printed is kept, wrong number and all, and is one for ``exceptions.toml``.
* Remarks between the lines, in ``<>``, ``[]``, ``//`` or behind an ellipsis, go. A mark that
  only an ellipsis follows is no example.
* What one side says twice in an RFC is taken once.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import attrs

from tests.rfc.examples import FOLDER, Example, Sender, dump

# Dialogues of other protocols: by RFC, the sections, or None for all of it.
_NOT_IMAP: dict[int, tuple[str, ...] | None] = {
    2595: ("4", "5", "6"),  # POP3 and ACAP
    4422: None,  # SASL in the abstract, and ACAP
    4616: None,  # ACAP
    5801: None,  # SASL in the abstract
    5802: None,  # SCRAM's own messages
    7677: None,  # SCRAM's own messages
}

_FOOTER = re.compile(r"\S.*\[Page \d+\]\s*$")
_HEADER = re.compile(r"RFC \d+ +\S.*(?:19|20)\d\d\s*$")
_SECTION = re.compile(
    r"(?:Appendix +)?(?P<number>BASE(?:\.[A-Z0-9]+)+|[0-9]+(?:\.[0-9]+)*|[A-Z](?:\.[0-9]+)+"
    r"|(?<=Appendix )[A-Z])(?:\.|:|\))?(?: +\S.*)?$"
)
_MARK = re.compile(
    r"(?P<before> *(?:Examples?:? +(?:\d[\d.]*:? +)?)?)"
    r"(?P<sender>[CcSsMI])(?P<client>[0-9]?):(?: (?P<text>.*)|$)"
)
_REMARK = re.compile(
    r"//|\.\.\.|\. \. \.|<(?!\d)|==>|\[\.\.\.|\[Negot|\[conn"
    r"|\((?:Time passes|note that|more |the usual|Server and client)"
)
_ELLIPSIS = re.compile(r"(?:\[?\.\.\.|\. \. \.|\((?:more|the)\b).*")
_LITERAL = re.compile(r"~?\{(\d+)\+?\}$")
_ANSWER = re.compile(r"(?:\*|\+|[A-Za-z0-9.]+ (?:OK|NO|BAD)\b)(?: |$)")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


@attrs.frozen
class Line:
    """A line of an RFC: marked with its sender, a fold or a remark, or blank.

    The first line of a page may have had a blank line before it, or not.
    """

    section: str
    indent: int
    text: str
    sender: Sender | None = None
    blank: bool = False
    tops_page: bool = False


def unpaged(text: str) -> list[str]:
    """Take out page breaks, with the blank lines around them."""
    lines = [line.rstrip() for line in text.replace("\f", "\n\f").split("\n")]
    kept: list[str] = []
    broken = False
    for line in lines:
        bare = line.replace("\f", "")
        if _FOOTER.match(bare):
            while kept and not kept[-1]:
                kept.pop()
            broken = True
        elif broken and (not bare or _HEADER.match(bare)):
            continue
        elif not _HEADER.match(bare):
            if broken and not bare.startswith(" "):
                kept.append("")  # A heading starts the page.
            elif broken:
                kept.append("\f")
            broken = False
            kept.append(bare)
    return kept


def marked(rfc: int, text: str) -> list[Line]:
    """Tell the lines apart."""
    section = "0"
    towards = ""
    found: list[Line] = []
    tops_page = False
    for line in unpaged(text):
        if towards and not section.startswith("8.4"):
            towards = ""
        if line == "\f":
            tops_page = True
            continue
        heading = _SECTION.match(line)
        if heading is not None and (line[0].isdigit() or "." in line or "Appendix" in line):
            section = heading["number"]
        for part in _parts(rfc, line):
            match = _MARK.match(part)
            if part.strip() == "<--->":
                continue  # RFC 4549's sign for where the client has to wait.
            if not part.strip():
                found.append(Line(section, 0, "", blank=True))
            elif match is None:
                stripped = part.lstrip()
                indent = len(part) - len(stripped)
                found.append(Line(section, indent, stripped, tops_page=tops_page))
            elif rfc == 5550 and (to := re.match(r"\{to ([MSI])\b", match["text"] or "")):
                if match["sender"] != "I":
                    towards = match["sender"] + to[1]
                found.append(Line(section, 0, "", blank=True))
            else:
                sender = _sender(match["sender"].upper(), towards)
                found.append(
                    Line(section, len(match["before"]), match["text"] or "", sender)
                    if sender
                    else Line(section, 0, "", blank=True)
                )
            tops_page = False
    return found


def _parts(rfc: int, line: str) -> list[str]:
    """Undo what RFC 2180 does: lines with their marks run together into paragraphs."""
    if rfc != 2180:
        return [line]
    parts = re.split(r"(?<=\S) +(?=[CS]2: )", line)
    indent = line[: len(line) - len(line.lstrip())]
    return [parts[0], *(indent + part for part in parts[1:])]


def _sender(letter: str, towards: str) -> Sender | None:
    """Tell who speaks.

    In RFC 5550 that takes knowing to whom: its dialogues are among a mail user agent M, a
    submission server S and an IMAP server I.
    """
    if towards:
        if letter == "I":
            return "S"
        return "C" if letter + "I" == towards else None
    return "C" if letter == "C" else "S" if letter == "S" else None


def _depth(text: str) -> int:
    """Return how many lists *text* leaves open; quoted strings may hold anything."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    return bare.count("(") - bare.count(")")


def _all_lists(text: str) -> bool:
    """Tell whether the innermost open list has lists only: no grammar puts spaces there."""
    depth = 0
    at = len(text)
    # Back to where it opens; what is between at its own level must be lists.
    quoted = False
    while at:
        at -= 1
        char = text[at]
        if char == '"' and text[at - 1 : at] != "\\":
            quoted = not quoted
            if not depth:
                return False
        elif quoted:
            continue
        elif char == ")":
            depth += 1
        elif char == "(":
            if not depth:
                return True
            depth -= 1
        elif not depth and char != " ":
            return False
    return False


def _in_quotes(text: str) -> str | None:
    """Return what stands in a quoted string that *text* leaves open."""
    start: int | None = None
    at = 0
    while at < len(text):
        if start is not None and text[at] == "\\":
            at += 1
        elif text[at] == '"':
            start = at + 1 if start is None else None
        at += 1
    return None if start is None else text[start:]


def fold(text: str, more: str) -> str:
    """Join a line and its fold, with a space or without."""
    quoted = _in_quotes(text)
    if quoted is not None and re.match(r"(?i)imap:|/[^ ]*;", quoted):
        return text + more
    if quoted is None:
        last = text.rsplit(" ", 1)[-1]
        if text.endswith("(") or more.startswith(")"):
            return text + more
        if text.endswith(")") and more.startswith("("):
            if re.match(r"\* THREAD ", text):
                return text + more
            if re.match(r"\* (?:NAMESPACE|\d+ FETCH) ", text) and _all_lists(text):
                return text + more
        if re.search(r"[0-9\]],$", text) and more[0].isdigit():
            return text + more
        if re.search(r"[A-Z]=[A-Z]+-$|[a-z]-$", text):
            return text + more
        if len(last) > 19 and _BASE64.fullmatch(last) and _BASE64.fullmatch(more):
            return text + more
    return f"{text} {more}"


class Reader:
    """Goes through the lines of an RFC once."""

    def __init__(self, rfc: int, lines: list[Line]) -> None:
        self.rfc = rfc
        self.lines = lines
        self.at = 0
        self.found: list[tuple[str, Sender, str]] = []

    def read(self) -> list[tuple[str, Sender, str]]:
        """Return the examples: section, sender and text."""
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.sender is None or _ELLIPSIS.fullmatch(line.text.strip()):
                self.at += 1
            else:
                self.example(line)
        return self.found

    def example(self, line: Line) -> None:
        """Read one, from its first line on."""
        assert line.sender is not None
        place = len(self.found)
        lead = len(line.text) - len(line.text.lstrip())
        head = line.text[lead:]
        self.at += 1
        whole = heads = ""
        while True:
            head = self.folds(line, head)
            match = _LITERAL.search(head)
            if match is None or head.startswith("+"):
                whole += head
                break
            whole += head + "\r\n"
            self.continuation(line.sender)
            heads += head
            content, rest = self.literal(line, lead, heads, int(match[1]))
            whole += content
            if rest is None:
                if not content:
                    whole = whole.removesuffix("\r\n")
                break
            head = rest
        self.found.insert(place, (line.section, line.sender, whole))

    def folds(self, line: Line, text: str) -> str:
        """Join the folds that follow."""
        while self.at < len(self.lines):
            more = self.lines[self.at]
            if more.sender or more.blank or _REMARK.match(more.text):
                break
            if more.indent < line.indent + more.tops_page:
                break
            text = fold(text, more.text)
            self.at += 1
        return text

    def continuation(self, sender: Sender) -> None:
        """Step over the server's leave to send a literal: an example of its own."""
        if sender == "C" and self.at < len(self.lines):
            line = self.lines[self.at]
            if line.sender == "S" and line.text.startswith("+"):
                self.at += 1
                text = line.text
                # What follows without a mark is the literal.
                self.found.append((line.section, "S", text))

    def literal(self, line: Line, lead: int, heads: str, size: int) -> tuple[str, str | None]:
        """Return a literal's content, and what stands behind it on its last line."""
        texts = self.candidates(line, lead)
        octets = "\r\n".join(texts).encode()
        if len(octets) + 2 == size:
            # The literal ends with its last line's end; the command's own is not shown.
            octets += b"\r\n"
        rest = octets[size:].decode("utf-8", "replace").split("\r\n")[0]
        content = octets[:size].decode("utf-8", "replace")
        used = content.count("\r\n") + 1
        fits = len(octets) >= size and not (rest and rest[0] not in " )")
        if fits and (_LITERAL.search(rest) or not _depth(heads + rest) or not rest):
            self.at += min(used, len(texts))
            return content, rest
        if len(octets) >= size and content.endswith("\r\n") and _ANSWER.match(rest):
            self.at += used - 1
            return content, None
        # Miscounted.
        for number, text in enumerate(texts):
            if text.startswith(")") or re.match(r" (?:URL|TEXT|\(|\{|\")", text):
                self.at += number + 1
                return "".join(each + "\r\n" for each in texts[:number]), text
            if line.sender == "S" and _ANSWER.match(text):
                texts = texts[:number]
                break
        self.at += len(texts)
        return "\r\n".join(texts), None

    def candidates(self, line: Line, lead: int) -> list[str]:
        """Return the lines that may belong to a literal."""
        texts: list[str] = []
        margin: int | None = None
        for each in self.lines[self.at :]:
            if each.blank or each.sender not in {line.sender, None}:
                break
            if each.sender is None:
                if each.indent < line.indent:
                    break
                margin = each.indent if margin is None else margin
                texts.append(" " * (each.indent - margin) + each.text)
            else:
                texts.append(each.text[min(lead, len(each.text)) :])
        return texts


def extract(path: Path) -> tuple[list[Example], str]:
    """Return the examples of one RFC, and its title for the file of data."""
    rfc = int(path.stem.removeprefix("rfc"))
    if rfc in _NOT_IMAP and _NOT_IMAP[rfc] is None:
        return [], ""
    others = _NOT_IMAP.get(rfc) or ()
    smtp = False
    numbers: dict[str, int] = {}
    seen: set[tuple[str, str]] = set()
    found: list[Example] = []
    for section, sender, text in Reader(rfc, marked(rfc, path.read_text("utf-8"))).read():
        if rfc == 7628 and sender == "S":
            # SMTP's examples stand beside those of IMAP.
            smtp = text.startswith("220 ") or (smtp and not text.startswith("* OK"))
        if smtp or section.startswith(others) or (sender, text) in seen:
            continue
        seen.add((sender, text))
        numbers[section] = numbers.get(section, 0) + 1
        found.append(Example(rfc, section, numbers[section], sender, text.encode()))
    return found, f"RFC {rfc}: {len(found)} examples. Written by tests/rfc/extract.py."


def main(folder: str) -> None:
    """Write the files of data for a folder of RFCs."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in sorted(Path(folder).glob("rfc*.txt")):
        found, title = extract(path)
        target = FOLDER / path.name
        if found:
            target.write_text(dump(found, title), encoding="utf-8")
            print(title)
        else:
            target.unlink(missing_ok=True)


if __name__ == "__main__":
    main(sys.argv[1])
