"""A PEP 517 and PEP 660 backend for tests: one module, no dependencies, reproducible wheels.

It reads [project] of pyproject.toml (name, version, requires-python, dependencies, optional-dependencies, scripts) and
packs `src/` when there is one, else the packages and modules beside pyproject.toml. `[tool.tiny-backend]` understands
`fail = "message"` (every hook raises) and `print = "text"` (written to stdout before a wheel is built).
"""

import base64
import hashlib
import os
import re
import sys
import zipfile


def get_requires_for_build_wheel(config_settings=None):
    return []


def get_requires_for_build_editable(config_settings=None):
    return []


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    project = _project()
    folder = f"{project['stem']}.dist-info"
    os.makedirs(os.path.join(metadata_directory, folder))
    for name, text in _dist_info(project):
        with open(os.path.join(metadata_directory, folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    return folder


prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    root = "src" if os.path.isdir("src") else "."
    files = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__pycache__")) and name != "tests")
        for name in sorted(names):
            path = os.path.join(folder, name)
            if name.endswith(".py") or (folder != root and not name.endswith(".pyc")):
                with open(path, "rb") as file:
                    files.append((os.path.relpath(path, root).replace(os.sep, "/"), file.read()))
    return _write(wheel_directory, _project(), files)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    project = _project()
    root = os.path.abspath("src" if os.path.isdir("src") else ".")
    return _write(wheel_directory, project, [(f"_{project['module']}.pth", f"{root}\n".encode())])


def build_sdist(sdist_directory, config_settings=None):
    import io
    import tarfile

    project = _project()
    name = f"{project['stem']}.tar.gz"
    with tarfile.open(os.path.join(sdist_directory, name), "w:gz", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo(f"{project['stem']}/PKG-INFO")
        data = _metadata(project).encode()
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
        for folder, folders, names in os.walk("."):
            folders[:] = sorted(item for item in folders if not item.startswith((".", "__pycache__")))
            for item in sorted(names):
                path = os.path.relpath(os.path.join(folder, item), ".")
                archive.add(path, f"{project['stem']}/{path}")
    return name


def _project():
    with open("pyproject.toml", encoding="utf-8") as file:
        tables = _toml(file.read())
    options = tables.get("tool.tiny-backend", {})
    if "print" in options:
        print(options["print"], flush=True)
    if "fail" in options:
        print("tiny-backend: about to fail", file=sys.stderr)
        raise RuntimeError(options["fail"])
    project = dict(tables["project"])
    project["extras"] = tables.get("project.optional-dependencies", {})
    project["scripts"] = tables.get("project.scripts", {})
    project["module"] = re.sub(r"[-_.]+", "_", project["name"]).lower()
    project["stem"] = f"{project['module']}-{project['version']}"
    return project


def _toml(text):
    """Tables of strings and of arrays of strings: enough for the projects of these tests, on every Python version."""
    tables, table = {}, {}
    tables[""] = table
    text = re.sub(r"(?m)^\s*#.*$", "", text)
    token = re.compile(r"(?ms)^\s*\[([^\]\[]+)\]\s*?$|^\s*([A-Za-z0-9_.\"-]+)\s*=\s*(\[.*?\]\s*$|\"[^\"\n]*\"|'[^'\n]*'|[^\n]*)")
    for header, key, value in token.findall(text):
        if header:
            table = tables.setdefault(header.strip(), {})
        elif value.startswith("["):
            table[key.strip('"')] = [double or single for double, single in re.findall(r"\"([^\"]*)\"|'([^']*)'", value)]
        else:
            table[key.strip('"')] = value.strip().strip("\"'")
    return tables


def _metadata(project):
    lines = ["Metadata-Version: 2.2", f"Name: {project['name']}", f"Version: {project['version']}"]
    if "requires-python" in project:
        lines.append(f"Requires-Python: {project['requires-python']}")
    lines += [f"Requires-Dist: {item}" for item in project.get("dependencies", [])]
    for extra, items in project["extras"].items():
        lines.append(f"Provides-Extra: {extra}")
        for item in items:
            text, _, marker = item.partition(";")
            condition = f"({marker.strip()}) and " if marker else ""
            lines.append(f'Requires-Dist: {text.strip()} ; {condition}extra == "{extra}"')
    return "\n".join(lines) + "\n"


def _dist_info(project):
    yield "METADATA", _metadata(project)
    yield "WHEEL", "Wheel-Version: 1.0\nGenerator: tiny-backend\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    if project["scripts"]:
        points = "\n".join(f"{name} = {target}" for name, target in project["scripts"].items())
        yield "entry_points.txt", f"[console_scripts]\n{points}\n"


def _write(wheel_directory, project, files):
    folder = f"{project['stem']}.dist-info"
    files = files + [(f"{folder}/{name}", text.encode()) for name, text in _dist_info(project)]
    rows = []
    name = f"{project['stem']}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files:
            archive.writestr(zipfile.ZipInfo(path), data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            rows.append(f"{path},sha256={digest},{len(data)}")
        archive.writestr(zipfile.ZipInfo(f"{folder}/RECORD"), "\n".join(rows + [f"{folder}/RECORD,,"]) + "\n")
    return name
