"""SavedModel folders of tf.keras: the Keras part in the form that every other container gives."""
