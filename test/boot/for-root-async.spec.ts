import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import {
  CorsConfigurationError,
  CorsModule,
  type CorsModuleAsyncOptions,
  type CorsModuleOptions,
  type CorsOptionsFactory,
} from 'nestjs-cors';
import { BOOTSTRAPS, closeApps, createApp, PLATFORMS, startApp } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();

@Controller('cats')
class CatsController {
  @Get()
  list() {
    return ran('list');
  }
}

const configuration = ConfigModule.forRoot({
  ignoreEnvFile: true,
  ignoreEnvVars: true,
  load: [() => ({ ORIGINS: `${APP},${ADMIN}` })],
});

@Injectable()
class CorsConfig implements CorsOptionsFactory {
  constructor(private readonly config: ConfigService) {}

  createCorsOptions(): CorsModuleOptions {
    return { origin: this.config.getOrThrow<string>('ORIGINS').split(',') };
  }
}

@Module({ imports: [configuration], providers: [CorsConfig], exports: [CorsConfig] })
class SettingsModule {}

const WAYS: readonly (readonly [way: string, options: CorsModuleAsyncOptions])[] = [
  [
    'useFactory with ConfigService (DYN-01)',
    {
      imports: [configuration],
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({ origin: config.getOrThrow<string>('ORIGINS').split(',') }),
    },
  ],
  [
    'useFactory that returns a promise',
    { useFactory: () => new Promise(resolve => setImmediate(() => resolve({ origin: [APP, ADMIN] }))) },
  ],
  ['useClass', { imports: [configuration], useClass: CorsConfig }],
  ['useExisting', { imports: [SettingsModule], useExisting: CorsConfig }],
];

afterEach(closeApps);

describe.each(PLATFORMS)('CorsModule.forRootAsync() on %s', platform => {
  describe.each(BOOTSTRAPS)('by %s', bootstrap => {
    it.each(WAYS)('takes its options from %s', async (_way, options) => {
      const app = await startApp({
        platform,
        bootstrap,
        imports: [CorsModule.forRootAsync(options)],
        controllers: [CatsController],
      });

      for (const origin of [APP, ADMIN]) {
        expect(await observe(app, { path: '/cats', headers: { Origin: origin } })).toEqual({
          status: 200,
          cors: readable(origin),
          ran: ['list'],
        });
      }
      expect(await observe(app, { path: '/cats', headers: { Origin: EVIL } })).toEqual({
        status: 200,
        cors: UNREADABLE,
        ran: ['list'],
      });
      expect(await observe(app, preflightOf('/cats', ADMIN, 'GET'))).toEqual({
        status: 204,
        cors: granted(ADMIN, { methods: 'GET, HEAD' }),
        ran: [],
      });
      expect(await observe(app, preflightOf('/cats', EVIL, 'GET'))).toEqual({ status: 403, cors: REFUSED, ran: [] });
    });
  });

  it.each<[string, () => unknown, string]>([
    ['an origin with a path', () => ({ origin: 'https://app.example/' }), 'origin_path'],
    ['an unset environment variable', () => ({ origin: undefined }), 'option_undefined'],
    ['an empty environment variable', () => Promise.resolve({ origin: ''.split(',') }), 'origin_empty'],
    ['nothing at all', () => undefined, 'module_without_options'],
    ['null', () => null, 'options_type'],
  ])('does not boot with a factory of %s', async (_what, useFactory, code) => {
    const app = await createApp({
      platform,
      imports: [CorsModule.forRootAsync({ useFactory: useFactory as () => CorsModuleOptions })],
      controllers: [CatsController],
    });
    const error: unknown = await app.init().catch((thrown: unknown) => thrown);
    await app.close();

    expect(error).toBeInstanceOf(CorsConfigurationError);
    expect((error as CorsConfigurationError).issues[0]).toMatchObject({ code, severity: 'error' });
  });

  it('does not boot without a factory, and says what to write', async () => {
    const app = await createApp({ platform, imports: [CorsModule.forRootAsync({})], controllers: [CatsController] });
    const error: unknown = await app.init().catch((thrown: unknown) => thrown);
    await app.close();

    expect(error).toBeInstanceOf(CorsConfigurationError);
    expect((error as CorsConfigurationError).issues).toMatchObject([{ code: 'module_without_options' }]);
  });

  it.each(['useClass', 'useExisting'] as const)('does not boot with a class of another method in %s', async way => {
    class CorsSettings {
      createOptions() {
        return { origin: [APP] };
      }
    }
    const options = { imports: [{ module: CorsSettings, exports: [CorsSettings], providers: [CorsSettings] }] };
    const imports = [CorsModule.forRootAsync({ ...options, [way]: CorsSettings })];
    const error: unknown = await createApp({ platform, imports }).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(CorsConfigurationError);
    expect((error as CorsConfigurationError).issues).toMatchObject([
      {
        code: 'options_factory',
        value: 'CorsSettings',
        hint: 'Write class CorsSettings implements CorsOptionsFactory { createCorsOptions(): CorsModuleOptions { return { \u2026 }; } }.',
      },
    ]);
  });

  it('does not boot with a factory that throws, and says what it threw', async () => {
    const failure = new Error('ORIGINS is not set');
    const useFactory = () => Promise.reject(failure);

    await expect(createApp({ platform, imports: [CorsModule.forRootAsync({ useFactory })] })).rejects.toBe(failure);
  });
});
