"""How all pictures look: legible in print and for the colour-blind, with the same colour for the same thing."""

import io
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from ohmic_models import whole_file  # noqa: E402

# Okabe and Ito's palette, told apart with every kind of colour vision; the hatch tells them apart in black and white.
LOOKS = {
    "ima": ("#0072B2", ""),
    "cores": ("#E69F00", "//"),
    "l1": ("#009E73", ".."),
    "icache": ("#CC79A7", "xx"),
    "dma": ("#D55E00", "++"),
    "cluster": ("#999999", "\\\\"),
    "network": ("#56B4E9", "--"),
    "hbm": ("#F0E442", "oo"),
    "analog": ("#0072B2", ""),
    "digital": ("#E69F00", "//"),
    "communication": ("#56B4E9", "--"),
    "synchronisation": ("#CC79A7", "xx"),
    "idle": ("#DDDDDD", ""),
    "ours": ("#0072B2", ""),
    "paper": ("#DDDDDD", "//"),
}

plt.rcParams.update(
    {
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "hatch.linewidth": 0.5,
        "svg.fonttype": "none",
        "svg.hashsalt": "ohmic",
        "figure.dpi": 150,
    }
)


def bar(name: str) -> dict:
    """Arguments of a bar that stands for `name`."""
    colour, hatch = LOOKS[name]
    return {"color": colour, "hatch": hatch, "edgecolor": "black", "linewidth": 0.4}


def save(figure, path: Path) -> list[Path]:
    """Writes path.svg and path.png, the same bytes for the same data."""
    written = []
    path.parent.mkdir(parents=True, exist_ok=True)
    for kind, metadata in (("svg", {"Date": None}), ("png", {})):
        target = path.with_name(f"{path.name}.{kind}")
        content = io.BytesIO()
        figure.savefig(content, format=kind, metadata=metadata, bbox_inches="tight", pad_inches=0.1)
        whole_file.write(target, content.getvalue())
        written.append(target)
    plt.close(figure)
    return written
