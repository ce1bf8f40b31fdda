"""Runs the rules, era by era, until the document speaks current Keras 3. Knows no facts about Keras."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ..catalog.signatures import Missing, find_signature
from ..document.model import Document, Era, Layer, Value, Writer
from ..document.walk import rebuild
from ..errors import AnyKerasError, Malformed
from ..findings import Finding
from .image_orders import decide_image_orders
from .rulebook import Listed, Rule, RuleContext, read_listed_rules
from .training import migrate_training


def migrate(
    document: Document, order: Callable[[Era], Sequence[Rule | Listed]] = read_listed_rules
) -> tuple[Document, list[Finding]]:
    """The document in the vocabulary of current Keras 3, and what was found on the way.

    Args:
        document: as parsed.
        order: the rules that lead to an era's vocabulary, one that :func:`~.rulebook.in_order` allows.

    Raises:
        AnyKerasError: the document holds what Keras 3 cannot express, or arguments that no Keras writes.
    """
    findings = list(document.findings)
    model = complete(document.model, document.writer)
    for stage in list_stages(document.era):
        context = RuleContext(document.writer, stage, findings)
        concerned = [rule for rule in order(stage) if document.writer.era in rule.eras]
        model = apply_all(concerned, model, context)
    model, findings = decide_image_orders(model, findings)
    training = document.training
    if training is not None:
        training, more = migrate_training(training, model, document.writer)
        findings += more
    return replace(document, model=model, era=Era.KERAS3, training=training), findings


def list_stages(start: Era) -> list[Era]:
    """The vocabularies still to come. Keras 3 itself is always one: its minors differ too."""
    return [era for era in Era if era.rank > start.rank or era is Era.KERAS3]


def _same_place(before: Layer, after: Layer) -> Layer:
    """A model that takes a layer's place also takes the input shape that stood on it as the first of a Sequential."""
    shape = before.config.get("batch_input_shape")
    if after.graph is None or before.graph is not None or shape is None:
        return after
    return after.with_config(batch_input_shape=shape)


# What a rule runs into over arguments of types, lengths or sizes that no Keras writes.
_MISTYPED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def _refuse_unreadable(rule: Rule, layer: Layer, context: RuleContext, error: Exception) -> Malformed:
    return Malformed(
        "AK2000",
        f"the arguments of {layer.class_name} {layer.name!r} are not what any Keras writes ({rule.code}: {error})",
        layer=layer.name,
        writer=str(context.writer),
        next_step="Check whether the Keras that wrote the file still opens it, and report the file if so.",
    )


def apply_all(rules: Sequence[Rule | Listed], model: Layer, context: RuleContext) -> Layer:
    """Rules one after another; one that looks at classes of which the model has none does not walk through it."""
    for rule in rules:
        if not rule.classes or not model.class_names.isdisjoint(rule.classes):
            model = apply(rule if isinstance(rule, Rule) else rule.load(), model, context)
    return model


def apply(rule: Rule, model: Layer, context: RuleContext) -> Layer:
    """One rule over the whole tree, innermost layers first."""

    def change(layer: Layer) -> Layer:
        if not rule.applies(layer):
            return layer
        noted = len(context.findings)
        try:
            changed = rule.change(layer, context)
        except AnyKerasError:
            raise
        except _MISTYPED as error:
            raise _refuse_unreadable(rule, layer, context, error) from error
        if changed is None:
            return layer
        changed = _same_place(layer, changed)
        if rule.report and len(context.findings) == noted:
            context.note(rule, layer, f"{layer.class_name} written by {context.writer}", rule.title)
        return changed

    return rebuild(model, change, frozenset(rule.classes))


# Arguments of every layer, and of its place in a model rather than of its computation.
_PLACE = frozenset({"name", "trainable", "dtype", "batch_input_shape", "input_shape", "batch_size", "activity_regularizer"})


def complete(model: Layer, writer: Writer) -> Layer:
    """The model with every argument that its writer knew and the file omits, at the writer's default.

    Files of Keras 3 are left as they are: what they omit means the same today.
    """
    if writer.era is Era.KERAS3:
        return model

    def fill(layer: Layer) -> Layer:
        if layer.operation or layer.graph is not None:
            return layer
        found = find_signature(layer.class_name, writer)
        if found is None:
            return layer
        missing: dict[str, Value] = {
            key: value
            for key, value in found.defaults.items()
            if key not in layer.config and key not in _PLACE and not isinstance(value, Missing)
        }
        return replace(layer, config={**missing, **layer.config}) if missing else layer

    return rebuild(model, fill)
