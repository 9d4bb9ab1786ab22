"""The steps of training the pack's CLIP: a projection alone, then the upper image tower with it.

LiT (Zhai et al. 2022): the text tower stays locked. The losses are those of `gallery.clip.training`.
"""

import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gallery.clip.training import (
    MAX_LOGIT_SCALE,
    WeightAverage,
    contrastive_loss,
    similarity_targets,
    soft_cross_entropy,
    warmup_cosine,
)
from weights.pack.examples import Examples
from weights.pack.features import CUT, upper
from weights.pack.imagenet import Photographs
from weights.pack.textbank import whitening


@dataclass(frozen=True)
class Recipe:
    """Everything that the trained weights depend on beside the data."""

    seed: int = 0
    views: int = 2  # random views of each picture, cached beside the plain one
    whitening: float = 0.6  # 0 leaves the text vectors as they are, 1 gives all directions the same variance
    teacher_sizes: tuple[int, ...] = (160, 224)  # pixels a side; drawings look different to a tower at each
    teacher_heads: int = 3  # projections for each size
    head_views: int = 2  # of all views, those that the projection alone learns from
    head_steps: int = 600  # of a projection alone, on the untrained tower's features
    steps: int = 400  # upper blocks and projection
    shares: tuple[float, ...] = (
        0.4,
        0.6,
        0.8,
        1.0,
    )  # how far from the start to the trained weights; see clip
    head_batch: int = 512
    batch: int = 128
    head_rate: float = 2e-3
    tower_rate: float = 3e-4
    weight_decay: float = 0.2
    target_temperature: float = 0.03
    bank_weight: float = 0.5  # of telling the right caption from labels of the whole data set
    bank_size: int = 1500  # labels drawn for that in each step
    object_weight: float = 2.5  # of photographs, which the tower sees in no more views than drawings
    photo_weight: float = 0.15  # of naming ImageNet classes from the classifier's own features
    teacher_weight: float = 20.0  # of lying close to the teacher's vector, by cosine
    head_decay: float = 0.99  # of the running average of the weights
    tower_decay: float = 0.995


