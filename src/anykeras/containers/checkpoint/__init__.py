"""TensorFlow checkpoints: the tensor bundle, and the objects that its tensors belong to."""
