"""A list of nodes (networks.py) as a torch module, and its weights as plain arrays with batch norms folded in."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional


class Layer(nn.Module):
    """Weights of a conv or gemm, [out][in / group](y)(x), with bias or batch norm. `noise`: in training, each weight is
    moved by a normal deviate of that much of the greatest of its output channel; gradients go to the unmoved one
    (straight-through), as a crossbar's devices are programmed once and off by about as much."""

    def __init__(self, node: dict, inputs: int, norm: bool):
        super().__init__()
        self.node, self.noise = node, 0.0
        shape = (node["channels"], inputs // node.get("group", 1), *node.get("kernel", ()))
        self.weight = nn.Parameter(torch.empty(shape).contiguous(memory_format=_format(len(shape))))
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu" if norm else "linear")
        self.norm = None
        if norm:
            self.norm = nn.BatchNorm2d(shape[0]) if len(shape) == 4 else nn.BatchNorm1d(shape[0])
        self.bias = None if norm else nn.Parameter(torch.zeros(shape[0]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weight = self.weight
        if self.training and self.noise > 0:
            greatest = weight.detach().flatten(1).abs().amax(1).view(-1, *[1] * (weight.dim() - 1))
            weight = weight + self.noise * greatest * torch.randn_like(weight)
        if self.node["op"] == "conv":
            top, left, bottom, right = self.node["pads"]
            padding = (top, left)
            if (top, left) != (bottom, right):
                x, padding = functional.pad(x, (left, right, top, bottom)), (0, 0)
            x = functional.conv2d(x, weight, self.bias, tuple(self.node["stride"]), padding, 1, self.node["group"])
        else:
            x = functional.linear(x.flatten(1), weight, self.bias)
        return x if self.norm is None else self.norm(x)

    def folded(self) -> tuple[np.ndarray, np.ndarray]:
        weight = self.weight.detach().double()
        if self.norm is None:
            bias = self.bias.detach().double()
        else:
            factor = self.norm.weight.detach().double() / (self.norm.running_var.double() + self.norm.eps).sqrt()
            weight = weight * factor.view(-1, *[1] * (weight.dim() - 1))
            bias = self.norm.bias.detach().double() - self.norm.running_mean.double() * factor
        return weight.float().contiguous().numpy(), bias.float().numpy()

    def set(self, weight: np.ndarray, bias: np.ndarray) -> None:
        with torch.no_grad():
            self.weight.copy_(torch.from_numpy(weight))
            self.bias.copy_(torch.from_numpy(bias))


def _format(dimensions: int) -> torch.memory_format:
    return torch.channels_last if dimensions == 4 else torch.contiguous_format


class Network(nn.Module):
    """`norm`: batch norms behind all layers but the last, for training from nothing; without, layers have biases. Inputs
    are multiplied by `gain`; weights as arrays are those without it."""

    def __init__(self, nodes: list[dict], shape: tuple[int, int, int], norm: bool, gain: float = 1):
        super().__init__()
        self.nodes, self.gain = nodes, gain
        self.layers = nn.ModuleDict()
        sizes = {nodes[0]["name"]: shape}
        for node in nodes[1:]:
            channels, height, width = sizes[node["inputs"][0]]
            if node["op"] in ("conv", "gemm"):
                inputs = channels if node["op"] == "conv" else channels * height * width
                self.layers[node["name"]] = Layer(node, inputs, norm and node is not nodes[-1])
            if "kernel" in node:
                top, left, bottom, right = node["pads"]
                height = (height + top + bottom - node["kernel"][0]) // node["stride"][0] + 1
                width = (width + left + right - node["kernel"][1]) // node["stride"][1] + 1
            elif node["op"] in ("mean", "gemm"):
                height = width = 1
            sizes[node["name"]] = (node["channels"], height, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        values = {self.nodes[0]["name"]: x * self.gain}
        for node in self.nodes[1:]:
            x = values[node["inputs"][0]]
            if node["op"] in ("conv", "gemm"):
                x = self.layers[node["name"]](x)
            elif node["op"] == "add":
                x = x + values[node["inputs"][1]]
            elif node["op"] == "max_pool":
                top, left, bottom, right = node["pads"]
                x = functional.pad(x, (left, right, top, bottom), value=float("-inf")) if any(node["pads"]) else x
                x = functional.max_pool2d(x, tuple(node["kernel"]), tuple(node["stride"]))
            else:
                x = x.mean((2, 3))
            values[node["name"]] = functional.relu(x, inplace=True) if node.get("relu") else x
        return x

    def set_noise(self, noise: float, without: tuple[str, ...] = ()) -> None:
        for name, layer in self.layers.items():
            layer.noise = 0.0 if name in without else noise

    def _gain_of(self, layer: Layer) -> float:
        return self.gain if layer.node["inputs"][0] == self.nodes[0]["name"] else 1

    def arrays(self) -> dict[str, np.ndarray]:
        """NAME.w and NAME.b of each layer."""
        found = {}
        for name, layer in self.layers.items():
            weight, found[f"{name}.b"] = layer.folded()
            found[f"{name}.w"] = (weight * self._gain_of(layer)).astype(np.float32)
        return found

    def set_arrays(self, arrays: dict[str, np.ndarray]) -> None:
        for name, layer in self.layers.items():
            layer.set((arrays[f"{name}.w"] / self._gain_of(layer)).astype(np.float32), arrays[f"{name}.b"])
