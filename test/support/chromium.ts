import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type OutgoingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const CHROMIUM = ['chromium-headless-shell', 'chromium', 'google-chrome'].find(
  command => spawnSync(command, ['--version']).error === undefined,
);

/** Continuous integration installs it (`.ci/run`); where it is missing otherwise, its suites are skipped. */
export const hasChromium = CHROMIUM !== undefined || process.env['CI'] !== undefined;

/** A page on localhost, which browsers treat as secure. */
export interface BrowserPage {
  readonly origin: string;
  /**
   * Opens the page in a browser of its own.
   *
   * @param script the body of an async function
   * @returns what it returns
   */
  run(script: string): Promise<unknown>;
  close(): void;
}

/** @param headers of the page */
export async function servePage(headers: OutgoingHttpHeaders): Promise<BrowserPage> {
  let script = '';
  let report: (result: string) => void = () => {};
  const server = createServer((request, response) => {
    if (request.method === 'POST') {
      void text(request).then(report);
      response.end();
      return;
    }
    response.writeHead(200, { ...headers, 'Content-Type': 'text/html' });
    response.end(
      `<!doctype html><script type="module">
        const result = await (async () => { ${script} })().catch(error => ({ error: String(error) }));
        await fetch('/result', { method: 'POST', body: JSON.stringify(result) });
      </script>`,
    );
  });
  await once(server.listen(0, 'localhost'), 'listening');
  const origin = `http://localhost:${String((server.address() as AddressInfo).port)}`;
  return {
    origin,
    async run(body) {
      script = body;
      const result = new Promise<string>(resolve => (report = resolve));
      const profile = mkdtempSync(join(tmpdir(), 'chromium-'));
      const own = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`];
      // A port to listen on keeps it open: otherwise it ends as soon as the page is loaded.
      const browser = spawn(CHROMIUM ?? 'chromium', [...own, '--remote-debugging-port=0', `${origin}/`], {
        stdio: 'ignore',
      });
      const ended = once(browser, 'close');
      const failed = ended.then(() => {
        throw new Error('Chromium ended before its page did');
      });
      failed.catch(() => {});
      try {
        return JSON.parse(await Promise.race([result, failed])) as unknown;
      } finally {
        browser.kill();
        await ended;
        rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
      }
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
