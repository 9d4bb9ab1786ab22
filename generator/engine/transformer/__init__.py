"""A transformer over codebook tokens, conditioned on text: words in, the codes of a VQGAN's picture out."""

from generator.engine.transformer.config import TransformerConfig, TransformerError
from generator.engine.transformer.model import TokenTransformer
from generator.engine.transformer.sampling import SamplingSettings, sample

__all__ = ["SamplingSettings", "TokenTransformer", "TransformerConfig", "TransformerError", "sample"]
