import { fork } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { alternate } from './measure.mjs';
import { FOREIGN_ORIGIN, ORIGIN } from './requests.mjs';

const CONNECTIONS = 4;
const PIPELINED = 25;
const LONG = 14_000;

const text = (index, size = 1) => ((index * 2_654_435_761 * size) >>> 0).toString(36);
const foreign = index => `https://r${text(index)}.example.org`;

function request(method, path, headers) {
  const lines = Object.entries({ Host: 'api.example.com', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

const preflight = (path, origin, method, headers = {}) =>
  request('OPTIONS', path, { Origin: origin, 'Access-Control-Request-Method': method, ...headers });
const get = (path, origin, headers = {}) => request('GET', path, { Origin: origin, ...headers });

const BENIGN_PREFLIGHT = 'preflight, allowed';
const BENIGN_GET = 'request, allowed';
const BENIGN_LONG = 'OPTIONS of 14 KB, no preflight';
const BENIGN_LONG_VERSIONS = 'OPTIONS of 14 KB for 20 versions, no preflight';

/** What is sent, and the honest request that it is compared with. */
const KINDS = {
  [BENIGN_PREFLIGHT]: [() => preflight('/cats/1', ORIGIN, 'PUT')],
  [BENIGN_GET]: [() => get('/cats/1', ORIGIN)],
  [BENIGN_LONG]: [index => request('OPTIONS', `/unknown/${'%41'.repeat(LONG / 3)}${index}`, { Origin: ORIGIN })],
  [BENIGN_LONG_VERSIONS]: [
    index => request('OPTIONS', `/versions/${'%41'.repeat(LONG / 3)}${index}`, { Origin: ORIGIN }),
  ],
  'preflights with random origins': [index => preflight('/cats/1', foreign(index), 'PUT'), BENIGN_PREFLIGHT],
  'preflights with random methods': [index => preflight('/cats/1', ORIGIN, `M${text(index)}`), BENIGN_PREFLIGHT],
  'preflights with random headers': [
    index => preflight('/cats/1', ORIGIN, 'PUT', { 'Access-Control-Request-Headers': `x-${text(index)}` }),
    BENIGN_PREFLIGHT,
  ],
  'preflights of random paths and hosts': [
    index => preflight(`/${text(index)}/${index}`, ORIGIN, 'PUT', { Host: `h${text(index)}.example` }),
    BENIGN_PREFLIGHT,
  ],
  'preflights for 20 versions, refused': [
    index => preflight(`/versions/${index}`, foreign(index), 'PUT'),
    BENIGN_PREFLIGHT,
  ],
  'preflights for 20 versions, allowed': [index => preflight(`/versions/${index}`, ORIGIN, 'DELETE'), BENIGN_PREFLIGHT],
  'preflights of 14 KB': [index => preflight(`/unknown/${'%41'.repeat(LONG / 3)}${index}`, ORIGIN, 'PUT'), BENIGN_LONG],
  'preflights of 14 KB for 20 versions': [
    index => preflight(`/versions/${'%41'.repeat(LONG / 3)}${index}`, ORIGIN, 'PUT'),
    BENIGN_LONG_VERSIONS,
  ],
  'preflights that a resolver denies': [index => preflight('/resolved/1', foreign(index), 'PUT'), BENIGN_PREFLIGHT],
  'requests with random origins': [index => get('/cats/1', foreign(index)), BENIGN_GET],
  'requests that a resolver denies': [index => get('/resolved/1', foreign(index)), BENIGN_GET],
  'requests that are rejected': [index => get(`/pages/${index}`, foreign(index)), BENIGN_GET],
  'forms without an origin': [
    index => request('POST', `/pages/${index}`, { 'Sec-Fetch-Site': 'cross-site', 'Content-Length': 0 }),
    BENIGN_GET,
  ],
  'paths in doubt': [index => get(`/files/public/..%2fprivate/${index}`, foreign(index)), BENIGN_GET],
  'paths of 14 KB in doubt': [
    index => get(`/files/public/${'%25'.repeat(LONG / 3)}${index}`, FOREIGN_ORIGIN),
    BENIGN_LONG,
  ],
};

/** A hostile app of one platform, under all kinds of requests: their costs, and what is left of them in memory. */
export async function floodOf(platform, { rounds, each, flood }) {
  const script = fileURLToPath(new URL('apps/hostile.mjs', import.meta.url));
  const child = fork(script, [platform], {
    execArgv: ['--expose-gc'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const [{ port }] = await once(child, 'message');
  const ask = async what => {
    child.send(what);
    return (await once(child, 'message'))[0][what];
  };
  const cpu = async () => {
    const { user, system } = await ask('cpu');
    return user + system;
  };
  const kinds = Object.entries(KINDS).map(([name, [make]]) => [name, make]);
  const candidates = Object.fromEntries(
    kinds.map(([name, make]) => [
      name,
      async () => {
        const before = await cpu();
        await send(port, each, make);
        return ((await cpu()) - before) / each;
      },
    ]),
  );
  await alternate(2, candidates);
  const costs = await alternate(rounds, candidates);

  // Long targets are few among the others: they would be most of the time.
  const hostile = Object.values(KINDS).flatMap(([make, benign]) =>
    benign === undefined ? [] : Array(benign.startsWith('OPTIONS of 14 KB') ? 1 : 6).fill(make),
  );
  const mixed = index => hostile[index % hostile.length](index);
  await send(port, Math.min(flood, 20_000), mixed);
  const before = await ask('heap');
  await send(port, flood, index => mixed(index + 20_000));
  const grown = Math.max(0, (await ask('heap')) - before);
  child.disconnect();
  await once(child, 'exit');
  return {
    costs: Object.entries(costs).flatMap(([name, cost]) => {
      const benign = KINDS[name][1];
      return benign === undefined ? [] : [{ name, cost, ratio: cost / costs[benign] }];
    }),
    grown,
  };
}

/** Sends so many requests on connections that are kept, some at a time on each. */
async function send(port, amount, make) {
  let next = 0;
  const connection = () =>
    new Promise((resolve, reject) => {
      const socket = net.connect(port, '127.0.0.1');
      let open = 0;
      let rest = '';
      const more = () => {
        const count = Math.min(PIPELINED, amount - next);
        if (count <= 0) return void socket.end(resolve);
        open = count;
        let bytes = '';
        for (let index = 0; index < count; index++) bytes += make(next++);
        socket.write(bytes, 'latin1');
      };
      socket.on('connect', more);
      socket.on('data', chunk => {
        const read = rest + chunk.toString('latin1');
        open -= read.split('HTTP/1.1 ').length - 1;
        // What may be the beginning of a status line is read with what follows.
        const start = read.lastIndexOf('H');
        rest =
          start !== -1 && 'HTTP/1.1 '.startsWith(read.slice(start)) && read.slice(start) !== 'HTTP/1.1 '
            ? read.slice(start)
            : '';
        if (open <= 0) more();
      });
      socket.on('error', reject);
    });
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
}
