import { hintOf, PROBLEMS } from '../../lib/issues/catalog.js';
import { startProgram, stopPrograms, writeScript } from '../support/program.js';

/** An app as its users write it, on the built package. */
const program = (cors: string) => `
  import 'reflect-metadata';
  import { Controller, Get, Logger, Module } from '@nestjs/common';
  import { NestFactory } from '@nestjs/core';
  import { Cors, CorsModule } from 'nestjs-cors';

  @Cors({ maxAge: -5 })
  @Controller('cats')
  class CatsController {
    @Get()
    list() {}
  }

  @Module({ imports: [CorsModule.forRoot(${cors})], controllers: [CatsController] })
  class AppModule {}

  const app = await NestFactory.create(AppModule, { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  console.log('listening');
`;

afterEach(stopPrograms);

describe('A process whose configuration is refused', () => {
  it('exits with an error, listens to nothing, and prints every problem with its place and its remedy', async () => {
    const script = writeScript(program(`{ origin: ['https://app.example/', 'null'], credentials: 'yes' }`));
    const { code, output } = await startProgram([script]).ended;

    expect(code).not.toBe(0);
    expect(output).not.toContain('listening');
    expect(output).toContain(
      [
        'CorsConfigurationError: the CORS configuration has 4 errors',
        '',
        'CorsModule.forRoot()',
        `  origin[0] "https://app.example/" ${PROBLEMS.origin_path.problem} [origin_path]`,
        `    ${hintOf('origin_path', 'https://app.example')}`,
        `  origin[1] "null" ${PROBLEMS.origin_null.problem} [origin_null]`,
        `    ${hintOf('origin_null', undefined)}`,
        `  credentials "yes" ${PROBLEMS.boolean_type.problem} [boolean_type]`,
        `    ${hintOf('boolean_type', 'true')}`,
        '',
        '@Cors() on CatsController, affecting CatsController.list (GET /cats)',
        `  maxAge -5 ${PROBLEMS.max_age.problem} [max_age]`,
        `    ${hintOf('max_age', '0')}`,
        '',
        'See node_modules/nestjs-cors/docs/issues.md#origin_path, #origin_null, #boolean_type, #max_age',
        '',
      ].join('\n'),
    );
  });
});
