"""Prints the facts of the interpreter that runs it as one line of JSON.

Run as `python -I -S -B -c <this text>`. Neither `site` nor anything installed is imported, so a virtual environment is
recognised here by its `pyvenv.cfg`. The syntax is that of every Python from 2.7 on, so that an old one can say its
version.
"""

import json
import sys


def main():
    facts = {"version": version_text(sys.version_info[:3], sys.version_info[3], sys.version_info[4])}
    if sys.version_info >= (3, 8):
        facts.update(all_facts())
    sys.stdout.write(json.dumps(facts) + "\n")


def version_text(release, level, serial):
    text = ".".join(str(part) for part in release)
    return text if level == "final" else "%s%s%s" % (text, {"alpha": "a", "beta": "b"}.get(level, "rc"), serial)


def all_facts():
    import os
    import struct
    import sysconfig

    prefix = environment_prefix(os) or sys.prefix
    variables = sysconfig.get_config_vars()
    return {
        "executable": sys.executable,
        "base_executable": base_executable(os),
        "prefix": prefix,
        "base_prefix": sys.base_prefix,
        "implementation": sys.implementation.name,
        "markers": markers(os),
        "free_threaded": bool(variables.get("Py_GIL_DISABLED")),
        "debug": hasattr(sys, "gettotalrefcount"),
        "pointer_bits": struct.calcsize("P") * 8,
        "libc": libc(os),
        "macos": macos(),
        "stdlib": sysconfig.get_path("stdlib"),
        "extension_suffix": variables.get("EXT_SUFFIX"),
        "paths": paths(os, sysconfig, prefix),
        "layout": layout(os, sysconfig),
        "externally_managed": externally_managed(os, sysconfig, prefix),
    }


def environment_prefix(os):
    """The root of the virtual environment whose executable this is (PEP 405)."""
    directory = os.path.dirname(os.path.abspath(sys.executable))
    for root in (directory, os.path.dirname(directory)):
        if os.path.isfile(os.path.join(root, "pyvenv.cfg")):
            return root
    return None


def base_executable(os):
    """The executable that belongs to `base_prefix`; what environments made from this interpreter link to."""
    short = "%d.%d" % sys.version_info[:2]
    if os.name == "nt":
        names = ["python.exe"]
    elif sys.implementation.name == "pypy":
        names = ["bin/pypy" + short, "bin/pypy3", "bin/python" + short]
    else:
        names = ["bin/python" + short + getattr(sys, "abiflags", ""), "bin/python" + short, "bin/python3", "bin/python"]
    own = os.path.realpath(sys.executable)
    for name in names:
        path = os.path.join(sys.base_prefix, *name.split("/"))
        if os.path.isfile(path) and (os.name == "nt" or os.path.realpath(path) == own):
            return path
    return own


def markers(os):
    """The environment markers of PEP 508."""
    import platform

    version = sys.implementation.version
    return {
        "implementation_name": sys.implementation.name,
        "implementation_version": version_text(version[:3], version[3], version[4]),
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version().rstrip("+"),
        "python_version": "%d.%d" % sys.version_info[:2],
        "sys_platform": sys.platform,
    }


def libc(os):
    """The C library this interpreter is linked to: `["glibc", "2.36"]`, `["musl", "1.2"]`, or None."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        name, version = os.confstr("CS_GNU_LIBC_VERSION").split()[:2]
        if name == "glibc":
            return [name, version]
    except (AttributeError, OSError, ValueError):
        pass
    loader = program_interpreter()
    if loader and "musl" in loader:
        import subprocess

        try:
            # musl's loader says its version on stderr when it is started without a program.
            process = subprocess.run([loader], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=5)
            for line in process.stderr.decode("utf-8", "replace").splitlines():
                if line.startswith("Version "):
                    return ["musl", line.split()[1]]
        except (OSError, subprocess.SubprocessError):
            pass
        return ["musl", "1.2"]
    return None


def program_interpreter():
    """The loader that the ELF file of this interpreter names (its PT_INTERP segment)."""
    import struct

    try:
        with open(sys.executable, "rb") as file:
            head = file.read(64)
            if head[:4] != b"\x7fELF":
                return None
            wide = head[4] == 2
            order = "<" if head[5] == 1 else ">"
            table, = struct.unpack_from(order + ("Q" if wide else "I"), head, 32 if wide else 28)
            size, count = struct.unpack_from(order + "HH", head, 54 if wide else 42)
            for index in range(min(count, 256)):
                file.seek(table + index * size)
                entry = file.read(size)
                if struct.unpack_from(order + "I", entry)[0] != 3:
                    continue
                # p_offset and p_filesz of the two layouts of Elf_Phdr.
                at, = struct.unpack_from(order + ("Q" if wide else "I"), entry, 8 if wide else 4)
                length, = struct.unpack_from(order + ("Q" if wide else "I"), entry, 32 if wide else 16)
                file.seek(at)
                return file.read(min(length, 4096)).rstrip(b"\0").decode("utf-8", "replace")
    except (OSError, struct.error, IndexError):
        pass
    return None


def macos():
    """The version of macOS, or None. Interpreters built for old systems are told 10.16 for everything newer."""
    if sys.platform != "darwin":
        return None
    import platform

    version = platform.mac_ver()[0]
    if version.startswith("10.16"):
        import os
        import subprocess

        code = "import platform; print(platform.mac_ver()[0])"
        environment = dict(os.environ, SYSTEM_VERSION_COMPAT="0")
        command = [sys.executable, "-I", "-S", "-c", code]
        try:
            version = subprocess.check_output(command, env=environment, timeout=10).decode().strip() or version
        except (OSError, subprocess.SubprocessError):
            pass
    return version


def scheme(os, sysconfig):
    """The installation scheme of virtual environments."""
    return "venv" if "venv" in sysconfig.get_scheme_names() else "nt" if os.name == "nt" else "posix_prefix"


def paths(os, sysconfig, prefix):
    """Where this interpreter installs packages."""
    if prefix == sys.base_prefix:
        found = sysconfig.get_paths()
        headers = found["include"]
    else:
        roots = {"base": prefix, "platbase": prefix, "installed_base": prefix, "installed_platbase": prefix}
        found = sysconfig.get_paths(scheme(os, sysconfig), vars=roots)
        headers = os.path.join(prefix, "include", "site", "python%d.%d" % sys.version_info[:2])
    return {
        "purelib": found["purelib"],
        "platlib": found["platlib"],
        "scripts": found["scripts"],
        "data": found["data"],
        "headers": headers,
    }


def layout(os, sysconfig):
    """The same inside a virtual environment made from this interpreter, relative to its root."""
    root = os.path.join(os.sep, "root")
    roots = {"base": root, "platbase": root, "installed_base": root, "installed_platbase": root}
    found = sysconfig.get_paths(scheme(os, sysconfig), vars=roots)
    return dict((name, os.path.relpath(found[name], root)) for name in ("purelib", "platlib", "scripts"))


def externally_managed(os, sysconfig, prefix):
    """What the distributor says to those who install into it (PEP 668), or None."""
    if prefix != sys.base_prefix:
        return None
    path = os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED")
    if not os.path.isfile(path):
        return None
    import configparser

    try:
        parser = configparser.ConfigParser(interpolation=None)
        parser.read(path, encoding="utf-8")
        return parser.get("externally-managed", "Error", fallback="")
    except (configparser.Error, OSError, UnicodeError):
        return ""


main()
