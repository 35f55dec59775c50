import { jest } from '@jest/globals';
import { Module, type Type } from '@nestjs/common';
import * as common from '@nestjs/common';
import * as config from '@nestjs/config';
import { ConfigModule } from '@nestjs/config';
import * as cors from 'nestjs-cors';
import {
  CORS_MODULE_OPTIONS,
  CorsConfigurationError,
  CorsModule,
  corsOptionsFromFile,
  originsFromEnv,
} from 'nestjs-cors';
import { closeApps, configurationErrorOf, startApp } from '../support/app.js';
import { removeFiles, writeTempFile } from '../support/files.js';
import { blocksOf } from '../support/markdown.js';
import { onlyBlock } from '../support/readme.js';
import { exportsOf } from '../support/snippets.js';

const blocks = blocksOf('docs/configuration-sources.md');
const textsIn = (language: string) => blocks.filter(block => block.language === language).map(({ text }) => text);

const [variable = '', wrongVariable = ''] = textsIn('sh');
const [file = '', wrongFile = ''] = textsIn('yaml');
const [variableErrors = '', fileErrors = ''] = textsIn('text');

afterEach(closeApps);
afterEach(removeFiles);

const readVariable = (text: string) => {
  const [name = '', value = ''] = text.split('=');
  return originsFromEnv(name, { [name]: value });
};

describe('docs/configuration-sources.md', () => {
  it('shows a variable that is read, and the errors of one that is not', () => {
    expect(readVariable(variable)).toEqual(['https://app.example.com', 'https://*.preview.example.com']);
    expect(() => readVariable(wrongVariable)).toThrow(messageOf(variableErrors));
  });

  describe('with a .env file', () => {
    const VARIABLE = 'CORS_ORIGINS';
    const fromDotEnv = () => ConfigModule.forRoot({ envFilePath: writeTempFile('.env', variable) });

    afterEach(() => Reflect.deleteProperty(process.env, VARIABLE));

    it('is right that a decorator reads the variable before the file is read, if that is called later', async () => {
      expect(() => [CorsModule.forRoot({ origin: originsFromEnv(VARIABLE) }), fromDotEnv()]).toThrow(
        CorsConfigurationError,
      );
      const imports = [CorsModule.forRoot({ origin: process.env[VARIABLE] as string }), fromDotEnv()];
      const { issues } = await configurationErrorOf({ imports: await Promise.all(imports) });
      expect(issues.map(({ code }) => code)).toEqual(['option_undefined']);
    });

    it('shows a module that reads it afterwards, in any order', async () => {
      const page = onlyBlock('docs/configuration-sources.md', 'ts', "originsFromEnv('CORS_ORIGINS', config)");
      const { AppModule } = exportsOf(page, {
        '@nestjs/common': common,
        '@nestjs/config': config,
        'nestjs-cors': cors,
      });
      class RootModule {}
      Module({ imports: [AppModule as Type, fromDotEnv()] })(RootModule);

      const app = await startApp({ imports: [RootModule] });
      expect(app.get(CORS_MODULE_OPTIONS)).toMatchObject({ origin: readVariable(variable) });
    });
  });

  it('shows how a variable with other separators is read', () => {
    const forRoot = jest.fn();
    const read = (value?: string) => {
      const scope = { CorsModule: { forRoot }, originsFromEnv, process: { env: { CORS_ORIGINS: value } } };
      exportsOf(onlyBlock('docs/configuration-sources.md', 'ts', 'replaceAll'), {}, scope);
    };

    read('https://app.example.com;https://www.example.com');
    expect(forRoot).toHaveBeenCalledWith({ origin: ['https://app.example.com', 'https://www.example.com'] });
    expect(read).toThrow(CorsConfigurationError);
    expect(() => readVariable('CORS_ORIGINS=https://app.example.com;https://www.example.com')).toThrow(
      'Write CORS_ORIGINS=https://app.example.com,https://www.example.com.',
    );
  });

  it('shows a file that boots, and the errors of one that does not', async () => {
    await startApp({ cors: corsOptionsFromFile(writeTempFile('cors.yaml', file)) });

    const path = writeTempFile('cors.yaml', wrongFile);
    const error = await configurationErrorOf({ cors: corsOptionsFromFile(path) });
    expect(error.message.replaceAll(path, 'config/cors.yaml')).toBe(messageOf(fileErrors));
  });
});

/** The message of an error as Node prints it. */
function messageOf(printed: string): string {
  return `${printed.replace('CorsConfigurationError: ', '')}\n`;
}
