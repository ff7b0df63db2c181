"""The mesh as outsiders see it: grpcurl, an independent OTLP receiver, and five separate processes.

Needs `splitplane`, the five services, `curl`, `grpcurl` and `rotel-agent` (or the rotel package) on the path, and botocore and moto. With
SPLITPLANE_JAFFLE set, the known answers are asked for as well. Exits 1 at the first thing that is not so.
"""

import atexit
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import aws
import engines
import kills
import kms
import restart
import signers

PROJECT = Path(__file__).resolve().parents[2]
JAFFLE = os.environ.get("SPLITPLANE_JAFFLE")
FLAGSHIP = "What were total sales last week?"


STARTED = []


@atexit.register
def kill_what_is_left():
    for process in STARTED:
        process.kill()


def check(holds, what, seen=""):
    if not holds:
        print(f"FAILED: {what}\n{seen}", flush=True)
        sys.exit(1)
    print(f"ok: {what}", flush=True)


def free_port():
    """A base from which a mesh can take its ports."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Mesh:
    """`splitplane up` in a home folder of its own."""

    def __init__(self, home, *arguments, errors=None, environment=None):
        self.env = dict(os.environ, SPLITPLANE_HOME=str(home), **(environment or {}))
        self.process = subprocess.Popen(
            ["splitplane", "up", *arguments], env=self.env, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        STARTED.append(self.process)
        line = self.process.stdout.readline()
        while line and not line.startswith("ready "):
            line = self.process.stdout.readline()
        check(line.startswith("ready "), f"up {' '.join(arguments)} gets ready", line)

    def run(self, *command, code=0):
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=300)
        check(done.returncode == code, f"`{command[0]} {command[1]}` exits {code}", done.stdout + done.stderr)
        return done.stdout

    def ask(self, profile, question, code=0):
        return json.loads(self.run("splitplane", "ask", "--as", profile, "--json", question, code=code))

    def shell(self, script, code=None):
        done = subprocess.run(
            ["bash", "-c", script], env=self.env, capture_output=True, text=True, timeout=300
        )
        if code is not None:
            check(done.returncode == code, f"the script exits {code}", done.stdout + done.stderr)
        return done

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        check(self.process.wait(timeout=60) == 0, "up drains on SIGTERM")


def figure(answer):
    check(answer["outcome"] == "answered" and len(answer["rows"]) == 1, "one row", json.dumps(answer))
    return answer["rows"][0][-1]


def jaffle(folder):
    """Known answers on outside data."""
    if not JAFFLE:
        print("SKIPPED: SPLITPLANE_JAFFLE is not set, so nothing was checked on outside data")
        return
    example = PROJECT / "examples" / "jaffle"
    log = folder / "jaffle.log"
    with open(log, "w") as errors:
        mesh = Mesh(
            folder / "jaffle", "--model", str(example / "model.yaml"), "--policy", str(example / "policy.yaml"),
            "--data", JAFFLE, "--log", "warn", errors=errors,
        )
    # Only stores know the tenant there, so every question reads the keys of everyone's orders.
    warned = [line for line in log.read_text().splitlines() if "lie among each other" in line]
    check(any('"dataset":"orders"' in line for line in warned), "query warns of what costs everyone's rows", str(warned))
    check(not any('"dataset":"stores"' in line for line in warned), "and of nothing else", str(warned))
    total = "What was the total of orders between 2021-05-01 and 2021-08-30?"
    check(figure(mesh.ask("finn.franchise", total)) == "738611.69", "two stores come out to the cent")
    check(figure(mesh.ask("ada.brand", total)) == "1431096.71", "six stores come out to the cent")
    stores = mesh.ask("ruth.rival", "total of orders by store between 2021-05-01 and 2021-08-30")
    cents = sum(round(float(row[-1]) * 100) for row in stores["rows"])
    check(cents == 144562589, "the rival's stores sum up", json.dumps(stores["rows"]))
    files = ["--model", str(example / "model.yaml"), "--policy", str(example / "policy.yaml"), "--data", JAFFLE]
    mesh.run("splitplane", "policy", "test", str(example / "expectations.yaml"), *files)
    mesh.run("splitplane", "policy", "check", *files)
    mesh.stop()


def restaurant(folder):
    """The demo's data: the command line, grpcurl, and one trace over five services."""
    collector = Collector(folder)
    mesh = Mesh(folder / "home", "--otlp", collector.endpoint)
    check(figure(mesh.ask("franchise-owner", FLAGSHIP)) == "84000.00", "two locations")
    check(figure(mesh.ask("brand-manager", FLAGSHIP)) == "9200000.00", "two hundred locations")
    mesh.ask("franchise-owner", "What is the weather on Mars?", code=3)
    mesh.run("splitplane", "ask", "--as", "nobody-there", FLAGSHIP, code=64)
    grpcurl(mesh)
    signers.check_all(check, folder / "home", "franchise-owner", mesh.env, FLAGSHIP, "84000.00")
    audit(mesh)
    rotate(mesh)
    mesh.stop()
    collector.stop()
    collector.check_one_trace()


