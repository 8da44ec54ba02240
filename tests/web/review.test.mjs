// SPDX-License-Identifier: ISC
// Opens reviews from disk in a browser and looks: no error, no request, every figure with the marks its data ask
// for, every table equal to the JSON, hostile text shown and never obeyed, and all of it there without scripts.
//
// usage: node review.test.mjs RENDER OUTPUT_DIRECTORY plain.json hostile.json empty.json
// Leaves pages, screenshots and a PDF in the output directory.  Exit status 77 when there is no browser.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const BROWSER = process.env.YAGURA_CHROMIUM ?? '/usr/bin/chromium';
const ARGUMENTS = [
	'--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
	'--disable-component-update', '--disable-sync',
];
const HIDDEN =
	/[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb\ufffe\uffff\u{e0000}-\u{e0fff}]/gu;

const [render, directory, plainFile, hostileFile, emptyFile] = process.argv.slice(2);
let passed = 0;
let failed = 0;

function check(what, good, detail = '') {
	if (good) passed++;
	else {
		failed++;
		console.log(`FAILED: ${what}${detail === '' ? '' : `: ${String(detail).slice(0, 400)}`}`);
	}
}

function equal(what, seen, wanted) {
	check(what, JSON.stringify(seen) === JSON.stringify(wanted), `${JSON.stringify(seen)} is not ${JSON.stringify(wanted)}`);
}

