"""The figures of Bruschi et al., DATE 2023, from runs of our policies: data first (rows of figures and the paper's values
beside them), pictures from these data alone."""

from plots.style import LOOKS, bar, plt

CLASSES = ("analog", "digital", "communication", "synchronisation", "idle")

# What the paper prints: Fig. 5A, section VI and Fig. 6, Fig. 7 (read off the picture). Its TOPS count more than
# 2 x MAC; images per second follow from 4.8 ms a batch and the ratios of Fig. 5A.
PAPER = {
    "naive": {"ms_per_batch": 14.7, "images_per_s": 1088.0, "clusters": 261},
    "replicated": {"ms_per_batch": 9.2, "images_per_s": 1739.0, "clusters": 322},
    "paper": {
        "ms_per_batch": 4.8,
        "images_per_s": 3303.0,
        "clusters": 324,
        "energy_mj": 15.0,
        "area_mm2": 480.0,
        "images_per_s_per_w": 3303.0 / (15e-3 / 4.8e-3),
        "images_per_s_per_mm2": 3303.0 / 480.0,
    },
}
WATERFALL = {"global mapping": 1.6, "local mapping": 3.0, "intra-layer unbalance": 5.0, "communication": 1.2}
EFFICIENCY = {"256x256x3": 140.0, "64x64x64": 210.0, "32x32x128": 400.0, "16x16x256": 200.0, "8x8x512": 60.0}
# Groups of ResNet-18's layers by the shape of their input, as in Fig. 7.
GROUPS = {"256x256x3": ("conv1", "maxpool"), "64x64x64": ("l1",), "32x32x128": ("l2",), "16x16x256": ("l3",)}
GROUPS["8x8x512"] = ("l4", "avgpool", "fc")


def ratio(ours: float, theirs: float | None) -> float | None:
    return ours / theirs if theirs else None


def results(runs: dict[str, dict]) -> list[dict]:
    """One row per policy and figure: ours, the paper's, the ratio."""
    rows = []
    for policy, run in runs.items():
        energy = run["energy"]
        ours = {
            "clusters": run["clusters_used"],
            "cycles": run["cycles"],
            "ms_per_batch": milliseconds(run),
            "images_per_s": run["batch_images_per_s"],
            "tops": run["tops"],
            "energy_mj": energy["energy_mj"],
            "area_mm2": energy["area_mm2"],
            "images_per_s_per_w": energy["images_per_s_per_w"],
            "images_per_s_per_mm2": energy["images_per_s_per_mm2"],
            "mismatches": run["golden"]["mismatching_values"],
        }
        for figure, value in ours.items():
            theirs = PAPER.get(policy, {}).get(figure)
            rows.append(
                {"policy": policy, "figure": figure, "ours": value, "paper": theirs, "ratio": ratio(value, theirs)}
            )
    return rows


def milliseconds(run: dict) -> float:
    return run["cycles"] / run["resolved_chip"]["clock_ghz"] / 1e6


def throughput(runs: dict[str, dict]) -> list[dict]:
    """Fig. 5A."""
    return [row for row in results(runs) if row["figure"] in ("images_per_s", "clusters")]


def cluster_times(run: dict) -> list[dict]:
    """Fig. 5B to D: each used cluster's time by class, in the order of the clusters."""
    rows = []
    for cluster in run["clusters"]:
        whole = sum(cluster["cycles"].values())
        parts = {name: cluster["cycles"][name] / whole if whole else 0.0 for name in CLASSES}
        rows.append({"cluster": cluster["cluster"], "stage": "+".join(cluster["stages"]), **parts})
    return rows


