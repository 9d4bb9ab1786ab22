"""Trains the pack's CLIP: `python -m weights.pack.clip` reads the data set and writes weights/mini/clip.

LiT (Zhai et al. 2022): both towers start pretrained and the text tower stays locked. The lower image tower is
locked too, so that what it sees in every view is cached once; the upper blocks and the projection learn.
The text side gets a fixed whitening, which spreads captions that are close together.
"""

import argparse
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from open_clip.transform import PreprocessCfg
from torch import Tensor, nn
from torch.nn import functional as F

from gallery.clip.preprocess import Preprocess
from gallery.clip.training import (
    MAX_LOGIT_SCALE,
    WeightAverage,
    contrastive_loss,
    similarity_targets,
    soft_cross_entropy,
    warmup_cosine,
)
from weights.pack.checksums import write_checksums
from weights.pack.data import PACKAGES_FOLDER, TOWERS, fetch_all
from weights.pack.dataset import DEFAULT_FOLDER, VALIDATION, Dataset, load_dataset
from weights.pack.examples import SOURCE_WEIGHTS, Examples, prepare
from weights.pack.features import CUT, cached_view, tower_features, upper
from weights.pack.imagenet import Photographs, imagenet_photographs
from weights.pack.retrieval import recall
from weights.pack.textbank import pooled_texts, whitening
from weights.pack.towers import (
    OPEN_CLIP_CONFIG,
    imagenet_classifier,
    save_network,
    starting_network,
    write_configuration,
)

WORK_FOLDER = Path(".work/clip")
OUTPUT = Path("weights/mini/clip")


@dataclass(frozen=True)
class Recipe:
    """Everything that the trained weights depend on beside the data."""

    seed: int = 0
    views: int = 3  # random views of each picture, cached beside the plain one
    head_views: int = 2  # the plain one among them
    whitening: float = 0.6  # 0 leaves the text vectors as they are, 1 gives all directions the same variance
    head_steps: int = 600  # the picture's projection alone, on the untrained tower's features
    steps: int = 400  # upper blocks and projection
    kept: float = 0.6  # how far from the start to the trained weights the pack lies (Wortsman et al. 2022)
    head_batch: int = 512
    batch: int = 128
    head_rate: float = 2e-3
    tower_rate: float = 3e-4
    weight_decay: float = 0.2
    target_temperature: float = 0.03
    bank_weight: float = 0.5  # of telling the right caption from all captions of the data set
    photo_weight: float = 0.15  # of naming ImageNet classes from the classifier's own features
    average_decay: float = 0.995


