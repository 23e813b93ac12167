import { buildArchitecture } from './architectures.ts';
import { deterministicVars } from './deterministic-vars.ts';
import { describeNetworks, readGoldens } from './network-goldens.ts';

// Made by tooling/golden/architectures.py.
describeNetworks(readGoldens('architectures.json'), (title) => buildArchitecture(title, deterministicVars));