class HeadTrainer:
    """Trains a projection of features from a tower that stays as it is."""

    def __init__(
        self, text_projection: nn.Module, examples: Examples, photographs: Photographs, recipe: Recipe
    ) -> None:
        self.text_projection, self.examples = text_projection, examples
        self.photographs, self.recipe = photographs, recipe
        self.labels = examples.texts[examples.labels]
        self.projected_labels = self.project(self.labels)
        # (N, D) what the projected images should come near to, from `weights.pack.teacher`; none at first.
        self.goals: Tensor | None = None
        self.random = torch.Generator().manual_seed(recipe.seed)

    @torch.no_grad()
    def project(self, texts: Tensor) -> Tensor:
        """Unit rows of the text tower → unit rows of the shared space; the projection is not trained."""
        return F.normalize(self.text_projection(texts), dim=-1)

    def loss(self, images: Tensor, scale: Tensor, view: int, rows: Tensor) -> Tensor:
        """images (B, D) unit rows made from pictures `rows` as seen in one view → scalar."""
        recipe = self.recipe
        spoken = int(torch.randint(self.examples.captions.shape[1], (1,), generator=self.random))
        texts = self.examples.texts[self.examples.captions[view, spoken, rows]]
        targets = similarity_targets(texts, texts, recipe.target_temperature)
        loss = contrastive_loss(images, self.project(texts), scale, targets)
        # With the text tower locked, labels of the whole data set are cheap negatives, not only the batch's.
        bank = torch.randperm(len(self.labels), generator=self.random)[: recipe.bank_size]
        targets = similarity_targets(texts, self.labels[bank], recipe.target_temperature)
        loss = loss + recipe.bank_weight * soft_cross_entropy(
            scale * images @ self.projected_labels[bank].T, targets
        )
        if self.goals is None:
            return loss
        # The teacher saw the artist's own colours.
        known = torch.from_numpy(~self.examples.views[view].recoloured[rows.numpy()])
        distance = 1 - (images * self.goals[rows]).sum(dim=-1)
        return loss + recipe.teacher_weight * (distance * known).mean()

    def photo_loss(self, head: nn.Module, scale: Tensor, count: int) -> Tensor:
        """Naming features drawn from the image tower's own classifier → scalar."""
        features, classes = self.photographs.draw(count, self.random)
        images, names = F.normalize(head(features), dim=-1), self.photographs.names
        targets = similarity_targets(names[classes], names, self.recipe.target_temperature)
        return soft_cross_entropy(scale * images @ self.project(names).T, targets)

    def train_head(
        self,
        head: nn.Module,
        logit_scale: nn.Parameter,
        features: list[Tensor],
        *,
        weights: Tensor,
        photos: bool,
    ) -> None:
        """A projection alone. features: (N, 1280) of the first views, from a tower that stays as it is."""
        recipe, total = self.recipe, self.recipe.head_steps
        standardised = Standardised(torch.cat(features))
        encode = nn.Sequential(standardised, head)
        optimiser = _optimiser(recipe, head, logit_scale, recipe.head_rate, [])
        average = WeightAverage(head, recipe.head_decay)
        head.train()
        for step in range(total):
            view = step % len(features)
            rows = torch.multinomial(weights, recipe.head_batch, generator=self.random)
            scale = logit_scale.exp()
            loss = self.loss(F.normalize(encode(features[view][rows]), dim=-1), scale, view, rows)
            if photos:
                loss = loss + recipe.photo_weight * self.photo_loss(encode, scale, len(rows) // 2)
            _step(optimiser, loss, logit_scale, warmup_cosine(step, total=total, warmup=20))
            average.update(head)
        head.load_state_dict(average.state_dict())
        standardised.fold_into(head.eval())
        print(f"  projection of {len(features)} views: loss {loss.item():.3f}", flush=True)


class Trainer(HeadTrainer):
    """Holds the trained parts of the network and takes steps; a checkpoint makes the long part resumable."""

    def __init__(
        self, network: nn.Module, examples: Examples, photographs: Photographs, recipe: Recipe
    ) -> None:
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
        with torch.no_grad():
            labels = examples.texts[examples.labels]
            network.text.proj.weight.copy_(whitening(labels, recipe.whitening))  # type: ignore
        super().__init__(network.text.proj, examples, photographs, recipe)  # type: ignore

    def train_tower(self, checkpoint: Path, *, weights: Tensor) -> None:
        """The upper blocks and the projection together, from cached stems; goes on from a checkpoint."""
        recipe, total = self.recipe, self.recipe.steps
        optimiser = _optimiser(recipe, self.head, self.logit_scale, recipe.head_rate / 4, self.tower)
        average = WeightAverage(self.learned(), recipe.tower_decay)
        start = self._resume(checkpoint, optimiser, average)
        self.head.train()
        started = time.monotonic()
        for step in range(start, total):
            view = step % len(self.examples.views)
            rows = torch.multinomial(weights, recipe.batch, generator=self.random).sort().values
            stem = torch.from_numpy(self.examples.views[view].stem[rows.numpy()])
            features = upper(self.trunk, stem.float().contiguous(memory_format=torch.channels_last))
            scale = self.logit_scale.exp()
            loss = self.loss(F.normalize(self.head(features), dim=-1), scale, view, rows)
            loss = loss + recipe.photo_weight * self.photo_loss(self.head, scale, len(rows) // 2)
            _step(optimiser, loss, self.logit_scale, warmup_cosine(step, total=total, warmup=40))
            average.update(self.learned())
            if (step + 1) % 20 == 0:
                pace = (time.monotonic() - started) / (step + 1 - start)
                print(f"  step {step + 1}/{total}: loss {loss.item():.3f}, {pace:.2f} s a step", flush=True)
            if (step + 1) % 50 == 0:
                self._save(checkpoint, step + 1, optimiser, average)
        self.learned().load_state_dict(average.state_dict())
        self.head.eval()

    def learned(self) -> nn.ModuleList:
        """The parts whose weights change."""
        scale = nn.ParameterList([self.logit_scale])
        return nn.ModuleList([self.trunk, self.head, scale])

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


class Standardised(nn.Module):
    """Features at mean 0 and deviation 1: the tower's differ in scale, and a new layer learns better so."""

    def __init__(self, features: Tensor) -> None:
        """features: (N, D) to take means and deviations from."""
        super().__init__()
        self.mean, self.deviation = features.mean(dim=0), features.std(dim=0) + 0.05

    def forward(self, features: Tensor) -> Tensor:
        return (features - self.mean) / self.deviation

    @torch.no_grad()
    def fold_into(self, head: nn.Module) -> None:
        """Changes the head's first layer to give for raw features what it gave for standardised ones."""
        first = next(module for module in head.modules() if isinstance(module, nn.Linear))
        first.weight.div_(self.deviation)
        first.bias.sub_(first.weight @ self.mean)


def _optimiser(
    recipe: Recipe, head: nn.Module, logit_scale: nn.Parameter, rate: float, tower: list[nn.Parameter]
) -> torch.optim.AdamW:
    groups = [
        {"params": list(head.parameters()), "lr": rate},
        {"params": [logit_scale], "lr": rate, "weight_decay": 0.0},
        *([{"params": tower, "lr": recipe.tower_rate}] if tower else []),
    ]
    for group in groups:
        group["base_lr"] = group["lr"]
    return torch.optim.AdamW(groups, weight_decay=recipe.weight_decay)


def _step(optimiser: torch.optim.AdamW, loss: Tensor, logit_scale: nn.Parameter, factor: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = group["base_lr"] * factor
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    logit_scale.data.clamp_(max=MAX_LOGIT_SCALE)


def _block(name: str) -> int:
    """`blocks.5.0.conv_pw.weight` → 5; −1 outside the blocks."""
    parts = name.split(".")
    return int(parts[1]) if parts[0] == "blocks" else -1
