// SPDX-License-Identifier: ISC
// One function for each kind of figure (src/obs/section.h): from the figure's data and a width to an SVG
// element and a legend.
//
// Colours are CSS variables, so that light, dark and print need no new drawing.  Marks carry class names
// (m-line, m-bar, …) by which the tests count them.
import * as Plot from '@observablehq/plot';
import { feature, mesh } from 'topojson-client';
import atlas from 'world-atlas/countries-110m.json';

import { ALPHA2, BY_NAME, DOTS, countryName } from './countries.js';
import { axisLabel, percent, quantity, short, tick, visible } from './format.js';

const COLOURS = 8;
const CLASSES = 6;
const DASHES = [undefined, '6 3', '2 2', '8 3 2 3'];

export const color = (i) => `var(--c${(i % COLOURS) + 1})`;
const dash = (i) => DASHES[Math.floor(i / COLOURS) % DASHES.length];
const step = (i) => `var(--s${i + 1})`;

const number = (v) => (typeof v === 'number' && Number.isFinite(v) ? v : NaN);
const points = (series) => (Array.isArray(series?.points) ? series.points.filter(Array.isArray) : []);
const name = (series) => short(series?.name, 40);

// The range of finite values, or null.
function extent(values) {
	let low = Infinity;
	let high = -Infinity;
	for (const v of values) {
		if (v < low) low = v;
		if (v > high) high = v;
	}
	return low <= high ? [low, high] : null;
}

function legend(all, box = false) {
	return all.length > 1 ? all.map((s, i) => ({ label: name(s), color: color(i), dash: box ? undefined : dash(i), box })) : [];
}

// The vertical axis of a value: from zero when linear, decades when logarithmic.
function valueAxis(axis, values, draw = { grid: true }) {
	const log = axis?.type === 'log';
	const range = extent(values.filter((v) => !log || v > 0));
	const scale = { label: null, ...draw };
	if (log) return { ...scale, type: 'log', domain: range === null ? [1, 10] : decade(range), tickFormat: decadeTick(axis?.unit) };
	const low = Math.min(0, range?.[0] ?? 0);
	const high = Math.max(0, range?.[1] ?? 0);
	return { ...scale, domain: [low, high === low ? low + 1 : high], nice: true, tickFormat: (v) => tick(v, axis?.unit) };
}

// A range widened so that it is not empty.
function decade([low, high]) {
	return low === high ? [low / 2, high * 2] : [low, high];
}

const isDecade = (v) => Math.abs(Math.log10(v) - Math.round(Math.log10(v))) < 1e-9;

// Only powers of ten are labelled; Plot draws the lines between them.
function decadeTick(unit) {
	return (v) => (isDecade(v) ? tick(v, unit) : '');
}

function logTicks([low, high], most) {
	const ticks = [];
	const first = Math.floor(Math.log10(low));
	const last = Math.ceil(Math.log10(high));
	const by = Math.max(1, Math.ceil((last - first) / most));
	for (let k = Math.ceil(first / by) * by; k <= last; k += by) if (10 ** k >= low * 0.999 && 10 ** k <= high * 1.001) ticks.push(10 ** k);
	return ticks.length >= 2 ? ticks : undefined;
}

function timeAxis(all, zone, width) {
	const range = extent(all) ?? [0, 1];
	const [begin, end] = range[0] === range[1] ? [range[0] - 60_000, range[1] + 60_000] : range;
	const { values, label } = zone.ticks(begin, end, Math.max(2, Math.floor(width / 80)));
	return { scale: { type: 'utc', domain: [begin, end], label: null }, mark: Plot.axisX(values, { tickFormat: label, label: null, lineAnchor: 'top', lineHeight: 1.2 }) };
}

const corner = (text) => Plot.text([text], { frameAnchor: 'top-left', dy: -16, className: 'm-label', textAnchor: 'start' });
const cornerRight = (text) => Plot.text([text], { frameAnchor: 'bottom-right', dy: 46, className: 'm-label', textAnchor: 'end' });

const TIP = { className: 'm-tip', fill: 'var(--paper)', stroke: 'var(--rule)', fontSize: 11, lineHeight: 1.3, textPadding: 7 };

function base(width, height, margins) {
	return { width, height, className: 'chart', marginTop: 26, marginRight: 14, marginBottom: 54, marginLeft: 66, ...margins };
}

// Rows of a series of times; a null value is a gap.
function timeRows(series, log) {
	return points(series).map(([t, y, low, high]) => {
		const value = number(y);
		const good = !log || value > 0;
		return { t: number(t), y: good ? value : NaN, low: good ? number(low) : NaN, high: good ? number(high) : NaN };
	}).filter((r) => Number.isFinite(r.t));
}

// Points that have no neighbour: a line does not show them.
function lonely(rows) {
	const has = (i) => i >= 0 && i < rows.length && Number.isFinite(rows[i].y);
	return rows.filter((r, i) => has(i) && !has(i - 1) && !has(i + 1));
}

