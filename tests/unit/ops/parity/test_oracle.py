"""What an oracle may do, and what becomes of the comparison if it does something else."""

import os
import shlex
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.parity import oracle as module
from ops.parity.oracle import SECRET_VARIABLE, Oracle, OracleError, oracle_command
from tests.fakes.message import NAME
from tests.fakes.program import program
from tests.patience import eventually

LINES = [f'{{"id":"{number}"}}'.encode() for number in range(5)]
ECHO = "import sys\nfor line in sys.stdin: print(line.strip())"


def ask(code: str, lines: list[bytes] = LINES, secret: str = "s") -> list[bytes]:
    with Oracle(program(code), secret) as oracle:
        return list(oracle.answers(lines))


def refusal(code: str, lines: list[bytes] = LINES) -> str:
    with pytest.raises(OracleError) as refused:
        ask(code, lines)
    assert refused.value.code is ExitCode.FAILED
    return str(refused.value)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_END_S", 0.05)


@pytest.mark.parametrize(
    "code",
    [
        ECHO,
        "import sys\nsys.stdout.write(sys.stdin.read())",
        "import sys\nlines = sys.stdin.read().split()\nfor line in lines: print(line, end='\\r\\n')",
        "import sys\nwhole = sys.stdin.read()\nfor c in whole[:-1]: print(c, end='')",
    ],
    ids=["line by line", "all at the end", "with carriage returns", "letter by letter, and no last line feed"],
)
def test_answers_come_in_order_however_the_oracle_buffers(code: str) -> None:
    assert ask(code) == LINES


def test_an_empty_line_is_an_answer() -> None:
    assert ask("import sys\nfor line in sys.stdin: print()") == [b""] * 5


def test_no_notification_needs_no_answer() -> None:
    assert ask(ECHO, []) == []


def test_more_goes_in_and_comes_out_than_any_pipe_holds() -> None:
    lines = [b'{"body":"%b"}' % (b"x" * 100_000)] * 20
    assert ask(ECHO, lines) == lines
    assert ask("import sys\nsys.stdout.write(sys.stdin.read())", lines) == lines


def test_notifications_are_taken_no_faster_than_the_oracle_takes_them() -> None:
    taken = 0

    def notifications() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(1_000):
            taken += 1
            yield b"x" * 10_000

    slow = "import sys\nfor line in sys.stdin.buffer: sys.stdout.buffer.write(line); sys.stdout.flush()"
    with Oracle(program(slow), "s") as oracle:
        answers = oracle.answers(notifications())
        next(answers)
        eventually(lambda: taken > 1, 10, "notifications are sent ahead")
        assert taken < 200
        assert sum(1 for _ in answers) == 999


def test_the_secret_stands_in_its_environment_and_not_on_its_command_line() -> None:
    code = f"import os, sys\nsys.stdin.read()\nprint(os.environ['{SECRET_VARIABLE}'], sys.argv)"
    assert ask(code, LINES[:1], "hush") == [b"hush ['-c']"]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import sys\nfor line in sys.stdin: print(); print()", "came without a notification"),
        ("import sys\nlines = sys.stdin.readlines()\nfor line in lines[1:]: print()", "ended after 4 answers to 5"),
        ("import sys\nsys.stdin.readline(); print(); sys.stdin.read(); sys.exit(3)", "ended with 3 after 1 answer"),
        ("import sys\nsys.stdin.read()\nfor _ in range(5): print()\nsys.exit(7)", "ended with 7 after 5 answers"),
        ("import os\nos.kill(os.getpid(), 9)", "ended with -9 after 0 answers"),
        ("raise SystemExit", "ended after 0 answers"),
    ],
    ids=["too many", "too few", "dies midway", "a bad end", "killed", "does not read"],
)
def test_an_oracle_that_does_not_keep_to_the_protocol_is_told(code: str, told: str) -> None:
    assert told in refusal(code)


def test_one_that_dies_before_it_has_read_all_is_told_whatever_pipes_hold() -> None:
    assert "ended with 5 after 1 answers" in refusal(
        "import sys\nsys.stdin.readline(); print(); sys.exit(5)", [b"x" * 1_000_000] * 20
    )


@pytest.mark.usefixtures("impatient")
def test_one_that_never_ends_is_ended() -> None:
    assert "goes on though everything is answered" in refusal(
        f"{ECHO}\nsys.stdout.flush()\nimport time\ntime.sleep(60)"
    )


@pytest.mark.usefixtures("impatient")
def test_one_that_closes_its_output_and_goes_on_is_ended() -> None:
    assert "closed its standard output" in refusal(f"{ECHO}\nimport os, time\nos.close(1)\ntime.sleep(60)")


@pytest.mark.parametrize("command", ["/nonexistent/program", "/etc/passwd", "/"])
def test_what_cannot_be_started_is_told(command: str) -> None:
    with pytest.raises(OracleError, match=f"{command} cannot be started: "):
        Oracle([command], "s")


def test_a_fault_of_the_corpus_is_told_and_not_blamed_on_the_oracle() -> None:
    def notifications() -> Iterator[bytes]:
        yield LINES[0]
        raise CommandError(ExitCode.FAILED, "the corpus was altered")

    with Oracle(program(ECHO), "s") as oracle, pytest.raises(CommandError, match="the corpus was altered"):
        list(oracle.answers(notifications()))


def alive(pid: int) -> bool:
    """A zombie, which nobody here can reap, is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_whoever_goes_leaves_no_process_behind(tmp_path: Path) -> None:
    # The child ignores what could be ignored, and holds the pipes.
    child = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    code = (
        "import os, subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}])\n"
        "sys.stdin.readline()\n"
        "print(os.getpid(), child.pid)\n"
        "sys.stdin.read()\n"
    )
    with pytest.raises(ZeroDivisionError), Oracle(program(code), "s") as oracle:  # noqa: PT012  it has to be running
        pids = [int(pid) for pid in next(oracle.answers(LINES)).split()]
        assert all(map(alive, pids))
        raise ZeroDivisionError
    assert len(pids) == 2
    eventually(lambda: not any(map(alive, pids)), 10, "all of them are gone")


def test_one_that_was_stopped_can_be_stopped_again() -> None:
    oracle = Oracle(program(ECHO), "s")
    os.kill(oracle._process.pid, signal.SIGKILL)
    oracle.stop()
    oracle.stop()


@pytest.mark.parametrize(
    ("text", "words"), [("php bin/oracle.php --now 'a b'", ["php", "bin/oracle.php", "--now", "a b"]), ("x", ["x"])]
)
def test_a_command_is_split_as_a_shell_does(text: str, words: list[str]) -> None:
    assert oracle_command(text) == words
    assert oracle_command(shlex.join(words)) == words


@pytest.mark.parametrize("text", ["", "   ", "php 'unclosed"])
def test_what_is_no_command_is_refused(text: str) -> None:
    with pytest.raises(CommandError) as refused:
        oracle_command(text)
    assert refused.value.code is ExitCode.USAGE


def test_what_an_oracle_says_of_itself_is_never_quoted() -> None:
    assert NAME not in refusal(f"import sys\nsys.stdin.read()\nprint({NAME!r} * 3)\nsys.exit(1)")
