import pickle

import pytest

from ops.corpus_format import CorpusError
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.parity.oracle import OracleError


@pytest.mark.parametrize(
    "error",
    [
        CommandError(ExitCode.SETTINGS, "no key", "as the tool said"),
        CorpusError(ExitCode.FAILED, "was altered"),
        OracleError("ended with 3"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_fault_comes_out_of_another_process_as_it_went_in(error: CommandError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert (str(copy), copy.code, copy.detail) == (str(error), error.code, error.detail)


def test_a_text_is_one_line_whatever_others_have_put_into_it() -> None:
    assert str(CommandError(ExitCode.FAILED, "a\n  b\r\nc")) == "a b c"
