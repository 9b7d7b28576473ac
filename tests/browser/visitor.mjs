// Somebody who has the page open in a browser of its own: what is seen there, and done.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { chromium } from 'playwright-core';

const patience = 20_000;

// What a browser says itself of connections that are refused or cut off.
const isOfConnections = (text) => /WebSocket connection to|Failed to load resource/.test(text);

let browser;

export async function openBrowser() {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  const args = process.getuid() === 0 ? ['--no-sandbox'] : [];
  browser = await chromium.launch({ executablePath, args });
}

export const closeBrowser = () => browser.close();

export class Visitor {
  #page;
  #complaints = [];

  // Opens the page at `port`, as `name` where one was chosen at an earlier visit. Whatever the page then complains of fails test `t`.
  static async open(t, port, { room = '', name, ...options } = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(patience);
    if (name) await context.addInitScript((chosen) => localStorage.setItem('roomcast.name', JSON.stringify(chosen)), name);
    const visitor = new Visitor(await context.newPage());
    t.after(async () => {
      await context.close();
      assert.deepEqual(visitor.#complaints, []);
    });
    await visitor.#page.goto(`http://127.0.0.1:${port}/${room && `#${room}`}`);
    return visitor;
  }

  constructor(page) {
    this.#page = page;
    page.on('pageerror', (error) => this.#complaints.push(error.stack));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()) && !isOfConnections(message.text())) this.#complaints.push(message.text());
    });
    page.on('dialog', (dialog) => {
      this.#complaints.push(`a dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    page.on('request', (request) => {
      const { protocol, host } = new URL(request.url());
      if (protocol !== 'data:' && host !== new URL(page.url()).host && page.url() !== 'about:blank') this.#complaints.push(`a request to ${request.url()}`);
    });
  }

  get page() {
    return this.#page;
  }

  find(selector) {
    return this.#page.locator(selector);
  }

  // Waits until `holds`, a function of the page's, given `argument`.
  until(holds, argument) {
    return this.#page.waitForFunction(holds, argument);
  }

  async isIn() {
    await this.find('#status[data-state="open"]').waitFor();
    return this;
  }

  async isOffline() {
    await this.find('#status:not([data-state="open"])').waitFor();
  }

  async says(text) {
    await this.find('#text').fill(text);
    await this.find('#text').press('Enter');
  }

  // Waits until a message says just `text`.
  hears(text) {
    return this.until((wanted) => [...document.querySelectorAll('#messages .text')].some((each) => each.textContent === wanted), text);
  }

  // Waits until no message of its own is on its way, and all are shown.
  async isHeard() {
    await this.until(() => document.getElementById('pending').childElementCount === 0);
    await this.#page.evaluate(() => new Promise(requestAnimationFrame));
  }

  texts() {
    return this.find('#messages .text').allTextContents();
  }

  dividers() {
    return this.find('#messages .divider').allTextContents();
  }

  people() {
    return this.find('#people bdi').allTextContents();
  }

  async hasPeople(...names) {
    await this.until((wanted) => [...document.querySelectorAll('#people bdi')].map((each) => each.textContent).join() === wanted, names.join());
  }

  // Looks at another tab, or back at this one.
  looksAway(isAway) {
    return this.#page.evaluate((hidden) => {
      Object.defineProperty(document, 'hidden', { get: () => hidden, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, isAway);
  }

  // Scrolls the messages; the page has noticed when this resolves.
  scrollsTo(top) {
    return this.find('#log').evaluate((log, to) => {
      log.scrollTo(0, to);
      return new Promise((resolve) => requestAnimationFrame(resolve));
    }, top);
  }

  // Keeps a picture of the page with what was built.
  async picture(name) {
    const folder = process.env.ROOMCAST_PICTURES ?? new URL('../../build/browser', import.meta.url).pathname;
    await mkdir(folder, { recursive: true });
    await this.#page.screenshot({ path: `${folder}/${name}.png` });
  }
}
