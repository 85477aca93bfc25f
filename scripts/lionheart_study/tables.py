"""Rows of the study: what is written as CSV and JSON, and what the pictures are drawn from."""

from plots.accuracy import readable_time

from lionheart_study.plan import PUBLISHED, PUBLISHED_GAIN, Published


def published_of(network: str) -> Published:
    return PUBLISHED.get(network, Published())


def accuracy_rows(study: dict) -> list[dict]:
    """Of float, int8 with ADCs, all on crossbars and the mappings that were found, in percent, at every time."""
    network, accuracy = study["network"], study["accuracy"]
    rows = []
    for what in ("float", "int8", "int8_adc"):
        if what not in accuracy:
            continue
        row = {"network": network, "what": what, "time": "", "accuracy": 100 * accuracy[what]["accuracy"]}
        row["half_interval_95"] = ""
        row["published"] = published_of(network).float_accuracy if what == "float" else None
        rows.append(row)
    for name, times in {"all_analog": accuracy["analog"]["times"], **study["over_time"]}.items():
        for at in times:
            row = {"network": network, "what": name, "time": readable_time(at["time_s"])}
            row["accuracy"] = 100 * at["accuracy"]
            row["half_interval_95"] = 100 * (at["interval_95"][1] - at["accuracy"])
            row["published"] = None
            rows.append(row)
    return rows


def gain_rows(study: dict) -> list[dict]:
    """Run time and energy of all-digital over every mapping's, simulated on the same chip; losses on fresh chips."""
    network, found = study["network"], study["hybrid"]
    cores = next(row for row in found["rows"] if row["method"] == "all on cores")["simulated"]
    published = published_of(network)
    rows = []
    for row in found["rows"]:
        here = row.get("simulated")
        if not here or "cycles" not in here:
            continue
        threshold = row.get("threshold_points")
        entry = {"network": network, "method": row["method"], "threshold_points": threshold, "holds": row.get("holds")}
        entry |= {"layers_on_crossbars": row["layers_on_crossbars"], "analog_mac_share": row["analog_mac_share"]}
        entry |= {"search_loss": row["search"]["loss_points"], "fresh_loss": row["fresh"]["loss_points"]}
        entry |= {"fresh_half_interval_95": row["fresh"]["half_interval_95_points"], "cycles": here["cycles"]}
        entry |= {"energy_mj": 1e3 * here["energy_j"], "time_over": cores["cycles"] / here["cycles"]}
        entry["energy_over"] = cores["energy_j"] / here["energy_j"]
        entry["published_time_over"] = None
        if row["method"] == "all on crossbars":
            entry["published_time_over"] = published.all_analog_over
        if row["method"] == "lionheart" and threshold == 5:
            entry["published_time_over"] = published.threshold_5_over
        rows.append(entry)
    return rows


def method_rows(gains: list[dict], others: tuple[str, ...]) -> list[dict]:
    """Ours against each other method at the same network and threshold: time and energy of theirs over ours. A row
    says whether each of the two held its threshold on fresh chips and images."""
    rows = []
    ours = {(row["network"], row["threshold_points"]): row for row in gains if row["method"] == "ohmic"}
    for row in gains:
        own = ours.get((row["network"], row["threshold_points"]))
        if row["method"] not in others or own is None:
            continue
        entry = {"network": row["network"], "threshold_points": row["threshold_points"], "method": row["method"]}
        entry |= {
            "time_over_ours": row["cycles"] / own["cycles"],
            "energy_over_ours": row["energy_mj"] / own["energy_mj"],
        }
        entry |= {"fresh_loss": row["fresh_loss"], "our_fresh_loss": own["fresh_loss"]}
        entry["holds_fresh"] = row["fresh_loss"] <= row["threshold_points"]
        entry["ours_holds_fresh"] = own["fresh_loss"] <= own["threshold_points"]
        rows.append(entry)
    return rows


def search_rows(study: dict) -> list[dict]:
    found = study["hybrid"]
    rate = found["evaluations"] / found["evaluation_seconds"] if found["evaluation_seconds"] else 0
    row = {"network": study["network"], "evaluations": found["evaluations"], "evaluations_per_s": rate}
    return [{**row, "wall_s": found.get("wall_s")}]


def headline(gains: list[dict]) -> list[str]:
    """The best mapping of each network that loses at most one point, in words."""
    lines = []
    for network in dict.fromkeys(row["network"] for row in gains):
        held = [r for r in gains if r["network"] == network and r["method"] == "ohmic" and r["threshold_points"] <= 1]
        held = [row for row in held if row["fresh_loss"] <= 1]
        if not held:
            lines.append(f"{network}: no mapping on crossbars within 1 point")
            continue
        best = max(held, key=lambda row: row["time_over"])
        lines.append(
            f"{network}: within 1 point {best['time_over']:.2f}x as fast and {best['energy_over']:.2f}x less energy than all"
            f" on cores (LionHeart's headline: beyond {PUBLISHED_GAIN:g}x, on another machine)"
        )
    return lines
