"""What several frontends really share."""
