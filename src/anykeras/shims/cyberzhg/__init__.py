"""Layers of CyberZHG's packages: keras-bert, keras-transformer and what they are made of."""
