"""A supervisor with small shell programs for children, run in a process of its own: `python -m tests.supervision.toys
FOLDER NAME=SCRIPT ...`. Prints `ready`, then whatever the supervisor says.
"""

from __future__ import annotations

import sys
from pathlib import Path

from luna_site.supervisor import supervise
from luna_site.supervisor.child import ChildSpec
from luna_site.supervisor.lock import Lock
from luna_site.supervisor.startup import StartError
from luna_site.supervisor.supervise import StopRequested, Supervisor


def say(line: str) -> None:
    print(line, flush=True)


def main(folder: Path, scripts: list[str]) -> int:
    run, logs = folder / "run", folder / "logs"
    for path in (run, logs):
        path.mkdir(exist_ok=True)
    supervise.PROGRAM_STOP_LIMIT_S = 1.0
    guard_lock = Lock(run / "guard.lock")
    guard_lock.take(wait_s=20)
    guard_lock.release()
    supervisor = Supervisor(run=run, logs=logs, say=say)
    failed = 0
    try:
        supervisor.watch_signals()
        supervisor.clear_leftovers()
        supervisor.start_guard()
        names = []
        for text in scripts:
            name, _, script = text.partition("=")
            names.append(name)
            ill = folder / f"{name}.ill"
            supervisor.start(
                ChildSpec(
                    name=name,
                    argv=("/bin/sh", "-c", script),
                    cwd=folder,
                    is_ready=lambda pid, name=name: (folder / f"{name}.started").exists(),
                    health=lambda pid, ill=ill: "ill" if ill.exists() else None,
                )
            )
        supervisor.wait_ready(names, limit_s=30)
        supervisor.settle()
        say("ready")
        supervisor.run()
    except StopRequested:
        say("stopping")
    except StartError as error:
        say(f"failed: {error}")
        failed = 1
    finally:
        is_clean = supervisor.stop()
    say("clean" if is_clean else "left something")
    return failed


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
