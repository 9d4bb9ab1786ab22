"""Released CLIP weights in each layout that they are published in, read strictly and never as code."""
