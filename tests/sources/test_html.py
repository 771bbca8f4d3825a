import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sources.html import Page, page, text_of


def test_blocks_are_lines_and_inline_marks_are_none():
    assert text_of(
        "<p>A <b>bold <i>word</i></b>, <a href=x>linked</a>.</p><ul><li>B<li>C</ul>"
    ) == ("A bold word, linked.\nB\nC")


def test_what_is_not_the_story_is_dropped():
    markup = "<body><nav>Menu</nav><script>x</script><!-- y --><main><p>Story</p></main>Rest</body>"
    assert page(markup).text == "Story"


def test_entities_of_html_are_known_and_no_others_are_expanded():
    entities = '<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">'
    bomb = f"<!DOCTYPE x [{entities}]><html><p>caf&eacute; &b;</p></html>"
    assert "café" in page(bomb).text
    assert "aaaa" not in page(bomb).text


def test_other_files_are_not_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("treasure")
    markup = f'<!DOCTYPE x [<!ENTITY s SYSTEM "file://{secret}">]><html><p>&s;</p></html>'
    assert "treasure" not in (page(markup) or Page("")).text


def test_deep_nesting_ends_without_harm():
    assert page("<b>" * 100_000) is not None


@pytest.mark.parametrize("markup", ["", "\x00", "<!-- only -->", "<?xml version='1.0'?>"])
def test_nothing_is_nothing(markup):
    assert (page(markup) or Page("")).text == ""


@examples(60)
@given(st.text(alphabet='<>/&;"=! apdivscript\x00\ud7ff', max_size=80))
def test_any_markup_gives_a_text(markup):
    assert isinstance(text_of(markup), str)
