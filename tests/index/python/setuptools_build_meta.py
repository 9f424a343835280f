"""`setuptools.build_meta` and its `__legacy__` object, as far as the legacy projects of these tests need it."""

import os
import re
import sys

import setuptools
import tiny_backend


class _BuildMeta:
    def __init__(self, legacy):
        self.legacy = legacy

    def get_requires_for_build_wheel(self, config_settings=None):
        _run_setup(self.legacy)
        return list(setuptools._arguments.get("setup_requires", []))

    def prepare_metadata_for_build_wheel(self, metadata_directory, config_settings=None):
        project = _run_setup(self.legacy)
        folder = f"{project['stem']}.dist-info"
        os.makedirs(os.path.join(metadata_directory, folder))
        for name, text in tiny_backend._dist_info(project):
            with open(os.path.join(metadata_directory, folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        return folder

    def build_wheel(self, wheel_directory, config_settings=None, metadata_directory=None):
        project = _run_setup(self.legacy)
        files = []
        for module in setuptools._arguments.get("py_modules", []):
            with open(f"{module}.py", "rb") as file:
                files.append((f"{module}.py", file.read()))
        for package in setuptools._arguments.get("packages", []):
            for name in sorted(os.listdir(package)):
                if name.endswith(".py"):
                    with open(os.path.join(package, name), "rb") as file:
                        files.append((f"{package}/{name}", file.read()))
        return tiny_backend._write(wheel_directory, project, files)


def _run_setup(legacy):
    if legacy and os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # what only the legacy backend promises: setup.py may import its neighbours
    with open("setup.py", encoding="utf-8") as file:
        source = file.read()
    exec(compile(source, "setup.py", "exec"), {"__name__": "__main__", "__file__": os.path.abspath("setup.py")})
    given = setuptools._arguments
    module = re.sub(r"[-_.]+", "_", given["name"]).lower()
    scripts = dict(part.split("=", 1) for part in given.get("entry_points", {}).get("console_scripts", []))
    project = {
        "name": given["name"],
        "version": given["version"],
        "dependencies": list(given.get("install_requires", [])),
        "extras": given.get("extras_require", {}),
        "scripts": {name.strip(): target.strip() for name, target in scripts.items()},
        "module": module,
        "stem": f"{module}-{given['version']}",
    }
    if "python_requires" in given:
        project["requires-python"] = given["python_requires"]
    return project


_modern = _BuildMeta(legacy=False)
get_requires_for_build_wheel = _modern.get_requires_for_build_wheel
prepare_metadata_for_build_wheel = _modern.prepare_metadata_for_build_wheel
build_wheel = _modern.build_wheel
__legacy__ = _BuildMeta(legacy=True)
