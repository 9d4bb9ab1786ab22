"""Trains the pack's other image towers: `python -m weights.pack.members` writes weights/mini/clip.

EfficientNet-Lite1 and -Lite2 stay as ImageNet left them; only their projections learn, from the captions that
name the picture or one of its keywords: drawings, and photographs and renderings of things. The first tower
comes from `weights.pack.clip`, with the text tower, and the classes that vote are Lite2's own.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from timm.layers import Mlp
from torch import Tensor, nn
from torch.nn import functional as F

from gallery.clip.compact import read_state
from gallery.clip.model import WEIGHTS, build_pack_network, load_strictly
from gallery.clip.towers import FEATURES, TRIO, ClassVote, Member, Members, MemberShape
from weights.pack import clip
from weights.pack.data import MEMBERS, PACKAGES_FOLDER, fetch_all
from weights.pack.dataset import DEFAULT_FOLDER, Dataset, load_dataset
from weights.pack.examples import SOURCE_WEIGHTS, seen_views, word_examples
from weights.pack.imagenet import DESCRIBED, imagenet_photographs
from weights.pack.lit import HeadTrainer, Recipe
from weights.pack.teacher import view_features
from weights.pack.textbank import pooled_texts
from weights.pack.towers import (
    EMBEDDING,
    SHIPPED_CONFIG,
    TOKENIZER_FILES,
    image_preprocess,
    image_tower_state,
    imagenet_classifier,
    write_config,
)

OUTPUT = Path("weights/mini/clip")
WORK_FOLDER = Path(".work/clip/members")
RECIPE = replace(Recipe(), head_steps=400)
HEADS = 2  # projections of each tower; the member's is their sum


def train(
    recipe: Recipe, data: Dataset, packages_folder: Path, first: Path, work: Path, output: Path
) -> None:
    """Adds the other members to the first one's pack and writes the whole with its checksums."""
    archives = fetch_all(MEMBERS, packages_folder)
    _copy_configuration(first, output)
    network = build_pack_network(output)
    state = whole_names(read_state(first / WEIGHTS))
    trunk: Members = network.visual.trunk  # type: ignore[union-attr, assignment]
    members: list[Member] = list(trunk.members)  # type: ignore[arg-type]
    for number, (member, key) in enumerate(zip(members[1:], MEMBERS, strict=True), 1):
        tower = image_tower_state(archives[key], TRIO[number].tower)
        kept = {name: tensor for name, tensor in tower.items() if not name.startswith("classifier")}
        member.tower.load_state_dict(kept)
        state |= {f"visual.trunk.members.{number}.{n}": t for n, t in member.state_dict().items()}
    vote: ClassVote = trunk.vote  # type: ignore[assignment]
    state |= {f"visual.trunk.vote.{name}": tensor for name, tensor in vote.state_dict().items()}
    load_strictly(network, state, name=str(first / WEIGHTS))
    network.eval().requires_grad_(False)
    examples = word_examples(network, data, seed=recipe.seed, work=work, pack=output)
    weights = examples.weights(SOURCE_WEIGHTS)
    for shape, member, key in zip(TRIO[1:], members[1:], MEMBERS, strict=True):
        features = member_features(member, shape, data, work)
        classifier = imagenet_classifier(archives[key], shape.tower)
        photographs = imagenet_photographs(
            *classifier,
            features,
            lambda texts: pooled_texts(network, output, texts, work),
            described=DESCRIBED,
        )
        heads = []
        for seed in range(recipe.seed, recipe.seed + HEADS):
            torch.manual_seed(seed)
            head = Mlp(FEATURES, shape.hidden // HEADS, EMBEDDING, drop=(0.1, 0), bias=(True, False))
            trainer = HeadTrainer(network.text.proj, examples, photographs, replace(recipe, seed=seed))  # type: ignore
            scale = nn.Parameter(torch.tensor(1 / 0.07).log())
            trainer.train_head(head, scale, [features], weights=weights, photos=True)
            heads.append(head)
        join(heads, features, member.head)
    # Of the last member, whose features the vote is given.
    set_vote(vote, classifier, F.normalize(network.text.proj(photographs.names), dim=-1))  # type: ignore
    clip.write_pack(network, output)


def member_features(member: Member, shape: MemberShape, data: Dataset, work: Path) -> Tensor:
    """(N, 1280) of everything in `seen_views`, kept in `work`."""
    views = seen_views(data)
    path = work / f"{shape.tower}-{shape.size}-{data.key(np.concatenate(views))}.npy"
    if not path.exists():
        started = time.monotonic()
        work.mkdir(parents=True, exist_ok=True)
        member.tower.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        seen = [
            view_features(member.tower, image_preprocess(), data, torch.from_numpy(rows), shape.size, number)
            for number, rows in enumerate(views)
        ]
        np.save(path, torch.cat(seen).numpy())
        print(f"  {shape.tower} at {shape.size} pixels: {time.monotonic() - started:.0f} s", flush=True)
    return torch.from_numpy(np.load(path, allow_pickle=False))


@torch.no_grad()
def join(heads: list[Mlp], features: Tensor, into: Mlp) -> None:
    """Makes one wide projection of several: the sum of theirs, each scaled to a mean length of 1."""
    lengths = [head(features).norm(dim=-1).mean() for head in heads]
    into.fc1.weight.copy_(torch.cat([head.fc1.weight for head in heads]))
    into.fc1.bias.copy_(torch.cat([head.fc1.bias for head in heads]))  # type: ignore
    scaled = [head.fc2.weight / length for head, length in zip(heads, lengths, strict=True)]
    into.fc2.weight.copy_(torch.cat(scaled, dim=1))


@torch.no_grad()
def set_vote(vote: ClassVote, classifier: tuple[Tensor, Tensor], names: Tensor) -> None:
    """The classifier's weight (1000, 1280) and bias (1000,), and where the classes' names are: (1000, D)."""
    for parameter, value in zip(vote.classifier.parameters(), classifier, strict=True):
        parameter.copy_(value)
    vote.names.weight.copy_(names.T)


def whole_names(first: dict[str, Tensor]) -> dict[str, Tensor]:
    """The keys of a pack of one tower → the names that they have in the whole."""
    names = {
        "visual.trunk.": "visual.trunk.members.0.tower.",
        "visual.head.mlp.": "visual.trunk.members.0.head.",
    }
    renamed = {}
    for name, tensor in first.items():
        old = next((old for old in names if name.startswith(old)), "")
        renamed[names.get(old, "") + name.removeprefix(old)] = tensor
    return renamed


def _copy_configuration(first: Path, output: Path) -> None:
    output.mkdir(parents=True, exist_ok=True)
    for name in TOKENIZER_FILES:
        (output / name).write_bytes((first / name).read_bytes())
    write_config(output, SHIPPED_CONFIG)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--packages", type=Path, default=PACKAGES_FOLDER)
    parser.add_argument("--first", type=Path, default=clip.OUTPUT)
    parser.add_argument("--work", type=Path, default=WORK_FOLDER)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    started = time.monotonic()
    data = load_dataset(options.data)
    train(RECIPE, data, options.packages, options.first, options.work, options.output)
    print(f"trained in {time.monotonic() - started:.0f} s: {options.output}")


if __name__ == "__main__":
    main()
