"""Trains the pack's first image tower: `python -m weights.pack.clip` writes .work/clip/first.

LiT (Zhai et al. 2022): both towers start pretrained and the text tower stays locked. The lower image tower is
locked too, so that what it sees in every view is cached once; the upper blocks and the projection learn, from
captions and from a teacher. The text side gets a fixed whitening, which spreads captions that lie close.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weights.pack.checksums import write_checksums
from weights.pack.data import PACKAGES_FOLDER, TOWERS, fetch_all
from weights.pack.dataset import DEFAULT_FOLDER, TRAIN, VALIDATION, Dataset, load_dataset
from weights.pack.examples import SOURCE_WEIGHTS, prepare, training_rows
from weights.pack.features import cached_view, tower_features
from weights.pack.imagenet import imagenet_photographs
from weights.pack.lit import Recipe, Trainer
from weights.pack.retrieval import Recall, recall
from weights.pack.teacher import teacher_vectors
from weights.pack.textbank import pooled_texts
from weights.pack.towers import (
    image_preprocess,
    imagenet_classifier,
    save_network,
    starting_network,
    write_configuration,
)

WORK_FOLDER = Path(".work/clip")
OUTPUT = Path(".work/clip/first")


def validation_recall(network: nn.Module, data: Dataset, work: Path, pack: Path) -> Recall:
    """Recall on the validation concepts, which no step has seen."""
    rows = data.rows(VALIDATION)
    trunk: nn.Module = network.visual.trunk  # type: ignore
    view = cached_view(work / "stems", trunk, image_preprocess(), data, rows, None)
    labels = [data.pairs[row].label for row in rows]
    wanted = list(dict.fromkeys(labels))
    pooled = torch.from_numpy(pooled_texts(network, pack, wanted, work))
    with torch.no_grad():
        images = F.normalize(network.visual.head(tower_features(trunk, view.stem)), dim=-1)  # type: ignore
        texts = F.normalize(network.text.proj(pooled), dim=-1)  # type: ignore
    row = recall("validation", labels, wanted, texts.numpy(), images.numpy())
    print("    validation R@1/5/10 " + " ".join(f"{rate:.3f}" for rate in row.recall), flush=True)
    return row


def train(recipe: Recipe, data: Dataset, packages_folder: Path, work: Path, output: Path) -> None:
    """The whole recipe; writes a pack of one image tower and the checksum file beside it."""
    archives = fetch_all(TOWERS, packages_folder)
    write_configuration(output, archives["minilm"])
    network = starting_network(output, archives, seed=recipe.seed).eval()
    trunk: nn.Module = network.visual.trunk  # type: ignore
    trunk.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    examples = prepare(network, data, views=recipe.views, seed=recipe.seed, work=work, pack=output)
    features = [tower_features(trunk, view.stem) for view in examples.views[: recipe.head_views]]
    photographs = imagenet_photographs(
        *imagenet_classifier(archives["efficientnet"]),
        features[0],
        lambda texts: pooled_texts(network, output, texts, work),
    )
    trainer = Trainer(network, examples, photographs, recipe)
    weights = examples.weights(SOURCE_WEIGHTS)
    weights[len(data.rows(TRAIN)) :] *= recipe.object_weight
    rows = torch.from_numpy(training_rows(data))
    trainer.goals = teacher_vectors(trainer, image_preprocess(), data, rows, weights)
    trainer.train_head(trainer.head, trainer.logit_scale, features, weights=weights, photos=True)
    validation_recall(network, data, work, output)
    write_pack(network, output)
    if not recipe.steps:
        return
    start = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    trainer.train_tower(work / "checkpoint.pt", weights=weights)
    keep_best_share(network, start, recipe.shares, lambda: validation_recall(network, data, work, output))
    write_pack(network, output)


def keep_best_share(
    network: nn.Module, start: dict[str, Tensor], shares: Sequence[float], measure: Callable[[], Recall]
) -> float:
    """Moves the weights to the best point between start (0) and where they are (1), and returns its share.

    Fine-tuned weights fit the training concepts better and others worse; in between both are good (WiSE-FT,
    Wortsman et al. 2022, section 3). The best point is the one with the highest sum of recalls.
    """
    end = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    scores = {}
    for share in shares:
        _go(network, start, end, share)
        print(f"  {share:.0%} of the way:", flush=True)
        scores[share] = sum(measure().recall)
    best = max(scores, key=scores.__getitem__)
    _go(network, start, end, best)
    return best


@torch.no_grad()
def _go(network: nn.Module, start: dict[str, Tensor], end: dict[str, Tensor], share: float) -> None:
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(torch.lerp(start[name], end[name], share))


def write_pack(network: nn.Module, output: Path) -> None:
    """The weights, and the checksums of everything in the folder but its card."""
    save_network(network, output)
    files = (path for path in output.iterdir() if path.suffix != ".md")
    write_checksums(output.parent, [f"{output.name}/{path.name}" for path in files])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--packages", type=Path, default=PACKAGES_FOLDER)
    parser.add_argument("--work", type=Path, default=WORK_FOLDER)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument(
        "--heads-only", action="store_true", help="a quick pack: the image tower stays as it is"
    )
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    started = time.monotonic()
    recipe = replace(Recipe(), steps=0, views=1) if options.heads_only else Recipe()
    train(recipe, load_dataset(options.data), options.packages, options.work, options.output)
    print(f"trained in {time.monotonic() - started:.0f} s: {options.output}")


if __name__ == "__main__":
    main()
