import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as common from '@nestjs/common';
import { Controller, Get, type Type } from '@nestjs/common';
import * as cors from 'nestjs-cors';
import { CorsConfigurationError, CorsModule, CorsService } from 'nestjs-cors';
import { POLICY_OPTIONS } from '../../lib/policy/fields.js';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { portOf } from '../support/client.js';
import { exchangesOf, expectAnswer } from '../support/exchanges.js';
import { RecordingLogger } from '../support/logger.js';
import { ROOT } from '../support/markdown.js';
import { onlyBlock, readmeTable } from '../support/readme.js';
import { exportsOf } from '../support/snippets.js';

const OPTIONS = [
  ...POLICY_OPTIONS,
  'policies',
  'routes',
  'bounds',
  'self',
  'handshakes',
  'resolver',
  'interceptor',
  'debug',
];

afterEach(closeApps);

describe('README.md', () => {
  it('has fewer than 250 lines, and an example of twelve', () => {
    expect(readFileSync(join(ROOT, 'README.md'), 'utf8').split('\n').length).toBeLessThanOrEqual(250);
    expect(onlyBlock('README.md', 'ts', 'class HoursController').split('\n')).toHaveLength(12);
  });

  it.each(PLATFORMS)('shows what its example logs and answers, on %s', async platform => {
    const example = `${onlyBlock('README.md', 'ts', 'class HoursController')}\nexports.AppModule = AppModule;`;
    const { AppModule } = exportsOf(example, {}, { ...common, ...cors });
    const logger = new RecordingLogger();
    const app = await startApp({ platform, imports: [AppModule as Type], nest: { logger } });

    const logged = logger.ofCors('log').map(message => `LOG [CorsModule] ${message}`);
    expect(logged.join('\n')).toBe(onlyBlock('README.md', 'text', 'LOG [CorsModule]'));
    const exchanges = exchangesOf('README.md');
    expect(exchanges.length).toBeGreaterThan(0);
    for (const exchange of exchanges) await expectAnswer(exchange, String(portOf(app)));
  });

  it('lists every option, and no other', () => {
    const listed = readmeTable('Options', 'Option').map(([option = '']) => option);
    expect(listed).toEqual(OPTIONS.map(option => `\`${option}\``));
  });

  it('has every option on the page that describes them', () => {
    const headings = [...readFileSync(join(ROOT, 'docs/options.md'), 'utf8').matchAll(/^### `(.*)`$/gm)];
    expect(headings.map(([, option = '']) => option)).toEqual(OPTIONS);
  });

  it('has the defaults that are active', async () => {
    @Controller()
    class CatsController {
      @Get()
      list() {}
    }
    const app = await startApp({ cors: { origin: false }, controllers: [CatsController] });
    const policy = app.get(CorsService).policies()[0]?.policy ?? {};
    const listed = readmeTable('Options', 'Option').flatMap(([option = '', value = '']) => {
      const name = option.replaceAll('`', '');
      return value.startsWith('`') && name in policy ? [[name, valuesOf(value)[0]]] : [];
    });
    expect(listed.length).toBeGreaterThan(5);
    expect(policy).toMatchObject(Object.fromEntries(listed) as object);
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
