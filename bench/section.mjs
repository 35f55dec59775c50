// One section in a process of its own, or one part of it: `node section.mjs <name> <options as JSON> [part]`.
const [name, options, part] = process.argv.slice(2);
const { run, runPart } = await import(`./sections/${name}.mjs`);
const measured = await (part === undefined ? run(JSON.parse(options)) : runPart(part, JSON.parse(options)));
process.send(measured, () => process.exit());