def waterfall(run: dict) -> list[dict]:
    """Fig. 6: what is lost from all crossbars computing all the time (2 operations per cell and MVM) to the batch.

    Each step takes one loss away: clusters without work; cells that hold no weight; stages that wait for the slowest
    one's service time; and all else, which is communication, synchronisation, filling and draining.
    """
    chip, used = run["resolved_chip"], run["clusters_used"]
    clusters = run["chip"]["clusters"]
    cells = chip["ima"]["rows"] * chip["ima"]["columns"]
    peak = 2 * cells / chip["ima"]["mvm_ns"] / 1e3  # TOPS of a crossbar
    service = max(stage["measured_cycles_per_image"] for stage in run["stages"])
    levels = [
        ("ideal", clusters * peak),
        ("global mapping", used * peak),
        ("local mapping", run["crossbars"]["cells_used"] / cells * peak),
        ("intra-layer unbalance", 2 * run["macs_per_image"] * chip["clock_ghz"] / service / 1e3),
        ("communication", run["tops"]),
    ]
    rows = []
    for number, (name, tops) in enumerate(levels):
        loss = levels[number - 1][1] / tops if number else None
        theirs = WATERFALL.get(name)
        rows.append(
            {
                "step": name,
                "tops": tops,
                "loss": loss,
                "paper_loss": theirs,
                "ratio": ratio(loss, theirs) if loss else None,
            }
        )
    return rows


def efficiency(run: dict) -> list[dict]:
    """Fig. 7: operations (2 per cell driven) per second and area of the clusters that a layer group occupies."""
    seconds = run["cycles"] / run["resolved_chip"]["clock_ghz"] / 1e9
    mm2 = run["energy"]["area_mm2"] / run["chip"]["clusters"]
    rows = []
    for group, names in GROUPS.items():
        operations = clusters = 0.0
        for cluster in run["clusters"]:
            for share in cluster["stage_shares"]:
                if share["stage"].startswith(names):
                    operations += 2 * share["mvms"] * cluster["counters_after_boot"]["ima"]["cells"]
                    clusters += 1 / len(cluster["stage_shares"])
        gops = operations / seconds / 1e9 / (clusters * mm2) if clusters else 0.0
        rows.append(
            {
                "group": group,
                "clusters": clusters,
                "gops_per_mm2": gops,
                "paper": EFFICIENCY[group],
                "ratio": ratio(gops, EFFICIENCY[group]),
            }
        )
    return rows


# Pictures


def beside(axis, names: list[str], ours: list[float], theirs: list[float | None], form: str) -> None:
    """Pairs of bars with their values and, above, the ratio."""
    width = 0.38
    top = max([*ours, *(t for t in theirs if t)])
    for place, (own, other) in enumerate(zip(ours, theirs, strict=True)):
        axis.bar(place - width / 2, own, width, label="Ohmic" if place == 0 else None, **bar("ours"))
        axis.text(place - width / 2, own + 0.01 * top, form.format(own), ha="center", va="bottom", fontsize=8)
        if other:
            axis.bar(place + width / 2, other, width, label="paper" if place == 0 else None, **bar("paper"))
            axis.text(place + width / 2, other + 0.01 * top, form.format(other), ha="center", va="bottom", fontsize=8)
            axis.text(place, 1.09 * top, f"× {own / other:.2f}", ha="center", va="bottom", fontsize=8, style="italic")
    axis.set_xticks(range(len(names)), names)
    axis.set_ylim(0, 1.18 * top)
    axis.tick_params(axis="x", length=0)
    axis.legend(loc="upper left", frameon=False, fontsize=8, bbox_to_anchor=(0, 0.93))


def draw_throughput(rows: list[dict]):
    figure, axes = plt.subplots(1, 2, figsize=(8.5, 3.4), gridspec_kw={"wspace": 0.3})
    for axis, name, label in ((axes[0], "images_per_s", "images/s"), (axes[1], "clusters", "clusters used")):
        own = [row for row in rows if row["figure"] == name]
        beside(axis, [r["policy"] for r in own], [r["ours"] for r in own], [r["paper"] for r in own], "{:.0f}")
        axis.set_ylabel(label)
    figure.suptitle("Fig. 5A: throughput of a batch of 16, fill and drain included", y=1.0, fontsize=10)
    return figure


