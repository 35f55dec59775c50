import fc from 'fast-check';
import { formsOfGlob, formsOfRegExp, type OriginForms } from '../../../lib/policy/origin/forms.js';
import { compileOrigins } from '../../../lib/policy/origin/matcher.js';
import { isOriginProblem, parseOriginPattern } from '../../../lib/policy/origin/pattern.js';
import { runs } from '../../support/property.js';

/** Whether what is proposed lets in an origin. */
function letsIn(forms: OriginForms): (origin: string) => boolean {
  if ('resolver' in forms) {
    const regExp = new Function(`return ${forms.resolver};`)() as RegExp;
    return origin => regExp.test(origin);
  }
  const patterns = forms.entries.map(parseOriginPattern).flatMap(each => (isOriginProblem(each) ? [] : [each]));
  // The parser proposes nothing if one of them is no origin.
  return compileOrigins(patterns.length < forms.entries.length ? [] : patterns);
}

const label = fc.constantFrom('app', 'admin', 'my-app-1', 'a_b', 'evil', 'x', '1', 'my', 'example', 'wwwexample');
const domain = fc.constantFrom(
  'example.com',
  'example.org',
  'evil.net',
  'vercel.app',
  'com',
  'examplexcom',
  'localhost',
);
const origin = fc
  .tuple(
    fc.constantFrom('https', 'https', 'http', 'capacitor'),
    fc.array(label, { maxLength: 3 }),
    domain,
    fc.constantFrom('', '', ':3000', ':8443', ':30001'),
  )
  .map(([scheme, labels, end, port]) => `${scheme}://${[...labels, end].join('.')}${port}`);

const part = fc.constantFrom(
  ...[
    'app',
    'my',
    '-',
    '\\.',
    '.',
    '.*',
    '.+',
    '[a-z]+',
    '[a-z0-9-]*',
    '\\w+',
    '\\d+',
    '[^.]+',
    '[\\w.-]+',
    'x?',
    '[ab]{1,3}',
  ],
  ...['(app|admin)', '(?:[a-z0-9-]+\\.)*', '(.+\\.)?', '([a-z]+\\.)+', '(my-app-\\d+|admin)'],
);
const source = fc
  .tuple(
    fc.constantFrom('^https:\\/\\/', '^https?:\\/\\/', '^http:\\/\\/', 'https:\\/\\/', '', '\\.', '^.*', '.*'),
    fc.array(part, { maxLength: 3 }),
    fc.constantFrom(
      'example\\.com',
      '\\.example\\.com',
      'example.com',
      '.example.com',
      '\\.vercel\\.app',
      'localhost',
      '',
    ),
    fc.constantFrom('', '(:\\d+)?', ':\\d+', ':3000', ':\\d{4,5}', '(?::3000|:8443)?'),
    fc.constantFrom('$', '$', '', '\\/?$', '.*', '(\\/.*)?$'),
  )
  .map(texts => texts.flat().join(''));

describe('What is proposed for a RegExp', () => {
  it('lets in no origin that the RegExp does not', () => {
    const seen = { entries: 0, resolver: 0, letIn: 0 };
    fc.assert(
      fc.property(source, fc.array(origin, { minLength: 20, maxLength: 40 }), (text, origins) => {
        const forms = formsOfRegExp(text);
        if (forms === undefined) return;
        seen['resolver' in forms ? 'resolver' : 'entries']++;
        const regExp = new RegExp(text);
        const letIn = origins.filter(letsIn(forms));
        seen.letIn += letIn.length;
        expect(letIn.filter(each => !regExp.test(each))).toEqual([]);
      }),
      runs(3000),
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(25);
  });

  it('is anchored, and has no host of just anyone', () => {
    fc.assert(
      fc.property(source, text => {
        const forms = formsOfRegExp(text);
        if (forms === undefined) return;
        const isLetIn = letsIn(forms);
        const foreign = [
          'https://evil.net',
          'https://example.com.evil.net',
          'https://evil.vercel.app',
          'https://evilexample.com',
        ];
        const written = text.replaceAll('\\', '');
        // A host that is written out is what was meant.
        expect(foreign.filter(isLetIn).filter(each => !written.includes(each.slice(8)))).toEqual([]);
      }),
      runs(3000),
    );
  });

  it('is quick, however an origin is made to fail', () => {
    expect(formsOfRegExp('^https:\\/\\/.*[a-z]+\\w+x\\.example\\.com$')).toBeUndefined();
    expect(formsOfRegExp('^https:\\/\\/\\w{1,60}\\w{1,60}\\w+x\\.example\\.com$')).toBeUndefined();
    expect(formsOfRegExp('^https:\\/\\/\\w+-\\w+\\.example\\.com$')).toEqual({
      resolver: '/^https:\\/\\/[a-z0-9_]+-[a-z0-9_]+\\.example\\.com$/',
    });
  });

  it('is the same or nothing for any text, and never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          source.map(text => `${text}(`),
        ),
        text => {
          expect(formsOfRegExp(text)).toEqual(formsOfRegExp(text));
          expect(formsOfGlob(text)).toEqual(formsOfGlob(text));
        },
      ),
      runs(3000),
    );
  });
});

describe('What is proposed for a wildcard', () => {
  it('lets in no origin that it does not match', () => {
    let letIn = 0;
    const glob = fc
      .tuple(
        fc.constantFrom('https://', 'http://', '*://', ''),
        fc.array(fc.constantFrom('*', '*.', 'app', '-', 'my-', 'x.', '**'), { maxLength: 4 }),
        fc.constantFrom('example.com', '.example.com', '.vercel.app', 'localhost', '.com'),
        fc.constantFrom('', ':*', ':30*'),
      )
      .map(texts => texts.flat().join(''));
    fc.assert(
      fc.property(glob, fc.array(origin, { minLength: 20, maxLength: 40 }), (text, origins) => {
        const forms = formsOfGlob(text);
        if (forms === undefined) return;
        const scheme = text.includes('://') ? '' : '(?:https?://)';
        const meant = new RegExp(
          `^${scheme}${text
            .replace(/[.:]/g, '\\$&')
            .replace(/\*\\\.example/g, '(?:.*\\.)?example')
            .replace(/(?<!\.)\*+/g, '.*')}$`.replace('\\:.*', '(?:\\:.*)?'),
        );
        const found = origins.filter(letsIn(forms));
        letIn += found.length;
        expect(found.filter(each => !meant.test(each))).toEqual([]);
      }),
      runs(3000),
    );
    expect(letIn).toBeGreaterThan(25);
  });
});
