"""scripts/lionheart: the study of LionHeart (Lammie et al., IEEE TETC 2025) on this platform, as tables and pictures."""

import argparse
import csv
import io
import json
import sys
from pathlib import Path

import labelled_data
from ohmic_models import whole_file
from plots import hybrid, style

from lionheart_study import pictures, plan, tables
from lionheart_study.runs import ROOT, RunFailed, Runner, say


def write_rows(rows: list[dict], path: Path) -> list[Path]:
    if not rows:
        return []
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    whole_file.write(path.with_suffix(".csv"), text.getvalue().encode())
    whole_file.write(path.with_suffix(".json"), (json.dumps(rows, indent=1) + "\n").encode())
    return [path.with_suffix(".csv"), path.with_suffix(".json")]


def results(studies: list[dict], out: Path) -> list[Path]:
    """Tables and pictures of the networks that are done; returns what was written."""
    accuracy = [row for study in studies for row in tables.accuracy_rows(study)]
    gains = [row for study in studies for row in tables.gain_rows(study)]
    others = tuple(method for method in plan.ALL_METHODS if method != "ohmic")
    written = write_rows(accuracy, out / "accuracy") + write_rows(gains, out / "gains")
    written += write_rows(tables.method_rows(gains, others), out / "methods")
    written += write_rows([row for study in studies for row in tables.search_rows(study)], out / "search")
    for study in studies:
        name = study["network"]
        own = [row for row in accuracy if row["network"] == name]
        written += style.save(pictures.accuracy(own, name), out / f"accuracy_{name}")
        written += style.save(hybrid.draw(study["hybrid"]), out / f"layers_{name}")
    written += style.save(pictures.gains(gains), out / "gains")
    written += style.save(pictures.methods(gains), out / "methods")
    return written


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/lionheart",
        description="Which layers of which networks crossbars may have, for how much accuracy, and what that brings: the "
        "study of LionHeart (IEEE TETC 2025) on this platform. What is finished is kept, and a restart goes on from there.",
    )
    parser.add_argument("--quick", action="store_true", help="two small networks, minutes instead of hours")
    parser.add_argument(
        "--networks", metavar="NAME,NAME", help="only these (default: all; what has no file or data is left out)"
    )
    parser.add_argument("--chip", type=Path, metavar="FILE", default=ROOT / "configs" / "lionheart.yaml")
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", default=None, help="default: out/lionheart, or out/lionheart_quick"
    )
    parser.add_argument("--again", action="store_true", help="run also what is there already")
    parser.add_argument("--list", action="store_true", help="print networks and budgets, and end")
    arguments = parser.parse_args()
    networks = plan.QUICK if arguments.quick else plan.FULL
    if arguments.networks:
        names = arguments.networks.split(",")
        known = {network.name: network for network in networks}
        if unknown := [name for name in names if name not in known]:
            print(
                f"scripts/lionheart: there is no network {unknown[0]!r}; there are {', '.join(known)}", file=sys.stderr
            )
            return 2
        networks = tuple(known[name] for name in names)
    if arguments.list:
        print(plan.listing(networks))
        return 0
    if not arguments.chip.is_file():
        print(f"scripts/lionheart: --chip {arguments.chip}: there is no such file", file=sys.stderr)
        return 2
    out = (arguments.out or ROOT / "out" / ("lionheart_quick" if arguments.quick else "lionheart")).resolve()
    runner = Runner(out / "runs", arguments.chip.resolve(), arguments.again)
    studies = []
    for number, network in enumerate(networks, 1):
        say(f"[{number} of {len(networks)}] {network.name}")
        try:
            studies.append(runner.study(network))
        except labelled_data.MissingData as missing:
            say(f"scripts/lionheart: {network.name} is left out: {missing}")
        except RunFailed as failed:
            print(f"scripts/lionheart: {failed}", file=sys.stderr)
            return 1
        except OSError as error:
            print(f"scripts/lionheart: {error.filename}: {error.strerror}", file=sys.stderr)
            return 2
    if not studies:
        print("scripts/lionheart: nothing was run", file=sys.stderr)
        return 2
    for path in results(studies, out):
        print(f"written to {path}")
    for line in tables.headline([row for study in studies for row in tables.gain_rows(study)]):
        print(line)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        say("scripts/lionheart: interrupted; the same command goes on from here")
        sys.exit(130)
