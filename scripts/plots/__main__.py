"""Pictures of runs: see scripts/figures."""

import argparse
import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

from ohmic_models import whole_file

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("OHMIC_BUILD", ROOT / "build" / "release"))


class Mistake(Exception):
    """Of the user: one line."""


def read_summary(path: Path) -> dict:
    return read_report(path, "stages", list, "summary.json of a network's run")


def energy(arguments) -> list[Path]:
    from plots import energy, style

    summary = read_summary(arguments.summary)
    if "energy" not in summary:
        raise Mistake(
            f"{arguments.summary}: its run had no coefficients; run with --energy configs/energy/silicon.yaml"
        )
    folder = arguments.out or arguments.summary.parent
    return style.save(energy.draw(summary), folder / "energy")


def read_report(path: Path, key: str, kind: type, what: str) -> dict:
    try:
        report = json.loads(path.read_text())
    except OSError as error:
        raise Mistake(f"cannot read {path}: {error.strerror}") from None
    except ValueError:
        raise Mistake(f"{path}: this is no JSON") from None
    if not isinstance(report, dict) or not isinstance(report.get(key), kind):
        raise Mistake(f"{path}: this is no {what}")
    return report


def accuracy(arguments) -> list[Path]:
    from plots import accuracy, style

    report = read_report(arguments.report, "analog", dict, "report of `ohmic evaluate --time --json`")
    return style.save(accuracy.draw(report), (arguments.out or arguments.report.parent) / "accuracy")


def hybrid(arguments) -> list[Path]:
    from plots import hybrid, style

    report = read_report(arguments.report, "rows", list, "report of `ohmic hybrid --json`")
    return style.save(hybrid.draw(report), (arguments.out or arguments.report.parent) / "hybrid")


def policies() -> list[str]:
    schema = json.loads((ROOT / "configs" / "schema" / "experiment.schema.json").read_text())
    return schema["properties"]["mapping"]["properties"]["policy"]["enum"]


def run_policy(policy: str, arguments) -> None:
    """Simulates a batch; its summary then stands in the folder of the runs."""
    command = [BUILD / "ohmic", "run", arguments.experiment, "--set", f"mapping.policy={policy}"]
    command += ["--energy", arguments.energy, "--out", arguments.out / "runs" / policy, "--quiet"]
    print(f"running policy {policy}", flush=True)
    code = subprocess.run([str(word) for word in command], check=False).returncode
    if code != 0:
        raise Mistake(f"policy {policy}: ohmic ended with exit code {code}")


def write_data(path: Path, rows: list[dict]) -> list[Path]:
    """The same rows as JSON and as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    written = [path.with_name(f"{path.name}.json"), path.with_name(f"{path.name}.csv")]
    whole_file.write(written[0], (json.dumps(rows, indent=1) + "\n").encode())
    whole_file.write(written[1], text.getvalue().encode())
    return written


def paper(arguments) -> list[Path]:
    from plots import energy, paper, style

    wanted = arguments.policies or policies()
    if unknown := [policy for policy in wanted if policy not in policies()]:
        raise Mistake(f"there is no policy {unknown[0]}; there are {', '.join(policies())}")
    runs = {}
    for policy in wanted:
        if not arguments.draw_only:
            run_policy(policy, arguments)
        runs[policy] = read_summary(arguments.out / "runs" / policy / "summary.json")
        if "energy" not in runs[policy]:
            raise Mistake(f"the run of policy {policy} had no coefficients; leave out --draw-only")
    out, written = arguments.out, []

    def make(name: str, rows: list[dict], figure) -> None:
        written.extend(write_data(out / name, rows))
        written.extend(style.save(figure, out / name))

    rows = paper.throughput(runs)
    make("fig5a_throughput", rows, paper.draw_throughput(rows))
    for policy, run in runs.items():
        rows = paper.cluster_times(run)
        make(f"fig5_clusters_{policy}", rows, paper.draw_cluster_times(rows, policy))
        rows = paper.waterfall(run)
        make(f"fig6_waterfall_{policy}", rows, paper.draw_waterfall(rows, policy))
        rows = paper.efficiency(run)
        make(f"fig7_efficiency_{policy}", rows, paper.draw_efficiency(rows, policy))
        written.extend(style.save(energy.draw(run), out / f"energy_{policy}"))
    rows = paper.results(runs)
    make("results", rows, paper.draw_results(rows))
    return written


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/figures", description="Draws pictures of runs, as SVG and PNG.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    of_energy = commands.add_parser("energy", help="energy and area of a run with --energy")
    of_energy.add_argument("summary", type=Path, metavar="SUMMARY.json")
    of_energy.add_argument("--out", type=Path, metavar="FOLDER", help="default: beside the summary")
    of_energy.set_defaults(draw=energy)
    for name, draw, what in (
        (
            "accuracy",
            accuracy,
            "accuracy over time and errors of crossbars: a report of `ohmic evaluate --time --json`",
        ),
        ("hybrid", hybrid, "layers on crossbars and what they bring: a report of `ohmic hybrid --json`"),
    ):
        of_report = commands.add_parser(name, help=what)
        of_report.add_argument("report", type=Path, metavar="REPORT.json")
        of_report.add_argument("--out", type=Path, metavar="FOLDER", help="default: beside the report")
        of_report.set_defaults(draw=draw)
    of_paper = commands.add_parser("paper", help="the figures of the DATE 2023 paper, from a run of each policy")
    of_paper.add_argument("policies", nargs="*", metavar="POLICY", help=f"default: all, {', '.join(policies())}")
    of_paper.add_argument("--experiment", type=Path, metavar="FILE", default=ROOT / "configs" / "resnet18_aimc512.yaml")
    of_paper.add_argument("--energy", type=Path, metavar="FILE", default=ROOT / "configs" / "energy" / "paper.yaml")
    of_paper.add_argument("--out", type=Path, metavar="FOLDER", default=ROOT / "out" / "figures")
    of_paper.add_argument("--draw-only", action="store_true", help="draw the runs that are in FOLDER/runs already")
    of_paper.set_defaults(draw=paper)
    arguments = parser.parse_args()
    try:
        for path in arguments.draw(arguments):
            print(f"written to {path}")
    except Mistake as mistake:
        print(f"scripts/figures: {mistake}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"scripts/figures: cannot write {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
