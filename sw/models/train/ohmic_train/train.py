"""Trains a network: `python3 -m ohmic_train.train NAME --data FOLDER --out FILE.npz [--start FILE.npz]`. Seeded; goes on
where it was when started again. scripts/train calls it, and makes ONNX files of what comes out."""

import argparse
import io
import json
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from . import networks
from .data import DataError, Pictures, load
from .model import Network

CALIBRATION = 256  # inputs
STOPPED = 75  # exit code: not done yet (EX_TEMPFAIL)


def write_whole(path: Path, content: bytes) -> None:
    """The file is the old or the new one, whenever the process ends."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def rate_at(progress: float, greatest: float, warm: float = 0.2) -> float:
    """One cycle: up for a fifth of the steps, then down to nothing, both in a straight line."""
    return greatest * (progress / warm if progress < warm else (1 - progress) / (1 - warm))


def clock(seconds: float) -> str:
    return f"{int(seconds) // 3600}:{int(seconds) // 60 % 60:02}:{int(seconds) % 60:02}"


def accuracy(network: Network, pictures: Pictures) -> float:
    network.eval()
    right = 0
    with torch.no_grad():
        for inputs, labels in pictures.plain(500):
            right += (network(inputs).argmax(1) == labels).sum().item()
    return right / len(pictures)


class Training:
    """A network in training, with all that its checkpoint holds."""

    def __init__(self, recipe: networks.Recipe, data: networks.Data, start: dict | None, seed: int):
        torch.manual_seed(seed)
        self.recipe, self.seed, self.epoch, self.step, self.seconds = recipe, seed, 0, 0, 0.0
        self.network = Network(recipe.nodes, data.shape, norm=start is None, gain=data.gain)
        if start is not None:
            self.network.set_arrays(start)
        self.network.set_noise(recipe.noise, recipe.digital)
        if start is None:
            with_decay = [p for p in self.network.parameters() if p.dim() > 1]
            without = [p for p in self.network.parameters() if p.dim() <= 1]
            groups = [{"params": with_decay, "weight_decay": recipe.decay}, {"params": without, "weight_decay": 0}]
            self.optimiser = torch.optim.SGD(groups, lr=recipe.rate, momentum=0.9, nesterov=True)
        else:  # without batch norms layers are of any scale: a step is a share of each tensor's deviation from 0
            groups = [
                {"params": [p], "scale": p.detach().square().mean().sqrt().item()} for p in self.network.parameters()
            ]
            self.optimiser = torch.optim.Adam(groups, lr=recipe.rate)

    def state(self) -> bytes:
        whole = {"network": self.network.state_dict(), "optimiser": self.optimiser.state_dict()}
        whole |= {"epoch": self.epoch, "step": self.step, "seconds": self.seconds}
        file = io.BytesIO()
        torch.save(whole, file)
        return file.getvalue()

    def set_state(self, content: bytes) -> None:
        whole = torch.load(io.BytesIO(content))
        self.network.load_state_dict(whole["network"])
        self.optimiser.load_state_dict(whole["optimiser"])
        self.epoch, self.step, self.seconds = whole["epoch"], whole["step"], whole["seconds"]

    def run_epoch(self, pictures: Pictures, after_step) -> bool:
        """To its end, or until after_step(steps, loss, share of all that is done) says that it is enough: false."""
        recipe, steps = self.recipe, len(pictures) // self.recipe.batch
        first_seed = self.seed + 1_000_000 * self.epoch
        self.network.train()
        begin = time.monotonic()
        for inputs, labels in pictures.augmented(recipe.batch, first_seed, self.step):
            torch.manual_seed(first_seed + self.step)  # noise is the same, whether resumed or not
            for group in self.optimiser.param_groups:
                group["lr"] = rate_at((self.epoch + self.step / steps) / recipe.epochs, recipe.rate) * group.get(
                    "scale", 1
                )
            loss = functional.cross_entropy(self.network(inputs), labels, label_smoothing=recipe.smoothing)
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
            self.optimiser.step()
            if not torch.isfinite(loss):
                raise DataError(f"loss is {loss.item()} in epoch {self.epoch + 1}: a smaller --rate may help")
            self.step += 1
            self.seconds, begin = self.seconds + time.monotonic() - begin, time.monotonic()
            if not after_step(steps, loss.item(), (self.epoch + self.step / steps) / recipe.epochs):
                return False
        self.epoch, self.step = self.epoch + 1, 0
        return True


class Report:
    """A line that is written over on a terminal, one a minute elsewhere."""

    def __init__(self, name: str, epochs: int):
        self.name, self.epochs, self.last = name, epochs, -1e9
        self.live = sys.stderr.isatty()

    def __call__(self, training: Training, steps: int, loss: float, done: float) -> None:
        now = time.monotonic()
        if now - self.last < (0.5 if self.live else 60):
            return
        self.last = now
        spent = training.seconds
        text = f"{self.name}: epoch {training.epoch + 1} of {self.epochs}, batch {training.step} of {steps}, "
        text += f"loss {loss:.3f}, {clock(spent)} spent, {clock(spent * (1 / done - 1))} left"
        print(f"\r{text}\033[K" if self.live else text, end="" if self.live else "\n", file=sys.stderr, flush=True)

    def say(self, text: str) -> None:
        print(f"\r{self.name}: {text}\033[K" if self.live else f"{self.name}: {text}", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="ohmic_train", description=__doc__)
    parser.add_argument("name", choices=sorted(networks.RECIPES))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="weights (.npz); FILE.checkpoint lies beside it")
    parser.add_argument("--start", type=Path, help="weights to start from; their nodes replace those of NAME")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=0, help="stop after so long; the same command goes on")
    parser.add_argument("--images", type=int, default=0, help="train on so many alone, drawn at random")
    for option, kind in (("epochs", int), ("rate", float), ("noise", float), ("batch", int), ("smoothing", float)):
        parser.add_argument(f"--{option}", type=kind)
    parser.add_argument("--digital", default="", help="layers without noise, by name: NAME,NAME")
    a = parser.parse_args()
    given = {key: getattr(a, key) for key in ("epochs", "rate", "noise", "batch", "smoothing")}
    recipe = networks.RECIPES[a.name]
    if a.start:  # a network that is good already
        recipe = replace(recipe, epochs=3, rate=0.003, batch=128, smoothing=0.0)
    recipe = replace(recipe, **{key: value for key, value in given.items() if value is not None})
    torch.set_num_threads(a.threads)
    data, start = networks.DATA[recipe.data], None
    try:
        if a.start:
            with np.load(a.start) as file:
                start = {key: file[key] for key in file.files}
            description = json.loads(str(start.pop("description")))
            recipe = replace(recipe, nodes=description["nodes"])
            data = replace(data, pixels=description["pixels"])
        recipe = replace(recipe, digital=tuple(name for name in a.digital.split(",") if name))
        layers = [node["name"] for node in recipe.nodes if node["op"] in ("conv", "gemm")]
        for name in set(recipe.digital) - set(layers):
            raise DataError(f"--digital: there is no layer '{name}'; there are {', '.join(layers)}")
        pixels, labels = load(data, a.data, test=False)
        if a.images:  # drawn from all: files may be sorted by class
            chosen = np.sort(np.random.default_rng(a.seed).permutation(len(labels))[: a.images])
            pixels, labels = pixels[chosen], labels[chosen]
        pictures = Pictures(data, pixels, labels)
        test = Pictures(data, *load(data, a.data, test=True))
        if len(pictures) < recipe.batch:
            raise DataError(f"{len(pictures)} pictures are fewer than a batch of {recipe.batch}")
        if not train(a.name, recipe, data, start, pictures, test, a):
            return STOPPED
    except (DataError, OSError, ValueError, KeyError, RuntimeError) as error:
        print(f"train: {str(error).splitlines()[0]}", file=sys.stderr)
        return 2
    return 0


class Stop:
    """When training is to end before its end: after so many minutes, or where it is told to."""

    def __init__(self, minutes: float):
        self.at = time.monotonic() + 60 * minutes if minutes > 0 else float("inf")
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.told)

    def told(self, *_) -> None:
        self.at = 0

    def __bool__(self) -> bool:
        return time.monotonic() >= self.at


def train(
    name: str, recipe: networks.Recipe, data: networks.Data, start, pictures: Pictures, test: Pictures, a
) -> bool:
    training = Training(recipe, data, start, a.seed)
    report = Report(name, recipe.epochs)
    checkpoint = a.out.with_name(a.out.name + ".checkpoint")
    # A checkpoint of other settings is not gone on from.
    settings = json.dumps([name, vars(recipe), a.seed, len(pictures), str(a.start or "")], sort_keys=True).encode()
    if checkpoint.is_file():
        saved, _, content = checkpoint.read_bytes().partition(b"\n")
        if saved == settings:
            training.set_state(content)
            report.say(f"goes on after epoch {training.epoch} of {recipe.epochs} ({checkpoint})")
        else:
            report.say(f"{checkpoint} is of other settings: starts anew")
    if start is not None and training.epoch == training.step == 0:
        report.say(f"test accuracy {100 * accuracy(training.network, test):.2f} % as it was given")
    stop, saved_at = Stop(a.minutes), time.monotonic()

    def after_step(steps: int, loss: float, done: float) -> bool:
        nonlocal saved_at
        report(training, steps, loss, done)
        if stop or time.monotonic() - saved_at > 60:
            write_whole(checkpoint, settings + b"\n" + training.state())
            saved_at = time.monotonic()
        return not stop

    while training.epoch < recipe.epochs:
        if not training.run_epoch(pictures, after_step):
            report.say(f"stopped in epoch {training.epoch + 1} of {recipe.epochs}; the same command goes on from here")
            return False
        if training.epoch % 4 == 0 and training.epoch < recipe.epochs:
            report.say(f"epoch {training.epoch}: test accuracy {100 * accuracy(training.network, test):.2f} %")
    write_whole(checkpoint, settings + b"\n" + training.state())
    description = {
        "name": name,
        "nodes": recipe.nodes,
        "shape": data.shape,
        "labels": data.labels,
        "pixels": data.pixels,
        "data": data.name,
        "epochs": recipe.epochs,
        "batch": recipe.batch,
        "rate": recipe.rate,
        "noise": recipe.noise,
        "seed": a.seed,
        "float_accuracy": accuracy(training.network, test),
        "seconds": round(training.seconds, 1),
    }
    file = io.BytesIO()
    np.savez(file, description=np.array(json.dumps(description)), **training.network.arrays())
    write_whole(a.out, file.getvalue())
    # What calibrates the network: drawn at random, since the first ones of a file may be of one class.
    chosen = np.random.default_rng(a.seed).permutation(len(pictures))[:CALIBRATION]
    file = io.BytesIO()
    np.savez(file, x=pictures.pixels[chosen].numpy(), y=pictures.labels[chosen].numpy())
    write_whole(a.out.with_suffix(".calibration.npz"), file.getvalue())
    report.say(f"test accuracy {100 * description['float_accuracy']:.2f} % after {clock(training.seconds)}; {a.out}")
    return True


if __name__ == "__main__":
    sys.exit(main())
