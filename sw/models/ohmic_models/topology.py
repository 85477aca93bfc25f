"""The shapes of the example networks, as lists of nodes in execution order."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Node:
    name: str
    op: str  # conv, add, maxpool, avgpool, fc
    inputs: tuple[str, ...]
    channels: int  # of the output
    kernel: int = 1
    stride: int = 1
    pad: int = 0
    relu: bool = False
    gamma: float = 1.0  # standard deviation that batch-norm calibration gives the output


@dataclass(frozen=True)
class Topology:
    name: str
    size: int  # height and width of the image
    shorter_side: int  # photographs are shrunk to this; 0: left as they are
    seed: int
    head_crops: int  # a scene, to train the head on
    nodes: list[Node] = field(default_factory=list)

    @property
    def classes(self) -> int:
        return self.nodes[-1].channels

    @property
    def away(self) -> int:
        """How far other crops stay from the run's crop: an eighth of the image."""
        return self.size // 8


# A block's last convolution starts small, so that blocks begin near the identity and features stay diverse.
_LAST_GAMMA = 0.3


def _stage(nodes: list[Node], stage: int, channels: int, blocks: int, stride: int) -> None:
    for block in range(blocks):
        name = f"l{stage}b{block}"
        source, step = nodes[-1], stride if block == 0 else 1
        shortcut = source.name
        nodes.append(Node(f"{name}c1", "conv", (source.name,), channels, 3, step, 1, relu=True))
        nodes.append(Node(f"{name}c2", "conv", (f"{name}c1",), channels, 3, 1, 1, gamma=_LAST_GAMMA))
        if step != 1 or source.channels != channels:
            shortcut = f"{name}down"
            nodes.append(Node(shortcut, "conv", (source.name,), channels, 1, step))
        nodes.append(Node(f"{name}add", "add", (f"{name}c2", shortcut), channels, relu=True))


def _resnet(stem: Node, stages: list[tuple[int, int, int]], classes: int) -> list[Node]:
    nodes = [stem, Node("maxpool", "maxpool", (stem.name,), stem.channels, 3, 2, 1)]
    for number, (channels, blocks, stride) in enumerate(stages, start=1):
        _stage(nodes, number, channels, blocks, stride)
    nodes.append(Node("avgpool", "avgpool", (nodes[-1].name,), nodes[-1].channels))
    nodes.append(Node("fc", "fc", ("avgpool",), classes))
    return nodes


def resnet18() -> Topology:
    stem = Node("conv1", "conv", ("image",), 64, 7, 2, 3, relu=True)
    stages = [(64, 2, 1), (128, 2, 2), (256, 2, 2), (512, 2, 2)]
    return Topology("resnet18", 256, 0, 18, 24, _resnet(stem, stages, 1000))


def resnet_tiny() -> Topology:
    """32 crossbars of 256x256: every rule for row sets, uneven channel groups and a column split occur."""
    stem = Node("conv1", "conv", ("image",), 32, 7, 2, 3, relu=True)
    return Topology("resnet_tiny", 64, 96, 32, 96, _resnet(stem, [(32, 1, 1), (96, 1, 2), (160, 1, 2)], 320))


def resnet_mini() -> Topology:
    """7 crossbars, for chips of 16 clusters."""
    stem = Node("conv1", "conv", ("image",), 16, 7, 2, 3, relu=True)
    return Topology("resnet_mini", 32, 48, 13, 96, _resnet(stem, [(16, 1, 1), (28, 1, 2)], 16))


def resnet_micro() -> Topology:
    """3 crossbars and every kind of operator once, for tests on a few clusters."""
    nodes = [
        Node("conv1", "conv", ("image",), 28, 3, 2, 1, relu=True),
        Node("maxpool", "maxpool", ("conv1",), 28, 3, 2, 1),
        Node("l1b0c1", "conv", ("maxpool",), 28, 3, 1, 1, gamma=_LAST_GAMMA),
        Node("l1b0add", "add", ("l1b0c1", "maxpool"), 28, relu=True),
        Node("avgpool", "avgpool", ("l1b0add",), 28),
        Node("fc", "fc", ("avgpool",), 16),
    ]
    return Topology("resnet_micro", 32, 48, 14, 96, nodes)


def resnet_wide() -> Topology:
    """5 crossbars and large feature maps: few kernels for many bytes, for chips on which links bind."""
    nodes = [
        Node("conv1", "conv", ("image",), 64, 3, 2, 1, relu=True),
        Node("maxpool", "maxpool", ("conv1",), 64, 3, 2, 1),
        Node("l1b0c1", "conv", ("maxpool",), 64, 3, 2, 1, relu=True),
        Node("avgpool", "avgpool", ("l1b0c1",), 64),
        Node("fc", "fc", ("avgpool",), 16),
    ]
    return Topology("resnet_wide", 128, 160, 6, 24, nodes)


TOPOLOGIES = {build.__name__: build for build in (resnet18, resnet_tiny, resnet_mini, resnet_micro, resnet_wide)}
