"""Requests signed by signers that nobody here wrote: botocore, and curl over HTTP/2."""

import configparser
import hashlib
import json
import os
import subprocess
import tempfile
import tomllib
import uuid
from pathlib import Path

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.session import Session

PATH = "/splitplane.gateway.v1.GatewayService/Ask"
REGION, SERVICE = "us-east-1", "splitplane"


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number, value):
    """A length-delimited field of a protobuf message."""
    return bytes([number << 3 | 2]) + varint(len(value)) + value


def frame(question):
    message = field(1, field(1, question.encode()))
    return b"\0" + len(message).to_bytes(4, "big") + message


class Signers:
    """Asks as a profile of a running mesh."""

    def __init__(self, home, profile, env):
        self.home, self.name, self.env = home, profile, env
        self.profile = tomllib.loads((Path(home) / "profiles" / f"{profile}.toml").read_text())

    def headers(self, body):
        """What is signed but for the host, the date and the session token."""
        return {
            "content-type": "application/grpc",
            "te": "trailers",
            "x-amz-content-sha256": hashlib.sha256(body).hexdigest(),
            "x-splitplane-tenant-id": self.profile["tenant"],
            "x-splitplane-business-id": self.profile["business"],
            "x-splitplane-admin-id": self.profile["admin"],
            "x-splitplane-nonce": uuid.uuid4().hex,
        }

    def send(self, body, headers, *arguments):
        lines = [part for name in sorted(headers) for part in ("-H", f"{name}: {headers[name]}")]
        with tempfile.NamedTemporaryFile() as file:
            file.write(body)
            file.flush()
            done = subprocess.run(
                ["curl", "-sS", "--http2", "--cacert", self.profile["certificates"]["ca"], "-D", "-",
                 "--data-binary", f"@{file.name}", *arguments, *lines, self.profile["endpoint"] + PATH],
                capture_output=True, timeout=60,
            )
        return done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")

    def curl(self, question, other=None):
        """Signed by curl; `other` is then sent in its place."""
        body, credentials = frame(question), self.profile["credentials"]
        headers = self.headers(body) | {"x-amz-security-token": credentials["session_token"]}
        user = f"{credentials['access_key_id']}:{credentials['secret_access_key']}"
        return self.send(other or body, headers, "--aws-sigv4", f"aws:amz:{REGION}:{SERVICE}", "--user", user)

    def botocore(self, question, change=lambda headers: headers):
        """Signed by botocore, with credentials that it obtains by the command line; changed, then sent by curl."""
        body = frame(question)
        request = AWSRequest("POST", self.profile["endpoint"] + PATH, headers=self.headers(body), data=body)
        SigV4Auth(self.credentials(), SERVICE, REGION).add_auth(request)
        return self.send(body, change(dict(request.headers.items())))

    def credentials(self):
        """By the SDK's own reading of a profile with a `credential_process`."""
        config = configparser.ConfigParser()
        config["profile asker"] = {"credential_process": f"splitplane credentials --process {self.name}"}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "config"
            with path.open("w") as file:
                config.write(file)
            before = dict(os.environ)
            os.environ.update(self.env, AWS_CONFIG_FILE=str(path), AWS_PROFILE="asker")
            try:
                frozen = Session().get_credentials().get_frozen_credentials()
            finally:
                os.environ.clear()
                os.environ.update(before)
        assert frozen.access_key.startswith("ASIA"), frozen.access_key
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)


def check_all(check, home, profile, env, question, expected):
    """Honest requests are answered; the same with one thing changed are refused."""
    signers = Signers(home, profile, env)
    check(expected in (answer := signers.curl(question)), "curl signs over HTTP/2 and is answered", answer[-500:])
    check(expected in (answer := signers.botocore(question)),
          "botocore signs, with credentials of `credentials --process`", answer[-500:])
    refused = signers.curl(question, other=frame(question + "!"))
    check("grpc-status: 16" in refused, "curl with another body is refused", refused[-500:])
    for name, value in [("x-splitplane-tenant-id", "another"), ("x-splitplane-nonce", uuid.uuid4().hex),
                        ("x-amz-date", "20260101T000000Z"), ("X-Amz-Security-Token", "")]:
        held = {}

        def change(headers, name=name, value=value, held=held):
            known = next(key for key in headers if key.lower() == name.lower())
            held["was"] = headers[known]
            return headers | {known: value}

        refused = signers.botocore(question, change)
        check("grpc-status: 16" in refused, f"botocore with another {name.lower()} is refused", refused[-500:])
        check(held["was"] != value, f"{name} was changed", json.dumps(held))
