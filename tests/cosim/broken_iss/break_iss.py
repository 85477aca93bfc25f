#!/usr/bin/env python3
"""Copies ip/iss with the mistakes of mutations.txt put in, for tests only.

usage: break_iss.py MUTATIONS SOURCE_FOLDER OUTPUT_FOLDER

Writes OUTPUT_FOLDER/ip/iss/* and OUTPUT_FOLDER/mutation_names.inc, one line X(name, "class") each. A text that is not in
its file is an error: whoever changes the ISS changes the mutation too.
"""

import sys
from pathlib import Path

# Every instruction's value can be wrong by itself.
VALUE = "return static_cast<u32>(__VA_ARGS__);"
BROKEN_VALUE = "return test::broken_value(op::id, kind::knd, static_cast<u32>(__VA_ARGS__));"
HOOK = '#include "tests/cosim/broken_iss/broken_iss.h"\n'


def mutations(path: Path) -> list[dict]:
    found: list[dict] = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        if line.startswith("- "):
            found[-1]["from"] = line[2:]
        elif line.startswith("+ "):
            found[-1]["to"] = line[2:]
        else:
            words = [word.strip() for word in line.split("|")]
            if len(words) != 3:
                raise SystemExit(f"{path}:{number}: expected 'name | class | file'")
            found.append({"name": words[0], "class": words[1], "file": words[2]})
    return found


def main() -> int:
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    listed, source, output = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    texts = {path.name: path.read_text() for path in sorted(source.iterdir()) if path.suffix in (".h", ".cpp", ".inc")}
    all_mutations = mutations(listed)
    for mutation in [*all_mutations, {"name": "values", "file": "semantics.h", "from": VALUE, "to": BROKEN_VALUE}]:
        text = texts[mutation["file"]]
        if mutation["from"] not in text:
            raise SystemExit(f"{listed}: {mutation['name']}: {mutation['file']} has no text '{mutation['from']}'")
        texts[mutation["file"]] = text.replace(mutation["from"], mutation["to"])

    folder = output / "ip" / "iss"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        if name == "instruction_set.h":
            text += HOOK
        (folder / name).write_text(text)
    names = [f'X({mutation["name"]}, "{mutation["class"]}")\n' for mutation in all_mutations]
    (output / "mutation_names.inc").write_text("".join(names))
    return 0


if __name__ == "__main__":
    sys.exit(main())
