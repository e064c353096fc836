"""The porting guide says what PHP answers and what Python answers: both are asked."""

import doctest
import json
import re
import subprocess

import pytest

from tests.contract.php.conftest import php_command
from tests.stage import REPOSITORY

GUIDE = (REPOSITORY / "docs" / "porting.md").read_text("utf-8")
PHP = re.findall(r"^(.+?); *// => (.+)$", "\n".join(re.findall(r"```php\n(.*?)```", GUIDE, re.DOTALL)), re.MULTILINE)
PYTHON = re.findall(r"```pycon\n(.*?)```", GUIDE, re.DOTALL)


def test_php_answers_what_the_guide_says() -> None:
    """Each expression against the literal behind it, by var_export."""
    code = "".join(f"$answers[] = var_export({call}, true) === var_export({said}, true);\n" for call, said in PHP)
    script = f"{code} echo json_encode($answers);"
    done = subprocess.run([*php_command(), "-r", script], capture_output=True, text=True, check=True)
    agrees = json.loads(done.stdout)
    assert [pair for pair, one in zip(PHP, agrees, strict=True) if not one] == []
    assert len(agrees) > 40


@pytest.mark.parametrize("number", range(len(PYTHON)))
def test_python_answers_what_the_guide_says(number: int) -> None:
    globs: dict[str, object] = {}
    runner = doctest.DocTestRunner(verbose=False)
    for place, block in enumerate(PYTHON[: number + 1]):  # a block may go on from the imports of one before
        test = doctest.DocTestParser().get_doctest(block, globs, f"porting.md, block {place + 1}", None, 0)
        told: list[str] = []
        runner.run(test, out=told.append, clear_globs=False)
        globs.update(test.globs)
        if place == number:
            assert told == []
            assert test.examples


def test_every_trap_has_both_languages() -> None:
    for section in re.split(r"^### ", GUIDE, flags=re.MULTILINE)[1:]:
        title = section.partition("\n")[0]
        assert "```php" in section, title
        assert "```pycon" in section, title