def callers_of_aws(folder):
    """A mesh that asks STS about callers with credentials of AWS."""
    sts = aws.Sts(STARTED, folder / "moto.log")
    mesh = Mesh(folder / "home", environment={"SPLITPLANE_AUTH__AWS__STS_ENDPOINT": sts.endpoint})
    listed = mesh.run("splitplane", "registry", "list").splitlines()
    [owner] = [line.split() for line in listed if "/franchise-owner " in line]
    portal = "arn:aws:sts::123456789012:assumed-role/Portal"
    mesh.run("splitplane", "registry", "add", owner[0], "--role", owner[1], "--principal", "portal", "--assumed-role", portal)
    # Read anew within a second; a question in between is refused like any other.
    time.sleep(2)
    aws.check_all(check, sts, folder / "home", "franchise-owner", mesh.env, FLAGSHIP, "84000.00")
    sts.process.kill()
    sts.process.wait()
    frame = signers.frame(FLAGSHIP)
    asker = signers.Signers(folder / "home", "franchise-owner", mesh.env)
    answer = asker.send(frame, aws.headers(sts, "Portal", asker.profile, frame, {}))
    check("grpc-status: 14" in answer, "without STS such callers are told that it is unavailable", answer[-500:])
    check(figure(mesh.ask("franchise-owner", FLAGSHIP)) == "84000.00", "and nobody else is")
    mesh.stop()


def audit(mesh):
    """The log says what happened, verifies, and a released answer can be run again."""
    mesh.run("splitplane", "audit", "verify")
    txn = mesh.ask("franchise-owner", FLAGSHIP)["txn"]
    shown = mesh.run("splitplane", "audit", "show", txn)
    for event in ["authenticated", "validated", "sandbox_opened", "rows_released"]:
        check(event in shown, f"the log says {event}", shown)
    check(FLAGSHIP in shown and "SELECT" in shown, "with question and statement", shown)
    check(txn in mesh.run("splitplane", "audit", "grep", txn.lower()), "grep finds it")
    exported = mesh.run("splitplane", "audit", "export", "--form", "csv")
    check(exported.count(txn) >= 4, "export has it", exported[-500:])
    replayed = mesh.run("splitplane", "audit", "replay", txn)
    check("the same result" in replayed, "replay gives the same result", replayed)
    log = Path(mesh.env["SPLITPLANE_HOME"]) / "audit" / "log.jsonl"
    whole = log.read_bytes()
    lines = whole.splitlines(keepends=True)
    mesh.run("splitplane", "audit", "verify")
    log.write_bytes(b"".join(lines[:2]))
    mesh.run("splitplane", "audit", "verify", code=1)
    log.write_bytes(whole)
    mesh.run("splitplane", "audit", "verify")


def rotate(mesh):
    """A new session-signing key while the mesh is up."""
    mesh.run("splitplane", "keys", "rotate")
    check(figure(mesh.ask("franchise-owner", FLAGSHIP)) == "84000.00", "the mesh answers while its key changes")
    mesh.run("splitplane", "keys", "rotate", "credentials")
    mesh.run("splitplane", "keys", "rotate", "receipts")
    mesh.run("splitplane", "keys", "rotate", "conversations")
    # Over the time for which a new key is shown before it signs.
    until = time.monotonic() + 12
    while time.monotonic() < until:
        check(figure(mesh.ask("franchise-owner", FLAGSHIP)) == "84000.00", "and while the other keys change")
    known = Path(mesh.env["SPLITPLANE_HOME"]) / "keys" / "receipt.pub"
    lines = known.read_text().splitlines()
    check(len(lines) == 2, "the receipt key before stays known", str(lines))
    part = known.with_suffix(".part")
    part.write_text(lines[-1] + "\n")
    part.rename(known)
    time.sleep(2)
    check(figure(mesh.ask("franchise-owner", FLAGSHIP)) == "84000.00", "and is not needed once the new one signs")
    long_term = dict(mesh.env, AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY="x")
    done = subprocess.run(["splitplane", "up", "--port", "0"], env=long_term, capture_output=True, text=True, timeout=60)
    check(done.returncode == 1 and "long-term" in done.stderr, "nothing starts beside long-term credentials", done.stderr)


