"""Energy and area of a run, from the section `energy` of its summary.json."""

from plots.style import bar, plt

MOST_COEFFICIENTS = 12


def draw(summary: dict):
    """One picture: blocks (energy and area), stages by block, and the coefficients that move the result most."""
    energy = summary["energy"]
    stages = energy["stages"] + [
        {
            "name": "unattributed",
            "energy_mj": energy["unattributed_mj"],
            "by_block_mj": energy["unattributed_by_block_mj"],
        }
    ]
    height = 3.0 + 0.2 * max(len(stages), 8)
    figure, axes = plt.subplot_mosaic(
        [["blocks", "stages"], ["area", "stages"], ["sensitivity", "stages"]],
        figsize=(9.5, max(height, 7.2)),
        gridspec_kw={"width_ratios": [1, 1.25], "hspace": 0.55, "wspace": 0.5, "height_ratios": [1, 0.85, 1.35]},
    )
    blocks(axes["blocks"], energy)
    area(axes["area"], energy)
    sensitivity(axes["sensitivity"], energy)
    by_stage(axes["stages"], stages, energy)
    figure.suptitle(title(summary), x=0.5, y=0.965, fontsize=10)
    return figure


def title(summary: dict) -> str:
    energy = summary["energy"]
    name = energy["coefficients"]["name"]
    return (
        f"{summary['model']} on {summary['chip']['name']}, mapping {summary['mapping']}, {summary['images']} images; "
        f"coefficients {name}\n{energy['energy_mj']:.4g} mJ, {energy['energy_per_image_mj']:.3g} mJ per image, "
        f"{energy['average_power_w']:.3g} W on average, {energy['area_mm2']:.4g} mm²"
    )


def named_rows(axis, names: list[str]) -> range:
    """Names from the top down."""
    places = range(len(names))
    axis.set_yticks(places, names)
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.tick_params(axis="y", length=0)
    return places


def write_values(axis, values: list[float], form: str) -> None:
    """Beside each bar."""
    for place, value in enumerate(values):
        axis.annotate(
            form.format(value), (value, place), xytext=(3, 0), textcoords="offset points", va="center", fontsize=7.5
        )
    axis.set_xlim(0, max([*values, 1e-12]) * 1.28)


def blocks(axis, energy: dict) -> None:
    found = [b for b in energy["blocks"] if b["energy_mj"] > 0]
    for place, block in zip(named_rows(axis, [b["name"] for b in found]), found, strict=True):
        axis.barh(place, block["dynamic_mj"], 0.7, **bar(block["name"]))
        axis.barh(
            place, block["leakage_mj"], 0.7, left=block["dynamic_mj"], color="white", edgecolor="black", linewidth=0.6
        )
    write_values(axis, [b["energy_mj"] for b in found], "{:.3g}")
    axis.set_title("energy by block (white: leakage)", loc="left")
    axis.set_xlabel("mJ")


def area(axis, energy: dict) -> None:
    found = [b for b in energy["blocks"] if b["area_mm2"] > 0]
    for place, block in zip(named_rows(axis, [b["name"] for b in found]), found, strict=True):
        axis.barh(place, block["area_mm2"], 0.7, **bar(block["name"]))
    write_values(axis, [b["area_mm2"] for b in found], "{:.3g}")
    axis.set_title("area by block", loc="left")
    axis.set_xlabel("mm²")


def sensitivity(axis, energy: dict) -> None:
    moving = [s for s in energy["sensitivity"] if s["energy_share"] > 0][:MOST_COEFFICIENTS]
    for place, one in zip(named_rows(axis, [s["coefficient"] for s in moving]), moving, strict=True):
        axis.barh(place, 10 * one["energy_share"], 0.7, **bar("ours"))
    write_values(axis, [10 * s["energy_share"] for s in moving], "{:.2f}")
    axis.set_title("10 % more of a coefficient", loc="left")
    axis.set_xlabel("moves energy by %")


def by_stage(axis, stages: list[dict], energy: dict) -> None:
    names = [b["name"] for b in energy["blocks"]]
    places = named_rows(axis, [s["name"] for s in stages])
    left = [0.0] * len(stages)
    for name in names:
        own = [max(0.0, s["by_block_mj"].get(name, 0.0)) for s in stages]
        if sum(own) > 0:
            axis.barh(places, own, 0.7, left=left, label=name, **bar(name))
        left = [a + b for a, b in zip(left, own, strict=True)]
    write_values(axis, [s["energy_mj"] for s in stages], "{:.3g}")
    axis.set_title("energy by stage", loc="left")
    axis.set_xlabel("mJ")
    axis.legend(loc="upper center", bbox_to_anchor=(0.42, -0.065), ncol=4, fontsize=8, frameon=False)
