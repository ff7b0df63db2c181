"""Session-signing keys that a key in AWS KMS vouches for; KMS is one that nobody here wrote: moto.

Five processes with the root pinned: auth has no key file, asks KMS to sign once, and everyone takes what it signs.
With another root pinned everywhere but in auth, nobody is answered. With a second auth, whose keys the gateway's callers
get, the services that follow the first one know them; without what the two share, they do not.
"""

import base64
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

from botocore.config import Config
from botocore.session import Session

NAMES = ["auth", "reasoning", "schema-router", "query", "gateway"]
# Of a role; moto takes any.
CREDENTIALS = ("ASIAIOSFODNN7EXAMPLE", "any", "token")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Kms:
    """A moto server with two keys, which writes down what it is asked."""

    def __init__(self, started, log):
        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        # Elsewhere than where moto would write by itself.
        environment = dict(os.environ, MOTO_RECORDER_FILEPATH=str(log) + ".recorded")
        self.process = subprocess.Popen(
            ["moto_server", "-H", "127.0.0.1", "-p", str(port)], stdout=log.open("w"), stderr=subprocess.STDOUT,
            env=environment,
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
        somebody = Session()
        somebody.set_credentials(*CREDENTIALS)
        kms = somebody.create_client("kms", region_name="us-east-1", endpoint_url=self.endpoint,
                                     config=Config(retries={"max_attempts": 0}))
        self.keys = []
        for _ in range(2):
            key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
            # The point stands at the end of the DER form.
            point = kms.get_public_key(KeyId=key)["PublicKey"][-65:]
            self.keys.append((key, base64.urlsafe_b64encode(point).rstrip(b"=").decode()))
        self.recorder("POST", "start-recording")

    def recorder(self, method, action):
        request = urllib.request.Request(f"{self.endpoint}/moto-api/recorder/{action}", method=method)
        return urllib.request.urlopen(request, timeout=10).read().decode()

    def asked(self, action):
        """How often KMS was asked for this since the last reset."""
        return self.recorder("GET", "download-recording").count(f"TrentService.{action}")

    def environment(self):
        key, secret, token = CREDENTIALS
        return {
            "AWS_ENDPOINT_URL_KMS": self.endpoint, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token, "AWS_EC2_METADATA_DISABLED": "true",
        }


class Five:
    """Five processes in a folder that `init` wrote, with a root that each of them pins."""

    def __init__(self, started, folder, kms, roots, replica=None):
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self.env["SPLITPLANE_HOME"] = str(folder)
        self.processes = []
        for name in NAMES + (["auth"] if replica else []):
            prefix = f"SPLITPLANE_{name.upper().replace('-', '_')}__"
            log = name if len(self.processes) < len(NAMES) else "auth-2"
            mine = dict(self.env)
            mine[prefix + "MESH__KEY_ROOT"] = str(roots[name])
            if name == "auth":
                mine |= kms.environment()
                mine[prefix + "KMS__KEY_ID"] = kms.keys[0][0]
                mine[prefix + "SESSION__ROTATE_EVERY"] = "1h"
            if log == "auth-2":
                mine[prefix + "LISTEN__ADDRESS"] = f"127.0.0.1:{replica['port']}"
                mine[prefix + "LISTEN__HEALTH_ADDRESS"] = "127.0.0.1:0"
                mine[prefix + "STATE__FILE"] = str(folder / replica["state"])
            if name == "gateway" and replica:
                mine[prefix + "AUTH__ADDRESS"] = f"127.0.0.1:{replica['port']}"
            process = subprocess.Popen([f"splitplane-{name}", "--config", str(folder / f"{name}.toml")], env=mine,
                                       stdout=subprocess.DEVNULL, stderr=(folder / f"{log}.log").open("w"))
            self.processes.append(process)
        started.extend(self.processes)

    def ask(self, question):
        return subprocess.run(["splitplane", "ask", "--as", "franchise-owner", "--json", question], env=self.env,
                              capture_output=True, text=True, timeout=120)

    def answered(self, question, patience):
        """The answer, or the last refusal."""
        deadline = time.monotonic() + patience
        while True:
            done = self.ask(question)
            if done.returncode == 0 or time.monotonic() > deadline:
                return done
            time.sleep(0.5)

    def log(self, folder, name):
        return (folder / f"{name}.log").read_text()

    def stop(self, check):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
        codes = [process.wait(timeout=60) for process in reversed(self.processes)]
        check(codes == [0] * len(self.processes), "the services of the certified mesh drain", str(codes))


def check_all(check, started, folder, question, expected):
    """Answers with the root pinned, from one call of KMS; refusals with another root."""
    kms = Kms(started, folder / "kms.log")
    home = folder / "certified"
    environment = dict(os.environ, SPLITPLANE_HOME=str(home))
    base = free_port()
    subprocess.run(["splitplane", "init", str(home), "--port", str(base)], env=environment, check=True, timeout=300)
    pinned, other = home / "root.pub", home / "other.pub"
    pinned.write_text(kms.keys[0][1] + "\n")
    other.write_text(kms.keys[1][1] + "\n")
    key_file = home / "keys" / "session.key"
    key_file.unlink()

    five = Five(started, home, kms, {name: pinned for name in NAMES})
    done = five.answered(question, 60)
    check(done.returncode == 0, "a mesh whose keys KMS vouches for answers", done.stdout + done.stderr)
    answer = json.loads(done.stdout)
    check(answer["rows"][0][-1] == expected, "and with the right figure", done.stdout)
    for _ in range(3):
        check(five.ask(question).returncode == 0, "again")
    check(kms.asked("Sign") == 1, "KMS signed once, however many asked", str(kms.asked("Sign")))
    check(not key_file.exists(), "no session-signing key is in a file")
    five.stop(check)

    for state, is_shared in [("state/auth.db", True), ("state/other.db", False)]:
        # Shown by its own replica, the gateway takes the key; whether the others do is what is asked.
        five = Five(started, home, kms, {name: pinned for name in NAMES}, {"port": free_port(), "state": state})
        done = five.answered(question, 60 if is_shared else 15)
        check((done.returncode == 0) == is_shared,
              f"keys of a second auth are {'' if is_shared else 'not '}known to who follows the first", done.stdout + done.stderr)
        five.stop(check)
    signed = kms.asked("Sign")
    check(signed == 1 + 4, "KMS signed once for each auth", str(signed))

    strangers = {name: other for name in NAMES} | {"auth": pinned}
    five = Five(started, home, kms, strangers)
    time.sleep(5)
    done = five.answered(question, 10)
    check(done.returncode != 0, "with another root pinned nobody is answered", done.stdout)
    told = done.stdout + done.stderr
    check("unavailable" in told.lower() or "unauthenticated" in told.lower(), "and is told no more than that", told)
    for name in NAMES[1:]:
        check("is not the root's" in five.log(home, name), f"{name} says why", five.log(home, name)[-500:])
    check(kms.asked("Sign") == signed + 1, "KMS signed once for each start", str(kms.asked("Sign")))
    five.stop(check)

    # Auth itself does not start with a key that the mesh does not pin.
    alone = dict(five.env, **kms.environment(), SPLITPLANE_AUTH__KMS__KEY_ID=kms.keys[1][0],
                 SPLITPLANE_AUTH__SESSION__ROTATE_EVERY="1h", SPLITPLANE_AUTH__MESH__KEY_ROOT=str(pinned))
    done = subprocess.run(["splitplane-auth", "--config", str(home / "auth.toml")], env=alone, capture_output=True,
                          text=True, timeout=60)
    check(done.returncode == 1 and "mesh.key_root" in done.stderr, "auth refuses a root that is not pinned", done.stderr)
    kms.process.kill()
    kms.process.wait()
