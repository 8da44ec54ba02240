// SPDX-License-Identifier: ISC
// Numbers, times and names as text.  The rules are those of the page (src/report), so that a figure
// and the table under it read alike.

const LARGE = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
const SMALL = ['', 'm', '\u00b5', 'n'];
const SYMBOLS = new Set(['bps', 'pps', 'fps', 'qps', 'B', 'B/s', 'b', 's', 'Hz']);

// The same set as src/report/markup.c: what cannot be seen or reorders its neighbours shows as its code.
const HIDDEN =
	/[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb\ufffe\uffff\u{e0000}-\u{e0fff}]/gu;

// Untrusted text, safe to read.
export function visible(text) {
	return String(text ?? '').replace(HIDDEN, (c) => {
		return `[U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}]`;
	});
}

// Untrusted text, cut to fit a picture.
export function short(text, length) {
	const seen = [...visible(text)];
	return seen.length <= length ? seen.join('') : seen.slice(0, length - 1).join('') + '\u2026';
}

function digits(magnitude, count) {
	if (magnitude === 0) return '0';
	const places = Math.min(12, Math.max(0, count - 1 - Math.floor(Math.log10(magnitude))));
	const text = magnitude.toFixed(places);
	return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

// [number, prefix] of a value: 1.2345e9 is ['1.23', 'G'].
function scale(value, unit, count) {
	let magnitude = Math.abs(value);
	let step = 0;
	const half = 1000 - 0.5 * 10 ** (3 - count);
	if (unit === 's') {
		while (magnitude > 0 && magnitude < half / 1000 && step + 1 < SMALL.length) {
			magnitude *= 1000;
			step++;
		}
		return [digits(magnitude, count), SMALL[step]];
	}
	while (magnitude >= half && step + 1 < LARGE.length) {
		magnitude /= 1000;
		step++;
	}
	return [digits(magnitude, count), LARGE[step]];
}

export function unitName(unit) {
	return unit === 'octets' ? 'B' : unit;
}

// "1.23 Gbps", "1.5 M packets", "12 users".
export function quantity(value, unit, count = 3) {
	if (value === null || value === undefined || !Number.isFinite(value)) return 'no data';
	if (unit === 'share') return percent(value);
	const name = visible(unitName(unit ?? ''));
	const [number, prefix] = scale(value, name, count);
	const sign = value < 0 ? '\u2212' : '';
	if (name === '') return prefix === '' ? sign + number : `${sign}${number} ${prefix}`;
	return `${sign}${number} ${prefix}${prefix !== '' && !SYMBOLS.has(name) ? ' ' : ''}${name}`;
}

// A tick: as a quantity when the unit is a symbol, without the unit when it is a word.
export function tick(value, unit) {
	if (unit === 'share') return percent(value);
	const name = unitName(unit ?? '');
	return quantity(value, SYMBOLS.has(name) ? name : '', 4);
}

export function percent(share) {
	return `${digits(share * 100, 3)}\u2009%`;
}

// The label of an axis, with the unit where the ticks do not carry it.
export function axisLabel(axis) {
	const unit = unitName(axis?.unit ?? '');
	const label = short(axis?.label, 60);
	if (unit === '' || unit === 'share' || SYMBOLS.has(unit) || unit === axis?.label) return label;
	return `${label} (${short(unit, 20)})`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
	1, 2, 5, 10, 20, 50, 100, 200, 500, SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE,
	5 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 3 * DAY, 7 * DAY, 14 * DAY,
];

function pad(number, size = 2) {
	return String(number).padStart(size, '0');
}

// Clock and calendar of one IANA zone.
export class Zone {
	constructor(name) {
		this.name = 'UTC';
		try {
			this.format = new Intl.DateTimeFormat('en-US', {
				timeZone: name || 'UTC', hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric',
				hour: 'numeric', minute: 'numeric', second: 'numeric',
			});
			this.name = visible(name || 'UTC');
		} catch {
			this.format = null; // the browser does not know the zone: UTC, and the axis says so
		}
	}

	// Milliseconds to add to UTC.
	offset(ms) {
		if (this.format === null || this.name === 'UTC') return 0;
		const p = {};
		for (const { type, value } of this.format.formatToParts(ms)) p[type] = Number(value);
		return Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second) - Math.floor(ms / SECOND) * SECOND;
	}

	// A Date whose UTC fields are the local ones.
	local(ms) {
		return new Date(ms + this.offset(ms));
	}

	utc(local) {
		const guess = local - this.offset(local);
		return local - this.offset(guess);
	}

	// "2014-06-01 09:00:05".
	text(ms) {
		const d = this.local(ms);
		const fraction = ms % SECOND === 0 ? '' : `.${pad(d.getUTCMilliseconds(), 3)}`;
		return `${d.getUTCFullYear()}-${pad(d.getUTCMonth() + 1)}-${pad(d.getUTCDate())} ` +
			`${pad(d.getUTCHours())}:${pad(d.getUTCMinutes())}:${pad(d.getUTCSeconds())}${fraction}`;
	}

	// At most `count` round local times from `begin` to `end`, and a function that labels them.
	ticks(begin, end, count) {
		const step = STEPS.find((s) => (end - begin) / s <= count + 0.5);
		const values = step === undefined ? this.months(begin, end, count) : this.regular(begin, end, step);
		let last = null;
		const labels = new Map();
		for (const ms of values) {
			labels.set(ms, this.label(ms, step, last));
			last = ms;
		}
		return { values, label: (ms) => labels.get(Number(ms)) ?? '' };
	}

	regular(begin, end, step) {
		const values = [];
		// Steps of a week and more begin on Mondays: 1970-01-05 was one.
		const origin = step >= 7 * DAY ? 4 * DAY : 0;
		const first = Math.ceil((begin + this.offset(begin) - origin) / step) * step + origin;
		for (let local = first; local <= end + this.offset(end); local += step) {
			const ms = this.utc(local);
			if (ms >= begin && ms <= end && ms !== values.at(-1)) values.push(ms);
		}
		return values;
	}

	months(begin, end, count) {
		const months = (end - begin) / (30 * DAY);
		const step = [1, 2, 3, 6, 12, 24, 60, 120].find((s) => months / s <= count) ?? 240;
		const values = [];
		const first = this.local(begin);
		let month = Math.floor((first.getUTCFullYear() * 12 + first.getUTCMonth()) / step) * step;
		for (;; month += step) {
			const ms = this.utc(Date.UTC(Math.floor(month / 12), month % 12, 1));
			if (ms > end) return values;
			if (ms >= begin) values.push(ms);
		}
	}

	// Two lines: the time, and the day below it where it changes.
	label(ms, step, last) {
		const d = this.local(ms);
		const before = last === null ? null : this.local(last);
		const sameYear = before !== null && before.getUTCFullYear() === d.getUTCFullYear();
		const month = MONTHS[d.getUTCMonth()];
		if (step === undefined) return sameYear ? month : `${month}\n${d.getUTCFullYear()}`;
		const day = `${d.getUTCDate()} ${month}`;
		if (step >= DAY) return sameYear ? day : `${day}\n${d.getUTCFullYear()}`;
		const sameDay = sameYear && before.getUTCMonth() === d.getUTCMonth() && before.getUTCDate() === d.getUTCDate();
		let time = `${pad(d.getUTCHours())}:${pad(d.getUTCMinutes())}`;
		if (step < MINUTE) time += `:${pad(d.getUTCSeconds())}`;
		if (step < SECOND) time += `.${pad(d.getUTCMilliseconds(), 3)}`;
		return sameDay ? time : `${time}\n${day}${before === null ? ` ${d.getUTCFullYear()}` : ''}`;
	}
}
