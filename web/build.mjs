// SPDX-License-Identifier: ISC
// Bundles the figures of the review: one script, ASCII, no source map, nothing fetched at run time.
import { build } from 'esbuild';

const [entry, target] = process.argv.slice(2);

await build({
	entryPoints: [entry],
	outfile: target,
	bundle: true,
	minify: true,
	format: 'iife',
	globalName: 'yagura',
	target: 'es2020',
	charset: 'ascii',
	legalComments: 'none',
	loader: { '.json': 'json' },
	logLevel: 'warning',
});
