// What each room of lib/ may import. Enforced by eslint.config.mjs, drawn in docs/architecture.md.
import { dirname, relative, resolve, sep } from 'node:path';

/**
 * The rooms, the lowest floor last. A room imports itself and what its row names; `nest` stands for Nest and RxJS.
 * `lib/cors.constants.ts` is open to all, the other files of `lib/` itself (the face) to none.
 */
export const ROOMS = {
  request: ['registry', 'resolvers', 'decision', 'policy', 'platforms', 'routing', 'issues', 'nest'],
  boot: ['registry', 'resolvers', 'policy', 'platforms', 'routing', 'issues', 'sources', 'nest'],
  registry: ['resolvers', 'decision', 'policy', 'routing', 'issues', 'nest'],
  resolvers: ['decision', 'policy', 'routing', 'issues', 'nest'],
  decision: ['policy', 'issues'],
  sources: ['policy', 'issues', 'lazy'],
  policy: ['issues', 'lazy'],
  platforms: ['routing', 'lazy', 'nest'],
  routing: ['nest'],
  issues: [],
  lazy: [],
};

const FACE = 'the face';
const OPEN_TO_ALL = 'cors.constants';
const DEEP_NEST = /^@nestjs\/[^/]+\//;
/** The one file that reaches into what is not public of Nest. */
const NEST_INTERNALS = `routing${sep}nest-internals.ts`;

/** The room of a file of lib/, given by its path below that. */
function roomOf(path) {
  const [first, ...rest] = path.split(sep);
  return rest.length === 0 ? FACE : first;
}

/** Why a file of lib/ may not import something; `undefined` where it may. */
function faultOf(file, lib, source) {
  const path = relative(lib, file);
  if (DEEP_NEST.test(source)) {
    return path === NEST_INTERNALS ? undefined : `only lib/${NEST_INTERNALS} imports what is not public of Nest`;
  }
  const room = roomOf(path);
  if (room === FACE) return undefined;
  const mayImport = ROOMS[room];
  if (mayImport === undefined) return `lib/${room} is not a room: add it to ROOMS`;
  const imported = importedRoom(file, lib, source);
  if (imported === undefined || imported === room || mayImport.includes(imported)) return undefined;
  return `lib/${room} may not import ${imported}: it may import ${mayImport.join(', ') || 'nothing'}`;
}

/** The room that an import leads to; `undefined` for a package, and for what is open to all. */
function importedRoom(file, lib, source) {
  if (/^(?:@nestjs\/|rxjs(?:\/|$))/.test(source)) return 'nest';
  if (!source.startsWith('.')) return undefined;
  const path = relative(lib, resolve(dirname(file), source));
  return path.replace(/\.[jt]s$/, '') === OPEN_TO_ALL ? undefined : roomOf(path);
}

/** An ESLint rule over all imports and exports, those of types as well. */
export const roomsRule = {
  meta: { type: 'problem', schema: [{ type: 'string' }] },
  create(context) {
    const [lib] = context.options;
    const check = ({ source }) => {
      if (source == null || typeof source.value !== 'string') return;
      const message = faultOf(context.filename, lib, source.value);
      if (message !== undefined) context.report({ node: source, message });
    };
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      TSImportType: ({ source, argument }) => check({ source: source ?? argument?.literal }),
    };
  },
};
