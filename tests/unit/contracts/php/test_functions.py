import pytest

from contracts.php.error import UnknownRuleError
from contracts.php.functions import FUNCTIONS, NotInScopeError, call
from contracts.php.runtime import PHP_8_2, PhpRuntime


@pytest.mark.parametrize("version", [(7, 4), (9, 0)])
@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_by_name_nothing_is_answered_for_a_version_that_is_not_known(name: str, version: tuple[int, int]) -> None:
    with pytest.raises(UnknownRuleError, match=f"^{name}: "):
        call(PhpRuntime(version), name, [])


def test_what_is_not_in_scope_says_so() -> None:
    with pytest.raises(NotInScopeError, match="levenshtein"):
        call(PHP_8_2, "levenshtein", ["a", "b"])
