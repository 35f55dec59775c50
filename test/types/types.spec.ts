import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { atLength } from '../support/length.js';
import { ROOT } from '../support/markdown.js';
import { requireBuild } from '../support/program.js';

// The fixtures import the package by its own name: what is compiled is the declarations as they are published.
beforeAll(requireBuild);

// A directive that no error follows is an error as well: each stands for a refusal.
describe.each(atLength(['typescript-5.9', 'typescript', 'typescript-7'], ['typescript-7']))(
  'the fixtures compile with %s',
  compiler => {
    it.each([
      ['policies', ['--module', 'nodenext', '--moduleResolution', 'nodenext']],
      ['policies', ['--module', 'esnext', '--moduleResolution', 'bundler', '--exactOptionalPropertyTypes', 'false']],
      ['names', []],
      ['names-once', []],
    ])('%s, %j', (fixtures, options) => {
      const tsc = join(ROOT, 'node_modules', compiler, 'bin/tsc');
      const args = [tsc, '--pretty', 'false', '-p', projectOf(fixtures), ...options];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      expect({ status, output: stdout + stderr }).toEqual({ status: 0, output: '' });
    });
  },
);

it.each(['policies/refused.ts', 'names/declared.ts'])('errors say what is wrong: %s', file => {
  const fixture = join(ROOT, 'test/types/fixtures', file);
  const text = readFileSync(fixture, 'utf8');
  const stated = text.split('\n').flatMap((line, index) => {
    const [, words] = /@ts-expect-error (.*)/.exec(line) ?? [];
    return words === undefined ? [] : [{ line: index + 2, words }];
  });
  expect(stated.length).toBeGreaterThan(5);

  const errors = errorsOf(fixture, text.replaceAll('@ts-expect-error', ''));
  expect(errors.map(({ line }) => line)).toEqual(stated.map(({ line }) => line));
  errors.forEach(({ message }, index) => expect(message).toContain(stated[index]?.words));
});

function projectOf(fixtures: string): string {
  return join(ROOT, 'test/types/fixtures', fixtures, 'tsconfig.json');
}

/** The errors of one file, were this its text. */
function errorsOf(file: string, text: string): readonly { line: number; message: string }[] {
  const { config } = ts.readConfigFile(join(file, '../tsconfig.json'), ts.sys.readFile) as { config: object };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, join(file, '..'));
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (name, target, ...rest) =>
    name === file ? ts.createSourceFile(name, text, target) : getSourceFile(name, target, ...rest);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program, program.getSourceFile(file)).map(({ start = 0, messageText }) => ({
    line: ts.getLineAndCharacterOfPosition({ text } as ts.SourceFileLike, start).line + 1,
    message: ts.flattenDiagnosticMessageText(messageText, '\n'),
  }));
}
