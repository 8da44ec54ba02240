// SPDX-License-Identifier: ISC
// Takes the picture of a review that README.md shows: `make picture`.
//
// usage: picture.mjs REVIEW.html PICTURE.png
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { chromium } from 'playwright-core';

const [review, picture] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: process.env.YAGURA_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: 1440, height: 1105 }, colorScheme: 'light' });
await page.goto(pathToFileURL(path.resolve(review)).href);
await page.waitForSelector('figure svg');
await page.evaluate(() => document.querySelector('h2').scrollIntoView());
await page.screenshot({ path: picture });
await browser.close();
