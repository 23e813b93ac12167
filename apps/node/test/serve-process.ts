import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { onTestFinished } from 'vitest';

export interface Running {
  readonly child: ChildProcess;
  readonly address: string;
  readonly grpc: string | undefined;
  /** Lines on stdout. */
  readonly lines: string[];
  readonly ended: Promise<number | null>;
}

/** The built command, listening on free ports unless `args` say which. */
export async function serve(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Running> {
  const main = resolve(import.meta.dirname, '../dist/main.js');
  const child = spawn(process.execPath, [main, 'serve', '--port', '0', ...args], {
    env: { ...process.env, RESIDUAL_NO_PACKED: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => lines.push(...text.trim().split('\n')));
  let said = '';
  const ended = new Promise<number | null>((done) => child.on('close', done));
  const [, address = '', grpc] = await new Promise<RegExpExecArray>((found, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const line = /serving on (\S+?)(?:, gRPC on (\S+))?; /.exec(said);
      if (line) found(line);
    });
    child.on('close', () => reject(new Error(`it ended: ${said}`)));
  });
  return { child, address, grpc, lines, ended };
}
