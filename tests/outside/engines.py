"""The mesh on engines that run elsewhere: the same questions, the same answers as on the embedded engine.

Which engines there are, `SPLITPLANE_SAIL_PROGRAM` says (Sail's command; it is started, killed and started again here), and
`SPLITPLANE_SPARK` (the address of a Spark Connect server). Skips loudly what is not there.
"""

import json
import os
import signal
import socket
import subprocess
import threading
import time
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from pathlib import Path

SAIL = os.environ.get("SPLITPLANE_SAIL_PROGRAM")
SPARK = os.environ.get("SPLITPLANE_SPARK")

RESTAURANT = [
    ("franchise-owner", "What were total sales last week?"),
    ("brand-manager", "What were total sales last week?"),
    ("franchise-owner", "total sales by location last week"),
    ("franchise-owner", "total sales by day last week"),
    ("brand-manager", "top 3 locations by sales last week"),
    ("franchise-owner", "How many orders last week?"),
    ("brand-manager", "average order value by location last week"),
]
JAFFLE = [
    ("finn.franchise", "What was the total of orders between 2021-05-01 and 2021-08-30?"),
    ("ada.brand", "What was the total of orders between 2021-05-01 and 2021-08-30?"),
    ("ruth.rival", "total of orders by store between 2021-05-01 and 2021-08-30"),
    ("ada.brand", "number of orders by month between 2021-01-01 and 2021-08-30"),
    ("ada.brand", "average order value by store between 2021-05-01 and 2021-08-30"),
    ("finn.franchise", "total of orders by week between 2021-05-01 and 2021-06-30"),
]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Sail:
    """Sail on a port of its own."""

    def __init__(self, port=None):
        self.port = port or free_port()
        self.process = subprocess.Popen(
            [SAIL, "spark", "server", "--ip", "127.0.0.1", "--port", str(self.port)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self.address = f"sc://127.0.0.1:{self.port}"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise SystemExit("FAILED: Sail does not listen")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def on(address):
    return {"SPLITPLANE_QUERY__WAREHOUSE__ENGINE": "spark", "SPLITPLANE_QUERY__SPARK__ADDRESS": address}


def told(answer):
    """What a person is told, without what differs from one question to the next."""
    kept = ("outcome", "columns", "rows", "coverage", "interpretation")
    return {key: answer[key] for key in kept if key in answer}


def cents(answer):
    """The same with numbers to the cent: Sail cuts quotients of decimals off after six digits."""

    def cent(cell):
        try:
            return str(Decimal(cell).quantize(Decimal("0.01"), ROUND_HALF_EVEN)) if "." in cell else cell
        except (InvalidOperation, TypeError):
            return cell

    return {**answer, "rows": [[cent(cell) for cell in row] for row in answer["rows"]]}


def answers(mesh, questions):
    return [told(mesh.ask(profile, question)) for profile, question in questions]


def check_all(check, start, project, folder):
    """`start(home, *arguments, environment)` starts a mesh."""
    jaffle = os.environ.get("SPLITPLANE_JAFFLE")
    worlds = [("restaurant", [], RESTAURANT)]
    if jaffle:
        example = Path(project) / "examples" / "jaffle"
        files = ["--model", str(example / "model.yaml"), "--policy", str(example / "policy.yaml"), "--data", jaffle]
        worlds.append(("jaffle", [*files, "--log", "error"], JAFFLE))
    expected = {}
    for world, arguments, questions in worlds:
        mesh = start(folder / f"embedded-{world}", *arguments)
        expected[world] = answers(mesh, questions)
        check(all(answer["outcome"] == "answered" for answer in expected[world]), f"{world}: answers", str(expected[world]))
        mesh.stop()
    sail = Sail() if SAIL else None
    engines = [("Sail", sail.address)] if sail else []
    engines += [("Spark", SPARK)] if SPARK else []
    if not sail:
        print("SKIPPED: SPLITPLANE_SAIL_PROGRAM is not set, so no mesh ran on Sail", flush=True)
    if not SPARK:
        print("SKIPPED: SPLITPLANE_SPARK is not set, so no mesh ran on Apache Spark", flush=True)
    for name, address in engines:
        for world, arguments, questions in worlds:
            mesh = start(folder / f"{name}-{world}", *arguments, environment=on(address))
            for (profile, question), wanted in zip(questions, expected[world]):
                found = told(mesh.ask(profile, question))
                if name == "Sail" and "average" in question:
                    found, wanted = cents(found), cents(wanted)
                check(found == wanted, f"{name}: {world}: {profile}: {question}", f"{json.dumps(found)}\n{json.dumps(wanted)}")
            mesh.stop()
        cut_off(check, start, folder, name, address, expected["restaurant"][0])
    if sail:
        outage(check, start, folder, sail, expected["restaurant"][0])


class Asking:
    """Somebody who asks the first question again and again, and what came of it."""

    def __init__(self, mesh):
        self.mesh, self.seen, self.stopped = mesh, [], threading.Event()
        self.thread = threading.Thread(target=self.ask)
        self.thread.start()

    def ask(self):
        profile, question = RESTAURANT[0]
        while not self.stopped.is_set():
            done = subprocess.run(
                ["splitplane", "ask", "--as", profile, "--json", question],
                env=self.mesh.env, capture_output=True, text=True, timeout=120,
            )
            self.seen.append((done.returncode, done.stdout))

    def until(self, is_so, seconds=120):
        deadline = time.monotonic() + seconds
        while not is_so(self.seen) and time.monotonic() < deadline:
            time.sleep(0.02)

    def judge(self, check, what, wanted, after):
        """Ends the asking. `after` is how many had asked when all was well again."""
        self.until(lambda seen: any(code == 0 for code, _ in seen[after:]))
        self.stopped.set()
        self.thread.join()
        answered = [told(json.loads(text)) for code, text in self.seen if code == 0]
        check(all(answer == wanted for answer in answered), f"{what}: no answer is another", str(answered))
        failed = [json.loads(text) for code, text in self.seen if code != 0 and text.strip()]
        check(len(failed) + len(answered) == len(self.seen), f"{what}: every failure is a typed one", str(self.seen))
        reasons = {answer.get("reason") or answer["outcome"] for answer in failed}
        check(reasons <= {"WAREHOUSE_UNAVAILABLE", "unavailable"}, f"{what}: failures are of the warehouse", str(failed))
        again = any(code == 0 for code, _ in self.seen[after:])
        check(again, f"{what}: the mesh answers again ({len(failed)} of {len(self.seen)} had failed)", str(self.seen[after:]))
        return failed


def outage(check, start, folder, sail, wanted):
    """The engine is killed while questions run, and started again."""
    mesh = start(folder / "outage", "--log", "error", environment=on(sail.address))
    asking = Asking(mesh)
    asking.until(lambda seen: seen)
    sail.kill()
    gone = len(asking.seen)
    asking.until(lambda seen: len(seen) >= gone + 3)
    again = Sail(sail.port)
    failed = asking.judge(check, "the engine's end", wanted, len(asking.seen))
    check(failed, "without the engine there is no answer", str(asking.seen))
    mesh.stop()
    again.kill()


class Way:
    """A way to a port of this machine, whose connections can be cut."""

    def __init__(self, port):
        self.to, self.lock, self.open, self.moved = port, threading.Lock(), [], 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near, _ = self.listener.accept()
            far = socket.create_connection(("127.0.0.1", self.to))
            with self.lock:
                self.open += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self.pass_on, args=(one, other), daemon=True).start()

    def pass_on(self, one, other):
        try:
            while data := one.recv(65536):
                self.moved += len(data)
                other.sendall(data)
        except OSError:
            pass
        self.end([one, other])

    @staticmethod
    def end(connections):
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        with self.lock:
            cut, self.open = self.open, []
        self.end(cut)


def cut_off(check, start, folder, name, address, wanted):
    """Connections to the engine are cut again and again while something passes through them."""
    way = Way(int(address.rsplit(":", 1)[1]))
    mesh = start(folder / f"cut-{name}", "--log", "error", environment=on(f"sc://127.0.0.1:{way.port}"))
    asking = Asking(mesh)
    for _ in range(20):
        moved = way.moved
        asking.until(lambda seen: way.moved > moved + 2_000)
        way.cut()
    asking.judge(check, f"{name}: connections that are cut", wanted, len(asking.seen))
    mesh.stop()
