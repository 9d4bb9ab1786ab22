"""Training as commands: what they ask of the site and of the registry. Loads no torch by itself."""
