import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from './markdown.js';

/** A program that runs beside the tests, with everything it has printed. */
export interface Program {
  /** Resolves to the output once it contains `marker`; rejects when the program ends before. */
  until(marker: string): Promise<string>;
  /** Resolves once the program has ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
}

const groups = new Set<number>();
const folders = new Set<string>();

/** Starts a Node program in a process group of its own. {@link stopPrograms} ends it and what it has started. */
export function startProgram(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd: string = ROOT,
): Program {
  const child = spawn(process.execPath, args, {
    cwd,
    detached: true,
    env: { ...process.env, FORCE_COLOR: undefined, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) groups.add(child.pid);

  let output = '';
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const listener of listeners) listener();
    });
  }
  // 'close', not 'exit': only then is the output complete.
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output }));
  const until = async (marker: string): Promise<string> => {
    const seen = new Promise<void>(resolve => {
      const check = () => void (output.includes(marker) && resolve());
      listeners.add(check);
      check();
    });
    await Promise.race([seen, ended]);
    if (!output.includes(marker)) throw new Error(`The program ended without printing "${marker}":\n${output}`);
    return output;
  };
  return { until, ended };
}

/** Ends every program, whatever happened to its test. */
export function stopPrograms(): void {
  for (const group of groups) {
    try {
      process.kill(-group, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
  groups.clear();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
}

/** For tests of the package as it is published. */
export function requireBuild(): void {
  if (existsSync(join(ROOT, 'dist/esm/index.js'))) return;
  throw new Error('dist/ is missing: run `npm run build`, or `npm test`, which builds it first');
}

/** Writes TypeScript as a program that uses the built package, as an app that has it installed. */
export function writeScript(source: string): string {
  requireBuild();
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-cors-'));
  folders.add(folder);
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2022,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    },
  });
  const file = join(folder, 'main.mjs');
  writeFileSync(file, outputText);
  return file;
}

export async function freePort(): Promise<string> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return String(port);
}
