"""Draw the icons of the installed page as PNG, as icon.svg has them: `python -m tools.icons`."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

FOLDER = Path(__file__).parents[1] / "maps" / "static" / "icons"
INK, PAPER, GOLD = "#0c2232", "#ece6d8", "#f5c32c"
FINER = 8  # drawn so many times as large, then made smaller: smooth edges
# icon.svg's line as two cubic curves in its box of 64.
CURVES = (((8, 44), (20, 44), (21, 19), (34, 19)), ((34, 19), (44, 19), (46, 29), (56, 29)))


def _point(curve: tuple[tuple[int, int], ...], t: float) -> tuple[float, float]:
    weights = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3)
    x, y = (sum(w * p[axis] for w, p in zip(weights, curve, strict=True)) for axis in (0, 1))
    return x, y


def icon(size: int, *, maskable: bool) -> Image.Image:
    """The icon, `size` pixels wide; a maskable one fills its square and keeps to its middle."""
    image = Image.new("RGBA", (size * FINER, size * FINER), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    unit = size * FINER / 64
    corner = 0 if maskable else 14 * unit
    draw.rounded_rectangle((0, 0, size * FINER - 1, size * FINER - 1), corner, fill=INK)
    scale = 0.74 if maskable else 1.0

    def dot(x: float, y: float, radius: float, colour: str) -> None:
        x, y, r = ((x - 32) * scale + 32) * unit, ((y - 32) * scale + 32) * unit, radius * scale
        draw.ellipse((x - r * unit, y - r * unit, x + r * unit, y + r * unit), fill=colour)

    for curve in CURVES:
        for step in range(401):
            dot(*_point(curve, step / 400), 3, PAPER)
    dot(34, 19, 7, GOLD)
    return image.resize((size, size), Image.Resampling.LANCZOS)


def main() -> None:
    """Write them where the manifest and the pages look for them."""
    FOLDER.mkdir(exist_ok=True)
    for name, size, maskable in (
        ("icon-192", 192, False),
        ("icon-512", 512, False),
        ("maskable-512", 512, True),
        ("apple-180", 180, True),
    ):
        drawn = icon(size, maskable=maskable).quantize(64, method=Image.Quantize.FASTOCTREE)
        drawn.save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