// Events marked on the time axis: a rule and its label, lowered step by step so that neighbours can be read.
function moments(figure, time) {
	const [begin, end] = time.scale.domain;
	const all = (Array.isArray(figure.marks) ? figure.marks : []).filter((m) => Array.isArray(m) && m[0] >= begin && m[0] <= end);
	return [
		Plot.ruleX(all, { x: (m) => m[0], stroke: 'var(--muted)', strokeDasharray: '3 3', className: 'm-moment' }),
		...all.map((m, i) => Plot.text([m], { x: (d) => d[0], text: (d) => short(d[1], 30), frameAnchor: 'top', dy: 4 + 12 * (i % 4), dx: 3, textAnchor: 'start', className: 'm-label' })),
	];
}

function timeSeries(figure, { width, zone }) {
	const log = figure.y?.type === 'log';
	const rows = figure.series.map((s) => timeRows(s, log));
	const all = rows.flat();
	const time = timeAxis(all.map((r) => r.t), zone, width - 80);
	const y = valueAxis(figure.y, all.flatMap((r) => [r.y, r.high, r.low]));
	const marks = [time.mark];
	rows.forEach((r, i) => {
		if (r.some((p) => Number.isFinite(p.low) && Number.isFinite(p.high)))
			marks.push(Plot.areaY(r, { x: 't', y1: 'low', y2: 'high', fill: color(i), fillOpacity: 0.18, className: 'm-band' }));
	});
	rows.forEach((r, i) => {
		marks.push(Plot.line(r, { x: 't', y: 'y', stroke: color(i), strokeWidth: 1.6, strokeDasharray: dash(i), className: 'm-line' }));
		marks.push(Plot.dot(lonely(r), { x: 't', y: 'y', r: 2.5, fill: color(i), className: 'm-dot' }));
	});
	marks.push(...moments(figure, time));
	const told = rows.flatMap((r, i) => r.filter((p) => Number.isFinite(p.y)).map((p) => ({ ...p, series: figure.series[i] })));
	const interval = (p) => (Number.isFinite(p.low) ? `\n95\u2009%: ${quantity(p.low, figure.y?.unit)} to ${quantity(p.high, figure.y?.unit)}` : '');
	marks.push(Plot.ruleX(told, Plot.pointer({ x: 't', py: 'y', stroke: 'var(--muted)', strokeOpacity: 0.5 })));
	marks.push(Plot.tip(told, Plot.pointer({ x: 't', y: 'y', title: (p) => `${name(p.series)}\n${zone.text(p.t)}\n${quantity(p.y, figure.y?.unit, 4)}${interval(p)}`, ...TIP })));
	marks.push(corner(axisLabel(figure.y)), cornerRight(zoneLabel(figure.x, zone)));
	return { options: { ...base(width, 300), x: time.scale, y, marks }, legend: legend(figure.series) };
}

const zoneLabel = (axis, zone) => `${short(axis?.label || 'time', 40)}, ${zone.name}`;

// Own sums, so that a gap stays one: Plot would stack it as zero.
function stack(figure) {
	const top = new Map();
	return figure.series.map((s) =>
		timeRows(s, false).map(({ t, y }) => {
			const low = top.get(t) ?? 0;
			if (!Number.isFinite(y)) return { t, y, low: NaN, high: NaN };
			top.set(t, low + y);
			return { t, y, low, high: low + y };
		}));
}

function stackedArea(figure, { width, zone }) {
	const rows = stack(figure);
	const all = rows.flat();
	const time = timeAxis(all.map((r) => r.t), zone, width - 80);
	const marks = [time.mark];
	// A pale edge parts the areas; where points are denser than pixels it would hide them.
	const dense = Math.max(0, ...rows.map((r) => r.length)) > width / 3;
	rows.forEach((r, i) => {
		marks.push(Plot.areaY(r, { x: 't', y1: 'low', y2: 'high', fill: color(i), fillOpacity: 0.82, stroke: dense ? color(i) : 'var(--paper)', strokeWidth: 0.6, className: 'm-area' }));
	});
	const told = rows.flatMap((r, i) => r.filter((p) => Number.isFinite(p.y)).map((p) => ({ ...p, series: figure.series[i], middle: (p.low + p.high) / 2 })));
	marks.push(Plot.tip(told, Plot.pointer({ x: 't', y: 'middle', title: (p) => `${name(p.series)}\n${zone.text(p.t)}\n${quantity(p.y, figure.y?.unit, 4)}`, ...TIP })));
	marks.push(corner(axisLabel(figure.y)), cornerRight(zoneLabel(figure.x, zone)));
	const y = valueAxis({ ...figure.y, type: 'linear' }, all.map((r) => r.high));
	return { options: { ...base(width, 300), x: time.scale, y, marks }, legend: legend(figure.series, true).reverse() };
}

