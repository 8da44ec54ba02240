// SPDX-License-Identifier: ISC
// Bundles the figures of the review: one script, ASCII, no source map, nothing fetched at run time.
//
// usage: node build.mjs ENTRY OUTPUT
//
// Every page carries the bundle, so the bundle carries the licences of what is in it.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { build } from 'esbuild';

const [entry, target] = process.argv.slice(2);

// The directory of the package that a bundled file came from, or undefined for our own.
function packageOf(file) {
	const parts = file.split('node_modules/');
	if (parts.length === 1) return undefined;
	const words = parts.at(-1).split('/');
	const name = words.slice(0, words[0].startsWith('@') ? 2 : 1).join('/');
	return { name, directory: `${parts.slice(0, -1).join('node_modules/')}node_modules/${name}` };
}

// The licence text without its line breaks, and who holds the copyright.
function licence({ name, directory }) {
	const file = readdirSync(directory).find((f) => /^licen[cs]e/i.test(f));
	const { license } = JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8'));
	if (file === undefined || !existsSync(path.join(directory, file))) return { name, holder: String(license), text: '' };
	const lines = readFileSync(path.join(directory, file), 'utf8').split(/\n/).map((l) => l.trim());
	const holder = lines.filter((l) => /^copyright/i.test(l)).join(' ');
	const text = lines.filter((l) => !/^copyright/i.test(l)).join(' ').replace(/\s+/g, ' ').trim();
	return { name, holder, text };
}

// One paragraph a licence text, under the packages it covers.
function credits(metafile) {
	const inputs = Object.values(metafile.outputs).flatMap((o) => Object.entries(o.inputs));
	const used = inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([file]) => file);
	const packages = new Map(used.map(packageOf).filter(Boolean).map((p) => [p.name, p]));
	const texts = new Map();
	for (const p of [...packages.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
		const { name, holder, text } = licence(p);
		texts.set(text, [...(texts.get(text) ?? []), `${name}: ${holder}`]);
	}
	const ascii = (s) => s.replace(/[^\x20-\x7e\n]/g, '').replaceAll('*/', '* /');
	return [...texts].map(([text, names]) => ascii(`${names.join('\n')}\n${text}`)).join('\n\n');
}

const { metafile, outputFiles } = await build({
	entryPoints: [entry],
	bundle: true,
	write: false,
	minify: true,
	metafile: true,
	format: 'iife',
	globalName: 'yagura',
	target: 'es2020',
	charset: 'ascii',
	legalComments: 'none',
	loader: { '.json': 'json' },
	logLevel: 'warning',
});
writeFileSync(target, `/*!\n${credits(metafile)}\n*/\n${outputFiles[0].text}`);
