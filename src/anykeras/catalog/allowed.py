"""The names that a configuration for Keras 3 may hold, and the arguments that may not name something outside the file.

Keras looks names up in its modules and imports; AnyKeras does not rely on what it then refuses. A class or function that is
not listed here, and is not the user's own, never reaches Keras or a written file. Sources: keras 3.15.1, ``@keras_export`` of
every class, and ``ALL_OBJECTS_DICT`` of the modules whose objects go by name. Not listed are the classes that load or run
something: TFSMLayer, TorchModuleWrapper, JaxLayer, FlaxLayer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from .operations import find_node, spell_in_snake_case


def _split(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LOSSES: Final = _split(
    """BinaryCrossentropy BinaryFocalCrossentropy CTC CategoricalCrossentropy CategoricalFocalCrossentropy
    CategoricalGeneralizedCrossEntropy CategoricalHinge Circle CosineSimilarity Dice Hinge Huber KLDivergence LogCosh
    MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError MeanSquaredLogarithmicError Poisson
    SparseCategoricalCrossentropy SquaredHinge Tversky"""
)
_METRICS: Final = _split(
    """AUC Accuracy BinaryAccuracy BinaryCrossentropy BinaryIoU CategoricalAccuracy CategoricalCrossentropy
    CategoricalHinge ConcordanceCorrelation CosineSimilarity F1Score FBetaScore FalseNegatives FalsePositives Hinge IoU
    KLDivergence LogCoshError Mean MeanAbsoluteError MeanAbsolutePercentageError MeanIoU MeanMetricWrapper
    MeanSquaredError MeanSquaredLogarithmicError OneHotIoU OneHotMeanIoU PearsonCorrelation Poisson Precision
    PrecisionAtRecall R2Score Recall RecallAtPrecision RootMeanSquaredError SensitivityAtSpecificity
    SparseCategoricalAccuracy SparseCategoricalCrossentropy SparseTopKCategoricalAccuracy SpecificityAtSensitivity
    SquaredHinge Sum TopKCategoricalAccuracy TrueNegatives TruePositives"""
)
_LOSS_FUNCTIONS: Final = _split(
    """binary_crossentropy binary_focal_crossentropy categorical_crossentropy categorical_focal_crossentropy
    categorical_generalized_cross_entropy categorical_hinge circle cosine_similarity ctc dice hinge huber kl_divergence
    log_cosh mean_absolute_error mean_absolute_percentage_error mean_squared_error mean_squared_logarithmic_error poisson
    sparse_categorical_crossentropy squared_hinge tversky"""
)
_METRIC_FUNCTIONS: Final = _split(
    """binary_accuracy categorical_accuracy concordance_correlation pearson_correlation sparse_categorical_accuracy
    sparse_top_k_categorical_accuracy top_k_categorical_accuracy"""
)
_SHORT: Final = _split("bce BCE kld KLD mae MAE mape MAPE mse MSE msle MSLE")
_INITIALIZERS: Final = _split(
    """Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity LecunNormal LecunUniform Ones Orthogonal
    RandomNormal RandomUniform STFT TruncatedNormal VarianceScaling Zeros"""
)
_REGULARIZERS: Final = _split("L1 L1L2 L2 OrthogonalRegularizer")
_CONSTRAINTS: Final = _split("MaxNorm MinMaxNorm NonNeg UnitNorm")

ACTIVATIONS: Final = _split(
    """celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear log_sigmoid
    log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus sparse_sigmoid
    sparsemax squareplus swish tanh tanh_shrink threshold"""
)

CLASSES: Final[Mapping[str, frozenset[str]]] = {
    "keras": _split("DTypePolicy Sequential"),
    "keras.src.models.functional": _split("Functional"),
    "keras.layers": _split(
        """Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D
        AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add AdditiveAttention AlphaDropout Attention AugMix
        AutoContrast Average AveragePooling1D AveragePooling2D AveragePooling3D BatchNormalization Bidirectional
        CategoryEncoding CenterCrop Concatenate ContrastLimitedAdaptiveHistogramEqualization Conv1D Conv1DTranspose Conv2D
        Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D Cropping1D Cropping2D Cropping3D CutMix
        Dense DepthwiseConv1D DepthwiseConv2D Discretization Dot Dropout ELU EinsumDense Embedding Equalization Flatten
        GRU GRUCell GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D
        GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization GroupQueryAttention HashedCrossing
        Hashing Identity InputLayer IntegerLookup LSTM LSTMCell Lambda LayerNormalization LeakyReLU Masking
        MaxNumBoundingBoxes MaxPooling1D MaxPooling2D MaxPooling3D Maximum MelSpectrogram Minimum MixUp MultiHeadAttention
        Multiply Normalization PReLU Permute Pipeline RMSNormalization RNN RandAugment RandomBrightness
        RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform RandomErasing RandomFlip
        RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation
        RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom ReLU RepeatVector Rescaling Reshape
        Resizing ReversibleEmbedding STFTSpectrogram SeparableConv1D SeparableConv2D SimpleRNN SimpleRNNCell Softmax
        Solarization SpatialDropout1D SpatialDropout2D SpatialDropout3D SpectralNormalization StackedRNNCells StringLookup
        Subtract TextVectorization TimeDistributed UnitNormalization UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D
        ZeroPadding2D ZeroPadding3D"""
    ),
    "keras.initializers": _INITIALIZERS | {"OrthogonalInitializer"},
    "keras.regularizers": _REGULARIZERS,
    "keras.constraints": _CONSTRAINTS,
    "keras.random": _split("SeedGenerator"),
    "keras.optimizers": _split(
        """Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Lamb Lion LossScaleOptimizer MultiOptimizer Muon Nadam
        OptimizerMap RMSprop SGD ScheduleFreeAdamW"""
    ),
    "keras.optimizers.schedules": _split(
        "CosineDecay CosineDecayRestarts ExponentialDecay InverseTimeDecay PiecewiseConstantDecay PolynomialDecay"
    ),
    "keras.losses": _LOSSES,
    "keras.metrics": _METRICS,
    "keras.dtype_policies": _split(
        """AWQDTypePolicy DTypePolicy DTypePolicyMap FloatDTypePolicy GPTQDTypePolicy Int4DTypePolicy QuantizedDTypePolicy
        QuantizedFloat8DTypePolicy"""
    ),
    "keras.quantizers": _split(
        "AWQConfig AbsMaxQuantizer Float8QuantizationConfig GPTQConfig Int4QuantizationConfig Int8QuantizationConfig"
    ),
}  # fmt: skip
"""The classes by the module that a configuration names; those of operations are in ``operations.json``."""

FUNCTIONS: Final = _LOSS_FUNCTIONS | _METRIC_FUNCTIONS
"""The functions that a metric may be made of."""

TRAINING_NAMES: Final = frozenset({"accuracy", "acc", "crossentropy", "ce"}) | _SHORT | FUNCTIONS | _LOSSES | _METRICS
"""The names that stand for a loss or a metric in a compile configuration."""

CONTENT_ONLY: Final = _split("vocabulary idf_weights")
"""Arguments that Keras takes for the path of a file, or a URL, where they are a text."""

TEXTS: Final[Mapping[str, frozenset[str]]] = {
    "average": _split("macro micro weighted"),
    "class_aggregation": _split("uniform_average variance_weighted_average"),
    "curve": _split("ROC PR"),
    "data_format": _split("channels_first channels_last"),
    "distribution": _split("normal truncated_normal uniform untruncated_normal"),
    "fill_mode": _split("constant nearest reflect wrap"),
    "interpolation": _split("area bicubic bilinear gaussian lanczos3 lanczos5 mitchellcubic nearest"),
    "merge_mode": _split("ave concat mul sum"),
    "mode": _split(
        """angle columns fan_avg fan_in fan_out horizontal horizontal_and_vertical imag log magnitude psd real rows stft
        vertical"""
    ),
    "output_mode": _split("binary count int multi_hot one_hot tf_idf"),
    "padding": _split("causal same valid"),
    "reduction": _split("mean mean_with_sample_weight none sum sum_over_batch_size"),
    "scaling": _split("density spectrum"),
    "score_mode": _split("concat dot"),
    "side": _split("imag real"),
    "split": _split("character whitespace"),
    "standardize": _split("lower lower_and_strip_punctuation strip_punctuation"),
    "summation_method": _split("interpolation majoring minoring"),
    "use_cudnn": _split("auto"),
    "window": _split("hamming hann"),
}
"""Arguments that are a word, and the words that Keras has for them."""

FREE_TEXTS: Final = _split(
    "bias_axes bounding_box_format encoding equation exclude_layers mask_token mask_value oov_method oov_token"
)
"""Arguments that are a text which Keras looks nothing up by."""

_DTYPE: Final = re.compile(
    r"(?:(?:int4|int8|float8|gptq|awq)[/\w]*_from_)?(?:mixed_)?"
    r"(?:bfloat16|float(?:16|32|64|8_\w+)|u?int(?:4|8|16|32|64)|complex(?:64|128)|bool|string|str)"
)
_QUANTIZED: Final = re.compile(r"(?:int4|int8|float8|gptq|awq)(?:/-?\d+)*")

DTYPES: Final = _split(
    "bool bfloat16 float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 complex64 complex128"
)
"""The dtypes of constants."""

_NAMES: Final[Mapping[str, frozenset[str]]] = {
    "activation": ACTIVATIONS,
    "initializer": _INITIALIZERS | _split("IdentityInitializer OrthogonalInitializer normal one uniform zero"),
    "regularizer": _REGULARIZERS | _split("l1l2"),
    "constraint": _CONSTRAINTS,
}  # fmt: skip


def is_allowed(module: object, class_name: object) -> bool:
    """Whether a class is one of Keras 3 that a model file may hold, an operation included."""
    if not isinstance(module, str) or not isinstance(class_name, str):
        return False
    if class_name in CLASSES.get(module, ()):
        return True
    operation = find_node(module, class_name) if module.startswith("keras.src.ops.") else None
    return operation is not None and (operation.module, operation.class_name) == (module, class_name)


def is_word(key: str, text: str) -> bool:
    """Whether an argument of a class of Keras 3 can be this text: a word of its own, a dtype, or any text."""
    if key in FREE_TEXTS:
        return True
    if key.endswith("dtype"):
        return _DTYPE.fullmatch(text) is not None
    return text in TEXTS.get(key, ()) or (key == "mode" and _QUANTIZED.fullmatch(text) is not None)


def names_of(key: str) -> frozenset[str] | None:
    """The names that an argument can hold in place of an object of Keras 3; None where it holds no such names."""
    return _list_spellings().get(key.rpartition("_")[2])


@cache
def _list_spellings() -> dict[str, frozenset[str]]:
    """The names of each kind of object, those of classes in both cases."""
    return {
        kind: names if kind == "activation" else names | {spell_in_snake_case(name) for name in names}
        for kind, names in _NAMES.items()
    }