const code = (c) => `U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
const visible = (text) => String(text).replace(HIDDEN, code);

// A page with everything that must not happen written down.
async function open(context, file) {
	const page = await context.newPage();
	const events = [];
	const url = pathToFileURL(file).href;
	page.on('console', (m) => events.push(`console ${m.type()}: ${m.text()}`));
	page.on('pageerror', (e) => events.push(`error: ${e.message}`));
	page.on('dialog', (d) => { events.push(`dialog: ${d.message()}`); d.dismiss(); });
	page.on('request', (r) => { if (r.url() !== url) events.push(`request: ${r.url()}`); });
	page.on('popup', () => events.push('popup'));
	await page.goto(url);
	return { page, events };
}

const finite = (v) => typeof v === 'number' && Number.isFinite(v);

// Runs of values without a gap, and those of one value.
function runs(points) {
	let count = 0;
	let single = 0;
	let size = 0;
	for (const p of [...points, [0, null]]) {
		if (finite(p[1])) { size++; continue; }
		if (size > 0) count++;
		if (size === 1) single++;
		size = 0;
	}
	return { count, single };
}

const sum = (list, f) => list.reduce((total, x) => total + f(x), 0);

// Guides of a plane: those of the fixture all lie inside it.
const guideCounts = (f) => {
	const of = (...kinds) => (f.guides ?? []).filter((m) => kinds.includes(m.kind)).length;
	return { '.m-zone rect': of('zone-x'), '.m-rule line': of('line-x', 'line-y'), '.m-rule path': of('diagonal'), '.m-tick path': of('tick-x'), '.m-place path': of('point') };
};

// What a figure of each kind must hold, from its data alone: selector to count.
const EXPECTED = {
	'time-series': (f) => ({
		'.m-line path': sum(f.series, (s) => (s.points.some((p) => finite(p[1])) ? 1 : 0)),
		'.m-band path': sum(f.series, (s) => (s.points.some((p) => finite(p[2])) ? 1 : 0)),
		'.m-dot circle': sum(f.series, (s) => runs(s.points).single),
	}),
	'stacked-area': (f) => ({ '.m-area path': f.series.length }),
	bars: (f) => ({
		'.m-bar rect': sum(f.series, (s) => s.points.filter((p) => finite(p[1])).length),
		'.m-interval line': sum(f.series, (s) => s.points.filter((p) => finite(p[2]) && finite(p[3])).length),
	}),
	'log-histogram': (f) => ({ '.m-bin rect': sum(f.series, (s) => s.points.length) }),
	ccdf: (f) => ({ '.m-line path': f.series.length }),
	calendar: (f) => ({ '.m-day rect': sum(f.series, (s) => s.points.filter((p) => /^\d{4}-\d\d-\d\d$/.test(p[0])).length) }),
	'world-map': () => ({ '.m-country path': 176 }),
	timeline: (f) => ({ '.m-span rect': sum(f.series, (s) => s.points.length) }),
	curve: (f) => ({
		'.m-line path': f.series.filter((s) => s.style !== 'dots').length,
		'.m-dot circle': sum(f.series.filter((s) => s.style === 'dots'), (s) => s.points.length),
		'.m-band path': f.series.filter((s) => s.points.some((p) => finite(p[2]))).length,
		...guideCounts(f),
	}),
	'histogram-2d': (f) => ({ '.m-cell rect': sum(f.series, (s) => s.points.length), ...guideCounts(f) }),
};

function figuresOf(review) {
	const list = [];
	review.chapters.forEach((c, i) => c.sections.forEach((s, k) => s.figures.forEach((f, n) => list.push([`${i}.${k}.${n}`, f]))));
	return list;
}

async function checkFigures(page, review, name) {
	for (const [place, figure] of figuresOf(review)) {
		const host = page.locator(`figure[data-figure="${place}"]`);
		const label = `${name} figure ${place} (${figure.kind})`;
		equal(`${label} is there`, await host.count(), 1);
		if (sum(figure.series, (s) => s.points.length) === 0) {
			equal(`${label} says it is empty`, await host.locator('.nothing').count(), 1);
			continue;
		}
		equal(`${label} has one drawing`, await host.locator('svg.chart').count(), 1);
		for (const [selector, count] of Object.entries(EXPECTED[figure.kind](figure)))
			equal(`${label}: ${selector}`, await host.locator(selector).count(), count);
		const svg = host.locator('svg.chart');
		equal(`${label} is an image with a name`, [await svg.getAttribute('role'), (await svg.getAttribute('aria-label')) !== ''], ['img', true]);
		const broken = await svg.evaluate((e) => [...e.querySelectorAll('*')].flatMap((n) => [...n.attributes]).filter((a) => /NaN|undefined|Infinity/.test(a.value) && a.name !== 'aria-label').length);
		equal(`${label} has no broken number`, broken, 0);
	}
}

// Lines: as many points as values, a new start after each gap; areas stacked to the sum; bars as long as values.
async function checkGeometry(page, review) {
	const figures = Object.fromEntries(figuresOf(review).map(([place, f]) => [`${f.kind}/${f.id}`, { place, f }]));
	const paths = (place, selector) => page.locator(`figure[data-figure="${place}"] ${selector}`).evaluateAll((l) => l.map((e) => e.getAttribute('d')));
	const { place, f } = figures['time-series/rate'];
	const lines = await paths(place, '.m-line path');
	f.series.forEach((s, i) => {
		equal(`line ${i}: points`, (lines[i].match(/[ML]/g) ?? []).length, s.points.filter((p) => finite(p[1])).length);
		equal(`line ${i}: gaps`, (lines[i].match(/M/g) ?? []).length, runs(s.points).count);
	});
	const bars = figures['bars/ports'];
	const widths = await page.locator(`figure[data-figure="${bars.place}"] .m-bar rect`).evaluateAll((l) => l.map((e) => Number(e.getAttribute('width'))));
	const values = bars.f.series[0].points.flatMap((p, i) => bars.f.series.map((s) => s.points[i][1]));
	const ratio = Math.max(...widths) / Math.max(...values);
	check('bars are as long as their values', widths.every((w, i) => Math.abs(w - values[i] * ratio) < 1.5), widths);
	const map = figures['world-map/countries'];
	const fills = await page.locator(`figure[data-figure="${map.place}"] .m-country path`).evaluateAll((l) => l.map((e) => e.getAttribute('fill')));
	const places = await page.locator(`figure[data-figure="${map.place}"] .m-place circle`).count();
	equal('every country with a value is coloured or a dot', fills.filter((v) => v !== 'var(--land)').length + places, map.f.series[0].points.length);
}

// Every cell of every table of the document, as the page shows it.
async function checkTables(page, review, name) {
	const iso = (ms) => new Date(ms).toISOString().replace(/\.000Z$/, 'Z');
	const wanted = (value, type) => {
		if (value === null) return 'none';
		if (type === 'time') return iso(value);
		return typeof value === 'number' ? Number(value.toPrecision(15)) : visible(value);
	};
	for (const [i, chapter] of review.chapters.entries()) {
		for (const [k, section] of chapter.sections.entries()) {
			for (const [n, table] of section.tables.entries()) {
				const seen = await page.locator(`[data-table="${i}.${k}.${n}"]`).evaluate((host) => ({
					heads: [...host.querySelector('thead').querySelectorAll('th')].map((th) => th.querySelector('bdi').textContent),
					rows: [...host.querySelectorAll('tbody tr')].map((tr) => [...tr.children].map((cell) => {
						if (cell.querySelector('.none')) return 'none';
						if (cell.querySelector('time')) return cell.querySelector('time').getAttribute('datetime');
						if (cell.querySelector('data')) return Number(cell.querySelector('data').value);
						return cell.textContent;
					})),
					captions: [...host.querySelectorAll('table')].every((t) => t.caption !== null),
					scopes: [...host.querySelectorAll('th')].every((th) => th.scope === 'col' || th.scope === 'row'),
				}));
				const label = `${name} table ${section.id.slice(0, 30)}/${table.id.slice(0, 30)}`;
				equal(`${label}: headings`, seen.heads, table.columns.map((c) => visible(c.title)));
				equal(`${label}: rows`, seen.rows, table.rows.map((r) => r.map((v, c) => wanted(v, table.columns[c].type))));
				check(`${label}: captions and scopes`, seen.captions && seen.scopes);
			}
		}
	}
}

async function checkText(page, review, name) {
	const text = await page.evaluate(() => document.body.innerText.replace(/\s+/g, ' '));
	const all = await page.evaluate(() => [...document.querySelectorAll('main, header, nav')].map((e) => e.textContent).join(' ').replace(/\s+/g, ' '));
	const flat = (s) => visible(s).replace(/\s+/g, ' ').trim();
	for (const section of review.chapters.flatMap((c) => c.sections)) {
		for (const paragraph of section.summary) check(`${name}: summary of ${section.id.slice(0, 40)}`, text.includes(flat(paragraph)), paragraph);
		for (const paragraph of [...section.definition, ...section.quality, ...section.tables.flatMap((t) => t.notes), ...section.figures.map((f) => f.caption)])
			check(`${name}: text of ${section.id.slice(0, 40)}`, all.includes(flat(paragraph)), paragraph);
	}
	for (const input of review.inputs) check(`${name}: input`, all.includes(flat(input.path)), input.path);
	const links = await page.locator('nav a').evaluateAll((l) => l.map((a) => [a.getAttribute('href'), document.getElementById(decodeURIComponent(a.hash.slice(1))) !== null]));
	check(`${name}: the contents lead somewhere`, links.every(([, found]) => found), JSON.stringify(links.filter(([, found]) => !found)));
}

async function checkAccess(page) {
	const heads = await page.locator('h1, h2, h3, h4').evaluateAll((l) => l.filter((h) => !h.closest('nav')).map((h) => Number(h.tagName[1])));
	check('headings do not skip a level', heads.every((h, i) => i === 0 || h <= heads[i - 1] + 1), heads);
	equal('one h1', heads.filter((h) => h === 1).length, 1);
	equal('landmarks', await page.evaluate(() => ['header', 'nav', 'main'].map((t) => document.querySelectorAll(`body > ${t}`).length)), [1, 1, 1]);
	await page.keyboard.press('Tab');
	equal('the first stop is the skip link', await page.evaluate(() => document.activeElement.className), 'skip');
	await page.keyboard.press('Enter');
	equal('which leads to the text', await page.evaluate(() => document.activeElement.id), 'main');
	equal('language', await page.evaluate(() => document.documentElement.lang), 'en');
}

async function checkPlain(browser, file, review) {
	const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-US', timezoneId: 'America/New_York' });
	const { page, events } = await open(context, file);
	await checkFigures(page, review, 'plain');
	await checkGeometry(page, review);
	await checkTables(page, review, 'plain');
	await checkText(page, review, 'plain');
	check('the simulated label is seen', await page.locator('.simulated').isVisible());
	const body = await page.evaluate(() => document.body.innerText);
	check('times are in the zone of the site', body.includes('2014-06-01 00:00:00 JST'), body.slice(0, 400));
	check('the axis names the zone', (await page.locator('figure[data-figure="0.0.0"]').textContent()).includes('Asia/Tokyo'));
	const plot = page.locator('figure[data-figure="0.0.0"] svg.chart');
	await plot.scrollIntoViewIfNeeded();
	const box = await plot.boundingBox();
	await page.mouse.move(box.x + box.width * 0.7, box.y + box.height * 0.5);
	await page.waitForTimeout(100);
	check('a tip tells the value', /bps/.test(await plot.locator('.m-tip').textContent()), await plot.locator('.m-tip').textContent());
	await page.mouse.move(0, 0);
	await page.screenshot({ path: path.join(directory, 'light.png'), fullPage: true });
	const before = await plot.getAttribute('width');
	await page.setViewportSize({ width: 700, height: 900 });
	await page.waitForTimeout(300);
	check('figures follow the width', (await plot.getAttribute('width')) !== before);
	await page.setViewportSize({ width: 1280, height: 900 });
	await page.pdf({ path: path.join(directory, 'print.pdf'), format: 'A4', preferCSSPageSize: true });
	await page.evaluate(() => scrollTo(0, 0));
	await page.reload();
	await checkAccess(page);
	equal('nothing on the console, no request', events, []);
	await context.close();
}

async function checkLooks(browser, file) {
	const dark = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: 'dark' });
	const night = await open(dark, file);
	await night.page.screenshot({ path: path.join(directory, 'dark.png'), fullPage: true });
	const shade = await night.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
	check('dark is dark', /rgb\((\d|[1-4]\d), /.test(shade), shade);
	await dark.close();
	const phone = await browser.newContext({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true });
	const narrow = await open(phone, file);
	await narrow.page.screenshot({ path: path.join(directory, 'narrow.png'), fullPage: true });
	equal('no sideways scrolling at 390 px', await narrow.page.evaluate(() => document.documentElement.scrollWidth <= 390), true);
	equal('nothing on the console of a narrow page', [...night.events, ...narrow.events], []);
	await phone.close();
}

async function checkWithoutScripts(browser, file, review) {
	const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 1280, height: 900 } });
	const { page, events } = await open(context, file);
	const text = (await page.locator('main').innerText()).replace(/\s+/g, ' ');
	for (const section of review.chapters.flatMap((c) => c.sections)) {
		check(`without scripts: ${section.title}`, text.includes(section.title) && section.summary.every((s) => text.includes(s)));
		for (const table of section.tables.filter((t) => t.rows.length > 0)) check(`without scripts: table ${table.id}`, text.includes(String(table.rows[0][0])));
	}
	for (const [place, figure] of figuresOf(review)) {
		const rows = await page.locator(`figure[data-figure="${place}"] .data tbody tr`).count();
		equal(`without scripts: data of figure ${place}`, rows, Math.min(200, sum(figure.series, (s) => s.points.length)));
		if (rows > 0) check(`without scripts: data of figure ${place} are seen`, await page.locator(`figure[data-figure="${place}"] .data tbody tr`).first().isVisible());
	}
	await page.screenshot({ path: path.join(directory, 'without-scripts.png'), fullPage: true });
	equal('without scripts: nothing else happens', events, []);
	await context.close();
}

// Every string of a document, with its keys.
function strings(value) {
	if (typeof value === 'string') return [value];
	if (Array.isArray(value)) return value.flatMap(strings);
	return value !== null && typeof value === 'object' ? Object.entries(value).flatMap(([k, v]) => [k, ...strings(v)]) : [];
}

async function checkHostile(browser, file, review) {
	for (const javaScriptEnabled of [true, false]) {
		const name = javaScriptEnabled ? 'hostile' : 'hostile without scripts';
		const context = await browser.newContext({ javaScriptEnabled, viewport: { width: 1280, height: 900 } });
		const { page, events } = await open(context, file);
		await page.waitForTimeout(300);
		const tags = await page.locator('*').evaluateAll((l) => Object.entries(l.reduce((o, e) => ({ ...o, [e.localName]: (o[e.localName] ?? 0) + 1 }), {})));
		const counts = Object.fromEntries(tags);
		equal(`${name}: no element was injected`, ['img', 'iframe', 'object', 'embed', 'form', 'base', 'link', 'foreignObject', 'video'].filter((t) => counts[t]), []);
		equal(`${name}: two scripts`, counts.script, 2);
		equal(`${name}: one style sheet`, counts.style, 1);
		const handlers = await page.locator('*').evaluateAll((l) => l.flatMap((e) => [...e.attributes].filter((a) => /^on/i.test(a.name) || /^\s*javascript:/i.test(a.value) && a.name !== 'value').map((a) => `${e.localName} ${a.name}`)));
		equal(`${name}: no handler`, handlers.filter((h) => !/aria-/.test(h)), []);
		const texts = await page.evaluate(() => {
			const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
			const list = [];
			while (walker.nextNode()) if (!/^(script|style)$/.test(walker.currentNode.parentElement.localName)) list.push(walker.currentNode.data);
			return list;
		});
		const page_text = texts.join('');
		const breaks = /[\n\u200b]/g; // the page's own line ends between elements
		const bad = texts.filter((t) => t.replace(breaks, '').match(HIDDEN));
		equal(`${name}: no hidden character in the text`, bad.map((t) => JSON.stringify(t).slice(0, 80)), []);
		check(`${name}: hostile text is shown`, page_text.includes('<img src=x onerror=alert(1)>') && page_text.includes('</script><script>alert(1)</script>'));
		check(`${name}: overrides are shown as codes`, page_text.includes('U+202E'));
		await checkTables(page, review, name);
		await checkText(page, review, name);
		if (javaScriptEnabled) {
			await checkFigures(page, review, name);
			// As text: a key "__proto__" does not survive the way out of the page.
			const inlined = await page.evaluate(() => JSON.stringify(JSON.parse(document.getElementById('review-data').textContent)));
			const rounded = JSON.stringify(review, (k, v) => (typeof v === 'number' ? Number(v.toPrecision(15)) : v));
			equal(`${name}: the inlined document is the document`, inlined, rounded);
			await page.screenshot({ path: path.join(directory, 'hostile.png'), fullPage: true });
			equal(`${name}: the page does not grow sideways`, await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
		}
		equal(`${name}: no dialog, error or request`, events, []);
		check(`${name}: there was something to fear`, strings(review).some((s) => s.includes('onerror')));
		await context.close();
	}
}

// The policy itself: what it forbids does not work even from inside.
async function checkPolicy(browser, file) {
	const context = await browser.newContext();
	const { page } = await open(context, file);
	const policy = await page.locator('meta[http-equiv]').getAttribute('content');
	check('the policy names hashes and nothing unsafe', !policy.includes('unsafe') && /script-src 'sha256-/.test(policy) && /style-src 'sha256-/.test(policy) && policy.startsWith("default-src 'none'"), policy);
	const ran = await page.evaluate(async () => {
		window.injected = false;
		const script = document.createElement('script');
		script.textContent = 'window.injected = true';
		document.body.append(script);
		const image = await new Promise((resolve) => {
			const i = new Image();
			i.onload = () => resolve(true);
			i.onerror = () => resolve(false);
			i.src = 'data:image/gif;base64,R0lGODlhAQABAAAAACw=';
		});
		const fetched = await fetch('http://127.0.0.1:9/').then(() => true, () => false);
		return [window.injected, image, fetched];
	});
	equal('an injected script, an image and a request are refused', ran, [false, false, false]);
	await context.close();
}

async function checkEmpty(browser, file) {
	const context = await browser.newContext();
	const { page, events } = await open(context, file);
	check('an empty review says so', (await page.locator('body').innerText()).includes('No record was read'));
	equal('nothing on the console of an empty review', events, []);
	await context.close();
}

async function main() {
	let chromium;
	try {
		({ chromium } = await import('playwright-core'));
	} catch {
		console.log('skipped: playwright-core is not installed (npm ci)');
		return 77;
	}
	if (!existsSync(BROWSER)) {
		console.log(`skipped: no browser at ${BROWSER} (apt install chromium)`);
		return 77;
	}
	mkdirSync(directory, { recursive: true });
	const documents = {};
	for (const [name, file] of Object.entries({ plain: plainFile, hostile: hostileFile, empty: emptyFile })) {
		const page = path.resolve(directory, `${name}.html`);
		execFileSync(render, [file, page]);
		documents[name] = [page, JSON.parse(readFileSync(file, 'utf8'))];
	}
	const browser = await chromium.launch({ executablePath: BROWSER, args: ARGUMENTS });
	try {
		await checkPlain(browser, ...documents.plain);
		await checkLooks(browser, documents.plain[0]);
		await checkWithoutScripts(browser, ...documents.plain);
		await checkHostile(browser, ...documents.hostile);
		await checkPolicy(browser, documents.plain[0]);
		await checkEmpty(browser, documents.empty[0]);
	} finally {
		await browser.close();
	}
	console.log(`${passed} passed, ${failed} failed`);
	return failed === 0 ? 0 : 1;
}

process.exit(await main());
