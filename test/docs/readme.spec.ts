import { Controller, Get } from '@nestjs/common';
import { CorsConfigurationError, CorsModule, CorsService } from 'nestjs-cors';
import { POLICY_OPTIONS } from '../../lib/policy/fields.js';
import { closeApps, startApp } from '../support/app.js';
import { readmeTable } from '../support/readme.js';

afterEach(closeApps);

describe('README.md', () => {
  it('lists every option, and no other', () => {
    const listed = readmeTable('Options', 'Option').map(([option = '']) => option);
    expect(listed).toEqual(
      [...POLICY_OPTIONS, 'policies', 'routes', 'bounds', 'self', 'resolver', 'interceptor', 'debug'].map(
        option => `\`${option}\``,
      ),
    );
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
