import type { Actions } from './actions.ts';
import { sortFiles } from './sort-files.ts';
import { byId } from './view/by-id.ts';
import type { DeviceName } from './worker/protocol.ts';

/** Connects the page's inputs, and dropping and pasting anywhere, with what they do. */
export function connectControls(actions: Actions): void {
  const openFiles = (files: Iterable<File>) => {
    const { weights, picture } = sortFiles(files);
    if (weights) void actions.openWeights(weights);
    if (picture) void actions.openPicture(picture);
  };
  onPick('picture-file', (file) => void actions.openPicture(file));
  onPick('weights-file', (file) => void actions.openWeights(file));
  onChoice('model-name', (name) => void actions.chooseModel(name || undefined));
  onChoice('device-name', (name) => void actions.start((name || undefined) as DeviceName | undefined));
  byId<HTMLButtonElement>('run-again').addEventListener('click', () => void actions.classify());
  acceptDrops(openFiles);
  document.addEventListener('paste', ({ clipboardData }) => openFiles(clipboardData?.files ?? []));
}

function onPick(id: string, open: (file: File) => void): void {
  const input = byId<HTMLInputElement>(id);
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    if (file) open(file);
    // The same file can be chosen again, e.g. once it is mended.
    input.value = '';
  });
}

function onChoice(id: string, choose: (value: string) => void): void {
  const select = byId<HTMLSelectElement>(id);
  select.addEventListener('change', () => choose(select.value));
}

function acceptDrops(open: (files: Iterable<File>) => void): void {
  const { classList } = document.documentElement;
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    classList.add('dragging');
  });
  document.addEventListener('dragleave', ({ relatedTarget }) => {
    if (relatedTarget === null) classList.remove('dragging');
  });
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    classList.remove('dragging');
    open(event.dataTransfer?.files ?? []);
  });
}
