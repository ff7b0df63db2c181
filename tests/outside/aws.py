"""Callers with credentials of AWS, judged by an STS that nobody here wrote: moto, which checks signatures."""

import hashlib
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.session import Session

import signers

BODY = b"Action=GetCallerIdentity&Version=2011-06-15"
AUDIENCE = "splitplane.local"
# Creating the roles and assuming them is done before moto begins to ask who is there.
UNCHECKED = 6


class Sts:
    """A moto server with two roles."""

    def __init__(self, started, log):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            ["moto_server", "-H", "127.0.0.1", "-p", str(port)], stdout=log.open("w"), stderr=subprocess.STDOUT,
            env=dict(os.environ, INITIAL_NO_AUTH_ACTION_COUNT=str(UNCHECKED)),
        )
        started.append(self.process)
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(self.endpoint + "/moto-api/", timeout=1).read()
                break
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        anyone = Session()
        anyone.set_credentials("AKIAIOSFODNN7EXAMPLE", "any", None)
        options = {"region_name": "us-east-1", "endpoint_url": self.endpoint,
                   "config": Config(retries={"max_attempts": 0})}
        iam, sts = anyone.create_client("iam", **options), anyone.create_client("sts", **options)
        policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
        self.credentials = {}
        for name in ("Portal", "Stranger"):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy)
            iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=policy)
            arn = f"arn:aws:iam::123456789012:role/{name}"
            issued = sts.assume_role(RoleArn=arn, RoleSessionName="session-1")["Credentials"]
            self.credentials[name] = Credentials(
                issued["AccessKeyId"], issued["SecretAccessKey"], issued["SessionToken"]
            )


def headers(sts, role, profile, frame, changed):
    """What a caller with the role sends: a signature over what the mesh will ask AWS."""
    credentials = sts.credentials[role]
    credentials = Credentials(credentials.access_key, changed.pop("secret", credentials.secret_key), credentials.token)
    signed = {
        "content-type": "application/x-www-form-urlencoded",
        "x-splitplane-tenant-id": profile["tenant"],
        "x-splitplane-business-id": profile["business"],
        "x-splitplane-admin-id": profile["admin"],
        "x-splitplane-nonce": uuid.uuid4().hex,
        "x-splitplane-audience": AUDIENCE,
        "x-splitplane-method": signers.PATH,
        "x-splitplane-content-sha256": hashlib.sha256(frame).hexdigest(),
    }
    request = AWSRequest("POST", sts.endpoint + "/", headers=signed | changed, data=BODY)
    SigV4Auth(credentials, "sts", "us-east-1").add_auth(request)
    sent = {name.lower(): value for name, value in request.headers.items()}
    kept = ["authorization", "x-amz-date", "x-amz-security-token", "x-splitplane-nonce"]
    ids = {name: signed[name] for name in signed if name.endswith("-id")}
    return {name: sent[name] for name in kept} | ids | {"content-type": "application/grpc", "te": "trailers"}


def check_all(check, sts, home, profile, env, question, expected):
    """A known role is answered; another role, another secret or another signed value is refused."""
    asker = signers.Signers(home, profile, env)
    frame = signers.frame(question)

    def ask(role, **changed):
        changed = {name.replace("_", "-"): value for name, value in changed.items()}
        return asker.send(frame, headers(sts, role, asker.profile, frame, changed))

    answer = ask("Portal")
    check(expected in answer, "a caller with an assumed role of AWS is answered", answer[-700:])
    for what, answer in [
        ("a role that is nobody's", ask("Stranger")),
        ("another secret", ask("Portal", secret="another")),
        ("another audience", ask("Portal", x_splitplane_audience="another.mesh")),
        ("another method", ask("Portal", x_splitplane_method=signers.PATH + "x")),
        ("another body", ask("Portal", x_splitplane_content_sha256="0" * 64)),
        ("another tenant", ask("Portal", x_splitplane_tenant_id="another")),
    ]:
        check("grpc-status: 16" in answer, f"{what} is refused by AWS or before it", answer[-700:])
    replayed = headers(sts, "Portal", asker.profile, frame, {})
    first, second = asker.send(frame, replayed), asker.send(frame, replayed)
    check(expected in first and "grpc-status: 16" in second, "a request is judged once", second[-700:])