def grpcurl(mesh):
    """Commands from `sign` and `session` work as they are pasted, and changed ones do not."""
    ask = 'splitplane.gateway.v1.GatewayService/Ask'
    message = json.dumps({"question": {"text": FLAGSHIP}})
    printed = mesh.run("splitplane", "sign", "--as", "franchise-owner", ask, message)
    command = printed[printed.index("grpcurl"):]
    answered = mesh.shell(command, 0).stdout
    check("84000.00" in answered, "grpcurl asks with headers from `sign`", answered)
    again = mesh.shell(command)
    check(again.returncode != 0 and "UNAUTHENTICATED" in (again.stderr + again.stdout).upper(), "once only", again.stderr)

    def fresh():
        printed = mesh.run("splitplane", "sign", "--as", "franchise-owner", ask, message)
        return printed[printed.index("grpcurl"):]

    swapped = re.sub(r"(x-splitplane-tenant-id: )[^'\"]+", r"\1other-tenant", fresh())
    refused = mesh.shell(swapped)
    check(refused.returncode != 0 and "Unauthenticated" in refused.stderr, "another tenant's id is refused", refused.stderr)
    unsigned = re.sub(r"-(rpc-)?(header|H) '?authorization[^\n]*\n", "\n", fresh())
    refused = mesh.shell(re.sub(r"\n\s*\n", "\n", unsigned))
    check(refused.returncode != 0 and "Unauthenticated" in refused.stderr, "the unsigned call is refused", refused.stderr)
    anonymous = re.sub(r"-(cert|key) \S+ ", "", fresh())
    certless = mesh.shell(re.sub(r"\s-(cert|key) \S+", "", anonymous))
    check(certless.returncode != 0, "reflection without the operator's certificate is refused", certless.stderr)

    address = re.search(r"localhost:\d+", command)[0]
    tls = " ".join(re.findall(r"-(?:cacert|cert|key) \S+", command))
    listed = mesh.shell(f"grpcurl {tls} {address} list", 0).stdout
    check("splitplane.gateway.v1.GatewayService" in listed, "grpcurl lists", listed)
    described = mesh.shell(f"grpcurl {tls} {address} describe {ask.replace('/', '.')}", 0).stdout
    check("AskRequest" in described, "grpcurl describes", described)

    chain = mesh.run("splitplane", "session", "--as", "franchise-owner", FLAGSHIP)
    walked = mesh.shell(chain, 0).stdout
    check("84000.00" in walked, "the chain from `session` works as it is pasted", walked)
    query = re.search(r"call '?(localhost:\d+)'? splitplane\.query", chain)[1]
    asked = json.dumps({"dataset": "locations", "key": [{"field": "location_id", "value": "L017"}]})
    told = mesh.shell(f"grpcurl {tls} -d '{asked}' {query} splitplane.query.v1.PolicyService/WhoCanSee", 0).stdout
    check("franchise-owner" in told and "because" in told, "grpcurl asks who can see a row", told)
    keyless = re.sub(r"txn-token: [^'\"]+", "txn-token: none", chain)
    check("84000.00" not in mesh.shell(keyless).stdout, "without its session key the chain gives nothing")


