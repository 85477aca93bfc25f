"""Accuracy on phase-change memory over time, and what crossbars are wrong by, from a report of `ohmic evaluate --time`."""

from plots.style import LOOKS, plt

MOST_LAYERS = 24  # of the deviations; the histograms are of some of these
HISTOGRAMS = 6


def readable_time(seconds: float) -> str:
    for unit, length in (("y", 31536000), ("mo", 2592000), ("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.3g} s"


def draw(report: dict):
    times = report["analog"]["times"]
    layers = [layer["layer"] for layer in times[0]["mvm_errors"]]
    shown = layers[:: max(1, -(-len(layers) // MOST_LAYERS))]
    some = shown[:: max(1, -(-len(shown) // HISTOGRAMS))]
    figure, axes = plt.subplot_mosaic(
        [["accuracy", "errors"], [".", "."]],
        figsize=(9.5, 6.4),
        gridspec_kw={"width_ratios": [1, 1.3], "wspace": 0.3, "hspace": 0.45},
    )
    over_time(axes["accuracy"], report, times)
    by_layer(axes["errors"], times, shown)
    row = figure.add_gridspec(1, len(some), left=0.125, right=0.9, top=0.44, bottom=0.11, wspace=0.32)
    for n, layer in enumerate(some):
        histogram(figure.add_subplot(row[0, n]), times[-1], layer, n == 0)
    figure.suptitle(
        f"{report['model'].rsplit('/', 1)[-1]}, {report['images']} images, {len(times[0]['draws'])} chips", fontsize=10
    )
    return figure


def over_time(axis, report: dict, times: list[dict]) -> None:
    places = range(len(times))
    means = [100 * at["accuracy"] for at in times]
    least = [100 * min(at["draws"]) for at in times]
    most = [100 * max(at["draws"]) for at in times]
    colour = LOOKS["analog"][0]
    axis.fill_between(places, least, most, color=colour, alpha=0.15, linewidth=0, label="worst to best chip")
    errors = [100 * (at["interval_95"][1] - at["accuracy"]) for at in times]
    axis.errorbar(places, means, yerr=errors, color=colour, marker="o", markersize=4, capsize=3, label="mean, 95 %")
    for name, key, style in (("float", "float", ":"), ("int8 and ADC", "int8_adc", "--")):
        if key in report:
            axis.axhline(100 * report[key]["accuracy"], color="black", linestyle=style, linewidth=0.8, label=name)
    axis.set_xticks(places, [readable_time(at["time_s"]) for at in times])
    axis.set_xlabel("after programming")
    axis.set_ylabel("right, %")
    axis.set_title("accuracy")
    axis.legend(fontsize=7, frameon=False)


def by_layer(axis, times: list[dict], shown: list[str]) -> None:
    markers = "osD^vPX*"
    for n, at in enumerate(times):
        of = {layer["layer"]: layer["deviation"] for layer in at["mvm_errors"]}
        shade = 0.75 - 0.75 * n / max(1, len(times) - 1)
        axis.plot(
            range(len(shown)),
            [of[layer] for layer in shown],
            marker=markers[n % len(markers)],
            markersize=3.5,
            linewidth=0.8,
            color=(shade, shade, shade) if n else LOOKS["analog"][0],
            label=readable_time(at["time_s"]),
        )
    axis.set_xticks(range(len(shown)), shown, rotation=90, fontsize=6.5)
    axis.set_ylim(bottom=0)
    axis.set_ylabel("deviation, ADC steps")
    axis.set_title("error of a layer's sums of codes")
    axis.legend(fontsize=7, frameon=False, title="after", title_fontsize=7)


def histogram(axis, at: dict, name: str, first: bool) -> None:
    layer = next(layer for layer in at["mvm_errors"] if layer["layer"] == name)
    steps = range(layer["first"], layer["first"] + len(layer["histogram"]))
    shares = [100 * count / max(1, layer["values"]) for count in layer["histogram"]]
    axis.bar(steps, shares, width=1.0, color=LOOKS["analog"][0])
    axis.set_title(f"{name}\n{layer['row_sets']} row set{'s' if layer['row_sets'] > 1 else ''}", fontsize=7)
    axis.tick_params(labelsize=7)
    axis.set_xlabel("ADC steps", fontsize=7)
    if first:
        axis.set_ylabel(f"errors after {readable_time(at['time_s'])}, %", fontsize=8)
