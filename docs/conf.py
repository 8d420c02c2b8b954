"""Sphinx configuration."""

from __future__ import annotations

import sys
import typing
from pathlib import Path

import aimap

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project = "aimap"
author = "the aimap maintainers"
project_copyright = "2026, the aimap maintainers"
version = release = aimap.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinxcontrib_trio",
    "drawn",
    "complete",
]
exclude_patterns = ["_build", "extensions"]
html_theme = "furo"
html_title = "aimap"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
# Under the new classes of autodoc, sphinxcontrib-trio does not see methods that are async
# context managers.
autodoc_use_legacy_class_based = True
napoleon_google_docstring = True
napoleon_use_ivar = False
python_use_unqualified_type_names = True
nitpicky = True
nitpick_ignore_regex = [
    # Nothing is fetched while building: what is not ours has no link.
    (
        r"py:.*",
        r"(trio|ssl|opentelemetry|collections|datetime|email|typing|contextlib|attr|attrs|trustme|os|enum|pathlib|hypothesis|random|re)(\..*)?",
    ),
    (r"py:.*", r"(int|str|bytes|bool|float|tuple|list|dict|set|frozenset|range|object|None)"),
    (r"py:.*", r".*\b(ssl|trio|collections|OSError|Exception|BaseException|ValueError)\b.*"),
    (r"py:.*", r"(AttributeError|Self|T|_N_co|UnicodeError|SSLContext|Hashable|Any|Path)"),
    # Type variables, private bases and aliases that autodoc names by where they are kept.
    (
        r"py:.*",
        r"aimap\.(\w+\.)*_.*|Addresses|Encoder|UIDSet|SeqSet|Argument|Auth|TokenProvider|TLSMode|Condition|AuthKind|Source|Annotations",
    ),
    (r"py:.*", r"(Iterable|Mapping|Sequence|Callable|Literal|.*\[.*|.*\].*|_.*)"),
]

# A NewType keeps the module in which it was made; show it where users find it.
for _name in ("UID", "SeqNum", "ModSeq", "UIDValidity"):
    _new_type = getattr(aimap, _name)
    assert isinstance(_new_type, typing.NewType)
    _new_type.__module__ = "aimap"
