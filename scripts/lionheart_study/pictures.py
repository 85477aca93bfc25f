"""The study's pictures."""

from plots.hybrid import COLOURS, MARKERS
from plots.style import LOOKS, plt

from lionheart_study.tables import published_of


def accuracy(rows: list[dict], network: str):
    """Accuracy over time, a panel for each method: all on crossbars and what was found, beside float and int8."""
    times = list(dict.fromkeys(row["time"] for row in rows if row["time"]))
    found = list(
        dict.fromkeys(row["what"].rsplit("_", 1)[0] for row in rows if row["time"] and row["what"] != "all_analog")
    )
    panels = found or ["ohmic"]
    figure, axes = plt.subplots(
        1, len(panels), figsize=(1.0 + 3.6 * len(panels), 3.4), squeeze=False, sharey=True, layout="constrained"
    )
    for axis, method in zip(axes[0], panels, strict=True):
        for what, style, label in (("float", ":", "float"), ("int8_adc", "--", "int8, ADC")):
            for row in rows:
                if row["what"] == what:
                    axis.axhline(row["accuracy"], color="black", linestyle=style, linewidth=0.8, label=label)
        published = published_of(network).float_accuracy
        if published is not None:
            axis.axhline(published, color="#999999", linestyle="-.", linewidth=0.8, label="float, LionHeart's")
        own = [row["what"] for row in rows if row["time"] and row["what"].startswith(f"{method}_")]
        names = ["all_analog", *dict.fromkeys(own)]
        for n, name in enumerate(names):
            points = [row for row in rows if row["what"] == name and row["time"]]
            shift = 0.06 * (n - (len(names) - 1) / 2)
            axis.errorbar(
                [times.index(row["time"]) + shift for row in points],
                [row["accuracy"] for row in points],
                yerr=[row["half_interval_95"] for row in points],
                color=COLOURS[n % len(COLOURS)],
                marker=MARKERS[n % len(MARKERS)],
                markersize=4,
                capsize=2,
                linewidth=0.8,
                label="all on crossbars" if name == "all_analog" else f"{name.rsplit('_', 1)[1]} %",
            )
        axis.set_xticks(range(len(times)), times)
        axis.set_xlabel("after programming")
        axis.set_title(f"{network}, {method}")
        axis.legend(fontsize=6.5, frameon=False, loc="lower left")
    axes[0][0].set_ylabel("right, % (95 %)")
    return figure


def gains(rows: list[dict]):
    """Run time and energy of all-digital over the mapping's, by threshold, with LionHeart's where it published one."""
    networks = list(dict.fromkeys(row["network"] for row in rows))
    figure, axes = plt.subplots(
        len(networks), 2, figsize=(8.6, 0.6 + 2.3 * len(networks)), squeeze=False, sharey="row", layout="constrained"
    )
    for line, network in zip(axes, networks, strict=True):
        for axis, key, name in zip(line, ("time_over", "energy_over"), ("run time", "energy"), strict=True):
            bars(axis, [row for row in rows if row["network"] == network], key)
            axis.set_title(f"{network}: {name} of all on cores over the mapping's", fontsize=8)
    axes[0][0].legend(fontsize=7, frameon=False)
    return figure


def bars(axis, rows: list[dict], key: str) -> None:
    thresholds = sorted({row["threshold_points"] for row in rows if row["threshold_points"]})
    for k, (method, look) in enumerate((("ohmic", "analog"), ("lionheart", "digital"))):
        own = {row["threshold_points"]: row for row in rows if row["method"] == method}
        places = [n + 0.4 * k - 0.2 for n, threshold in enumerate(thresholds) if threshold in own]
        there = [own[threshold] for threshold in thresholds if threshold in own]
        colour, hatch = LOOKS[look]
        axis.bar(
            places,
            [row[key] for row in there],
            0.38,
            color=colour,
            hatch=hatch,
            edgecolor="black",
            linewidth=0.4,
            label=method,
        )
        for place, row in zip(places, there, strict=True):
            kept = row["fresh_loss"] <= row["threshold_points"]
            axis.annotate(
                f"{row[key]:.2f}" + ("" if kept else "!"), (place, row[key]), ha="center", va="bottom", fontsize=6
            )
            if key == "time_over" and row["published_time_over"]:
                axis.plot([place], [row["published_time_over"]], "k*", markersize=7, label="LionHeart's own")
    everything = next((row for row in rows if row["method"] == "all on crossbars"), None)
    labels = [f"{threshold:g} %" for threshold in thresholds]
    if everything is not None:
        axis.bar([len(thresholds)], [everything[key]], 0.38, color="#DDDDDD", edgecolor="black", linewidth=0.4)
        axis.annotate(
            f"{everything[key]:.2f}", (len(thresholds), everything[key]), ha="center", va="bottom", fontsize=6
        )
        if key == "time_over" and everything["published_time_over"]:
            axis.plot([len(thresholds)], [everything["published_time_over"]], "k*", markersize=7)
        labels.append("all on\ncrossbars")
    axis.axhline(1, color="black", linewidth=0.6)
    axis.set_xticks(range(len(labels)), labels, fontsize=7)


def methods(rows: list[dict]):
    """Batch time of every method against all on cores, by threshold; hollow where fresh chips lose more than that."""
    networks = list(dict.fromkeys(row["network"] for row in rows))
    figure, axes = plt.subplots(
        1, len(networks), figsize=(1.2 + 3.3 * len(networks), 3.2), squeeze=False, layout="constrained"
    )
    names = list(dict.fromkeys(row["method"] for row in rows if row["threshold_points"]))
    for axis, network in zip(axes[0], networks, strict=True):
        thresholds = sorted({r["threshold_points"] for r in rows if r["network"] == network and r["threshold_points"]})
        for n, method in enumerate(names):
            own = [
                row for row in rows if row["network"] == network and row["method"] == method and row["threshold_points"]
            ]
            shift = 0.08 * (n - (len(names) - 1) / 2)
            colour, marker = COLOURS[n % len(COLOURS)], MARKERS[n % len(MARKERS)]
            places = [thresholds.index(row["threshold_points"]) + shift for row in own]
            axis.plot(places, [row["time_over"] for row in own], color=colour, linewidth=0.6)
            for place, row in zip(places, own, strict=True):
                kept = row["fresh_loss"] <= row["threshold_points"]
                axis.plot(
                    [place],
                    [row["time_over"]],
                    marker=marker,
                    markersize=5,
                    color=colour,
                    fillstyle="full" if kept else "none",
                )
            axis.plot([], [], color=colour, marker=marker, markersize=5, linewidth=0.6, label=method)
        axis.set_xticks(range(len(thresholds)), [f"{threshold:g} %" for threshold in thresholds])
        axis.set_xlabel("threshold (hollow: fresh chips lose more)")
        axis.set_ylabel("all on cores over the mapping, run time")
        axis.set_title(network)
    axes[0][0].legend(fontsize=7, frameon=False)
    return figure
