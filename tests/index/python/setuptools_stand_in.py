"""What legacy projects get as `setuptools` in tests: `setup()` with a handful of keywords, built by tiny_backend."""

_arguments = {}


def setup(**arguments):
    _arguments.clear()
    _arguments.update(arguments)


def find_packages(where="."):
    import os

    return [name for name in sorted(os.listdir(where)) if os.path.isfile(os.path.join(where, name, "__init__.py"))]