function barRows(figure, log) {
	const categories = [];
	const rows = [];
	figure.series.forEach((s, i) => {
		for (const [category, value, low, high] of points(s)) {
			const key = String(category);
			if (!categories.includes(key)) categories.push(key);
			const v = number(value);
			if (Number.isFinite(v) && (!log || v > 0)) rows.push({ key, series: i, v, low: number(low), high: number(high) });
		}
	});
	return { categories, rows };
}

// Bars lie when their names need room, and stand when they are short and many (hours of a day).
function bars(figure, { width }) {
	const log = figure.y?.type === 'log';
	const { categories, rows } = barRows(figure, log);
	const stand = categories.length >= 7 && categories.every((c) => [...c].length <= 5) && width / categories.length > 24;
	const length = Math.max(4, ...categories.map((c) => Math.min([...visible(c)].length, 26)));
	const value = valueAxis(figure.y, rows.flatMap((r) => [r.v, r.high]));
	const zero = log ? value.domain[0] / 2 : 0;
	if (log) value.domain = [zero, value.domain[1]];
	const inner = { type: 'band', domain: figure.series.map((_, i) => i), axis: null, paddingInner: 0.08, paddingOuter: 0.14 * figure.series.length + 0.05 };
	const outer = { type: 'band', domain: categories, label: null, padding: 0, tickFormat: (c) => short(c, 26) };
	const intervals = rows.filter((r) => Number.isFinite(r.low) && Number.isFinite(r.high));
	const title = (r) => `${short(r.key, 60)}\n${name(figure.series[r.series])}\n${quantity(r.v, figure.y?.unit, 4)}`;
	const from = stand ? { y1: zero, y2: 'v', fx: 'key', x: 'series' } : { x1: zero, x2: 'v', fy: 'key', y: 'series' };
	const rule = stand ? { y1: 'low', y2: 'high', fx: 'key', x: 'series' } : { x1: 'low', x2: 'high', fy: 'key', y: 'series' };
	const at = stand ? { y: 'v', fx: 'key', x: 'series' } : { x: 'v', fy: 'key', y: 'series' };
	const marks = [
		(stand ? Plot.barY : Plot.barX)(rows, { ...from, fill: (r) => color(r.series), className: 'm-bar' }),
		// A pale edge keeps the rule readable across its bar.
		(stand ? Plot.ruleX : Plot.ruleY)(intervals, { ...rule, stroke: 'var(--paper)', strokeWidth: 3.2, strokeOpacity: 0.75, className: 'm-edge' }),
		(stand ? Plot.ruleX : Plot.ruleY)(intervals, { ...rule, stroke: 'var(--ink)', strokeWidth: 1.1, className: 'm-interval' }),
		Plot.tip(rows, Plot.pointer({ ...at, title, maxRadius: 60, ...TIP })),
	];
	if (stand) {
		marks.push(Plot.ruleY([zero], { stroke: 'var(--muted)', className: 'm-zero' }));
		return {
			options: { ...base(width, 290, { marginBottom: 34 }), color: { type: 'identity' }, x: inner, y: { ...value, label: axisLabel(figure.y), labelArrow: 'none' }, fx: { ...outer, label: axisLabel(figure.x) || null }, marks },
			legend: legend(figure.series, true),
		};
	}
	const height = 72 + categories.length * Math.max(22, 13 * figure.series.length + 6);
	const left = Math.min(width * 0.4, 16 + length * 7);
	const ticks = Math.max(2, Math.floor((width - left - 30) / 100));
	marks.push(Plot.ruleX([zero], { stroke: 'var(--muted)', className: 'm-zero' }));
	return {
		options: { ...base(width, height, { marginLeft: left, marginTop: 8, marginRight: 30 }), color: { type: 'identity' }, x: { ...value, ticks, label: axisLabel(figure.y), labelArrow: 'none' }, y: inner, fy: { ...outer, label: null }, marks },
		legend: legend(figure.series, true),
	};
}

