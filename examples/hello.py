# /// script
# requires-python = ">=3.9"
# dependencies = ["requests", "rich"]
# ///
"""A script that carries its requirements: `pybun run examples/hello.py`."""

import platform
import sys
from importlib.metadata import distributions

import requests
from rich.console import Console
from rich.table import Table


def main():
    table = Table(title="What this script runs on")
    table.add_column("distribution")
    table.add_column("version", justify="right")
    for found in sorted(distributions(), key=lambda item: item.metadata["Name"].lower()):
        table.add_row(found.metadata["Name"], found.version)
    console = Console()
    console.print(table)
    request = requests.Request("GET", "https://example.org/search", params={"q": "hello"}).prepare()
    console.print(f"requests would ask [bold]{request.url}[/bold]")
    console.print(f"Python {platform.python_version()} in {sys.prefix}", soft_wrap=True, highlight=False)


main()
