"""A thing to train that takes no time: a few weights that walk at random."""

import os
import random
import signal

import numpy as np
import torch

from gallery.training.checkpoint import load_checkpoint, save_checkpoint


class Walk:
    """Each step draws from every source of random numbers. ends_at: the step that sends itself SIGINT."""

    def __init__(self, steps, *, ends_at=None, seed=1):
        torch.manual_seed(seed), np.random.seed(seed), random.seed(seed)
        self.steps, self.ends_at, self.step = steps, ends_at, 0
        self.place = torch.zeros(3)

    def train(self):
        while self.step < self.steps:
            self.place = self.place + torch.randn(3)
            self.step += 1
            if self.step == self.ends_at:
                os.kill(os.getpid(), signal.SIGINT)
            loss = self.place.square().sum().item() + np.random.rand() + random.random()
            yield {"step": self.step, "loss": loss}

    def save(self, path):
        save_checkpoint(path, {"step": self.step, "place": self.place})

    def restore(self, path):
        state = load_checkpoint(path)
        self.step, self.place = state["step"], state["place"]
