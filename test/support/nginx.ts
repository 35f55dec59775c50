import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { INestApplication } from '@nestjs/common';
import { portOf, responseOf, type WireRequest, type WireResponse } from './client.js';

/** Debian puts it where ordinary users do not look. */
const NGINX = ['nginx', '/usr/sbin/nginx'].find(command => spawnSync(command, ['-v']).error === undefined);

/** Continuous integration installs it (`.ci/run`); where it is missing otherwise, its suites are skipped. */
export const hasNginx = NGINX !== undefined || process.env['CI'] !== undefined;

export interface Nginx {
  /** Sends one request through the proxy. */
  send(request: WireRequest): Promise<WireResponse>;
}

const running = new Set<() => Promise<void>>();

/**
 * Starts an nginx of its own ahead of an app. {@link stopNginx} ends it.
 *
 * @param configuration directives of a server, and of `http` where a line begins with `proxy_cache_path`; `app` is
 *   the upstream
 */
export async function startNginx(app: INestApplication, configuration: string): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'));
  // No free port has to be guessed.
  const socketPath = join(folder, 'nginx.sock');
  const isOfHttp = (line: string) => line.startsWith('proxy_cache_path');
  const lines = configuration.split('\n').map(line => line.replace('/var/cache/nginx', folder));
  const file = join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `
    daemon off;
    master_process off;
    pid ${folder}/nginx.pid;
    error_log stderr notice;
    events {}
    http {
      access_log off;
      ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(kind => `${kind}_temp_path ${folder}/${kind};`).join('\n')}
      upstream app { server 127.0.0.1:${String(portOf(app))}; }
      ${lines.filter(isOfHttp).join('\n')}
      server {
        listen unix:${socketPath};
        ${lines.filter(line => !isOfHttp(line)).join('\n')}
      }
    }`,
  );
  const child = spawn(NGINX ?? 'nginx', ['-p', folder, '-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'close');
  running.add(async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  let output = '';
  const ready = new Promise<void>(resolve => {
    // Its sockets are open by then. The stream is read to the end: nginx would not survive a broken pipe.
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (output.includes('event method')) resolve();
    });
  });
  const failed = ended.then(() => {
    throw new Error(`nginx ended:\n${output}`);
  });
  // It ends in every test, and is missed only by one that waits for it.
  failed.catch(() => {});
  await Promise.race([ready, failed]);

  return {
    async send({ body, agent = false, headers, ...options }) {
      const request = httpRequest({ socketPath, agent, headers: { Host: 'api.example', ...headers }, ...options });
      request.end(body);
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      return responseOf(response, await text(response));
    },
  };
}

export async function stopNginx(): Promise<void> {
  const stops = [...running];
  running.clear();
  await Promise.all(stops.map(stop => stop()));
}
