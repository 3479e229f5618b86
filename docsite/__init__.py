"""The documentation as a site: what is generated, how pages are laid out and checked."""