class Collector:
    """An independent OTLP receiver that prints what it gets."""

    def __init__(self, folder):
        port, http = free_port(), free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        self.log = folder / "rotel.log"
        import rotel

        agent = Path(rotel.__file__).parent / "rotel-agent"
        self.out = self.log.open("w")
        self.process = subprocess.Popen(
            [agent, "start", "--otlp-grpc-endpoint", f"127.0.0.1:{port}", "--otlp-http-endpoint", f"127.0.0.1:{http}",
             "--exporter", "blackhole", "--debug-log", "traces", "--debug-log-verbosity", "detailed"],
            stdout=self.out, stderr=subprocess.STDOUT,
        )
        STARTED.append(self.process)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.1)
        check(False, "the OTLP receiver starts", self.log.read_text())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)
        self.out.close()

    def check_one_trace(self):
        """One question is one trace over all five services, and every parent is a span of that trace."""
        spans = parse_spans(self.log.read_text())
        check(spans, "spans arrive at the independent receiver", self.log.read_text()[-3000:])
        by_trace = {}
        for span in spans:
            by_trace.setdefault(span["trace"], []).append(span)
        five = {f"splitplane-{name}" for name in ("gateway", "auth", "reasoning", "schema-router", "query")}
        whole = [trace for trace in by_trace.values() if five <= {span["service"] for span in trace}]
        check(whole, "one question is one trace over five services",
              str({key: sorted({span["service"] for span in trace}) for key, trace in by_trace.items()}))
        for trace in whole:
            ids = {span["id"] for span in trace}
            roots = [span for span in trace if not span["parent"]]
            check(len(roots) == 1 and roots[0]["service"] == "splitplane-gateway", "the gateway's span is the root", str(roots))
            strays = [span for span in trace if span["parent"] and span["parent"] not in ids]
            check(not strays, "every parent is there", str(strays))
            break
        text = self.log.read_text()
        # A number of its own: ids and times have digits enough to hold any other.
        values = re.findall(r"(?<![\w.])(?:84,?000|9,?200,?000)(?:\.0+)?(?!\w)", text)
        check(not values, "no row value is in any span", str(values))


def parse_spans(text):
    """Spans from the receiver's detailed debug log."""
    spans, service, span = [], None, None
    for line in text.splitlines():
        if found := re.search(r"service\.name:?\s*(?:Str\(|->\s*)?\"?(splitplane-[a-z-]+)", line):
            service = found[1]
        if found := re.search(r"Trace ID\s*:\s*([0-9a-f]+)", line):
            span = {"trace": found[1], "service": service, "id": "", "parent": ""}
            spans.append(span)
        if span is not None and (found := re.search(r"Parent ID\s*:\s*([0-9a-f]*)", line)):
            span["parent"] = found[1]
        elif span is not None and (found := re.search(r"\bID\s*:\s*([0-9a-f]+)", line)) and "Trace" not in line:
            span["id"] = found[1]
    return spans


def five_processes(folder):
    """`init` writes what five separate processes need; their answers are those of `up`."""
    target, home = folder / "five", folder / "five-home"
    env = dict(os.environ, SPLITPLANE_HOME=str(home))
    base = free_port()
    subprocess.run(["splitplane", "init", str(target), "--port", str(base)], env=env, check=True, timeout=300)
    names = ["auth", "reasoning", "schema-router", "query", "gateway"]
    processes = [
        subprocess.Popen([f"splitplane-{name}", "--config", str(target / f"{name}.toml")], env=env,
                         stdout=subprocess.DEVNULL, stderr=(folder / f"{name}.log").open("w"))
        for name in names
    ]
    STARTED.extend(processes)
    profiles = dict(env, SPLITPLANE_HOME=str(target))
    answer, deadline = None, time.monotonic() + 60
    while time.monotonic() < deadline:
        done = subprocess.run(["splitplane", "ask", "--as", "franchise-owner", "--json", FLAGSHIP], env=profiles,
                              capture_output=True, text=True, timeout=120)
        if done.returncode == 0:
            answer = json.loads(done.stdout)
            break
        time.sleep(0.5)
    check(answer is not None, "five processes answer", done.stdout + done.stderr)
    check(figure(answer) == "84000.00", "five processes give the same answer")
    for process in reversed(processes):
        process.send_signal(signal.SIGTERM)
        check(process.wait(timeout=60) == 0, "a service drains on SIGTERM")
    bad = subprocess.run(["splitplane-query", "--config", str(folder / "none.toml")], env=env, capture_output=True, timeout=60)
    check(bad.returncode == 64, "a configuration that is not there exits 64", bad.stderr.decode())


def main():
    """All checks; with the word `engines`, the mesh on engines that run elsewhere alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if sys.argv[1:] == ["engines"]:
            engines.check_all(check, Mesh, PROJECT, folder)
            return
        restaurant(folder)
        callers_of_aws(folder)
        restart.check_all(check, lambda env: Mesh(folder / "home", environment=env), folder, FLAGSHIP, "84000.00")
        kills.check_all(check, lambda: Mesh(folder / "home"), FLAGSHIP, 84000.00)
        kms.check_all(check, STARTED, folder, FLAGSHIP, "84000.00")
        jaffle(folder)
        engines.check_all(check, Mesh, PROJECT, folder)
        five_processes(folder)
    print("all outside checks hold")


if __name__ == "__main__":
    main()
