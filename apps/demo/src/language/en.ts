import type { Shortcut } from '../lab/protocol.ts';
import type { Step } from '../session/worker/protocol.ts';

const steps: Readonly<Record<Step, (subject: string) => string>> = {
  start: () => 'Starting',
  read: (file) => `Reading ${file}`,
  download: (name) => `Downloading ${name}`,
  build: (model) => `Building ${model || 'the model'}`,
  compile: () => 'Compiling',
  decode: (file) => `Decoding ${file || 'the picture'}`,
  run: (model) => `Running ${model}`,
  firstRun: (model) => `First run of ${model}, the slowest`,
  explain: (layer) => `Explaining at ${layer}`,
  measure: (name) => `Measuring ${name}`,
};

const shortcuts: Readonly<Record<Shortcut, string>> = {
  none: 'none: a plain net',
  A: 'A: identity, zero padding',
  B: 'B: identity, projection',
};

const states = {
  running: (percent: number, device: string) => `${percent} %${device && ` on ${device}`}`,
  ended: (_: number, device: string) => `done on ${device}`,
  stopped: (percent: number) => `stopped at ${percent} %`,
  failed: () => 'failed',
};

/** What the page says, but for what the libraries say. */
export const en = {
  description: 'Deep residual networks, computed in your browser. Your picture and your weights stay on this device.',
  language: 'Language',
  tabs: { classify: 'Classify', explain: 'Explain', compare: 'Compare', lab: 'Degradation lab', learn: 'Learn' },
  paper: 'After K. He, X. Zhang, S. Ren, J. Sun: ',
  steps,
  startAgain: 'Start again',
  cancel: 'Cancel',
  take: (model: string) => `Use ${model}`,
  picture: {
    heading: 'Picture',
    choose: 'Choose pictures',
    another: 'Choose others',
    anywhere: ', one or several, or drop or paste them anywhere on the page.',
    orDrop: ', or drop or paste them.',
    yours: (name: string) => `Your picture ${name}`,
    size: (name: string, width: number, height: number) => `${name}, ${width} × ${height} pixels`,
    turned: (orientation: number) =>
      `Turned upright by EXIF orientation ${orientation}. PyTorch reads such a picture as it is stored, so its answer may differ.`,
    samples: 'Or a sample:',
    sample: (label: string) => `Sample: ${label}`,
    camera: 'Camera',
    cameraOff: 'Camera off',
  },
  network: {
    heading: 'Network',
    weights: 'Weights',
    embedded: 'CIFAR-10, included in this page',
    yours: 'a file or an address',
    catalogue: 'ImageNet, downloaded and kept',
    offer: (mebibytes: number) => `Use ImageNet’s ResNet-18: 1,000 classes, a download of ${mebibytes} MiB`,
    address: 'Address of weights',
    load: 'Load',
    chooseWeights: 'Choose a file',
    model: 'Model',
    asTold: 'recognised from the weights',
    computeOn: 'Compute on',
    best: 'the best available',
    howToHeading: 'Weights of your own',
    howTo:
      'Choose or drop a file of ResNet weights: .pth, .ckpt, .safetensors, .h5, …, from torchvision, timm, Hugging Face, Keras or your own training. From PyTorch:',
    told: ', recognised from the weights',
    size: (millions: string, classes: number, edgePx: number) =>
      `: ${millions} M parameters, ${classes.toLocaleString('en')} ${classes === 1 ? 'class' : 'classes'}, pictures of ${edgePx} × ${edgePx}.`,
    allFit: 'all fit, none missing',
    fit: (missing: number, unused: number) => `${missing} missing, ${unused} not used`,
    takenCareOf: 'Handled: ',
    computesWith: 'Computes with ',
    runsOn: (device: string) => ` on ${device}.`,
    passedOver: (name: string) => `${name} was passed over: `,
  },
  list: {
    heading: (count: number) => `${count} pictures`,
    note: 'The network takes the pictures in batches of up to 8. The time of a picture is its own decoding and resizing plus its share of its batch; the first batch of each size is slower. Choose a picture to see its full result.',
  },
  answer: {
    heading: 'Answer',
    of: (picture: string) => `Answer for ${picture}`,
    runAgain: 'Run again',
    class: (index: number) => `class ${index}`,
    took: (network: string, first: boolean, resizing: string | undefined) =>
      `Network ${network}${first ? ' (the first run, which is the slowest)' : ''}, resizing ${resizing ?? 'on the GPU included'}.`,
    framesPerSecond: (rate: string) => `${rate} pictures a second`,
    waitsForBoth: 'Waiting for weights and a picture.',
    waitsForWeights: 'Waiting for weights.',
    waitsForPicture: 'Waiting for a picture.',
  },
  explain: {
    heatmap: 'Where the network sees the class',
    class: 'Class',
    likeliest: 'the likeliest',
    layer: 'Layer',
    opacity: 'Opacity',
    heatmapOf: (label: string) => `Grad-CAM of ${label} over the picture, blue to red`,
    seen: (label: string, percent: string, layer: string) => `${label}, ${percent} %, seen at ${layer}.`,
    heatmapNote:
      'Grad-CAM (Selvaraju et al. 2017): the channels of a layer, weighted by how the class’s logit grows with them. The map lies over the crop that the network gets. The last stage needs no gradients; earlier layers take longer the first time.',
    more: 'More explanations',
    features: 'Feature maps',
    channels: (shape: string, shown: number) => `${shape}, the first ${shown} channels, each from black to white.`,
    network: (model: string) => `${model}, block by block`,
    networkNote:
      'From the picture down to the classes. A bar is a convolution and an arc is a shortcut: solid for the identity, dashed for a projection or padding.',
    measure: 'Measure where the time goes',
    measured: (engine: string, total: string) =>
      `On ${engine}, each step of a run is timed by itself; medians of five runs: ${total} in all.`,
    part: 'Part',
    shape: 'Output',
    parameters: 'Parameters',
    multiplyAdds: 'Multiply-adds',
    time: 'Time',
    waitsForWeights: 'Waiting for weights: choose them in the Classify tab.',
    waitsForPicture: 'Choose a picture in the Classify tab; this tab then shows what the network sees in it.',
  },
  compare: {
    heading: 'The same picture on every engine',
    intro:
      'Each engine loads the network of the Classify tab in its own worker, compiles it and runs it five times: the plan on WebGPU, the same graph on TensorFlow.js’s WebGPU, Residual’s kernels in WebAssembly, and the graph on TensorFlow.js’s WASM.',
    run: 'Compare',
    stop: 'Stop',
    stopped: 'stopped',
    waits: 'Waiting for weights and a picture: choose them in the Classify tab.',
    engine: 'Engine',
    compile: 'Compile',
    first: 'First run',
    warm: 'Warm run',
    memory: 'Memory',
    dispatches: 'Dispatches',
    difference: 'Difference',
    note: 'Memory: for the plan, all GPU buffers; for the others, the weights as they hold them. Difference: how far any logit is from the first engine’s at most, divided by that engine’s largest logit.',
  },
  report: {
    heading: 'A report of this GPU',
    intro:
      'Runs the network on WebGPU in float32 and in float16, on your picture and the samples. The report says what the adapter is, how long every layer takes and how it is computed, and how far the two precisions differ. If you have compared engines, it includes the table above. It stays on this device unless you give it to somebody.',
    write: 'Write a report',
    copy: 'Copy',
    copied: 'Copied',
    save: 'Save',
    contents: 'Contents of the report',
    parity: (same: number, of: number, share: string) =>
      `Float16 gives the same class as float32 on ${same} of ${of} pictures; logits differ by ${share} of the largest. `,
    times: (exact: string, half: string) => `Warm: float32 ${exact}, float16 ${half}.`,
  },
  lab: {
    heading: 'Does deeper mean better?',
    intro:
      'Train networks of the kind that He et al. used for CIFAR-10. The data are drawn pictures of ten shapes: 640 for training, 160 for testing. One button trains a plain net and a residual net of the same depth side by side. Start with 8 layers, then try 44. In a plain net, more layers soon make even the training error worse; with shortcuts they do not. The nets have 8, 16 and 32 channels. Training is fast on WebGPU; elsewhere it takes patience.',
    depth: 'Depth',
    layers: (depth: number) => `${depth} layers`,
    shortcut: 'Shortcut',
    shortcuts,
    compare: 'Compare plain and residual',
    train: 'Train one',
    stop: 'Stop',
    clear: 'Clear',
    errors: 'Errors by epoch: training dashed, test solid',
    losses: 'Loss by step',
    epoch: 'epoch',
    step: 'step',
    errorAxis: 'error, %',
    lossAxis: 'loss',
    experiment: 'The same experiment at full size',
    experimentNote:
      'Trained on CIFAR-10 by the residual command; the results are committed with the project. The table has the final errors, averaged over the seeds; the curves show the first seed.',
    seeds: 'Seeds',
    epochs: 'Epochs',
    net: 'Net',
    progress: 'Progress',
    trainError: 'training error',
    testError: 'test error',
    states,
    name: (depth: number, shortcut: Shortcut) =>
      shortcut === 'none' ? `plain ${depth}` : `residual ${depth}, ${shortcut}`,
  },
  learn: {
    heading: 'Why residual networks',
    degradation: [
      'A deeper network can do everything that a shallower one can: the added layers only have to pass on what they get. So its training error should be no higher. But gradient descent does not find that solution in plain networks: past some depth, both the training error and the test error go up. This is not overfitting, which would lower the training error. It is called degradation, and the lab shows it.',
      'Residual learning changes what the layers have to learn. Instead of the desired function H(x), a few layers learn the residual F(x) = H(x) − x, and a shortcut adds x again: y = F(x) + x. To pass on x, the layers only have to push F to zero, which is easy. Most of a deep network seems to be close to the identity, so only a small correction is left to learn. The shortcut has no parameters and costs only one addition.',
    ],
    blocksHeading: 'Two blocks',
    basicBlock: (weights: string) =>
      `Two 3×3 convolutions, here at 64 channels: ${weights} weights. Used in ResNet-18 and 34.`,
    bottleneck: (weights: string) =>
      `1×1 narrows, 3×3 computes, 1×1 widens again, here 256 – 64 – 64 – 256: ${weights} weights, fewer for four times the channels. Used in ResNet-50, 101 and 152.`,
    blocks: [
      'Batch norm follows each convolution, and then ReLU. Only the last convolution’s ReLU waits until after the addition.',
      'At the start of a stage, the picture is halved and the channels double, so x and F(x) have different shapes. Option A takes every other pixel and fills the new channels with zeros: no parameters. Option B, which the published ImageNet networks use, projects x by a 1×1 convolution with stride 2. Within a stage the shortcut is the identity.',
      'torchvision’s _make_layer decides where: the first block of a stage gets a projection if its stride is not 1 or if its output has other channels than its input; all other blocks have the identity. So the first stage of ResNet-18 has no projection, and the first stage of ResNet-50 has one, because the channels grow from 64 to 256.',
    ],
    layersHeading: 'The networks',
    layers:
      'A 7×7 convolution with stride 2 and a max pooling, four stages of blocks with 64, 128, 256 and 512 channels (four times as many between bottlenecks), a global average and one linear layer. The numbers below are counted now, in networks that this page builds:',
    network: 'Network',
    block: 'Block',
    perStage: 'Blocks in each stage',
    parameters: 'Parameters',
    multiplyAdds: 'Multiply-adds at 224²',
    tryHeading: 'Try a network',
    tryIntro:
      'The paper’s nets for CIFAR-10. Choose a depth and a shortcut: the page builds the net of this code, counts its parameters and takes its first training step. Compare the gradients of plain 56 and residual 56.',
    tried: (parameters: string, millions: string) =>
      `${parameters} parameters, ${millions} million multiply-adds for a picture of 32 × 32.`,
    triedNote:
      'Gradient: the root mean square over the filters of a block, for ten pictures of the lab, one of each class. The weights have Kaiming’s initial values; nothing is learned yet.',
    part: 'Part',
    outputShape: 'Output',
    gradient: 'Gradient at the first step',
    startHeading: 'How training starts',
    start: [
      'ReLU lets only half of a signal through, so weights drawn with variance 2 / (kernel² · channels out) keep the size of gradients from layer to layer: Kaiming initialisation, fan out. Batch norm starts with scale 1 and shift 0.',
      'During training, batch norm brings each channel to mean 0 and variance 1 over the batch; afterwards it uses running averages. Batch norm is why plain networks of this depth train at all. With it, their gradients do not vanish, and still they degrade.',
    ],
    sourcesHeading: 'Sources',
  },
};

export type Texts = typeof en;
