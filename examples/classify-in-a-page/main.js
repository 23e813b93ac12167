// npm start: a page that names what is in a picture. The network computes in a worker, so that the page stays alive.
import { samplePictures } from '@residual/weights-cifar10';

const output = document.querySelector('output');
const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
worker.onmessage = ({ data }) => {
  output.textContent = data;
};
document.querySelector('input').onchange = ({ target }) => worker.postMessage(target.files[0]);

const sample = await fetch(samplePictures()[0].url);
worker.postMessage(await sample.blob());
