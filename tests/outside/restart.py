"""What a restart must not forget, on every kind of store: used nonces, and who was disabled."""

import os
import shutil
import signal
import subprocess
import time
import uuid
from pathlib import Path

import signers

POSTGRES = os.environ.get("SPLITPLANE_POSTGRES")
# The bound on revocations, and a second for the registry to be read.
BOUND = 6.5


def database(folder):
    """A new database on the server that the environment names."""
    name = f"outside_{uuid.uuid4().hex}"
    subprocess.run(["psql", "--quiet", "--command", f"CREATE DATABASE {name}", POSTGRES], check=True, timeout=60)
    rest, _, query = POSTGRES.partition("?")
    return f"{rest.rsplit('/', 1)[0]}/{name}?{query}"


def kill(mesh):
    mesh.process.send_signal(signal.SIGKILL)
    mesh.process.wait()


def check_all(check, start, folder, question, expected):
    """`start` starts a mesh on one home, with an environment."""
    kinds = {"SQLite": None}
    if POSTGRES and shutil.which("psql"):
        kinds["PostgreSQL"] = database(folder)
    else:
        print("SKIPPED on PostgreSQL: SPLITPLANE_POSTGRES names no server, or there is no psql")
    for kind, url in kinds.items():
        nonces(check, start, kind, url, question, expected)
        registry(check, start, kind, url or f"sqlite:{folder / 'registry.db'}", question, expected)


def nonces(check, start, kind, url, question, expected):
    """A captured request is good for nothing, before and after a kill."""
    environment = {"SPLITPLANE_AUTH__STATE__DATABASE": url, "SPLITPLANE_QUERY__STATE__DATABASE": url} if url else {}
    mesh = start(environment)
    asker = signers.Signers(mesh.env["SPLITPLANE_HOME"], "franchise-owner", mesh.env)
    captured = {}

    def capture(headers):
        captured.update(headers)
        return headers

    body = signers.frame(question)
    answer = asker.botocore(question, capture)
    check(expected in answer, f"{kind}: a signed request is answered", answer[-500:])
    again = asker.send(body, captured)
    check("grpc-status: 16" in again, f"{kind}: its copy is refused", again[-500:])
    kill(mesh)
    mesh = start(environment)
    again = asker.send(body, captured)
    check("grpc-status: 16" in again, f"{kind}: its copy is refused after the mesh was killed", again[-500:])
    answer = asker.botocore(question)
    check(expected in answer, f"{kind}: a new one is answered", answer[-500:])
    kill(mesh)
    if not url:
        for file in (Path(mesh.env["SPLITPLANE_HOME"]) / "state").glob("auth.db*"):
            file.unlink()
        mesh = start(environment)
        again = asker.send(body, captured)
        check(expected in again, "with its memory taken away the copy is answered, so the check can fail", again[-500:])
        kill(mesh)


def registry(check, start, kind, url, question, expected):
    """The registry in a database: imported, changed and obeyed while the mesh runs, and by a new one."""
    mesh = start({})
    mesh.stop()
    file = str(Path(mesh.env["SPLITPLANE_HOME"]) / "registry.yaml")
    command = ["splitplane", "registry", "--registry", url]
    told = mesh.run(*command, "import", file, "--replace")
    check("added" in told, f"{kind}: a registry is imported", told)
    mesh = start({"SPLITPLANE_AUTH__REGISTRY__DATABASE": url})
    ask = ["splitplane", "ask", "--as", "franchise-owner", question]
    check(expected[:2] in mesh.run(*ask), f"{kind}: who is in it is answered")
    [line] = [line for line in mesh.run(*command, "list").splitlines() if "/franchise-owner " in line]
    combination = line.split()[0]
    mesh.run(*command, "disable", combination)
    time.sleep(BOUND)
    mesh.run(*ask, code=1)
    said = mesh.run(*command, "who-may-speak-for", combination)
    check("disabled" in said and "franchise-owner." in said, f"{kind}: it says who speaks for whom", said)
    kill(mesh)
    mesh = start({"SPLITPLANE_AUTH__REGISTRY__DATABASE": url})
    mesh.run(*ask, code=1)
    mesh.run(*command, "enable", combination)
    time.sleep(BOUND)
    check(expected[:2] in mesh.run(*ask), f"{kind}: who is enabled again is answered")
    mesh.stop()
