"""Draws latency against load as an SVG, by hand: two axes, one line per kind of traffic."""

import math
from pathlib import Path

WIDTH, HEIGHT = 720, 440
LEFT, RIGHT, TOP, BOTTOM = 80, 130, 40, 60
COLOURS = ("#1b6ca8", "#c4501b", "#2e8b57", "#7a3fa0")


def ticks(low: float, high: float) -> list[float]:
    """Powers of ten, and their doubles and fives, from `low` to `high`."""
    values = []
    for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        values += [step * 10.0**power for step in (1, 2, 5)]
    return [value for value in values if low <= value <= high]


def drawing(points: list[dict], title: str) -> str:
    """Both axes are logarithmic: kinds of traffic differ by orders of magnitude in what the network carries."""
    loads = [point["offered"] for point in points]
    latencies = [point["latency"] for point in points]
    x_low, x_high = min(loads) * 0.9, max(loads) * 1.1
    y_low, y_high = min(latencies) * 0.8, max(latencies) * 1.2

    def x(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(value / x_low) / math.log(x_high / x_low)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * math.log(value / y_low) / math.log(y_high / y_low)

    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="24" font-size="15">{title}</text>',
    ]
    for value in ticks(x_low, x_high):
        parts.append(f'<line x1="{x(value):.1f}" y1="{TOP}" x2="{x(value):.1f}" y2="{bottom}" stroke="#dddddd"/>')
        parts.append(f'<text x="{x(value):.1f}" y="{bottom + 18}" text-anchor="middle">{value:g}</text>')
    for value in ticks(y_low, y_high):
        parts.append(f'<line x1="{LEFT}" y1="{y(value):.1f}" x2="{right}" y2="{y(value):.1f}" stroke="#dddddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g}</text>')
    parts.append(f'<path d="M{LEFT} {TOP} V{bottom} H{right}" fill="none" stroke="black"/>')
    middle = (LEFT + right) / 2
    parts.append(
        f'<text x="{middle:.1f}" y="{HEIGHT - 16}" text-anchor="middle">offered load (beats per cycle and cluster)</text>'
    )
    half = (TOP + bottom) / 2
    parts.append(
        f'<text transform="translate(22 {half:.1f}) rotate(-90)" text-anchor="middle">mean latency (cycles)</text>'
    )
    for number, kind in enumerate(dict.fromkeys(point["traffic"] for point in points)):
        colour = COLOURS[number % len(COLOURS)]
        line = [(x(p["offered"]), y(p["latency"])) for p in points if p["traffic"] == kind]
        path = " ".join(f"{'L' if i else 'M'}{a:.1f} {b:.1f}" for i, (a, b) in enumerate(line))
        parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}"/>' for a, b in line]
        at = TOP + 16 + 22 * number
        parts.append(
            f'<line x1="{right + 14}" y1="{at}" x2="{right + 38}" y2="{at}" stroke="{colour}" stroke-width="2"/>'
        )
        parts.append(f'<text x="{right + 44}" y="{at + 4}">{kind}</text>')
    parts.append("</svg>\n")
    return "\n".join(parts)


def draw(points: list[dict], title: str, file: Path) -> None:
    file.write_text(drawing(points, title))
