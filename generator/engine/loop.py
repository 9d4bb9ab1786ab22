"""VQGAN+CLIP: a picture made by moving a VQGAN's latent until CLIP finds that it fits the prompt."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generator.engine import starts
from generator.engine.colours import parse_colour
from generator.engine.drawers import Alpha, Decoder, VqganDrawer, open_drawer
from generator.engine.drawers.alpha import layered, on_ground
from generator.engine.goals import Perceptor
from generator.engine.judges import NO_PERCEPTORS, Perceptors, chosen_perceptors, distance, open_judge
from generator.engine.losses.terms import Beginning, Term, beginning_term, look_terms
from generator.engine.optimisers import OPTIMISERS, learning_rate
from generator.engine.patience import Patience
from generator.engine.pictures import Pictures, check_given, digest, layer
from generator.engine.precision import Bf16Decoder, Bf16Perceptor, chosen_precision
from generator.engine.settings import OPTIONS, GenerateSettings, parse_drops
from generator.engine.threads import threads
from generator.engine.tiles import TiledDecoder, needs_tiles
from generator.engine.zooms import zoomed

STATE_VERSION = 2
NO_PICTURES: Pictures = MappingProxyType({})


class ResumeError(Exception):
    """A saved state does not belong to these settings and models."""


@dataclass(frozen=True)
class Step:
    """One step that has been taken.

    index: 1-based; total: steps of the whole run, which ends earlier where its patience does; loss: what the
    step's picture scored, lower is better; is_last: whether the run has ended with it.
    image() → (H, W, 3) uint8, where transparent (H, W, 4), and state() → tensors and primitives that
    `torch.save` writes, `torch.load` reads with weights_only=True, and `generate(resume=…)` goes on from.
    Both cost something only when called, and must be called before the next step is asked for.
    """

    index: int
    total: int
    loss: float
    is_last: bool
    image: Callable[[], NDArray[np.uint8]]
    state: Callable[[], dict[str, Any]]


def generate(
    settings: GenerateSettings,
    vqgan: Decoder,
    clip: Perceptor,
    resume: dict[str, Any] | None = None,
    pictures: Pictures = NO_PICTURES,
    perceptors: Perceptors = NO_PERCEPTORS,
) -> Iterator[Step]:
    """Yield each step of making the picture that `settings` describe.

    clip: what judges it where the settings name nothing else. pictures: the pixels, (H, W, 4) uint8 with
    alpha, of each picture in `settings.pictures`. perceptors: those that the settings name.

    Crowson et al. 2022, "VQGAN-CLIP: Open Domain Image Generation and Editing with Natural Language
    Guidance", section 3: start from random codebook vectors; in each step quantise the latent, decode it,
    show CLIP random augmented cutouts, and move the latent by Adam along the gradient of their mean
    spherical distance to the prompt's embedding, which passes straight through the quantisation. The scenes
    of a story follow each other on the same latent, each with a full fall of the learning rate. All that is
    optional, other drawers and optimisers among it, changes nothing and costs nothing until it is asked for.

    Every random number comes from one generator seeded by `settings.seed`, which is part of the state. On
    the same machine the same settings and models give the same bytes, whether or not the run was
    interrupted: pass the last kept `Step.state()` as `resume`. It may also be one of a run of fewer or more
    steps with the same schedule, or of another patience, whose end is thereby moved. Raises ResumeError when
    that state belongs to another run, SettingsError when the size does not fit the decoder or a picture or
    perceptor is missing.
    """
    check_given(pictures, settings.pictures)
    began_in = resume.get("precision") if resume else None
    precision = began_in or chosen_precision(settings, vqgan.codebook.device)
    judging = chosen_perceptors(settings, clip, perceptors)
    run = _Run(settings, vqgan, judging, pictures, precision)
    if resume is not None:
        run.restore(resume)
    while not run.is_over:
        with threads(settings.threads):
            loss = run.step()
        yield Step(run.index, settings.steps, loss, run.is_over, run.image, run.state)


class _Run:
    """Everything that one run carries from step to step."""

    def __init__(
        self,
        settings: GenerateSettings,
        vqgan: Decoder,
        judging: list[tuple[Perceptor, float]],
        pictures: Pictures,
        precision: str,
    ) -> None:
        """judging: each perceptor with its share."""
        if needs_tiles(settings.width, settings.height):
            vqgan = TiledDecoder(vqgan)
        if precision == "bf16":
            vqgan = Bf16Decoder(vqgan)
            judging = [(Bf16Perceptor(perceptor), share) for perceptor, share in judging]
        self.precision = precision
        self.settings = settings
        self.pictures = pictures
        self.index = 0
        self.rng = torch.Generator().manual_seed(settings.seed)
        self.vqgan = vqgan
        self.drawer = open_drawer(settings, vqgan, self.rng)
        with threads(settings.threads):
            starts.begin(self.drawer, settings, pictures, self.rng)
            self.terms = self._terms()
        self.alpha = self._alpha() if settings.transparent else None
        self.parameters = [*self.drawer.parameters(), *(self.alpha.parameters() if self.alpha else ())]
        self.average = [parameter.detach().clone() for parameter in self.parameters]
        self.patience = Patience(settings.patience)
        self.drops = parse_drops(settings.learning_rate_drops)
        self.optimizer = OPTIMISERS[settings.optimiser](self.parameters, lr=settings.learning_rate)
        device = vqgan.codebook.device
        with threads(settings.threads):
            self.judges = [open_judge(settings, each, share, pictures, device) for each, share in judging]
        self.scenes = len(self.judges[0].goals)
        self.ground = torch.tensor(parse_colour(settings.ground_colour), device=device).view(1, 3, 1, 1)

    def _alpha(self) -> Alpha:
        """As transparent as the picture that the run starts from, or else covering nearly all."""
        width, height, device = self.settings.width, self.settings.height, self.vqgan.codebook.device
        alpha = Alpha(self.drawer, width=width, height=height, device=device)
        if self.settings.init_picture:
            alpha.become(layer(self.pictures[self.settings.init_picture], (height, width), device)[1])
        return alpha

    def _terms(self) -> list[Term]:
        """What of the picture counts besides the prompts; called before the first step."""
        terms = look_terms(self.settings)
        if self.settings.init_weight:
            parameters = [parameter.detach().clone() for parameter in self.drawer.parameters()]
            picture = starts.start_picture(self.drawer, self.settings, self.pictures)
            beginning = Beginning(parameters, picture)
            terms.append(beginning_term(self.settings, beginning, self.drawer.parameters))
        return terms

    @property
    def is_over(self) -> bool:
        return self.index >= self.settings.steps or self.patience.is_over

    def step(self) -> float:
        """Take one step and return the loss that it started from."""
        scene = min(self.index * self.scenes // self.settings.schedule, self.scenes - 1)
        self.optimizer.param_groups[0]["lr"] = self._learning_rate(scene)
        if self.settings.zooming.is_due(self.index):
            self._zoom()
        if starts.overlay_is_due(self.settings, self.index):
            starts.overlay(self.drawer, self.settings, self.pictures)
        self.optimizer.zero_grad(set_to_none=True)
        loss = self._loss(scene)
        gradients = torch.autograd.grad(loss, self.parameters)
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            parameter.grad = gradient
        self.optimizer.step()
        self.drawer.constrain()
        if self.alpha:
            self.alpha.constrain()
        self.index += 1
        self._update_average()
        if scene == self.scenes - 1:
            self.patience.see(loss.item())
        return loss.item()

    def _learning_rate(self, scene: int) -> float:
        """From the first zoom on it falls no further by itself: each zoom leaves the picture unfinished."""
        steps = scene_steps(scene, steps=self.settings.schedule, scenes=self.scenes)
        counted = self.index if self.drops else self.settings.zooming.before(self.index)
        done = min(max(counted - steps.start, 0), len(steps))
        return learning_rate(self.settings.learning_rate, done=done, steps=len(steps), drops=self.drops)

    def _zoom(self) -> None:
        """Go on from the picture as it is shown, and its transparency, scaled and shifted."""
        chosen, count = self.settings, len(self.drawer.parameters())
        move = {"scale": chosen.zoom_scale, "right": chosen.zoom_shift_x, "down": chosen.zoom_shift_y}
        with torch.no_grad():
            picture = self.drawer.picture(self.average[:count])  # (1, 3, H, W)
            if self.alpha:
                self.alpha.become(zoomed(self.alpha.cover(self.average[count:]), **move))
                self.alpha.constrain()
        starts.become(self.drawer, zoomed(picture, **move))

    def _loss(self, scene: int) -> Tensor:
        picture = self.drawer.render()  # (1, 3, H, W)
        seen = picture
        if self.alpha:
            cover = self.alpha.cover(self.alpha.parameters())  # (1, 1, H, W)
            seen = layered(picture, cover)  # (1, 4, H, W)
            picture = on_ground(seen, self.ground)
        loss = distance(self.judges, seen, scene, self.rng)
        if self.alpha:
            loss = loss + self.settings.transparent_weight * cover.mean()
        for term in self.terms:
            loss = loss + term.weight * term.distance(picture)
        if isinstance(self.drawer, VqganDrawer) and self.settings.codebook_pull:
            loss = loss + self.settings.codebook_pull * self.drawer.codebook_distance()
        return loss

    @torch.no_grad()
    def _update_average(self) -> None:
        """The plain mean of the first steps, then an exponential one, so that no start value lingers; and
        again from each zoom on, as what was drawn before lies elsewhere."""
        decay = min(self.settings.averaging, 1 - 1 / self.settings.zooming.steps_since(self.index))
        for mean, parameter in zip(self.average, self.parameters, strict=True):
            mean.lerp_(parameter, 1 - decay)

    def image(self) -> NDArray[np.uint8]:
        """The picture as it stands, (H, W, 3) uint8, where transparent (H, W, 4)."""
        with threads(self.settings.threads), torch.inference_mode():
            count = len(self.drawer.parameters())
            picture = self.drawer.picture(self.average[:count])[0]  # (3, H, W)
            if self.alpha:
                picture = torch.cat([picture, self.alpha.cover(self.average[count:])[0]])  # (4, H, W)
            return (picture * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().cpu().numpy()

    def state(self) -> dict[str, Any]:
        return {
            "version": STATE_VERSION,
            "run": self._identity(),
            "precision": self.precision,  # decided where a run begins, and kept wherever it goes on
            "index": self.index,
            "patience": self.patience.state(),
            "parameters": [parameter.detach().clone() for parameter in self.parameters],
            "average": [mean.clone() for mean in self.average],
            "optimizer": _copied(self.optimizer.state_dict()),
            "rng": self.rng.get_state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        if state.get("version") != STATE_VERSION:
            raise ResumeError(f"the saved state has version {state.get('version')}, not {STATE_VERSION}")
        # Options that came after the state was saved had their defaults then.
        saved = {**state["run"], "settings": {**OPTIONS, **state["run"]["settings"]}}
        if saved != self._identity():
            raise ResumeError("the saved state belongs to other settings or models")
        with torch.no_grad():
            for parameter, saved in zip(self.parameters, state["parameters"], strict=True):
                parameter.copy_(saved)
            for mean, saved in zip(self.average, state["average"], strict=True):
                mean.copy_(saved)
        self.optimizer.load_state_dict(_copied(state["optimizer"]))
        self.rng.set_state(state["rng"].cpu())
        self.index = state["index"]
        self.patience = Patience(self.settings.patience, **state["patience"])

    def _identity(self) -> dict[str, Any]:
        codebook = self.vqgan.codebook.detach().float().cpu().numpy()
        return {
            "settings": {
                **asdict(self.settings),
                "steps": None,
                "patience": None,
                "schedule_steps": self.settings.schedule,
                "enlarge": OPTIONS["enlarge"],  # only once the run is over
            },
            "clip": " + ".join(judge.perceptor.model_id for judge in self.judges),
            "pictures": {name: digest(self.pictures[name]) for name in sorted(self.settings.pictures)},
            "codebook": hashlib.sha256(codebook.tobytes()).hexdigest(),
        }


def scene_steps(scene: int, *, steps: int, scenes: int) -> range:
    """The steps, from 0, that a scene of a story is given: an even share of all."""
    return range(-(-scene * steps // scenes), -(-(scene + 1) * steps // scenes))


def _copied(value: Any) -> Any:
    """A deep copy of nested dicts and lists, with every tensor cloned."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return value
