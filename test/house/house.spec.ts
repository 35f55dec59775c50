import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { ROOMS } from '../../scripts/rooms.mjs';
import { ROOT } from '../support/markdown.js';

const LIB = join(ROOT, 'lib');

interface SourceFile {
  /** Below lib/. */
  readonly path: string;
  readonly imports: readonly string[];
  /** The types, functions, classes and constants that it declares. */
  readonly names: readonly string[];
}

const FILES: readonly SourceFile[] = readdirSync(LIB, { recursive: true, encoding: 'utf8' })
  .filter(path => path.endsWith('.ts'))
  .map(path => readSource(join(LIB, path)));

function readSource(file: string): SourceFile {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  const imports: string[] = [];
  // Types as well, wherever they are imported: a circle of types is a circle for whoever reads.
  const visit = (node: ts.Node): void => {
    const specifier =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
          ? node.argument.literal
          : undefined;
    if (specifier !== undefined && ts.isStringLiteral(specifier) && specifier.text.startsWith('.')) {
      imports.push(relative(LIB, resolve(dirname(file), specifier.text)).replace(/\.js$/, '.ts'));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { path: relative(LIB, file), imports, names: source.statements.flatMap(namesOf) };
}

function namesOf(statement: ts.Statement): readonly string[] {
  if (
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement)
  ) {
    return statement.name === undefined ? [] : [statement.name.text];
  }
  if (!ts.isVariableStatement(statement)) return [];
  return statement.declarationList.declarations.flatMap(({ name }) => (ts.isIdentifier(name) ? [name.text] : []));
}

/** A circle of imports that begins and ends at a file; `undefined` where there is none. */
function circleFrom(start: string): readonly string[] | undefined {
  const importsOf = new Map(FILES.map(({ path, imports }) => [path, imports]));
  const seen = new Set<string>();
  const ways: (readonly string[])[] = [[start]];
  for (let way = ways.pop(); way !== undefined; way = ways.pop()) {
    for (const next of importsOf.get(way.at(-1) ?? '') ?? []) {
      if (next === start) return [...way, next];
      if (!seen.has(next)) ways.push([...way, next]);
      seen.add(next);
    }
  }
  return undefined;
}

describe('lib/', () => {
  it('has no circle of imports, types included', () => {
    expect(FILES.length).toBeGreaterThan(80);
    expect(FILES.flatMap(({ path }) => circleFrom(path)?.join(' -> ') ?? [])).toEqual([]);
  });

  it('declares each type, function, class and constant under a name of its own, exported or not', () => {
    const declared = new Map<string, string[]>();
    for (const { path, names } of FILES) {
      // Which of the three is loaded is decided by the build.
      if (path.startsWith('lazy/')) continue;
      // The overloads of one function are one name.
      for (const name of new Set(names)) declared.set(name, [...(declared.get(name) ?? []), path]);
    }
    expect([...declared].filter(([, paths]) => paths.length > 1)).toEqual([]);
  });

  it('has the rooms that lint knows, and no others', () => {
    const rooms = new Set(
      FILES.map(({ path }) => path.split('/')).flatMap(([room = '', ...rest]) => (rest.length > 0 ? room : [])),
    );
    expect([...rooms].sort()).toEqual(Object.keys(ROOMS).sort());
  });

  it('has no room that imports a room above it', () => {
    const order = Object.keys(ROOMS);
    const above = Object.entries(ROOMS).flatMap(([room, mayImport], floor) =>
      mayImport.filter(each => each !== 'nest' && order.indexOf(each) < floor).map(each => `${room} -> ${each}`),
    );
    expect(above).toEqual([]);
  });
});

describe('docs/architecture.md', () => {
  it('has the rooms with what each may import, as lint has them', () => {
    const page = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
    const listed = [...page.matchAll(/^- `lib\/(\w*)\/?`: .+ Imports (.+)\.$/gm)];
    const shown = Object.fromEntries(
      listed.map(([, room = '', mayImport = '']) => [
        room,
        mayImport
          .split(', ')
          .map(each => (each === 'Nest' ? 'nest' : each.replaceAll('`', '')))
          .filter(each => each !== 'nothing'),
      ]),
    );
    const { '': face, ...rooms } = shown;
    expect(face).toEqual(['all of the above']);
    expect(rooms).toEqual(ROOMS);
  });

  it('shows the files of lib/ that there are', () => {
    const page = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
    const linked = [...page.matchAll(/\]\(\.\.\/lib\/([^)#]+)\)/g)].map(([, path = '']) => path);
    const paths = new Set(FILES.map(({ path }) => path));
    expect(linked.filter(path => !paths.has(path) && !path.endsWith('/'))).toEqual([]);
  });
});
