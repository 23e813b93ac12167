import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';

const root = resolve(import.meta.dirname, '../../..');
const packages = readdirSync(join(root, 'packages')).filter(
  (name) => name !== 'testing' && existsSync(join(root, 'packages', name, 'README.md')),
);
const page = (text, link) => ({ text, link });

/** What a link names beside pages is in the repository, not on the site: its words stay, the link goes. */
function unlinkSources(md) {
  md.core.ruler.push('unlink-sources', ({ tokens }) => {
    for (const { children } of tokens) {
      let isSource = false;
      for (const token of children ?? []) {
        if (token.type === 'link_open') {
          const href = token.attrGet('href');
          isSource = !/^(?:https?:|#)/.test(href) && !/\.md(?:#.*)?$/.test(href);
        }
        if (isSource && /^link_(?:open|close)$/.test(token.type)) {
          if (token.type === 'link_close') isSource = false;
          Object.assign(token, { type: 'text', tag: '', content: '', nesting: 0 });
        }
      }
    }
  });
}

/** The site is the repository's own Markdown, where it lies: a README is its folder's page. VitePress refuses links that lead nowhere. */
export default defineConfig({
  title: 'Residual',
  description: 'The ResNet stack for TypeScript',
  srcDir: root,
  outDir: join(import.meta.dirname, '../dist'),
  // Below a host's root: GitHub's pages of a project are at /NAME/.
  base: process.env.SITE_BASE ?? '/',
  cleanUrls: true,
  srcExclude: [
    '**/node_modules/**',
    '**/dist/**',
    '**/target/**',
    '.changeset/**',
    '.github/**',

    'packages/kernels/npm/**',
    'tooling/!(bench)/**',
    'deploy/**',
    'LICENSE.md',
  ],
  rewrites: (id) => id.replace(/(^|\/)README\.md$/, '$1index.md'),
  markdown: {
    html: false,
    config: unlinkSources,
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    languageAlias: { pbtxt: 'yaml' },
  },
  vite: {
    resolve: {
      // The pages lie where no `vue` is installed.
      alias: [
        { find: /^vue$/, replacement: fileURLToPath(import.meta.resolve('vue/dist/vue.runtime.esm-bundler.js')) },
        {
          find: /^vue\/server-renderer$/,
          replacement: fileURLToPath(import.meta.resolve('vue/server-renderer')),
        },
      ],
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    nav: [
      page('Start', '/'),
      page('Packages', '/packages/classifier/'),
      // Beside the site's pages: TypeDoc's own, and the demo.
      { ...page('Reference', '/reference/index.html'), target: '_self' },
      { ...page('Demo', '/demo/'), target: '_self' },
      page('Numbers', '/docs/benchmarks'),
    ],
    sidebar: [
      {
        text: 'Start here',
        items: [
          page('Residual', '/'),
          page('Where it runs', '/docs/where-it-runs'),
          page('Coming from another library', '/docs/coming-from'),
          page('Examples', '/examples/'),
          page('The command', '/apps/node/'),
          page('The page', '/apps/demo/'),
        ],
      },
      {
        text: 'Guides',
        items: [
          page('Pictures', '/docs/pictures'),
          page('Serving', '/docs/serving'),
          page('Millions of pictures', '/docs/batch'),
          page('A new architecture', '/docs/adding-an-architecture'),
        ],
      },
      { text: 'Packages', items: packages.map((name) => page(name, `/packages/${name}/`)) },
      {
        text: 'How and why',
        items: [
          page('Architecture', '/docs/architecture'),
          page('Kernels', '/docs/kernels'),
          page('WebGPU’s defaults', '/docs/webgpu-defaults'),
          page('The numbers', '/docs/benchmarks'),
          page('Degradation', '/docs/degradation/'),
          page('Contributing', '/CONTRIBUTING'),
          page('Mutation tests', '/docs/mutation'),
          page('Security', '/SECURITY'),
        ],
      },
    ],
  },
});