function logHistogram(figure, { width }) {
	const rows = figure.series.flatMap((s, i) => points(s).map(([low, high, v]) => ({ low: number(low), high: number(high), v: number(v), series: i })))
		.filter((r) => r.high > 0 && Number.isFinite(r.v))
		// A bin from zero has no left edge on this axis: it is drawn half as wide as it is high.
		.map((r) => ({ ...r, left: r.low > 0 ? r.low : r.high / 2 }));
	const domain = decade(extent(rows.flatMap((r) => [r.left, r.high])) ?? [1, 10]);
	const several = figure.series.length > 1;
	const y = valueAxis(figure.y, rows.map((r) => r.v));
	const floor = y.type === 'log' ? y.domain[0] / 2 : 0;
	if (y.type === 'log') y.domain = [floor, y.domain[1]];
	const title = (r) => `${name(figure.series[r.series])}\n${quantity(r.low, figure.x?.unit)} to ${quantity(r.high, figure.x?.unit)}\n${quantity(r.v, figure.y?.unit, 4)}`;
	return {
		options: {
			...base(width, 290),
			color: { type: 'identity' },
			x: { type: 'log', domain, ticks: logTicks(domain, width / 80), tickFormat: (v) => tick(v, figure.x?.unit), label: null },
			y,
			marks: [
				Plot.rectY(rows, { x1: 'left', x2: 'high', y1: floor, y2: (r) => Math.max(r.v, floor), fill: (r) => color(r.series), fillOpacity: several ? 0.55 : 0.9, inset: 0.4, className: 'm-bin' }),
				Plot.ruleY([floor], { stroke: 'var(--muted)', className: 'm-zero' }),
				Plot.tip(rows, Plot.pointerX({ x: (r) => Math.sqrt(r.left * r.high), y: 'v', title, ...TIP })),
				corner(axisLabel(figure.y)), cornerRight(axisLabel(figure.x)),
			],
		},
		legend: legend(figure.series, true),
	};
}

function ccdf(figure, { width }) {
	const rows = figure.series.map((s) => points(s).map(([x, share]) => ({ x: number(x), share: number(share) })).filter((p) => p.x > 0 && p.share > 0));
	const all = rows.flat();
	const x = decade(extent(all.map((p) => p.x)) ?? [1, 10]);
	const y = decade(extent([...all.map((p) => p.share), 1]) ?? [0.1, 1]);
	const told = rows.flatMap((r, i) => r.map((p) => ({ ...p, series: figure.series[i] })));
	const marks = rows.map((r, i) => Plot.line(r, { x: 'x', y: 'share', stroke: color(i), strokeWidth: 1.7, strokeDasharray: dash(i), curve: 'step-after', className: 'm-line' }));
	marks.push(Plot.tip(told, Plot.pointer({ x: 'x', y: 'share', title: (p) => `${name(p.series)}\n${percent(p.share)} are above\n${quantity(p.x, figure.x?.unit)}`, ...TIP })));
	marks.push(corner(axisLabel(figure.y)), cornerRight(axisLabel(figure.x)));
	return {
		options: {
			...base(width, 330),
			x: { type: 'log', domain: x, grid: true, ticks: logTicks(x, width / 80), tickFormat: (v) => tick(v, figure.x?.unit), label: null },
			y: { type: 'log', domain: y, grid: true, ticks: logTicks(y, 7), tickFormat: percent, label: null },
			marks,
		},
		legend: legend(figure.series),
	};
}

// Classes of values: round limits, evenly spaced by logarithm when the range is wide.
function classes(values, unit) {
	const range = extent(values);
	if (range === null) return { of: () => null, legend: [] };
	const [low, high] = range;
	const limits = [];
	const wide = low > 0 && high / low > 50;
	for (let i = 1; i < CLASSES; i++) {
		const raw = wide ? low * (high / low) ** (i / CLASSES) : low + ((high - low) * i) / CLASSES;
		const limit = round(raw, high - low < 100 && !wide);
		if (limit > low && limit <= high && limit > (limits.at(-1) ?? -Infinity)) limits.push(limit);
	}
	const of = (v) => limits.filter((limit) => v >= limit).length;
	const shade = (i) => step(limits.length === 0 ? CLASSES - 1 : Math.round((i * (CLASSES - 1)) / limits.length));
	const edges = [low, ...limits, high];
	const items = [...limits, high].map((_, i) => {
		const from = quantity(edges[i], '', 3);
		const to = quantity(edges[i + 1], '', 3);
		const last = i === limits.length;
		return { label: from === to ? from : last ? `${from} to ${to}` : `${from} to <\u2009${to}`, color: shade(i), box: true };
	});
	return { of: (v) => shade(of(v)), legend: items, unit };
}

function round(value, whole) {
	if (value === 0) return 0;
	if (whole && Math.abs(value) >= 1) return Math.ceil(value);
	const unit = 10 ** Math.floor(Math.log10(Math.abs(value)));
	return Number((Math.round((value / unit) * 2) / 2 * unit).toPrecision(3));
}

const DAY_MS = 86400_000;
const WEEKDAYS = ['Mon', '', 'Wed', '', 'Fri', '', 'Sun'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

// Days since 1970 of "YYYY-MM-DD", NaN for anything else.
function dayNumber(text) {
	return /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) / DAY_MS : NaN;
}

// 1970-01-05 was a Monday.
const week = (day) => Math.floor((day - 4) / 7);
const weekday = (day) => (((day - 4) % 7) + 7) % 7;

function calendarRows(figure) {
	return figure.series.flatMap((s) => points(s)).map(([text, v]) => ({ text: String(text), day: dayNumber(text), v: number(v) }))
		.filter((r) => Number.isFinite(r.day));
}

