"""The network: a decoder-only transformer whose first places hold the text.

Esser et al. 2021, section 3.2, and Ramesh et al. 2021, section 2.2. The text comes as the states of a
locked text tower and not as tokens of its own, so that a small model need not learn English from captions.
The blocks are those that small models train fastest with: RMSNorm before each part (Zhang and Sennrich 2019),
queries and keys of unit length (Henry et al. 2020), squared ReLU (So et al. 2021, section 4).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generator.engine.transformer.config import TransformerConfig


class Cache:
    """Keys and values of the places that were seen, so that each new one costs one place only."""

    def __init__(self) -> None:
        self._keys: list[Tensor] = []
        self._values: list[Tensor] = []

    def extend(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Adds (B, H, n, D) of one layer and returns all of its (B, H, N, D)."""
        if layer == len(self._keys):
            self._keys.append(keys)
            self._values.append(values)
        else:
            self._keys[layer] = torch.cat([self._keys[layer], keys], dim=2)
            self._values[layer] = torch.cat([self._values[layer], values], dim=2)
        return self._keys[layer], self._values[layer]


class Block(nn.Module):
    """Causal self-attention and a two-layer perceptron, each added to what came in."""

    def __init__(self, config: TransformerConfig, layer: int) -> None:
        super().__init__()
        width = config.width
        self.layer = layer
        self.heads = config.heads
        self.dropout = config.dropout
        self.before_attention = nn.RMSNorm(width)
        self.before_mlp = nn.RMSNorm(width)
        self.scale = nn.Parameter(torch.full((config.heads, 1, 1), (width // config.heads) ** 0.5))
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.up = nn.Linear(width, 4 * width, bias=False)
        self.down = nn.Linear(4 * width, width, bias=False)
        # Each block begins as the identity: Goyal et al. 2017, section 5.1.
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.down.weight)

    def forward(self, x: Tensor, cache: Cache | None = None) -> Tensor:
        """(B, n, width) → the same shape; with a cache, x is what comes after the places in it."""
        x = x + self._drop(self._attend(self.before_attention(x), cache))
        hidden = F.relu(self.up(self.before_mlp(x))).square()
        return x + self._drop(self.down(hidden))

    def _attend(self, x: Tensor, cache: Cache | None) -> Tensor:
        batch, length, width = x.shape
        q, k, v = (
            part.view(batch, length, self.heads, -1).transpose(1, 2) for part in self.qkv(x).chunk(3, dim=-1)
        )
        q, k = F.normalize(q.float(), dim=-1) * self.scale, F.normalize(k.float(), dim=-1)
        if cache is not None:
            k, v = cache.extend(self.layer, k, v)
        # Written out: on a processor the fused kernel's backward pass takes many times as long in bfloat16.
        scores = q.to(v.dtype) @ k.to(v.dtype).transpose(-2, -1)  # (B, H, n, N)
        if length > 1:  # a single place sees all before it; several at once are the start
            later = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
            scores = scores.masked_fill(later, -torch.inf)
        mixed = scores.softmax(dim=-1, dtype=torch.float32).to(v.dtype) @ v
        return self.out(mixed.transpose(1, 2).reshape(batch, length, width))

    def _drop(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.dropout, self.training)


class TokenTransformer(nn.Module):
    """p(code | text, the codes before it): a small grid of the picture row by row, then the finer ones.

    What the whole looks like is settled in few codes, and each finer one knows the coarse one that it refines
    (Razavi et al. 2019, section 3.2; Tian et al. 2024, section 3).
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.text = nn.Linear(config.text_width, width)
        self.no_text = nn.Parameter(torch.randn(width) * 0.02)
        self.text_places = nn.Embedding(config.text_length, width)
        self.codes = nn.Embedding(config.codes, width)
        self.parents = nn.Embedding(config.codes, width)  # of the coarser grid's code at the same spot
        self.rows = nn.Embedding(config.grid, width)  # of the place that is predicted
        self.columns = nn.Embedding(config.grid, width)
        self.sides = nn.Embedding(len(config.sides), width)  # which grid it is
        self.start = nn.Parameter(torch.randn(width) * 0.02)
        self.blocks = nn.ModuleList(Block(config, layer) for layer in range(config.layers))
        self.norm = nn.RMSNorm(width)
        self.head = nn.Linear(width, config.codes, bias=False)
        for table in (self.text_places, self.codes, self.parents, self.rows, self.columns, self.sides):
            nn.init.normal_(table.weight, std=0.02)
        nn.init.zeros_(self.head.weight)
        for name, places in _places(config.sides).items():
            self.register_buffer(name, places, persistent=False)

    def forward(self, states: Tensor, mask: Tensor, codes: Tensor) -> Tensor:
        """Scores of every code of whole pictures, for training.

        states (B, L, text_width) and mask (B, L) bool, True where there is text: see `prefix`. codes (B, n)
        int64: the grids of a picture, coarse to fine, each row by row. Returns logits (B, n, K) of each
        place, given the text and the codes before it.
        """
        x = torch.cat([self.prefix(states, mask), self.entries(codes[:, :-1], 0)], dim=1)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x[:, self.config.text_length :]))

    def prefix(self, states: Tensor, mask: Tensor) -> Tensor:
        """What is before the picture: (B, text_length, width).

        The first text_length states of the text tower; places without a word, and all of them where mask is
        False throughout, hold one learned vector, which is how classifier-free guidance asks for no text.
        """
        length = self.config.text_length
        states, mask = states[:, :length], mask[:, :length]
        states = F.pad(states, (0, 0, 0, length - states.shape[1]))
        mask = F.pad(mask, (0, length - mask.shape[1]), value=False)
        words = torch.where(mask[:, :, None], self.text(states), self.no_text)
        return words + self.text_places.weight

    def entries(self, before: Tensor, first: int) -> Tensor:
        """What places number `first`, `first + 1`, … see of the codes before them: (B, n, width).

        before (B, first + n - 1): all codes before the last of these places.
        """
        count = before.shape[1] + 1 - first
        place = slice(first, first + count)
        x = self.codes(before[:, max(0, first - 1) :])
        if first == 0:
            x = torch.cat([self.start.to(x.dtype).expand(len(before), 1, -1), x], dim=1)
        where = self.rows(self.row[place]) + self.columns(self.column[place]) + self.sides(self.level[place])  # type: ignore
        parent = self.parent[place]  # type: ignore[index]
        has_one = parent >= 0
        if has_one.any():
            above = self.parents(before[:, parent.clamp(min=0)]) if before.shape[1] else 0
            x = x + torch.where(has_one[:, None], above, 0)
        return x + where


def _places(sides: Sequence[int]) -> dict[str, Tensor]:
    """Of each place in a picture of these grids, (Σ s²,) int64: its row and column in the finest grid, the
    number of its grid, and where in the sequence the coarser grid's code of the same spot is, or -1.

    A coarse grid takes every second, third, … row and column, so that a shape's middle stays the middle.
    """
    rows, columns, levels, parents = [], [], [], []
    begin = 0  # of the grid before
    for level, side in enumerate(sides):
        across = torch.arange(side)
        row, column = (each.flatten() for each in torch.meshgrid(across, across, indexing="ij"))
        rows.append(row * (sides[-1] // side))
        columns.append(column * (sides[-1] // side))
        levels.append(torch.full_like(row, level))
        if level:
            coarse = sides[level - 1]
            parents.append(begin + row * coarse // side * coarse + column * coarse // side)
            begin += coarse**2
        else:
            parents.append(torch.full_like(row, -1))
    found = {"row": rows, "column": columns, "level": levels, "parent": parents}
    return {name: torch.cat(places) for name, places in found.items()}
