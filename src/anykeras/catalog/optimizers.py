"""Optimizers: what their arguments were called, and in which order each era saved their state.

Sources: keras/optimizers.py of 1.2.2, 2.0.9, 2.2.4 and 2.3.1; tensorflow/python/keras/optimizer_v2 of TensorFlow 2.3;
keras/optimizers of 2.13.1; keras/src/optimizers of 3.15.1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..document.model import Config

Groups = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class OptimizerEntry:
    """The facts of one optimizer.

    `groups` gives the slots that Keras 3 keeps for a configuration, in the order of its variables: the slots of one group
    alternate variable by variable, the groups follow each other. `named` maps the names that files give to slots to those
    of Keras 3. `ordered` are the slots that Keras 1 and 2 saved, one after the other, after `scalars` of its own.
    """

    name: str
    groups: Callable[[Config], Groups]
    named: Mapping[str, str]
    ordered: tuple[str, ...] = ()
    scalars: tuple[str, ...] = ()
    epsilon_outside: bool = False  # Keras 1 and 2: g / (sqrt(a) + epsilon), where Keras 3 has g / sqrt(a + epsilon)


def _make_constant(*groups: tuple[str, ...]) -> Callable[[Config], Groups]:
    return lambda config: groups


def _list_adam_groups(config: Config) -> Groups:
    hats: Groups = (("velocity_hat",),) if config.get("amsgrad") else ()
    return (("momentum", "velocity"), *hats)


def _list_rmsprop_groups(config: Config) -> Groups:
    momentum = config.get("momentum")
    extra: Groups = (("momentum",),) if isinstance(momentum, int | float) and momentum > 0 else ()
    centered: Groups = (("average_gradient",),) if config.get("centered") else ()
    return (("velocity",), *extra, *centered)


def _list_sgd_groups(config: Config) -> Groups:
    return (("momentum",),) if config.get("momentum") else ()


_ADAM = {"m": "momentum", "v": "velocity", "vhat": "velocity_hat", "momentum": "momentum", "velocity": "velocity",
         "velocity_hat": "velocity_hat"}  # fmt: skip

_ENTRIES = (
    OptimizerEntry("SGD", _list_sgd_groups, {"momentum": "momentum", "m": "momentum"}, ("momentum",)),
    OptimizerEntry(
        "RMSprop",
        _list_rmsprop_groups,
        {"rms": "velocity", "velocity": "velocity", "momentum": "momentum", "mg": "average_gradient",
         "average_gradient": "average_gradient"},
        ("velocity",),
        epsilon_outside=True,
    ),
    OptimizerEntry(
        "Adagrad", _make_constant(("accumulator",)), {"accumulator": "accumulator"}, ("accumulator",), epsilon_outside=True
    ),
    OptimizerEntry(
        "Adadelta",
        _make_constant(("accumulated_grad", "accumulated_delta_var")),
        {"accum_grad": "accumulated_grad", "accum_var": "accumulated_delta_var",
         "accumulated_grad": "accumulated_grad", "accumulated_delta_var": "accumulated_delta_var"},
        ("accumulated_grad", "accumulated_delta_var"),
    ),
    OptimizerEntry("Adam", _list_adam_groups, _ADAM, ("momentum", "velocity", "velocity_hat")),
    OptimizerEntry("AdamW", _list_adam_groups, _ADAM),
    OptimizerEntry(
        "Adamax",
        _make_constant(("momentum", "norm")),
        {"m": "momentum", "v": "norm", "u": "norm", "momentum": "momentum", "norm": "norm"},
        ("momentum", "norm"),
    ),
    OptimizerEntry(
        "Nadam", _make_constant(("momentum", "velocity")), _ADAM, ("momentum", "velocity"), scalars=("u_product",)
    ),
    OptimizerEntry(
        "Ftrl", _make_constant(("accumulator", "linear")), {"accumulator": "accumulator", "linear": "linear"}
    ),
    OptimizerEntry("Lamb", _make_constant(("momentum", "velocity")), _ADAM),
    OptimizerEntry("Lion", _make_constant(("momentum",)), {"m": "momentum", "momentum": "momentum"}),
)  # fmt: skip
_BY_NAME = {entry.name.lower(): entry for entry in _ENTRIES}
# Classes of tensorflow-addons 0.15.0 that keep the slots of another optimizer.
_LIKE = {"addons>lazyadam": "adam", "addons>sgdw": "sgd", "addons>proximaladagrad": "adagrad"}
# Optimizers of packages that are saved under their bare names.
BARE_PACKAGES: Mapping[str, str] = {
    "AdamWarmup": "keras-bert",
    "RAdam": "keras-radam",
    "Lookahead": "keras-lookahead",
    "AdaBound": "keras-adabound",
    "AdamAccumulated": "keras-gradient-accumulation",
    "GradientAccumulation": "keras-gradient-accumulation",
}
# Wrappers that leave the steps of the optimizer inside alone, beside those that scale the loss.
_ASIDE = frozenset({"Addons>MovingAverage", "Addons>SWA"})
AVERAGE = "average"  # the slot of `use_ema`, kept before all others (keras 3.15.1 base_optimizer.py, build)


def optimizer(class_name: str) -> OptimizerEntry | None:
    """The facts of an optimizer by its class name in any era (``Custom>Adam`` and ``adam`` too), or None."""
    name = class_name.lower()
    return _BY_NAME.get(_LIKE.get(name, name.rpartition(">")[2]))


def scales(class_name: str) -> bool:
    """Whether this is a wrapper that scales the loss: LossScaleOptimizer, V1 and V3 (tf.keras 2.1 to 2.15)."""
    return class_name.rpartition(">")[2].startswith("LossScale")


def transparent(class_name: str) -> bool:
    """Whether a wrapper leaves the steps of the optimizer inside as they are."""
    return scales(class_name) or class_name in _ASIDE


def groups(entry: OptimizerEntry, config: Config) -> Groups:
    """The slots of an optimizer in Keras 3's order, the moving average of the weights included."""
    return ((AVERAGE,), *entry.groups(config)) if config.get("use_ema") else entry.groups(config)
