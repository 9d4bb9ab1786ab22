"""Training a CLIP on pictures and what is said of them: from nothing, or an existing one further."""
