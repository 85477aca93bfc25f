"""What layers on crossbars bring and cost, and which ones they are, from a report of `ohmic hybrid`."""

from matplotlib.patches import Patch

from plots.accuracy import readable_time
from plots.style import LOOKS, plt

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#999999", "#000000")
MARKERS = "osD^vPX<"


def draw(report: dict):
    rows = report["rows"]
    chosen = [row for row in rows if "threshold_points" in row]
    names = [layer["name"] for layer in report["layers"]]
    figure, (gains, strips) = plt.subplots(
        2,
        1,
        figsize=(max(7.0, 0.22 * len(names) + 3.2), 4.2 + 0.24 * len(chosen)),
        gridspec_kw={"height_ratios": [3.2, 0.24 * len(chosen) + 0.6], "hspace": 0.5},
    )
    loss_against_time(gains, rows)
    strip(strips, chosen, names)
    figure.suptitle(
        f"{report['model']} on {report['chip']}, {readable_time(report['time_s'])} after programming, "
        f"mapping {report['policy']}",
        fontsize=10,
    )
    return figure


def loss_against_time(axis, rows: list[dict]) -> None:
    """Losses on fresh chips and images; times are simulated, or expected where nothing was simulated."""
    simulated = all("simulated" in row for row in rows)

    def cycles(row: dict) -> float | None:
        return row["simulated"]["cycles"] if simulated else row.get("expected_cycles")

    methods = list(dict.fromkeys(row["method"] for row in rows))
    for n, method in enumerate(methods):
        points = [(cycles(row), row) for row in rows if row["method"] == method and cycles(row)]
        if not points:
            continue
        axis.errorbar(
            [at / 1e3 for at, _ in points],
            [row["fresh"]["loss_points"] for _, row in points],
            yerr=[row["fresh"]["half_interval_95_points"] for _, row in points],
            color=COLOURS[n % len(COLOURS)],
            marker=MARKERS[n % len(MARKERS)],
            markersize=5,
            capsize=2,
            linewidth=0.7,
            linestyle="-" if len(points) > 1 else "none",
            label=method,
        )
    for threshold in sorted({row["threshold_points"] for row in rows if "threshold_points" in row}):
        axis.axhline(threshold, color="black", linewidth=0.6, linestyle=":")
        axis.annotate(f"{threshold:g} %", (1, threshold), xycoords=("axes fraction", "data"), fontsize=7, va="center")
    axis.set_xlabel(f"thousand cycles of a batch, {'simulated' if simulated else 'expected'}")
    axis.set_ylabel("fresh loss, points (95 %)")
    axis.legend(fontsize=7, frameon=False)


def strip(axis, chosen: list[dict], names: list[str]) -> None:
    for y, row in enumerate(chosen):
        for x, name in enumerate(names):
            analog = row["layers"][name].startswith("analog")
            colour, hatch = LOOKS["analog" if analog else "digital"]
            axis.barh(y, 0.92, left=x - 0.46, height=0.8, color=colour, hatch=hatch, edgecolor="black", linewidth=0.3)
            if copies := row["layers"][name].partition("_x")[2]:
                axis.text(x, y, copies, ha="center", va="center", fontsize=6.5, color="white")
    axis.set_yticks(
        range(len(chosen)), [f"{row['method']} {row['threshold_points']:g} %" for row in chosen], fontsize=7
    )
    axis.set_xticks(range(len(names)), names, rotation=90, fontsize=6.5)
    axis.set_xlim(-0.6, len(names) - 0.4)
    axis.set_ylim(len(chosen) - 0.4, -0.6)
    axis.tick_params(length=0)
    patches = []
    for name, label in (("analog", "on crossbars"), ("digital", "on cores")):
        colour, hatch = LOOKS[name]
        patches.append(Patch(facecolor=colour, hatch=hatch, edgecolor="black", linewidth=0.3, label=label))
    axis.legend(handles=patches, fontsize=7, frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1.0))
