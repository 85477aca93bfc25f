"""python -m ohmic_models build|calibrate|evaluate ..."""

import argparse
import sys
import time
from pathlib import Path

from ohmic_models import integer_model, integer_reference, packages, photographs, places, whole_file
from ohmic_models.build import build
from ohmic_models.calibrate import calibrate
from ohmic_models.evaluate import evaluate, report
from ohmic_models.topology import TOPOLOGIES


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ohmic_models", description=__import__("ohmic_models").__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("build", help="make a model, its photographs and its calibration crops")
    make.add_argument("--model", required=True, choices=sorted(TOPOLOGIES))
    make.add_argument(
        "--out", type=Path, help="folder to write, replaced as a whole ($OHMIC_MODELS/MODEL, else .cache/models/MODEL)"
    )
    make.add_argument(
        "--cache", type=Path, default=places.CACHE / "packages", help="where downloaded packages are kept"
    )
    make.add_argument("--force", action="store_true", help="build even if up to date")
    tune = commands.add_parser("calibrate", help="numpy calibration, the check of `ohmic calibrate`")
    tune.add_argument("--model", required=True, type=Path)
    tune.add_argument("--images", required=True, type=Path, help="folder of images, centre-cropped")
    tune.add_argument("--rows", type=int, default=256, help="crossbar height")
    tune.add_argument("--out", required=True, type=Path)
    judge = commands.add_parser("evaluate", help="run a calibrated model on photographs in plain integers")
    judge.add_argument("--model", required=True, type=Path)
    judge.add_argument("--images", required=True, type=Path)
    judge.add_argument("--float-logits", required=True, type=Path, help="float_logits.json of the build")
    judge.add_argument("--logits", type=Path, help="write the int32 logits here as text, one image a line")
    judge.add_argument("--dump", type=Path, help="write each layer's values into this folder")
    return parser.parse_args()


def _calibrate(arguments: argparse.Namespace) -> None:
    start = time.monotonic()
    model = integer_model.load(arguments.model)
    names, pixels = photographs.read_folder(arguments.images, model.size)
    calibrate(
        model,
        pixels,
        arguments.rows,
        lambda layer: print(f"[{time.monotonic() - start:6.1f} s] {layer.name}", flush=True),
    )
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    integer_model.save_calibrated(arguments.model, arguments.out, model, len(names))
    cost = integer_reference.cost(model)
    print(f"{cost.crossbars} crossbars, {cost.mvms} MVM per image, {arguments.out}")


def _evaluate(arguments: argparse.Namespace) -> None:
    figures = evaluate(arguments.model, arguments.images, arguments.float_logits, arguments.dump)
    if arguments.logits:
        lines = [" ".join(str(value) for value in row) for row in figures.logits]
        whole_file.write(arguments.logits, ("\n".join(lines) + "\n").encode())
    print(report(figures))


def main() -> int:
    arguments = _arguments()
    try:
        if arguments.command == "build":
            out = arguments.out or places.models() / arguments.model
            own = arguments.out is None and places.models() == places.CACHE / "models"
            if not build(arguments.model, out, arguments.cache, arguments.force, own):
                print(f"{out} is up to date")
        elif arguments.command == "calibrate":
            _calibrate(arguments)
        else:
            _evaluate(arguments)
    except (integer_model.ModelError, packages.DownloadError, OSError, ValueError, OverflowError) as error:
        print(f"ohmic_models: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
