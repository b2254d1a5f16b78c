"""Writes the licences of all packages that a hub is installed with, and fails on one that does not go with ours.

Patchbay is GPL-2.0-or-later. A licence that only version 3 of the GPL allows (Apache-2.0, LGPL-3.0) is fine: the whole
is then passed on under version 3.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from email.message import Message
from importlib import metadata
from pathlib import Path
from typing import cast

ROOT = Path(__file__).resolve().parent.parent
COMMAND = "make licences"
COMPATIBLE = re.compile(
    r"\bMIT|BSD|Apache|\bISC|0BSD|PSF|Python-2|MPL[ -]?2|Mozilla Public License 2|LGPL|Lesser General Public"
    r"|\bGPL-[23]|ZPL-2|Unlicense|CC0|BlueOak|\bTCL\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, order=True)
class Package:
    name: str
    version: str
    licence: str

    @property
    def is_compatible(self) -> bool:
        """Each part of an AND goes with ours; of an OR, one is enough."""
        return all(COMPATIBLE.search(part) for part in self.licence.split(" AND "))


def python_packages() -> list[Package]:
    """Those of requirements/prod.txt; the tools of development are not passed on with the hub."""
    pinned = re.findall(r"^([\w.-]+)==", (ROOT / "requirements" / "prod.txt").read_text(), re.MULTILINE)
    return sorted(Package(name, metadata.version(name), licence_of(name)) for name in pinned)


def licence_of(name: str) -> str:
    """The licence as the package's own metadata says it."""
    about = cast(Message, metadata.metadata(name))  # the stub leaves out `get`
    classifiers = [line.rpartition(" :: ")[2] for line in about.get_all("Classifier") or [] if "License ::" in line]
    written = (about.get("License") or "").strip().partition("\n")[0]
    said = about.get("License-Expression") or ", ".join(classifiers) or written
    return said or "unknown"


def ui_packages() -> list[Package]:
    """Those that the built user interface contains."""
    lock = ROOT / "frontend" / "package-lock.json"
    if not lock.is_file():
        return []
    entries = json.loads(lock.read_text())["packages"].items()
    return sorted(
        {
            Package(path.rpartition("node_modules/")[2], entry["version"], str(entry.get("license", "unknown")))
            for path, entry in entries
            if path and not entry.get("dev") and not entry.get("optional")
        }
    )


def table(packages: list[Package]) -> str:
    rows = "\n".join(f"| {package.name} | {package.version} | {package.licence} |" for package in packages)
    return f"| package | version | licence |\n|---|---|---|\n{rows}\n"


def page(python: list[Package], ui: list[Package]) -> str:
    return f"""# Licences of the parts

Written by `{COMMAND}`; do not edit. Patchbay itself is GPL-2.0-or-later. Each licence below goes with it; with those
that ask for version 3 of the GPL (Apache-2.0, LGPL-3.0) the whole is passed on under version 3.

## Python packages of a running hub

{table(python)}
## Packages in the built user interface

{table(ui)}"""


def main(target: str) -> int:
    python, ui = python_packages(), ui_packages()
    wrong = [package for package in (*python, *ui) if not package.is_compatible]
    for package in wrong:
        sys.stderr.write(f"{package.name} {package.version}: {package.licence}: does not go with GPL-2.0-or-later\n")
    if not wrong:
        Path(target).write_text(page(python, ui))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
