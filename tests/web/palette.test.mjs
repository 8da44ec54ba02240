// SPDX-License-Identifier: ISC
// The colours of the figures: readable on the page, and apart from each other for everybody.
//
// Contrast as WCAG 2.1 has it; colour blindness by the matrices of Machado, Oliveira and Fernandes, "A
// Physiologically-based Model for Simulation of Color Vision Deficiency" (2009), full severity; distance by
// CIE76 in L*a*b*.
//
// usage: node palette.test.mjs review.css
import { readFileSync } from 'node:fs';

const VISION = {
	usual: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
	protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
	deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
	tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};
const APART = 10; // CIE76: several times the just noticeable 2.3
const SERIES = 5; // the series that most figures have at most; beyond it dashes and the legend's order help

const linear = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
const luminance = ([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

function contrast(a, b) {
	const [low, high] = [luminance(linear(a)), luminance(linear(b))].sort((x, y) => x - y);
	return (high + 0.05) / (low + 0.05);
}

function lab(hex, matrix) {
	const [r, g, b] = matrix.map((row) => Math.min(1, Math.max(0, row.reduce((s, m, i) => s + m * linear(hex)[i], 0))));
	const f = (t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
	const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
	const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
	const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
	return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const distance = (a, b) => Math.hypot(...a.map((v, i) => v - b[i]));

let passed = 0;
let failed = 0;
function check(what, value, least) {
	if (value >= least) passed++;
	else {
		failed++;
		console.log(`FAILED: ${what}: ${value.toFixed(2)} is below ${least}`);
	}
}

const css = readFileSync(process.argv[2], 'utf8');
const blocks = [...css.matchAll(/:root\s*\{([^}]*)\}/g)].map((m) => Object.fromEntries([...m[1].matchAll(/--([a-z0-9-]+):\s*(#[0-9a-f]{6})/g)].map((v) => [v[1], v[2]])));
for (const [name, c] of [['light', blocks[0]], ['dark', { ...blocks[0], ...blocks[1] }]]) {
	check(`${name}: text`, contrast(c.ink, c.paper), 7);
	for (const k of ['muted', 'accent', 'warn']) check(`${name}: ${k}`, contrast(c[k], c.paper), 4.5);
	check(`${name}: the simulated label`, contrast(c.warn, c['warn-paper']), 4.5);
	for (let i = 1; i <= 8; i++) check(`${name}: series ${i} on paper`, contrast(c[`c${i}`], c.paper), i === 6 ? 2.5 : 3);
	for (const [vision, matrix] of Object.entries(VISION)) {
		for (let i = 1; i <= SERIES; i++)
			for (let k = i + 1; k <= SERIES; k++) check(`${name}, ${vision}: series ${i} and ${k}`, distance(lab(c[`c${i}`], matrix), lab(c[`c${k}`], matrix)), APART);
		for (let i = 1; i < 6; i++) check(`${name}, ${vision}: step ${i} and ${i + 1}`, distance(lab(c[`s${i}`], matrix), lab(c[`s${i + 1}`], matrix)), 6);
	}
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
