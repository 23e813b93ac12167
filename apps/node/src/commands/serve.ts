import { Command } from 'commander';
import { decodeOptions, optionalModelOptions } from './model-options.ts';

/** `residual serve`. */
export function serveCommand(signal: AbortSignal): Command {
  const command = new Command('serve').description(
    'Answer requests over HTTP and gRPC by the Open Inference Protocol v2.',
  );
  decodeOptions(optionalModelOptions(command));
  const maxPixels = command.options.find(({ long }) => long === '--max-pixels')!;
  maxPixels.description = 'of a picture, 3 bytes of memory each (default: 50000000)';
  return command
    .option('--models <folder>', 'instead of --model: weights in FOLDER/NAME/VERSION, a file or a folder each')
    .option('--name <name>', "what the model is called in addresses (default: the network's name)")
    .option('--host <address>', 'where to listen; 0.0.0.0 for everybody who can reach this machine', '127.0.0.1')
    .option('--port <n>', '0 for any that is free', '8080')
    .option('--grpc-port <n>', 'where gRPC listens (default: nowhere); it needs @grpc/grpc-js and @grpc/proto-loader')
    .option('--batch <n>', 'most pictures that are computed at once', '8')
    .option('--wait <ms>', 'longest that a picture waits for others to come', '2')
    .option('--picture-threads <n>', 'that decode and prepare pictures; 0: the one that answers', '1')
    .option('--queue <n>', 'most pictures that wait; beyond them the answer is 503', '256')
    .option('--queue-mb <n>', 'most megabytes of requests and pictures that wait', '512')
    .option('--max-body <mb>', 'longest body of a request, in megabytes', '64')
    .option('--timeout <ms>', 'how long a request may take where it says nothing', '30000')
    .option('--drain <ms>', 'how long requests are still taken after SIGTERM, while ready says 503', '0')
    .option('--traces', 'spans for the OpenTelemetry SDK that is loaded with --import; it needs @opentelemetry/api')
    .option('--log', 'a line of JSON on stdout for each answer: route, status, bytes, milliseconds')
    .addHelpText(
      'after',
      `
Addresses: /v2 and below it (metadata, infer, health, repository, stats), POST /v1/classify, /v1/embed and /v1/explain
with a picture as the body, /metrics. With RESIDUAL_TOKEN set, all but health want "Authorization: Bearer TOKEN".
SIGTERM and Ctrl-C: what is accepted is answered first. Behind a balancer, --drain gives it time to send no more.

Examples:
  residual serve
  residual serve --model resnet50
  residual serve --model resnet18 --weights resnet18.pth --host 0.0.0.0 --port 8080 --log
  residual serve --models models
  curl -H 'Content-Type: image/jpeg' --data-binary @photo.jpg http://127.0.0.1:8080/v1/classify`,
    )
    .action(async (flags) => {
      const { serveModels } = await import('../serve/serve-models.ts');
      process.exitCode = await serveModels(flags, signal);
    });
}
