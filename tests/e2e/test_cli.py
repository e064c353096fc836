"""The command `strangler` as a program of its own: help, bad input, and a deployment looked at from outside."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.local.aws import EmbeddedAws
from infra.local.process import free_ports
from ops.cli import command_line
from ops.exit_code import ExitCode

pytest_plugins = ("tests.fixtures_stack",)

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "cli.md").read_text("utf-8")
STACK = "operated"
_GLOBAL_OPTIONS = {"--help", "-h"}


def _commands() -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its words."""
    waiting: list[tuple[str, Any]] = [("strangler", command_line())]
    while waiting:
        words, command = waiting.pop()
        below: Mapping[str, Any] = getattr(command, "commands", {})
        waiting += [(f"{words} {name}", one) for name, one in below.items()]
        if not below:
            yield words, command


COMMANDS = dict(_commands())


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended."""

    code: int
    out: str
    err: str


def _strangler(*arguments: str, **environment: str) -> Ended:
    """Run the entry point with nothing of this process' AWS settings."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "AMQP_", "STRANGLER_"))
    }
    none = {"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from ops.cli import main; sys.exit(main())", *arguments],
        cwd=REPOSITORY,
        env={**inherited, **none, "AWS_EC2_METADATA_DISABLED": "true", "COLUMNS": "120", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stderr
    return Ended(done.returncode, done.stdout, done.stderr)


def _each(command_lines: Iterable[str], **environment: str) -> dict[str, Ended]:
    """Run several beside each other: most of a short command's time is the start of Python."""
    lines = list(command_lines)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(lines, pool.map(lambda line: _strangler(*line.split(), **environment), lines), strict=True))


def _one_line(ended: Ended) -> str:
    assert ended.out == ""
    assert ended.err.startswith("strangler: ")
    assert ended.err.count("\n") == 1
    return ended.err


def test_help_is_a_result_and_no_complaint() -> None:
    for line, ended in _each(("--help", "compare --help", "deploy --help")).items():
        assert (ended.code, ended.err) == (0, "")
        assert f"Usage: strangler {line.removesuffix('--help')}" in ended.out


def test_the_module_is_the_same_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ops", "--help"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage: strangler" in done.stdout


_WRONG = ("nonsense", "types list extra", "status --stack ../x", "messages show", "demo --break nothing")
"""Some of those that tests/unit/ops/test_command.py has, to see that the process ends as the function does."""


def test_a_wrong_command_line_is_refused_before_anything_is_done() -> None:
    assert {line: ended.code for line, ended in _each(_WRONG).items()} == dict.fromkeys(_WRONG, ExitCode.USAGE)


_READING = ("status", "compare show", "messages show m1", "deploy")


def test_no_region_is_a_missing_setting() -> None:
    for ended in _each(_READING).values():
        assert ended.code == ExitCode.SETTINGS
        assert "AWS_DEFAULT_REGION" in _one_line(ended)


def test_no_credentials_are_told_in_one_line() -> None:
    for ended in _each(_READING, AWS_DEFAULT_REGION="eu-west-1").values():
        assert ended.code == ExitCode.REFUSED
        assert "AWS_PROFILE" in _one_line(ended)


def test_an_endpoint_that_does_not_answer_is_told_in_one_line() -> None:
    (port,) = free_ports(1)
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
    }
    for ended in _each(_READING, **environment).values():
        assert ended.code == ExitCode.UNREACHABLE
        assert "AWS_ENDPOINT_URL" in _one_line(ended)


def test_a_profile_that_is_not_there_is_told_in_one_line() -> None:
    ended = _strangler("status", AWS_PROFILE="nobody", AWS_DEFAULT_REGION="eu-west-1")
    assert ended.code == ExitCode.SETTINGS
    assert "nobody" in _one_line(ended)


def test_the_shipper_without_a_broker_ends_as_the_bridge_says(tmp_path: Path) -> None:
    assert _strangler("bridge", "ship").code == ExitCode.SETTINGS
    (port,) = free_ports(1)
    settings = {"AMQP_URL": f"amqp://127.0.0.1:{port}", "STRANGLER_JOURNAL": str(tmp_path)}
    ended = _strangler("bridge", "ship", **settings, AWS_DEFAULT_REGION="eu-west-1")
    assert ended.code == ExitCode.UNREACHABLE
    assert "cannot be reached" in ended.err


def test_no_command_waits_for_what_only_some_need() -> None:
    costly = ("aws_cdk", "aws_encryption_sdk", "aws_lambda_powertools", "docker", "pika")
    program = f"import sys, ops.cli; ops.cli.build(); print(*sys.modules.keys() & set({costly}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_types_need_no_aws() -> None:
    ended = _strangler("types", "list", "-o", "json")
    assert ended.code == 0
    assert {family["name"] for family in json.loads(ended.out)} == {"payin", "payout", "cardtransaction", "balance"}


