#!/usr/bin/env python3
"""Writes docs/configuration.md from the JSON schemas.

export_configuration.py --markdown FILE
export_configuration.py --check FILE      exit 1 if FILE is not what --markdown would write
"""

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "configs" / "schema"

INTRODUCTION = """# Configuration

Generated from `configs/schema/` by `platform/config/export_configuration.py --markdown`.

A chip and an experiment are YAML files. Every key has a default, save an experiment's `chip` and all of energy and area; `ohmic info` prints a
chip with every key spelled out. Any key can be given on the command line by its dotted path, with a value in YAML:

```
ohmic info configs/aimc512.yaml --set cluster.cores=8 --set 'network.factors=[1, 2, 4, 4, 4]'
ohmic run configs/resnet18_aimc512.yaml --set engine.window=1 --set cluster.cores=2
```

In an experiment, keys of the chip may be written with `chip.` before them or without. Options come after the file, in
their order. Mistakes (unknown, duplicate or missing keys, values that are not allowed, combinations that cannot be
built) are reported all at once, each with file, line and column, and end the program with exit code 2:

```
configs/x.yaml:12:3: cluster.coers: unknown key; did you mean cluster.cores? allowed: cores, l1_bytes, l1_banks, ...
```

Numbers are those of YAML 1.2, in files and options alike: `8`, `+8`, `010` (ten), `0x10` and `0o10`, and `1.5` or `1e3`
where the number need not be whole. Sizes are bytes (`1048576`, `0x100000`) or a number with `B`, `KiB`, `MiB` or `GiB` (`1 MiB`). The first line of the files
in `configs/` names their schema, by which editors with a YAML language server complete and check keys.

Files are UTF-8 with one document, without tags and merge keys; more than 256 KiB, 50,000 values (an alias counts as what it
stands for) or 32 lists and maps in each other are refused.
"""


def types(schema: dict) -> list[str]:
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else kinds


def allowed(schema: dict) -> str:
    if "$ref" in schema:
        unit = {"energy": "pJ", "power": "mW", "leakage": "mW/mm2", "area": "mm2"}[schema["$ref"].rsplit("/", 1)[1]]
        return f"coefficient, {unit}"
    if "anyOf" in schema:
        return "path or chip"
    if words := schema.get("enum", schema.get("examples")):
        return ", ".join(f"`{word}`" for word in words)
    power = "power of two, " if schema.get("x-powerOfTwo") else ""
    if schema.get("x-size"):
        return f"{power}{size(schema['minimum'])} .. {size(schema['maximum'])}"
    if "integer" in types(schema):
        return f"{power}{schema['minimum']} .. {schema['maximum']}"
    if "number" in types(schema):
        return f"{schema['minimum']} .. {schema['maximum']}"
    if "boolean" in types(schema):
        return "`true`, `false`"
    if "array" in types(schema) and "properties" in schema["items"]:
        return "list of maps with " + ", ".join(
            f"`{key}` ({allowed(value)})" for key, value in schema["items"]["properties"].items()
        )
    if "array" in types(schema):
        return f"list of {schema['minItems']} .. {schema['maxItems']}: {allowed(schema['items'])}"
    if "object" in types(schema):
        return f"name: {allowed(schema['additionalProperties'])}"
    return "text"


def size(count: int) -> str:
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if count >= unit and count % unit == 0:
            return f"{count // unit} {name}"
    return f"{count} B"


def default(schema: dict) -> str:
    if "default" not in schema:
        return "required"
    value = schema["default"]
    return "empty" if value in ("", {}) else f"`{value if isinstance(value, str) else json.dumps(value)}`"


def rows(schema: dict, prefix: str = "") -> list[str]:
    lines = []
    for key, value in schema["properties"].items():
        if "properties" in value:
            lines.append(f"| **{prefix}{key}** | | | {value['description']} |")
            lines += rows(value, f"{prefix}{key}.")
        else:
            lines.append(f"| `{prefix}{key}` | {default(value)} | {allowed(value)} | {value['description']} |")
    return lines


def page() -> str:
    parts = [INTRODUCTION]
    for name in ("experiment", "chip", "energy"):
        schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
        table = ["| key | default | allowed | meaning |", "| --- | --- | --- | --- |", *rows(schema)]
        parts.append(f"## {schema['title']}\n\n{schema['description']}\n\n" + "\n".join(table) + "\n")
    return "\n".join(parts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--markdown", type=Path, metavar="FILE")
    what.add_argument("--check", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    if arguments.markdown:
        arguments.markdown.write_text(page())
    elif not arguments.check.exists() or arguments.check.read_text() != page():
        print(
            f"{arguments.check} is out of date: run {Path(__file__).name} --markdown {arguments.check}", file=sys.stderr
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
