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
    if sail:
        outage(check, start, folder, sail, expected["restaurant"][0])


def outage(check, start, folder, sail, wanted):
    """The engine is killed while questions run, and started again."""
    mesh = start(folder / "outage", "--log", "error", environment=on(sail.address))
    profile, question = RESTAURANT[0]
    seen, stop = [], threading.Event()

    def ask():
        while not stop.is_set():
            done = subprocess.run(
                ["splitplane", "ask", "--as", profile, "--json", question],
                env=mesh.env, capture_output=True, text=True, timeout=120,
            )
            seen.append((done.returncode, done.stdout))

    asker = threading.Thread(target=ask)
    asker.start()
    deadline = time.monotonic() + 60
    while not seen and time.monotonic() < deadline:
        time.sleep(0.01)
    sail.kill()
    gone = len(seen)
    while len(seen) < gone + 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    again = Sail(sail.port)
    back = len(seen)
    while not any(code == 0 for code, _ in seen[back:]) and time.monotonic() < deadline + 60:
        time.sleep(0.05)
    stop.set()
    asker.join()
    answered = [told(json.loads(text)) for code, text in seen if code == 0]
    check(all(answer == wanted for answer in answered), "no answer around the engine's end is another", str(answered))
    failed = [json.loads(text) for code, text in seen if code != 0 and text.strip()]
    check(len(failed) + len(answered) == len(seen), "every failure is a typed one", str(seen))
    reasons = {answer.get("reason") or answer["outcome"] for answer in failed}
    check(reasons and reasons <= {"WAREHOUSE_UNAVAILABLE", "unavailable"}, "without the engine the warehouse is unavailable", str(failed))
    check(any(code == 0 for code, _ in seen[back:]), "the mesh answers again when the engine is back", str(seen[back:]))
    mesh.stop()
    again.kill()
