"""The rules: one file a fact, or a family of facts that belong together."""
