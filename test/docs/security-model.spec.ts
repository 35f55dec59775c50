import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CorsModule } from 'nestjs-cors';
import { configurationErrorOf } from '../support/app.js';
import { ROOT } from '../support/markdown.js';

const PAGE = 'docs/security-model.md';
const text = readFileSync(join(ROOT, PAGE), 'utf8');
const threats = text.split('\n### ').slice(1);

const configurations = [...text.matchAll(/^- `(forRoot\(.*\))` \(`(\w+)`\): \w/gm)].map(
  ([, code = '', issue = '']) => ({ code, issue }),
);

describe(PAGE, () => {
  it.each(threats.map(threat => [threat.split('\n', 1)[0] ?? '', threat]))(
    'names tests that exist: %s',
    (_name, threat) => {
      const named = [...threat.matchAll(/`(test\/[^`]+)`[^"\n]*?, "([^"]+)"/g)];
      expect(threat).toMatch(/\*\*Attack\.\*\*[\s\S]*\*\*Here\.\*\*[\s\S]*\*\*Shown by\*\*/);
      expect(named.length).toBeGreaterThan(0);
      const missing = named.filter(
        ([, file = '', title = '']) => !readFileSync(join(ROOT, file), 'utf8').includes(title),
      );
      expect(missing.map(([reference]) => reference)).toEqual([]);
    },
  );

  it.each(configurations)('is right that $code does not boot', async ({ code, issue }) => {
    const forRoot = (options: never) => CorsModule.forRoot(options);
    const root = new Function('forRoot', `return ${code};`)(forRoot) as ReturnType<typeof forRoot>;
    const { issues } = await configurationErrorOf({ imports: [root] });

    expect([...new Set(issues.map(each => each.code))]).toEqual([issue]);
  });
});