class Trainer:
    """Holds the trained parts of the network and takes steps; state() and load() make a run resumable."""

    def __init__(
        self, network: nn.Module, examples: Examples, photographs: Photographs, recipe: Recipe
    ) -> None:
        self.network, self.examples, self.photographs, self.recipe = network, examples, photographs, recipe
        trunk: nn.Module = network.visual.trunk  # type: ignore[assignment, union-attr]
        self.trunk = trunk.eval()  # batch norm keeps ImageNet's statistics
        self.head: nn.Module = network.visual.head  # type: ignore[assignment, union-attr]
        self.logit_scale: nn.Parameter = network.logit_scale  # type: ignore[assignment]
        network.requires_grad_(False)
        self.tower = [
            parameter
            for name, parameter in trunk.named_parameters()
            if name.startswith(("conv_head", "bn2")) or _block(name) >= CUT
        ]
        for parameter in (*self.tower, *self.head.parameters(), self.logit_scale):
            parameter.requires_grad_(True)
        self.labels = examples.texts[examples.labels]
        with torch.no_grad():
            network.text.proj.weight.copy_(whitening(self.labels, recipe.whitening))  # type: ignore
        self.text_projection: nn.Module = network.text.proj  # type: ignore[assignment, union-attr]
        self.projected_labels = self.project(self.labels)
        self.random = torch.Generator().manual_seed(recipe.seed)

    def loss(self, features: Tensor, captions: Tensor) -> Tensor:
        """features (B, 1280) of pictures, captions (B,) rows of texts → scalar."""
        recipe, texts = self.recipe, self.examples.texts[captions]
        scale = self.logit_scale.exp()
        images = F.normalize(self.head(features), dim=-1)
        targets = similarity_targets(texts, texts, recipe.target_temperature)
        loss = contrastive_loss(images, self.project(texts), scale, targets)
        # With the text tower locked, every label of the data set is a cheap negative, not only the batch's.
        targets = similarity_targets(texts, self.labels, recipe.target_temperature)
        loss = loss + recipe.bank_weight * soft_cross_entropy(
            scale * images @ self.projected_labels.T, targets
        )
        return loss + recipe.photo_weight * self._photo_loss(scale, len(features) // 2)

    @torch.no_grad()
    def project(self, texts: Tensor) -> Tensor:
        """Unit rows of the text tower → unit rows of the shared space; the projection is not trained."""
        return F.normalize(self.text_projection(texts), dim=-1)

    def _photo_loss(self, scale: Tensor, count: int) -> Tensor:
        features, classes = self.photographs.draw(count, self.random)
        images, names = F.normalize(self.head(features), dim=-1), self.photographs.names
        targets = similarity_targets(names[classes], names, self.recipe.target_temperature)
        return soft_cross_entropy(scale * images @ self.project(names).T, targets)

    def _batch(self, view: int, size: int, weights: Tensor) -> tuple[int, Tensor]:
        """The view's number and (size,) rows of pictures, drawn by weight."""
        rows = torch.multinomial(weights, size, generator=self.random)
        return view, rows.sort().values

    def learned(self) -> nn.ModuleList:
        scale = nn.ParameterList([self.logit_scale])
        return nn.ModuleList([self.trunk, self.head, scale])

    def train_head(self, features: list[Tensor], *, total: int, rate: float, weights: Tensor) -> None:
        """The projection alone. features: (N, 1280) of the first views, from the tower as it is now."""
        recipe = self.recipe
        optimiser = self._optimiser(rate, with_tower=False)
        self.head.train()
        average = WeightAverage(self.learned(), recipe.average_decay)
        for step in range(total):
            view, rows = self._batch(step % len(features), recipe.head_batch, weights)
            loss = self.loss(features[view][rows], self.examples.captions[view][rows])
            self._step(optimiser, loss, warmup_cosine(step, total=total, warmup=20))
            average.update(self.learned())
            if step % 100 == 0:
                print(f"  head {step}/{total}: loss {loss.item():.3f}", flush=True)
        self.learned().load_state_dict(average.state_dict())
        self.head.eval()

    def train_tower(self, checkpoint: Path, *, weights: Tensor) -> None:
        """The upper blocks and the heads together, from cached stems; goes on from a checkpoint."""
        recipe = self.recipe
        total = recipe.steps
        optimiser = self._optimiser(recipe.head_rate / 4, with_tower=True)
        average = WeightAverage(self.learned(), recipe.average_decay)
        start = self._resume(checkpoint, optimiser, average)
        self.head.train()
        started = time.monotonic()
        for step in range(start, total):
            view, rows = self._batch(step % len(self.examples.views), recipe.batch, weights)
            stem = torch.from_numpy(self.examples.views[view].stem[rows.numpy()])
            features = upper(self.trunk, stem.float().contiguous(memory_format=torch.channels_last))
            loss = self.loss(features, self.examples.captions[view][rows])
            self._step(optimiser, loss, warmup_cosine(step, total=total, warmup=40))
            average.update(self.learned())
            if (step + 1) % 20 == 0:
                pace = (time.monotonic() - started) / (step + 1 - start)
                print(f"  step {step + 1}/{total}: loss {loss.item():.3f}, {pace:.2f} s a step", flush=True)
            if (step + 1) % 50 == 0:
                self._save(checkpoint, step + 1, optimiser, average)
        self.learned().load_state_dict(average.state_dict())
        self.head.eval()

    def _optimiser(self, rate: float, *, with_tower: bool) -> torch.optim.AdamW:
        recipe = self.recipe
        groups = [
            {"params": list(self.head.parameters()), "lr": rate},
            {"params": [self.logit_scale], "lr": rate, "weight_decay": 0.0},
        ]
        if with_tower:
            groups.append({"params": self.tower, "lr": recipe.tower_rate})
        for group in groups:
            group["base_lr"] = group["lr"]
        return torch.optim.AdamW(groups, weight_decay=recipe.weight_decay)

    def _step(self, optimiser: torch.optim.AdamW, loss: Tensor, factor: float) -> None:
        for group in optimiser.param_groups:
            group["lr"] = group["base_lr"] * factor
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        self.logit_scale.data.clamp_(max=MAX_LOGIT_SCALE)

    def _save(self, path: Path, step: int, optimiser: torch.optim.AdamW, average: WeightAverage) -> None:
        state = {
            "recipe": asdict(self.recipe),
            "step": step,
            "learned": self.learned().state_dict(),
            "average": average.state_dict(),
            "optimiser": optimiser.state_dict(),
            "random": self.random.get_state(),
            "torch_random": torch.get_rng_state(),
        }
        unfinished = path.with_suffix(".part")
        torch.save(state, unfinished)
        unfinished.replace(path)

    def _resume(self, path: Path, optimiser: torch.optim.AdamW, average: WeightAverage) -> int:
        if not path.exists():
            return 0
        state = torch.load(path, weights_only=True)
        if state.get("recipe") != asdict(self.recipe):
            print(f"  {path} is of another recipe: starting anew", flush=True)
            return 0
        self.learned().load_state_dict(state["learned"])
        average.load_state_dict(state["average"], steps=state["step"])
        optimiser.load_state_dict(state["optimiser"])
        self.random.set_state(state["random"])
        torch.set_rng_state(state["torch_random"])
        print(f"  going on from step {state['step']}", flush=True)
        return state["step"]


def _block(name: str) -> int:
    """`blocks.5.0.conv_pw.weight` → 5; −1 outside the blocks."""
    parts = name.split(".")
    return int(parts[1]) if parts[0] == "blocks" else -1


def validation_recall(network: nn.Module, data: Dataset, folder: Path, tokenizer_folder: Path) -> str:
    """Recall on the validation concepts, which no step has seen."""
    rows = data.rows(VALIDATION)
    preprocess = Preprocess.from_open_clip(PreprocessCfg(**OPEN_CLIP_CONFIG["preprocess_cfg"]))
    view = cached_view(folder / "stems", network.visual.trunk, preprocess, data, rows, None)  # type: ignore
    labels = [data.pairs[row].label for row in rows]
    wanted = list(dict.fromkeys(labels))
    pooled = torch.from_numpy(pooled_texts(network, tokenizer_folder, wanted, folder))
    with torch.no_grad():
        images = F.normalize(network.visual.head(tower_features(network.visual.trunk, view.stem)), dim=-1)  # type: ignore
        texts = F.normalize(network.text.proj(pooled), dim=-1)  # type: ignore
    row = recall("validation", labels, wanted, texts.numpy(), images.numpy())
    return "R@1/5/10 " + " ".join(f"{rate:.3f}" for rate in row.recall)


def train(recipe: Recipe, data: Dataset, packages_folder: Path, work: Path, output: Path) -> None:
    """The whole recipe; writes the pack's CLIP part and the checksum file beside it."""
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
    trainer.train_head(features, total=recipe.head_steps, rate=recipe.head_rate, weights=weights)
    print(f"  projection alone, validation: {validation_recall(network, data, work, output)}", flush=True)
    _write(network, output)
    if not recipe.steps:
        return
    start = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    trainer.train_tower(work / "checkpoint.pt", weights=weights)
    go_part_of_the_way(network, start, recipe.kept)
    print(
        f"  with the upper blocks, validation: {validation_recall(network, data, work, output)}", flush=True
    )
    _write(network, output)


@torch.no_grad()
def go_part_of_the_way(network: nn.Module, start: dict[str, Tensor], share: float) -> None:
    """Moves the weights back to a point between start (0) and where they are (1).

    Fine-tuned weights fit the training concepts better and others worse; in between both are good (WiSE-FT,
    Wortsman et al. 2022, section 3).
    """
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(torch.lerp(start[name], tensor, share))


def _write(network: nn.Module, output: Path) -> None:
    save_network(network, output)
    files = (path for path in output.iterdir() if path.suffix != ".md")
    write_checksums(output.parent, [f"{output.name}/{path.name}" for path in files])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--packages", type=Path, default=PACKAGES_FOLDER)
    parser.add_argument("--work", type=Path, default=WORK_FOLDER)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--heads-only", action="store_true", help="a quick pack: the image tower stays as it is"
    )
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    started = time.monotonic()
    recipe = Recipe(steps=0, views=1) if options.heads_only else Recipe()
    train(recipe, load_dataset(options.data), options.packages, options.work, options.output)
    print(f"trained in {time.monotonic() - started:.0f} s: {options.output}")


if __name__ == "__main__":
    main()
