"""Calls one hook of a build backend (PEP 517, PEP 660).

Run as `python -I build_runner.py REQUEST ANSWER` in the source tree. Both are JSON files:

request  {"hook", "backend", "backend_path": [...], "directory"?, "metadata_directory"?, "config_settings"?}
answer   {"kind": "done", "value"} | {"kind": "missing"} (the backend has no such hook)
         | {"kind": "unsupported", "message"} | {"kind": "no-backend", "message"} | {"kind": "failed", "message"}

What the backend prints goes to stdout and stderr as it is.
"""

import importlib
import json
import os
import sys
import traceback


def main():
    # Backends change sys.argv and the current directory.
    request_path, answer_path = sys.argv[1:]
    with open(request_path, encoding="utf-8") as file:
        request = json.load(file)
    answer = call(request)
    sys.stdout.flush()
    sys.stderr.flush()
    temporary = answer_path + ".part"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(answer, file)
    os.replace(temporary, answer_path)


def call(request):
    try:
        backend = load_backend(request["backend"], request["backend_path"])
    except BackendUnavailable as error:
        return {"kind": "no-backend", "message": str(error)}
    hook = getattr(backend, request["hook"], None)
    if hook is None:
        return {"kind": "missing"}
    try:
        return {"kind": "done", "value": hook(*arguments(request))}
    except SystemExit as error:
        if error.code in (None, 0):
            return {"kind": "failed", "message": "the backend ended the process"}
        return {"kind": "failed", "message": "the backend ended with %s" % (error.code,)}
    except BaseException as error:
        # setuptools and others raise a type of their own that they call UnsupportedOperation.
        unsupported = type(error).__name__ == "UnsupportedOperation"
        traceback.print_exc()
        message = traceback.format_exception_only(type(error), error)[-1].strip()
        return {"kind": "unsupported" if unsupported else "failed", "message": message}


def arguments(request):
    settings = request.get("config_settings") or None
    hook = request["hook"]
    if hook.startswith("get_requires_for_"):
        return [settings]
    if hook in ("build_wheel", "build_editable"):
        return [request["directory"], settings, request.get("metadata_directory")]
    return [request["directory"], settings]


class BackendUnavailable(Exception):
    pass


def load_backend(spec, backend_path):
    """Imports `module:object`; with `backend_path` it must come from one of these directories of the source tree."""
    source = os.path.realpath(os.getcwd())
    directories = [os.path.realpath(os.path.join(source, directory)) for directory in backend_path]
    for directory in directories:
        if not is_inside(directory, source):
            raise BackendUnavailable("backend-path leads out of the source tree: %s" % directory)
    sys.path[:0] = directories
    module_name, _, attributes = spec.partition(":")
    try:
        backend = importlib.import_module(module_name)
    except Exception as error:
        traceback.print_exc()
        raise BackendUnavailable("cannot import %s: %s: %s" % (module_name, type(error).__name__, error))
    if directories:
        origin = os.path.realpath(getattr(backend, "__file__", None) or "")
        if not any(is_inside(origin, directory) for directory in directories):
            raise BackendUnavailable("%s was not imported from backend-path" % module_name)
    for attribute in filter(None, attributes.split(".")):
        backend = getattr(backend, attribute, None)
        if backend is None:
            raise BackendUnavailable("%s has no %s" % (module_name, attributes))
    return backend


def is_inside(path, directory):
    return path == directory or path.startswith(directory.rstrip(os.sep) + os.sep)


if __name__ == "__main__":
    main()