// Weeks side by side, a block of rows for as many weeks as fit.
function calendar(figure, { width }) {
	const rows = calendarRows(figure);
	const range = extent(rows.map((r) => week(r.day))) ?? [0, 0];
	const columns = Math.max(4, Math.min(53, range[1] - range[0] + 1, Math.floor((width - 50) / 13)));
	const blocks = Math.ceil((range[1] - range[0] + 1) / columns);
	const cell = Math.min(22, Math.floor((width - 50) / columns));
	const shades = classes(rows.map((r) => r.v).filter(Number.isFinite), figure.y?.unit);
	const place = (day) => {
		const w = week(day) - range[0];
		return { column: w % columns, block: Math.floor(w / columns), row: weekday(day) };
	};
	const cells = rows.map((r) => ({ ...r, ...place(r.day) }));
	const firsts = monthLabels(rows, place, cell);
	return {
		options: {
			width: 50 + columns * cell, height: 34 + blocks * (7 * cell + 22), className: 'chart',
			marginLeft: 40, marginTop: 22, marginRight: 10, marginBottom: 12,
			color: { type: 'identity' },
			x: { type: 'band', domain: Array.from({ length: columns }, (_, i) => i), axis: null, padding: 0.1 },
			y: { type: 'band', domain: [0, 1, 2, 3, 4, 5, 6], label: null, padding: 0.1, tickSize: 0, tickFormat: (d) => WEEKDAYS[d] },
			fy: { type: 'band', domain: Array.from({ length: blocks }, (_, i) => i), axis: null, padding: 0.12 },
			marks: [
				Plot.cell(cells, { x: 'column', y: 'row', fy: 'block', fill: (r) => (Number.isFinite(r.v) ? shades.of(r.v) : 'var(--paper)'), stroke: (r) => (Number.isFinite(r.v) ? 'none' : 'var(--rule)'), inset: 0.4, className: 'm-day' }),
				Plot.text(firsts, { x: 'column', fy: 'block', text: 'text', frameAnchor: 'top', dy: -10, textAnchor: 'start', dx: -cell / 2, className: 'm-month' }),
				Plot.tip(cells, Plot.pointer({ x: 'column', y: 'row', fy: 'block', title: (r) => `${r.text}\n${quantity(r.v, figure.y?.unit, 4)}`, ...TIP })),
			],
		},
		legend: [...shades.legend, { label: 'no data', color: 'var(--paper)', box: true }],
		legendTitle: axisLabel(figure.y),
	};
}

// The name of a month above its first week, where there is room for it.
function monthLabels(rows, place, cell) {
	const labels = [];
	const days = rows.map((r) => r.day);
	const range = extent(days) ?? [0, -1];
	for (let day = range[0]; day <= range[1]; day++) {
		const date = new Date(day * DAY_MS);
		if (date.getUTCDate() !== 1 && day !== range[0]) continue;
		const at = place(day);
		const last = labels.at(-1);
		const far = last === undefined || last.block !== at.block || (at.column - last.column) * cell > last.text.length * 6.4 + 4;
		if (!far && labels.length > 1) continue;
		if (!far) labels.pop();
		const year = labels.length === 0 || date.getUTCMonth() === 0 ? ` ${date.getUTCFullYear()}` : '';
		labels.push({ ...at, text: MONTHS[date.getUTCMonth()] + year });
	}
	return labels;
}

const COUNTRIES = feature(atlas, atlas.objects.countries).features.map((f) => ({
	...f,
	code: ALPHA2.get(f.id) ?? BY_NAME.get(f.properties.name) ?? '',
}));
// Without Antarctica, whose place is better used.
const INHABITED = { type: 'FeatureCollection', features: COUNTRIES.filter((c) => c.id !== '010') };
const BORDERS = mesh(atlas, atlas.objects.countries, (a, b) => a !== b);

