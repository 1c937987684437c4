"""Execute: steps run over sets of objects."""
