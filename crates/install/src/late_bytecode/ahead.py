# Compiles what a program is about to import, beginning at the far end: the program compiles from the near end what it does
# not find, and the two meet. What a module imports is read from its code; what is only imported for type checkers is passed
# over.
#
# Reads fields that end with NUL: kind and value of the program ("file" PATH, "module" NAME, "code" TEXT), the directory
# where it looks for its own modules, the library of its environment; then for each wheel its tree in the store, the number
# of its sources, and the sources, relative to the library. Prints the number of each source whose bytecode is in the store
# by now, and the name of the compiled file, a line each.
import gc
import importlib._bootstrap_external as external
import importlib.util
import marshal
import os
import sys
import time
from opcode import EXTENDED_ARG, opmap

# Code is no garbage.
gc.disable()
IMPORT, CONSTANT = opmap["IMPORT_NAME"], opmap["LOAD_CONST"]
LOADS = {opmap[name] for name in ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_ATTR")}
SHIFTED = {opmap["LOAD_ATTR"]} if sys.version_info >= (3, 12) else set()
JUMPS = {number for name, number in opmap.items() if "JUMP" in name and "IF_FALSE" in name}
JUMPS_ARE_RELATIVE = sys.version_info >= (3, 11)
JUMP_UNIT = 2 if sys.version_info >= (3, 10) else 1
# Smaller integers have an instruction of their own since 3.14.
SMALL_INT = opmap.get("LOAD_SMALL_INT")


def imports(code):
    """(level, name, names after `from`) of the imports of a module, but of its functions."""
    found = []
    bytecode, names, constants = code.co_code, code.co_names, code.co_consts
    argument = end = 0
    level = after = None
    is_for_checkers = False
    for at in range(0, len(bytecode), 2):
        operation, argument = bytecode[at], argument << 8 | bytecode[at + 1]
        if operation == EXTENDED_ARG:
            continue
        if at < end:
            pass
        elif operation == CONSTANT:
            level, after = after, constants[argument]
        elif operation == SMALL_INT:
            level, after = after, argument
        elif operation == IMPORT:
            found.append((level, names[argument], after))
        elif operation in LOADS:
            is_for_checkers = names[argument >> 1 if operation in SHIFTED else argument] == "TYPE_CHECKING"
        elif operation in JUMPS and is_for_checkers:
            is_for_checkers = False
            end = argument * JUMP_UNIT + (at + 2 if JUMPS_ARE_RELATIVE else 0)
        argument = 0
    return found


def modules(code, package):
    """The names of modules that `code` of a package imports, in order; not all of them exist."""
    found = []
    for level, name, after in imports(code):
        if not isinstance(level, int):
            continue
        if level:
            parents = package.split(".")
            if level > len(parents):
                continue
            name = ".".join(parents[: len(parents) - level + 1] + ([name] if name else []))
        found += parents_of(name)
        found += [name + "." + one for one in after if one != "*"] if isinstance(after, tuple) else []
    return found


def parents_of(name):
    """With itself."""
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]


class Ahead:
    def __init__(self, directory, library, wheels):
        self.library = library
        self.trees = []
        self.sources = {}
        while len(wheels) > 1:
            tree, count = wheels[0], int(wheels[1])
            for source in wheels[2 : count + 2]:
                # The first of two that have the same is as good as the other.
                self.sources.setdefault(source, len(self.trees))
                self.trees.append(tree)
            wheels = wheels[count + 2 :]
        self.roots = [directory] + list(linked_directories(library))
        self.lines, self.said = [], time.monotonic()

    def visit(self, names):
        seen = set()
        while names:
            name = names.pop()
            if name not in seen:
                seen.add(name)
                try:
                    names += self.imported_by(name)
                except Exception:
                    # A source for another Python, or gone: whoever imports it tells.
                    pass
        self.say()

    def imported_by(self, name):
        base = name.replace(".", "/")
        for source, package in ((base + "/__init__.py", name), (base + ".py", name.rpartition(".")[0])):
            number = self.sources.get(source)
            if number is not None:
                return modules(self.code_of(number, source), package)
            for root in self.roots:
                path = os.path.join(root, source)
                if os.path.isfile(path):
                    return modules(code_in(path), package)
        return []

    def code_of(self, number, source):
        """Compiles it, unless the program has, or somebody before."""
        own = self.trees[number] + "/" + source
        cached, theirs = importlib.util.cache_from_source(own), importlib.util.cache_from_source(self.library + "/" + source)
        code = load(theirs)
        if code is not None:
            return code
        code = load(cached)
        if code is None:
            with open(own, "rb") as file:
                found = os.fstat(file.fileno())
                code = compile(file.read(), source, "exec", dont_inherit=True)
            bytecode = external._code_to_timestamp_pyc(code, int(found.st_mtime), found.st_size)
            os.makedirs(os.path.dirname(cached), exist_ok=True)
            external._write_atomic(cached, bytecode, external._calc_mode(own))
        self.lines.append("%d %s\n" % (number, os.path.basename(cached)))
        if len(self.lines) == 8 or time.monotonic() - self.said > 0.015:
            self.say()
        return code

    def say(self):
        # Who reads has as little time as we.
        sys.stdout.write("".join(self.lines))
        sys.stdout.flush()
        self.lines, self.said = [], time.monotonic()


def load(path):
    try:
        with open(path, "rb") as file:
            bytecode = file.read()
    except OSError:
        return None
    return marshal.loads(memoryview(bytecode)[16:]) if bytecode.startswith(importlib.util.MAGIC_NUMBER) else None


def code_in(path):
    with open(path, "rb") as file:
        return compile(file.read(), path, "exec", dont_inherit=True)


def linked_directories(library):
    """Of projects that are installed in place."""
    for name in sorted(os.listdir(library)):
        if name.endswith(".pth"):
            with open(os.path.join(library, name), encoding="utf-8", errors="replace") as file:
                yield from (line for line in file.read().splitlines() if os.path.isabs(line))


def begin(kind, value):
    if kind == "module":
        return parents_of(value) + [value + ".__main__"]
    if kind == "code":
        return modules(compile(value, "-c", "exec", dont_inherit=True), "")
    return modules(code_in(os.path.join(value, "__main__.py") if os.path.isdir(value) else value), "")


sys.stdout.reconfigure(encoding="utf-8")
kind, value, directory, library, *wheels = sys.stdin.buffer.read().decode("utf-8", "surrogateescape").split("\0")
Ahead(directory, library, wheels).visit(begin(kind, value))