function worldMap(figure, { width }) {
	const values = new Map();
	for (const [code, v] of figure.series.flatMap(points)) if (Number.isFinite(number(v))) values.set(String(code), v);
	const shades = classes([...values.values()], figure.y?.unit);
	const known = new Set(COUNTRIES.map((c) => c.code));
	const dots = [...values].filter(([code]) => !known.has(code) && Object.hasOwn(DOTS, code)).map(([code, v]) => ({ code, v, at: DOTS[code] }));
	const missing = [...values].filter(([code]) => !known.has(code) && !Object.hasOwn(DOTS, code));
	const title = (code) => `${short(countryName(code), 40)}\n${values.has(code) ? quantity(values.get(code), figure.y?.unit, 4) : 'none'}`;
	const land = COUNTRIES.filter((c) => c.code !== '' && values.has(c.code));
	return {
		options: {
			width, height: Math.round(width * 0.48), className: 'chart', margin: 2,
			projection: { type: 'equal-earth', domain: INHABITED },
			color: { type: 'identity' },
			marks: [
				Plot.geo(INHABITED.features, { fill: (c) => (values.has(c.code) ? shades.of(values.get(c.code)) : 'var(--land)'), className: 'm-country' }),
				Plot.geo(BORDERS, { stroke: 'var(--paper)', strokeWidth: 0.5, className: 'm-border' }),
				Plot.dot(dots, { x: (d) => d.at[0], y: (d) => d.at[1], r: 3.2, fill: (d) => shades.of(d.v), stroke: 'var(--ink)', strokeWidth: 0.6, className: 'm-place' }),
				Plot.tip(land, Plot.pointer(Plot.geoCentroid({ title: (c) => title(c.code), maxRadius: 30, ...TIP }))),
				Plot.tip(dots, Plot.pointer({ x: (d) => d.at[0], y: (d) => d.at[1], title: (d) => title(d.code), maxRadius: 12, ...TIP })),
			],
		},
		legend: shades.legend,
		legendTitle: axisLabel(figure.y),
		note: missing.length === 0 ? '' : `Not on the map: ${missing.map(([code, v]) => `${short(countryName(code), 30)} (${quantity(v, figure.y?.unit)})`).join(', ')}.`,
	};
}

// Labels stand in their span, or behind it where nothing follows soon, or not at all: the tip has them.
function spanLabels(rows, pixels, last) {
	const told = [];
	for (const r of rows) {
		const text = short(r.label, 40);
		const need = [...text].length * 6.4 + 10;
		const next = Math.min(last, ...rows.filter((o) => o.key === r.key && o.begin > r.begin).map((o) => o.begin));
		const inside = pixels(r.end - r.begin) > need;
		if (inside || pixels(next - r.end) > need) told.push({ ...r, text, inside });
	}
	return told;
}

function timeline(figure, { width, zone }) {
	const names = figure.series.map((s, i) => `${i}`);
	const rows = figure.series.flatMap((s, i) => points(s).map(([begin, end, label]) => ({ begin: number(begin), end: number(end), label, key: `${i}`, series: i })))
		.filter((r) => Number.isFinite(r.begin) && Number.isFinite(r.end));
	const length = Math.max(4, ...figure.series.map((s) => Math.min([...visible(s.name)].length, 24)));
	const left = Math.min(width * 0.35, 16 + length * 7);
	const time = timeAxis(rows.flatMap((r) => [r.begin, r.end]), zone, width - left);
	const [first, last] = time.scale.domain;
	const pixels = (ms) => (ms / (last - first)) * (width - left - 14);
	const told = spanLabels(rows, pixels, last);
	return {
		options: {
			...base(width, 70 + Math.max(1, names.length) * 30, { marginLeft: left, marginTop: 10 }),
			x: time.scale,
			y: { type: 'band', domain: names, label: null, padding: 0.28, tickSize: 0, tickFormat: (k) => short(figure.series[Number(k)]?.name, 24) },
			marks: [
				time.mark,
				Plot.ruleY(names, { stroke: 'var(--rule)', strokeWidth: 0.7 }),
				// The outline keeps what is short visible.
				Plot.barX(rows, { x1: 'begin', x2: 'end', y: 'key', fill: 'var(--c1)', stroke: 'var(--c1)', strokeWidth: 1.6, rx: 1, className: 'm-span' }),
				Plot.text(told.filter((r) => r.inside), { x: 'begin', y: 'key', text: 'text', textAnchor: 'start', dx: 6, fill: 'var(--paper)', className: 'm-text' }),
				Plot.text(told.filter((r) => !r.inside), { x: 'end', y: 'key', text: 'text', textAnchor: 'start', dx: 5, className: 'm-text' }),
				Plot.tip(rows, Plot.pointer({ x: (r) => (r.begin + r.end) / 2, y: 'key', title: (r) => `${short(r.label, 60)}\n${zone.text(r.begin)}\n${zone.text(r.end)}`, ...TIP })),
				cornerRight(zoneLabel(figure.x, zone)),
			],
		},
		legend: [],
	};
}

// An axis of a plane, linear or in decades; `reach` is the range of its values.
function planeAxis(axis, reach, size) {
	const log = axis?.type === 'log';
	const domain = log ? decade(reach ?? [1, 10]) : reach === null ? [0, 1] : reach[0] === reach[1] ? [reach[0] - 1, reach[1] + 1] : reach;
	const ticks = log ? logTicks(domain, size / 80) : Math.max(2, Math.floor(size / 80));
	return { type: log ? 'log' : 'linear', domain, grid: true, label: null, ticks, tickFormat: log && ticks === undefined ? decadeTick(axis?.unit) : (v) => tick(v, axis?.unit) };
}

const inside = (v, [low, high]) => v >= low && v <= high;
const clamp = (v, [low, high]) => Math.min(high, Math.max(low, v));

