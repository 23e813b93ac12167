import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** Verdaccio in `folder`, for this machine alone: our packages from its own storage, the rest from where npm gets them. */
export async function startRegistry(folder) {
  const home = join(folder, 'registry');
  mkdirSync(home);
  // Verdaccio 6 asks for a node-fetch that needs a later Node than 20.
  const manifest = { private: true, dependencies: { verdaccio: '6.8.0' }, overrides: { 'node-fetch': '2.7.0' } };
  writeFileSync(join(home, 'package.json'), JSON.stringify(manifest));
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--silent'], { cwd: home, stdio: 'inherit' });
  const upstream = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim();
  const port = await freePort();
  const settings = {
    storage: './storage',
    uplinks: { upstream: { url: upstream } },
    packages: {
      '@residual/*': { access: '$all', publish: '$all' },
      '**': { access: '$all', proxy: 'upstream' },
    },
    max_body_size: '100mb',
    log: { type: 'file', path: join(home, 'log'), level: 'warn' },
  };
  // JSON is YAML.
  writeFileSync(join(home, 'config.yaml'), JSON.stringify(settings));
  const address = `http://127.0.0.1:${port}/`;
  const args = ['node_modules/verdaccio/bin/verdaccio', '--config', 'config.yaml', '--listen', `127.0.0.1:${port}`];
  const server = spawn(process.execPath, args, { cwd: home, stdio: 'ignore' });
  // npm publishes only where it has a token, whatever it says.
  const npmrc = `registry=${address}\n//127.0.0.1:${port}/:_authToken=none\n`;
  writeFileSync(join(home, '.npmrc'), npmrc);
  await answers(`${address}-/ping`);
  return {
    npmrc,
    publish(tarball) {
      const flags = ['publish', tarball, '--access', 'public', '--tag', 'latest', '--silent'];
      execFileSync('npm', flags, { cwd: home, stdio: 'inherit' });
    },
    stop: () => server.kill(),
  };
}

async function answers(address) {
  for (let tries = 0; tries < 300; tries++) {
    if (
      await fetch(address).then(
        (response) => response.ok,
        () => false,
      )
    )
      return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`${address}: expected the local registry to answer within 30 s, got nothing`);
}

function freePort() {
  return new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}
