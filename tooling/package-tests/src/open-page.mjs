/** A page with these headers has shared memory, so that the engine runs on workers. */
export const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** Opens an example's page and answers what it prints once it is done; it fails where an error is not caught. */
export async function openPage(browser, address, name) {
  const page = await browser.newPage();
  try {
    const printed = [];
    page.on('console', (message) => printed.push(message.text()));
    const failed = new Promise((_, reject) => {
      page.on('pageerror', ({ message }) =>
        reject(new Error(`${name}: the example in its README fails in a browser: ${message}`)),
      );
    });
    const done = page.goto(address).then(() => page.waitForFunction('globalThis.exampleIsDone', { timeout: 60_000 }));
    await Promise.race([failed, done]);
    return printed.join('\n');
  } finally {
    await page.close();
  }
}
