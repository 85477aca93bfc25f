"""What scripts/lionheart runs: networks, budgets, and what LionHeart published of them."""

from dataclasses import dataclass, replace

THRESHOLDS = ("0.5%", "1%", "3%", "5%", "10%")
TIMES = ("1s", "1h", "1d", "1y")  # accuracy is measured at all; mappings are found at the third
DECISION = "1d"
METHODS = ("ohmic", "lionheart", "sensitivity", "first_last")
WITH_PAIRS = (*METHODS, "second_order")  # n (n + 1) / 2 choices of n layers: not for the deep ones
ALL_METHODS = (*WITH_PAIRS, "exhaustive")  # 2 ^ n


@dataclass(frozen=True)
class Network:
    """One network and what its search may cost. Retraining after each conversion takes hours per network and is no part
    of the study: epochs are 0."""

    name: str
    images: int = 1000  # of the search
    draws: int = 20
    fresh_images: int = 2000  # that judge what was found
    fresh_draws: int = 20
    methods: tuple[str, ...] = METHODS
    retraining_epochs: int = 0
    confidence: str = "90%"  # of method ohmic, that other chips and images hold the threshold, too
    thresholds: tuple[str, ...] = THRESHOLDS


FULL = (
    Network("fashion_resnet8", methods=ALL_METHODS),
    Network("resnet8", methods=ALL_METHODS),
    Network("resnet20"),
    Network("dscnn", images=400, fresh_images=400, methods=WITH_PAIRS),
    Network("cifar_resnet8", methods=WITH_PAIRS),
    Network("cifar_resnet20"),
    Network("vgg_small", methods=WITH_PAIRS),
    Network("vgg_small_noise", methods=WITH_PAIRS),
    Network("vgg_wide", images=500, fresh_images=1000),
    Network("alexnet_small", images=500, fresh_images=1000, methods=WITH_PAIRS),
)
# So few images say little about others: the mean decides, as for the other methods.
QUICK = tuple(
    replace(
        network,
        images=200,
        draws=10,
        fresh_images=200,
        fresh_draws=10,
        confidence="50%",
        methods=METHODS,
        thresholds=("1%", "5%", "10%"),
    )
    for network in FULL[:2]
)


@dataclass(frozen=True)
class Published:
    """Of LionHeart (Lammie et al., IEEE TETC 2025), CIFAR-10: networks of the same names, trained by themselves, on
    another machine. `over` is run time of all-digital over that of the mapping."""

    float_accuracy: float | None = None
    all_analog_over: float | None = None
    threshold_5_over: float | None = None
    all_analog_loss: float | None = None
    analog_macs_at_5: float | None = None


PUBLISHED = {
    "resnet8": Published(87.38, all_analog_loss=20, analog_macs_at_5=0.60),
    "cifar_resnet8": Published(87.38, all_analog_loss=20, analog_macs_at_5=0.60),
    "resnet20": Published(90.52),
    "cifar_resnet20": Published(90.52),
    "vgg_small": Published(92.79, 6.60, 2.85),
    "vgg_small_noise": Published(92.79, 6.60, 2.85),
    "vgg_wide": Published(92.79, 6.60, 2.85),
    "alexnet_small": Published(91.29, 5.50, 4.25),
}
PUBLISHED_GAIN = 6.0  # "beyond": run time and energy


def listing(networks: tuple[Network, ...]) -> str:
    rows = [
        (
            "network",
            "images",
            "draws",
            "fresh images",
            "fresh draws",
            "confidence",
            "retraining epochs",
            "thresholds; methods",
        )
    ]
    for n in networks:
        numbers = (n.images, n.draws, n.fresh_images, n.fresh_draws, n.confidence, n.retraining_epochs)
        rows.append((n.name, *map(str, numbers), f"{', '.join(n.thresholds)}; {', '.join(n.methods)}"))
    widths = [max(len(row[c]) for row in rows) for c in range(7)]
    lines = []
    for row in rows:
        numbers = (f"{word:>{width}}" for word, width in zip(row[1:7], widths[1:7], strict=True))
        lines.append(f"{row[0]:<{widths[0]}}  {'  '.join(numbers)}  {row[7]}")
    return "\n".join(lines)
