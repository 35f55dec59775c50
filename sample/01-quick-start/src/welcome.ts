import type { CorsRoutePolicy } from 'nestjs-cors';

/** What the sample prints once it listens. */
export function welcome(policies: readonly CorsRoutePolicy[], port: string): string {
  return `
Every route and its CORS policy:

${indent(table(policies))}

Try it:

${indent(commands(`http://localhost:${port}`))}

Press Ctrl+C to stop.`;
}

function table(policies: readonly CorsRoutePolicy[]): string {
  const rows = policies.map(({ route, policy }) => [
    `${route.method} ${route.path}`,
    list(policy.origin || []),
    policy.credentials ? 'yes' : 'no',
    policy.origin === false ? '-' : list(policy.allowedHeaders),
  ]);
  const lines = [['Route', 'Origins', 'Credentials', 'Request headers'], ...rows];
  const widths = [0, 1, 2, 3].map(column => Math.max(...lines.map(line => line[column]?.length ?? 0)));
  return lines
    .map(line =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function list(values: '*' | readonly string[]): string {
  if (values === '*') return 'any';
  return values.length === 0 ? 'none' : values.join(', ');
}

function commands(url: string): string {
  return `
curl -i ${url}/widget -H "Origin: https://any.example.org"

curl -i ${url}/dashboard -X OPTIONS \\
  -H "Origin: https://app.example.com" \\
  -H "Access-Control-Request-Method: PUT" \\
  -H "Access-Control-Request-Headers: content-type,x-csrf-token"

curl -i ${url}/admin/users/1 -X OPTIONS \\
  -H "Origin: https://app.example.com" \\
  -H "Access-Control-Request-Method: DELETE"
`.trim();
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
