import type { FastifyInstance } from 'fastify';

const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Residual server</title>
<link rel="stylesheet" href="page.css">
<script src="page.js" type="module"></script>
<main>
  <h1>Residual server</h1>
  <p>It names what is in pictures, by the <a href="https://github.com/kserve/open-inference-protocol">Open Inference Protocol v2</a>. What it can be asked: <a href="openapi.json">openapi.json</a>; what it is doing: <a href="metrics">metrics</a>.</p>
  <form id="ask">
    <p><label>Model <select id="model" required></select></label></p>
    <p><label>Picture <input id="picture" type="file" accept="image/*" required></label></p>
    <p id="secret" hidden><label>Token <input id="token" type="password" autocomplete="off"></label></p>
    <p><button>Classify</button></p>
  </form>
  <p id="said" role="status"></p>
  <table id="top" hidden><thead><tr><th scope="col">class</th><th scope="col">probability</th></tr></thead><tbody></tbody></table>
</main>
</html>
`;

const css = `:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 40rem; margin: 2rem auto; padding: 0 1rem; }
input, select, button { font: inherit; max-width: 100%; padding: 0.3rem 0.6rem; }
table { border-collapse: collapse; }
th, td { text-align: start; padding: 0.2rem 1rem 0.2rem 0; }
td + td { text-align: end; font-variant-numeric: tabular-nums; }
`;

const script = `const element = (id) => document.getElementById(id);
const headers = () => (element('token').value ? { Authorization: 'Bearer ' + element('token').value } : {});
async function ask(path, init = {}) {
  const response = await fetch(path, { ...init, headers: { ...headers(), ...init.headers } });
  if (response.status === 401) element('secret').hidden = false;
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}
async function listModels() {
  const models = await ask('v2/repository/index', { method: 'POST', body: '{"ready":true}' });
  const names = [...new Set(models.map(({ name }) => name))];
  element('model').replaceChildren(...names.map((name) => new Option(name, name)));
}
const say = (text) => { element('said').textContent = text; };
const orSay = (error) => say(error.message);
element('token').addEventListener('change', () => listModels().then(() => say(''), orSay));
element('ask').addEventListener('submit', (event) => {
  event.preventDefault();
  const picture = element('picture').files[0];
  element('top').hidden = true;
  say('…');
  const began = performance.now();
  const path = 'v1/classify?model=' + encodeURIComponent(element('model').value);
  ask(path, { method: 'POST', body: picture, headers: { 'Content-Type': picture.type || 'application/octet-stream' } })
    .then(({ results: [{ top }] }) => {
      element('top').tBodies[0].replaceChildren(...top.map(({ label, score }) => {
        const row = document.createElement('tr');
        for (const text of [label, (100 * score).toFixed(1) + ' %']) row.insertCell().textContent = text;
        return row;
      }));
      element('top').hidden = false;
      say('Answered in ' + Math.round(performance.now() - began) + ' ms.');
    })
    .catch(orSay);
});
listModels().catch(orSay);
`;

/** A page that tries the server; it needs nothing from elsewhere. */
export function page(app: FastifyInstance): void {
  const policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'";
  const serve = (path: string, type: string, text: string): unknown =>
    app.get(path, (_request, reply) =>
      reply.type(type).headers({ 'Content-Security-Policy': policy, 'X-Content-Type-Options': 'nosniff' }).send(text),
    );
  serve('/', 'text/html; charset=utf-8', html);
  serve('/page.css', 'text/css; charset=utf-8', css);
  serve('/page.js', 'text/javascript; charset=utf-8', script);
}
