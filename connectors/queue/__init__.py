"""The queue kind: `endpoints` is what developers write, `options` what bff.yaml says, `connector` what speaks."""
