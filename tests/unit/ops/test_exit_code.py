from bridge.__main__ import ExitCode as BridgeExitCode
from ops.exit_code import ExitCode
from ops.fault import CommandError


def test_every_code_has_a_number_and_a_sentence_of_its_own() -> None:
    assert len({code.value for code in ExitCode}) == len({code.sentence for code in ExitCode}) == len(ExitCode)


def test_what_the_bridge_says_means_the_same_here() -> None:
    assert {code.value for code in BridgeExitCode} <= {code.value for code in ExitCode}
    for name in BridgeExitCode.__members__.keys() & ExitCode.__members__.keys():
        assert BridgeExitCode[name].value == ExitCode[name].value


def test_an_error_is_one_line_whatever_went_into_it() -> None:
    assert str(CommandError(ExitCode.FAILED, "two\n  lines")) == "two lines"
