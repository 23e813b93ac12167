import { createServer, type ServerResponse } from 'node:http';
import { env, InferenceSession, Tensor } from 'onnxruntime-node';

// What one would write without a serving library: node:http in front of onnxruntime-node, with the same batching.
//   node plain-server.js MODEL.onnx EDGE THREADS BATCH WAIT_MS
const [file = '', edge = '224', threads = '2', batch = '8', wait = '2'] = process.argv.slice(2);
const size = 3 * Number(edge) ** 2;

interface Waiting {
  readonly picture: Float32Array;
  readonly response: ServerResponse;
  readonly sinceMs: number;
}

const session = await InferenceSession.create(file, { intraOpNumThreads: Number(threads), interOpNumThreads: 1 });
const waiting: Waiting[] = [];
let isComputing = false;

const server = createServer((request, response) => {
  const bytes = new Uint8Array(size * 4);
  let read = 0;
  request.on('data', (part: Buffer) => {
    bytes.set(part, read);
    read += part.length;
  });
  request.on('end', () => {
    waiting.push({ picture: new Float32Array(bytes.buffer), response, sinceMs: performance.now() });
    void compute();
  });
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as { port: number };
  process.stdout.write(`ONNX Runtime ${env.versions.node} on http://127.0.0.1:${port}\n`);
});

async function compute(): Promise<void> {
  if (isComputing) return;
  isComputing = true;
  while (waiting.length > 0) {
    const leftMs = Number(wait) - (performance.now() - waiting[0]!.sinceMs);
    if (waiting.length < Number(batch) && leftMs > 0) {
      await new Promise((resolve) => setTimeout(resolve, leftMs));
      continue;
    }
    const taken = waiting.splice(0, Number(batch));
    const pictures = new Float32Array(taken.length * size);
    for (const [index, { picture }] of taken.entries()) pictures.set(picture, index * size);
    const image = new Tensor('float32', pictures, [taken.length, 3, Number(edge), Number(edge)]);
    const { logits } = await session.run({ image });
    const values = logits!.data as Float32Array;
    const row = values.length / taken.length;
    for (const [index, { response }] of taken.entries())
      response.end(Buffer.from(values.buffer, values.byteOffset + index * row * 4, row * 4));
  }
  isComputing = false;
}
