import { corsOptionsFromFile, originsFromEnv } from 'nestjs-cors';
import { closeApps, configurationErrorOf, startApp } from '../support/app.js';
import { removeFiles, writeTempFile } from '../support/files.js';
import { blocksOf } from '../support/markdown.js';

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
