import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { processMemoryMB } from '../process-memory.ts';

/** A server in a process of its own. */
export interface ServerProcess {
  readonly address: string;
  /** The memory that it has, and the most that it has had at once; Linux alone knows. */
  residentMB(): number;
  peakMB(): number;
  /** Files and sockets that it has open; again on Linux. */
  descriptors(): number;
  stop(): Promise<void>;
}

/** Starts a script and waits for the line that names its address. @throws where it ends before */
export async function startServerProcess(args: readonly string[]): Promise<ServerProcess> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<void>((done) => child.on('close', () => done()));
  const address = await addressOf(child);
  return {
    address,
    residentMB: () => processMemoryMB(child.pid!, 'VmRSS'),
    peakMB: () => processMemoryMB(child.pid!, 'VmHWM'),
    descriptors: () => readdirSync(`/proc/${child.pid}/fd`).length,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function addressOf(child: ChildProcess): Promise<string> {
  let said = '';
  return new Promise((found, reject) => {
    for (const stream of [child.stdout!, child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        const [address] = /http:\/\/[\d.]+:\d+/.exec(said) ?? [];
        if (address !== undefined) found(address);
      });
    child.on('close', () => reject(new Error(`the server ended: ${said.trim()}`)));
  });
}
