import { startProgram, stopPrograms } from '../support/program.js';

const SECTIONS = ['Engine', 'Scale of the allowlist', 'Scale of the app', 'Whole app', 'Under attack', 'Resolvers'];

afterAll(stopPrograms);

it('The benchmark runs: every section measures all it names', async () => {
  const { code, output } = await startProgram(['bench/run.mjs', '--smoke']).ended;
  const titles = [...output.matchAll(/^## (.+)$/gm)].map(([, title]) => title);

  expect({ code, titles }).toEqual({ code: 0, titles: SECTIONS });
});
