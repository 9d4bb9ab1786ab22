"""The log of a run as an SVG picture: a small panel for each number. No script, no style, no torch."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 300, 120  # of one panel, in pixels
MARGIN, TOP = 10, 34
COLUMNS = 3
MOST_POINTS = 300  # of one line
NOT_DRAWN = ("step", "seconds")
LINE, TEXT, EDGE = "#2563ae", "#6b6b6b", "#b9b9b9"  # readable on light and on dark ground

Row = dict[str, float]
Point = tuple[float, float]


def draw_curves(rows: Sequence[Row]) -> str:
    """An SVG document: each key of the rows but `step` over the steps."""
    keys = [key for key in dict.fromkeys(key for row in rows for key in row) if key not in NOT_DRAWN]
    panels = []
    for number, key in enumerate(keys):
        points = [(row["step"], row[key]) for row in rows if key in row]
        x, y = number % COLUMNS * WIDTH, number // COLUMNS * HEIGHT
        panels.append(f'<g transform="translate({x} {y})">{_panel(key, points)}</g>')
    height = max(1, -(-len(keys) // COLUMNS)) * HEIGHT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {COLUMNS * WIDTH} {height}" '
        f'font-family="sans-serif" font-size="12" role="img">\n{chr(10).join(panels)}\n</svg>\n'
    )


def _panel(key: str, points: Sequence[Point]) -> str:
    left, right, bottom = MARGIN, WIDTH - MARGIN, HEIGHT - MARGIN
    first, last = points[0][0], points[-1][0]
    low, high = min(value for _, value in points), max(value for _, value in points)
    across, up = (last - first) or 1, (high - low) or 1
    wide, tall = (right - left) / across, (bottom - TOP) / up
    line = " ".join(
        f"{left + (step - first) * wide:.1f},{TOP + (high - value) * tall:.1f}"
        for step, value in thinned(points)
    )
    said = f"{points[0][1]:.4g} → {points[-1][1]:.4g}"
    return (
        f'<text x="{left}" y="22" fill="{TEXT}" font-weight="bold">{escape(key)}</text>'
        f'<text x="{right}" y="22" fill="{TEXT}" text-anchor="end">{said}</text>'
        f'<path d="M{left} {TOP}V{bottom}H{right}" fill="none" stroke="{EDGE}"/>'
        f'<polyline points="{line}" fill="none" stroke="{LINE}" stroke-width="1.5"/>'
    )


def thinned(points: Sequence[Point]) -> list[Point]:
    """At most MOST_POINTS and one, the last always among them."""
    stride = -(-len(points) // MOST_POINTS)
    kept = list(points[::stride])
    return kept if kept[-1] == points[-1] else [*kept, points[-1]]
