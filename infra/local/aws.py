"""The embedded AWS: MiniStack as a process of our own, with IAM enforced, so that a wrong name or a missing
permission fails on a laptop instead of in the cloud.

It listens on 127.0.0.1 only (MiniStack's own default is every interface, which would be remote code execution for
the neighbourhood), speaks TLS with a certificate made for this run, takes signatures of one random secret only, and
keeps everything, the functions' unpacked code included, in one folder that is removed at the end. Several stand side
by side. Its gaps are met in `infra.local.ministack_shim`, each with its name.
"""

import contextlib
import datetime as dt
import http.client
import json
import os
import secrets
import shutil
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import boto3
import botocore.session

from infra.local.certificate import write_certificate
from infra.local.process import Child, listen

_REPOSITORY = Path(__file__).resolve().parents[2]
_ACCESS_KEY_ID = "strangler-local"
_PROFILE = """\
[default]
region = {region}
endpoint_url = {endpoint}
"""


class EmbeddedAws:
    """A private AWS in `folder`. Port 0 takes a free one; a port that is taken raises PortTakenError.

    `environment` is what a child process needs to use it: the standard AWS variables, and nothing of ours. The
    credentials in it are those of the account's root; what runs with less takes a role through STS, as on AWS.
    """

    def __init__(self, folder: Path, *, port: int = 0, region: str = "eu-west-1", ready_within_s: float = 30.0) -> None:
        self.folder = folder
        self.log = folder / "aws.log"
        self.port = port
        self.region = region
        self.environment: dict[str, str] = {}
        self._ready_within_s = ready_within_s
        self._data = folder / "aws"
        self._certificate = self._data / "server.crt"
        self._config = self._data / "config"
        self._child: Child | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def endpoint(self) -> str:
        """URL at which every service answers."""
        return f"https://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers; raises PortTakenError or NotReadyError, and then leaves nothing."""
        with listen(self.port) as listener:
            # Listening before the child exists spares the race for the port, and the polling: the first request
            # waits in the backlog until the child accepts it.
            self.port = listener.getsockname()[1]
            shutil.rmtree(self._data, ignore_errors=True)
            temporary = self._data / "tmp"
            temporary.mkdir(parents=True)
            _, key = write_certificate(self._data, dt.datetime.now(dt.UTC))
            self.environment = self._client_environment()
            self._child = Child(
                "the embedded AWS",
                [sys.executable, "-m", "infra.local.ministack_shim", "--fd", str(listener.fileno())],
                environment=self._server_environment(key, temporary),
                folder=_REPOSITORY,
                log=self.log,
                pass_fds=[listener.fileno()],
            )
        try:
            self._request("GET", "/_ministack/health")
        except (OSError, http.client.HTTPException) as error:
            failure = self._child.not_ready(f"did not answer within {self._ready_within_s:.0f} s ({error})")
            self.stop()
            raise failure from error

    def stop(self) -> None:
        """Stop it and remove all its data but the log; may be called twice."""
        if self._child is not None:
            self._child.stop()
            self._child = None
        shutil.rmtree(self._data, ignore_errors=True)

    def session(self) -> boto3.Session:
        """A session of the account's root here, for a process that has not got `environment`.

        Only an AWS_ENDPOINT_URL of its own would lead it elsewhere.
        """
        session = botocore.session.Session()
        settings = {"config_file": self._config, "ca_bundle": self._certificate, "profile": "default"}
        for name, value in settings.items():
            session.set_config_variable(name, str(value))
        key_id, secret = self.environment["AWS_ACCESS_KEY_ID"], self.environment["AWS_SECRET_ACCESS_KEY"]
        session.set_credentials(key_id, secret)
        return boto3.Session(botocore_session=session)

    def fail(
        self,
        service: str,
        action: str = "*",
        *,
        error: str = "ThrottlingException",
        status: int = 400,
        remaining: int | None = None,
    ) -> None:
        """Answer an action of kms, dynamodb, sqs or secretsmanager with an error, `remaining` times or until heal.

        An action of s3 is its method.
        """
        fault = {"service": service, "action": action, "error": error, "status": status, "remaining": remaining}
        self._request("POST", "/_faults", json.dumps(fault))

    def heal(self) -> int:
        """Forget all faults; returns how many requests they have failed."""
        return int(json.loads(self._request("DELETE", "/_faults"))["failed"])

    def _request(self, method: str, path: str, body: str | None = None) -> bytes:
        context = ssl.create_default_context(cafile=str(self._certificate))
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=self._ready_within_s, context=context)
        with contextlib.closing(connection):
            connection.request(method, path, body)
            response = connection.getresponse()
            answer = response.read()
        if response.status != http.HTTPStatus.OK:
            raise http.client.HTTPException(f"{method} {path}: {response.status} {answer[:200]!r}")
        return answer

    def _client_environment(self) -> dict[str, str]:
        # A profile of the user's own must neither leak into a local run nor send one to a real account.
        profile = _PROFILE.format(region=self.region, endpoint=self.endpoint)
        self._config.write_text(profile, "utf-8")
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_CA_BUNDLE": str(self._certificate),
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": _ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": secrets.token_urlsafe(24),
            "AWS_SESSION_TOKEN": "",
            "AWS_PROFILE": "default",
            "AWS_CONFIG_FILE": str(self._config),
            "AWS_SHARED_CREDENTIALS_FILE": str(self._config),
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def _server_environment(self, key: Path, temporary: Path) -> Mapping[str, str]:
        return {
            **self.environment,
            "PATH": os.defpath,
            "HOME": str(self._data),
            "TMPDIR": str(temporary),
            "LANG": "C.UTF-8",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "AUTH": "true",
            "USE_SSL": "1",
            "MINISTACK_SSL_CERT": str(self._certificate),
            "MINISTACK_SSL_KEY": str(key),
            "MINISTACK_REGION": self.region,
            "S3_DATA_DIR": str(self._data / "s3"),
            "STATE_DIR": str(self._data / "state"),
            # Listeners and a container engine that nothing here needs.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": f"unix://{self._data}/no-docker.sock",
        }
