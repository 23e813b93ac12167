// One thread of residual-kernels-threads.wasm: takes part in runs until the program is disposed. As it sleeps in the
// module between runs, it hears no messages; what it needs comes once, and then by the shared memory.
const isNode = globalThis.process?.versions?.node !== undefined;

async function work(data, post) {
  const { module, memory, session, worker, stackEnd } = data;
  const now = () => (performance.timeOrigin + performance.now()) * 1e6;
  const host = { run_ended: () => post('ended'), now };
  const { exports } = await WebAssembly.instantiate(module, { env: { memory }, host });
  exports.__stack_pointer.value = stackEnd;
  post('ready');
  exports.serve(session, worker);
}

// No await at the top: bundlers make classic workers of this by default.
if (isNode) {
  // By a variable, in which bundlers see no module to look for.
  const threads = 'node:worker_threads';
  import(/* @vite-ignore */ /* webpackIgnore: true */ threads).then(({ parentPort, workerData }) =>
    work(workerData, (message) => parentPort.postMessage(message)),
  );
} else {
  globalThis.onmessage = async ({ data }) => {
    await work(data, (message) => globalThis.postMessage(message));
    globalThis.close();
  };
}