// Zones, lines and ticks beside the data; see section_guide.  None widens the plane.
function planeGuides(figure, x, y) {
	const all = (Array.isArray(figure.guides) ? figure.guides : []).map((m) => ({ kind: m?.kind, label: short(m?.label, 60), a: number(m?.a), b: number(m?.b) })).filter((m) => Number.isFinite(m.a) && Number.isFinite(m.b));
	const of = (kind, good = () => true) => all.filter((m) => m.kind === kind && good(m));
	const zones = of('zone-x', (m) => m.b > x[0] && m.a < x[1]).map((m) => ({ ...m, a: clamp(m.a, x), b: clamp(m.b, x) }));
	const linesX = of('line-x', (m) => inside(m.a, x));
	const linesY = of('line-y', (m) => inside(m.a, y));
	const ticks = of('tick-x', (m) => m.b > x[0] && m.a < x[1]).map((m) => ({ ...m, a: clamp(m.a, x), b: clamp(m.b, x) }));
	const places = of('point', (m) => inside(m.a, x) && inside(m.b, y));
	const both = [Math.max(x[0], y[0]), Math.min(x[1], y[1])];
	const diagonals = both[0] < both[1] ? of('diagonal') : [];
	const told = [...zones.map((m) => ({ ...m, at: m.b })), ...linesX.map((m) => ({ ...m, at: m.a })), ...ticks.map((m) => ({ ...m, at: x[0] > 0 ? Math.sqrt(m.a * m.b) : (m.a + m.b) / 2 }))];
	const label = { className: 'm-mark-label', fontSize: 10, fill: 'var(--muted)' };
	return {
		below: [
			Plot.rect(zones, { x1: 'a', x2: 'b', fill: 'var(--muted)', fillOpacity: 0.1, className: 'm-zone' }),
			Plot.ruleX(linesX, { x: 'a', stroke: 'var(--muted)', strokeDasharray: '3 3', className: 'm-rule' }),
			Plot.ruleY(linesY, { y: 'a', stroke: 'var(--muted)', strokeDasharray: '3 3', className: 'm-rule' }),
			Plot.link(diagonals, { x1: () => both[0], x2: () => both[1], y1: () => both[0], y2: () => both[1], stroke: 'var(--muted)', strokeDasharray: '3 3', className: 'm-rule' }),
		],
		above: [
			Plot.link(ticks, { x1: 'a', x2: 'b', y1: () => y[0], y2: () => y[0], stroke: 'var(--ink)', strokeWidth: 4, className: 'm-tick' }),
			Plot.dot(places, { x: 'a', y: 'b', symbol: 'times', r: 5, stroke: 'var(--ink)', className: 'm-place' }),
			...told.map((m, i) => Plot.text([m], { x: 'at', frameAnchor: 'top', dy: 6 + 12 * i, dx: 3, textAnchor: 'start', text: 'label', ...label })),
			Plot.text(linesY, { y: 'a', frameAnchor: 'right', dx: -4, dy: -6, textAnchor: 'end', text: 'label', ...label }),
			Plot.text(diagonals, { x: () => both[1], y: () => both[1], dx: -6, dy: 10, textAnchor: 'end', text: 'label', ...label }),
			Plot.text(places, { x: 'a', y: 'b', dx: 8, textAnchor: 'start', text: 'label', ...label, fill: 'var(--ink)' }),
		],
	};
}

const CURVE_DASH = { dashed: '6 3', dots: '1 4' };

