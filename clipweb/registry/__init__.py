"""Released models by name: what is known, what is here, which are used. Loads no torch; proof.py does."""
