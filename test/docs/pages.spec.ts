import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { blocksOf, PAGES, ROOT, type Block } from '../support/markdown.js';

it('TypeScript of every page compiles against the library', () => {
  const blocks = PAGES.flatMap(blocksOf).filter(({ language }) => language === 'ts');
  // What a block declares of the library's types counts in its whole program.
  const declaring = blocks.filter(({ text }) => text.includes('declare module'));
  const others = blocks.filter(block => !declaring.includes(block));
  expect([others, ...declaring.map(block => [block])].flatMap(compile)).toEqual([]);
});

it.each(PAGES)('%s links to files and headings that exist', page => {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const targets = [...text.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, target = '']) => target);
  expect(targets.filter(target => !isLinkTarget(target, page))).toEqual([]);
});

it('docs/README.md lists every page of the guide', () => {
  const index = readFileSync(join(ROOT, 'docs/README.md'), 'utf8');
  const pages = PAGES.filter(page => page.startsWith('docs/') && page !== 'docs/README.md');
  const isListed = (page: string) => index.includes(`](${page.replace('docs/', '')})`) || index.includes(`\`${page}\``);
  expect(pages.filter(page => !isListed(page))).toEqual([]);
});

function isLinkTarget(link: string, from: string): boolean {
  const [path = '', heading] = link.split('#');
  const file = path === '' ? join(ROOT, from) : join(ROOT, from, '..', path);
  return existsSync(file) && (heading === undefined || headingsOf(readFileSync(file, 'utf8')).includes(heading));
}

/** As GitHub makes them: lower case, without punctuation, with hyphens for spaces, numbered from the second on. */
function headingsOf(text: string): readonly string[] {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading.toLowerCase());
  const seen = new Map<string, number>();
  return headings.map(heading => {
    const anchor = heading.replace(/[^\w\s-]/g, '').replaceAll(' ', '-');
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${String(before)}`;
  });
}

/** Snippets leave out imports, and the app they stand in: what they mean by these names. */
const AMBIENT = `
  declare const app: import('@nestjs/common').INestApplication;
  declare class AppModule {}
  declare class ReportsController {}
  declare class OrdersController {}
  declare const logTraffic: (request: object, response: { getHeader(name: string): unknown }) => void;
  declare const loadOrigins: () => Promise<string[]>;
  declare class TenantsService {
    hasOrigin(host: string, origin: string): Promise<boolean>;
  }
  ${ambient('@nestjs/common', ['Controller', 'Delete', 'Get', 'Injectable', 'Module', 'Post', 'Put'])}
  ${ambient('@nestjs/testing', ['Test'])}
  ${ambient('@nestjs/websockets', ['WebSocketGateway'])}
  ${ambient('nestjs-cors', [
    ...['add', 'Cors', 'CorsConfigurationError', 'CorsModule', 'corsOptionsFromFile', 'CorsService'],
    ...['CORS_MODULE_OPTIONS', 'gatewayCors', 'NoCors', 'originsFromEnv'],
  ])}
  ${ambient('../support/app.js', ['closeApps', 'PLATFORMS', 'startApp'])}
  ${ambient('../support/client.js', ['preflightOf'])}
  ${ambient('../support/expected.js', ['APP', 'granted'])}
  ${ambient('../support/observe.js', ['watchHandlers'])}
  type CorsModuleOptions = import('nestjs-cors').CorsModuleOptions;
  type CorsOptionsFactory = import('nestjs-cors').CorsOptionsFactory;
  type CorsOriginResolver = import('nestjs-cors').CorsOriginResolver;
  type CorsRequestContext = import('nestjs-cors').CorsRequestContext;
  declare class TenantOrigins implements CorsOriginResolver {
    isAllowed(origin: string): boolean;
  }
  ${ambient('@nestjs/config', ['ConfigModule', 'ConfigService'])}
  type ConfigService = import('@nestjs/config').ConfigService;
`;

function ambient(module: string, names: readonly string[]): string {
  return names.map(name => `declare const ${name}: typeof import('${module}').${name};`).join('\n');
}

/** The errors of the blocks, each a module of its own, in one program. */
function compile(blocks: readonly Block[]): readonly string[] {
  const files = new Map(
    blocks.map(({ page, text, line }) => [
      join(ROOT, 'test/docs', `${page.replaceAll('/', '_')}:${String(line)}.ts`),
      // Runs with and without the extension: the compiler wants it in an ES module, as it takes these for.
      `${text.replace("'../src/app.module'", "'../src/app.module.js'")}\nexport {};\n`,
    ]),
  );
  files.set(join(ROOT, 'test/docs/ambient.d.ts'), AMBIENT);
  // The app that the tests of a page are for.
  files.set(join(ROOT, 'test/src/app.module.ts'), 'export class AppModule {}\n');

  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile) as { config: object };
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, ROOT);
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, directoryExists, getSourceFile } = host;
  host.readFile = name => files.get(name) ?? readFile(name);
  host.fileExists = name => files.has(name) || fileExists(name);
  host.directoryExists = name => name === join(ROOT, 'test/src') || directoryExists?.(name) !== false;
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
