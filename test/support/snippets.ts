import ts from 'typescript';

/** Packages by name, as the snippets of pages import them. */
export type Packages = Readonly<Record<string, object>>;

/** Runs TypeScript of a page: what it exports. */
export function exportsOf(source: string, packages: Packages): Readonly<Record<string, unknown>> {
  const exported = {};
  new Function('require', 'exports', compiled(source))(requireFrom(packages), exported);
  return exported;
}

/**
 * Runs TypeScript of a page as a program, which may await at its top level: the value that it has in `result`.
 *
 * @param scope what stands around the program: the app that a page means
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