// Curves on a plane whose axes are linear or logarithmic: densities, ranks, ratios.
function curve(figure, { width }) {
	const good = (axis) => (v) => Number.isFinite(v) && (axis?.type !== 'log' || v > 0);
	const goodX = good(figure.x);
	const goodY = good(figure.y);
	const rows = figure.series.map((s) => points(s).map(([x, y, low, high]) => ({ x: number(x), y: goodY(number(y)) ? number(y) : NaN, low: goodY(number(low)) ? number(low) : NaN, high: goodY(number(high)) ? number(high) : NaN })).filter((p) => goodX(p.x)));
	const all = rows.flat();
	const x = planeAxis(figure.x, extent(all.map((p) => p.x)), width - 80);
	const y = valueAxis(figure.y, all.flatMap((p) => [p.y, p.low, p.high]));
	if (y.type === 'log') {
		y.ticks = logTicks(y.domain, 7);
		// Less than two decades: every line has its number.
		if (y.ticks === undefined) y.tickFormat = (v) => tick(v, figure.y?.unit);
	}
	const group = (i) => (Number.isInteger(figure.series[i]?.group) && figure.series[i].group >= 0 ? figure.series[i].group : i);
	const style = (i) => figure.series[i]?.style;
	const marks = planeGuides(figure, x.domain, y.domain);
	const drawn = [...marks.below];
	rows.forEach((r, i) => {
		if (r.some((p) => Number.isFinite(p.low) && Number.isFinite(p.high)))
			drawn.push(Plot.areaY(r, { x: 'x', y1: 'low', y2: 'high', fill: color(group(i)), fillOpacity: 0.16, className: 'm-band' }));
	});
	rows.forEach((r, i) => {
		if (style(i) === 'dots') drawn.push(Plot.dot(r, { x: 'x', y: 'y', r: 2, stroke: color(group(i)), className: 'm-dot' }));
		else drawn.push(Plot.line(r, { x: 'x', y: 'y', stroke: color(group(i)), strokeWidth: style(i) === 'steps' ? 1 : 1.7, strokeDasharray: CURVE_DASH[style(i)], curve: style(i) === 'steps' ? 'step' : 'linear', className: 'm-line' }));
	});
	const told = rows.flatMap((r, i) => r.filter((p) => Number.isFinite(p.y)).map((p) => ({ ...p, series: figure.series[i] })));
	const interval = (p) => (Number.isFinite(p.low) ? `\n95\u2009%: ${quantity(p.low, figure.y?.unit)} to ${quantity(p.high, figure.y?.unit)}` : '');
	drawn.push(...marks.above);
	drawn.push(Plot.tip(told, Plot.pointer({ x: 'x', y: 'y', title: (p) => `${name(p.series)}\n${quantity(p.x, figure.x?.unit)}\n${quantity(p.y, figure.y?.unit, 4)}${interval(p)}`, ...TIP })));
	drawn.push(corner(axisLabel(figure.y)), cornerRight(axisLabel(figure.x)));
	return {
		options: { ...base(width, 340), x, y, marks: drawn },
		legend: figure.series.length > 1 ? figure.series.map((s, i) => ({ label: name(s), color: color(group(i)), dash: CURVE_DASH[style(i)] })) : [],
	};
}

// Counts by two logarithmic axes: the darker a cell, the more.
function histogram2d(figure, { width }) {
	const rows = figure.series.flatMap(points).map(([x1, x2, y1, y2, v]) => ({ x1: number(x1), x2: number(x2), y1: number(y1), y2: number(y2), v: number(v) }))
		.filter((r) => r.x1 > 0 && r.x2 > r.x1 && r.y1 > 0 && r.y2 > r.y1 && Number.isFinite(r.v));
	const side = Math.min(width, 620);
	const x = planeAxis({ ...figure.x, type: 'log' }, extent(rows.flatMap((r) => [r.x1, r.x2])), side - 80);
	const y = planeAxis({ ...figure.y, type: 'log' }, extent(rows.flatMap((r) => [r.y1, r.y2])), side - 80);
	const shades = classes(rows.map((r) => r.v), '');
	const marks = planeGuides(figure, x.domain, y.domain);
	const title = (r) => `${quantity(r.x1, figure.x?.unit)} to ${quantity(r.x2, figure.x?.unit)}\n${quantity(r.y1, figure.y?.unit)} to ${quantity(r.y2, figure.y?.unit)}\n${quantity(r.v, '')}`;
	return {
		options: {
			...base(side, side), color: { type: 'identity' }, x, y,
			marks: [
				...marks.below,
				Plot.rect(rows, { x1: 'x1', x2: 'x2', y1: 'y1', y2: 'y2', fill: (r) => shades.of(r.v), className: 'm-cell' }),
				...marks.above,
				Plot.tip(rows, Plot.pointer({ x: (r) => Math.sqrt(r.x1 * r.x2), y: (r) => Math.sqrt(r.y1 * r.y2), title, ...TIP })),
				corner(axisLabel(figure.y)), cornerRight(axisLabel(figure.x)),
			],
		},
		legend: shades.legend,
		legendTitle: name(figure.series[0]),
	};
}

const KINDS = {
	'time-series': timeSeries,
	'stacked-area': stackedArea,
	bars,
	'log-histogram': logHistogram,
	ccdf,
	calendar,
	'world-map': worldMap,
	timeline,
	curve,
	'histogram-2d': histogram2d,
};

// Shares read as per cent.
function axisOf(axis) {
	return /^share\b/i.test(axis?.label ?? '') && !axis.unit ? { ...axis, unit: 'share' } : axis;
}

// { svg, legend, legendTitle, note }, or null when the kind is unknown or there is nothing to draw.
export function drawFigure(document, context) {
	const figure = { ...document, x: axisOf(document?.x), y: axisOf(document?.y) };
	const kind = Object.hasOwn(KINDS, figure?.kind) ? KINDS[figure.kind] : undefined;
	if (kind === undefined || !Array.isArray(figure.series) || figure.series.every((s) => points(s).length === 0)) return null;
	const { options, ...rest } = kind(figure, context);
	const svg = Plot.plot({ ...options, ariaLabel: short(figure.title, 200), style: { background: 'none', color: 'inherit' } });
	// The policy of the page allows no style element but its own; review.css has the same rules.
	for (const style of svg.querySelectorAll('style')) style.remove();
	svg.setAttribute('role', 'img');
	return { svg, ...rest };
}
