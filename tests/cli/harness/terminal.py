"""Runs a command in a terminal of 80 x 24 and types answers: terminal.py '[{"prompt": ..., "answer": ...}]' COMMAND...

Each answer is sent once its prompt's text has appeared after the previous answer. What the terminal showed goes to
stdout; the exit code is the command's.
"""

import fcntl
import json
import os
import pty
import struct
import sys
import termios


def main():
    answers = json.loads(sys.argv[1])
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = "xterm"
        os.execvp(sys.argv[2], sys.argv[2:])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    shown, since = b"", 0
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # Linux reports the end of the last writer this way
            break
        if not chunk:
            break
        shown += chunk
        if answers:
            at = shown.find(answers[0]["prompt"].encode(), since)
            if at >= 0:
                since = len(shown)
                os.write(terminal, answers.pop(0)["answer"].encode())
    _, status = os.waitpid(child, 0)
    sys.stdout.buffer.write(shown)
    sys.exit(os.waitstatus_to_exitcode(status) if hasattr(os, "waitstatus_to_exitcode") else status >> 8)


main()
