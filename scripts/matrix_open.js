// Opens folders for TensorFlow.js in TensorFlow.js itself, all in one process, and compares outputs: matrix_open.py for tfjs.
//
//     node scripts/matrix_open.js NODE_MODULES LIST
//
// NODE_MODULES is the folder that holds @tensorflow/tfjs. LIST and what is printed are those of matrix_open.py.
const fs = require('fs'), path = require('path'), zlib = require('zlib');
const [modules, list] = process.argv.slice(2);
process.env.TF_CPP_MIN_LOG_LEVEL = '3';
console.warn = console.info = () => {};
const tf = require(path.join(modules, '@tensorflow/tfjs'));

// The members of an .npz by name: a zip of .npy, by its central directory.
function readNpz(file) {
  const data = fs.readFileSync(file), found = {};
  let end = data.length - 22;
  while (data.readUInt32LE(end) !== 0x06054b50) end--;
  let at = data.readUInt32LE(end + 16);
  for (let i = data.readUInt16LE(end + 10); i > 0; i--) {
    const [method, size] = [data.readUInt16LE(at + 10), data.readUInt32LE(at + 20)];
    const [name, extra, note] = [28, 30, 32].map(offset => data.readUInt16LE(at + offset));
    const local = data.readUInt32LE(at + 42);
    const start = local + 30 + data.readUInt16LE(local + 26) + data.readUInt16LE(local + 28);
    const raw = data.subarray(start, start + size);
    found[data.toString('utf8', at + 46, at + 46 + name).replace(/\.npy$/, '')] = () => readNpy(method ? zlib.inflateRawSync(raw) : raw);
    at += 46 + name + extra + note;
  }
  return found;
}

const READERS = {f4: ['readFloatLE', 4], f8: ['readDoubleLE', 8], i4: ['readInt32LE', 4], i2: ['readInt16LE', 2], i1: ['readInt8', 1],
  u1: ['readUInt8', 1], b1: ['readUInt8', 1], u2: ['readUInt16LE', 2], u4: ['readUInt32LE', 4], i8: ['readBigInt64LE', 8], f2: ['readUInt16LE', 2]};

function half(bits) {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * fraction / 1024);
}

function readNpy(data) {
  const wide = data[6] > 1, length = wide ? data.readUInt32LE(8) : data.readUInt16LE(8), start = (wide ? 12 : 10) + length;
  const header = data.toString('latin1', wide ? 12 : 10, start);
  const kind = /'descr': '[<|=]?(\w+)'/.exec(header)[1], order = /'fortran_order': True/.test(header);
  const shape = /'shape': \(([^)]*)\)/.exec(header)[1].split(',').filter(text => text.trim()).map(Number);
  if (!(kind in READERS) || order) throw new Error(`an array of ${kind}`);
  const [reader, size] = READERS[kind], values = new Float64Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < values.length; i++) {
    const value = data[reader](start + i * size);
    values[i] = kind === 'f2' ? half(value) : Number(value);
  }
  return {shape, values, whole: /^[iub]/.test(kind)};
}

// The folder as loadLayersModel takes it.
function handler(folder) {
  return {load: async () => {
    const model = JSON.parse(fs.readFileSync(path.join(folder, 'model.json')));
    const bytes = Buffer.concat(model.weightsManifest.flatMap(group => group.paths).map(name => fs.readFileSync(path.join(folder, name))));
    return {modelTopology: model.modelTopology, format: model.format, trainingConfig: model.trainingConfig,
      weightSpecs: model.weightsManifest.flatMap(group => group.weights), weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)};
  }};
}

function differs(found, wanted, tolerance) {
  if (found.length !== wanted.length) return `${found.length} outputs for ${wanted.length}`;
  for (let i = 0; i < found.length; i++) {
    if (found[i].shape.join() !== wanted[i].shape.join()) return `shape ${found[i].shape} for ${wanted[i].shape}`;
    const values = found[i].dataSync(), absolute = tolerance < 1e-3 ? tolerance / 10 : tolerance;
    let largest = 0, wrong = false;
    wanted[i].values.forEach((value, k) => {
      if (Number.isNaN(value) && Number.isNaN(values[k])) return;
      const difference = Math.abs(values[k] - value);
      if (!(difference <= absolute + tolerance * Math.abs(value))) wrong = true;
      if (!(difference <= largest)) largest = difference;
    });
    if (wrong) return `largest difference ${largest}`;
  }
  return '';
}

async function judge(job) {
  const found = {name: job.name, opens: false, right: false, seen: ''};
  try {
    const model = await tf.loadLayersModel(handler(job.file));
    found.opens = true;
    const recording = readNpz(job.recording);
    const inputs = job.inputs.map((_, i) => recording[`in${i}`]()).map(x => tf.tensor(Array.from(x.values), x.shape, x.whole ? 'int32' : 'float32'));
    const wanted = Array.from({length: job.outputs}, (_, i) => recording[`out${i}`]());
    const outputs = model.predict(inputs.length > 1 ? inputs : inputs[0], {batchSize: Math.max(inputs[0].shape[0], 1)});
    found.seen = differs(Array.isArray(outputs) ? outputs : [outputs], wanted, job.tolerance ?? 1e-4);
    found.right = !found.seen;
    found.compiled = Boolean(model.optimizer);
    model.dispose();
  } catch (error) {
    found.seen = String(error.stack || error).slice(0, 900);
  }
  return found;
}

(async () => {
  for (const job of JSON.parse(fs.readFileSync(list))) console.log('@' + JSON.stringify(await judge(job)));
})();
