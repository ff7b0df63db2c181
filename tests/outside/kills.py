"""A mesh that is killed while it answers: no rows that anyone got are without a record."""

import json
import os
import random
import signal
import subprocess
import threading
import time

KILLS = int(os.environ.get("SPLITPLANE_KILLS", "30"))
ASKERS = 3
SEED = 20261126


def ask_until(stop, env, question, answers):
    while not stop.is_set():
        done = subprocess.run(
            ["splitplane", "ask", "--as", "franchise-owner", "--json", question],
            env=env, capture_output=True, text=True, timeout=120,
        )
        if done.returncode == 0:
            answer = json.loads(done.stdout)
            answers.append((answer["txn"], answer["rows"]))


def check_all(check, start, question, expected):
    """Kills a mesh again and again, from its first answer on; `start` starts one on the same home."""
    chance, answers, kills = random.Random(SEED), [], 0
    for _ in range(KILLS):
        mesh, stop, before = start(), threading.Event(), len(answers)
        askers = [
            threading.Thread(target=ask_until, args=(stop, mesh.env, question, answers)) for _ in range(ASKERS)
        ]
        for asker in askers:
            asker.start()
        deadline = time.monotonic() + 60
        while len(answers) == before and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(chance.random() * 0.4)
        mesh.process.send_signal(signal.SIGKILL)
        mesh.process.wait()
        stop.set()
        for asker in askers:
            asker.join()
        kills += len(answers) > before
    check(kills == KILLS, f"{KILLS} kills, each in the middle of answers", str(kills))
    mesh = start()
    mesh.run("splitplane", "audit", "verify")
    exported = mesh.run("splitplane", "audit", "export")
    records = [json.loads(line) for line in exported.splitlines()]
    released = {record["txn"] for record in records if record["event"] == "rows_released"}
    missing = [txn for txn, _ in answers if txn not in released]
    check(not missing, f"{len(answers)} answers around {kills} kills, and a record for each", str(missing))
    wrong = [rows for _, rows in answers if float(rows[0][-1]) != expected]
    check(not wrong, "and every one was right", str(wrong))
    mesh.stop()
