"""The tables in the code that the documents must agree with. Reading them must not go wrong silently: each has a count
of what looks like a row, and every row must have been understood."""
import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2]


def rows(path, pattern, marker):
    """What the pattern finds in a file; as often as the marker is there."""
    text = (ROOT / path).read_text()
    found = re.findall(pattern, text)
    marked = len(re.findall(marker, text))
    assert found and len(found) == marked, f"{path}: {len(found)} rows are understood of {marked}"
    return found


def routes():
    """(door, method, path) with * for each name."""
    for method, prefix, suffix in rows("doors/http/routes.cc", r'\{"(\w+)", "(/[^"]*)", "([^"]*)", Action::', r'"/v1/'):
        yield "http", method, f"{prefix}*{suffix}"
    for method, path in rows("doors/admin/admin_handler.cc", r'\{"(\w+)", "(/[^"]*)", &A::', r'&A::'):
        yield "admin", method, path


def metadata_headers():
    return {name for name in rows("doors/http/message_headers.cc", r'\{"([\w-]+)",\s+read_\w+\}', r'",\s+read_\w+\}')}


def envelope_members():
    return {name for name in rows("doors/http/envelope.cc", r'\{"(\w+)", take_\w+', r'", take_\w+')}


def test_names():
    """Suite.test of every GoogleTest, and the names given to ctest."""
    names = set()
    macro = re.compile(r"\b(?:TEST|TEST_F|TEST_P|RC_GTEST_PROP|RC_GTEST_FIXTURE_PROP)\(\s*(\w+)\s*,\s*(\w+)")
    for path in (ROOT / "tests").rglob("*.cc"):
        names |= {f"{suite}.{test}" for suite, test in macro.findall(path.read_text())}
    for path in [ROOT / "examples/CMakeLists.txt", ROOT / "tests/docs/CMakeLists.txt"]:
        names |= set(re.findall(r"^forebay_\w+\((\w+\.\w+)", path.read_text(), re.M))
    return names
