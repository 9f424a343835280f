# Reads `source NUL name to show`, one a line; prints the names of the compiled files in the same order, an empty line
# for a source that has no valid syntax, `?` for one that is gone. Without any line it prints which bytecode it makes.
import errno
import gc
import importlib.util
import os
import py_compile
import sys


# Of addresses, in bytes.
MOST_MEMORY = 2 << 30


def is_compiled(source, compiled):
    """As an import looks at it (PEP 552): somebody made it a moment ago, for a program that could not wait."""
    try:
        found = os.stat(source)
        with open(compiled, "rb") as file:
            head = file.read(16)
    except OSError:
        return False
    numbers = (0, int(found.st_mtime) & 0xFFFFFFFF, found.st_size & 0xFFFFFFFF)
    return head == importlib.util.MAGIC_NUMBER + b"".join(number.to_bytes(4, "little") for number in numbers)


def bound_memory():
    """A few lines can be compiled to any amount of code: `finally` inside of `finally`."""
    try:
        import resource
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    least = min((limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY), default=MOST_MEMORY)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (min(least, MOST_MEMORY), hard))
    except (OSError, ValueError):
        # Not everywhere can it be bounded.
        pass


# Code is no garbage.
gc.disable()
if sys.implementation.name == "cpython":
    bound_memory()

sys.stdin.reconfigure(encoding="utf-8")
sys.stdout.reconfigure(encoding="utf-8")
text = sys.stdin.read()
if not text:
    print(sys.implementation.cache_tag + "-" + importlib.util.MAGIC_NUMBER.hex())
for line in text.split("\n") if text else []:
    source, _, shown = line.partition("\0")
    compiled = importlib.util.cache_from_source(source)
    if is_compiled(source, compiled):
        print(os.path.basename(compiled))
        continue
    try:
        mode = py_compile.PycInvalidationMode.TIMESTAMP
        made = py_compile.compile(source, dfile=shown, doraise=True, quiet=2, invalidation_mode=mode)
        print(os.path.basename(made) if made else "")
    except FileNotFoundError:
        print("?")
    except OSError as error:
        # The next source would meet the same, and none of them would seem to have any bytecode.
        if error.errno in (errno.EACCES, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.EROFS):
            raise
        print("")
    except Exception:
        # A source for another Python is no reason to fail: it is compiled or reported when somebody imports it.
        print("")
