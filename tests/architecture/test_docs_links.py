"""What the documents point to is there: files, headings, pictures, and the targets of make."""

import re

import pytest

from tests.architecture.sources import ROOT, documents

LINK = re.compile(r"(?<!\\)\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]+`")
TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)
MAKE = re.compile(r"`make ([a-z]+)[^`]*`|^make ([a-z]+)", re.MULTILINE)
DOCUMENTS = {str(path.relative_to(ROOT)): path for path in documents()}


def anchors(text: str) -> set[str]:
    """The anchors of the headings, as GitHub makes them."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} +(.+?) *$", FENCE.sub("", text), re.MULTILINE):
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        found.add(anchor)
    return found


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_links_lead_somewhere(name):
    document = DOCUMENTS[name]
    text = document.read_text()
    prose = CODE.sub("", FENCE.sub("", text))
    lost = []
    for link in LINK.findall(prose):
        if re.match(r"[a-z]+:", link):
            continue  # another site, or an address to write to
        path, _, anchor = link.partition("#")
        target = document if not path else (document.parent / path)
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            lost.append(link)
    assert lost == []


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_named_make_targets_exist(name):
    targets = set(TARGET.findall((ROOT / "Makefile").read_text()))
    named = {first or second for first, second in MAKE.findall(DOCUMENTS[name].read_text())}
    assert named - targets == set()


def test_pictures_are_small_and_shown():
    shown = {
        (path.parent / link).resolve()
        for path in DOCUMENTS.values()
        for link in LINK.findall(path.read_text())
        if link.endswith(".png")
    }
    pictures = set((ROOT / "docs/images").glob("*.png"))
    assert {path.name for path in pictures - shown} == set(), "no document shows these"
    assert {path.name: path.stat().st_size for path in pictures if path.stat().st_size > 300_000} == {}
