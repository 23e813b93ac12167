import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { linkFile } from './cache.mjs';
import { run } from './process.mjs';

/** Python wheels that carry libtensorflow and its C headers, by `platform-arch`; 2.13.1 is the smallest that still does. */
const WHEELS = {
  'linux-x64': {
    version: '2.13.1',
    requirement: 'tensorflow-cpu==2.13.1',
    file: 'tensorflow_cpu-2.13.1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
    sha256: '87be6e61314b2c0fa062f71e26e41d6a17e162ffe4da72c820fe8f1fc94d97fe',
    size: '187 MB',
    tags: [
      '--python-version',
      '3.11',
      '--implementation',
      'cp',
      '--abi',
      'cp311',
      '--platform',
      'manylinux2014_x86_64',
    ],
  },
};

const EXTRACT = `
import re, sys, zipfile
wheel, target = sys.argv[1:]
wanted = re.compile(r'tensorflow/(libtensorflow_(cc|framework)\\.so\\.2$|include/tensorflow/(c|tsl|core/platform)/.*\\.h$)')
archive = zipfile.ZipFile(wheel)
archive.extractall(target, [name for name in archive.namelist() if wanted.match(name)])
`;

/** The wheel that serves on this machine, or undefined. */
export function wheelForThisMachine() {
  process.report.excludeNetwork = true;
  const isMusl = process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime;
  return isMusl ? undefined : WHEELS[`${process.platform}-${process.arch}`];
}

/** What the build needs and this machine lacks, a line each. */
export async function missingForWheel() {
  if (wheelForThisMachine() === undefined) {
    return [
      `no libtensorflow is known for ${process.platform}-${process.arch} (or its C library) besides tfjs-node's own download`,
    ];
  }
  const missing = [];
  if (!(await run('g++', ['--version'])).ok) missing.push('g++ is missing (Debian: apt install g++)');
  if (!(await run('python3', ['--version'])).ok)
    missing.push('python3 is missing (Debian: apt install python3 python3-pip)');
  else if (!(await run('python3', ['-m', 'pip', '--version'])).ok) {
    missing.push("python3's pip is missing (Debian: apt install python3-pip)");
  }
  return missing;
}

/** Builds tfjs-node's addon against the wheel's libtensorflow: `lib/napi-v8/tfjs_binding.node` and `deps/lib` in `folder`. */
export async function buildFromWheel(packageFolder, folder, downloads, say) {
  const wheel = wheelForThisMachine();
  const path = join(downloads, wheel.file);
  const own = join(folder, wheel.file);
  // Another process that has finished removes the download: a link of one's own keeps it.
  while (!(await linkFile(path, own))) {
    say(
      `downloading libtensorflow ${wheel.version} in a Python wheel (${wheel.requirement}, ${wheel.size}), once per machine`,
    );
    await download(wheel, downloads);
  }
  say('building the addon against it, about 20 s');
  await orThrow('the wheel does not unpack', run('python3', ['-c', EXTRACT, own, folder]));
  const include = join(folder, 'tensorflow/include');
  await mkdir(join(folder, 'deps'));
  const libraries = join(folder, 'deps/lib');
  await mkdir(libraries);
  for (const name of await readdir(join(folder, 'tensorflow'))) {
    if (name !== 'include') await rename(join(folder, 'tensorflow', name), join(libraries, name));
  }
  for (const name of ['libtensorflow.so', 'libtensorflow.so.2'])
    await symlink('libtensorflow_cc.so.2', join(libraries, name));
  await symlink('libtensorflow_framework.so.2', join(libraries, 'libtensorflow_framework.so'));
  await compile(packageFolder, folder, include, libraries);
  await rm(join(folder, 'tensorflow'), { recursive: true });
  await rm(own);
  await rm(path, { force: true });
}

/** pip checks the hash while it downloads; it is checked again here because pip may take a file from its own cache. */
async function download(wheel, downloads) {
  await mkdir(downloads, { recursive: true });
  const unfinished = join(downloads, `${process.pid}`);
  try {
    await mkdir(unfinished, { recursive: true });
    const requirements = join(unfinished, 'requirements.txt');
    await writeFile(requirements, `${wheel.requirement} --hash=sha256:${wheel.sha256}\n`);
    const pip = ['-m', 'pip', 'download', '-q', '--no-deps', '--only-binary=:all:', '--require-hashes', ...wheel.tags];
    await orThrow('pip cannot download it', run('python3', [...pip, '-d', unfinished, '-r', requirements]));
    const found = await sha256(join(unfinished, wheel.file));
    if (found !== wheel.sha256)
      throw new Error(`${wheel.file}: expected sha256 ${wheel.sha256}, got ${found}; not used`);
    await rename(join(unfinished, wheel.file), join(downloads, wheel.file));
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** Two files of C++ and Node-API headers: one call of g++ does what node-gyp would, on any Node version, without make. */
async function compile(packageFolder, folder, include, libraries) {
  const target = join(folder, 'lib/napi-v8');
  await mkdir(target, { recursive: true });
  const { include_dir: nodeHeaders } = createRequire(import.meta.url)('node-api-headers');
  await orThrow(
    'the addon does not compile',
    run('g++', [
      ...['-std=c++17', '-O2', '-shared', '-fPIC', '-DNAPI_VERSION=8', `-I${nodeHeaders}`, `-I${include}`],
      ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(packageFolder, 'binding', name)),
      ...[`-L${libraries}`, '-Wl,-rpath,$ORIGIN/../../deps/lib', '-ltensorflow', '-ltensorflow_framework'],
      ...['-o', join(target, 'tfjs_binding.node')],
    ]),
  );
}

async function orThrow(what, running) {
  const { ok, output } = await running;
  if (!ok) throw new Error(`${what}: ${output.split('\n').slice(-3).join(' | ')}`);
}

async function sha256(path) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}
