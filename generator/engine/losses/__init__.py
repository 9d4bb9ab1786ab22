"""What a step makes smaller."""

from generator.engine.losses.looks import ground_distance, total_variation
from generator.engine.losses.prompts import prompt_distance, spherical_distance

__all__ = ["ground_distance", "prompt_distance", "spherical_distance", "total_variation"]
