"""HTML pages to text with one block a line, and what the page says of itself.

The parser is libxml2's: it repairs what is broken, reads no other file, knows only HTML's own
entities, and stops at 256 levels of nesting.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree, html

from pipeline.sources.fields import MAX_TEXT

DROPPED = (
    "script",
    "style",
    "noscript",
    "template",
    "nav",
    "header",
    "footer",
    "aside",
    "form",
    "iframe",
    "svg",
    "button",
    "select",
    "figure",
    "object",
)
INLINE = (
    "a",
    "abbr",
    "b",
    "bdi",
    "cite",
    "code",
    "em",
    "font",
    "i",
    "kbd",
    "mark",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "time",
    "u",
    "var",
    "wbr",
)
MAIN = ("//article", "//main", "//*[@role='main']", "//body")
DATES = (
    "article:published_time",
    "og:published_time",
    "datepublished",
    "date",
    "dc.date",
    "dc.date.issued",
    "dcterms.date",
    "dcterms.created",
    "pubdate",
    "publish-date",
)


@dataclass(frozen=True)
class Page:
    """One page: its text, and what its head says."""

    text: str
    title: str | None = None
    url: str | None = None
    publisher: str | None = None
    dates: list[str] = field(default_factory=list)


def page(markup: str) -> Page | None:
    """The page of that markup; None where it holds no element at all."""
    tree = _tree(markup)
    if tree is None:
        return None
    head = dict(_head(tree))
    return Page(
        text=_text(tree),
        title=head.get("og:title") or _first(tree, "//h1") or _first(tree, "//title"),
        url=_attribute(tree, "//link[@rel='canonical']/@href") or head.get("og:url"),
        publisher=head.get("og:site_name"),
        dates=[*(head[name] for name in DATES if name in head), *_times(tree)],
    )


def text_of(markup: str) -> str:
    """Only the text of a passage of HTML, such as an item of a feed."""
    found = page(f"<div>{markup}</div>")
    return found.text if found else ""


def _tree(markup: str) -> Any:
    parser = html.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    data = markup[: 4 * MAX_TEXT].replace("\x00", "").encode("utf-8", errors="replace")
    try:
        return html.document_fromstring(data, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, AssertionError):
        return None


def _head(tree: Any) -> Iterator[tuple[str, str]]:
    for meta in reversed(tree.xpath("//meta[@content]")):
        for key in ("property", "name", "itemprop"):
            if meta.get(key) and meta.get("content").strip():
                yield meta.get(key).strip().lower(), meta.get("content").strip()


def _times(tree: Any) -> list[str]:
    return [str(found).strip() for found in tree.xpath("//time/@datetime")[:3]]


def _first(tree: Any, path: str) -> str | None:
    for found in tree.xpath(path):
        text = " ".join("".join(found.itertext()).split())
        if text:
            return text
    return None


def _attribute(tree: Any, path: str) -> str | None:
    found = tree.xpath(path)
    return str(found[0]).strip() or None if found else None


def _text(tree: Any) -> str:
    etree.strip_elements(tree, *DROPPED, with_tail=False)
    etree.strip_tags(tree, *INLINE)
    mains = (found[0] for path in MAIN if (found := tree.xpath(path)))
    blocks = (" ".join(block.split()) for block in next(mains, tree).itertext())
    return "\n".join(block for block in blocks if block)
