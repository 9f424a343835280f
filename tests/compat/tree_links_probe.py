"""Says what a program can see of the packages of its environment, as lines that are compared between link modes."""

import importlib
import importlib.metadata
import importlib.resources
import io
import json
import os
import pkgutil
import site
import sys
import warnings
from contextlib import redirect_stderr, redirect_stdout

warnings.simplefilter("ignore")
os.environ.setdefault("MPLBACKEND", "agg")
library = site.getsitepackages()[0]
answers = {}
distributions = sorted(importlib.metadata.distributions(), key=lambda one: one.name.lower())


def quietly(work):
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        try:
            return work()
        except BaseException as error:
            return f"{type(error).__name__}: {error}".replace(library, "<library>")


def files_of(distribution):
    files = [file for file in distribution.files or []]
    plain = sorted(str(file) for file in files if file.hash is not None)
    return {"files": len(plain), "names": plain, "there": all(file.locate().exists() for file in files)}


def resources_of(name):
    def walk(place, depth):
        for entry in sorted(place.iterdir(), key=lambda one: one.name):
            if entry.name == "__pycache__":
                continue
            if entry.is_dir() and depth:
                yield from walk(entry, depth - 1)
            elif entry.is_file():
                yield entry.name, len(entry.read_bytes())

    found = list(walk(importlib.resources.files(name), 4))
    return [len(found), sum(size for _, size in found)]


answers["installed"] = [f"{one.name} {one.version}" for one in distributions]
for one in distributions:
    answers[f"files of {one.name}"] = files_of(one)
answers["packages of distributions"] = {
    name: sorted(set(owners)) for name, owners in sorted(importlib.metadata.packages_distributions().items()) if "/" not in name
}
tops = sorted(name for name in answers["packages of distributions"] if name.isidentifier())
skipped = {"antigravity", "this", "_pytest", "a1_coverage"}
for name in tops:
    if name in skipped:
        continue

    def load(name=name):
        module = importlib.import_module(name)
        place = getattr(module, "__file__", None) or sorted(getattr(module, "__path__", []))[0]
        return os.path.relpath(place, library)

    answers[f"import {name}"] = quietly(load)
    if os.path.isdir(os.path.join(library, name)):
        answers[f"resources of {name}"] = quietly(lambda name=name: resources_of(name))
groups = ("console_scripts", "pytest11", "babel.extractors", "celery.result_backends", "jupyter_serverproxy_servers")
for group in groups:
    for point in sorted(importlib.metadata.entry_points(group=group), key=lambda one: one.name):
        answers[f"entry point {group} {point.name}"] = quietly(lambda point=point: type(point.load()).__name__)
for name in sys.argv[1:]:
    def walk(name=name):
        package = importlib.import_module(name)
        found = pkgutil.walk_packages(package.__path__, f"{name}.", onerror=lambda _: None)
        return sorted(module.name for module in found if "test" not in module.name)

    answers[f"walk {name}"] = quietly(walk)
json.dump(answers, sys.stdout, indent=1, sort_keys=True)
