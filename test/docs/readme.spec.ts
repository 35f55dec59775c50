import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { Controller, Get } from '@nestjs/common';
import { CorsConfigurationError, CorsModule, CorsService } from 'nestjs-cors';
import { POLICY_FIELDS } from '../../lib/policy/stated.js';
import { closeApps, startApp } from '../support/app.js';
import { readmeBlocks, readmeTable, ROOT } from '../support/readme.js';

afterEach(closeApps);

describe('README.md', () => {
  it('has TypeScript that compiles against the library', () => {
    expect(compile(readmeBlocks.filter(({ language }) => language === 'ts'))).toEqual([]);
  }, 60_000);

  it('lists every option, and no other', () => {
    const listed = readmeTable('Options', 'Option').map(([option = '']) => option);
    expect(listed).toEqual([...POLICY_FIELDS, 'policies', 'routes', 'debug'].map(option => `\`${option}\``));
  });

  it('states the defaults that are in force', async () => {
    @Controller()
    class CatsController {
      @Get()
      list() {}
    }
    const app = await startApp({ cors: { origin: false }, controllers: [CatsController] });
    const policy = app.get(CorsService).policies()[0]?.policy ?? {};
    const stated = readmeTable('Options', 'Option').flatMap(([option = '', , value = '']) => {
      const name = option.replaceAll('`', '');
      return value.startsWith('`') && name in policy ? [[name, valuesOf(value)[0]]] : [];
    });
    expect(stated.length).toBeGreaterThan(5);
    expect(policy).toMatchObject(Object.fromEntries(stated) as object);
  });

  it.each(originsOf('Accepted'))('is right that %p is accepted as an origin', async origin => {
    await expect(startWith(origin)).resolves.toBeDefined();
  });

  it.each(originsOf('Refused at boot'))('is right that %p is refused as an origin', async origin => {
    await expect(startWith(origin)).rejects.toBeInstanceOf(CorsConfigurationError);
    if (origin !== undefined && !Array.isArray(origin)) {
      await expect(startWith([origin])).rejects.toBeInstanceOf(CorsConfigurationError);
    }
  });
});

describe.each(['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'sample/01-quick-start/README.md'])(
  '%s',
  file => {
    it('links to files and headings that exist', () => {
      const text = readFileSync(join(ROOT, file), 'utf8');
      const targets = [...text.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, target = '']) => target);
      expect(targets.filter(target => !isLinkTarget(target, file))).toEqual([]);
    });
  },
);

function isLinkTarget(link: string, from: string): boolean {
  const [path = '', heading] = link.split('#');
  const file = path === '' ? join(ROOT, from) : join(ROOT, from, '..', path);
  return existsSync(file) && (heading === undefined || headingsOf(readFileSync(file, 'utf8')).includes(heading));
}

/** As GitHub makes them: lower case, without punctuation, with hyphens for spaces. */
function headingsOf(text: string): readonly string[] {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading.toLowerCase());
  return headings.map(heading => heading.replace(/[^\w\s-]/g, '').replaceAll(' ', '-'));
}

function startWith(origin: unknown) {
  return startApp({ imports: [CorsModule.forRoot({ origin: origin as string })] });
}

function originsOf(column: string): readonly unknown[] {
  return readmeTable('Origins', column).flatMap(([values = '']) => valuesOf(values));
}

/** The values in code spans: strings, literals, a RegExp. */
function valuesOf(markdown: string): readonly unknown[] {
  return [...markdown.matchAll(/`([^`]+)`/g)].map(([, code = '']): unknown => {
    if (code === 'undefined') return undefined;
    return code.startsWith('/') ? new RegExp(code.slice(1, -1)) : JSON.parse(code.replaceAll("'", '"'));
  });
}

/** Snippets leave out imports, and the app they stand in: what they mean by these names. */
const AMBIENT = `
  declare const app: import('@nestjs/common').INestApplication;
  declare class AppModule {}
  ${ambient('@nestjs/common', ['Controller', 'Get', 'Module'])}
  ${ambient('@nestjs/testing', ['Test'])}
  ${ambient('nestjs-cors', ['Cors', 'CorsModule', 'CORS_MODULE_OPTIONS'])}
  ${ambient('@nestjs/config', ['ConfigService'])}
  type ConfigService = import('@nestjs/config').ConfigService;
`;

function ambient(module: string, names: readonly string[]): string {
  return names.map(name => `declare const ${name}: typeof import('${module}').${name};`).join('\n');
}

/** The errors of the blocks, each a module of its own, in one program. */
function compile(blocks: readonly { readonly text: string; readonly line: number }[]): readonly string[] {
  const files = new Map(
    blocks.map(({ text, line }) => [join(ROOT, 'test/docs', `README.md:${String(line)}.ts`), `${text}\nexport {};\n`]),
  );
  files.set(join(ROOT, 'test/docs/ambient.d.ts'), AMBIENT);

  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile) as { config: object };
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, ROOT);
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, getSourceFile } = host;
  host.readFile = name => files.get(name) ?? readFile(name);
  host.fileExists = name => files.has(name) || fileExists(name);
  host.getSourceFile = (name, target, ...rest) => {
    const text = files.get(name);
    return text === undefined ? getSourceFile(name, target, ...rest) : ts.createSourceFile(name, text, target);
  };
  const program = ts.createProgram([...files.keys()], { ...options, noUnusedLocals: false }, host);
  return [...files.keys()]
    .flatMap(name => ts.getPreEmitDiagnostics(program, program.getSourceFile(name)))
    .map(({ file, start, messageText }) => {
      const at =
        file === undefined ? '' : `${file.fileName} ${String(file.getLineAndCharacterOfPosition(start ?? 0).line)}`;
      return `${at}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
}
