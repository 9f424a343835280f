import py_compile
import sys

sys.stdin.reconfigure(encoding="utf-8")
sys.stdout.reconfigure(encoding="utf-8")
for line in sys.stdin.read().split("\n"):
    try:
        print(py_compile.compile(line, doraise=True, quiet=2) or "")
    except Exception:
        # A source for another Python is no reason to fail: it is compiled or reported when somebody imports it.
        print("")
