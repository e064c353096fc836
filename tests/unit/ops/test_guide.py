from pathlib import Path

from contracts import trap
from ops.guide import Block, Section, parse_guide, read_guide

GUIDE = """# A guide

Said before any section.

## Money

Not of a section.

### Cents, "and" what they're not

One paragraph
on two lines, with `code`.

```php
round(1); // => 1

### no heading
```

```pycon
>>> 1
1

```

## Text

Of no section.

### Nothing below
"""


def test_a_section_is_its_paragraphs_and_its_code() -> None:
    assert parse_guide(GUIDE) == {
        "cents-and-what-theyre-not": Section(
            'Cents, "and" what they\'re not',
            (
                Block("One paragraph on two lines, with `code`."),
                Block("round(1); // => 1\n\n### no heading", code=True),
                Block(">>> 1\n1", code=True),
            ),
        ),
        "nothing-below": Section("Nothing below", ()),
    }


def test_the_guide_beside_this_program_has_every_section_that_a_group_may_name() -> None:
    guide = read_guide()
    assert {one.anchor for one in trap.ALL} <= guide.keys()
    assert all(any(block.code for block in section.blocks) for section in guide.values())
    text = " ".join(block.text for section in guide.values() for block in section.blocks)
    assert "```" not in text
    assert "How this is proven" not in text, "it is no section of a trap"


def test_where_there_is_no_guide_there_are_no_sections(tmp_path: Path) -> None:
    assert read_guide(tmp_path / "docs" / "porting.md") == {}