def test_the_doctor_looks_at_everything_and_asks_only_what_is_set() -> None:
    ended = _strangler("doctor", "-o", "json")
    checks = {check["name"]: check for check in json.loads(ended.out)}
    assert list(checks) == ["Python", "RabbitMQ", "PHP", "packages", "Node for CDK", "Docker", "AWS", "AMQP_URL"]
    assert checks["AWS"]["state"] == checks["AMQP_URL"]["state"] == "optional"
    missing = any(check["state"] == "missing" for check in checks.values())
    assert ended.code == (ExitCode.ATTENTION if missing else ExitCode.OK)


def test_what_is_set_and_does_not_work_is_for_the_doctor_to_find() -> None:
    (port,) = free_ports(1)
    ended = _strangler("doctor", "-o", "json", AMQP_URL=f"amqp://user:hidden@127.0.0.1:{port}/")
    assert ended.code == ExitCode.ATTENTION
    (check,) = [check for check in json.loads(ended.out) if check["name"] == "AMQP_URL"]
    assert check["state"] == "missing"
    assert "hidden" not in ended.out + ended.err


def test_a_deployment_is_planned_then_made_then_operated(embedded_aws: EmbeddedAws) -> None:
    environment = {**embedded_aws.environment, "STRANGLER_STACK": STACK}
    assert _strangler("status", **environment).code == ExitCode.NO_DEPLOYMENT
    deploy = ("deploy", "--package", "local", "--disposable")
    assert "--secret-arn" in _one_line(_strangler(*deploy, **environment))

    session = embedded_aws.session()
    secret = session.client("secretsmanager").create_secret(Name=STACK, SecretString="not a real secret")["ARN"]
    planned = _strangler(*deploy, "--secret-arn", secret, "-o", "json", **environment)
    assert planned.code == 0
    assert {change["action"] for change in json.loads(planned.out)} == {"Add"}
    assert _strangler("status", **environment).code == ExitCode.NO_DEPLOYMENT

    deployed = _strangler(*deploy, "--secret-arn", secret, "--execute", "-o", "json", **environment)
    assert (deployed.code, "ShipperRoleArn" in json.loads(deployed.out)) == (0, True)
    assert "nothing to change" in _strangler(*deploy, **environment).out

    assert _strangler("status", **environment).code == 0
    assert _strangler("compare", "show", **environment).code == 0
    assert _strangler("messages", "show", "m1", **environment).code == ExitCode.UNKNOWN_MESSAGE
    url = session.client("sqs").get_queue_url(QueueName=f"{STACK}-outcomes-dead")["QueueUrl"]
    session.client("sqs").send_message(QueueUrl=url, MessageBody="x")
    assert _strangler("status", **environment).code == ExitCode.ATTENTION


def test_a_role_that_may_not_read_is_told_so(embedded_aws: EmbeddedAws) -> None:
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
    session = embedded_aws.session()
    arn = session.client("iam").create_role(RoleName="nobody", AssumeRolePolicyDocument=json.dumps(trust))["Role"][
        "Arn"
    ]
    keys = session.client("sts").assume_role(RoleArn=arn, RoleSessionName="nobody")["Credentials"]
    credentials = {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
    }
    for ended in _each(_READING, **{**embedded_aws.environment, **credentials}).values():
        assert ended.code == ExitCode.REFUSED
        assert "denies this to your role" in _one_line(ended)


def _section(words: str) -> str:
    """A command's part of the page."""
    _, _, rest = PAGE.partition(f"\n## {words}\n")
    assert rest, f"docs/cli.md has no section `## {words}`"
    return rest.partition("\n## ")[0]


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_is_documented_with_all_its_options(words: str) -> None:
    section = _section(words)
    for parameter in COMMANDS[words].params:
        for option in set(getattr(parameter, "opts", ())) - _GLOBAL_OPTIONS:
            if option.startswith("-"):
                assert f"`{option}" in section, f"{words} {option}"
    assert f"strangler {words.partition(' ')[2]}" in section.partition("```sh")[2]
    assert f"(#{words.replace(' ', '-')})" in PAGE


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_is_documented_with_its_exit_codes(words: str) -> None:
    taught = [int(code) for code in re.findall(r"^ {2}( *\d+) {2}", COMMANDS[words].epilog, re.MULTILINE)]
    documented = _section(words).partition("Exit codes: ")[2].partition("\n\n")[0]
    assert [int(code) for code in re.findall(r"(?:^|, )(\d+)", documented.replace("\n", " "))] == taught


def test_no_command_is_documented_that_does_not_exist() -> None:
    assert set(re.findall(r"^## (strangler .*)$", PAGE, re.MULTILINE)) == set(COMMANDS)


def test_every_exit_code_is_documented_in_its_own_words() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \| (.+) \|$", PAGE, re.MULTILINE)
    assert rows == [(str(code.value), code.name, code.sentence) for code in ExitCode]
