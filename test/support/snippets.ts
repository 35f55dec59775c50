import ts from 'typescript';

/** Packages by name, as the snippets of pages import them. */
export type Packages = Readonly<Record<string, object>>;

/**
 * Runs TypeScript of a page: what it exports.
 *
 * @param scope what stands around it: the app that a page means
 */
export function exportsOf(
  source: string,
  packages: Packages,
  scope: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const exported = {};
  const run = new Function('require', 'exports', ...Object.keys(scope), compiled(source));
  run(requireFrom(packages), exported, ...Object.values(scope));
  return exported;
}

/**
 * Runs TypeScript of a page as a program, which may await at its top level.
 *
 * @param scope what stands around it
 * @param result the variable to return
 */
export async function resultOf(
  source: string,
  packages: Packages,
  scope: Readonly<Record<string, unknown>>,
  result: string,
): Promise<unknown> {
  const run = new AsyncFunction('require', 'exports', ...Object.keys(scope), `${compiled(source)}\nreturn ${result};`);
  return run(requireFrom(packages), {}, ...Object.values(scope));
}

const AsyncFunction = (async () => {}).constructor as new (
  ...text: string[]
) => (...values: unknown[]) => Promise<unknown>;

function compiled(source: string): string {
  return ts.transpileModule(source, {
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      esModuleInterop: true,
      target: ts.ScriptTarget.ES2022,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    },
  }).outputText;
}

function requireFrom(packages: Packages) {
  return (name: string): object => {
    const found = packages[name];
    if (found === undefined) throw new Error(`A snippet imports ${name}, which its test does not pass on`);
    return found;
  };
}
