"""The package as users get it: built, checked, installed and used, apart from the sources.

In an environment that has the group ``package``: ``make package``.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
# The runtime dependencies that the README names, and what those need.
INSTALLED = {
    "attrs", "idna", "outcome", "pip", "setuptools", "sniffio", "sortedcontainers", "trio",
    "trio-aimap",
}  # fmt: skip

# What needs no server, no source tree and no other program.
ALONE = ("account", "client", "discovery", "rfc", "sasl", "session", "testing", "unit")
# The stream, the tasks, and all responses and commands of the RFCs.
EVERYWHERE = (
    "client/test_cancellation.py", "client/test_connecting.py", "client/test_pipelining.py", "rfc",
    "session",
)  # fmt: skip


def run(*command: object, cwd: Path | None = None, **more: str) -> str:
    """Run a command that has to succeed; return what it printed."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd or ROOT,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **more},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def version_of(python: str | Path) -> str:
    """Ask an interpreter; one that does not run has none."""
    asked = subprocess.run(
        [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip()


def interpreter(version: str) -> str | None:
    """Find an interpreter of that version, where there is one."""
    found = [shutil.which(f"python{version}")]
    if pyenv := shutil.which("pyenv"):
        root = subprocess.run([pyenv, "root"], capture_output=True, text=True, check=True).stdout
        found += map(str, Path(root.strip()).glob(f"versions/{version}.*/bin/python"))
    for python in filter(None, found):
        if version_of(python) == version:
            return python
    return None


def build(into: Path) -> tuple[Path, Path]:
    """Build the sdist, and from it the wheel; return both."""
    run(sys.executable, "-m", "build", "--outdir", into, ROOT)
    (sdist,) = into.glob("*.tar.gz")
    (wheel,) = into.glob("*.whl")
    return sdist, wheel


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session", params=VERSIONS)
def installed(
    request: pytest.FixtureRequest,
    built: tuple[Path, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """An interpreter in a clean environment that has the wheel, and nothing else."""
    python = interpreter(request.param)
    if python is None:
        pytest.skip(f"there is no Python {request.param} here")
    environment = tmp_path_factory.mktemp("environment")
    run(python, "-m", "venv", environment)
    inside = environment / "bin" / "python"
    run(inside, "-m", "pip", "install", "--quiet", built[1])
    return inside


def test_built_twice_it_is_the_same(built: tuple[Path, Path], tmp_path: Path) -> None:
    def digests(files: tuple[Path, Path]) -> list[str]:
        return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]

    assert digests(build(tmp_path)) == digests(built)


def test_the_index_will_take_it(built: tuple[Path, Path]) -> None:
    run(sys.executable, "-m", "twine", "check", "--strict", *built)


def test_the_index_can_show_what_it_links_to(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[1]) as archive:
        (metadata,) = [name for name in archive.namelist() if name.endswith("/METADATA")]
        description = HeaderParser().parsestr(archive.read(metadata).decode()).get_payload()
    links = re.findall(r"\]\(([^)]*)\)", str(description))
    assert links
    assert [link for link in links if not link.startswith("https://")] == []


def test_what_is_in_it(built: tuple[Path, Path]) -> None:
    sdist, wheel = built
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = [name for name in names if name.endswith(".dist-info/METADATA")]
        fields = HeaderParser().parsestr(archive.read(metadata).decode())
    top = {"aimap", "pytest_aimap.py", metadata.split("/")[0]}
    assert {name.split("/")[0] for name in names} == top
    assert "aimap/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    needed = [need for need in fields.get_all("Requires-Dist", []) if "extra ==" not in need]
    assert sorted(re.split("[<>=~]", need)[0] for need in needed) == ["attrs", "trio"]
    with tarfile.open(sdist) as source:
        there = {member.name.split("/", 1)[-1] for member in source.getmembers()}
    for wanted in (
        "LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md",
        "tests/conftest.py", "docs/index.md",
    ):  # fmt: skip
        assert wanted in there


def test_nothing_else_comes_with_it(installed: Path) -> None:
    listed = json.loads(run(installed, "-m", "pip", "list", "--format", "json"))
    assert {package["name"].lower() for package in listed} <= INSTALLED
    run(installed, "-m", "pip", "check")


def test_the_suite_passes_against_the_wheel(
    installed: Path, built: tuple[Path, Path], tmp_path: Path
) -> None:
    """On the Python that runs this all of it, and on the others what depends on Python most."""
    requirements = [
        "pytest>=9", "pytest-trio", "pytest-xdist", "hypothesis", "imapclient",
        "opentelemetry-sdk",
    ]  # fmt: skip
    run(installed, "-m", "pip", "install", "--quiet", f"{built[1]}[all]", *requirements)
    without = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "tests", tmp_path / "tests", ignore=without)
    shutil.copy(HERE / "where.py", tmp_path / "tests" / "test_where.py")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    is_this = version_of(installed) == version_of(sys.executable)
    told = run(
        installed, "-m", "pytest", "-q", "-m", "not exhaustive", "-p", "no:cacheprovider",
        "--numprocesses", "auto", "--maxprocesses", "4", "--dist", "worksteal",
        "--hypothesis-profile", "few", "tests/test_where.py", *(f"tests/{name}" for name in (ALONE if is_this else EVERYWHERE)),
        cwd=tmp_path, PYTHONPATH="",
    )  # fmt: skip
    passed = re.search(r"(\d+) passed", told)
    assert passed is not None
    assert int(passed[1]) > (8000 if is_this else 3000)


def test_users_get_the_types(built: tuple[Path, Path], tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", tmp_path / "environment")
    python = tmp_path / "environment" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", f"{built[1]}[all,otel]", "mypy", "pyright")
    project = tmp_path / "project"
    project.mkdir()
    shutil.copy(HERE / "user_project.py", project / "main.py")
    run(python, "-m", "mypy", "--strict", "main.py", cwd=project)
    (project / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}')
    # It looks for packages where the first Python on the path does.
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    run(python, "-m", "pyright", "main.py", cwd=project, PATH=path)
    verify = ("--ignoreexternal", "--verifytypes", "aimap")
    told = run(python, "-m", "pyright", *verify, cwd=project, PATH=path)
    assert "Type completeness score: 100%" in told