def draw_cluster_times(rows: list[dict], policy: str):
    figure, axis = plt.subplots(figsize=(9.5, 3.2))
    places = range(len(rows))
    bottom = [0.0] * len(rows)
    for name in CLASSES:
        values = [100 * row[name] for row in rows]
        axis.bar(places, values, 1.0, bottom=bottom, color=LOOKS[name][0], label=name, linewidth=0)
        bottom = [a + b for a, b in zip(bottom, values, strict=True)]
    for place in places[1:]:
        if rows[place]["stage"] != rows[place - 1]["stage"]:
            axis.axvline(place - 0.5, color="black", linewidth=0.4)
    axis.set_xlim(-0.5, len(rows) - 0.5)
    axis.set_ylim(0, 100)
    axis.set_xlabel("used clusters, in their order; lines between stages")
    axis.set_ylabel("% of the time")
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncol=5, frameon=False, fontsize=8)
    axis.set_title(f"Fig. 5B-D: what clusters do, policy {policy}", loc="left")
    return figure


def draw_waterfall(rows: list[dict], policy: str):
    figure, axis = plt.subplots(figsize=(7.5, 3.6))
    for place, row in enumerate(rows):
        axis.bar(place, row["tops"], 0.62, **bar("ours"))
        axis.text(place, row["tops"] * 1.06, f"{row['tops']:.3g}", ha="center", va="bottom", fontsize=8)
        if row["loss"]:
            text = f"÷ {row['loss']:.2f}\n(paper ÷ {row['paper_loss']:.1f})"
            axis.text(place - 0.5, rows[place - 1]["tops"] * 1.35, text, ha="left", va="bottom", fontsize=7.5)
    axis.set_yscale("log")
    axis.set_ylim(rows[-1]["tops"] / 3, rows[0]["tops"] * 4)
    axis.set_xticks(range(len(rows)), [row["step"].replace(" ", "\n", 1) for row in rows])
    axis.tick_params(axis="x", length=0)
    axis.set_ylabel("TOPS (2 per MAC)")
    axis.set_title(f"Fig. 6: from ideal to measured, policy {policy}", loc="left")
    return figure


def draw_efficiency(rows: list[dict], policy: str):
    figure, axis = plt.subplots(figsize=(7.5, 3.4))
    beside(axis, [r["group"] for r in rows], [r["gops_per_mm2"] for r in rows], [r["paper"] for r in rows], "{:.0f}")
    axis.set_ylabel("GOPS/mm²")
    axis.set_xlabel("layers by the shape of their input")
    axis.set_title(f"Fig. 7: area efficiency, policy {policy}", loc="left")
    return figure


NAMES = {
    "clusters": "clusters",
    "ms_per_batch": "ms per batch",
    "images_per_s": "images/s",
    "energy_mj": "mJ per batch",
    "area_mm2": "mm²",
    "images_per_s_per_w": "images/s/W",
    "images_per_s_per_mm2": "images/s/mm²",
}


def draw_results(rows: list[dict]):
    policies = list(dict.fromkeys(row["policy"] for row in rows))
    found = {(row["policy"], row["figure"]): row for row in rows}
    cells = []
    for figure in NAMES:
        line = []
        for policy in policies:
            row = found[policy, figure]
            text = f"{row['ours']:.4g}"
            if row["paper"]:
                text += f"\n(paper {row['paper']:.4g}: × {row['ratio']:.2f})"
            line.append(text)
        cells.append(line)
    figure, axis = plt.subplots(figsize=(1.6 + 2.1 * len(policies), 0.5 + 0.42 * len(NAMES)))
    axis.axis("off")
    table = axis.table(
        cellText=cells, rowLabels=list(NAMES.values()), colLabels=policies, loc="center", cellLoc="center"
    )
    table.auto_set_font_size(False)
    table.set_fontsize(8)
    table.scale(1, 2.1)
    for cell in table.get_celld().values():
        cell.set_linewidth(0.4)
    return figure
