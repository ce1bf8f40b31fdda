"""The pages of what is found in compile configurations."""

from ...findings import Fidelity
from ...registry import Page, document

document(
    Page("AK4001", "An optimizer that Keras 3 does not have",
         "The optimizer is a user-defined class, Keras 1's TFOptimizer around one of TensorFlow, or a class that Keras dropped.",
         "AnyKeras does not guess what steps an unknown optimizer makes.",
         "Predictions are unaffected. The model opens uncompiled. To continue training, pass the class to load_model in "
         "custom_objects, or compile with another optimizer; a converted file cannot hold it.",
         fidelity=Fidelity.LOSSY),
    Page("AK4002", "A user-defined loss or metric",
         "The loss or metric is a function or class of the program that saved the file, or of a third-party package.",
         "Predictions do not need it; training does.",
         "A metric is omitted. If a loss is missing, the model is compiled without any loss, because the other losses alone would train "
         "something else; the optimizer and its state are kept, so `model.compile(model.optimizer, my_loss)` continues training. "
         "Or pass what is missing to load_model in custom_objects.",
         example='anykeras.load_model("model.h5", custom_objects={"my_loss": my_loss})', fidelity=Fidelity.LOSSY),
    Page("AK4003", "decay is a learning rate schedule",
         "`decay` divided the learning rate by `1 + decay * iterations` in Keras 0 to 2 and tf.keras before 2.11.",
         "Keras 3 ignores the argument with a warning: training goes on at another rate.",
         "`InverseTimeDecay(lr, decay_steps=1, decay_rate=decay)`, which is the same formula.", fidelity=Fidelity.EXACT,
         references=("keras 2.3.1 optimizers.py", "keras 3.15.1 src/optimizers/schedules/learning_rate_schedule.py")),
    Page("AK4004", "Nadam's momentum schedule",
         "Nadam of Keras 1, 2 and tf.keras to 2.10 lets its momentum grow with `0.96 ** (0.004 * step)`; since tf.keras 2.11 it is "
         "`0.96 ** step`, and nothing sets that number.",
         "With the state as it is, the first steps would be up to four times too long.",
         "A step goes along the gradient and along the momentum. The product of all momenta and the scale of the kept momentum "
         "are chosen so that both parts of the next step are those of the old Nadam; later steps go over to the schedule of Keras "
         "3. A file of tf.keras 2.11 to 2.15 lacks the product, and tf.keras uses a different one for every weight: AnyKeras uses one "
         "for all, and the next outputs differed by 0.0018 where measured.",
         fidelity=Fidelity.APPROXIMATE,
         references=("keras 2.3.1 optimizers.py", "tensorflow 2.3 python/keras/optimizer_v2/nadam.py",
                     "keras 2.15.0 optimizers/nadam.py", "keras 3.15.1 src/optimizers/nadam.py")),
    Page("AK4005", "A loss scale around the optimizer", "LossScaleOptimizer of tf.keras multiplies the loss against underflow in float16.",
         "Keras 3 does this by itself under a mixed_float16 policy.", "The inner optimizer and its state are kept.",
         fidelity=Fidelity.EQUIVALENT),
    Page("AK4006", "clipnorm was global", "Keras 0 to 2.3 clipped by the norm of all gradients together; Keras 3 clips each alone.",
         "The same number would clip far less.", "`global_clipnorm`.", fidelity=Fidelity.EXACT,
         references=("keras 2.3.1 optimizers.py, get_gradients",)),
    Page("AK4007", "Clipping by norm and by value", "The optimizer clips by norm and by value; Keras 3 takes one of them.",
         "Keras 3 has no equivalent setting.", "The norm is kept; further training may differ.", fidelity=Fidelity.LOSSY),
    Page("AK4008", "epsilon under the root", "RMSprop and Adagrad divided by `sqrt(a) + epsilon`; Keras 3 divides by `sqrt(a + epsilon)`.",
         "With the same number, steps of rarely used weights are much shorter.",
         "`epsilon ** 2`: the same step where `a` is 0 or large, and up to 1.42 times the step where `sqrt(a)` is epsilon. Over "
         "ten steps of an LSTM the loss differed by 0.0002.", fidelity=Fidelity.APPROXIMATE,
         references=("keras 2.3.1 optimizers.py", "keras 3.15.1 src/optimizers/rmsprop.py and adagrad.py")),
    Page("AK4009", "An optimizer argument without a counterpart", "The optimizer has an option that Keras 3 does not have.",
         "Keras 3 has no equivalent setting.", "Predictions are unaffected. The option is ignored; further training may differ.", fidelity=Fidelity.LOSSY),
    Page("AK4010", "A loss with a changed formula",
         "`cosine_proximity` was the mean over the last axis before Keras 2.0.9, and is a sum. `hinge` and `squared_hinge` took labels "
         "as they are before Keras 2.3; Keras 3 turns labels into -1 and 1 where all of them are 0 or 1.",
         "Training would continue at another rate, or for other labels.",
         "The cosine gets a loss weight of one over the size of the axis: the same numbers. A hinge stays: labels of -1 and 1, for "
         "which it is made, give the same; a model that was trained on labels of 0 and 1 trains otherwise.",
         fidelity=Fidelity.APPROXIMATE,
         references=("keras 2.0.8 and 2.0.9 losses.py", "keras 2.3.1 losses.py, _maybe_convert_labels",
                     "keras 3.15.1 src/losses/losses.py, convert_binary_labels_to_hinge")),
    Page("AK4011", "Optimizer state that fits no weight", "The optimizer's variables in the file could not be matched to the model's weights.",
         "Assigning by position where shapes contradict would train the wrong weights.",
         "Predictions are unaffected. If you continue training, the optimizer starts fresh.",
         fidelity=Fidelity.LOSSY),
    Page("AK4012", "Training steps that differed from run to run",
         "Keras 1 and 2 on TensorFlow 1 put the updates of weights and of the step counter into one graph with what reads them, in "
         "no order. A step may have read the counter before or after it grew, and a later layer's weights before or after.",
         "Loading one file again and again and making one step gives two or three results there (docs/training.md counts them).",
         "The order in which the formulas are written, which is one of the results of the old stack. Where measured, outputs after "
         "a step differed between its runs by up to 0.008.",
         fidelity=Fidelity.EQUIVALENT, versions="Keras 1.0 to 2.3 on TensorFlow 1"),
    Page("AK4013", "Moving variances update slightly differently",
         "Keras since 2.1.4 and the fused kernels of TensorFlow multiply the variance of a batch by n / (n - 1) before it goes into the "
         "moving variance of BatchNormalization; Keras 3 does not. On Theano the variance had "
         "epsilon in it. Keras 2.1.3 to 2.2 on TensorFlow 1 also start the moving "
         "averages anew after loading (`zero_debias`), which Keras 3 does not either.",
         "n is the number of values that one mean is over: batch size times image size, not a number that a file knows.",
         "Predictions are unaffected. If you continue training, BatchNormalization's moving variances update slightly differently: by "
         "(1 - momentum) / (n - 1) of their value less in a step. Weights, gradients and outputs in training are the same.",
         fidelity=Fidelity.APPROXIMATE,
         references=("keras 2.1.5 layers/normalization.py", "keras 2.1.5 backend/tensorflow_backend.py, moving_average_update",
                     "keras 3.15.1 src/layers/normalization/batch_normalization.py")),
    Page("AK4014", "sample_weight_mode is not needed", "The model was compiled for weights of single time steps.",
         "Keras 3 has no such argument.", "None: weights of shape (batch, steps) are taken as they come.", fidelity=Fidelity.EXACT),
    Page("AK4015", "Embedding rows that a batch uses twice",
         "Keras 1 and 2 and tf.keras added up the gradients of a row of an Embedding before the optimizer saw them. Keras 3 on "
         "TensorFlow gives the optimizer a list of rows, squares each by itself and scales each by itself.",
         "Steps of Adam, RMSprop and similar optimizers differ wherever a batch holds a token twice: outputs after one step "
         "differed by 0.001 to 0.007 where measured. On jax and torch Keras 3 does it as the old ones did.",
         "`embeddings_regularizer=L2(0)` on the table: a penalty of zero, whose gradient is an array, and so is the sum. The same "
         "steps on every backend. Files of Keras 3 itself are left alone.",
         fidelity=Fidelity.EXACT, versions="files of Keras 1 and 2 and tf.keras",
         references=("keras 2.3.1 optimizers.py", "tensorflow 2.10 keras/optimizer_v2/optimizer_v2.py",
                     "keras 3.15.1 src/backend/tensorflow/sparse.py")),
    Page("AK4016", "Gradient norm of Embedding rows that a batch uses twice",
         "tf.keras clips the gradient of an Embedding by the norm of its list of rows, in which a row stands once for each use.",
         "The norm of the sums is another number, so that more or less is clipped.",
         "Keras 3 takes the norm of the sums. Outputs after a step differed by 0.00007 where measured.",
         fidelity=Fidelity.APPROXIMATE, versions="tf.keras of TensorFlow 1.13 to 2.15",
         references=("keras 2.6 optimizer_v2/utils.py, make_gradient_clipnorm_fn",)),
    Page("AK4017", "Optimizer state of computed weights",
         "A weight of the model was computed from several weights of the file (a kernel and its LoRA update, for example), and the "
         "optimizer kept its momenta for those.",
         "Momenta and means of squares do not follow the arithmetic of weights: the product of two momenta is no momentum.",
         "Predictions are unaffected. The named weights continue with a fresh optimizer state, all others with theirs. With Adam the "
         "first steps of the named weights can be up to three times as long as usual. The bias of an LSTM that was a CuDNNLSTM, "
         "which had two, continues with the state of one: a step moves it once, where it moved both.",
         fidelity=Fidelity.LOSSY),
    Page("AK4050", "Decoupled weight decay",
         "AdamW and SGDW of tensorflow-addons take `weight_decay` times the weight off at every step.",
         "Keras 3 takes `learning_rate * weight_decay` times the weight off: the same number would decay far less.",
         "`weight_decay` divided by the learning rate. Where that follows a schedule, by the rate it starts with; the decay then "
         "falls as the rate does.",
         fidelity=Fidelity.EXACT,
         references=("tensorflow_addons/optimizers/weight_decay_optimizers.py 0.15.0", "keras 3.15.1 src/optimizers/base_optimizer.py")),
    Page("AK4051", "An optimizer of a third-party package",
         "The file was compiled with an optimizer of tensorflow-addons, keras-bert, keras-radam, keras-lookahead, keras-adabound or "
         "another package, or with a user-defined one.",
         "Keras 3 has none that makes the same steps.",
         "Predictions are unaffected. The finding names it and what was saved with it; the model opens uncompiled (AK4001).", fidelity=Fidelity.LOSSY,
         versions="tensorflow-addons 0.15.0: RectifiedAdam, Lookahead, NovoGrad, Yogi, ConditionalGradient, AdaBelief, COCOB, LAMB "
         "with weight decay, ProximalAdagrad with penalties; keras-bert 0.81.0: AdamWarmup"),
    Page("AK4052", "Embedding rows that a batch does not use",
         "Before TensorFlow 2.11, SGD with momentum, RMSprop, Adadelta, Adamax, Nadam and Ftrl of tf.keras leave rows of an embedding "
         "alone that a batch does not use; so do LazyAdam, AdamW and SGDW of tensorflow-addons.",
         "Keras 3 moves all rows by their momentum, sums and weight decay.",
         "Keras 3 has no equivalent setting. Where measured with half of the rows unused, outputs after a step differed by 0.02 "
         "for momentum, 0.004 for Adamax and 0.12 for Ftrl.",
         fidelity=Fidelity.APPROXIMATE,
         references=("tf.keras 2.6 optimizer_v2/*.py, _resource_apply_sparse", "tensorflow_addons/optimizers/lazy_adam.py 0.15.0")),
    Page("AK4054", "The focal loss of tensorflow-addons",
         "SigmoidFocalCrossEntropy of tensorflow-addons sums over the last axis; BinaryFocalCrossentropy of Keras 3 takes the mean.",
         "Its default is no reduction over the batch: tf.keras then sums the gradients and reports the mean.",
         "BinaryFocalCrossentropy with balancing and a loss weight of the size of the axis, summed over the batch where the loss was "
         "not reduced: the same steps. The loss that is reported is then the sum.", fidelity=Fidelity.EQUIVALENT,
         references=("tensorflow_addons/losses/focal_loss.py 0.15.0", "keras 3.15.1 src/losses/losses.py")),
    Page("AK4053", "Averages of the weights beside the optimizer",
         "MovingAverage and SWA of tensorflow-addons keep a mean of every weight beside the optimizer that they wrap.",
         "Keras 3 has `use_ema`, which puts the means into the model at the end of `fit`; these were put there by hand.",
         "The wrapped optimizer continues with its state: the same steps. The averages are dropped.", fidelity=Fidelity.LOSSY,
         references=("tensorflow_addons/optimizers/average_wrapper.py 0.15.0", "keras 3.15.1 src/optimizers/base_optimizer.py")),
)  # fmt: skip
