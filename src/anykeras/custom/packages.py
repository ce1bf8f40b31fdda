"""Which package a class came from, and what its user can do: facts by class name.

Names are those under which the packages' own layers are saved (their ``__name__`` or registered name).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_BY_PREFIX: Final[Mapping[str, str]] = {
    "Addons": "tensorflow-addons",
    "Vision": "tf-models-official",
    "Text": "tf-models-official",
    "keras_nlp": "keras-nlp (now keras-hub)",
    "keras_hub": "keras-hub",
    "keras_cv": "keras-cv",
    "TensorFlowDecisionForests": "tensorflow-decision-forests",
    "leondgarse": "keras-cv-attention-models",
    "kecam": "keras-cv-attention-models",
}
_BY_CLASS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("CRF", "PELU", "Swish", "CosineDense", "SineReLU", "Capsule"), "keras-contrib"),
    **dict.fromkeys(("InstanceNormalization",), "keras-contrib or tensorflow-addons"),
    **dict.fromkeys(("WeightNormalization", "SpectralNormalization"), "tensorflow-addons"),
    **dict.fromkeys(("SeqSelfAttention", "SeqWeightedAttention", "ScaledDotProductAttention"), "keras-self-attention"),
    **dict.fromkeys(("MultiHead", "MultiHeadAttention"), "keras-multi-head"),
    **dict.fromkeys(("TokenEmbedding", "EmbeddingSimilarity", "Masked", "Extract", "Inputs"), "keras-bert"),
    "PositionEmbedding": "keras-pos-embd",
    "FeedForward": "keras-position-wise-feed-forward",
    "LayerNormalization": "keras-layer-normalization",
    **dict.fromkeys(("FixedDropout", "ConvKernalInitializer", "DropConnect"), "efficientnet or segmentation-models"),
    **dict.fromkeys(("AnchorBoxes", "L2Normalization", "DecodeDetections"), "ssd_keras"),
    **dict.fromkeys(("UpsampleLike", "Anchors", "RegressBoxes", "FilterDetections", "ClipBoxes"), "keras-retinanet"),
    **dict.fromkeys(("PyramidROIAlign", "ProposalLayer", "DetectionLayer", "DetectionTargetLayer"), "Mask R-CNN (matterport)"),
    "BilinearUpsampling": "keras-deeplab-v3-plus",
    "TCN": "keras-tcn",
    "KerasLayer": "tensorflow-hub",
    **dict.fromkeys(("BertModelLayer",), "bert-for-tf2"),
    **dict.fromkeys(("TFBertMainLayer", "TFDistilBertModel", "TFBertModel", "TFRobertaMainLayer"), "transformers"),
    **dict.fromkeys(("MultiCategoryEncoding", "ExpandLastDim", "CastToFloat32"), "autokeras"),
    **dict.fromkeys(("QDense", "QConv2D", "QActivation"), "qkeras"),
    **dict.fromkeys(
        ("QuantizeLayer", "QuantizeWrapperV2", "QuantizeWrapper", "PruneLowMagnitude"), "tensorflow-model-optimization"
    ),
    "ModuleWrapper": "tf.keras around a layer of another Keras",
}
_ADVICE: Final[Mapping[str, str]] = {
    "KerasLayer": "a TF-Hub module lies outside the file (its handle is above): download it, and pass a class "
    "KerasLayer that wraps keras.layers.TFSMLayer of the folder",
    **dict.fromkeys(
        ("QuantizeLayer", "QuantizeWrapperV2", "QuantizeWrapper"),
        "a model for quantisation-aware training: save the model that it was made from, where it was made",
    ),
    "DenseFeatures": "feature columns keep tables in TensorFlow: rebuild the input with preprocessing layers",
    "ModuleWrapper": "the wrapped layer was of another Keras than the model: its class is `module` above",
}


def find_package(class_name: str, registered_name: str | None, module: str | None) -> str | None:
    """The package that likely defines a class."""
    prefix = (registered_name or "").rpartition(">")[0]
    root = (module or "").split(".")[0]
    if prefix in _BY_PREFIX:
        return _BY_PREFIX[prefix]
    if root and root not in ("keras", "tensorflow", "tf_keras", "builtins", "__main__"):
        return root
    return _BY_CLASS.get(class_name)


def find_advice(class_name: str) -> str:
    """What to do about a class that cannot simply be passed in custom_objects; empty for any other."""
    return _ADVICE.get(class_name, "")
