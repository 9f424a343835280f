"""Runs commands for benches/run.mjs and measures each: a small process that stays, so that what is measured is the child.

One JSON object a line on stdin: {"argv", "env", "cwd", "held"}; one a line on stdout: {"wall_ms", "user_ms", "sys_ms",
"memory_mib", "exit", "output"}. wall is from before the fork to after the wait; user and sys come from wait4, so they hold the child and
whatever it waited for; memory is the largest resident set of one of them. While
another process holds the lock of the file `held` the next command waits, so that what a command leaves behind is not measured with it.
"""

import fcntl
import json
import os
import sys
import tempfile
import time

FREE_CHECKS = 10


def measure(job):
    with tempfile.TemporaryFile() as output:
        os.chdir(job["cwd"])
        null = os.open(os.devnull, os.O_RDONLY)
        actions = [
            (os.POSIX_SPAWN_DUP2, null, 0),
            (os.POSIX_SPAWN_DUP2, output.fileno(), 1),
            (os.POSIX_SPAWN_DUP2, output.fileno(), 2),
        ]
        started = time.perf_counter()
        child = os.posix_spawn(job["argv"][0], job["argv"], job["env"], file_actions=actions)
        _, status, usage = os.wait4(child, 0)
        wall = time.perf_counter() - started
        os.close(null)
        output.seek(0)
        return {
            "wall_ms": wall * 1000,
            "user_ms": usage.ru_utime * 1000,
            "sys_ms": usage.ru_stime * 1000,
            "memory_mib": usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024),
            "exit": os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status),
            "output": output.read(8192).decode(errors="replace"),
        }


def wait_for(path):
    """Until nobody holds it for a while: whoever works takes it again and again."""
    free = 0
    while path and os.path.exists(path) and free < FREE_CHECKS:
        with open(path) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                free += 1
            except BlockingIOError:
                free = 0
        time.sleep(0.05)


for line in sys.stdin:
    job = json.loads(line)
    result = measure(job)
    wait_for(job.get("held"))
    print(json.dumps(result), flush=True)
