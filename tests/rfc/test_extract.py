"""How examples are taken out of a text; needs no RFC, it makes one up."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rfc.examples import Example
from tests.rfc.extract import extract, fold

TEXT = """\
RFC 9999                         Made Up                      April 2024

6.1.  Folds

   Example:    C: a FETCH 1 (FLAGS
                  ENVELOPE)
               S: * 1 FETCH (FLAGS (\\Seen) ENVELOPE ("x" NIL ((NIL NIL "a" "b")


Doe                         Standards Track                     [Page 1]
\f
RFC 9999                         Made Up                      April 2024


                  (NIL NIL "c" "d")) NIL NIL NIL NIL NIL NIL NIL))
               S: [...]
               // A remark,
               // of two lines.
               S: a OK done

   This is prose.

6.2.  Literals

      C: b APPEND x {6}
      S: + go ahead
      C: Hi
      C:
      S: b OK done
      C: c LOGIN {3+}
      C: joe {2+}
      C: pw
      S: * 2 FETCH (BODY[] {9}
      S: miscounted
      S: )
      S: c OK done


Doe                         Standards Track                     [Page 2]
\f
RFC 9999                         Made Up                      April 2024


   Prose at the top of a page, no deeper than the mark,
   C: d LOGOUT
   S: c OK done
"""


def test_a_text(tmp_path: Path) -> None:
    path = tmp_path / "rfc9999.txt"
    path.write_text(TEXT, encoding="utf-8")
    found, _ = extract(path)
    assert found == [
        Example(9999, "6.1", 1, "C", b"a FETCH 1 (FLAGS ENVELOPE)"),
        Example(
            9999,
            "6.1",
            2,
            "S",
            b'* 1 FETCH (FLAGS (\\Seen) ENVELOPE ("x" NIL ((NIL NIL "a" "b")(NIL NIL "c" "d"))'
            b" NIL NIL NIL NIL NIL NIL NIL))",
        ),
        Example(9999, "6.1", 3, "S", b"a OK done"),
        Example(9999, "6.2", 1, "C", b"b APPEND x {6}\r\nHi\r\n\r\n"),
        Example(9999, "6.2", 2, "S", b"+ go ahead"),
        Example(9999, "6.2", 3, "S", b"b OK done"),
        Example(9999, "6.2", 4, "C", b"c LOGIN {3+}\r\njoe {2+}\r\npw"),
        Example(9999, "6.2", 5, "S", b"* 2 FETCH (BODY[] {9}\r\nmiscounted\r\n)"),
        Example(9999, "6.2", 6, "S", b"c OK done"),
        Example(9999, "6.2", 7, "C", b"d LOGOUT"),
    ]


@pytest.mark.parametrize(
    ("text", "more", "joined"),
    [
        ("* OK two", "words", "* OK two words"),
        ('a URLFETCH "imap://x/', ';uid=1"', 'a URLFETCH "imap://x/;uid=1"'),
        ('* METADATA "" (/x "two', 'words")', '* METADATA "" (/x "two words")'),
        ("* SEARCH 1", "2", "* SEARCH 1 2"),
        ("* VANISHED 1,", "2", "* VANISHED 1,2"),
        ("+ " + "QUJD" * 5, "QUI=", "+ " + "QUJD" * 5 + "QUI="),
        ("a STORE 1 FLAGS (", "x", "a STORE 1 FLAGS (x"),
        ("* THREAD (1)(2", "(3))", "* THREAD (1)(2 (3))"),
        ("* THREAD (1)", "(2)", "* THREAD (1)(2)"),
        ('* NAMESPACE (("" "/")', '("x" "/")) NIL NIL', '* NAMESPACE (("" "/")("x" "/")) NIL NIL'),
        ('* NAMESPACE (("" "/"))', "NIL NIL", '* NAMESPACE (("" "/")) NIL NIL'),
        ('* LIST () "/" x (a ((b)', "(c)))", '* LIST () "/" x (a ((b) (c)))'),
    ],
)  # fmt: skip
def test_folds(text: str, more: str, joined: str) -> None:
    assert fold(text, more) == joined
