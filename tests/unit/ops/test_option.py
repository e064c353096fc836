from ops.exit_code import ExitCode
from ops.option import lesson


def test_a_lesson_ends_with_every_way_that_the_command_can_end() -> None:
    text = lesson(
        [("strangler x --y [z]", "does x")], [ExitCode.REFUSED, ExitCode.ATTENTION], {ExitCode.OK: "all well"}
    )
    codes = [line.split()[0] for line in text.partition("Exit codes")[2].splitlines()[1:] if line[:5].strip().isdigit()]
    assert codes == ["0", "1", "2", "77"]
    assert "all well" in text
    assert ExitCode.REFUSED.sentence in text
    assert r"\[z]" in text


def test_a_lesson_is_no_wider_than_a_terminal() -> None:
    text = lesson([("strangler x", "word " * 40)], [], {ExitCode.OK: "word " * 40})
    assert max(map(len, text.splitlines())) <= 76
