// SPDX-License-Identifier: ISC
// Draws the figures of a review from the document in the page.
//
// The page is complete without this: each figure has its title, caption and data.  Here the picture is put
// between them and the data folded away.
import { Zone } from './format.js';
import { drawFigure } from './figures.js';

const PRINT_WIDTH = 680; // an A4 page within its margins, in CSS pixels

function element(tag, className, text) {
	const e = document.createElement(tag);
	if (className) e.className = className;
	if (text) e.textContent = text;
	return e;
}

// Colours are set as properties: the policy forbids style attributes, not the object model.
function swatch(item) {
	const e = element('span', item.box ? 'swatch box' : 'swatch');
	if (item.dash) e.classList.add('dashed');
	e.style.setProperty('--color', item.color);
	return e;
}

function legend(items, title) {
	const list = element('ul', 'legend');
	list.setAttribute('aria-hidden', 'true');
	if (title) list.append(element('li', 'legend-title', title));
	for (const item of items) {
		const li = element('li');
		li.append(swatch(item), element('bdi', '', item.label));
		list.append(li);
	}
	return list;
}

// Puts the picture of `figure` into `box`, whose width decides its size.
export function draw(box, figure, zone, width) {
	const drawn = drawFigure(figure, { zone, width });
	if (drawn === null) {
		box.replaceChildren(element('p', 'nothing', 'Nothing to draw: no data.'));
		return;
	}
	const parts = [];
	if (drawn.legend.length > 0) parts.push(legend(drawn.legend, drawn.legendTitle));
	const frame = element('div', 'frame');
	frame.append(drawn.svg);
	parts.push(frame);
	if (drawn.note) parts.push(element('p', 'note', drawn.note));
	box.replaceChildren(...parts);
	box.dataset.width = String(width);
}

function figureAt(review, place) {
	const [chapter, section, figure] = String(place).split('.').map(Number);
	return review.chapters?.[chapter]?.sections?.[section]?.figures?.[figure];
}

function drawAll(items, zone, width) {
	for (const { box, figure } of items) {
		const wanted = Math.max(280, Math.floor(width ?? box.clientWidth));
		if (Number(box.dataset.width) === wanted) continue;
		try {
			draw(box, figure, zone, wanted);
		} catch (error) {
			// The data below still tell it; one bad figure must not cost the others.
			box.replaceChildren(element('p', 'nothing', 'This figure could not be drawn.'));
			console.error(error);
		}
	}
}

function start() {
	const review = JSON.parse(document.getElementById('review-data').textContent);
	const zone = new Zone(review.site?.time_zone);
	const items = [];
	for (const host of document.querySelectorAll('figure[data-figure]')) {
		const figure = figureAt(review, host.dataset.figure);
		const box = host.querySelector('.plot');
		if (figure && box) items.push({ box, figure });
		host.querySelector('details.data')?.removeAttribute('open');
	}
	drawAll(items, zone);

	let pending = 0;
	let printing = false;
	new ResizeObserver(() => {
		cancelAnimationFrame(pending);
		if (!printing) pending = requestAnimationFrame(() => drawAll(items, zone));
	}).observe(document.getElementById('main'));
	addEventListener('beforeprint', () => {
		printing = true;
		drawAll(items, zone, PRINT_WIDTH);
		for (const fold of document.querySelectorAll('details.fold:not([open])')) {
			fold.open = true;
			fold.dataset.opened = '';
		}
	});
	addEventListener('afterprint', () => {
		printing = false;
		for (const fold of document.querySelectorAll('details[data-opened]')) {
			fold.open = false;
			delete fold.dataset.opened;
		}
		drawAll(items, zone);
	});
	document.documentElement.dataset.drawn = String(items.length);
}

if (document.getElementById('review-data')) start();
