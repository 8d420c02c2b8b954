"""What is text and what is attached, names of files, flowed text, and HTML as text."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import aimap
from aimap import BodyStructure, Message
from aimap._client.texts import decoded_text
from aimap._model.content import attachments, layout
from aimap._model.filenames import FileNames, safe_filename
from aimap._model.flowed import unflow
from aimap._model.html_text import html_to_text

from .growth import is_linear

PLAIN = '("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "7BIT" 10 1 NIL NIL NIL NIL)'
HTML = '("TEXT" "HTML" NIL NIL NIL "7BIT" 10 1 NIL NIL NIL NIL)'
NOTES = '("TEXT" "PLAIN" ("NAME" "notes.txt") NIL NIL "7BIT" 10 1 NIL NIL NIL NIL)'
CALENDAR = '("TEXT" "CALENDAR" NIL NIL NIL "7BIT" 10 1 NIL NIL NIL NIL)'
IMAGE = '("IMAGE" "PNG" NIL "<logo@x>" NIL "BASE64" 78 NIL NIL NIL NIL)'
PDF = '("APPLICATION" "PDF" ("NAME" "a.pdf") NIL NIL "BASE64" 156 NIL ("ATTACHMENT" ("FILENAME" "b.pdf")) NIL NIL)'
ATTACHED_TEXT = '("TEXT" "PLAIN" NIL NIL NIL "7BIT" 10 1 NIL ("ATTACHMENT" NIL) NIL NIL)'
ENVELOPE = '(NIL "In/side" NIL NIL NIL NIL NIL NIL NIL NIL)'


def multi(kind: str, *parts: str) -> str:
    return f'({"".join(parts)} "{kind}" NIL NIL NIL NIL)'


def inside(structure: str) -> str:
    return f'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 99 {ENVELOPE} {structure} 9 NIL NIL NIL NIL)'


def structure(raw: str) -> BodyStructure:
    message = aimap.parse_response(f"* 1 FETCH (BODYSTRUCTURE {raw})\r\n".encode())
    assert isinstance(message, Message)
    return message.body_structure


@pytest.mark.parametrize(
    ("raw", "text", "html", "attached", "inline"),
    [
        (PLAIN, "1", "1", "", ""),
        (HTML, "1", "1", "", ""),
        (IMAGE, "", "", "1", "1"),
        (PDF, "", "", "1", ""),
        (ATTACHED_TEXT, "", "", "1", ""),
        (multi("ALTERNATIVE", PLAIN, HTML), "1", "2", "", ""),
        (multi("ALTERNATIVE", PLAIN, HTML, CALENDAR), "1", "2", "3", ""),
        (multi("ALTERNATIVE", PLAIN, multi("RELATED", HTML, IMAGE)), "1", "2.1", "2.2", "2.2"),
        (multi("MIXED", multi("ALTERNATIVE", PLAIN, HTML), PDF), "1.1", "1.2", "2", ""),
        (multi("RELATED", multi("ALTERNATIVE", PLAIN, HTML), IMAGE), "1.1", "1.2", "2", "2"),
        (multi("RELATED", HTML, IMAGE, PDF), "1", "1", "2 3", "2"),
        (multi("MIXED", PLAIN, IMAGE, PLAIN), "1 3", "1 3", "2", "2"),
        (multi("MIXED", PLAIN, NOTES), "1", "1", "2", ""),
        (multi("MIXED", NOTES, PLAIN), "1 2", "1 2", "", ""),
        (multi("MIXED", PDF, PLAIN), "2", "2", "1", ""),
        # Two forms of one thing, of which one form is missing
        (multi("MIXED", multi("ALTERNATIVE", HTML), PLAIN), "1.1 2", "1.1 2", "", ""),
        (multi("MIXED", multi("ALTERNATIVE", PLAIN), HTML), "1.1 2", "1.1 2", "", ""),
        (multi("MIXED", PLAIN, inside(multi("MIXED", PLAIN, PDF))), "1", "1", "2", ""),
        (inside(PLAIN), "", "", "1", ""),
        (multi("SIGNED", PLAIN, '("APPLICATION" "PGP-SIGNATURE" NIL NIL NIL "7BIT" 9 NIL NIL NIL NIL)'), "1", "1", "2", ""),
        # What RFC 8621 section 4.1.4 shows, as far as it is said there
        (
            multi(
                "MIXED", PLAIN,
                multi(
                    "MIXED", multi(
                        "ALTERNATIVE", multi("MIXED", PLAIN, IMAGE, PLAIN),
                        multi("RELATED", HTML, IMAGE),
                    ),
                    IMAGE, PDF, inside(PLAIN),
                ),
                PLAIN,
            ),
            "1 2.1.1.1 2.1.1.3 3", "1 2.1.2.1 3", "2.1.1.2 2.1.2.2 2.2 2.3 2.4", "2.1.1.2 2.1.2.2 2.2",
        ),
    ],
)  # fmt: skip
def test_layout(raw: str, text: str, html: str, attached: str, inline: str) -> None:
    found = layout(structure(raw))
    assert [part.section for part in found.text] == text.split()
    assert [part.section for part in found.html] == html.split()
    assert [each.section for each in attachments(structure(raw))] == attached.split()
    assert found.inline == set(inline.split())


def test_attachments() -> None:
    raw = multi("MIXED", PLAIN, PDF, PDF, IMAGE, inside(multi("MIXED", PLAIN, PDF)))
    found = attachments(structure(raw))
    assert [each.filename for each in found] == ["b.pdf", "b-2.pdf", "part-4.png", "In_side.eml"]
    assert [each.sent_filename for each in found] == ["b.pdf", "b.pdf", None, None]
    assert [each.size for each in found] == [114, 114, 57, 99]
    assert [each.content_type for each in found[:2]] == ["application/pdf"] * 2
    assert [each.content_id for each in found] == [None, None, "logo@x", None]
    assert [each.is_message for each in found] == [False, False, False, True]
    nested = attachments(structure(raw), nested=True)
    assert [(each.section, each.filename) for each in nested[4:]] == [("5.2", "b-3.pdf")]


@pytest.mark.parametrize(
    ("sent", "safe"),
    [
        ("plan.pdf", "plan.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\y.doc", "y.doc"),
        ("c:y.doc", "c_y.doc"),
        ("a<b>|c?*.txt", "a_b__c__.txt"),
        (".bashrc", "bashrc"),
        ("..", "part-2"),
        ("", "part-2"),
        ("???", "part-2"),
        ("a.txt. . ", "a.txt"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("lpt1 .x.y", "_lpt1 .x.y"),
        ("COM¹", "_COM¹"),
        ("console.txt", "console.txt"),
        ("-rf", "_rf"),
        ("~joe", "_joe"),
        ("a\x1b[2Jb\0.txt", "a[2Jb.txt"),
        # The direction turned: exe.txt that ends in "exe"
        ("txt.\u202eexe", "txt.exe"),
        ("a\u200bb\ufeff.txt", "ab.txt"),
        ("e\u0301.txt", "\u00e9.txt"),
        ("a\u3000b\u2028c", "a bc"),
        ("x" * 300 + ".pdf", "x" * 150 + ".pdf"),
        ("\u00fc" * 300, "\u00fc" * 75),
        ("a." + "b" * 300, "a." + "b" * 148),
        ("\ud800.txt", "txt"),
    ],
)
def test_safe_names(sent: str, safe: str) -> None:
    assert safe_filename(sent, "part-2") == safe


@given(st.text(max_size=400))
def test_any_name_is_made_safe(sent: str) -> None:
    name = safe_filename(sent, "part-1")
    assert name == Path(name).name
    assert name not in ("", ".", "..")
    assert len(name.encode()) < 230
    assert not set('<>:"/\\|?*') & set(name)
    assert name == name.strip(" .")
    assert not any(unicodedata.category(c).startswith("C") for c in name)
    assert safe_filename(name, "part-1") == name


@given(st.lists(st.text(alphabet="aA-2.", max_size=4)))
def test_no_two_names_are_the_same(sent: list[str]) -> None:
    names = FileNames()
    made = [names.take(name, "part-1") for name in sent]
    assert len({name.lower() for name in made}) == len(sent)


@pytest.mark.exhaustive
def test_many_of_one_name() -> None:
    def make(size: int) -> Callable[[], object]:
        names = FileNames()
        return lambda: [names.take("a.txt", "part-1") for _ in range(size)]

    assert is_linear(make, 2000)


def test_a_safe_name_is_one_of_a_file(tmp_path: Path) -> None:
    for sent in ("a/b:c*?.txt", "\u202ex", "x" * 999 + "." + "y" * 999, "\u00fc" * 999 + ".pdf"):
        path = tmp_path / safe_filename(sent, "part-1")
        path.write_bytes(b"x")
        assert path.parent == tmp_path
    assert len(list(tmp_path.iterdir())) == 4
    assert sys.getfilesystemencoding() == "utf-8"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("a \nb\nc", "a b\nc"),
        ("a \n\nb", "a \nb"),
        ("> a \n> b\n>> c \n>> d", "> a b\n>> c d"),
        ("> a \nb", "> a \nb"),
        (" > no quote\n From", "> no quote\nFrom"),
        ("a\n-- \nJoe ", "a\n-- \nJoe "),
        ("a \n-- \nb", "a \n-- \nb"),
        ("", ""),
        ("a\n", "a\n"),
    ],
)
def test_flowed(raw: str, text: str) -> None:
    assert unflow(raw, del_sp=False) == text


def test_flowed_with_delsp() -> None:
    assert unflow("long \nword", del_sp=True) == "longword"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("a &amp; b", "a & b"),
        ("<p>one</p><p>two<br>three", "one\n\ntwo\nthree"),
        ("a\n  b", "a b"),
        ("a&nbsp;b <b> c</b>", "a b c"),
        ("<html><head><title>t</title></head><body>x</body></html>", "x"),
        ("a<script>if (1 < 2) alert('</p>')</script>b", "ab"),
        ("a<style>p { x: y }</style>b", "ab"),
        ("a<!-- <p>b</p> -->c", "ac"),
        ("a<!-- b", "a"),
        ("1 < 2 <> 3", "1 < 2 <> 3"),
        ("a<b", "a"),
        ("<!DOCTYPE html><?xml x?>a", "a"),
        ("<ul><li>a<li>b</ul>", "a\nb"),
        ("&#9" + "9" * 5000, "&#9" + "9" * 5000),
        ("<SCRIPT>\u0130x</SCRIPT>y", "y"),
        ("<script/>a", "a"),
        ("", ""),
    ],
)
def test_html(html: str, text: str) -> None:
    assert html_to_text(html) == text


@given(st.text(alphabet="<>/!-abp &;\n", max_size=60))
def test_any_html(html: str) -> None:
    assert "\n\n\n" not in html_to_text(html)


def text_part(charset: str, encoding: str = "7BIT", **parameters: str) -> BodyStructure:
    pairs = " ".join(f'"{name}" "{value}"' for name, value in parameters.items())
    return structure(
        f'("TEXT" "PLAIN" ("CHARSET" "{charset}" {pairs}) NIL NIL "{encoding}" 9 1)'.replace(
            " )", ")"
        )
    )


@pytest.mark.parametrize(
    ("part", "octets", "text"),
    [
        (text_part("utf-8"), b"gr\xc3\xbc\r\n", "gr\u00fc\n"),
        (text_part("iso-8859-1"), b"gr\xfc", "gr\u00fc"),
        (text_part("iso-8859-1", "QUOTED-PRINTABLE"), b"gr=FC=\r\nn", "gr\u00fcn"),
        (text_part("utf-8", "BASE64"), b"Z3LDvA==", "gr\u00fc"),
        (text_part("us-ascii"), b"gr\xfc \x93x\x94", "gr\u00fc \u201cx\u201d"),
        (text_part("us-ascii"), b"gr\xc3\xbc", "gr\u00fc"),
        (text_part("x-unheard-of"), b"gr\xc3\xbc", "gr\u00fc"),
        (text_part("idna"), b"gr\xc3\xbc", "gr\u00fc"),
        (text_part("utf-8", "X-UNHEARD-OF"), b"=41", "=41"),
        (text_part("utf-8", FORMAT="Flowed"), b"a \r\nb", "a b"),
        (text_part("utf-8", FORMAT="flowed", DELSP="yes"), b"a \r\nb", "ab"),
    ],
)
def test_decoded_text(part: BodyStructure, octets: bytes, text: str) -> None:
    assert decoded_text(part, octets) == text
