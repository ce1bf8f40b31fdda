"""Open a file that Keras 1.2.2 wrote on Theano under Python 2.7, and compare with what that stack recorded."""

from pathlib import Path
from tempfile import mkdtemp

import keras
import numpy as np

import anykeras

OLD = Path(__file__).with_name("mnist_cnn.h5")
recording = np.load(OLD.with_suffix(".golden.npz"))


def difference(model: keras.Model) -> float:
    """The largest difference from the outputs that Keras 1.2.2 gave."""
    return float(np.abs(model.predict(recording["in0"], verbose=0) - recording["out0"]).max())


try:
    keras.models.load_model(OLD)
except Exception as error:
    print(f"stock Keras {keras.__version__}: {type(error).__name__}: {str(error).splitlines()[0][:90]}")

print("written by", anykeras.inspect(OLD).original.writer)
print(f"anykeras.load_model: outputs as recorded, largest difference {difference(anykeras.load_model(OLD)):.1e}")

new = Path(mkdtemp()) / "mnist_cnn.keras"
anykeras.convert(OLD, new)
stock = keras.models.load_model(new)
print(f"stock Keras opens {new.name}: largest difference {difference(stock):.1e}")
assert difference(stock) < 1e-5
