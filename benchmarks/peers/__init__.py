"""What the gateway is compared with: one file or folder each. Nothing here is part of the product."""
