const debian = (packages) => `on Debian: apt-get install ${packages}`;

/** What `requirement` of `@residual/testing` knows: what each adds to the tests, and how to get it. */
export const parts = {
  chromium: { adds: 'tests in a page', get: 'pnpm install, on Linux x64' },
  webgpu: { adds: 'tests of WebGPU, on SwiftShader', get: 'pnpm install, on Linux x64' },
  lavapipe: { adds: 'tests of WebGPU on a second driver', get: 'tooling/lavapipe/setup.sh, on Debian 12' },
  firefox: { adds: 'the engines’ contract in Firefox', get: debian('firefox-esr') },
  rust: { adds: 'tests of the kernels’ crate; rebuilding the kernels', get: 'https://rustup.rs' },
  native: { adds: 'the engine `native`', get: 'Rust, then pnpm build' },
  'tfjs-node': { adds: 'the engine `tensorflow`', get: 'pnpm run native' },
  python: {
    adds: 'checks of exported files by PyTorch and ONNX',
    get: debian('python3-torch python3-torchvision python3-onnx python3-pil'),
  },
  'protocol-clients': {
    adds: 'Triton’s and KServe’s clients against the server',
    get: 'tooling/protocol-clients/setup.sh',
  },
  aarch64: {
    adds: 'the kernels for ARM, emulated',
    get: debian('qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross'),
  },
  data: { adds: 'real weights and photographs', get: 'a folder of them, named by RESIDUAL_DATA' },
};
