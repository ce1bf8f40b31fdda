"""The names that a configuration for Keras 3 may hold, and the arguments that may not name something outside the file.

Keras looks names up in its modules and imports; AnyKeras does not rely on what it then refuses. A class or function that is
not listed here, and is not the user's own, never reaches Keras or a written file. Sources: keras 3.15.1, ``@keras_export`` of
every class, and ``ALL_OBJECTS_DICT`` of the modules whose objects go by name. Not listed are the classes that load or run
something: TFSMLayer, TorchModuleWrapper, JaxLayer, FlaxLayer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .operations import node, snake_case


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
    "keras.initializers": _INITIALIZERS,
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

OBJECTS_ONLY: Final = _split(
    "layer layers cell cells forward_layer backward_layer fn function optimizer optimizers inner_optimizer"
)
"""Arguments that hold an object; a text there would be looked up."""

CONTENT_ONLY: Final = _split("vocabulary idf_weights")
"""Arguments that Keras takes for the path of a file, or a URL, where they are a text."""

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
    operation = node(module, class_name) if module.startswith("keras.src.ops.") else None
    return operation is not None and (operation.module, operation.class_name) == (module, class_name)


def names_of(key: str) -> frozenset[str] | None:
    """The names that an argument can hold in place of an object of Keras 3; None where it holds no such names."""
    kind = key.rpartition("_")[2]
    names = _NAMES.get(kind)
    return names if names is None or kind == "activation" else names | {snake_case(name) for name in names}
