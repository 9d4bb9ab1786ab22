"""How far the relevance line can be trusted: searches of the demo gallery that match nothing, and that do.

    python -m benchmarks.relevance                    # the shipped pack, and its first image tower alone
    python -m benchmarks.relevance --model ViT-B-32/laion2b_s34b_b79k

For the whole gallery, its drawings alone and its photographs alone: how many absurd searches match nothing,
how many real ones have their picture among the likely matches, how many of these there are, and how many of
the real ones have their picture among the first three, which no line can change. Once by what the pictures
show, and once with their titles beside it, as searches in a gallery with titles do. The searches are those
that the line was chosen by (relevance_searches.py); tests/clip has others, written before any was tried.
"""

import argparse
import io
import json
import os
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.relevance_searches import ABSURD, REAL

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "gallery" / "demo"
MODELS = ("mini", "mini-quick")
FIRST = 3
PHOTOGRAPHS_FROM = ("scikit", "matplotlib")  # the packages with the gallery's photographs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="as the encoder is asked for it; otherwise the pack's")
    parser.add_argument(
        "--folder", type=Path, help="a background of your own, as measure_background takes it"
    )
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clipweb.settings")
    import django

    django.setup()
    for name in [asked.model] if asked.model else MODELS:
        report(name, asked.folder)


def report(name: str, folder: Path | None) -> None:
    from gallery import relevance
    from gallery.background import CAPTIONS, shipped_pictures
    from gallery.clip.model import load_clip, parse_name
    from gallery.index.ranking import SHOWN_SHARE
    from gallery.management.commands.measure_background import read_pictures

    model = load_clip(parse_name(name, pack_dir=ROOT / "weights" / "mini" / "clip"))
    rows = json.loads((DEMO / "pictures.json").read_text(encoding="utf-8"))
    files = [row["file"] for row in rows]
    gallery = model.encode_images([Image.open(DEMO / file).convert("RGB") for file in files]).numpy()
    contents = read_pictures(folder) if folder else shipped_pictures()
    pictures = [Image.open(io.BytesIO(content)).convert("RGB") for content in contents]
    captions = CAPTIONS.read_text(encoding="utf-8").splitlines()
    said = model.encode_text(captions).numpy()
    measured = relevance.measure(model.encode_images(pictures).numpy(), said)
    of_words = relevance.measure_words(said)
    titles = model.encode_text([row["title"] for row in rows]).numpy()
    absurd, real = model.encode_text(ABSURD).numpy(), model.encode_text(list(REAL)).numpy()

    def counted(query: np.ndarray, mask: np.ndarray, by_words: bool) -> np.ndarray:  # (D,), (N,) → (M,)
        cosines = gallery[mask] @ query
        if not by_words:
            return cosines
        scale = relevance.scale(query, measured)
        words = relevance.scale(query, of_words).carried(titles[mask] @ query, to=scale)
        return np.maximum(cosines, np.where(words >= scale.near, words, -9) + SHOWN_SHARE * cosines)

    def likely(query: np.ndarray, scores: np.ndarray) -> np.ndarray:  # (D,), (M,) → (M,) bool
        return scores >= relevance.scale(query, measured).drawn().below(float(scores.max()))

    own = np.array([files.index(file) for file in REAL.values()])  # (searches,)
    is_photograph = np.array([row["source"].startswith(PHOTOGRAPHS_FROM) for row in rows])
    print(f"{name}: a spread is {measured.spread:.4f}, the line {measured.line:.2f} spreads above the median")
    print(f"{'':12} {'absurd: nothing':>16} {'real: shown':>12} {'likely ones':>12} {'first three':>12}")
    kinds = {"all": np.ones(len(files), bool), "drawings": ~is_photograph, "photographs": is_photograph}
    started = time.perf_counter()
    for by_words in (False, True):
        print("and by their titles" if by_words else "by what pictures show")
        for kind, mask in kinds.items():
            asked = mask[own]
            silent = [not likely(query, counted(query, mask, by_words)).any() for query in absurd]
            scores = np.array([counted(query, mask, by_words) for query in real[asked]])  # (searches, M)
            found = np.array([likely(query, row) for query, row in zip(real[asked], scores, strict=True)])
            places = (np.cumsum(mask) - 1)[own[asked]]  # of the pictures that are meant, among this kind's
            everyone = np.arange(len(places))
            shown = found[everyone, places]
            better = (scores > scores[everyone, places][:, None]).sum(axis=1)
            print(
                f"{kind:12} {sum(silent):>10} of {len(silent)} {shown.sum():>6} of {len(shown)}"
                f" {found.sum(axis=1).mean():>12.1f} {(better < FIRST).sum():>12}"
            )
    searches = 2 * (len(kinds) * len(absurd) + 2 * len(real))
    print(f"{1000 * (time.perf_counter() - started) / searches:.2f} ms a search\n")


if __name__ == "__main__":
    main()
