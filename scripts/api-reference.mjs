// Writes docs/api.md from the doc comments of the public API: npm run docs:api. With a file as its argument it writes
// there; a test compares the two, so that the reference is never older than the library.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { Application, Converter, ReferenceType, ReflectionKind } from 'typedoc';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = process.argv[2] ?? join(root, 'docs/api.md');
const folder = mkdtempSync(join(tmpdir(), 'api-reference-'));

const INTRODUCTION = `# API reference

Everything that \`nestjs-cors\` exports. Written by \`npm run docs:api\` from the doc comments in \`lib/\`: change those, not this page.
`;

/** Made by the injector and the library, never by hand. */
const MADE_BY_THE_LIBRARY = ['CorsModule', 'CorsService', 'CorsGuard', 'CorsInterceptor', 'CorsForbiddenException'];
/** What stands for types that only help the compiler to refuse mistakes. */
const PLAIN = { CheckedPolicy: 'CorsPolicyOptions', CheckedModuleOptions: 'CorsModuleOptions' };

try {
  const app = await Application.bootstrapWithPlugins({
    plugin: ['typedoc-plugin-markdown'],
    entryPoints: [join(root, 'lib/index.ts')],
    // Without the tests and the samples: to check those as well takes four times as long.
    tsconfig: join(root, 'tsconfig.build.json'),
    outputs: [{ name: 'markdown', path: folder }],
    readme: 'none',
    logLevel: 'Error',
    modifierTags: ['@publicApi', '@internal'],
    excludeInternal: true,
    excludePrivate: true,
    excludeProtected: true,
    excludeExternals: true,
    disableSources: true,
    sort: ['source-order'],
    groupOrder: ['Classes', 'Functions', 'Variables', 'Interfaces', 'Type Aliases'],
    outputFileStrategy: 'modules',
    entryFileName: 'api',
    hideBreadcrumbs: true,
    hidePageHeader: true,
    hidePageTitle: true,
    useCodeBlocks: true,
    parametersFormat: 'table',
    propertiesFormat: 'table',
    interfacePropertiesFormat: 'table',
    classPropertiesFormat: 'table',
    tableColumnSettings: {
      hideModifiers: true,
      hideOverrides: true,
      hideInherited: true,
      hideValues: true,
      hideDefaults: true,
    },
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => keepWhatReadersNeed(project));
  const project = await app.convert();
  if (project === undefined || app.logger.hasErrors()) throw new Error('typedoc could not read lib/index.ts');
  await app.generateOutputs(project);

  const text = listsForTables(withoutRepetition(readFileSync(join(folder, 'api.md'), 'utf8')));
  const options = await resolveConfig(join(root, 'docs/api.md'));
  writeFileSync(
    target,
    await format(`${INTRODUCTION}\n${contentsOf(text)}\n\n${text}`, { ...options, parser: 'markdown' }),
  );
} finally {
  rmSync(folder, { recursive: true });
}

function keepWhatReadersNeed(project) {
  const named = name => project.children.find(child => child.name === name);
  const referenceTo = name => ReferenceType.createResolvedReference(name, named(name), project);
  for (const reflection of project.getReflectionsByKind(ReflectionKind.All)) {
    if (isLeftOut(reflection)) {
      project.removeReflection(reflection);
      continue;
    }
    sortLiterals(reflection.type);
    reflection.comment?.removeModifier('@publicApi');
    delete reflection.extendedTypes;
    delete reflection.implementedTypes;
    delete reflection.implementationOf;
    delete reflection.overwrites;
    delete reflection.inheritedFrom;
    delete reflection.indexSignatures;
    if (!reflection.kindOf(ReflectionKind.SignatureContainer)) continue;
    for (const [index, signature] of (reflection.signatures ?? []).entries()) {
      signature.comment?.removeModifier('@publicApi');
      delete signature.typeParameters;
      delete signature.overwrites;
      delete signature.inheritedFrom;
      delete signature.implementationOf;
      // Overloads share one comment.
      if (index > 0) delete signature.comment;
      for (const parameter of signature.parameters ?? []) parameter.type = plain(parameter.type, referenceTo);
    }
  }
  const [async] = named('CorsModule')?.children?.find(({ name }) => name === 'forRootAsync')?.signatures ?? [];
  for (const parameter of async?.parameters ?? []) parameter.type = referenceTo('CorsModuleAsyncOptions');
  const code = named('CorsIssue')?.children?.find(({ name }) => name === 'code');
  if (code !== undefined) code.type = referenceTo('CorsIssueCode');
}

function isLeftOut(reflection) {
  const { name, parent, flags, kind } = reflection;
  if (kind === ReflectionKind.Constructor) return MADE_BY_THE_LIBRARY.includes(parent.name);
  if (kind === ReflectionKind.Method) return name === 'onModuleInit' || name === 'intercept';
  // Shown where they are stated.
  return kind === ReflectionKind.Property && (flags.isInherited || (flags.isExternal ?? false));
}

/** The compiler has them in the order in which it met them anywhere: unrelated code would change the page. */
function sortLiterals(type) {
  if (type?.type !== 'union' || !type.types.every(each => each.type === 'literal')) return;
  type.types.sort((a, b) => (String(a.value) < String(b.value) ? -1 : 1));
}

function plain(type, referenceTo) {
  if (type?.type === 'union') type.types = type.types.map(each => plain(each, referenceTo));
  return type?.type === 'reference' && type.name in PLAIN ? referenceTo(PLAIN[type.name]) : type;
}

/** A signature says what it returns, and a rule between headings says nothing. */
function withoutRepetition(markdown) {
  return (
    markdown
      .replaceAll(/^#+ Returns\n\n[^\n]+\n\n(?=#|\*\*\*|$)/gm, '')
      .replaceAll(/^\*\*\*\n+/gm, '')
      .replaceAll(/<a id="[^"]*"><\/a> /g, '')
      .replaceAll(/\[([^\]]+)\]\(#property-[^)]*\)/g, '`$1`')
      // Examples are programs, which tests compile; signatures are not.
      .replaceAll(/^(#+ (?!Example)[^\n]*\n\n)```ts$/gm, '$1```typescript')
  );
}

/** A list for each table: types and descriptions are too long for cells. */
function listsForTables(markdown) {
  return markdown.replace(/^\|.*\n\| *[:-].*\n((?:\|.*\n?)+)/gm, (_table, rows) =>
    rows
      .trimEnd()
      .split('\n')
      .map(row => {
        const [name, type, description = '-'] = row
          .split(/(?<!\\)\|/)
          .slice(1, -1)
          .map(cell => cell.trim().replaceAll('\\|', '|'));
        const text = description === '-' ? '' : `<br>${description}`;
        return `- **${name}**: ${type.replace(/^\| /, '')}${text}\n`;
      })
      .join(''),
  );
}

/** The names of each group, with links to them. */
function contentsOf(markdown) {
  const groups = markdown.split(/^## /m).slice(1);
  return groups
    .map(group => {
      const names = [...group.matchAll(/^### (.*)$/gm)].map(([, name]) => name);
      const links = names.map(name => `[${name}](#${name.toLowerCase().replace(/[^\w-]/g, '')})`);
      return `- **${group.split('\n', 1)[0]}**: ${links.join(', ')}`;
    })
    .join('\n');
}
