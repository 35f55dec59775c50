import { isError, problem } from '../../lib/issues/problem.js';

describe('problem', () => {
  it('carries the hint with the corrected form', () => {
    expect(problem('origin_path', 'origin[1]', 'https://a.example/', 'https://a.example')).toEqual({
      code: 'origin_path',
      path: 'origin[1]',
      value: 'https://a.example/',
      hint: "Write 'https://a.example'.",
    });
  });

  it('carries the other hint where there is no corrected form', () => {
    expect(problem('origin_path', 'origin', 'https:///')).toEqual({
      code: 'origin_path',
      path: 'origin',
      value: 'https:///',
      hint: 'Remove what follows the host and port.',
    });
  });

  it('takes the corrected form as it is, dollar signs included', () => {
    expect(problem('option_unknown', "$&$'", "$&$'", "$&$'").hint).toBe("Did you mean `$&$'`?");
  });

  it('tells errors from warnings', () => {
    expect([isError('origin_null'), isError('origin_duplicate')]).toEqual([true, false]);
  });
});
